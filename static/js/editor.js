// A textarea over a <pre> that the CSS Custom Highlight API paints; without that API the textarea is all there is.

const TOO_LONG = 100_000;
const paints = Boolean(globalThis.CSS?.highlights && globalThis.Highlight);

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
    this.text = this.querySelector("pre").appendChild(new Text());
    // On the host, so that the question of this key is on its way before the key is painted.
    this.addEventListener("input", () => this.paint());
    this.marked = 0;
    this.painted = {};
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

  paint() {
    if (!paints) return;
    const value = this.area.value;
    // The last line break of a <pre> makes no line; the one of a textarea does.
    this.write(`${value}\n`);
    const layers = Object.fromEntries(this.layers.map((name) => [name, []]));
    if (value.length <= TOO_LONG) {
      for (const [name, start, end] of this.parts(value)) layers[name].push(start, end);
    }
    // A layer that is where it was is not painted again.
    for (const name of this.layers) {
      const places = layers[name];
      if (`${places}` === this.painted[name]) continue;
      this.painted[name] = `${places}`;
      const layer = new Highlight();
      for (let i = 0; i < places.length; i += 2) layer.add(this.range(places[i], places[i + 1]));
      CSS.highlights.set(`${this.id}-${name}`, layer);
    }
  }

  // Only what differs: the lines before and behind it need not be laid out again.
  write(next) {
    const { data } = this.text;
    const most = Math.min(data.length, next.length);
    let start = 0;
    while (start < most && data[start] === next[start]) start++;
    let same = 0;
    while (same < most - start && data[data.length - 1 - same] === next[next.length - 1 - same]) same++;
    if (start + same === data.length && data.length === next.length) return;
    this.text.replaceData(start, data.length - start - same, next.slice(start, next.length - same));
  }

  mark(places) {
    if (!paints || (this.marked === 0 && !places.length)) return;
    this.marked = places.length;
    const layer = new Highlight(...places.map(([start, end]) => this.range(start, end)));
    layer.priority = 1;
    CSS.highlights.set(`${this.id}-mark`, layer);
  }

  // Static ranges cost nothing when the text changes, and the text changes with every key.
  range(start, end) {
    return new StaticRange({ startContainer: this.text, startOffset: start, endContainer: this.text, endOffset: end });
  }
}

class JsonInput extends Editor {
  layers = ["key", "string", "number", "literal"];

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
  layers = ["header", "payload", "signature", "extra", "other"];

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

if (paints) document.documentElement.classList.add("painted");
customElements.define("json-input", JsonInput);
customElements.define("token-input", TokenInput);
