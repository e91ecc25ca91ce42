// What is folded away is not sent: it would be most of each answer, made, parsed and laid out for nobody.
// It is asked for when it is unfolded.

const DETAILS = ["checks", "expect", "digests", "seen", "issue"];
const VIEWS = { claims: "payload-view-claims", parameters: "header-view-table" };

export const folded = () => [
  ...DETAILS.filter((name) => !document.getElementById(name)?.open),
  ...Object.keys(VIEWS).filter((name) => !document.getElementById(VIEWS[name])?.checked),
].join(" ");

export function watchFolds() {
  const key = document.getElementById("key-text");
  if (!key) return;
  const ask = () => key.dispatchEvent(new CustomEvent("again", { detail: { keepNotice: true } }));
  document.addEventListener("toggle", ({ target }) => DETAILS.includes(target.id) && target.open && ask(), true);
  // The radios belong to a form that does not hold them.
  for (const radio of document.querySelectorAll("input[type=radio][form=views]")) radio.addEventListener("change", ask);
}
