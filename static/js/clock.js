// Local times, and how long ago or how soon. Wakes only when a word on the page would change.

const UNITS = [
  // A unit is used from two of it on, so that only a second is ever singular.
  [120, 1, "second"],
  [7200, 60, "minute"],
  [172_800, 3600, "hour"],
  [5_184_000, 86_400, "day"],
  [63_115_200, 2_629_800, "month"],
  [Infinity, 31_557_600, "year"],
];

let timer;
let format;
let before;

function relative(seconds) {
  const far = Math.abs(seconds);
  const [, size, unit] = UNITS.find(([limit]) => far < limit);
  const count = Math.floor(far / size);
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return [seconds < 0 ? `${words} ago` : `in ${words}`, size];
}

function local(epoch) {
  const date = new Date(epoch * 1000);
  if (Number.isNaN(date.getTime()) || date.getTimezoneOffset() === 0) return "";
  format ??= new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });
  return format.format(date);
}

function put(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function tick() {
  clearTimeout(timer);
  if (document.hidden) return;
  const now = Date.now() / 1000;
  const asked = document.querySelector("[name=at]")?.value.trim();
  let wait = Infinity;
  let passed = false;
  for (const time of document.querySelectorAll("time[data-epoch]")) {
    const epoch = Number(time.dataset.epoch);
    put(time.parentElement.querySelector(".local"), local(epoch));
    // With a time of the person's choosing, the server's words are about that time and do not move.
    if (asked) continue;
    const [words, size] = relative(Math.trunc(epoch - now));
    put(time.parentElement.querySelector(".ago"), words);
    wait = Math.min(wait, size === 1 ? 1 - (now % 1) : size === 60 ? 60 - (now % 60) : 3600);
    if (epoch > now) wait = Math.min(wait, epoch - now);
    passed ||= before < epoch && epoch <= now;
  }
  before = now;
  if (wait < 3600) timer = setTimeout(tick, wait * 1000 + 5);
  // A token that runs out while it is looked at must not stay green: one question, at that moment.
  if (passed) document.getElementById("key-text")?.dispatchEvent(new CustomEvent("again"));
}

export function watchTimes() {
  document.addEventListener("visibilitychange", tick);
  document.addEventListener("htmx:after:swap", tick);
  tick();
}
