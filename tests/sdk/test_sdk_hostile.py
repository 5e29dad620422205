"""Pages that make it hard: nothing is thrown into them, nothing moves, and they wait for nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sdk.shop import Shop, call

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

AT_MOST_MS = 5
SLOWER = 4
LOADS = 40
"""Loads until one is quick enough: on a busy machine, most are as slow as their neighbours make them."""

FROZEN = """
    for (const one of [window.fetch, history, navigator, Function.prototype]) Object.freeze(one);
    Object.defineProperty(window, "fetch", { value: window.fetch, writable: false, configurable: false });
"""
POLLUTED = """
    for (const name of ["id", "user", "group", "at", "first", "consent", "headers", "campaign", "refused"])
        Object.prototype[name] = "polluted";
    Object.prototype.added = function () { throw new Error("called"); };
    Array.prototype.added = function () { throw new Error("called"); };
    String.prototype.added = "polluted";
"""
WATCH = """
    window.shifts = []; window.wrong = [];
    new PerformanceObserver((list) => shifts.push(...list.getEntries().map((one) => one.value)))
        .observe({ type: "layout-shift", buffered: true });
    for (const name of ["error", "unhandledrejection", "securitypolicyviolation"])
        addEventListener(name,
            (event) => wrong.push(`${name}: ${event.message ?? event.reason ?? event.blockedURI}`));
"""
NODES = "<ul>" + "".join(f'<li id="n{n}"><span>{n}</span></li>' for n in range(5_000)) + "</ul>"
PRERENDERED = "Object.defineProperty(document, 'prerendering', { value: true, writable: true })"
BLOCKED = {
    "storage": "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no'); } })",
    "locks": "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })",
    "fetch": "window.fetch = () => { throw new TypeError('no'); }",
    "beacon": "navigator.sendBeacon = () => { throw new TypeError('no'); }",
    "crypto": "Object.defineProperty(window, 'crypto', { value: undefined })",
    "name": "Object.defineProperty(window, 'obverse', { value: 7 })",
}


def leave(page: Page) -> None:
    """Make a page think that it is left, as it does when it is."""
    page.evaluate("dispatchEvent(new Event('pagehide')); dispatchEvent(new Event('visibilitychange'))")


def test_a_hostile_page_gets_no_exception_and_no_shift_and_its_events_arrive(
    shop: Shop, visitor: BrowserContext
) -> None:
    origin = shop.server.address
    shop.policy = f"default-src 'none'; script-src {origin}; connect-src {origin}; style-src 'none'"
    shop.bodies["/"] = NODES
    visitor.add_init_script(WATCH + FROZEN + POLLUTED)
    page = visitor.new_page()
    page.goto(shop.address)
    page.wait_for_function("() => window.obverse?.track")
    page.evaluate("""() => {
        const knot = {}; knot.knot = knot;
        obverse.track("Knot", knot);
        obverse.track("Big", { n: 1n });
        obverse.track(); obverse.page(null); obverse.identify(undefined); obverse.push([]);
        obverse.push(["no such method"]); obverse.on("page", () => { throw 1; });
        history.pushState({}, "", "/next");
        obverse.track("Seen", { n: 1 });
    }""")
    found = shop.wait_for("Seen")
    seen = next(row for row in found if row["event"] == "Seen")
    assert seen["path"] == "/next"
    assert seen["properties"] == {"n": 1}
    assert "polluted" not in json.dumps([row["context"] for row in found], default=str)
    assert {row["user_id"] for row in found} == {None}
    leave(page)
    assert page.evaluate("wrong") == []
    assert page.evaluate("shifts") == []


@pytest.mark.parametrize("what", BLOCKED)
def test_a_browser_that_lacks_something_is_no_reason_to_throw(
    shop: Shop, visitor: BrowserContext, what: str
) -> None:
    visitor.add_init_script(WATCH + BLOCKED[what])
    page = visitor.new_page()
    page.goto(shop.address)
    page.wait_for_load_state("networkidle")
    page.evaluate("window.obverse?.track?.('Seen'); window.obverse?.identify?.('ann')")
    leave(page)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.evaluate("navigator.locks?.request('obverse', () => true)")
    assert page.evaluate("wrong") == []
    if what in {"storage", "locks"}:
        found = shop.wait_for("Seen", "Identified")
        assert {row["event"] for row in found} >= {"Page Viewed", "Seen", "Identified"}


def test_a_policy_without_the_server_stops_the_client_and_nothing_else(shop: Shop, browser: Browser) -> None:
    shop.policy = f"default-src 'none'; script-src {shop.server.address}"  # it may load, and not send
    context = browser.new_context()
    page = context.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    page.goto(shop.address)
    call(page, "track", "Seen")
    page.wait_for_function("() => performance.now() > 2500")
    assert thrown == []
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('obverse-')).length") == 2
    context.close()


def test_a_prerendered_page_is_viewed_when_somebody_sees_it(shop: Shop, visitor: BrowserContext) -> None:
    visitor.add_init_script(PRERENDERED)
    page = visitor.new_page()
    page.goto(shop.address)
    page.wait_for_load_state("networkidle")
    call(page, "track", "Early")
    assert page.evaluate("Object.keys(localStorage)") == []
    page.evaluate("document.prerendering = false; document.dispatchEvent(new Event('prerenderingchange'))")
    call(page, "track", "Seen")
    assert [row["event"] for row in shop.wait_for("Seen")] == ["Page Viewed", "Early", "Seen"]


def core_ms(trace: dict[str, Any]) -> float:
    """Add up the processor time that the main thread had for compiling and running the core at load."""
    took = {"v8.compileModule", "v8.evaluateModule"}
    modules = [one for one in trace["traceEvents"] if one["name"] in took and one["ph"] == "X"]
    [core] = [one for one in modules if "/obverse.js" in str(one["args"].get("fileName"))]
    # The browser's own pages run modules too, in other processes.
    return sum(float(one["tdur"]) for one in modules if one["pid"] == core["pid"]) / 1000


def test_the_core_takes_less_than_5_ms_of_the_main_thread_on_a_slow_phone(
    shop: Shop, browser: Browser
) -> None:
    """The first page of a new tab, at full speed, times four: the browser's throttle spins on waits, too."""
    shop.bodies["/"] = NODES
    took = [float("inf")]
    while min(took) > AT_MOST_MS and len(took) < LOADS:
        context = browser.new_context()
        page = context.new_page()
        browser.start_tracing(page=page, categories=["devtools.timeline", "v8"])
        page.goto(shop.address)
        call(page, "track", "Seen")
        took.append(SLOWER * core_ms(json.loads(browser.stop_tracing())))
        context.close()
    print("the core at load, ms of the main thread at a quarter of the speed:", sorted(took))
    assert min(took) < AT_MOST_MS
