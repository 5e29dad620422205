"""The clients that send to Obverse, and what to change in each so that it does."""

from __future__ import annotations

from dataclasses import dataclass

from obverse.web.pages.snippet import CURL, OWN_CLIENT, Snippet


@dataclass(frozen=True)
class Client:
    """One way to send events.

    Attributes:
        slug: its name in addresses.
        name: its name.
        said: what to do, in a sentence.
        snippets: to copy; see `Snippet.filled` for the words that are filled in.
        notes: what else to know; code stands between backticks.
    """

    slug: str
    name: str
    said: str
    snippets: tuple[Snippet, ...]
    notes: tuple[str, ...] = ()


_OBVERSE = Client(
    "obverse",
    "Obverse",
    "Put this line into the head of every page.",
    (
        OWN_CLIENT,
        Snippet(
            "JavaScript, where something happens",
            """\
obverse.track("Order Completed", { order_id: "1001", total: 39.9, currency: "EUR" });
obverse.identify("ada@example.com", { plan: "pro" });""",
        ),
    ),
    (
        "Page views, time on pages, campaigns and referrers come by themselves.",
        "A Content-Security-Policy needs `ADDRESS` in its `script-src` and `connect-src`.",
    ),
)

_SEGMENT_BROWSER = Client(
    "segment-browser",
    "Segment in pages",
    "Keep `analytics.js` as it is; tell it that its settings are here.",
    (
        Snippet(
            "JavaScript, @segment/analytics-next",
            """\
import { AnalyticsBrowser } from "@segment/analytics-next";

const analytics = AnalyticsBrowser.load({
  writeKey: "WRITE_KEY",
  cdnURL: "ADDRESS", // the line that is new
});
analytics.page();""",
        ),
    ),
    (
        "The settings name this server as the place to send to. Where yours name another one, set "
        '`integrations: { "Segment.io": { apiHost: "HOST/v1" } }` as the second argument of `load`.',
        "Obverse does not serve Segment's script: take it from its npm package.",
    ),
)

_POSTHOG_BROWSER = Client(
    "posthog-browser",
    "PostHog in pages",
    "Keep `posthog-js` as it is; change its key and the name of its host.",
    (
        Snippet(
            "JavaScript, posthog-js",
            """\
import posthog from "posthog-js";

posthog.init("WRITE_KEY", {
  api_host: "ADDRESS", // the line to change
});""",
        ),
        Snippet(
            "HTML, PostHog's snippet: only its last line changes",
            """posthog.init("WRITE_KEY", { api_host: "ADDRESS" })""",
        ),
        Snippet(
            "For the snippet, once on this machine: where its scripts come from",
            """\
npm install --prefix posthog posthog-js
obverse setting set posthog_js "$PWD/posthog/node_modules/posthog-js/dist\"""",
        ),
    ),
    (
        "Page views, clicks, forms, time on pages, identify and groups arrive under Obverse's names; the "
        "original name stays in `properties.original_event`.",
        "Dead clicks, errors and Web Vitals come with `capture_dead_clicks`, `capture_exceptions` and "
        "`capture_performance`. npm's `posthog-js/dist/module.full.no-external` has all of them in it; else "
        "they come from the folder `posthog_js`, which a server reads at its start.",
        "Recordings, heatmaps and feature flags are not taken; the client is told not to try.",
    ),
)

_SEGMENT_SERVER = Client(
    "segment-server",
    "Segment on servers, in apps",
    "Keep the library as it is; change its host.",
    (
        Snippet(
            "Python, segment-analytics-python",
            """\
import segment.analytics as analytics

analytics.host = "ADDRESS"
analytics.write_key = "WRITE_KEY"
analytics.track("ada@example.com", "Order Completed",
                {"order_id": "1001", "total": 39.9, "currency": "EUR"})
analytics.flush()""",
        ),
        Snippet(
            "Node.js, @segment/analytics-node",
            """\
import { Analytics } from "@segment/analytics-node";

const analytics = new Analytics({ writeKey: "WRITE_KEY", host: "ADDRESS" });
analytics.track({
  userId: "ada@example.com",
  event: "Order Completed",
  properties: { order_id: "1001", total: 39.9, currency: "EUR" },
});
await analytics.closeAndFlush();""",
        ),
        Snippet(
            "Kotlin, analytics-kotlin",
            """\
val analytics = Analytics("WRITE_KEY", applicationContext) {
    apiHost = "HOST/v1"
    cdnHost = "HOST/v1"
}
analytics.track("Order Completed", buildJsonObject { put("total", 39.9); put("currency", "EUR") })""",
        ),
    ),
    ("Apps insist on https: set `public_url`, with a proxy that has a certificate in front.",),
)

_POSTHOG_SERVER = Client(
    "posthog-server",
    "PostHog on servers",
    "Keep the library as it is; change its key and host.",
    (
        Snippet(
            "Python, posthog",
            """\
from posthog import Posthog

posthog = Posthog("WRITE_KEY", host="ADDRESS")
posthog.capture("Order Completed", distinct_id="ada@example.com",
                properties={"order_id": "1001", "total": 39.9, "currency": "EUR"})
posthog.shutdown()""",
        ),
        Snippet(
            "Node.js, posthog-node",
            """\
import { PostHog } from "posthog-node";

const posthog = new PostHog("WRITE_KEY", { host: "ADDRESS" });
posthog.capture({
  distinctId: "ada@example.com",
  event: "Order Completed",
  properties: { order_id: "1001", total: 39.9, currency: "EUR" },
});
await posthog.shutdown();""",
        ),
    ),
    (
        "What a server calls `distinct_id` is taken for a user's id, unless the event sets "
        "`$process_person_profile` to false.",
    ),
)

_RUDDERSTACK = Client(
    "rudderstack",
    "RudderStack",
    "Keep the library as it is; change its data plane.",
    (
        Snippet(
            "Python, rudder-sdk-python",
            """\
import rudderstack.analytics as rudder

rudder.write_key = "WRITE_KEY"
rudder.dataPlaneUrl = "ADDRESS"
rudder.track("ada@example.com", "Order Completed",
             {"order_id": "1001", "total": 39.9, "currency": "EUR"})
rudder.flush()""",
        ),
    ),
    (
        "In a page, RudderStack's client first asks for its configuration at RudderStack; use Segment's or "
        "Obverse's there.",
    ),
)

_HTTP = Client(
    "http",
    "HTTP",
    "Send JSON from anything that speaks HTTP.",
    (
        CURL,
        Snippet(
            "JavaScript, without a library",
            """\
await fetch("ADDRESS/v1/track", {
  method: "POST",
  keepalive: true,
  headers: { "Content-Type": "text/plain" },
  body: JSON.stringify({
    writeKey: "WRITE_KEY",
    anonymousId: localStorage.visitor ??= crypto.randomUUID(),
    messageId: crypto.randomUUID(),
    event: "Product Viewed",
    properties: { product_id: "mug", price: 12.5, currency: "EUR" },
  }),
});""",
        ),
    ),
    ("With a `messageId` of its own, an event can be sent again and again, and is kept once.",),
)

_FILES = Client(
    "files",
    "Files",
    "Bring what there is already, on this machine's command line.",
    (
        Snippet(
            "CSV, JSON lines or Parquet", "obverse import orders.csv --dry-run\nobverse import orders.csv"
        ),
    ),
    ("The same file twice adds nothing.",),
)

CLIENTS = (
    _OBVERSE,
    _SEGMENT_BROWSER,
    _SEGMENT_SERVER,
    _POSTHOG_BROWSER,
    _POSTHOG_SERVER,
    _RUDDERSTACK,
    _HTTP,
    _FILES,
)
"""All ways to send events."""
