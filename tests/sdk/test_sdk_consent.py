"""Consent: what is kept in the browser and what goes over the wire in each state."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

import pytest

from tests.sdk.shop import KEPT, NOTHING, Shop, call, sent

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

SIGNALS = {
    "gpc": "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })",
    "dnt": "Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' })",
}


def visit(visitor: BrowserContext, shop: Shop) -> Page:
    """Do on two pages what would be recorded, and leave them open long enough for it to be sent."""
    page = visitor.new_page()
    page.clock.install()
    for path in ("/?utm_source=letter", "/mug"):
        page.goto(shop.address + path)
        call(page, "track", "Product Viewed", {"n": 1})
        call(page, "identify", "ann")
        call(page, "group", "acme")
        page.evaluate("history.pushState({}, '', '/elsewhere')")
        page.clock.run_for(120_000)
        page.evaluate("navigator.locks.request('obverse', () => true)")
    return page


def test_denied_keeps_nothing_and_sends_nothing(shop: Shop, visitor: BrowserContext) -> None:
    shop.options |= {"consent": "denied", "act": True, "heartbeat": 1}
    requests: list[str] = []
    visitor.on("request", lambda request: requests.append(request.url))
    page = visit(visitor, shop)
    assert page.evaluate(KEPT) == NOTHING
    assert visitor.cookies() == []
    own = [url for url in requests if url.startswith(shop.server.address)]
    assert {url.rpartition("/")[2].partition("?")[0] for url in own} == {"obverse.js"}
    assert page.evaluate("obverse.consent()") == "denied"


def test_a_tag_that_is_gone_before_its_options_are_read_starts_nothing(
    shop: Shop, visitor: BrowserContext
) -> None:
    visitor.add_init_script("window.requestIdleCallback = (act) => { window.idle = act; }")
    noted = sent(visitor)
    page = visitor.new_page()
    page.goto(shop.address)
    page.evaluate("document.querySelector('script[data-options]').remove(); idle(); obverse.track('Seen')")
    page.evaluate("dispatchEvent(new Event('pagehide')); dispatchEvent(new Event('online'))")
    assert page.evaluate("obverse.consent()") == "denied"
    assert page.evaluate(KEPT) == NOTHING
    assert noted == []


def test_each_of_two_clients_in_a_page_has_the_options_of_its_own_tag(
    shop: Shop, visitor: BrowserContext
) -> None:
    shop.options["consent"] = "denied"
    options = html.escape(json.dumps({"consent": "cookieless", "act": False, "surveys": False}))
    module = f"{shop.host}/obverse/obverse.js"
    shop.head = shop.tag.format(module=module, key=f"{shop.write_key}&amp;name=other", options=options)
    page = visitor.new_page()
    page.goto(shop.address)
    assert call(page, "consent") == "denied"
    assert page.evaluate("other.consent()") == "cookieless"
    assert page.evaluate(KEPT) == NOTHING


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_browser_that_asks_for_privacy_is_as_good_as_denied(
    shop: Shop, visitor: BrowserContext, signal: str
) -> None:
    shop.options["consent"] = "granted"
    visitor.add_init_script(SIGNALS[signal])
    noted = sent(visitor)
    page = visit(visitor, shop)
    assert page.evaluate("obverse.consent()") == "denied"
    assert page.evaluate(KEPT) == NOTHING
    assert noted == []


def test_what_such_a_browser_means_is_for_the_site_to_say_and_an_answer_goes_first(
    shop: Shop, visitor: BrowserContext
) -> None:
    visitor.add_init_script(SIGNALS["gpc"])
    page = visitor.new_page()
    page.goto(shop.address)
    assert call(page, "consent") == "denied"
    assert call(page, "consent", "granted") == "granted"
    page.reload()
    assert call(page, "consent") == "granted"
    assert call(page, "consent", "perhaps") == "denied"
    shop.options["signals"] = "cookieless"
    fresh = visitor.browser
    assert fresh is not None
    other = fresh.new_context()
    other.add_init_script(SIGNALS["dnt"])
    page = other.new_page()
    page.goto(shop.address)
    assert call(page, "consent") == "cookieless"
    other.close()


def test_cookieless_sends_under_an_id_that_no_other_page_has_and_keeps_nothing(
    shop: Shop, visitor: BrowserContext
) -> None:
    shop.options["consent"] = "cookieless"
    page = visitor.new_page()
    for n, path in ((1, "/"), (2, "/mug")):
        page.goto(shop.address + path)
        call(page, "track", "Seen")
        shop.wait_for_so_many("Seen", n)
        assert page.evaluate(KEPT) == NOTHING
    found = shop.events()
    ids = {path: {row["anonymous_id"] for row in found if row["path"] == path} for path in ("/", "/mug")}
    assert [len(one) for one in ids.values()] == [1, 1]
    assert ids["/"] != ids["/mug"]
    assert len({row["session_id"] for row in found}) == 2
    assert visitor.cookies() == []


def test_an_answer_counts_at_once_and_taking_it_back_removes_what_was_kept(
    shop: Shop, visitor: BrowserContext
) -> None:
    shop.options["consent"] = "denied"
    page = visitor.new_page()
    page.goto(f"{shop.address}/?utm_source=letter", referer="http://mail.example/")
    call(page, "track", "Unheard")
    call(page, "consent", "granted")
    call(page, "track", "Heard")
    found = shop.wait_for("Heard")
    assert [row["event"] for row in found] == ["Page Viewed", "Heard"]
    assert found[0]["context"]["campaign"] == {"source": "letter"}
    assert found[0]["context"]["page"]["referrer"] == "http://mail.example/"
    other = visitor.new_page()
    other.goto(f"{shop.address}/mug")
    assert call(other, "consent") == "granted", "remembered"
    told: list[str] = []
    page.expose_function("told", lambda state: told.append(state))
    page.evaluate("obverse.on('consent', () => told(obverse.consent()))")
    call(page, "consent", "denied")
    other.wait_for_function("() => obverse.consent() == 'denied'")
    call(other, "track", "Unheard")
    assert page.evaluate(KEPT) == NOTHING
    page.reload()
    assert call(page, "consent") == "denied"
    assert told == ["denied"]
    call(page, "consent", "granted")
    call(page, "track", "Again")
    found = shop.wait_for("Again")
    assert "Unheard" not in {row["event"] for row in found}
    assert len({row["anonymous_id"] for row in found}) == 2, "what was removed is not known again"


ACT = """export function start(client, options) {
    client.track("Element Clicked", { element: new URL("v1/b", options.host).href });
    client.on("page", () => client.track("Element Viewed", { element: "h1", visible_ms: 5 }));
    window.watching = true;
    return () => { window.watching = false; };
}"""


def test_act_is_loaded_only_with_consent_and_stopped_without(shop: Shop, visitor: BrowserContext) -> None:
    shop.options |= {"act": True, "consent": "denied"}
    headers = {"access-control-allow-origin": "*", "content-type": "text/javascript"}
    visitor.route("**/obverse/act.js", lambda route: route.fulfill(body=ACT, headers=headers))
    page = visitor.new_page()
    page.goto(shop.address)
    call(page, "consent", "granted")
    page.wait_for_function("() => window.watching === true")
    page.evaluate("history.pushState({}, '', '/next')")
    found = shop.wait_for("Element Clicked", "Element Viewed")
    viewed = next(row for row in found if row["event"] == "Element Viewed")
    assert viewed["path"] == "/", "what a module says as a page is left belongs to that page"
    clicked = next(row for row in found if row["event"] == "Element Clicked")
    assert clicked["properties"]["element"] == f"{shop.server.address}/obverse/v1/b"
    call(page, "consent", "denied")
    assert page.evaluate("window.watching") is False
