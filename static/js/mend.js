// A button that mends writes into its pane as a person would, so that Ctrl+Z takes it back and the pane asks for an answer.

import { unit } from "./marks.js";

function write(field, start, end, text) {
  field.focus();
  field.setSelectionRange(start, end);
  if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
  field.setRangeText(text, start, end, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

// The same for what an answer brings, while the focus stays where it is.
export function put(field, text) {
  const { activeElement } = document;
  const { scrollX, scrollY } = window;
  write(field, 0, field.value.length, text);
  activeElement?.focus({ preventScroll: true });
  scrollTo(scrollX, scrollY);
}

function choose(field, text) {
  field.value = text;
  for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button.mend");
  const field = button && document.getElementById(button.dataset.field);
  if (!field) return;
  event.preventDefault();
  for (let around = field.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  const { start, length, text } = button.dataset;
  if (field.matches("select")) return choose(field, text);
  // The server counts characters, the browser counts UTF-16 units.
  const from = start ? unit(field.value, Number(start)) : 0;
  write(field, from, length ? unit(field.value, Number(start) + Number(length)) : field.value.length, text);
});
