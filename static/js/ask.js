// The request of a key. fetch hands over an answer's headers, its body and each promise between in tasks of their own,
// and a browser that is busy painting the key lets each of them wait; XMLHttpRequest hands over everything in one.

class Answer {
  constructor(request) {
    this.request = request;
    this.status = request.status;
    this.url = request.responseURL;
    // htmx reads its own headers and no others.
    const lines = request.getAllResponseHeaders().match(/^hx-.*$/gim) ?? [];
    this.headers = new Headers(lines.map((line) => line.split(/:\s*(.*)/, 2)));
  }

  text() {
    return this.request.responseText;
  }
}

// What htmx takes in place of fetch.
export function ask(url, { method, headers, body, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.onload = () => resolve(new Answer(request));
    request.onerror = () => reject(new TypeError("no answer"));
    signal.addEventListener("abort", () => {
      request.abort();
      reject(signal.reason);
    });
    request.send(body);
  });
}

// The browser's autofill studies the whole form of a field on every key, for longer than the answer takes, and has
// nothing to fill in here. So with scripts the small fields leave the form and are sent by hand.
export function setApart(root) {
  for (const field of root.querySelectorAll("select, input:not([type=hidden], [type=radio], [type=checkbox])")) {
    field.setAttribute("form", "views");
  }
}

export function sendAlong(body, form) {
  const there = new Set(body.keys());
  for (const [name, value] of new FormData(form)) if (!there.has(name)) body.append(name, value);
  sendViews(body);
}

export function sendViews(body) {
  for (const field of document.getElementById("views")?.elements ?? []) {
    if (field.type === "radio" || field.type === "checkbox") continue;
    // Most of them are empty: what is not sent is not read.
    if (field.value) body.set(field.name, field.value);
    else body.delete(field.name);
  }
}
