document.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=theme]");
  if (!button) return;
  event.preventDefault();
  document.documentElement.dataset.theme = button.value;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${button.value}; Path=/; Max-Age=31536000; SameSite=Strict${secure}`;
  for (const other of document.getElementsByName("theme")) other.ariaPressed = String(other === button);
});
