// A finding that names a place marks it in its pane.

// The server counts characters, the browser counts UTF-16 units.
export function unit(text, characters) {
  let at = 0;
  for (let n = 0; n < characters && at < text.length; n++) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

function startOf(text, line, column) {
  let start = 0;
  for (let n = 1; n < line; n++) start = text.indexOf("\n", start) + 1 || text.length;
  return start + unit(text.slice(start), column - 1);
}

// At least one character, and one that exists.
function span(text, at, length = 1) {
  const start = Math.max(0, Math.min(at, text.length - 1));
  return [start, Math.min(text.length, start + unit(text.slice(start), Number(length)))];
}

function markAll() {
  const places = { token: [], header: [], payload: [] };
  const texts = Object.fromEntries(Object.keys(places).map((name) => [name, document.getElementById(name).value]));
  for (const { dataset } of document.querySelectorAll("#findings li:is([data-offset], [data-line]):not([data-level=info])")) {
    const { segment, offset, line, column, length, width } = dataset;
    if (offset) places.token.push(span(texts.token, unit(texts.token, Number(offset)), length));
    if (line) places[segment]?.push(span(texts[segment], startOf(texts[segment], Number(line), Number(column)), width));
  }
  for (const name in places) document.getElementById(name).mark(places[name]);
}

export function watchMarks() {
  if (!document.getElementById("findings")) return;
  document.addEventListener("htmx:after:swap", markAll);
  markAll();
}
