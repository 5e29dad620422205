// How long elements are in view, and where they stand: what a page looks like without what it says.

import { all, boxOf, device, isHidden, isThere, masked, nearest, pathOf, plain } from "./act-name.js";

/** @import { Part } from "./act.js" */

const TOLD =
  "[data-obverse],h1,h2,h3,a[href],button,[role=button],img,video,picture,section,article,form,nav,header,footer," +
  "input:not([type=hidden]),select,textarea";
const MOST_WATCHED = 500;
const MOST_TOLD = 25;
const MOST_DRAWN = 200;
const MOST_CHARS = 16_000;
const LEAST_MS = 1000;
const LOOK_AGAIN_MS = 2000;
const SETTLED_MS = 2000;

/** @type {(work: () => void) => void} */
const whenIdle = (work) =>
  typeof requestIdleCallback === "function" ? requestIdleCallback(work, plain({ timeout: 2000 })) : setTimeout(work);

/** @typedef {{ path: string, seen: boolean, ms: number, since: number }} Clock Runs since an instant; 0 while it does not. */

/**
 * @param {Part} part
 * @returns {{ flush: () => void, stop: () => void }}
 */
export function watchViews({ send, listen, guard, options }) {
  /** @type {Map<Element, Clock | null>} */
  const watched = new Map();
  /** @type {Map<string, number>} */
  let gone = new Map();
  let looking = 0;
  let settling = 0;
  let sampled = false;
  /** @type {Set<string>} */
  let drawn = new Set();

  const views = new IntersectionObserver(
    guard((/** @type {IntersectionObserverEntry[]} */ entries) => entries.forEach(see)),
    plain({ threshold: [0, 0.25, 0.5, 0.75] }),
  );
  const changes = new MutationObserver(guard(lookSoon));

  /** @param {IntersectionObserverEntry} entry */
  function see({ target, intersectionRatio, intersectionRect }) {
    const seen = intersectionRatio >= 0.5 || intersectionRect.height >= innerHeight / 2;
    const clock = watched.get(target) ?? (seen ? { path: pathOf(target), ms: 0, since: 0, seen } : null);
    if (!clock) return;
    watched.set(target, clock);
    halt(clock);
    clock.seen = seen;
    run(clock);
  }

  /** @param {Clock} clock */
  function run(clock) {
    if (clock.seen && !isHidden()) clock.since = performance.now();
  }

  /** @param {Clock} clock */
  function halt(clock) {
    if (clock.since) clock.ms += performance.now() - clock.since;
    clock.since = 0;
  }

  function lookSoon() {
    looking ||= window.setTimeout(guard(() => whenIdle(guard(look))), LOOK_AGAIN_MS);
  }

  function look() {
    looking = 0;
    for (const [one, clock] of watched) if (!isThere(one)) forget(one, clock);
    for (const one of all(TOLD)) {
      if (watched.size >= MOST_WATCHED) break;
      if (watched.has(one) || nearest(one, "[data-obverse-off]")) continue;
      watched.set(one, null);
      views.observe(one);
    }
  }

  /** @type {(one: Element, clock: Clock | null) => void} */
  function forget(one, clock) {
    views.unobserve(one);
    watched.delete(one);
    if (!clock) return;
    halt(clock);
    gone.set(clock.path, (gone.get(clock.path) ?? 0) + clock.ms);
  }

  function flush() {
    const times = gone;
    gone = new Map();
    for (const clock of watched.values()) {
      if (!clock) continue;
      halt(clock);
      times.set(clock.path, (times.get(clock.path) ?? 0) + clock.ms);
      clock.ms = 0;
      run(clock);
    }
    const longest = [...times].filter(([, ms]) => ms >= LEAST_MS).sort((one, other) => other[1] - one[1]);
    for (const [element, ms] of longest.slice(0, MOST_TOLD))
      send("Element Viewed", { element, visible_ms: Math.round(ms) });
  }

  /** Chooses by chance whether this page view is drawn. */
  function begin() {
    sampled = Math.random() < options.draw;
    drawn = new Set();
    lookSoon();
    settle();
  }

  function settle() {
    clearTimeout(settling);
    if (sampled && !drawn.has(device())) settling = window.setTimeout(guard(() => whenIdle(guard(draw))), SETTLED_MS);
  }

  function draw() {
    if (isHidden() || drawn.has(device())) return;
    const { scrollWidth, scrollHeight } = document.documentElement;
    /** @type {(string | number)[][]} */
    const elements = [];
    let left = MOST_CHARS;
    for (const one of all(TOLD)) {
      if (elements.length >= MOST_DRAWN) break;
      const box = boxOf(one);
      if (box.width < 4 || box.height < 4 || nearest(one, "[data-obverse-off]") || !isShown(one)) continue;
      const place = [box.left + scrollX, box.top + scrollY, box.width, box.height].map(Math.round);
      const told = masked([pathOf(one), ...place]);
      left -= JSON.stringify(told).length + 1;
      if (left < 0) break;
      elements.push(told);
    }
    drawn.add(device());
    send("Page Drawn", { elements, width: scrollWidth, height: scrollHeight });
  }

  listen(window, "visibilitychange", () => {
    if (isHidden()) flush();
    else for (const clock of watched.values()) if (clock) run(clock);
  });
  listen(window, "pagehide", () => flush());
  listen(window, "resize", settle);
  changes.observe(document.documentElement, plain({ subtree: true, childList: true }));
  whenIdle(guard(look));
  begin();

  return {
    flush: () => {
      flush();
      begin();
    },
    stop: () => {
      clearTimeout(looking);
      clearTimeout(settling);
      views.disconnect();
      changes.disconnect();
      watched.clear();
    },
  };
}

/** @param {Element} one */
function isShown(one) {
  return typeof one.checkVisibility !== "function" || one.checkVisibility(plain({ visibilityProperty: true }));
}
