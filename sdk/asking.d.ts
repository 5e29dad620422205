// What surveys.js, surveys-watch.js and surveys-show.js are made of, and why: types and reasons that browsers need not
// load. With the card's style sheet they weigh at most 8 KB, as served.
//
// `surveys.js` comes with the client, and only looks whether a survey is live: once the page is loaded, seen by somebody
// and idle, one request that browsers keep for a minute. What watches comes where there is one, what shows it once the
// server has offered one. A site without live surveys pays half a kilobyte, kept for an hour, and that request.

declare namespace S {
  /** Where to ask, whom, and until when. `make` is set by surveys-watch.js. */
  interface Site {
    /** Where below `surveys/` of the server something is. */
    at: (name?: string) => URL;
    ask: (name: string, given?: RequestInit) => Promise<Response>;
    options: import("./types.d.ts").Options;
    heard: import("./types.d.ts").Call[];
    me: () => import("./types.d.ts").Person;
    consent: () => string;
    signal: AbortSignal;
  }

  /** What `surveys/live.json` says. */
  interface Live {
    surveys: { id: string; moments: Moment[] }[];
    /** Events that fill and empty a cart. */
    cart: { added: string; completed: string };
  }

  /** One that calls for a survey: `obverse.surveys.moment`. What has its default is left out. */
  interface Moment {
    on: "event" | "page" | "leaving" | "lingering" | "abandoning" | "not_taken" | "elsewhere";
    id: string;
    page?: string;
    delay_s?: number;
    event?: string;
    seconds?: number;
    element?: string;
    what?: "cart" | "form";
    after?: string;
    step?: string;
    within_s?: number;
  }
  /** With the survey's id, and a key that no other has. */
  interface Watched extends Moment {
    survey: string;
    key: string;
  }
  interface Happened {
    event: string;
    properties: unknown;
  }
  interface Fitting {
    survey: string;
    moment: string;
    event?: Happened;
  }

  /**
   * What outlives the page, in `obverse.surveys` of the storage where there is consent: when the cart was filled, when the
   * step before was taken for each moment that waits for the next, and events that came just as the page was left, and
   * when; ms since 1970.
   */
  interface Memory {
    cart?: number;
    after: Record<string, number>;
    left?: Fitting[];
    at?: number;
  }

  /** Makes elements of the server's HTML. */
  type Make = (html: string) => DocumentFragment;

  /** Nothing is thrown into the page, and nothing done after the end. */
  type Guard = <G extends any[]>(act: (...given: G) => any) => (...given: G) => any;
  type Listen = (target: EventTarget, name: string, act: (event: any) => void) => void;

  /**
   * Watches for moments until the signal. Of what was heard before it was there, what somebody did who has logged out
   * since is left out.
   *
   * - Moments that fit at one instant go in one request, at most 20 a page view. One survey is asked at a time, in all
   *   tabs of the site, by a lock, which a page that is left lets go, so that it can be kept in memory; what comes meanwhile
   *   has passed when it is closed. In a page that nobody sees, moments
   *   wait until somebody does.
   * - `page`, `leaving`, `lingering` and `abandoning` come once a page view; an event as often as it happens, since the
   *   server looks at its properties.
   * - Leaving: the pointer leaves through the top, no button pressed. On a phone a flick brings the page near its top,
   *   soon after a finger moved (a link to the top is none), or somebody comes back to the page from elsewhere.
   * - What was heard of experiments (`Experiment Viewed`) goes along with each request, of who is there now.
   * - An event just before the page is left, as a button that buys and goes on, is asked about on the next page, within half
   *   a minute.
   * - A cart that nobody touched for a day is not being left. A form is begun by a change in a field outside our own.
   * - What happened elsewhere the server judges, at each page view, and steps not taken too. Within a day these are
   *   timed here as well, over page views and tabs, so that somebody is asked where they are stuck.
   * - Where the page's policy allows no Trusted Types policy named `obverse`, or the browser has no constructable style
   *   sheets, nobody is asked what could not be shown, and the console says so.
   */
  type Watch = (site: Site, live: Live) => void;

  interface Offer {
    ticket: string;
    /** The first form. */
    html: string;
    theme: { accent?: string; corner?: string; scheme?: string };
    language: string;
    rtl: boolean;
    /** What the card itself says. */
    words: { survey: string; close: string; offline: string };
  }

  /**
   * Shows a survey until it is closed; a denial takes it away at once and tells nobody.
   *
   * - The card is a dialog that is not modal: it takes no focus, is read out politely, is the last in the order of the
   *   tab key, and F6 goes there. Escape closes it where it has the focus or nothing has; the focus goes back to where it
   *   was. In the centre it is modal, unless somebody is typing; it is the question that has the focus then, as no answer should
   *   look chosen, and on a phone, where no keyboard should jump up.
   * - It hangs from the window's edge by a transform: it grows from step to step, and nothing counts as shifted. It stands
   *   behind the body, where pages that change their body leave it, and among popovers, above all else.
   * - What is typed is no shortcut of the page's, and no focus that a page's own dialog takes back: both end at the root.
   * - An answer is sent until the server has it, however long the network is gone, and by a beacon if the page is left
   *   first. Its step goes along, by which it counts once. Another press sends what stands there then.
   * - Where a keyboard comes up, the card stands above it, and what has the focus stays in view.
   * - Without its style sheet no card is shown.
   * - Links in the form (from a problem to its field) move the focus; the page's address stays.
   */
  type Show = (offer: Offer, site: Site, make: Make) => Promise<void>;
}

interface EventListenerOptions {
  __proto__?: null;
}
