// A token after the # of the address is put in the token pane. Keys are not read from an address.

const NAMES = ["token", "id_token", "access_token"];

function given() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  return NAMES.map((name) => parameters.get(name)).find(Boolean);
}

// What was left out of a shared token, as the link says it; the server tells it to the reader.
const leftOut = document.getElementById("left-out");
const omitted = () => location.hash.slice(1).split("&").filter((part) => /^(?:without|masked)=/.test(part)).join("&");

function read(fresh) {
  const token = given();
  if (!token) return;
  // The key that came with the page is the example's; it would say "does not match" to every other token.
  if (fresh) document.getElementById("key-text").value = "";
  const editor = document.getElementById("token");
  editor.value = token;
  leftOut.value = omitted();
  // What the server has to say about how the token came must not be wiped by the answer about the token.
  editor.area.dispatchEvent(new CustomEvent("again", { detail: { keepNotice: fresh && !leftOut.value } }));
}

export function watchFragment() {
  const area = document.getElementById("token-text");
  if (!area) return;
  // The address keeps the token until it is no longer the one on the page, whatever changed it.
  const forget = () => {
    const token = location.hash && given();
    if (!token || token === area.value) return;
    history.replaceState(null, "", location.pathname + location.search);
    leftOut.value = "";
  };
  // Before the question about the edited token is asked.
  document.addEventListener("input", ({ target }) => target === area && forget(), true);
  document.addEventListener("htmx:after:swap", forget);
  addEventListener("hashchange", () => read(false));
  read(true);
}
