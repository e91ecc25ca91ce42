// What is folded away is not sent: it would be most of each answer, made, parsed and laid out for nobody.
// It is asked for when it is unfolded.

const FOLDED = {
  checks: () => !document.getElementById("checks")?.open,
  claims: () => !document.getElementById("payload-view-claims")?.checked,
  parameters: () => !document.getElementById("header-view-table")?.checked,
  expect: () => !document.getElementById("expect")?.open,
};

export const folded = () => Object.keys(FOLDED).filter((name) => FOLDED[name]()).join(" ");

export function watchFolds() {
  const key = document.getElementById("key-text");
  if (!key) return;
  const ask = () => key.dispatchEvent(new CustomEvent("again", { detail: { keepNotice: true } }));
  document.addEventListener("toggle", ({ target }) => ["checks", "expect"].includes(target.id) && target.open && ask(), true);
  // The radios belong to a form that does not hold them.
  for (const radio of document.querySelectorAll("input[type=radio][form=views]")) radio.addEventListener("change", ask);
}
