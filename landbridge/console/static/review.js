// Review without waiting: the next question is fetched while this one is read, and shown before the answer has arrived.
// By the very address that the page loads it from: under another it would be a second one, and hear every key again.
const { send, signedOut, tell } = await import(document.querySelector('script[src*="/static/console.js"]').src);

const undoForm = document.querySelector("form[data-undo]");
const ahead = new Map(); // pair -> promise of its page's part
let sending = Promise.resolve();

/** One after the other, so that undo takes back what was answered last; what fails holds nothing up behind it. */
const inTurn = (act) => (sending = sending.then(act).catch(() => tell("That did not work. Load the page again.", true)));

// Answers that found the session ended. They wait in this tab until the same person is signed in again.
const kept = `review of ${undoForm.dataset.me}`;
const unsent = () => JSON.parse(sessionStorage.getItem(kept) ?? "[]");

function keep(told) {
  sessionStorage.setItem(kept, JSON.stringify([...unsent(), told]));
  sayKept();
}

function sayKept() {
  const count = unsent().length;
  const said = count === 1 ? "Your answer is" : `Your ${count} answers are`;
  tell(`You are signed out. ${count ? `${said} kept in this tab: load the page again, sign in, and they are sent.` : "Load the page again to sign in."}`, true);
}

async function sendKept() {
  const waiting = unsent();
  if (!waiting.length) return;
  let arrived = 0;
  sessionStorage.removeItem(kept);
  for (const told of waiting) if (await send("/review/answer", told, () => keep(told))) arrived += 1;
  if (!arrived) return;
  sessionStorage.setItem(`${kept}, sent`, `Sent what you answered before you were signed out: ${arrived} of ${waiting.length}.`);
  location.assign("/review");
}

const current = () => document.getElementById("case");
const pairOf = (element) => element && element.dataset.left !== undefined ? [element.dataset.left, element.dataset.right] : null;
const named = (pair) => pair.join("\n");
const OUT = Symbol("signed out");

function fetchAhead(pair) {
  if (!pair || ahead.has(named(pair))) return;
  const asked = fetch(`/review?${new URLSearchParams({ left: pair[0], right: pair[1] })}`, { cache: "no-store", headers: { "x-part": "1" } });
  ahead.set(named(pair), asked.then((answer) => (signedOut(answer) ? OUT : answer.ok ? answer.text() : null)).catch(() => null));
}

function upcoming() {
  const { nextLeft, nextRight } = current()?.dataset ?? {};
  return nextLeft === undefined ? null : [nextLeft, nextRight];
}

async function show(pair) {
  fetchAhead(pair);
  const text = await ahead.get(named(pair));
  ahead.delete(named(pair));
  if (text === OUT) return sayKept();
  const fresh = text && new DOMParser().parseFromString(text, "text/html").getElementById("case");
  if (!fresh) return location.assign("/review");
  current().replaceWith(fresh);
  mark(pair);
  history.replaceState(null, "", "/review");
  document.getElementById("main").scrollIntoView();
}

/** The list follows: what was answered leaves it, what is shown is marked. */
function mark(pair, gone) {
  for (const link of document.querySelectorAll(".queue a")) {
    const asked = new URL(link.href).searchParams;
    const own = named([asked.get("left"), asked.get("right")]);
    const item = link.closest("li");
    if (gone && own === named(gone)) item.remove();
    item.classList.toggle("current", own === named(pair));
    own === named(pair) ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
  }
}

async function answer(form, verdict) {
  const { form_token, ...fields } = Object.fromEntries(new FormData(form)); // the page's own token goes with each send
  const next = upcoming();
  const told = { ...fields, verdict, shown: next ? named(next) : "" };
  form.querySelectorAll("button").forEach((button) => (button.disabled = true));
  if (next) await show(next);
  mark(next ?? ["", ""], [fields.left, fields.right]);
  inTurn(async () => {
    let out = false;
    const reply = await send("/review/answer", told, () => { out = true; keep(told); });
    if (!out) await arrived(reply, next);
  });
}

async function arrived(reply, shown) {
  if (!reply) return setTimeout(() => location.assign("/review"), 1500);
  const said = await reply.json();
  tell(`${said.said}  u takes it back.`);
  undoForm.hidden = false;
  document.getElementById("today").textContent = said.today;
  if (!shown) return location.assign("/review");
  const page = current();
  if (said.next && page && named(pairOf(page)) === named(shown)) {
    page.dataset.nextLeft = said.next.left;
    page.dataset.nextRight = said.next.right;
    fetchAhead([said.next.left, said.next.right]);
  }
}

async function undo() {
  const reply = await send("/review/undo");
  if (!reply) return;
  const { left, right, said } = await reply.json();
  const before = pairOf(current());
  ahead.delete(named([left, right]));
  tell(said);
  if (!current()) return location.assign(`/review?${new URLSearchParams({ left, right })}`);
  await show([left, right]);
  if (before) {
    current().dataset.nextLeft = before[0];
    current().dataset.nextRight = before[1];
    fetchAhead(before);
  }
}

function step(by) {
  const links = [...document.querySelectorAll(".queue a")];
  const at = links.findIndex((link) => link.hasAttribute("aria-current"));
  const link = links[at + by];
  if (!link) return tell(by > 0 ? "That was the last of the list." : "This is the first.");
  const asked = new URL(link.href).searchParams;
  show([asked.get("left"), asked.get("right")]);
}

document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-verdict]")) {
    event.preventDefault();
    if (event.submitter?.value) answer(event.target, event.submitter.value);
  } else if (event.target.matches("form[data-undo]")) {
    event.preventDefault();
    inTurn(undo);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog[open]")) return;
  if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else if (event.key === "r") {
    event.preventDefault();
    document.querySelector('form[data-verdict] input[name="reason"]')?.focus();
  }
});

fetchAhead(upcoming());
tell(sessionStorage.getItem(`${kept}, sent`) ?? "");
sessionStorage.removeItem(`${kept}, sent`);
inTurn(sendKept);
