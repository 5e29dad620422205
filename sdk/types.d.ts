/** What may be recorded: all; nothing at all; or only what needs nothing kept in the browser. */
export type Consent = "granted" | "denied" | "cookieless";

export type Properties = Record<string, unknown>;
export type Id = string | number;

/** What a module such as act.js is, which is loaded only when used; `start` gives what stops it. */
export interface Module {
  start(client: Client, options: Options, heard: Call[], me: () => Person): () => void;
}

/** What the client has queued, as it is sent. A module that sets `push` of the array of them hears those to come. */
export interface Call {
  type: "page" | "track" | "identify" | "group";
  event?: string;
  properties?: Properties | null;
  anonymousId: string;
  userId?: Id;
  context: { page: Record<string, string>; sessionId: string };
}

/** Who this is now. */
export interface Person {
  id: string;
  user?: Id;
}

export interface Options {
  /** The write key. */
  writeKey: string;
  /** Where events go, at `v1/b` below it; ends with a slash. By default the folder that the client came from. */
  host: string;
  /** Record clicks, forms, errors and time on elements too; an object has the options of act.js. */
  act: boolean | object;
  /** Ask what surveys ask, in their moments. */
  surveys: boolean;
  /** The state until somebody has answered. */
  consent: Consent;
  /** The same where the browser sends Do Not Track or Global Privacy Control; false to overlook that. */
  signals: "denied" | "cookieless" | false;
  /** Seconds until a page's first heartbeat; each further one comes after twice as long. 0 for none. */
  heartbeat: number;
  /** Whether page views are recorded without a call of `page`. */
  pages: boolean;
  /** Name of the client in `window`, and until it is there of an array of calls to make. A tag says it in its address. */
  name: string;
}

export interface Client {
  page(...given: (string | Properties | null | undefined)[]): void;
  track(event: string, properties?: Properties | null): void;
  identify(user?: Id | Properties | null, traits?: Properties | null): void;
  group(group: Id, traits?: Properties | null): void;
  /** Forget who this is: what follows is somebody else's. */
  reset(): void;
  /** Give the state; with an argument, change it first. Only `granted` is remembered. */
  consent(state?: Consent): Consent;
  /** `page`: a page is about to be left for another, or viewed first. `consent`: its state has changed. */
  on(name: "page" | "consent", hear: () => void): void;
  /** Make a call by its name, as the array of calls does: `push(["track", "Product Viewed"])`. */
  push(call: [name: string, ...given: unknown[]]): void;
}

/** Start the client, once in a page. */
export declare const load: (writeKey: string, options?: Partial<Options>) => Client;
declare const client: Client;
export default client;
