// Types that obverse.js uses inside.

declare namespace T {
  type Consent = import("./types.d.ts").Consent;
  type Options = import("./types.d.ts").Options;
  type Id = import("./types.d.ts").Id;
  type Begin = (...given: Parameters<Load>) => void;
  type Load = typeof import("./types.d.ts").load;
  /** Any method may be asked for by its name. */
  type Client = import("./types.d.ts").Client & { [name: string]: (...given: any[]) => any };

  /** What is kept, by key, as JSON: `localStorage`, or an object that lasts as long as the page. */
  type Box = Record<string, any>;
  /** Where something happened: the part of an event's context that a page view sets. */
  interface Place {
    campaign: Record<string, string>;
    page: { path: string; referrer: string; search: string; title: string; url: string };
  }
  interface Call {
    type: "page" | "track" | "identify" | "group";
    [field: string]: unknown;
  }
  type Stop = () => void;
  type Add = (call: Call) => void;
  /** Give the keys of the next batch, where it goes, and its body; no key where nothing waits. */
  type Pack = (queued: string[]) => [string[], URL, string];
  type Settle = (next?: Consent) => void;
  type Safely = <G extends any[]>(act: (...given: G) => any) => (...given: G) => any;
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

declare module "*/act.js" {
  export const start: import("./types.d.ts").Module["start"];
}
