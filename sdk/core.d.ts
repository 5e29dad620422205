// What obverse.js is made of, and why: types and reasons that browsers need not load.

declare namespace T {
  type Consent = import("./types.d.ts").Consent;
  type Options = import("./types.d.ts").Options;
  type Load = typeof import("./types.d.ts").load;
  type Begin = (...given: Parameters<Load>) => void;
  /** Any method may be asked for by its name. */
  type Client = import("./types.d.ts").Client & { [name: string]: (...given: any[]) => any };

  /**
   * What is kept, by key, as JSON: `localStorage` with consent, else an object that lasts as long as the page. Where
   * the storage is full, a copy of it in memory takes its place. Objects without a prototype see nothing of what a
   * page adds to `Object.prototype`.
   *
   * `obverse.me` is a Person, `obverse.session` the session's id and last event; each event of the queue has a key of
   * its own, which is its message id: tabs add and remove theirs without reading those of others, and the time in
   * front sorts them.
   */
  type Box = Record<string, any>;

  /** Where something happened: the part of an event's context that a page view sets, for all events until the next. */
  interface Place {
    campaign: Record<string, string>;
    page: { path: string; referrer: string; search: string; title: string; url: string };
  }
  interface Call {
    type: "page" | "track" | "identify" | "group";
    [field: string]: unknown;
  }
  type Stop = () => void;

  /** Queue a call. In a hidden page, which may be about to go, it is sent at once. */
  type Add = (call: Call) => void;

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
  type Pack = (queued: string[]) => [string[], URL, string];

  /** Change the state; without an argument, begin with what was answered, else with the options. */
  type Settle = (next?: Consent) => void;

  /** Nothing is thrown into the page. */
  type Safely = <G extends any[]>(act: (...given: G) => any) => (...given: G) => any;
  /** `visibilitychange` bubbles to the window: listening there, the core is told after all others. */
  type Listen = (name: string, act: (event: any) => void) => void;
}

interface Window {
  [name: string]: any;
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

declare module "*/act.js" {
  export const start: import("./types.d.ts").Module["start"];
}
