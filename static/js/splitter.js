const splitter = document.querySelector(".splitter");
const LEAST = 25;
const MOST = 75;

function move(percent) {
  const at = Math.min(MOST, Math.max(LEAST, percent));
  splitter.parentElement.style.setProperty("--split", `${at}%`);
  splitter.ariaValueNow = String(Math.round(at));
}

function drag({ clientX }) {
  const { left, width } = splitter.parentElement.getBoundingClientRect();
  move(((clientX - left) / width) * 100);
}

function release() {
  splitter.classList.remove("held");
  splitter.removeEventListener("pointermove", drag);
}

splitter?.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  splitter.setPointerCapture(event.pointerId);
  splitter.classList.add("held");
  splitter.addEventListener("pointermove", drag);
});
splitter?.addEventListener("pointerup", release);
splitter?.addEventListener("lostpointercapture", release);
splitter?.addEventListener("dblclick", () => move(46));
splitter?.addEventListener("keydown", (event) => {
  const at = Number(splitter.ariaValueNow);
  const to = { ArrowLeft: at - 2, ArrowRight: at + 2, Home: LEAST, End: MOST }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  move(to);
});
