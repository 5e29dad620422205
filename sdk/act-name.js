// What leaves the page is named here: elements by where they stand, never by what they hold, and every text masked.

/** Parts of a text that may say who somebody is: e-mail addresses, four digits or more, long tokens. */
const MAIL = /[^\s/@<>"'()=&?]+(?:@|%40)[^\s/@<>"'()=&?]+/giu;
const DIGITS = /\p{Nd}(?:[\s._/-]?\p{Nd}){3,}/gu;
const WORD = /[A-Za-z0-9_-]{8,}/g;
const MAX_TEXT = 200;
const MAX_DEPTH = 10;

/** A name that the page's own authors gave: letters alone, since what frameworks number changes from load to load. */
const GIVEN = /^[A-Za-z][A-Za-z_-]{0,39}$/;

/** @param {string} word */
const isToken = (word) =>
  /\d/.test(word) && (/^[0-9a-f-]+$/i.test(word) || (word.length >= 20 && /\d\D*\d/.test(word)));

/**
 * Masks whatever in a text may be personal. Each text that leaves goes through it.
 *
 * @param {string} text
 */
export function mask(text) {
  return text
    .slice(0, 4 * MAX_TEXT)
    .replace(MAIL, "*")
    .replace(WORD, (word) => (isToken(word) ? "*" : word))
    .replace(DIGITS, "*")
    .slice(0, MAX_TEXT);
}

/**
 * Masks all texts of a value, in whatever they lie.
 *
 * @param {any} value
 * @returns {any}
 */
export function masked(value) {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map(masked);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner)]));
}

// A field called "getAttribute" hides its form's own, one called "hidden" the document's: these cannot be hidden.
const { getAttribute, closest, querySelector, getBoundingClientRect } = Element.prototype;
const { getRootNode } = Node.prototype;
const { querySelectorAll } = Document.prototype;
/** @type {(type: object, name: string) => (one: Node) => any} */
const getter = (type, name) => {
  const read = /** @type {() => any} */ (Object.getOwnPropertyDescriptor(type, name)?.get);
  return (one) => read.call(one);
};
const parentOf = getter(Node.prototype, "parentNode");
const previousOf = getter(Element.prototype, "previousElementSibling");
const nextOf = getter(Element.prototype, "nextElementSibling");

const hidden = getter(Document.prototype, "hidden");

/** @type {() => boolean} */
export const isHidden = () => hidden(document);
/** @type {(one: Element) => boolean} */
export const isThere = getter(Node.prototype, "isConnected");
/** @type {(selector: string) => Iterable<Element>} */
export const all = (selector) => querySelectorAll.call(document, selector);
/** @type {(one: Element) => DOMRect} */
export const boxOf = (one) => getBoundingClientRect.call(one);
/** @type {(one: Element) => string} */
export const tagOf = getter(Element.prototype, "localName");
/** @type {(one: Element, name: string) => string | null} */
export const attribute = (one, name) => getAttribute.call(one, name);
/** @type {(one: Element) => Element | null} */
const hostOf = (one) => {
  const root = getRootNode.call(one);
  return root instanceof ShadowRoot ? root.host : null;
};
/**
 * Finds an element that fits among one and those around it, from inside shadow roots too.
 *
 * @type {(one: Element, selector: string) => Element | null}
 */
export const nearest = (one, selector) => {
  for (let at = /** @type {Element | null} */ (one); at; at = hostOf(at)) {
    const found = closest.call(at, selector);
    if (found) return found;
  }
  return null;
};
/** @type {(one: Element, selector: string) => boolean} */
export const holds = (one, selector) => querySelector.call(one, selector) !== null;

/**
 * Gives the element around another; from inside a shadow root, its host.
 *
 * @param {Element} one
 * @returns {Element | null}
 */
function around(one) {
  const parent = parentOf(one);
  return parent instanceof ShadowRoot ? parent.host : parent instanceof Element ? parent : null;
}

/** @param {Element} one */
function given(one) {
  for (const name of ["data-obverse", "data-testid"]) {
    const value = attribute(one, name);
    if (value) return `[${name}=${value.slice(0, 60)}]`;
  }
  const id = attribute(one, "id");
  return id && GIVEN.test(id) ? `#${id}` : "";
}

/** @param {Element} one */
function place(one) {
  const tag = tagOf(one);
  let number = 1;
  for (let other = previousOf(one); other; other = previousOf(other)) if (tagOf(other) === tag) number++;
  let alone = number === 1;
  for (let other = nextOf(one); alone && other; other = nextOf(other)) alone = tagOf(other) !== tag;
  return alone ? tag : `${tag}:nth-of-type(${number})`;
}

/**
 * Says where an element stands, so that the same one is called the same on each load, whatever its classes:
 * `#cart>button`, `[data-obverse=buy]`, `main>ul>li:nth-of-type(3)>a`.
 *
 * @param {Element} element
 */
export function pathOf(element) {
  const parts = [];
  for (let one = /** @type {Element | null} */ (element); one && parts.length < MAX_DEPTH; one = around(one)) {
    const name = given(one);
    if (name || tagOf(one) === "body") {
      if (name || !parts.length) parts.unshift(name || "body");
      break;
    }
    parts.unshift(place(one));
  }
  return mask(parts.join(">"));
}

/**
 * Names a form, or one of its fields, by what its authors call it.
 *
 * @param {Element} one
 */
export function nameOf(one) {
  const name = ["data-obverse", "name", "id"].map((key) => attribute(one, key)).find(Boolean);
  return name ? mask(name) : pathOf(one);
}

export const device = () => (innerWidth < 768 ? "phone" : "desktop");

/**
 * Gives options that nothing on Object.prototype adds to.
 *
 * @template T
 * @param {T} options
 * @returns {T}
 */
export const plain = (options) => Object.assign(Object.create(null), options);
