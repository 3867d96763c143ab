// A line and its region light each other; keys turn pages and zoom.
const byId = (id) => document.getElementById(id);
const sheet = byId("sheet"), regions = byId("regions");
const STEP = 1.25, SMALLEST = 0.5, LARGEST = 5;
let zoom = 1;

function both(line) {
  return document.querySelectorAll(`[data-line="${CSS.escape(line)}"]`);
}

for (const [kind, lit] of [["pointerover", true], ["pointerout", false]]) {
  document.addEventListener(kind, (event) => {
    const line = event.target.closest?.("[data-line]")?.dataset.line;
    if (line !== undefined) for (const one of both(line)) one.classList.toggle("lit", lit);
  });
}
document.addEventListener("click", (event) => {
  const from = event.target.closest?.("[data-line]");
  if (!from) return;
  for (const one of both(from.dataset.line)) if (one !== from) one.scrollIntoView({ block: "center", inline: "nearest" });
});

function scale(factor) {
  zoom = Math.min(LARGEST, Math.max(SMALLEST, zoom * factor));
  sheet.style.setProperty("width", `${zoom * 100}%`);
}

function toggle() {
  const bare = sheet.classList.toggle("bare");
  regions.setAttribute("aria-pressed", String(!bare));
}

byId("larger")?.addEventListener("click", () => scale(STEP));
byId("smaller")?.addEventListener("click", () => scale(1 / STEP));
regions?.addEventListener("click", toggle);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (event.key === "ArrowLeft") document.querySelector("a[rel=prev]")?.click();
  else if (event.key === "ArrowRight") document.querySelector("a[rel=next]")?.click();
  else if (event.key === "+" || event.key === "=") scale(STEP);
  else if (event.key === "-") scale(1 / STEP);
  else if (event.key === "r" && sheet) toggle();
});
document.querySelector("polygon.found")?.scrollIntoView({ block: "center" });
