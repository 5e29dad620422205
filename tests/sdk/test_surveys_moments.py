"""The moments of surveys in a real browser: each comes when it should, and not otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, expect

from tests.sdk.asked import OPENED, Asked, card, go, surveys_of, visit
from tests.sdk.shop import Shop, call

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

LONG = """<p id="end" style="margin-top: 4000px">The end</p>
<form id="order" onsubmit="event.preventDefault()"><label>Street <input name="street"></label>
<button>Order</button></form>"""
HIDDEN = """(hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}"""


@pytest.fixture
def asked(shop: Shop, visitor: BrowserContext) -> Iterator[Asked]:
    """Surveys of this test; the shop has long pages with a form at their end."""
    shop.bodies = dict.fromkeys(("/", "/mug", "/cart", "/shoes/red"), LONG)
    with surveys_of(shop) as made:
        made.watch(visitor)
        yield made


def wait_for(page: Page, asked: Asked, *moments: str) -> None:
    """Wait until the server was told of just these moments."""
    for _ in range(100):
        if asked.moments == list(moments):
            return
        page.wait_for_timeout(50)
    assert asked.moments == list(moments)


def nothing_comes(page: Page, asked: Asked, *but: str) -> None:
    """Give what should not come the time to come."""
    page.evaluate("new Promise((done) => setTimeout(done, 400))")
    page.wait_for_load_state("networkidle")
    assert asked.moments == list(but)


def leave_by_the(side: str, page: Page) -> None:
    """Move the pointer out of the window."""
    page.mouse.move(400, 300)
    page.mouse.move(*{"top": (400, -20), "left": (-20, 300)}[side])


def test_an_event_calls_for_it_with_its_properties_and_another_event_does_not(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make(
        [{"on": "event", "id": "bought", "event": "Order Completed", "where": "properties.total > 50"}]
    )
    page = visit(visitor, shop)
    call(page, "track", "Order Cancelled", {"total": 99})
    with page.expect_response("**/surveys/offer"):
        call(page, "track", "Order Completed", {"total": 10})
    nothing_comes(page, asked, "bought")
    expect(card(page)).to_have_count(0)
    call(page, "track", "Order Completed", {"total": 60})
    expect(card(page)).to_be_visible()
    told = asked.offers[-1]
    assert told["moments"][0]["event"] == {"event": "Order Completed", "properties": {"total": 60}}
    assert told["page"]["path"] == "/"
    assert told["anonymousId"] == page.evaluate("JSON.parse(localStorage['obverse.me']).id")
    assert told["sessionId"]


def test_what_happens_while_the_page_loads_counts_too(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([{"on": "event", "id": "bought", "event": "Order Completed"}])
    shop.head = "<script>window.obverse = [['track', 'Order Completed']]</script>"
    page = visit(visitor, shop)
    expect(card(page)).to_be_visible()
    assert asked.moments == ["bought"]


def test_what_happens_as_the_page_is_left_is_asked_about_on_the_next(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([{"on": "event", "id": "bought", "event": "Order Completed"}])
    page = visit(visitor, shop)
    page.evaluate("obverse.track('Order Completed', { total: 5 }); location.href = '/cart'")
    page.wait_for_url("**/cart")
    expect(card(page)).to_be_visible()
    assert asked.seen == ["bought"]
    assert asked.offers[0]["page"]["path"] == "/cart"


def test_who_clicks_in_a_rage_or_meets_an_error_is_asked(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    shop.options["act"] = True
    asked.make([{"on": "event", "id": "rage", "event": "Rage Clicked"}])
    page = visit(visitor, shop)
    heading = page.get_by_role("heading").first
    heading.click()
    page.wait_for_timeout(1200)
    heading.click()
    nothing_comes(page, asked)
    for _ in range(3):
        heading.click(position={"x": 5, "y": 5})
    page.get_by_role("heading").first.dispatch_event("mousedown")
    page.evaluate("getSelection().empty()")
    page.get_by_role("button", name="Order").scroll_into_view_if_needed()
    for _ in range(3):
        page.get_by_role("button", name="Order").click()
    wait_for(page, asked, "rage")
    expect(card(page)).to_be_visible()


def test_a_page_calls_for_it_after_its_delay_if_it_is_not_left_before(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([{"on": "page", "id": "shoes", "page": "/shoes/*", "delay_s": 30}])
    page = visit(visitor, shop, "/mug", clock=True)
    page.clock.run_for(60_000)
    page.evaluate("history.pushState({}, '', '/shoes/red')")
    page.clock.run_for(29_000)
    page.evaluate("history.pushState({}, '', '/cart')")
    page.clock.run_for(60_000)
    nothing_comes(page, asked)
    page.evaluate("history.pushState({}, '', '/shoes/red')")
    page.clock.run_for(29_000)
    nothing_comes(page, asked)
    page.clock.run_for(2_000)
    wait_for(page, asked, "shoes")
    expect(card(page)).to_be_visible()
    assert asked.offers[0]["page"]["path"] == "/shoes/red"


def test_the_pointer_leaving_through_the_top_calls_for_it_once_a_page_view(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([{"on": "leaving", "id": "leaving"}], repeat={"how": "once"})
    page = visit(visitor, shop)
    leave_by_the("left", page)
    page.mouse.move(400, 300)
    page.mouse.move(400, 10)
    nothing_comes(page, asked)
    leave_by_the("top", page)
    wait_for(page, asked, "leaving")
    expect(card(page)).to_be_visible()
    card(page).get_by_role("button", name="Close").click()
    leave_by_the("top", page)
    nothing_comes(page, asked, "leaving")
    page.evaluate("history.pushState({}, '', '/mug')")
    leave_by_the("top", page)
    wait_for(page, asked, "leaving", "leaving")


def test_a_phone_flicked_to_the_top_or_come_back_to_is_being_left(shop: Shop, browser: Browser) -> None:
    context = browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 700})
    shop.bodies["/"] = LONG
    shop.head = '<meta name="viewport" content="width=device-width">'
    with surveys_of(shop) as asked:
        asked.make([{"on": "leaving", "id": "leaving"}], repeat={"how": "once"})
        asked.watch(context)
        page = visit(context, shop)
        touch = context.new_cdp_session(page)

        def swipe_down(step: int, pause_ms: int) -> None:
            page.evaluate("scrollTo(0, 600)")
            for y in range(100, 660, step):
                kind = "touchMove" if y > 100 else "touchStart"
                touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": 200, "y": y}]})
                page.wait_for_timeout(pause_ms)
            touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

        page.evaluate("scrollTo(0, 600)")
        page.evaluate("scrollTo({ top: 0, behavior: 'smooth' })")
        page.wait_for_function("() => scrollY === 0")
        nothing_comes(page, asked)
        swipe_down(60, 400)
        nothing_comes(page, asked)
        for _ in range(5):  # a busy machine makes a slow swipe of some
            if not asked.offers:
                swipe_down(270, 0)
                page.wait_for_timeout(400)
        wait_for(page, asked, "leaving")
        card(page).get_by_role("button", name="Close").click()
        expect(card(page)).to_have_count(0)
        page.evaluate("history.pushState({}, '', '/mug')")
        page.evaluate(HIDDEN, True)
        page.evaluate(HIDDEN, False)
        wait_for(page, asked, "leaving", "leaving")
    context.close()


def test_only_time_in_view_is_lingering(shop: Shop, visitor: BrowserContext, asked: Asked) -> None:
    asked.make([{"on": "lingering", "id": "long", "seconds": 20}])
    page = visit(visitor, shop, clock=True)
    page.clock.run_for(15_000)
    page.evaluate(HIDDEN, True)
    page.clock.run_for(60_000)
    page.evaluate(HIDDEN, False)
    nothing_comes(page, asked)
    page.clock.run_for(8_000)
    wait_for(page, asked, "long")


def test_an_element_is_lingered_on_while_it_is_in_view(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([{"on": "lingering", "id": "bottom", "seconds": 10, "element": "#end"}])
    page = visit(visitor, shop, clock=True)
    page.clock.run_for(30_000)
    nothing_comes(page, asked)
    page.locator("#end").scroll_into_view_if_needed()
    page.evaluate("new Promise(requestAnimationFrame)")
    for _ in range(12):
        page.clock.run_for(1_000)
        page.wait_for_timeout(20)
    wait_for(page, asked, "bottom")


def test_a_cart_is_abandoned_on_any_page_and_in_any_tab_until_it_is_bought(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([{"on": "abandoning", "id": "cart"}])
    page = visit(visitor, shop)
    leave_by_the("top", page)
    nothing_comes(page, asked)
    call(page, "track", "Product Added", {"product_id": "mug"})
    go(page, shop, "/mug")
    call(page, "track", "Order Completed", {})
    leave_by_the("top", page)
    nothing_comes(page, asked)
    call(page, "track", "Product Added", {"product_id": "mug"})
    page.close()
    page = visit(visitor, shop, "/cart")
    leave_by_the("top", page)
    wait_for(page, asked, "cart")


def test_a_form_is_abandoned_when_it_was_filled_and_not_sent(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([{"on": "abandoning", "id": "form", "what": "form"}])
    page = visit(visitor, shop)
    page.get_by_label("Street").fill("Main Street")
    page.get_by_role("button", name="Order").click()
    leave_by_the("top", page)
    nothing_comes(page, asked)
    page.get_by_label("Street").fill("Other Street")
    page.get_by_label("Street").blur()
    leave_by_the("top", page)
    wait_for(page, asked, "form")
    assert "Street" not in str(asked.offers)


NOT_TAKEN = {"on": "not_taken", "id": "stuck", "after": "Checkout Started", "step": "Order Completed"}


def test_a_step_that_is_not_taken_in_time_calls_for_it_on_this_page_or_the_next(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([NOT_TAKEN | {"within_s": 120}])
    page = visit(visitor, shop, clock=True)
    call(page, "track", "Checkout Started")
    page.clock.run_for(60_000)
    call(page, "track", "Order Completed")
    page.clock.run_for(120_000)
    assert asked.seen == []
    call(page, "track", "Checkout Started")
    page.clock.run_for(100_000)
    go(page, shop, "/cart")
    assert asked.seen == []
    page.clock.run_for(25_000)
    expect(card(page)).to_be_visible()
    assert asked.seen == ["stuck"]


def test_what_the_server_knows_better_is_asked_at_each_page_view(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make(
        [{"on": "elsewhere", "id": "called", "event": "Support Called"}, NOT_TAKEN | {"within_s": 120}]
    )
    page = visit(visitor, shop)
    wait_for(page, asked, "called", "stuck")
    page.evaluate("history.pushState({}, '', '/mug')")
    wait_for(page, asked, *["called", "stuck"] * 2)
    expect(card(page)).to_have_count(0)


def test_moments_of_one_instant_are_one_question_to_the_server(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    first = asked.make([{"on": "page", "id": "a"}], priority=1)
    second = asked.make([{"on": "page", "id": "b"}, {"on": "event", "id": "c", "event": "Page Viewed"}])
    page = visit(visitor, shop)
    expect(card(page)).to_be_visible()
    assert [sorted(one["moment"] for one in told["moments"]) for told in asked.offers] == [["a", "b", "c"]]
    assert {one["survey"] for one in asked.offers[0]["moments"]} == {first, second}


def test_only_one_tab_asks_and_nothing_is_asked_beside_an_open_survey(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([{"on": "event", "id": "wanted", "event": "Feedback Wanted"}])
    page = visit(visitor, shop)
    other = visit(visitor, shop, "/mug")
    call(page, "track", "Feedback Wanted")
    expect(card(page)).to_be_visible()
    call(page, "track", "Feedback Wanted")
    call(other, "track", "Feedback Wanted")
    nothing_comes(other, asked, "wanted")
    card(page).get_by_role("button", name="Close").click()
    expect(card(page)).to_have_count(0)
    call(other, "track", "Feedback Wanted")
    expect(card(other)).to_be_visible()


def test_a_page_that_nobody_sees_asks_once_somebody_does(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([{"on": "event", "id": "wanted", "event": "Feedback Wanted"}])
    page = visit(visitor, shop)
    page.evaluate(HIDDEN, True)
    call(page, "track", "Feedback Wanted")
    nothing_comes(page, asked)
    page.evaluate(HIDDEN, False)
    wait_for(page, asked, "wanted")
    expect(card(page)).to_be_visible()


def requested(visitor: BrowserContext) -> list[str]:
    """Note the names of what is asked of the server from now on."""
    names: list[str] = []
    visitor.on("request", lambda request: names.append(request.url.rpartition("/")[2].partition("?")[0]))
    return names


def test_a_site_without_live_surveys_loads_no_more_than_what_finds_that_out(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    names = requested(visitor)
    page = visitor.new_page()
    with page.expect_response("**/live.json*"):
        page.goto(shop.address)
    page.wait_for_load_state("networkidle")
    assert [name for name in names if "survey" in name or "live" in name] == ["surveys.js", "live.json"]


@pytest.mark.parametrize("why", ["denied", "off"])
def test_without_consent_or_where_it_is_off_nothing_is_loaded_kept_or_asked(
    shop: Shop, visitor: BrowserContext, asked: Asked, why: str
) -> None:
    asked.make(OPENED)
    shop.options |= {"consent": "denied"} if why == "denied" else {"surveys": False}
    names = requested(visitor)
    page = visitor.new_page()
    page.goto(shop.address)
    call(page, "track", "Seen")
    page.wait_for_timeout(1_000)
    assert not [name for name in names if "survey" in name or name in ("live.json", "offer")]
    assert page.evaluate("localStorage.getItem('obverse.surveys')") is None


def test_taking_consent_back_takes_the_survey_away_and_what_was_kept(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([*OPENED, {"on": "abandoning", "id": "cart"}])
    shop.options["consent"] = "denied"
    page = visitor.new_page()
    page.goto(shop.address)
    call(page, "consent", "granted")
    expect(card(page)).to_be_visible()
    call(page, "track", "Product Added")
    assert page.evaluate("localStorage.getItem('obverse.surveys')")
    names = requested(visitor)
    call(page, "consent", "denied")
    expect(card(page)).to_have_count(0)
    assert page.evaluate("Object.keys(localStorage)") == []
    leave_by_the("top", page)
    nothing_comes(page, asked, "opened")
    assert names == []
    call(page, "consent", "granted")
    wait_for(page, asked, "opened", "opened")


def test_without_cookies_somebody_is_asked_and_nothing_is_kept(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([{"on": "abandoning", "id": "cart"}])
    shop.options["consent"] = "cookieless"
    page = visit(visitor, shop)
    call(page, "track", "Product Added")
    leave_by_the("top", page)
    expect(card(page)).to_be_visible()
    assert page.evaluate("Object.keys(localStorage)") == []
    first: dict[str, Any] = asked.offers[0]
    card(page).get_by_role("button", name="Close").click()
    go(page, shop, "/mug")
    leave_by_the("top", page)
    nothing_comes(page, asked, "cart")
    call(page, "track", "Product Added")
    leave_by_the("top", page)
    wait_for(page, asked, "cart", "cart")
    assert asked.offers[1]["anonymousId"] != first["anonymousId"]
