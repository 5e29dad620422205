// The funnel's builder without round trips: the same buttons, done here. Names and numbers are the form's own,
// so what is submitted is the same.

const MOST_STEPS = 20;
const form = document.querySelector("[data-builder]");
const list = form?.querySelector(".step-fields");
const blank = form?.querySelector("[data-blank]");

if (form && list && blank) {
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    if (!button || button.value === "ask") return;
    event.preventDefault();
    const step = button.closest("[data-step]");
    const verb = button.value.split("-")[0];
    const focus = actions[verb]?.(step) ?? null;
    number();
    focus?.focus();
  });
  form.addEventListener("submit", dropEmpty);
}

const actions = {
  add() {
    list.append(blank.content.cloneNode(true));
    return list.lastElementChild.querySelector("input:not([type=hidden])");
  },
  remove(step) {
    const next = step.nextElementSibling ?? step.previousElementSibling;
    step.remove();
    return next?.querySelector("input:not([type=hidden])");
  },
  up(step) {
    step.previousElementSibling?.before(step);
    return step.querySelector("[value^=up-]:not(:disabled)") ?? step.querySelector("input");
  },
  down(step) {
    step.nextElementSibling?.after(step);
    return step.querySelector("[value^=down-]:not(:disabled)") ?? step.querySelector("input");
  },
  or(step) {
    const inputs = step.querySelectorAll(".step-inputs > input");
    const word = Object.assign(document.createElement("span"), { className: "or soft", textContent: "or" });
    const input = inputs[0].cloneNode();
    input.removeAttribute("id");
    input.setAttribute("aria-label", `${inputs[0].getAttribute("aria-label")}, or`);
    input.title = input.value = "";
    inputs[inputs.length - 1].after(word, input);
    return input;
  },
  where(step, from = blank.content) {
    const field = from.querySelector("[data-where]").content.cloneNode(true);
    step.querySelector(".step-inputs").append(field);
    step.querySelector("[value^=where-]").remove();
    return step.querySelector(".step-inputs .field input");
  },
};

/** Number the steps anew: names, ids, labels and what may be pressed. */
function number() {
  const steps = [...list.children];
  steps.forEach((step, index) => {
    const n = index + 1;
    for (const one of step.querySelectorAll("[name], [id], [for], [aria-label], [aria-describedby]")) {
      for (const key of ["name", "id", "for", "aria-describedby"]) {
        const text = one.getAttribute(key);
        if (text && text !== "do") one.setAttribute(key, text.replace(/^([snw])\d+/, `$1${n}`));
      }
      const label = one.getAttribute("aria-label");
      if (label) one.setAttribute("aria-label", label.replace(/step \d+/i, (word) => word.replace(/\d+/, n)));
      if (one.name === "do") one.value = one.value.replace(/\d+$/, n);
    }
    step.querySelector(".step-number").textContent = n;
    step.querySelector("[value^=up-]").disabled = index === 0;
    step.querySelector("[value^=down-]").disabled = n === steps.length;
    step.querySelector("[value^=remove-]").disabled = steps.length === 1;
  });
  form.querySelector("[data-add]").disabled = steps.length >= MOST_STEPS;
}

/** Leave out of the address what was left empty. */
function dropEmpty(event) {
  if (event.submitter?.value !== "ask") return;
  for (const field of form.elements) {
    if (field.name && field.value === "" && !/^s\d+$/.test(field.name)) field.disabled = true;
  }
  setTimeout(() => { for (const field of form.querySelectorAll("input:disabled")) field.disabled = false; });
}
