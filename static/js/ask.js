// The request of a key. fetch hands over an answer's headers, its body and each promise between in tasks of their own,
// and a browser that is busy painting the key lets each of them wait; XMLHttpRequest hands over everything in one.

class Answer {
  constructor(request) {
    this.request = request;
    this.status = request.status;
    this.url = request.responseURL;
    // htmx reads its own headers and no others; this server sends none of them.
    this.headers = new Headers();
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

// The browser's autofill studies the whole form of a field on every key, for as long as the page needs to show the answer,
// and has nothing to fill in here. A form of one field it lets be. So with scripts the fields leave their form, each text for
// one of its own, and are sent by hand.
const alone = new Set();

export function setApart(root) {
  for (const field of root.querySelectorAll("select, input:not([type=hidden], [type=radio], [type=checkbox])")) {
    field.setAttribute("form", "views");
  }
  for (const field of root.querySelectorAll("textarea[name]:not([form])")) field.setAttribute("form", formOf(field.id));
}

function formOf(id) {
  const name = `form-of-${id}`;
  if (!alone.has(id)) document.body.append(Object.assign(document.createElement("form"), { id: name, hidden: true, autocomplete: "off" }));
  alone.add(id);
  return name;
}

export function sendAlong(body, form) {
  const there = new Set(body.keys());
  for (const [name, value] of new FormData(form)) if (!there.has(name)) body.append(name, value);
  sendApart(body);
}

export function sendApart(body) {
  for (const id of alone) {
    const field = document.getElementById(id);
    if (field && !field.disabled) body.set(field.name, field.value);
  }
  for (const field of document.getElementById("views")?.elements ?? []) {
    if (field.type === "radio" || field.type === "checkbox" || field.disabled) continue;
    // Most of them are empty: what is not sent is not read, but for a policy, where it is not changed.
    if (field.value || field.name.startsWith("p.")) body.set(field.name, field.value);
    else body.delete(field.name);
  }
}
