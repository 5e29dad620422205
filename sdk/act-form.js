// Forms: begun, filled in field by field, sent. What is typed is never read but for whether there is anything.

import { attribute, nameOf, nearest, tagOf } from "./act-name.js";

/** @import { Part } from "./act.js" */

const NOT_FILLED = /^(hidden|button|submit|reset|image)$/;
/** A form begins anew after so long, as the measure of acts has it. */
const ATTEMPT_MS = 30 * 60_000;

/** @param {Part} part */
export function watchForms({ send, listen }) {
  /** @type {WeakMap<Element, { begun: number, filled: Set<Element> }>} */
  const attempts = new WeakMap();
  /** @type {WeakMap<Element, number>} */
  const entered = new WeakMap();
  /** @type {Element | null} what was last typed into, and not left since */
  let typing = null;

  /** @param {Element} form */
  function attemptAt(form) {
    const known = attempts.get(form);
    if (known && performance.now() - known.begun < ATTEMPT_MS) return known;
    const made = { begun: performance.now(), filled: new Set() };
    attempts.set(form, made);
    send("Form Started", { form: nameOf(form) });
    return made;
  }

  listen(document, "focusin", (/** @type {any} */ event) => {
    const field = fieldOf(event);
    if (field) entered.set(field, performance.now());
  });

  listen(document, "input", (/** @type {any} */ event) => {
    const field = fieldOf(event);
    const form = field && formOf(field);
    if (!form) return;
    attemptAt(form);
    typing = field;
  });

  listen(document, "change", (/** @type {any} */ event) => fill(fieldOf(event)));
  // Who closes the page in the middle of a field left the form there.
  listen(window, "pagehide", () => fill(typing));

  /** @param {Element | null} field */
  function fill(field) {
    const form = field && formOf(field);
    if (!field || !form) return;
    typing = null;
    const { filled } = attemptAt(form);
    if (isEmpty(field)) return;
    const since = entered.get(field);
    send("Field Filled", {
      form: nameOf(form),
      field: nameOf(field),
      ...(since !== undefined && { seconds: Math.round((performance.now() - since) / 100) / 10 }),
      ...(filled.has(field) && { refilled: true }),
    });
    filled.add(field);
  }

  listen(document, "submit", (/** @type {any} */ event) => {
    const form = event.composedPath()[0];
    if (!(form instanceof HTMLFormElement) || nearest(form, "[data-obverse-off]")) return;
    attemptAt(form);
    attempts.delete(form);
    send("Form Submitted", { form: nameOf(form) });
  });
}

/**
 * @param {Event} event
 * @returns {Element | null}
 */
function fieldOf(event) {
  const field = event.composedPath()[0];
  if (!(field instanceof Element) || !/^(input|select|textarea)$/.test(tagOf(field))) return null;
  if (tagOf(field) === "input" && NOT_FILLED.test(attribute(field, "type") ?? "")) return null;
  return nearest(field, "[data-obverse-off]") ? null : field;
}

/** @type {(field: any) => Element | null} */
const formOf = (field) => (field.form instanceof HTMLFormElement ? field.form : null);

/** @type {(field: any) => boolean} */
const isEmpty = (field) => (field.type === "checkbox" || field.type === "radio" ? false : !field.value);
