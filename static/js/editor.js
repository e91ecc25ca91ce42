// A textarea over a <pre> with the same text in the colours of its parts. The CSS Custom Highlight API would do without the
// spans, but it paints everything it has coloured on the page anew with every change of any text; it is left to the marks.

// Longer texts, and those of more parts, are not coloured to their end.
const TOO_LONG = 100_000;
const TOO_MANY = 10_000;

const JSON_PART = /("(?:[^"\\\n]|\\.)*"?)(\s*:)?|(-?\d[\d.eE+-]*)|\b(?:true|false|null)\b/g;
// "Bearer", a quote or white space may stand before a token that was copied from somewhere, and behind it.
const BEHIND_TOKEN = /["'`,;\s]+$/;
const BEFORE_TOKEN = /^\s*(?:(?:authorization\s*:\s*)?bearer\s+)?["'`]?/i;
// Where it stands among other things, as in a cookie or a JSON document, only the first is painted: it is the one that is read.
const AMONG = /(?<![\w.~+/%-])e[wy][\w-]{6,}\.[\w-]*\.[\w-]*(?:\.[\w-]*\.[\w-]*)?(?:~[\w.~-]*)?/;
// In JSON serialization a member has the colour of its segment.
const MEMBER = /"(protected|payload|ciphertext|signature|tag|encrypted_key|iv)"\s*:\s*"([\w-]*)/g;
const MEMBERS = { protected: "header", ciphertext: "payload", tag: "signature", encrypted_key: "extra", iv: "other" };
const SEGMENTS = {
  2: ["header", "payload"],
  3: ["header", "payload", "signature"],
  5: ["header", "extra", "other", "payload", "signature"],
};

class Editor extends HTMLElement {
  connectedCallback() {
    this.area = this.querySelector("textarea");
    this.backdrop = this.querySelector("pre");
    // On the host, so that the question of this key is on its way before the key is painted.
    this.addEventListener("input", this);
    this.addEventListener("mousedown", this);
    this.isMarked = false;
    this.pieces = [];
    this.backdrop.replaceChildren();
    this.paint();
  }

  handleEvent(event) {
    if (event.type === "input") this.paint();
    else if (this.isRim(event)) this.enter(event);
  }

  get value() {
    return this.area.value;
  }

  set value(value) {
    const { selectionStart, selectionEnd } = this.area;
    // Who has selected everything means everything, also of the new text.
    const all = selectionEnd > 0 && selectionStart === 0 && selectionEnd === this.area.value.length;
    this.area.value = value;
    if (document.activeElement === this.area) this.area.setSelectionRange(selectionStart, all ? value.length : selectionEnd);
    this.paint();
  }

  // Between the line around it and the text, where a scroll bar is none of it.
  isRim({ target, offsetX, offsetY }) {
    const width = this.offsetWidth - 2 * this.clientLeft;
    const height = this.offsetHeight - 2 * this.clientTop;
    return target === this && (offsetX < 0 || offsetY < 0 || offsetX >= width || offsetY >= height);
  }

  enter(event) {
    event.preventDefault();
    this.area.focus({ preventScroll: true });
  }

  paint() {
    this.pieces = reconcile(this.backdrop, this.pieces, this.take(this.area.value));
  }

  // The last line break of a <pre> makes no line; the one of a textarea does.
  take(value) {
    const pieces = [];
    let at = 0;
    const add = (name, end) => {
      if (end > at) pieces.push({ name, text: value.slice(at, end) });
      at = end;
    };
    const parts = value.length <= TOO_LONG ? this.parts(value) : [];
    for (const [name, start, end] of parts) {
      add("", start);
      add(name, end);
      if (pieces.length > TOO_MANY) break;
    }
    add("", value.length);
    return [...pieces, { name: "", text: "\n" }];
  }

  mark(places) {
    if (!globalThis.Highlight || !(this.isMarked || places.length)) return;
    this.isMarked = places.length > 0;
    const layer = new Highlight(...places.map(([start, end]) => this.range(start, end)));
    // While there is none, the browser need not look for it with every key.
    if (this.isMarked) CSS.highlights.set(`${this.id}-mark`, layer);
    else CSS.highlights.delete(`${this.id}-mark`);
  }

  // Static ranges cost nothing when the text changes, and the text changes with every key.
  range(start, end) {
    const [startContainer, startOffset] = this.find(start);
    const [endContainer, endOffset] = this.find(end);
    return new StaticRange({ startContainer, startOffset, endContainer, endOffset });
  }

  find(offset) {
    for (const { node, text } of this.pieces) {
      if (offset <= text.length) return [node.firstChild ?? node, offset];
      offset -= text.length;
    }
    return [this.backdrop, this.backdrop.childNodes.length];
  }
}

// Only what differs: a key changes the text of one piece, and what is before and behind it need not be painted again.
function reconcile(parent, pieces, next) {
  const [start, rest] = alike(pieces, next, (a, b) => a.name === b.name && a.text === b.text);
  const old = pieces.slice(start, pieces.length - rest);
  const young = next.slice(start, next.length - rest);
  const [front, back] = alike(old, young, (a, b) => a.name === b.name);
  for (let at = 0; at < front; at++) rewrite(old[at], young[at].text);
  for (let at = 1; at <= back; at++) rewrite(old.at(-at), young.at(-at).text);
  const kept = [...old.slice(old.length - back), ...pieces.slice(pieces.length - rest)];
  for (const { node } of old.slice(front, old.length - back)) node.remove();
  const fresh = young.slice(front, young.length - back).map(made);
  for (const { node } of fresh) parent.insertBefore(node, kept[0]?.node ?? null);
  return [...pieces.slice(0, start), ...old.slice(0, front), ...fresh, ...kept];
}

// How many items are the same at the beginning of both, and at the end.
function alike(one, other, same) {
  const most = Math.min(one.length, other.length);
  let start = 0;
  while (start < most && same(one[start], other[start])) start++;
  let rest = 0;
  while (rest < most - start && same(one[one.length - 1 - rest], other[other.length - 1 - rest])) rest++;
  return [start, rest];
}

function made({ name, text }) {
  const characters = document.createTextNode(text);
  if (!name) return { name, text, node: characters };
  const node = document.createElement("span");
  node.dataset.part = name;
  node.append(characters);
  return { name, text, node };
}

function rewrite(piece, next) {
  const { node, text } = piece;
  const [start, rest] = alike(text, next, (a, b) => a === b);
  (node.firstChild ?? node).replaceData(start, text.length - start - rest, next.slice(start, next.length - rest));
  piece.text = next;
}

class JsonInput extends Editor {
  *parts(value) {
    // A token or any other text has no numbers to paint.
    if (!/^\s*[[{]/.test(value)) return;
    for (const { 0: part, 1: string, 2: colon, 3: number, index } of value.matchAll(JSON_PART)) {
      const name = string ? (colon ? "key" : "string") : number ? "number" : "literal";
      yield [name, index, index + (string ?? part).length];
    }
  }
}

class TokenInput extends Editor {
  *parts(value) {
    const members = /^\s*{/.test(value) ? [...value.matchAll(MEMBER)] : [];
    for (const { 0: whole, 1: name, 2: part, index } of members) {
      const end = index + whole.length;
      yield [MEMBERS[name] ?? name, end - part.length, end];
    }
    if (members.length) return;
    let at = value.match(BEFORE_TOKEN)[0].length;
    let text = value.slice(at).replace(BEHIND_TOKEN, "");
    if (!/^e[wy]/.test(text)) {
      const found = text.match(AMONG);
      at += found?.index ?? 0;
      text = found?.[0] ?? text;
    }
    const [token, ...disclosures] = text.split("~");
    const segments = token.split(".", 6);
    const names = SEGMENTS[segments.length] ?? [];
    for (const [i, segment] of segments.entries()) {
      if (names[i] && segment) yield [names[i], at, at + segment.length];
      at += segment.length + 1;
    }
    for (const [i, part] of disclosures.entries()) {
      if (names.length && part) yield [i % 2 ? "other" : "extra", at, at + part.length];
      at += part.length + 1;
    }
  }
}

document.documentElement.classList.add("painted");
customElements.define("json-input", JsonInput);
customElements.define("token-input", TokenInput);
