// A token after the # of the address is put in the token pane. Keys are not read from an address.

const NAMES = ["token", "id_token", "access_token"];

function read(fresh) {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = NAMES.map((name) => given.get(name)).find(Boolean);
  if (!token) return;
  // The key that came with the page is the example's; it would say "does not match" to every other token.
  if (fresh) document.getElementById("key-text").value = "";
  const editor = document.getElementById("token");
  editor.value = token;
  // What the server has to say about how the token came must not be wiped by the answer about the token.
  editor.area.dispatchEvent(new CustomEvent("again", { detail: { keepNotice: fresh } }));
}

export function watchFragment() {
  const area = document.getElementById("token-text");
  if (!area) return;
  // The address keeps the token until it is no longer the one on the page.
  area.addEventListener("input", () => {
    if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  });
  addEventListener("hashchange", () => read(false));
  read(true);
}
