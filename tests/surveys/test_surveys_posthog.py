"""PostHog's client asks what it can ask as it is meant, and what it sends is checked against the version."""

from __future__ import annotations

import json
from typing import Any

import pytest

from obverse.settings.surveys import SavedSurvey
from obverse.surveys import posthog
from obverse.surveys.checking import AnswerError
from obverse.surveys.facts import Running
from obverse.surveys.survey import Survey

NPS = {"type": "nps", "id": "nps", "text": "How likely?", "required": True}
WHAT = {
    "type": "multiple",
    "id": "what",
    "text": "What?",
    "options": [{"id": "price", "text": "The price"}, {"id": "speed", "text": "The speed"}],
    "other": "More",
}
OPENED = {"on": "page", "id": "opened", "page": "/shoes/*", "delay_s": 5}
BOUGHT = {"on": "event", "id": "bought", "event": "Order Completed"}


def survey(*questions: dict[str, Any], **fields: Any) -> Survey:
    told = {"name": "Shop", "questions": list(questions) or [NPS, WHAT], "moments": [OPENED], **fields}
    return Survey.from_json(json.dumps(told))


def listed(made: Survey, rest_days: float = 0) -> dict[str, Any] | None:
    saved = SavedSurvey("s1", made.name, "live", 3, made.to_json(), 0, 0)
    return posthog.told(Running.of(saved), rest_days)


def test_a_survey_is_told_in_the_shape_of_the_api() -> None:
    told = listed(survey(theme={"accent": "#112233", "corner": "bottom-left"}))
    assert told is not None
    assert told["questions"] == [
        {
            "id": "nps",
            "question": "How likely?",
            "description": None,
            "descriptionContentType": "text",
            "optional": False,
            "type": "rating",
            "display": "number",
            "scale": 10,
            "lowerBoundLabel": "Not at all likely",
            "upperBoundLabel": "Extremely likely",
        },
        {
            "id": "what",
            "question": "What?",
            "description": None,
            "descriptionContentType": "text",
            "optional": True,
            "type": "multiple_choice",
            "choices": ["The price", "The speed", "More"],
            "hasOpenChoice": True,
            "shuffleOptions": False,
        },
    ]
    assert (told["id"], told["type"], told["schedule"]) == ("s1", "popover", "once")
    assert told["conditions"]["urlMatchType"] == "regex"
    assert told["appearance"]["surveyPopupDelaySeconds"] == 5
    assert told["appearance"]["position"] == "left"
    assert told["appearance"]["submitButtonTextColor"] == "#ffffff"


def test_events_go_by_the_names_that_the_client_has_for_them() -> None:
    rage = {"on": "event", "id": "rage", "event": "Rage Clicked"}
    told = listed(survey(moments=[BOUGHT, rage]))
    assert told is not None
    values = told["conditions"]["events"]["values"]
    assert values == [{"name": "Order Completed"}, {"name": "$rageclick"}]
    assert "url" not in told["conditions"]


def test_the_rest_period_and_the_days_between_two_times_are_the_clients_wait() -> None:
    once = listed(survey(), rest_days=14)
    assert once is not None
    assert once["conditions"]["seenSurveyWaitPeriodInDays"] == 14
    again = listed(survey(repeat={"how": "always", "after_days": 60}), rest_days=14)
    assert again is not None
    assert (again["schedule"], again["conditions"]["seenSurveyWaitPeriodInDays"]) == ("always", 60)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (survey({"type": "sus", "id": "s", "text": "?"}), "no question of this kind"),
        (survey({"type": "rating", "id": "r", "text": "?", "points": 4}), "no scale of 4 points"),
        (survey({"type": "csat", "id": "c", "text": "?", "points": 7, "style": "emoji"}), "7 faces"),
        (survey(WHAT | {"at_most": 1}), "limit how many"),
        (survey(WHAT | {"options": [{"id": "a", "text": "X"}, {"id": "b", "text": "X"}]}), "the same words"),
        (survey(NPS | {"text": "Why {answers.nps}?"}), "places to fill"),
        (survey(NPS | {"branches": [{"to": "end", "at_least": 9}]}, WHAT), "cannot branch so"),
        (survey(anonymous=True), "anonymous"),
        (survey(audience={"segment": "Vips"}), "segment"),
        (survey(audience={"share": 0.5}), "share of people"),
        (survey(audience={"a_day": 5}), "so many people"),
        (survey(repeat={"how": "until_answered"}), "until somebody has answered"),
        (survey(moments=[{"on": "leaving", "id": "l"}]), "none of its moments"),
        (survey(moments=[BOUGHT | {"where": "properties.total > 5"}]), "none of its moments"),
        (survey(places=["link"]), "not asked over a page"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_the_client_cannot_ask_as_it_is_meant_is_not_offered_and_said(made: Survey, why: str) -> None:
    assert why in posthog.unfit(made)
    assert listed(made) is None


@pytest.mark.parametrize(
    "branches",
    [
        [{"to": "why", "any_of": ["price"]}, {"to": "end"}],
        [{"to": "end", "none_of": ["price"]}, {"to": "why", "any_of": ["price"]}],
    ],
)
def test_branches_by_option_are_the_clients_branches(branches: list[dict[str, Any]]) -> None:
    only = {"type": "single", "id": "only", "text": "?", "options": WHAT["options"]}
    told = listed(
        survey(only | {"branches": branches}, WHAT, {"type": "short_text", "id": "why", "text": "?"})
    )
    assert told is not None
    assert told["questions"][0]["branching"] == {
        "type": "response_based",
        "responseValues": {"0": 2, "1": "end"},
    }


def test_answers_come_by_our_ids_with_what_was_filled_in_and_the_score() -> None:
    fields = {
        "$survey_response_nps": 9,
        "$survey_response_what": ["The speed", "Its smell"],
        "$survey_completed": True,
        "$feature/price": "b",
    }
    assert posthog.taken("survey sent", survey(), fields) == (
        "Survey Answered",
        {
            "language": "en",
            "variants": {"price": "b"},
            "answers": {"nps": 9, "what": ["speed", "other"]},
            "others": {"what": "Its smell"},
            "scores": {"nps": 9},
        },
    )


def test_an_answer_on_the_way_is_partly_and_closing_after_it_abandons() -> None:
    fields = {"$survey_response_nps": 9, "$survey_completed": False}
    event, told = posthog.taken("survey sent", survey(), fields)
    assert (event, told["question"], told["answers"]) == ("Survey Partly Answered", "nps", {"nps": 9})
    event, told = posthog.taken("survey dismissed", survey(), fields)
    assert (event, told) == ("Survey Abandoned", {"language": "en", "question": "nps"})
    assert posthog.taken("survey dismissed", survey(), {})[0] == "Survey Dismissed"


@pytest.mark.parametrize(
    ("question", "value"),
    [("nps", 11), ("nps", "9"), ("nps", True), ("what", "The speed"), ("what", [{"a": 1}]), ("what", [7])],
)
def test_an_answer_that_breaks_its_questions_rule_is_none(question: str, value: object) -> None:
    plain = {name: field for name, field in WHAT.items() if name != "other"}
    with pytest.raises(AnswerError, match=question):
        posthog.taken("survey sent", survey(NPS, plain), {f"$survey_response_{question}": value})


def test_the_version_comes_back_in_the_field_that_the_client_only_hands_on() -> None:
    told = listed(survey())
    assert told is not None
    assert posthog.version_of({"$survey_iteration_start_date": told["current_iteration_start_date"]}) == 3
    with pytest.raises(ValueError, match="invalid literal"):
        posthog.version_of({})
