"""A survey over a page where there is little room, words are long, and people go back and forth."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from obverse.measure.responses import Responses, ResponsesAnswer
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.sdk.asked import NPS, OPENED, WHY, card, surveys_of, visit
from tests.sdk.shop import Shop
from tests.sdk.test_surveys_card import told

pytestmark = pytest.mark.browser
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
KEYBOARD = """
    const seen = Object.assign(new EventTarget(), { scale: 1, offsetTop: 0, height: 640 });
    Object.defineProperty(window, "visualViewport", { value: seen });
"""
"""Puts what a phone says of a keyboard on the screen into the test's hand."""


def inside(page: Page, name: str, height: int) -> bool:
    """Tell whether the element with the focus is the one of a name, and wholly above a height."""
    script = """([name, height]) => {
        const one = document.querySelector("obverse-survey").shadowRoot.activeElement;
        const { top, bottom } = one.getBoundingClientRect();
        return one.matches(name) && top >= 0 && bottom <= height;
    }"""
    return bool(page.evaluate(script, [name, height]))


def test_it_can_be_answered_at_four_times_the_size_with_long_words_and_a_keyboard_on_the_screen(
    shop: Shop, browser: Browser
) -> None:
    small: Any = {"width": 320, "height": 256}  # what 1280 by 1024 is at 400 %: WCAG 2.2, 1.4.10
    context = browser.new_context(viewport=small, reduced_motion="reduce", locale="de")
    context.add_init_script(KEYBOARD)
    options = [{"id": f"o{n}", "text": f"{LONG}{n}"} for n in range(6)]
    which = {
        "type": "single",
        "id": "which",
        "text": f"Was ist eine {LONG}?",
        "options": options,
        "other": LONG,
    }
    with surveys_of(shop) as asked:
        asked.make(OPENED, which, WHY, language="de", thanks=LONG * 2)
        page = visit(context, shop)
        expect(card(page)).to_be_visible()
        body = card(page).locator(".body")
        box = card(page).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= 320
        assert box["y"] + box["height"] <= 256
        assert body.evaluate("(one) => one.scrollWidth <= one.clientWidth")
        page.keyboard.press("F6")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        assert inside(page, "[type=text]", 256)
        page.keyboard.press("Tab")
        assert inside(page, "button[value=next]", 256)
        page.keyboard.press("Enter")
        text = card(page).get_by_role("textbox")
        expect(text).to_be_visible()
        page.set_viewport_size({"width": 320, "height": 640})
        text.focus()
        page.evaluate("visualViewport.height = 260; visualViewport.dispatchEvent(new Event('resize'))")
        assert inside(page, "textarea", 260)
        above = card(page).bounding_box()
        assert above is not None
        assert above["y"] + above["height"] <= 260
        page.keyboard.type("Kurz")
        card(page).get_by_role("button", name="Absenden").click()
        expect(card(page).get_by_text(LONG)).to_be_visible()
        assert body.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    context.close()


def test_going_on_and_back_asks_nobody_twice_and_loses_no_answer(shop: Shop, browser: Browser) -> None:
    keeps = browser.browser_type.launch(
        executable_path=CHROMIUM,
        args=list(CHROMIUM_FLAGS),
        ignore_default_args=["--disable-back-forward-cache"],  # as people's browsers have it
    )
    context = keeps.new_context()
    with surveys_of(shop) as asked:
        key = asked.make(OPENED, NPS, WHY, repeat={"how": "once"})
        page = visit(context, shop)
        page.evaluate("window.mark = 'the same page'")
        card(page).get_by_role("radio", name="7", exact=True).check()
        card(page).get_by_role("button", name="Next").click()
        card(page).get_by_role("textbox").fill("Half a sentence")
        page.goto(f"{shop.address}/mug")
        expect(card(page)).to_have_count(0)
        page.go_back(wait_until="commit")  # what comes back from memory is not loaded
        text = card(page).get_by_role("textbox")
        expect(text).to_have_value("Half a sentence")
        assert page.evaluate("window.mark") == "the same page"
        card(page).get_by_role("button", name="Send").click()
        expect(card(page).get_by_text("Thank you.")).to_be_visible()
        found = [row["event"] for row in told(shop, "Survey Answered", "Survey Abandoned")]
        answer = shop.lake.ask(Responses(survey=key))
        assert isinstance(answer, ResponsesAnswer)
        reached = answer.everyone
        assert (reached.answered.submissions, reached.abandoned.submissions) == (1, 0), "they came back"
        assert found.count("Survey Shown") == found.count("Survey Answered") == 1
    keeps.close()
