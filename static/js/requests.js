// What htmx leaves to the page: which answer may write which field, and what happens when two panes ask at once.
//
// htmx 4.0.1 writes a textarea only if the default value of the answer differs from the old default and the field
// has no focus. So an edited pane keeps its edit when the original token comes back, and a pane that has the focus
// but was not touched is left behind. Here a field takes the answer unless it is the one that asked, or the person
// typed in it after the question was sent.

import { ask, sendAlong, sendApart, setApart } from "./ask.js";
import { folded } from "./folds.js";
import { put } from "./mend.js";

const SLOTS = /<div class="slot" id="([\w-]+)"/g;
const FIELDS = "textarea, select, input:not([type=radio], [type=checkbox])";
const HERE = "What you typed is still here; the verdict is about what was here before.";
const GONE = `The server does not answer. ${HERE}`;
const FOLLOWING = ["header", "header_layout", "payload", "payload_layout"];
const SLOW = 400;
// A paste or a drop is worth a search for what would match; a key is not, but the pause behind it is.
const PAUSE = 600;
const TYPING = /^(insertText|insertLineBreak|insertComposition|delete)/;
const TROUBLE = {
  413: "The input is larger than 256 KiB, which is more than this server reads. Shorten it.",
  429: "The server has too much to do. Wait a moment, then type on.",
};

// The box that searches the documentation is no form of panes: it sends itself, and nothing of it is out of date.
const form = document.querySelector("main form:not([role])") ?? document.createElement("p");
const waiting = new Set();
const typed = new WeakMap();
const shown = new Map();
const given = new WeakMap();
let clock = 0;
let last = null;
let overlapped = false;
let late;
let pause;

const isReset = (element) => element.name === "clear" || element.matches("a[hx-get]");

export function say(sentence) {
  const notice = document.getElementById("notice");
  notice?.querySelector(".trouble")?.remove();
  if (!notice || !sentence) return;
  const line = document.createElement("p");
  line.className = "trouble";
  line.textContent = sentence;
  notice.append(line);
}

function write(field, value) {
  const editor = field.closest("json-input, token-input");
  if (editor && field === editor.area) editor.value = value;
  else field.value = value;
}

function keepFields(ctx, fragment) {
  const { sourceElement, issued } = ctx;
  for (const next of fragment.querySelectorAll(FIELDS)) {
    const field = document.getElementById(next.id);
    // A layout belongs to the text it stands beside.
    const text = field?.type === "hidden" ? field.parentElement.querySelector("textarea") : field;
    if (field) given.set(field, next.value);
    if (!field || sourceElement.contains(text) || typed.get(text) > issued) continue;
    if (field.value === next.value) continue;
    // A choice among disclosures takes text out of the token: Ctrl+Z gives it back.
    if (field.name === "token" && sourceElement.closest("#disclosures")) ctx.choice = () => put(field, next.value);
    else write(field, next.value);
  }
  // A box that was ticked by hand no longer follows its attribute.
  for (const { id, checked } of fragment.querySelectorAll("input[name=keep]")) {
    const box = document.getElementById(id);
    if (box && !(typed.get(box) > issued)) box.checked = checked;
  }
  for (const next of fragment.querySelectorAll("details[id]")) {
    next.open = document.getElementById(next.id)?.open ?? next.open;
  }
}

// Most keys change one or two panes. The others are left out before they are parsed, while their fields hold what was
// answered: a person may have changed them. Text of a token is escaped and cannot look like a tag.
function news(ctx) {
  const parts = ctx.text.split(/(?=<hx-partial )/).map((part) => [part.match(/hx-target="#([\w-]+)"/)?.[1], part]);
  const isDropped = (slot) => slot === "slot-notice" && ctx.sourceEvent.detail?.keepNotice;
  ctx.news = parts.filter(([slot, part]) => !isDropped(slot) && !(shown.get(slot) === part && isUntouched(slot, part)));
  ctx.text = ctx.news.map(([, part]) => part).join("");
}

// A slot within a slot has answers of its own.
function isUntouched(slot, part) {
  const fields = document.getElementById(slot)?.querySelectorAll("textarea, select, input") ?? [];
  return part.search(SLOTS) < 0 && [...fields].every((field) => given.get(field) === field.value);
}

// Only now: an answer whose button is gone by then is not written into the page.
function remember(parts) {
  for (const [slot, part] of parts) {
    shown.set(slot, part);
    for (const [, inner] of part.matchAll(SLOTS)) shown.delete(inner);
  }
}

// An editor stays as it is but for its text, which it has by now.
const isEditor = ({ fragment, target }) => fragment.firstElementChild?.matches("[hx-morph-skip]")
  && fragment.childElementCount === 1 && target?.firstElementChild?.id === fragment.firstElementChild.id;

function again() {
  if (last?.isConnected) last.dispatchEvent(new CustomEvent("again", { detail: { keepNotice: true } }));
}

function settle() {
  if (waiting.size || !overlapped) return;
  overlapped = false;
  // Answers of two panes may have crossed; one more question about the last pane makes all of them agree.
  if (last?.isConnected) last.dispatchEvent(new CustomEvent("again"));
}

const on = (name, listener) => document.addEventListener(`htmx:${name}`, listener);

for (const name of ["input", "change"]) {
  document.addEventListener(name, ({ target }) => {
    clearTimeout(pause);
    typed.set(target, ++clock);
    last = target.closest("[hx-post]") ?? last;
  }, true);
}

on("config:request", ({ detail: { ctx } }) => {
  // It would carry the fragment, and with it a token, to the server's headers.
  delete ctx.request.headers["HX-Current-URL"];
  if (ctx.request.method === "POST") {
    ctx.request.body.set("folded", folded());
    if (TYPING.test(ctx.sourceEvent?.inputType)) ctx.request.body.set("typing", "1");
    sendAlong(ctx.request.body, form);
    // The panes follow the token, and it alone is read.
    if (ctx.sourceElement.id === "token-text") for (const name of FOLLOWING) ctx.request.body.delete(name);
  }
  ctx.fetch = ask;
  ctx.issued = ++clock;
});

on("before:request", ({ detail: { ctx } }) => {
  const others = [...waiting].filter((other) => other.sourceElement !== ctx.sourceElement);
  if (isReset(ctx.sourceElement)) {
    for (const other of waiting) {
      other.dropped = true;
      other.request.abort();
    }
    overlapped = false;
    last = null;
  } else if (others.some((other) => !other.dropped)) {
    overlapped = true;
  }
  waiting.add(ctx);
  late ??= setTimeout(() => form.toggleAttribute("data-stale", true), SLOW);
});

on("after:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.dropped) return event.preventDefault();
  // The server's own refusals come as a notice; a proxy's, or none at all, get a sentence from here.
  const { status } = ctx.response;
  const answered = ctx.text.includes("<hx-partial");
  say(answered ? "" : (TROUBLE[status] ?? (status < 500 ? `The server refuses this (${status}). ${HERE}` : GONE)));
  if (!answered) return event.preventDefault();
  news(ctx);
  // What a list is filtered by stands in the address; what is typed never does.
  if (form.method === "get") history.replaceState(null, "", `?${new URLSearchParams([...new FormData(form)].filter(([, value]) => value))}`);
});

on("before:swap", ({ detail: { ctx, tasks } }) => {
  remember(ctx.news);
  for (const { fragment } of tasks) {
    setApart(fragment);
    keepFields(ctx, fragment);
  }
  tasks.splice(0, tasks.length, ...tasks.filter((task) => !isEditor(task)));
});

on("error", ({ detail: { ctx } }) => {
  if (ctx && !ctx.dropped) say(GONE);
});

on("finally:request", ({ detail: { ctx } }) => {
  waiting.delete(ctx);
  settle();
  ctx.choice?.();
  if (waiting.size) return;
  clearTimeout(late);
  late = undefined;
  clearTimeout(pause);
  if (document.getElementById("findings")?.hasAttribute("data-hasty")) pause = setTimeout(again, PAUSE);
  if (ctx.status === "swapped" && ctx.response.status < 400) form.removeAttribute("data-stale");
  else if (!ctx.dropped) form.toggleAttribute("data-stale", true);
});

// With scripts, Enter in a single-line field has nothing left to do: every key has been answered. Some buttons go to another page.
for (const one of [form, document.getElementById("views")]) {
  one?.addEventListener("submit", (event) => {
    if (!event.submitter?.matches("[data-goes]")) return event.preventDefault();
    form.addEventListener("formdata", ({ formData }) => sendApart(formData), { once: true });
  });
}
if (form?.method === "post") setApart(form);
