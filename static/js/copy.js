const said = document.getElementById("said");

async function copy(area) {
  try {
    await navigator.clipboard.writeText(area.value);
  } catch {
    // Plain http on another machine has no clipboard API; the old command still works there.
    area.select();
    document.execCommand("copy");
  }
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  await copy(document.getElementById(button.dataset.copy));
  const word = button.querySelector("span");
  word.textContent = "copied";
  said.textContent = `${button.ariaLabel.replace("Copy ", "The ")} is copied.`;
  clearTimeout(button.timer);
  button.timer = setTimeout(() => {
    word.textContent = "copy";
    said.textContent = "";
  }, 1500);
});
