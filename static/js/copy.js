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

const telling = new WeakMap();

// Say on the button, and to who cannot see it, that something is copied.
export function tell(word, sentence) {
  const { before, timer } = telling.get(word) ?? { before: word.textContent };
  clearTimeout(timer);
  word.textContent = "copied";
  said.textContent = sentence;
  const end = () => {
    telling.delete(word);
    word.textContent = before;
    said.textContent = "";
  };
  telling.set(word, { before, timer: setTimeout(end, 1500) });
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  await copy(document.getElementById(button.dataset.copy).value);
  tell(button.querySelector("span"), `${button.ariaLabel.replace("Copy ", "The ")} is copied.`);
});
