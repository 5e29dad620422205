"""posthog-js as npm brings it, in a real page: only the name of its host is Obverse's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route

from tests.sdk.foreign_shop import MODULES, counted, events_come_to, history, js, shop, wait_for

if TYPE_CHECKING:
    from tests.conftest import Server

pytestmark = pytest.mark.browser
DIST = MODULES / "posthog-js" / "dist"
# What PostHog's snippet leaves in a page until its script is there.
SHIM = "window.posthog = []; posthog._i = [];"


@pytest.fixture(scope="module")
def address(server: Server) -> Iterator[str]:
    """The shop with posthog-js: a robot's browser is let through, as a person's would be."""
    options = {"api_host": server.address, "opt_out_useragent_filter": True}
    start = f"posthog.init({js(server.write_key)}, {js(options)})"
    with shop(DIST / "array.full.no-external.js", start, SHIM) as found:
        yield found


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has never been there."""
    context = browser.new_context()
    context.set_default_timeout(20_000)
    yield context
    context.close()


def anonymous_id(page: Page) -> str:
    found: str = page.evaluate("posthog.get_distinct_id()")
    return found


def test_what_a_visitor_does_arrives_once_under_our_names_as_one_person_and_session(
    server: Server, address: str, visitor: BrowserContext
) -> None:
    user = f"ada-{uuid4()}"
    page = visitor.new_page()
    page.goto(f"{address}/?utm_source=news&utm_medium=email")
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Street").fill("Main Street 5, 12345 Town")
    page.get_by_role("button", name="Buy").click()
    page.evaluate("name => posthog.identify(name, { plan: 'pro' })", user)
    page.evaluate("posthog.capture('Order Completed', { revenue: 12.5, currency: 'EUR' })")
    page.get_by_role("link", name="Cart").click()
    page.wait_for_url("**/cart")
    expected = {
        "Page Viewed": 2,
        "Element Clicked": 3,
        "Field Filled": 1,
        "Form Submitted": 1,
        "Identified": 1,
        "Order Completed": 1,
        "Page Lingered": 1,
    }
    events = events_come_to(server, user, expected)
    by_name = {event["event"]: event for event in reversed(events)}
    assert [event["context"]["page"]["path"] for event in events if event["event"] == "Page Viewed"] == [
        "/",
        "/cart",
    ]
    assert by_name["Element Clicked"]["properties"]["element"] == (
        "[data-testid=shop]>p:nth-of-type(2)>button"
    )
    assert by_name["Field Filled"]["properties"].items() >= {"form": "order", "field": "street"}.items()
    assert by_name["Form Submitted"]["properties"]["form"] == "order"
    assert by_name["Page Lingered"]["properties"]["visible_ms"] > 0
    assert by_name["Page Lingered"]["context"]["page"]["path"] == "/"
    assert by_name["Identified"]["properties"]["plan"] == "pro"
    assert (by_name["Order Completed"]["value"], by_name["Order Completed"]["currency"]) == (12.5, "EUR")
    assert by_name["Page Viewed"]["context"]["campaign"] == {"source": "news", "medium": "email"}
    assert by_name["Page Viewed"]["context"]["device"]["type"] == "desktop"
    assert by_name["Page Viewed"]["properties"]["original_event"] == "$pageview"
    assert len({event["session_id"] for event in events}) == 1
    assert {event["touchpoint"] for event in events} == {"web"}
    assert "Main Street" not in json.dumps(events)


def test_what_is_turned_on_in_the_page_arrives_too(server: Server, visitor: BrowserContext) -> None:
    options = {
        "api_host": server.address,
        "opt_out_useragent_filter": True,
        "capture_dead_clicks": True,
        "capture_exceptions": True,
        "capture_performance": {"web_vitals": True},
    }
    page = visitor.new_page()
    start = f"posthog.init({js(server.write_key)}, {js(options)})"
    with shop(DIST / "array.full.no-external.js", start, SHIM) as found:
        page.goto(found)
        who = anonymous_id(page)
        for _ in range(4):
            page.get_by_role("button", name="Look").click()
        page.evaluate("setTimeout(() => { throw new TypeError('no user 12') })")
        wanted = {"Rage Clicked", "Dead Clicked", "Error Met", "Web Vital Measured"}
        wait_for(
            lambda: page.evaluate("true") and wanted <= {event["event"] for event in history(server, who)},
            lambda: counted(history(server, who)),
        )
    told = {event["event"]: event["properties"] for event in history(server, who)}
    look = "[data-testid=shop]>p>button"
    assert (told["Rage Clicked"]["element"], told["Dead Clicked"]["element"]) == (look, look)
    assert told["Error Met"]["element"] == "TypeError: no user …"
    assert told["Web Vital Measured"]["value"] >= 0


def test_who_logs_out_is_somebody_else_until_they_log_in_again(
    server: Server, address: str, visitor: BrowserContext
) -> None:
    user = f"ada-{uuid4()}"
    page = visitor.new_page()
    page.goto(address)
    page.evaluate("name => posthog.identify(name)", user)
    page.evaluate("posthog.reset()")
    page.evaluate("posthog.capture('Seen by a stranger')")
    stranger = anonymous_id(page)
    assert counted(events_come_to(server, stranger, {"Seen by a stranger": 1}))
    events_come_to(server, user, {"Page Viewed": 1, "Identified": 1})


def test_who_opts_out_sends_nothing_until_they_opt_in(
    server: Server, address: str, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    page.goto(address)
    who = anonymous_id(page)
    events_come_to(server, who, {"Page Viewed": 1})
    page.evaluate("posthog.opt_out_capturing()")
    page.evaluate("posthog.capture('Seen in secret')")
    page.get_by_role("button", name="Look").click()
    page.evaluate("posthog.opt_in_capturing({ captureEventName: false })")
    page.evaluate("posthog.capture('Seen again')")
    events_come_to(server, who, {"Page Viewed": 1, "Seen again": 1})


def test_what_happens_without_a_network_arrives_once_when_it_is_back(
    server: Server, address: str, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    page.goto(address)
    who = anonymous_id(page)
    events_come_to(server, who, {"Page Viewed": 1})
    visitor.set_offline(True)
    with page.expect_event("requestfailed", is_capture):
        page.evaluate("posthog.capture('Seen offline')")
    visitor.set_offline(False)
    events_come_to(server, who, {"Page Viewed": 1, "Seen offline": 1})


def test_a_batch_whose_answer_was_lost_is_sent_again_and_kept_once(
    server: Server, address: str, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    page.goto(address)
    who = anonymous_id(page)
    events_come_to(server, who, {"Page Viewed": 1})
    kept: list[int] = []

    def lose_the_first_answer(route: Route) -> None:
        reply = route.fetch()
        kept.append(reply.status)
        if len(kept) == 1:
            route.abort()
        else:
            route.fulfill(response=reply)

    page.route(is_capture_address, lose_the_first_answer)
    page.evaluate("posthog.capture('Seen twice')")
    page.wait_for_event("requestfinished", is_capture)
    page.unroute_all(behavior="wait")
    assert kept == [200, 200]
    page.evaluate("posthog.capture('Seen after')")
    events_come_to(server, who, {"Page Viewed": 1, "Seen twice": 1, "Seen after": 1})


@pytest.mark.parametrize("bundle", ["array.js", "array.full.no-external.js"])
def test_a_page_asks_for_nothing_that_is_not_there(
    server: Server, visitor: BrowserContext, bundle: str
) -> None:
    options = {"api_host": server.address, "opt_out_useragent_filter": True}
    start = f"posthog.init({js(server.write_key)}, {js(options)})"
    page = visitor.new_page()
    answered: list[tuple[int, str]] = []
    page.on("response", lambda reply: answered.append((reply.status, reply.url)))
    with shop(DIST / bundle, start, SHIM) as found:
        with page.expect_response(lambda reply: is_capture(reply.request)):
            page.goto(found)
        with page.expect_response(lambda reply: "/flags" in reply.url):
            page.evaluate("name => posthog.identify(name)", f"ada-{uuid4()}")
        page.evaluate("posthog.group('company', 'acme')")
        assert page.evaluate("posthog.isFeatureEnabled('anything')") in (None, False)
    assert [one for one in answered if one[0] >= 400] == []
    assert any("/config" in url for _, url in answered)


def is_capture(request: Request) -> bool:
    return is_capture_address(request.url)


def is_capture_address(url: str) -> bool:
    return "/e/" in url or "/i/v0/e" in url
