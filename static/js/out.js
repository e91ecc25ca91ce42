// What leaves the page: copies in several forms, the address in a link, a token to compare.

import { sendAlong } from "./ask.js";
import { copy, tell } from "./copy.js";
import { say } from "./requests.js";

const form = document.getElementById("debugger");
const field = (name) => document.getElementById(name)?.value ?? "";

// The pane holds what was pasted: the token in it may stand behind "Bearer", and have line breaks. In JSON serialization it is all of it.
const TOKEN = /e[wy][\w-]*\.[\w-]*(?:\.[\w-]*)*(?:~[\w.~-]*)?/;

function token() {
  const text = field("token-text").trim();
  if (/^{[^]*"(?:signatures?|ciphertext)"\s*:/.test(text)) return text;
  const whole = text.replace(/\s+/g, "");
  const found = text.match(TOKEN)?.[0];
  return found && whole !== text && whole.match(TOKEN)?.[0] === whole ? whole : (found ?? text);
}

const line = () => `Authorization: Bearer ${token().replace(/[\r\n\0]+/g, " ")}`;
// In single quotes a shell reads every character as it is, but for the quote itself.
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const FORMS = {
  token,
  header: line,
  curl: () => `curl -H ${quoted(line())} https://api.example.com/`,
  "header-text": () => field("header-text"),
  "payload-text": () => field("payload-text"),
};

async function report(as) {
  const body = new URLSearchParams({ as });
  sendAlong(body, form);
  const answer = await fetch("/report", { method: "POST", body });
  if (!answer.ok) throw new Error(answer.status);
  return answer.text();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-as]");
  if (!button) return;
  event.preventDefault();
  const { as } = button.dataset;
  const menu = button.closest("details");
  const summary = menu.querySelector("summary");
  menu.open = false;
  summary.focus();
  try {
    await copy(FORMS[as]?.() ?? (await report(as)));
    tell(summary.firstElementChild, `Copied as ${button.textContent}.`);
    say("");
  } catch {
    say("Nothing is copied: the server does not answer.");
  }
});

// Another page gets no more than it needs, in the body of a form; to compare, the key stays here.
const CARRIED = {
  "/compare": () => ({ a: token() }),
  "/gateway": () => ({ token: token(), key: field("key-text"), key_encoding: field("key-encoding") }),
};

document.addEventListener("click", (event) => {
  const action = event.target.closest("[formtarget]")?.getAttribute("formaction");
  if (!CARRIED[action]) return;
  event.preventDefault();
  const sent = document.createElement("form");
  Object.assign(sent, { method: "post", action, target: "_blank", hidden: true });
  for (const [name, value] of Object.entries(CARRIED[action]())) {
    Object.assign(sent.appendChild(document.createElement("textarea")), { name, value });
  }
  document.body.append(sent);
  sent.submit();
  sent.remove();
});

// What closes itself hands the focus back to what opened it.
document.addEventListener("click", ({ target }) => target.name === "unshare" && document.querySelector("button[name=share]").focus());

// The server does not know the address by which a proxy shows it.
document.addEventListener("htmx:after:swap", () => {
  const link = document.getElementById("share-link");
  if (link) link.value = location.origin + link.value.slice(link.value.indexOf("/#"));
});
