"""The client in Firefox and in WebKit, Safari's engine: what Chromium shows elsewhere holds there too."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.sdk.drivers import FIREFOX, MINI_BROWSERS, WEBKIT, XVFB, Driver, firefox, webkit
from tests.sdk.gateway import Gateway, open_gateway
from tests.sdk.shop import KEPT, NOTHING, Event, Shop, open_shop
from tests.sdk.test_act_private import CARD, FORM, MAIL, PASSWORD, PHONE, THROWS, TOKEN, WORDS

if TYPE_CHECKING:
    from tests.conftest import Server

NO_FIREFOX = pytest.mark.skipif(not FIREFOX, reason="no Firefox: firefox-esr")
NO_WEBKIT = pytest.mark.skipif(
    not (WEBKIT and XVFB and MINI_BROWSERS), reason="no WebKit: webkit2gtk-driver and xvfb"
)
ENGINES = [
    pytest.param(firefox, id="firefox", marks=NO_FIREFOX),
    pytest.param(webkit, id="webkit", marks=NO_WEBKIT),
]
pytestmark = [pytest.mark.browser, pytest.mark.proof]
QUEUED = "Object.keys(localStorage).filter((key) => key.startsWith('obverse-')).length"
TRAPS = (MAIL, "lovelace", CARD, CARD.replace(" ", ""), PASSWORD, WORDS, "engine", TOKEN, PHONE, "bernoulli")
SIGNALS = {
    "": "",
    "gpc": "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })",
    "dnt": "Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' })",
}


@pytest.fixture(scope="module", params=ENGINES)
def driver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    with request.param(tmp_path_factory.mktemp("profile")) as made:
        print(made.version)
        yield made


@pytest.fixture
def tab(driver: Driver) -> Iterator[Driver]:
    """The browser in a tab of this test's own; pages of other tests are other sites."""
    with driver.tab():
        yield driver


@pytest.fixture
def gateway(server: Server) -> Iterator[Gateway]:
    with open_gateway(server) as made:
        yield made


@pytest.fixture
def shop(server: Server, gateway: Gateway) -> Iterator[Shop]:
    with open_shop(server, f"shop-{uuid4().hex[:8]}") as made:
        made.host = gateway.address
        yield made


def counted(found: list[Event]) -> Counter[tuple[str, str]]:
    return Counter((row["event"], row["path"]) for row in found if row["event"] != "Page Lingered")


def views(found: list[Event]) -> list[str]:
    return [row["path"] for row in found if row["event"] == "Page Viewed"]


def test_a_visit_arrives_once_as_one_person_also_by_history_and_from_the_cache_of_pages(
    shop: Shop, tab: Driver
) -> None:
    shop.options["heartbeat"] = 60
    tab.visit(f"{shop.address}/?utm_source=letter&utm_campaign=spring")
    tab.call("track", "Landed", {"n": 1})
    tab.evaluate("window.kept = true")
    shop.wait_for("Landed")
    tab.follow("[href='/mug']")
    tab.wait_for("location.pathname == '/mug' && window.obverse?.track")
    for step in ("pushState({}, '', '/mug/blue')", "replaceState({}, '', '/mug/blue?size=2')", "back()"):
        tab.evaluate(f"history.{step}")
        tab.evaluate("window.then = performance.now() + 400")  # no two pages within the time of one look
        tab.wait_for("performance.now() > window.then")
    tab.call("identify", f"ann-{shop.source}", {"plan": "free"})
    tab.call("track", "Product Viewed", {"product_id": "mug"})
    shop.wait_for("Product Viewed")
    tab.back()
    tab.wait_for("location.pathname == '/'")
    assert tab.evaluate("return window.kept === true"), "the browser did not keep the page"
    tab.call("track", "Back")
    found = shop.wait_for("Back")
    assert views(found) == ["/", "/mug", "/mug/blue", "/mug", "/"]
    once = Counter(row["event"] for row in found) - Counter({"Page Viewed": 9, "Page Lingered": 9})
    assert once == {"Landed": 1, "Identified": 1, "Product Viewed": 1, "Back": 1}
    assert len({row["session_id"] for row in found}) == len({row["anonymous_id"] for row in found}) == 1
    claims = {row["event"]: row["user_id"] for row in found}
    assert (claims["Landed"], claims["Product Viewed"]) == (None, f"ann-{shop.source}")
    assert claims["Back"] == f"ann-{shop.source}"
    assert found[0]["context"]["campaign"] == {"source": "letter", "name": "spring"}
    assert found[-1]["context"]["first"]["campaign"]["name"] == "spring"
    lingered = [row for row in found if row["event"] == "Page Lingered"]
    assert {row["path"] for row in lingered} == {"/", "/mug", "/mug/blue"}
    assert all(row["properties"]["visible_ms"] > 0 for row in lingered)
    tab.call("reset")
    tab.call("track", "Somebody Else's")
    other = shop.wait_for("Somebody Else's")[-1]
    assert other["user_id"] is None
    assert other["anonymous_id"] != found[0]["anonymous_id"]


def test_what_happened_in_a_closed_tab_without_a_network_arrives_once_when_it_is_back(
    shop: Shop, gateway: Gateway, driver: Driver
) -> None:
    with driver.tab():
        driver.visit(shop.address)
        driver.call("track", "Before")
        shop.wait_for("Before")
        driver.wait_for(f"{QUEUED} == 0")
        gateway.cut = True
        driver.call("track", "During", {"n": 1})
        driver.call("identify", f"ann-{shop.source}")
        driver.visit(f"{shop.address}/mug")
        driver.call("track", "During", {"n": 2})
    assert "During" not in {row["event"] for row in shop.events()}
    with driver.tab():
        driver.visit(f"{shop.address}/cart")
        driver.call("track", "During", {"n": 3})
        tries = len(gateway.requests)
        driver.wait_for(f"{QUEUED} >= 6")
        shop.until(lambda: len(gateway.requests) > tries)  # in vain
        gateway.cut = False
        driver.evaluate("dispatchEvent(new Event('online'))")
        driver.call("track", "After")
        found = shop.wait_for("After", "During")
        driver.wait_for(f"{QUEUED} == 0")
    assert counted(found) == {
        ("Page Viewed", "/"): 1,
        ("Before", "/"): 1,
        ("During", "/"): 1,
        ("Identified", "/"): 1,
        ("Page Viewed", "/mug"): 1,
        ("During", "/mug"): 1,
        ("Page Viewed", "/cart"): 1,
        ("During", "/cart"): 1,
        ("After", "/cart"): 1,
    }
    assert len({row["session_id"] for row in found}) == len({row["anonymous_id"] for row in found}) == 1
    claimed = [row["user_id"] for row in found if row["event"] in {"During", "After"}]
    assert claimed == [None, *[f"ann-{shop.source}"] * 3]


def test_what_happens_as_a_tab_is_closed_arrives_with_no_page_after_it(
    shop: Shop, gateway: Gateway, driver: Driver
) -> None:
    shop.options["heartbeat"] = 60
    with driver.tab():
        driver.visit(shop.address)
        driver.call("track", "Before")
        shop.wait_for("Before")
        driver.evaluate("addEventListener('pagehide', () => obverse.track('Last'))")
    found = shop.wait_for("Last", "Page Lingered")
    assert counted(found) == {(name, "/"): 1 for name in ("Page Viewed", "Before", "Last")}
    beacons = [event["event"] for one in gateway.requests if one.mode == "no-cors" for event in one.events]
    assert "Last" in beacons


@pytest.mark.parametrize("signal", SIGNALS)
def test_denied_keeps_nothing_and_sends_nothing(
    shop: Shop, gateway: Gateway, tab: Driver, signal: str
) -> None:
    shop.options |= {"act": True, "heartbeat": 0.2} | ({} if signal else {"consent": "denied"})
    shop.head = f"<script>{SIGNALS[signal]}</script>"
    for path in ("/?utm_source=letter", "/mug"):
        tab.visit(shop.address + path)
        tab.call("track", "Product Viewed")
        tab.call("identify", "ann")
        tab.evaluate("history.pushState({}, '', '/elsewhere')")
        tab.click("h1")
        tab.evaluate("window.then = performance.now() + 2500")  # longer than anything waits to be sent
        tab.wait_for("performance.now() > window.then")
        assert tab.call("consent") == "denied"
    assert tab.evaluate(f"return ({KEPT})()") == NOTHING
    assert {one.path.partition("?")[0] for one in gateway.requests} == {"/obverse/obverse.js"}
    if not signal:
        assert tab.call("consent", "granted") == "granted"
        tab.call("track", "Heard")
        assert "Product Viewed" not in {row["event"] for row in shop.wait_for("Heard")}


def test_nothing_that_is_typed_and_nothing_personal_leaves(shop: Shop, gateway: Gateway, tab: Driver) -> None:
    shop.options |= {"act": {"draw": 1}}
    shop.bodies["/mug"] = f"{FORM}<script>{THROWS}</script>"
    tab.visit(f"{shop.address}/mug")
    tab.call("track", "Begun")
    for selector, text in {
        "[name=password]": PASSWORD,
        "[name^=card]": CARD,
        "[name=words]": f"{WORDS}, {MAIL}",
        "[name=mail]": MAIL,
        "[name=note]": f"{WORDS}, {MAIL}",
        "[contenteditable]": "Bernoulli 1815",
    }.items():
        tab.type(selector, text)
    tab.wait_for(f"{QUEUED} == 0")
    for _ in range(3):
        tab.click("h2")
    tab.click("form a")
    expected = {"Element Clicked", "Dead Clicked", "Page Drawn", "Form Started", "Field Filled"}
    shop.wait_for(*expected)
    tab.click("form button")
    shop.wait_for("Form Submitted", "Error Met")
    tab.visit("about:blank")
    shop.wait_for("Element Viewed")
    told: list[dict[str, Any]] = [event for one in gateway.requests for event in one.events]
    acts = [one for one in told if one["type"] == "track" and one["event"] != "Begun"]
    assert expected <= {one["event"] for one in acts}
    said = " ".join(one.body for one in gateway.requests).lower()
    assert [trap for trap in TRAPS if trap.lower() in said] == []
    fields = [one["properties"]["field"] for one in acts if one["event"] == "Field Filled"]
    assert json.dumps(fields).count("words") == 1
