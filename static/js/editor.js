// A textarea over a <pre> with the same text in the colours of its parts. The CSS Custom Highlight API would do without the
// spans, but it paints everything it has coloured on the page anew with every change of any text; it is left to the marks.

const TOO_LONG = 100_000;

const JSON_PART = /("(?:[^"\\\n]|\\.)*"?)(\s*:)?|(-?\d[\d.eE+-]*)|\b(?:true|false|null)\b/g;
// "Bearer", a quote or white space may stand before a token that was copied from somewhere.
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
    this.addEventListener("input", () => this.paint());
    this.marked = 0;
    this.pieces = [];
    this.paint();
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

  // Only what differs: a key changes the text of one piece, and what is before and behind it need not be painted again.
  paint() {
    const { pieces } = this;
    const next = this.take(this.area.value);
    const most = Math.min(pieces.length, next.length);
    const same = (a, b) => a.name === b.name && a.text === b.text;
    let start = 0;
    while (start < most && same(pieces[start], next[start])) start++;
    let rest = 0;
    while (rest < most - start && same(pieces.at(-1 - rest), next.at(-1 - rest))) rest++;
    let [end, before] = [next.length - rest, pieces.length - rest];
    while (start < Math.min(end, before) && pieces[start].name === next[start].name) {
      rewrite(pieces[start], next[start++].text);
    }
    while (start < Math.min(end, before) && pieces[before - 1].name === next[end - 1].name) {
      rewrite(pieces[--before], next[--end].text);
    }
    const fresh = next.slice(start, end).map(made);
    const place = pieces[before]?.node ?? null;
    for (const { node } of pieces.splice(start, before - start, ...fresh)) node.remove();
    for (const { node } of fresh) this.backdrop.insertBefore(node, place);
  }

  // The last line break of a <pre> makes no line; the one of a textarea does.
  take(value) {
    const pieces = [];
    let at = 0;
    const add = (name, end) => {
      if (end > at) pieces.push({ name, text: value.slice(at, end) });
      at = end;
    };
    if (value.length <= TOO_LONG) {
      for (const [name, start, end] of this.parts(value)) {
        add("", start);
        add(name, end);
      }
    }
    add("", value.length);
    return [...pieces, { name: "", text: "\n" }];
  }

  mark(places) {
    if (!globalThis.Highlight || (this.marked === 0 && !places.length)) return;
    this.marked = places.length;
    // While there is none, the browser need not look for it with every key.
    if (!this.marked) return CSS.highlights.delete(`${this.id}-mark`);
    CSS.highlights.set(`${this.id}-mark`, new Highlight(...places.map(([start, end]) => this.range(start, end))));
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
  const most = Math.min(text.length, next.length);
  let start = 0;
  while (start < most && text[start] === next[start]) start++;
  let rest = 0;
  while (rest < most - start && text.at(-1 - rest) === next.at(-1 - rest)) rest++;
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
    let text = value.slice(at);
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
