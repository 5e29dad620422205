// Web Vitals, where a build brings the package `web-vitals` in: import { start } from "@obverse/browser/vitals.js".

import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";
import { device } from "./act-name.js";

/** @import { Client } from "./act.js" */

/**
 * Tells each metric as the package measures it: milliseconds, but for CLS, which has no unit.
 *
 * @param {Client} client
 */
export function start(client) {
  for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB])
    on(({ name, value, rating }) => {
      if (client.consent() === "denied") return;
      client.track("Web Vital Measured", { name, value: Math.round(value * 1e4) / 1e4, rating, device: device() });
    });
}
