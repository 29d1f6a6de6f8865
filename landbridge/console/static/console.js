// What every page does beyond its forms and links; everything here can be done without it.
const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;
const formToken = document.querySelector('meta[name="form-token"]')?.content ?? "";

/** Tell something at the foot of the page, for a while or until something else is told. */
export function tell(text, stays = false) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  clearTimeout(tell.timer);
  if (!stays) tell.timer = setTimeout(() => (toast.textContent = ""), 4000);
}

/** Whether we were led to the sign-in instead of answered: the session has ended. */
export const signedOut = (answer) => Boolean(answer?.redirected) && new URL(answer.url).pathname === "/sign-in";

const SIGNED_OUT = "You are signed out. Load the page again to sign in.";

/** Send a form of ours; the answer, or null (told) where it was refused. */
export async function send(url, fields = {}, out = () => tell(`${SIGNED_OUT} Nothing was changed.`, true)) {
  const body = new URLSearchParams(fields);
  try {
    // Kept alive: what somebody did arrives also when they leave the page at once.
    const answer = await fetch(url, { method: "POST", body, keepalive: true, headers: { "x-form-token": formToken, "x-part": "1" } });
    if (signedOut(answer)) {
      out();
      return null;
    }
    if (answer.ok) return answer;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    tell(page.querySelector("h1")?.textContent ?? `That did not work (${answer.status}).`);
  } catch {
    tell("The console does not answer. Nothing was changed.");
  }
  return null;
}

/** Put the element with the same id from a page in the place of ours. */
export function put(page, id) {
  const fresh = new DOMParser().parseFromString(page, "text/html").getElementById(id);
  const old = document.getElementById(id);
  if (fresh && old) old.replaceWith(fresh);
  return fresh;
}

// Keys: g then a page's letter; / to search; ? for help; an element's own letter in data-key.
let gone = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]") && event.key !== "?") return;
  const after_g = Date.now() - gone < 1200;
  gone = 0;
  if (event.key === "g") return void (gone = Date.now());
  if (after_g) {
    event.preventDefault();
    return document.querySelector(`[data-go="${CSS.escape(event.key)}"]`)?.click();
  }
  if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) { event.preventDefault(); search.focus(); search.select(); }
  } else if (event.key === "?") {
    const keys = document.getElementById("keys");
    keys?.open ? keys.close() : keys?.showModal();
  } else if (!event.defaultPrevented) {
    const meant = document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not([disabled])`);
    if (meant) { event.preventDefault(); meant.click(); }
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && typing(event.target)) event.target.blur();
});

// Search as you type: <form data-live="results"> shows the answer's element of that id.
for (const form of document.querySelectorAll("form[data-live]")) {
  let asked = 0, timer = 0;
  const search = async () => {
    const mine = ++asked;
    const url = `${form.action}?${new URLSearchParams(new FormData(form))}`;
    const answer = await fetch(url, { headers: { "x-part": "1" } }).catch(() => null);
    if (signedOut(answer)) tell(SIGNED_OUT, true);
    else if (answer?.ok && mine === asked) {
      put(await answer.text(), form.dataset.live);
      history.replaceState(null, "", url);
    }
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 90); });
}

// What is under way is shown as it goes: an element with an id and data-fresh="seconds" is asked for again, at
// the page's own address or at data-at, which goes on to tell of the same thing when the page would tell of the next.
const live = document.querySelector("[data-fresh][id]");
if (live) {
  const where = live.dataset.at ? live.dataset.at + location.search : location.href;
  const again = setInterval(async () => {
    const answer = await fetch(where, { headers: { "x-part": "again" } }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const fresh = put(await answer.text(), live.id);
    if (fresh && !fresh.dataset.fresh) { clearInterval(again); location.assign(where); }
  }, Number(live.dataset.fresh) * 1000);
}

// A select in a bar of filters acts at once.
for (const select of document.querySelectorAll("form.filters select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// Forms that ask twice: <form data-sure="Revert 200 changes?">.
document.addEventListener("submit", (event) => {
  const sure = event.target.dataset?.sure;
  if (sure && !confirm(sure)) event.preventDefault();
});

// The menu of the phone closes when one taps elsewhere.
document.addEventListener("click", (event) => {
  const menu = document.querySelector(".menu-switch:checked");
  if (menu && !menu.closest(".top").contains(event.target)) menu.checked = false;
});
