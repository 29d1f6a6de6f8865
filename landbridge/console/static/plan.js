// What the plan's pages do beyond forms and links.
const { tell } = await import(document.querySelector('script[src*="/static/console.js"]').src);

// j k from change to change. Keys of forms that open are data-key of their summaries, and console.js's.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (event.key === "j" || event.key === "k") {
    const all = [...document.querySelectorAll("article.change, article.held")];
    const at = all.indexOf(document.activeElement.closest?.("article"));
    all[Math.max(0, Math.min(all.length - 1, at + (event.key === "j" ? 1 : -1)))]?.focus();
  }
});

// One form open at a time; Escape closes it.
document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.("details.act") || !event.target.open) return;
  for (const other of document.querySelectorAll("details.act[open]")) if (other !== event.target) other.open = false;
  event.target.querySelector("input:not([type=hidden])")?.focus();
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const open of document.querySelectorAll("details.act[open]")) open.open = false;
});

// What was decided is sent once, and says so while a large plan takes its time.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.closest("details.act") || event.defaultPrevented) return;
  setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    form.setAttribute("aria-busy", "true");
    setTimeout(() => tell("It is being done. A large plan takes some seconds.", true), 700);
  });
});
