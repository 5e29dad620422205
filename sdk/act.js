// Where people linger and act on a page: loaded by obverse.js where `act` is set, and by itself of no use.
//
// Nothing that people type is read, and nothing that they read is sent unless the page says so. What it says of itself
// (ids, names of fields) is masked all the same. See docs/acts.md.

import { device, masked } from "./act-name.js";
import { watchClicks } from "./act-click.js";
import { watchForms } from "./act-form.js";
import { watchViews } from "./act-view.js";

/**
 * @typedef {object} Client What of the browser client this module uses.
 * @property {(event: string, properties: Record<string, unknown>) => unknown} track
 * @property {() => string | undefined} consent
 * @property {(what: "page" | "consent", handler: (...given: any[]) => void) => unknown} on
 *   "page" is told while what is tracked still belongs to the page that ends.
 *
 * @typedef {object} Options What is recorded; all but `text` unless it says otherwise. The client's own will do.
 * @property {boolean | Options} [act] the same, where these are the client's
 * @property {boolean} [clicks] clicks, and those in a rage and in vain
 * @property {boolean} [views] how long elements are in view
 * @property {boolean} [forms] forms begun, filled in and sent
 * @property {boolean} [errors] errors in scripts
 * @property {boolean} [text] the texts of what is clicked, masked
 * @property {number} [draw] share of page views of which the places of elements are sent
 * @property {string} [host] where events are sent, whose requests are no answer to a click
 *
 * @typedef {object} Part What each part of this module is given.
 * @property {(event: string, properties: Record<string, unknown>) => void} send
 * @property {(target: EventTarget, type: string, handler: (event: any) => void) => void} listen
 * @property {<A extends any[]>(work: (...given: A) => void) => (...given: A) => void} guard
 * @property {{ text: boolean, draw: number }} options
 * @property {(url: string) => boolean} isOwnRequest
 */

const { addEventListener, removeEventListener } = EventTarget.prototype;
const DRAWN = 0.1;
const MOST_ERRORS = 10;

/** @type {<A extends any[]>(work: (...given: A) => void) => (...given: A) => void} */
const guard =
  (work) =>
  (...given) => {
    try {
      work(...given);
    } catch {
      // A page is never worse off for being measured.
    }
  };

/**
 * Records on this page, while there is no denial of consent.
 *
 * @param {Client} client
 * @param {Options} [options]
 * @returns {() => void} ends it
 */
export function start(client, options = {}) {
  let ended = false;
  /** @type {(() => void) | null} */
  let stop = null;
  let turn = () => {};

  const follow = guard(() => {
    const allowed = !ended && client.consent() !== "denied";
    if (allowed && !stop) ({ stop, turn } = record(client, options));
    if (!allowed && stop) {
      stop();
      stop = null;
      turn = () => {};
    }
  });
  guard(() => {
    client.on("consent", follow);
    client.on("page", () => turn());
  })();
  follow();
  return () => {
    ended = true;
    follow();
  };
}

/**
 * @param {Client} client
 * @param {Options} options
 */
function record(client, options) {
  /** @type {(() => void)[]} */
  const undo = [];
  const given = { ...options, ...(Object.hasOwn(options, "act") && Object(options.act)) };
  // What a page puts on Object.prototype chooses nothing here.
  /** @type {<K extends keyof Options>(name: K, usual: NonNullable<Options[K]>) => NonNullable<Options[K]>} */
  const chosen = (name, usual) => (Object.hasOwn(given, name) ? given[name] : undefined) ?? usual;

  /** @type {Part} */
  const part = {
    guard,
    send: (event, properties) => void client.track(event, masked({ ...properties, device: device() })),
    listen(target, type, handler) {
      const guarded = guard(handler);
      addEventListener.call(target, type, guarded, true);
      undo.push(() => removeEventListener.call(target, type, guarded, true));
    },
    options: { text: chosen("text", false) === true, draw: Number(chosen("draw", DRAWN)) },
    isOwnRequest: ownRequests(chosen("host", new URL(import.meta.url).origin)),
  };

  let views = { flush: () => {}, stop: () => {} };
  if (chosen("clicks", true)) guard(() => undo.push(watchClicks(part)))();
  if (chosen("forms", true)) guard(() => watchForms(part))();
  const forgive = chosen("errors", true) ? watchErrors(part) : () => {};
  if (chosen("views", true)) guard(() => (views = watchViews(part)))();

  return {
    stop: guard(() => [...undo, views.stop].forEach((one) => guard(one)())),
    turn: guard(() => {
      views.flush();
      forgive();
    }),
  };
}

/**
 * Knows the requests by which the client itself sends events.
 *
 * @param {string} host
 * @returns {(url: string) => boolean}
 */
function ownRequests(host) {
  const own = new URL(host, location.href);
  return (url) => {
    const { origin, pathname } = new URL(url, location.href);
    return origin === own.origin && /(^|\/)((v1\/)?(b|batch|[tpigas])|surveys\/[\w.]+)$/.test(pathname);
  };
}

/**
 * Tells errors by their kind and where they arose, each once a page view. What they say may be what people typed.
 *
 * @param {Part} part
 * @returns {() => void} begins a new page view
 */
function watchErrors({ send, listen }) {
  /** @type {Set<string>} */
  const told = new Set();

  /** @type {(error: any, file: string, line: number) => void} */
  function tell(error, file, line) {
    const name = typeof error?.name === "string" && /^[A-Za-z]{1,40}$/.test(error.name) ? error.name : "Error";
    const where = file && `${file.replace(/[?#].*/, "").split("/").pop()}:${line}`;
    const element = where ? `${name} ${where}` : name;
    if (told.has(element) || told.size >= MOST_ERRORS) return;
    told.add(element);
    send("Error Met", { element, ...(where && { line }) });
  }

  listen(window, "error", (event) => {
    if (event instanceof ErrorEvent) tell(event.error, event.filename, event.lineno);
  });
  listen(window, "unhandledrejection", ({ reason }) => {
    const trace = String(reason?.stack ?? "").replace(String(reason?.message), "");
    const [, file = "", line = ""] = /(https?:\/\/[^/\s]+\/[^\s()]*?):(\d+)/.exec(trace) ?? [];
    tell(reason, file, Number(line));
  });
  return () => told.clear();
}
