const area = document.getElementById("token-text");
const list = document.getElementById("keys");
const single = document.getElementById("single-keys");
const isField = (element) => element.matches?.("input:not([type=radio], [type=checkbox]), textarea, select");

function closeMenus(except) {
  for (const menu of document.querySelectorAll(".menu[open]")) {
    if (menu === except) continue;
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) menu.querySelector("summary").focus();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (document.querySelector(".menu[open]")) closeMenus();
    else if (event.target.closest(".share")) document.querySelector("[name=unshare]").click();
    else if (isField(event.target)) event.target.blur();
  }
  if (!area || !single?.checked || isField(event.target) || event.ctrlKey || event.metaKey || event.altKey || list.open) return;
  if (event.key === "/") {
    event.preventDefault();
    area.focus();
    area.select();
  } else if (event.key === "?") {
    event.preventDefault();
    list.showModal();
  }
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("#keys-button")) list.showModal();
  else if (target === list) list.close();
  closeMenus(target.closest("a") ? null : target.closest(".menu"));
});

document.addEventListener("paste", (event) => {
  if (!area || isField(event.target) || list?.open) return;
  const text = event.clipboardData.getData("text/plain").trim();
  if (!text) return;
  event.preventDefault();
  document.getElementById("token").value = text;
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
});
