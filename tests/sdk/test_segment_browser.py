"""@segment/analytics-next as npm brings it, in a real page: told only where its settings are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, Route

from tests.sdk.foreign_shop import MODULES, events_come_to, history, js, shop, wait_for

if TYPE_CHECKING:
    from tests.conftest import Server

pytestmark = pytest.mark.browser
BUNDLE = MODULES / "@segment" / "analytics-next" / "dist" / "umd" / "index.js"


@pytest.fixture(scope="module")
def address(server: Server) -> Iterator[str]:
    """The shop with Segment's client, which views each page."""
    options = js({"writeKey": server.write_key, "cdnURL": server.address})
    start = f"window.analytics = AnalyticsNext.AnalyticsBrowser.load({options}); analytics.page();"
    with shop(BUNDLE, start) as found:
        yield found


def anonymous_id(page: Page) -> str:
    found: str = page.evaluate("analytics.ready().then(() => analytics.instance.user().anonymousId())")
    return found


def test_what_a_visitor_does_arrives_once_as_one_person(
    server: Server, address: str, visitor: BrowserContext
) -> None:
    user = f"ada-{uuid4()}"
    page = visitor.new_page()
    page.goto(f"{address}/cart?utm_source=news&utm_medium=email")
    page.evaluate("analytics.track('Product Added', { price: 4, quantity: 3, currency: 'EUR' })")
    page.evaluate("name => analytics.identify(name, { plan: 'pro' })", user)
    page.evaluate("analytics.group('acme', { size: 3 })")
    events = events_come_to(server, user, ["Page Viewed", "Product Added", "Identified", "Grouped"])
    by_name = {event["event"]: event for event in events}
    assert by_name["Page Viewed"]["context"]["page"]["path"] == "/cart"
    assert by_name["Page Viewed"]["context"]["campaign"] == {"source": "news", "medium": "email"}
    assert (by_name["Product Added"]["value"], by_name["Product Added"]["user_id"]) == (12.0, None)
    assert by_name["Identified"]["properties"] == {"plan": "pro"}
    assert by_name["Grouped"]["account_id"] == "acme"
    assert {event["touchpoint"] for event in events} == {"web"}


def test_what_could_not_be_sent_is_sent_again_with_the_same_message_id_and_kept_once(
    server: Server, address: str, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    page.goto(address)
    who = anonymous_id(page)
    events_come_to(server, who, ["Page Viewed"])
    sent: list[str] = []

    def refuse_then_lose_the_answer(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or "{}")["messageId"])
        if len(sent) == 1:
            route.fulfill(status=503, headers={"access-control-allow-origin": "*"})
            return
        reply = route.fetch()
        if len(sent) == 2:
            route.abort()
        else:
            route.fulfill(response=reply)

    page.route("**/v1/t", refuse_then_lose_the_answer)
    page.evaluate("void analytics.track('Seen twice')")
    # Requests are routed while the page is asked something, so it is asked.
    wait_for(lambda: page.evaluate("true") and len(sent) == 3, lambda: sent)
    page.unroute_all(behavior="wait")
    (event,) = [one for one in history(server, who) if one["event"] == "Seen twice"]
    assert sent == [event["message_id"]] * 3


def test_what_happens_without_a_network_arrives_once_on_the_next_page(
    server: Server, address: str, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    page.goto(address)
    who = anonymous_id(page)
    events_come_to(server, who, ["Page Viewed"])
    visitor.set_offline(True)
    page.evaluate("void analytics.track('Seen offline')")
    visitor.set_offline(False)
    page.goto(f"{address}/cart")
    events_come_to(server, who, ["Page Viewed", "Seen offline", "Page Viewed"])


def test_a_wrong_key_is_refused_before_anything_is_sent(server: Server, visitor: BrowserContext) -> None:
    options = js({"writeKey": "nobody", "cdnURL": server.address})
    start = f"window.failed = AnalyticsNext.AnalyticsBrowser.load({options}).then(() => '', String)"
    page = visitor.new_page()
    with shop(BUNDLE, start) as found:
        page.goto(found)
        assert "no source has this key" in page.evaluate("failed")
