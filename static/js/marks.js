// A finding that names a place marks it in its pane.

// The server counts characters, the browser counts UTF-16 units.
function unit(text, characters) {
  let at = 0;
  for (let n = 0; n < characters && at < text.length; n++) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

function startOf(text, { offset, line, column }) {
  if (offset !== undefined) return unit(text, Number(offset));
  let start = 0;
  for (let n = 1; n < Number(line); n++) start = text.indexOf("\n", start) + 1 || text.length;
  return start + unit(text.slice(start), Number(column) - 1);
}

function place(text, data) {
  const start = Math.min(startOf(text, data), Math.max(0, text.length - 1));
  return [start, Math.min(text.length, start + unit(text.slice(start), Math.max(1, Number(data.length))))];
}

function markAll() {
  const places = { token: [], header: [], payload: [] };
  for (const { dataset } of document.querySelectorAll("#findings li:is([data-offset], [data-line])")) {
    const name = dataset.offset === undefined ? dataset.segment : "token";
    const editor = document.getElementById(name);
    if (editor && places[name]) places[name].push(place(editor.value, dataset));
  }
  for (const name in places) document.getElementById(name)?.mark(places[name]);
}

export function watchMarks() {
  if (!document.getElementById("findings")) return;
  document.addEventListener("htmx:after:swap", markAll);
  markAll();
}
