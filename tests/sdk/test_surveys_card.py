"""A survey over a page in a real browser: answered by keyboard, read out, quiet, sent whatever happens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Request, Route, expect

from tests.axe import violations
from tests.sdk.asked import OPENED, Asked, card, surveys_of, visit
from tests.sdk.asked_kinds import KINDS, NAMES, Kind
from tests.sdk.shop import Shop, call

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser
MOST_BYTES = 8 * 1024
ANSWER = "**/surveys/answer"
ALL = [{"id": f"q{n}", "text": "What do you say?", **kind.question} for n, kind in enumerate(KINDS)]
SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => shifts.push(...list.getEntries().map((one) => one.value)))
    .observe({ type: "layout-shift", buffered: true });"""
"""Counts every shift, also those soon after a press, which the measure for pages leaves out."""


@pytest.fixture
def asked(shop: Shop, visitor: BrowserContext) -> Iterator[Asked]:
    shop.bodies["/"] = '<label>Search <input id="search"></label> <button>Buy</button>'
    with surveys_of(shop) as made:
        made.watch(visitor)
        yield made


def told(shop: Shop, *names: str) -> list[dict[str, Any]]:
    """Wait for events of the survey of these names; give all of them, those made at one instant by name."""
    key = f"{shop.source} 0"

    def found() -> list[dict[str, Any]]:
        table = shop.lake.sql(
            "SELECT event, anonymous_id, session_id, properties, message_id FROM events "
            "WHERE source = 'surveys' ORDER BY time, seq"
        )
        rows = [{**row, "properties": json.loads(row["properties"])} for row in table.to_pylist()]
        return [row for row in rows if row["properties"]["survey"] == key]

    shop.wait(lambda _: set(names) <= {row["event"] for row in found()})
    return found()


FAINT = """() => {
    const parts = (colour) =>
        colour.match(/[\\d.]+/g).map((one) => colour[0] == "r" ? Number(one) / 255 : Number(one));
    const linear = (one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
    const bright = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) + 0.05;
    const card = document.querySelector("obverse-survey").shadowRoot.querySelector("dialog");
    const walk = document.createTreeWalker(card, NodeFilter.SHOW_TEXT), faint = [];
    while (walk.nextNode()) {
        const text = walk.currentNode.data.trim(), own = walk.currentNode.parentElement;
        if (!text || own.closest("option") || !own.checkVisibility()) continue;
        let under = own;
        const ground = () => getComputedStyle(under).backgroundColor;
        while (/, 0\\)$/.test(ground())) under = under.parentElement;
        const two = [getComputedStyle(own).color, ground()].map(parts).map(bright);
        if (Math.max(...two) / Math.min(...two) < 4.5) faint.push([text, own.className, two]);
    }
    return faint;
}"""
"""Finds texts of too little contrast; axe-core cannot tell what is behind a card in the top layer."""


def choose(page: Page, number: int) -> None:
    """Choose a number on a scale."""
    card(page).get_by_role("radio", name=re.compile(rf"^{number}\b")).check()


def test_a_survey_that_is_shown_is_at_most_8_kb_more_its_style_sheet_with_it(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    loaded: dict[str, int] = {}

    def note(request: Request) -> None:
        name = urlsplit(request.url).path.rpartition("/")[2]
        if request.method == "GET" and "/obverse/surveys" in request.url and name != "live.json":
            reply = request.response()
            assert reply is not None
            assert reply.header_value("content-encoding") == "gzip"
            loaded[name] = request.sizes()["responseBodySize"]

    visitor.on("requestfinished", note)
    asked.make(OPENED, *ALL, theme={"accent": "#7a4b99"})
    page = visit(visitor, shop)
    for n in range(len(ALL)):
        expect(card(page).locator(f"[data-question=q{n}]")).to_be_visible()
        card(page).get_by_role("button", name=re.compile("Next|Send")).click()
    print("bytes as served:", loaded)
    assert set(loaded) == {"surveys.js", "surveys-watch.js", "surveys-show.js", "card.css"}
    assert sum(loaded.values()) <= MOST_BYTES


def test_an_answer_is_on_the_timeline_of_who_gave_it(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    key = asked.make(OPENED)
    viewed = "['track', 'Experiment Viewed', { experiment_name: 'Price', variation_name: 'high' }]"
    shop.head = f"<script>window.obverse = [{viewed}]</script>"
    page = visit(visitor, shop)
    choose(page, 9)
    card(page).get_by_role("button", name="Next").click()
    card(page).get_by_role("textbox").fill("The mugs")
    card(page).get_by_role("button", name="Send").click()
    expect(card(page).get_by_text("Thank you.")).to_be_visible()
    found = told(shop, "Survey Answered")
    assert {row["event"] for row in found} == {
        "Survey Shown",
        "Survey Started",
        "Survey Partly Answered",
        "Survey Answered",
    }
    last = found[-1]["properties"]
    assert last["answers"] == {"recommend": 9, "why": "The mugs"}
    assert last["variants"] == {"Price": "high"}
    assert (last["survey_id"], last["moment"], last["place"]) == (key, "opened", "page")
    assert len({row["properties"]["submission_id"] for row in found}) == 1
    [view] = [row for row in shop.wait_for("Page Viewed") if row["event"] == "Page Viewed"]
    assert {row["anonymous_id"] for row in found} == {view["anonymous_id"]}
    assert {row["session_id"] for row in found} == {view["session_id"]}


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_each_kind_of_question_is_answered_by_keyboard_alone(
    shop: Shop, visitor: BrowserContext, asked: Asked, kind: Kind
) -> None:
    asked.make(OPENED, {"id": "q", "text": "What do you say?", **kind.question})
    page = visit(visitor, shop)
    expect(card(page)).to_be_visible()
    expect(card(page)).to_match_aria_snapshot(kind.tree)
    page.keyboard.press("F6")
    for key in kind.keys:
        if len(key) > 1 and key not in ("Tab", "Space", "Enter") and not key.startswith("Arrow"):
            page.keyboard.type(key)
        else:
            page.keyboard.press(key)
    with page.expect_response(ANSWER) as reply:
        page.keyboard.press("Enter")
    assert reply.value.json()["done"], reply.value.text()
    expect(card(page).get_by_text("Thank you.")).to_be_visible()
    assert told(shop, "Survey Answered")[-1]["properties"]["answers"] == {"q": kind.answer}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_kind_of_question(shop: Shop, browser: Browser, scheme: Any) -> None:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    with surveys_of(shop) as asked:
        asked.make(OPENED, *ALL)
        page = visit(context, shop)
        for n in range(len(KINDS)):
            expect(card(page).locator(f"[data-question=q{n}]")).to_be_visible()
            assert violations(page, "obverse-survey") == []
            assert page.evaluate(FAINT) == []
            card(page).get_by_role("button", name=re.compile("Next|Send")).click()
        expect(card(page).get_by_text("Thank you.")).to_be_visible()
        assert violations(page, "obverse-survey") == []
    context.close()


def test_somebody_typing_keeps_the_focus_and_the_card_has_its_keys(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make([{"on": "event", "id": "wanted", "event": "Feedback Wanted"}], {**_TEXT, "required": True})
    page = visit(visitor, shop)
    page.evaluate("window.keys = []; addEventListener('keyup', (event) => keys.push(event.key))")
    search = page.get_by_label("Search")
    search.focus()
    page.keyboard.type("mu")
    call(page, "track", "Feedback Wanted")
    expect(card(page)).to_be_visible()
    page.keyboard.type("gs")
    expect(search).to_have_value("mugs")
    expect(page.locator("obverse-survey").get_by_role("status").first).to_have_text(
        re.compile(r"Survey \(F6\): Anything else\?")
    )
    page.evaluate("keys.length = 0")
    page.keyboard.press("F6")
    page.keyboard.type("s")
    expect(card(page).get_by_role("textbox")).to_have_value("s")
    assert page.evaluate("keys") in ([], ["F6"])
    page.keyboard.press("Escape")
    expect(card(page)).to_have_count(0)
    expect(search).to_be_focused()
    expect(search).to_have_value("mugs")
    assert "Survey Abandoned" in {row["event"] for row in told(shop, "Survey Abandoned")}


_TEXT = {"type": "short_text", "id": "more", "text": "Anything else?"}


def test_a_mistake_is_said_and_the_focus_goes_there(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make(OPENED, {**_TEXT, "required": True})
    page = visit(visitor, shop)
    expect(card(page)).to_be_visible()
    page.keyboard.press("F6")
    page.keyboard.press("Enter")
    problem = card(page).get_by_role("alert")
    expect(problem).to_be_focused()
    problem.get_by_role("link").click()
    expect(card(page).get_by_role("textbox")).to_be_focused()
    assert page.url == f"{shop.address}/"
    page.keyboard.type("No")
    page.keyboard.press("Enter")
    expect(card(page).get_by_text("Thank you.")).to_be_visible()


def test_closing_it_untouched_is_no_answer_and_leaving_it_begun_neither(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make(OPENED)
    page = visit(visitor, shop)
    card(page).get_by_role("button", name="Close").click()
    expect(card(page)).to_have_count(0)
    names = {row["event"] for row in told(shop, "Survey Dismissed")}
    assert names == {"Survey Shown", "Survey Dismissed"}
    page.goto(f"{shop.address}/mug")
    choose(page, 3)
    page.goto(f"{shop.address}/cart")
    left = next(row for row in told(shop, "Survey Abandoned") if row["event"] == "Survey Abandoned")
    assert left["properties"]["question"] == "recommend"


def test_in_the_centre_it_holds_the_focus_unless_somebody_types(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    moments = [{"on": "event", "id": "wanted", "event": "Feedback Wanted"}]
    asked.make(moments, theme={"corner": "center"})
    page = visit(visitor, shop)
    page.get_by_role("button", name="Buy").focus()
    call(page, "track", "Feedback Wanted")
    expect(card(page).get_by_role("radiogroup")).to_be_focused()
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate("['OBVERSE-SURVEY', 'BODY'].includes(document.activeElement.tagName)")
    page.keyboard.press("Escape")
    expect(card(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Buy")).to_be_focused()
    page.get_by_label("Search").focus()
    call(page, "track", "Feedback Wanted")
    expect(card(page)).to_be_visible()
    expect(page.get_by_label("Search")).to_be_focused()


def test_nothing_on_the_page_or_in_the_card_shifts(shop: Shop, visitor: BrowserContext, asked: Asked) -> None:
    asked.make(OPENED, *ALL)
    shop.bodies["/"] = "<p>Words</p>" * 50
    visitor.add_init_script(SHIFTS)
    page = visit(visitor, shop)
    for n in range(len(KINDS)):
        expect(card(page).locator(f"[data-question=q{n}]")).to_be_visible()
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        card(page).get_by_role("button", name=re.compile("Next|Send")).click()
    expect(card(page).get_by_text("Thank you.")).to_be_visible()
    page.evaluate("new Promise((done) => setTimeout(done, 300))")
    assert page.evaluate("shifts") == []


def test_without_a_network_what_was_typed_stays_and_is_sent_once(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make(OPENED)
    page = visit(visitor, shop)
    choose(page, 7)
    visitor.set_offline(True)
    card(page).get_by_role("button", name="Next").click()
    expect(card(page).get_by_text("No connection.")).to_be_visible()
    expect(card(page).get_by_role("radio", name="7")).to_be_checked()
    visitor.set_offline(False)
    expect(card(page).get_by_role("textbox")).to_be_visible()
    expect(card(page).get_by_text("No connection.")).to_have_count(0)
    lost: list[int] = []

    def lose_the_answer(route: Route) -> None:
        reply = route.fetch()
        if lost:
            route.fulfill(response=reply)
        else:
            lost.append(reply.status)
            route.abort()

    page.route(ANSWER, lose_the_answer)
    card(page).get_by_role("textbox").fill("Slow")
    button = card(page).get_by_role("button", name="Send")
    button.dblclick()
    expect(card(page).get_by_text("Thank you.")).to_be_visible()
    assert lost == [200]
    found = [row["event"] for row in told(shop, "Survey Answered")]
    assert found.count("Survey Answered") == found.count("Survey Partly Answered") == 1


def test_a_survey_that_was_closed_meanwhile_says_so(
    shop: Shop, visitor: BrowserContext, asked: Asked
) -> None:
    asked.make(OPENED)
    page = visit(visitor, shop)
    choose(page, 7)
    asked.close()
    asked.wait_until_live()
    page.wait_for_timeout(1_200)  # so long the server may hold that it is open
    card(page).get_by_role("button", name="Next").click()
    expect(card(page).get_by_text("no more answers")).to_be_visible()
    card(page).get_by_role("button", name="Close").click()
    expect(card(page)).to_have_count(0)


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_it_fits_a_phone_and_is_read_from_the_right_side(
    shop: Shop, browser: Browser, width: int, language: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 500}, reduced_motion="reduce")
    with surveys_of(shop) as asked:
        asked.make(
            OPENED,
            *ALL,
            language=language,
        )
        page = visit(context, shop)
        for n in range(len(KINDS)):
            expect(card(page).locator(f"[data-question=q{n}]")).to_be_visible()
            box = card(page).bounding_box()
            assert box is not None
            assert 0 <= box["x"] <= width - box["width"]
            assert 0 <= box["y"] <= 500 - box["height"]
            assert card(page).locator(".body").evaluate("(one) => one.scrollWidth <= one.clientWidth"), n
            card(page).locator("button[value=next]").click()
        assert card(page).evaluate("(one) => getComputedStyle(one).direction") == (
            "rtl" if language == "ar" else "ltr"
        )
    context.close()
