// Local times, and how long ago or how soon. Wakes only when a word on the page would change.

const MONTH = 2_629_746;
const UNITS = [[86_400, "day"], [3600, "h"], [60, "min"], [1, "s"]];
const LONGEST_WAIT = 3600;

let timer;
let format;
let before;

const count = (number, unit) => `${number} ${unit}${number !== 1 && !/^(?:h|min|s)$/.test(unit) ? "s" : ""}`;

// Rounded, since months differ in length.
function inMonths(months) {
  if (months < 12) return count(months, "month");
  if (months >= 120) return count(Math.floor((months + 6) / 12), "year");
  const rest = months % 12;
  return count(Math.floor(months / 12), "year") + (rest ? ` ${count(rest, "month")}` : "");
}

const seen = (distance, words) => (distance > 0 ? `in ${words}` : `${words} ago`);

// The words of app/tokens/times.py, but for seconds, which are only said in the last two minutes:
// more would wake the page every second. Returns the words and the size of their smallest unit.
function relative(distance) {
  if (distance > -1 && distance < 1) return ["now", 1];
  const far = Math.floor(Math.abs(distance));
  if (far >= MONTH) return [seen(distance, inMonths(Math.floor((far + MONTH / 2) / MONTH))), 86_400];
  const at = UNITS.findIndex(([size]) => far >= size);
  const [size, unit] = UNITS[at];
  const number = Math.floor(far / size);
  const [next, smaller] = UNITS[at + 1] ?? [];
  const rest = at < 3 && (size === 60 ? far < 120 : number < 10) ? Math.floor((far % size) / next) : 0;
  const words = rest ? `${count(number, unit)} ${count(rest, smaller)}` : count(number, unit);
  return [seen(distance, words), size === 60 && far >= 120 ? 60 : (next ?? 1)];
}

function local(epoch) {
  const date = new Date(epoch * 1000);
  if (Number.isNaN(date.getTime()) || date.getTimezoneOffset() === 0) return "";
  format ??= new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
  });
  return format.format(date);
}

function put(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function fill(root, now) {
  const asked = document.querySelector("[name=at]")?.value.trim();
  let wait = Infinity;
  let passed = false;
  for (const time of root.querySelectorAll("time[data-epoch]")) {
    const epoch = Number(time.dataset.epoch);
    put(time.parentElement.querySelector(".local"), local(epoch));
    // With a time of the person's choosing, the server's words are about that time and do not move.
    if (asked) continue;
    const [words, size] = relative(epoch - now);
    put(time.parentElement.querySelector(".ago"), words);
    // The words change when the distance passes a whole unit.
    const past = (((now - epoch) % size) + size) % size;
    wait = Math.min(wait, size - past);
    passed ||= before < epoch && epoch <= now;
  }
  return { wait, passed };
}

function tick() {
  clearTimeout(timer);
  if (document.hidden) return;
  const now = Date.now() / 1000;
  const { wait, passed } = fill(document, now);
  before = now;
  if (wait <= LONGEST_WAIT) timer = setTimeout(tick, wait * 1000 + 5);
  // A token that runs out while it is looked at must not stay green: one question, at that moment.
  if (passed) document.getElementById("key-text")?.dispatchEvent(new CustomEvent("again"));
}

export function watchTimes() {
  document.addEventListener("visibilitychange", tick);
  document.addEventListener("htmx:after:swap", tick);
  tick();
}
