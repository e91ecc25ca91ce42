const said = document.getElementById("said");

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Plain http on another machine has no clipboard API; the old command still works there.
    const { activeElement } = document;
    const area = document.body.appendChild(document.createElement("textarea"));
    area.value = text;
    area.select();
    document.execCommand("copy");
    area.remove();
    activeElement?.focus();
  }
}

// Say on the button, and to who cannot see it, that something is copied.
export function tell(button, word, sentence) {
  const before = (button.before ??= word.textContent);
  word.textContent = "copied";
  said.textContent = sentence;
  clearTimeout(button.timer);
  button.timer = setTimeout(() => {
    word.textContent = before;
    said.textContent = "";
  }, 1500);
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  await copy(document.getElementById(button.dataset.copy).value);
  tell(button, button.querySelector("span"), `${button.ariaLabel.replace("Copy ", "The ")} is copied.`);
});
