"""What happens when the network, the server or the tab goes away: each event arrives, and once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.sdk.shop import Shop, call, sent

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

pytestmark = pytest.mark.browser
EVENTS = "**/obverse/v1/b"
SENT = "navigator.locks.request('obverse', () => true)"
"""Waits until no tab is sending."""
QUEUED = "Object.keys(localStorage).filter((key) => key.startsWith('obverse-')).length"


def in_tab(visitor: BrowserContext, shop: Shop, path: str = "/") -> Page:
    page = visitor.new_page()
    page.goto(shop.address + path)
    return page


def test_what_happened_without_a_network_arrives_once_when_they_come_back(
    shop: Shop, visitor: BrowserContext
) -> None:
    page = in_tab(visitor, shop)
    call(page, "track", "Before")
    shop.wait_for("Before")
    visitor.route(EVENTS, lambda route: route.abort())
    call(page, "track", "During", {"n": 1})
    call(page, "identify", f"ann-{shop.source}")
    call(page, "track", "During", {"n": 2})
    page.goto(f"{shop.address}/mug")
    call(page, "track", "During", {"n": 3})
    page.wait_for_event("requestfailed", lambda request: request.url.endswith("/v1/b"))
    visitor.new_page()  # a browser without any page would end
    page.close()
    visitor.unroute(EVENTS)
    page = in_tab(visitor, shop, "/cart")
    call(page, "track", "After")
    found = shop.wait_for("After")
    counted = Counter((row["event"], row["path"]) for row in found if row["event"] != "Page Lingered")
    assert counted == {
        ("Page Viewed", "/"): 1,
        ("Before", "/"): 1,
        ("During", "/"): 2,
        ("Identified", "/"): 1,
        ("Page Viewed", "/mug"): 1,
        ("During", "/mug"): 1,
        ("Page Viewed", "/cart"): 1,
        ("After", "/cart"): 1,
    }
    assert [row["properties"]["n"] for row in found if row["event"] == "During"] == [1, 2, 3]
    assert len({row["session_id"] for row in found}) == 1
    assert len({row["anonymous_id"] for row in found}) == 1
    claimed = [row["user_id"] for row in found if row["event"] in {"During", "After"}]
    assert claimed == [None, *[f"ann-{shop.source}"] * 3]
    page.wait_for_function(f"() => {QUEUED} == 0")


def test_what_arrived_but_whose_answer_was_lost_is_sent_again_and_counted_once(
    shop: Shop, visitor: BrowserContext
) -> None:
    noted = sent(visitor)
    lost: list[str] = []

    def lose_once(route: Route) -> None:
        answer = route.fetch()
        if lost:
            route.fulfill(response=answer)
        else:
            lost.append(answer.text())
            route.abort()

    visitor.route(EVENTS, lose_once)
    page = in_tab(visitor, shop)
    call(page, "track", "Seen")
    page.wait_for_function(f"() => {QUEUED} == 0")
    found = shop.wait_for("Seen")
    assert '"success":true' in lost[0]
    ids = Counter(event["messageId"] for _, batch in noted for event in batch)
    assert max(ids.values()) == 2, "what was lost was sent twice, under one id"
    assert Counter(row["event"] for row in shop.events()) == {"Page Viewed": 1, "Seen": 1}
    assert {row["message_id"] for row in found} == set(ids)


def test_tabs_share_the_queue_and_take_turns_to_send_it(shop: Shop, visitor: BrowserContext) -> None:
    visitor.route(EVENTS, lambda route: route.abort())
    tabs = [in_tab(visitor, shop, path) for path in ("/", "/mug", "/cart")]
    for tab in tabs:
        for n in range(20):
            call(tab, "track", "Tried", {"n": n})
    noted = sent(visitor, "requestfinished")
    visitor.unroute(EVENTS)
    for tab in tabs:
        tab.evaluate("dispatchEvent(new Event('online'))")
    tabs[0].wait_for_function(f"() => {QUEUED} == 0")
    ids = Counter(event["messageId"] for kind, batch in noted for event in batch if kind == "fetch")
    assert len(ids) == 63
    # A tab may not have heard yet what the one before it has sent; without turns each would send all.
    assert sum(ids.values()) < 2 * len(ids)
    found = shop.wait_for_so_many("Tried", 60)
    assert len(found) == len({row["message_id"] for row in found})
    assert len({row["anonymous_id"] for row in found}) == 1
    assert len({row["session_id"] for row in found}) == 1


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(shop: Shop, visitor: BrowserContext) -> None:
    noted = sent(visitor)
    page = visitor.new_page()
    page.clock.install()
    readable = {"access-control-allow-origin": "*", "access-control-expose-headers": "retry-after"}
    busy = {"retry-after": "600", **readable}
    visitor.route(EVENTS, lambda route: route.fulfill(status=503, body="{}", headers=busy))
    page.goto(shop.address)
    call(page, "track", "Seen")
    with page.expect_response(EVENTS):
        page.clock.run_for(2_000)
    page.evaluate(SENT)
    visitor.unroute(EVENTS)
    call(page, "track", "Seen")
    page.clock.run_for(300_000)
    page.evaluate(SENT)
    assert len(noted) == 1
    page.clock.run_for(400_000)
    page.wait_for_function(f"() => {QUEUED} == 0")
    assert len(shop.wait_for_so_many("Seen", 2)) == 3


def test_what_the_server_refuses_is_dropped_and_the_rest_of_its_batch_kept(
    shop: Shop, visitor: BrowserContext
) -> None:
    page = in_tab(visitor, shop)
    call(page, "track", "")
    call(page, "track", "Huge", {"text": "x" * 100_000})
    call(page, "track", "Good")
    found = shop.wait_for("Good")
    page.wait_for_function(f"() => {QUEUED} == 0")
    assert {row["event"] for row in found} == {"Page Viewed", "Good"}


def test_a_full_storage_costs_no_event(shop: Shop, visitor: BrowserContext) -> None:
    visitor.add_init_script("""
        for (let size = 5 << 20; size >= 1; size >>= 1)
            try { for (;;) localStorage.setItem("full" + localStorage.length, "x".repeat(size)); } catch {}
    """)
    page = in_tab(visitor, shop)
    call(page, "track", "Kept")
    found = shop.wait_for("Kept")
    assert [row["event"] for row in found] == ["Page Viewed", "Kept"]
    assert page.evaluate(QUEUED) == 0


def test_the_queue_is_bounded_and_forgets_what_is_too_old_to_be_known_again(
    shop: Shop, visitor: BrowserContext
) -> None:
    visitor.route(EVENTS, lambda route: route.abort())
    page = in_tab(visitor, shop)
    call(page, "track", "Begun")
    old = "obverse-" + page.evaluate("(Date.now() - 29 * 864e5).toString(36)") + "1"
    page.evaluate("(key) => localStorage.setItem(key, '{}')", old)
    page.evaluate("for (let n = 0; n < 1200; n++) obverse.track('Many', { n })")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_function(f"() => {QUEUED} == 1000")
    assert page.evaluate("(key) => localStorage.getItem(key)", old) is None
    assert "1199" in page.evaluate("JSON.stringify(localStorage)")
