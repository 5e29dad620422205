// What obverse.js is made of, and why: types and reasons that browsers need not load.
//
// The first line of obverse.js, which is sent, has Chromium compile its functions on the thread that reads the script,
// not one by one on the main thread as each is first called: that takes a quarter off a new tab's first page. Others
// overlook it.

declare namespace T {
  /** Null stands for the options of the tag, which are read in `wake`: hence the name that the client shall have by then. */
  type Load = (key: string, given?: Partial<import("./types.d.ts").Options> | null, name?: string | null) => Client;
  /** Any method may be asked for by its name. */
  type Client = import("./types.d.ts").Client & { [name: string]: (...given: any[]) => any };

  /**
   * The options (T.Options), and what changes: `early`, calls before `load`; `begun`, the page as it was at load, until `wake` has taken it; `view`, the Place of the page that is viewed; `heard`, the first hundred
   * calls of the page as they were queued, for modules, which come later (each makes `heard.push` its own, and so hears
   * the next); `stops`, what stops a module, by name; and `box`. One type for all saves what five would weigh.
   *
   * `box` is what is kept, by key, as JSON: `localStorage` with consent, else an object that lasts as long as the page.
   * Where the storage is full, a copy of it in memory takes its place. Objects without a prototype see nothing of what
   * a page adds to `Object.prototype`. What is not there is read as `null`: to throw costs a fresh page half a millisecond.
   *
   * `obverse.me` is a Person, `obverse.session` the session's id and last event; each event of the queue has a key of
   * its own, which is its message id: tabs add and remove theirs without reading those of others, and the time in
   * front sorts them.
   */
  type Any = any;

  /** Where something happened: the part of an event's context that a page view sets, for all events until the next. */
  interface Place {
    campaign: Record<string, string>;
    page: { path: string; referrer: string; search: string; title: string; url: string };
  }
  /**
   * Give the keys of the next batch, where it goes, and its body; no key where nothing waits. To ask `Intl` for the
   * time zone costs a page that has not used it some 15 ms, to ask `Temporal` nothing. After a failure a batch
   * is half as large, down to one event, so that nothing too large blocks what is behind it.
   *
   * An event leaves the queue when the server has answered for it, never before: what a closing page sends by
   * `sendBeacon` is sent again by the next page, under the same message id, which the server takes once. It knows the
   * ids of 30 days, so what is older than 28 is dropped, as is all beyond the newest thousand. One tab sends at a time,
   * by a lock; without https there are no locks, and the server alone sees what came twice.
   */
  type Pack = (queued: string[]) => { picked: string[]; url: URL; body: string };
  type ByName = (name?: any) => any;
  type Put = (key: string, value: object) => void;

  /**
   * Start a module once it is there. It is asked for when recording begins, in a task of its own, and started once
   * between two denials.
   */
  type Run = (name: string, module: Promise<import("./types.d.ts").Module>) => void;

  /**
   * At load the core looks at the page, and listens to what may end it; all else is done by `wake`: at the browser's first
   * idle moment, after a second at the latest, or as soon as the client is called, or the page moves on, is hidden or left.
   * The key and the name of the client are in the address of the module: to touch the first element of a new tab costs
   * more than half of what is left to do at load, so the tag's options wait too. A page that still prerenders waits for `load`.
   * Storage alone, which stops the main thread until another process has answered, is a third of what was once done at
   * load; `storage` is listened to last, since that touches it too. What `wake` records has the time of the load.
   */
  interface Seen {
    page: Place["page"];
    /** ms since 1970. */
    now: number;
    /** ms of the page's own clock since when somebody sees it; 0 where nobody does. */
    since: number;
  }
  /** Nothing is thrown into the page. `woken` also wakes the client first. */
  type Safely = <G extends any[]>(act: (...given: G) => any) => (...given: G) => any;
  /** `visibilitychange` bubbles to the window: listening there, the core is told after all others. */
  type Listen = (name: string, act: (event: any) => void) => void;
}

interface Window {
  [name: string | number]: any;
}
interface Headers {
  get(name: string): any;
}
interface Document {
  prerendering?: boolean;
}
interface Element {
  readonly dataset: DOMStringMap;
}
interface Navigator {
  globalPrivacyControl?: boolean;
}
interface RequestInit {
  __proto__?: null;
}
