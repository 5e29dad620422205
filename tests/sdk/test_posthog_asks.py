"""posthog-js as npm brings it asks one of our surveys, and what is answered is ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from obverse.surveys.survey import Survey
from tests.sdk.foreign_shop import MODULES, counted, history, js, shop, wait_for

if TYPE_CHECKING:
    from tests.conftest import Server

pytestmark = pytest.mark.browser
BUNDLE = MODULES / "posthog-js" / "dist" / "array.full.no-external.js"
SHIM = "window.posthog = []; posthog._i = [];"
SURVEY = {
    "name": "After buying",
    "questions": [
        {"type": "nps", "id": "nps", "text": "How likely are you to recommend us?", "required": True},
        {
            "type": "single",
            "id": "what",
            "text": "What mattered most?",
            "options": [{"id": "price", "text": "The price"}, {"id": "speed", "text": "<b>How fast</b>"}],
            "other": "Something else",
        },
        {"type": "long_text", "id": "why", "text": "Why?"},
    ],
    "moments": [{"on": "event", "id": "bought", "event": "Order Completed"}],
    "repeat": {"how": "once", "rests": False},
    "thanks": "Thanks a lot.",
}


@pytest.fixture(scope="module")
def survey_id(server: Server) -> str:
    """A live survey."""
    with server.settings() as settings:
        key = settings.surveys.create("After buying", Survey.from_json(json.dumps(SURVEY)).to_json()).id
        settings.surveys.set_state(key, "live")
    return key


@pytest.fixture(scope="module")
def address(server: Server, survey_id: str) -> Iterator[str]:
    """The shop with posthog-js, once the server tells it of the survey."""
    with server.anyone() as client:
        wait_for(
            lambda: bool(client.get("/api/surveys/", params={"token": server.write_key}).json()["surveys"])
        )
    options = {"api_host": server.address, "opt_out_useragent_filter": True}
    with shop(BUNDLE, f"posthog.init({js(server.write_key)}, {js(options)})", SHIM) as found:
        yield found


def events_of(server: Server, page: Page, *names: str) -> list[dict[str, Any]]:
    """Wait until events of these names have arrived; give all about surveys."""
    who: str = page.evaluate("posthog.get_distinct_id()")

    def found() -> list[dict[str, Any]]:
        return [one for one in history(server, who) if "survey" in one["event"].lower()]

    wait_for(lambda: set(names) <= {one["event"] for one in found()}, lambda: counted(history(server, who)))
    return found()


def open_and_buy(visitor: BrowserContext, address: str) -> Page:
    """Buy something, which calls for the survey."""
    page = visitor.new_page()
    with page.expect_response("**/api/surveys/**"):
        page.goto(address)
    page.wait_for_function("() => posthog.surveys && posthog.getSurveys")
    page.evaluate("posthog.register({ '$feature/price': 'b' })")
    page.evaluate("posthog.capture('Order Completed', { revenue: 12 })")
    return page


def test_it_shows_a_survey_of_ours_and_the_answers_are_events_of_ours(
    server: Server, address: str, visitor: BrowserContext, survey_id: str
) -> None:
    page = open_and_buy(visitor, address)
    asked = page.locator(f".PostHogSurvey-{survey_id}")
    expect(asked.get_by_text("How likely are you to recommend us?")).to_be_visible()
    asked.get_by_role("button", name="9", exact=False).first.click()
    asked.get_by_role("button", name="Submit").click()
    expect(asked.get_by_text("<b>How fast</b>")).to_be_visible()
    asked.get_by_text("<b>How fast</b>").click()
    asked.get_by_role("button", name="Submit").click()
    asked.get_by_role("textbox").fill("It was there the next day")
    asked.get_by_role("button", name="Submit").click()
    expect(asked.get_by_text("Thanks a lot.")).to_be_visible()
    events = events_of(server, page, "Survey Shown", "Survey Answered")
    names = {one["event"] for one in events}
    assert names == {"Survey Shown", "Survey Partly Answered", "Survey Answered"}
    told = next(one for one in events if one["event"] == "Survey Answered")["properties"]
    assert told["answers"] == {"nps": 9, "what": "speed", "why": "It was there the next day"}
    assert told["scores"] == {"nps": 9}
    assert told["variants"] == {"price": "b"}
    assert (told["survey_id"], told["version"], told["moment"]) == (survey_id, 1, "bought")
    assert (told["place"], told["original_event"]) == ("page", "survey sent")
    assert len({one["properties"]["submission_id"] for one in events}) == 1
    assert "$survey_response" not in json.dumps(events)


def test_closing_it_is_an_event_of_ours(
    server: Server, address: str, visitor: BrowserContext, survey_id: str
) -> None:
    page = open_and_buy(visitor, address)
    asked = page.locator(f".PostHogSurvey-{survey_id}")
    expect(asked.get_by_text("How likely are you to recommend us?")).to_be_visible()
    asked.get_by_role("button", name="Close survey").click()
    names = {one["event"] for one in events_of(server, page, "Survey Dismissed")}
    assert names == {"Survey Shown", "Survey Dismissed"}


@pytest.mark.usefixtures("address")
def test_an_answer_that_nobody_can_give_is_refused_and_counted(server: Server, survey_id: str) -> None:
    def sent(**properties: Any) -> dict[str, Any]:
        told = {"distinct_id": "forger", "$device_id": "forger", "$survey_id": survey_id, **properties}
        body = {"api_key": server.write_key, "event": "survey sent", "properties": told}
        with server.anyone() as client:
            answer: dict[str, Any] = client.post("/i/v0/e/", json=body).json()
        return answer

    first = {"$survey_iteration_start_date": "version 1"}
    assert sent(**first, **{"$survey_response_nps": 10})["accepted"] == 1
    for wrong in (
        first | {"$survey_response_nps": 11},
        first | {"$survey_response_nps": 10, "$survey_response_what": ["speed"]},
        {"$survey_iteration_start_date": "version 9", "$survey_response_nps": 10},
        {"$survey_response_nps": 10},
    ):
        assert "wrong_answer" in json.dumps(sent(**wrong)), wrong
    with server.anyone() as client:
        body = {"api_key": server.write_key, "event": "Survey Answered"}
        forged = body | {"properties": {"distinct_id": "forger", "survey_id": survey_id}}
        assert "not_asked" in client.post("/i/v0/e/", json=forged).text


def test_the_surveys_page_says_whether_it_is_asked_there_and_why_not(server: Server, survey_id: str) -> None:
    other = SURVEY | {"name": "Ease", "questions": [{"type": "sus", "id": "ease", "text": "How was it?"}]}
    with server.settings() as settings:
        key = settings.surveys.create("Ease", Survey.from_json(json.dumps(other)).to_json()).id
    with server.client() as client:
        assert "and by posthog-js where that is" in client.get(f"/surveys/{survey_id}").text
        why = "ease: the client has no question of this kind"
        assert f"posthog-js does not show it: <bdi>{why}</bdi>" in client.get(f"/surveys/{key}").text
