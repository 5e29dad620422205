// The survey builder without round trips: the form's own buttons are sent in the background, and what comes back
// takes the form's place; the preview follows what is typed. Without this, the same form works by loading pages.

const form = document.getElementById("making");
const preview = document.getElementById("previewing");
const PAUSE_MS = 700;
let dirty = form?.hasAttribute("data-changed") ?? false;
let round = 0;
let waiting;

if (form && preview) {
  form.addEventListener("click", onPress);
  form.addEventListener("keydown", onKey);
  form.addEventListener("input", onInput);
  form.addEventListener("submit", () => { dirty = false; });
  preview.addEventListener("change", () => preview.requestSubmit());
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  if (shown()) preview.requestSubmit();
  toFocus(form.dataset.focus);
}

function shown() {
  return preview.elements.survey.value !== "";
}

function toFocus(selector) {
  const part = selector && document.querySelector(selector);
  if (!part) return;
  part.scrollIntoView({ block: "nearest" });
  (part.querySelector("input:not([type=hidden]), textarea, select") ?? part).focus({ preventScroll: true });
}

/** Buttons that change the form itself are sent in the background; those that keep it load a page. */
function onPress(event) {
  const button = event.target.closest("button[name=do]");
  if (!button || button.value === "save" || button.value === "publish") return;
  event.preventDefault();
  clearTimeout(waiting);
  send(button.value, true).catch(() => {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "do", value: button.value }));
    dirty = false;
    form.submit();
  });
}

/** Enter in an option goes on to the next, as in a list on paper; elsewhere in a line it does nothing. */
function onKey(event) {
  if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
  event.preventDefault();
  const row = event.target.closest(".items li");
  if (!row) return;
  const next = row.nextElementSibling;
  if (next) next.querySelector("input").focus();
  else row.closest(".items").querySelector(".another").click();
}

function onInput() {
  dirty = true;
  document.getElementById("unsaved").textContent = "Not saved yet.";
  clearTimeout(waiting);
  waiting = setTimeout(() => send("look", false).catch(() => {}), PAUSE_MS);
}

/** Send what the form holds; what comes back takes the form's place, or only tells what is wrong by now. */
async function send(action, whole) {
  const mine = ++round;
  const body = new URLSearchParams(new FormData(form));
  body.append("do", action);
  const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const made = page.getElementById("making");
  if (!made) throw new Error(`the form did not come back: ${answer.status}`);
  if (mine !== round) return;
  if (whole) take(made);
  else document.getElementById("problems").replaceChildren(...page.getElementById("problems").childNodes);
  const chosen = preview.elements.lang?.value;
  preview.replaceChildren(...page.getElementById("previewing").childNodes);
  if (chosen && preview.elements.lang) preview.elements.lang.value = chosen;
  if (preview.elements.lang?.selectedIndex === -1) preview.elements.lang.selectedIndex = 0;
  if (shown()) preview.requestSubmit();
}

function take(made) {
  const open = new Map([...form.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
  form.replaceChildren(...made.childNodes);
  for (const one of form.querySelectorAll("details[id]")) one.open = open.get(one.id) || one.open;
  dirty = true;
  toFocus(made.dataset.focus);
}
