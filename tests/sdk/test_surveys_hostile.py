"""Surveys over pages that make it hard, and with words that would do harm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect

from tests.sdk.asked import OPENED, Asked, card, go, surveys_of, visit
from tests.sdk.shop import Shop, call
from tests.sdk.test_sdk_hostile import FROZEN, POLLUTED, WATCH

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

pytestmark = pytest.mark.browser
EVIL = '<img src=x onerror="harmed = 1"><script>harmed = 1</script>"><b id=evil>x</b>'
RESET = """<link rel="stylesheet"
    href="data:text/css,*{all:unset!important;opacity:0.2!important} html>*{display:none!important}">"""
OVER = """<div style="position: fixed; inset: 0; z-index: 2147483647; background: #fff8">Over all</div>"""


@pytest.fixture
def asked(shop: Shop, visitor: BrowserContext) -> Iterator[Asked]:
    with surveys_of(shop) as made:
        made.watch(visitor)
        yield made


def policy(shop: Shop, more: str = "") -> str:
    """Write a policy that lets through what the guide says, and nothing else."""
    origin = shop.server.address
    return f"default-src 'none'; script-src {origin}; connect-src {origin}; style-src 'none'; {more}"


def test_a_strict_policy_a_frozen_page_and_a_polluted_one_let_it_ask(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make(OPENED, theme={"accent": "#7a1fa2"})
    shop.policy = policy(shop, "require-trusted-types-for 'script'; trusted-types obverse")
    visitor.add_init_script(WATCH + FROZEN + POLLUTED)
    page = visit(visitor, shop)
    expect(card(page)).to_be_visible()
    button = card(page).get_by_role("button", name="Next")
    assert button.evaluate("(one) => getComputedStyle(one).backgroundColor") == "rgb(122, 31, 162)"
    card(page).get_by_role("radio", name="7").check()
    button.click()
    card(page).get_by_role("textbox").fill("Fine")
    card(page).get_by_role("button", name="Send").click()
    expect(card(page).get_by_text("Thank you.")).to_be_visible()
    assert page.evaluate("wrong") == []
    assert "polluted" not in str(asked.offers)


def test_a_page_that_lets_nobody_make_html_is_not_asked_and_told_why(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make(OPENED)
    shop.policy = policy(shop, "require-trusted-types-for 'script'; trusted-types 'none'")
    said: list[str] = []
    visitor.on("console", lambda message: said.append(message.text))
    page = visit(visitor, shop)
    call(page, "track", "Seen")
    page.wait_for_timeout(500)
    assert asked.offers == []
    expect(card(page)).to_have_count(0)
    assert any("trusted-types obverse" in one for one in said)


def test_words_never_become_html(shop: Shop, visitor: BrowserContext, asked: Asked) -> None:
    option = {"id": "a", "text": EVIL}
    single = {
        "type": "single",
        "id": "q",
        "text": EVIL,
        "help": EVIL[:150],
        "options": [option],
        "other": EVIL,
    }
    fill = {"type": "short_text", "id": "why", "text": "Why {answers.q}, {event.product}?"}
    moment = {"on": "event", "id": "wanted", "event": "Feedback Wanted"}
    asked.make([moment], single, fill, intro=EVIL, thanks=EVIL, name=shop.source + EVIL[:60])
    page = visit(visitor, shop)
    call(page, "track", "Feedback Wanted", {"product": EVIL})
    expect(card(page).get_by_text("<b id=evil>").first).to_be_visible()
    card(page).get_by_role("radio").first.check()
    card(page).get_by_role("button", name="Next").click()
    expect(card(page).get_by_text("Why <img")).to_be_visible()
    card(page).get_by_role("textbox").fill(EVIL)
    card(page).get_by_role("button", name="Send").click()
    expect(card(page).locator(".obv-thanks")).to_contain_text("<script>")
    assert page.locator("#evil, obverse-survey img").count() == 0
    assert page.evaluate("window.harmed") is None


def test_the_pages_styles_and_layers_do_not_reach_it(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([{"on": "event", "id": "wanted", "event": "Feedback Wanted"}])
    page = visit(visitor, shop)
    call(page, "track", "Feedback Wanted")
    expect(card(page)).to_be_visible()
    page.wait_for_timeout(400)
    usual = card(page).bounding_box()
    card(page).get_by_role("button", name="Close").click()
    expect(card(page)).to_have_count(0)
    shop.head, shop.bodies["/mug"] = RESET, OVER
    go(page, shop, "/mug")
    call(page, "track", "Feedback Wanted")
    expect(card(page)).to_be_visible()
    page.wait_for_timeout(400)  # until it stands
    assert card(page).bounding_box() == usual
    card(page).get_by_role("radio", name="7").check()
    assert card(page).get_by_role("radio", name="7").is_checked()


@pytest.mark.parametrize("what", ["sendBeacon", "locks", "visualViewport", "requestIdleCallback"])
def test_a_browser_that_lacks_something_asks_all_the_same(
    shop: Shop, visitor: BrowserContext, asked: Asked, what: str
) -> None:
    of = "Navigator.prototype" if what in ("sendBeacon", "locks") else "window"
    visitor.add_init_script(f"Object.defineProperty({of}, '{what}', {{ value: undefined }});" + WATCH)
    asked.make(OPENED)
    page = visit(visitor, shop)
    expect(card(page)).to_be_visible()
    card(page).get_by_role("radio", name="7").check()
    card(page).get_by_role("button", name="Close").click()
    expect(card(page)).to_have_count(0)
    assert page.evaluate("wrong") == []


def test_without_constructable_style_sheets_nobody_is_asked(shop: Shop, browser: Browser) -> None:
    context = browser.new_context()
    context.add_init_script(
        "window.CSSStyleSheet = function () { throw new TypeError('Illegal constructor') }"
    )
    with surveys_of(shop) as asked:
        asked.make(OPENED)
        asked.watch(context)
        page = visit(context, shop)
        page.wait_for_timeout(500)
        assert asked.offers == []
    context.close()
