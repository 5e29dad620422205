// Clicks: each one, those in a rage, and those after which nothing happened.

import { attribute, boxOf, holds, mask, nearest, pathOf, plain, tagOf } from "./act-name.js";

/** @import { Part } from "./act.js" */

const RAGE_CLICKS = 3;
const RAGE_GAP_MS = 1000;
const DEAD_MS = 2500;

const PRESSED =
  "a,button,input,select,textarea,label,summary,option,area,[onclick],[role=button],[role=link],[role=tab]," +
  "[role=menuitem],[role=checkbox],[role=radio],[role=switch],[role=option]";
const TYPED = "input,select,textarea,[contenteditable]";
/** What answers a click by itself, in ways that a page cannot see. */
const ANSWERS = "select,textarea,label,option,video,audio,canvas,iframe,[contenteditable]";
const BUTTONS = /^(button|submit|reset|image)$/;

/** What shows that something happened. */
const REACTIONS = ["scroll", "focusin", "input", "change", "submit", "toggle", "copy"];
const LEAVING = ["pagehide", "popstate", "hashchange", "blur"];

/**
 * @param {Part} part
 * @returns {() => void}
 */
export function watchClicks({ send, listen, options, isOwnRequest }) {
  /** @type {{element: Element, at: number, n: number} | null} */
  let burst = null;
  /** @type {Set<ReturnType<typeof setTimeout>>} */
  const waiting = new Set();
  const mutations = new MutationObserver(react);

  function react() {
    if (!waiting.size) return;
    waiting.forEach(clearTimeout);
    waiting.clear();
    mutations.disconnect();
  }

  /** @type {(element: Element, event: MouseEvent, found: Record<string, unknown>) => void} */
  function rage(element, event, found) {
    const again = burst?.element === element && event.timeStamp - burst.at <= RAGE_GAP_MS;
    burst = { element, at: event.timeStamp, n: again && burst ? burst.n + 1 : 1 };
    // Who clicks three times to select a paragraph, or a field's text, is not angry.
    const meant = nearest(element, TYPED) ? !isButton(element) : !nearest(element, PRESSED) && selects();
    if (burst.n === RAGE_CLICKS && !meant) send("Rage Clicked", found);
  }

  /** @type {(element: Element, found: Record<string, unknown>) => void} */
  function dead(element, found) {
    if (!looksPressable(element) || goesElsewhere(element)) return;
    const timer = setTimeout(() => {
      waiting.delete(timer);
      if (!waiting.size) mutations.disconnect();
      send("Dead Clicked", found);
    }, DEAD_MS);
    waiting.add(timer);
    mutations.observe(document, plain({ subtree: true, childList: true, attributes: true, characterData: true }));
  }

  listen(document, "click", (/** @type {any} */ event) => {
    const target = event.composedPath()[0];
    if (!event.isTrusted || !(target instanceof Element) || nearest(target, "[data-obverse-off]")) return;
    const element = pressed(target);
    if (element instanceof HTMLLabelElement && element.control) return; // which is clicked next
    const found = { element: pathOf(element), ...described(element, event, options.text) };
    send("Element Clicked", found);
    if (event.detail > 0) rage(element, event, found);
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) dead(element, found);
  });
  for (const type of REACTIONS) listen(document, type, react);
  listen(document, "selectionchange", () => selects() && react()); // where the caret went is no answer
  for (const type of LEAVING) listen(window, type, ({ target }) => (target === window || target === document) && react());
  const unwrap = watchRequests((url) => isOwnRequest(url) || react());
  return () => {
    react();
    unwrap();
  };
}

/** @param {Element} element */
const hasHand = (element) => getComputedStyle(element).cursor === "pointer";

/**
 * Gives what is pressed by a click: a control around the target, or what the page has named and shows a hand for.
 *
 * @param {Element} target
 */
function pressed(target) {
  const control = nearest(target, PRESSED);
  const named = control ?? nearest(target, "[data-obverse]");
  return named && (control || hasHand(named)) ? named : target;
}

const selects = () => getSelection()?.isCollapsed === false;

/** @param {Element} element */
function isButton(element) {
  return tagOf(element) === "input" && BUTTONS.test(attribute(element, "type") ?? "");
}

/** @param {Element} element */
function looksPressable(element) {
  if (nearest(element, ANSWERS) || (tagOf(element) === "input" && !isButton(element))) return false;
  return nearest(element, PRESSED) !== null || hasHand(element);
}

/**
 * Says whether a link opens something that this page sees nothing of.
 *
 * @param {Element} element
 */
function goesElsewhere(element) {
  const link = nearest(element, "a[href],area[href]");
  if (!link) return false;
  const target = attribute(link, "target");
  const away = target !== null && target !== "" && target !== "_self";
  return away || attribute(link, "download") !== null || /^\s*(mailto|tel|sms|blob|data):/i.test(attribute(link, "href") ?? "");
}

/** @type {(element: Element, event: MouseEvent, text: boolean) => object} */
function described(element, event, text) {
  const box = boxOf(element);
  const share = (/** @type {number} */ at, /** @type {number} */ size) =>
    size ? Math.round(100 * Math.min(1, Math.max(0, at / size))) / 100 : 0;
  const role = attribute(element, "role");
  return {
    tag: tagOf(element),
    ...(role && /^[a-z]{1,20}$/.test(role) && { role }),
    // A click by keyboard has no place.
    ...(event.detail > 0 && { x: share(event.clientX - box.left, box.width), y: share(event.clientY - box.top, box.height) }),
    ...((text || nearest(element, "[data-obverse-text]")) && shown(element)),
  };
}

/**
 * Gives an element's text, if nothing that people fill in is in or around it.
 *
 * @param {Element} element
 */
function shown(element) {
  if (nearest(element, TYPED) || holds(element, TYPED)) return {};
  return { text: mask((element.textContent ?? "").replace(/\s+/g, " ").trim()).slice(0, 80) };
}

/**
 * Calls back when a request starts. Where a page has frozen these functions, requests are not seen.
 *
 * @param {(url: string) => void} seen
 * @returns {() => void} puts the page's own functions back
 */
function watchRequests(seen) {
  /** @type {(owner: any, name: string, url: (them: any, given: any[]) => unknown) => () => void} */
  function wrap(owner, name, url) {
    const own = owner[name];
    /** @this {any} @param {any[]} given */
    function seeing(...given) {
      try {
        seen(String(url(this, given)));
      } catch {
        // The page's request goes out whatever happens here.
      }
      return Reflect.apply(own, this, given);
    }
    try {
      owner[name] = seeing;
    } catch {
      return () => {};
    }
    return () => {
      if (owner[name] === seeing) owner[name] = own;
    };
  }
  const undo = [
    wrap(window, "fetch", (_, [what]) => what?.url ?? what),
    wrap(XMLHttpRequest.prototype, "open", (_, [, url]) => url),
  ];
  return () => undo.forEach((one) => one());
}
