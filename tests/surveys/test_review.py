"""What is said about a survey before anybody is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from obverse.errors import QuestionError
from obverse.surveys.question import Sus
from obverse.surveys.rendering import Form, render
from obverse.surveys.review import first_error, review
from obverse.surveys.sheet import begin
from obverse.surveys.survey import Survey
from tests.surveys.asked import NPS

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def found(**changes: Any) -> dict[str, tuple[str, str]]:
    """Review the survey with some fields changed: level and text by field."""
    survey = Survey.from_json(msgspec.json.encode(NPS | changes))
    return {one.field: (one.level, one.text) for one in review(survey, ("Buyers",), NOW)}


def question(**changes: Any) -> list[dict[str, Any]]:
    first, second, third = NPS["questions"]
    return [first, second | changes, third]


def test_a_sound_survey_has_nothing_to_say_of_it() -> None:
    assert found(audience={"segment": "Buyers"}, ends="2026-07-01") == {}


def test_a_survey_over_pages_needs_a_moment() -> None:
    assert found(moments=[])["moments"][0] == "error"
    assert found(moments=[], places=["link"]) == {}
    assert found(places=["link"])["places"][0] == "warning"
    assert found(places=[], moments=[])["places"][0] == "error"


def test_the_nearest_segment_is_named() -> None:
    assert found(audience={"segment": "Buyer"})["audience.segment"] == (
        "error",
        "unknown segment 'Buyer'; did you mean 'Buyers'?",
    )


def test_an_end_lies_ahead() -> None:
    assert found(ends="2026-05-31")["ends"][0] == "error"
    assert found(ends="2026-06-01T00:00Z")["ends"][0] == "error"
    assert "ends" not in found(ends="2026-06-01T00:01")


def test_a_filter_of_a_moment_is_read() -> None:
    wrong = found(moments=[{"on": "event", "id": "m", "event": "E", "where": "price >"}])
    assert wrong["moments.0.where"][0] == "error"


def test_a_branch_names_options_and_numbers_that_there_are() -> None:
    branches = [
        {"to": "end", "any_of": ["cost"]},
        {"to": "why", "at_least": 3},
        {"to": "end", "none_of": ["price", "cost"]},
        {"to": "end", "contains": "price"},
    ]
    wrong = found(questions=question(branches=branches))
    assert wrong["questions.1.branches.0.any_of"][1] == "unknown option 'cost'; known: other, price, speed"
    assert wrong["questions.1.branches.2.none_of"][1] == "unknown option 'cost'; known: other, price, speed"
    assert wrong["questions.1.branches.3.contains"] == ("error", "the answer to this question is no text")
    assert wrong["questions.1.branches.1.at_least"] == ("error", "the answer to this question is no number")


def test_a_question_without_a_way_to_it_is_found() -> None:
    assert found(questions=question(branches=[{"to": "end"}]))["questions.2"][0] == "warning"
    some = question(branches=[{"to": "end", "any_of": ["price"]}])
    assert found(questions=some) == {}
    first, second, third = NPS["questions"]
    skipped = [first | {"branches": [{"to": "why", "answered": True}]}, second, third]
    assert list(found(questions=skipped)) == ["questions.1"]  # the first is required, so always answered


def test_a_branch_after_one_that_always_fits_is_never_taken() -> None:
    late = question(branches=[{"to": "why"}, {"to": "end", "any_of": ["price"]}])
    assert found(questions=late)["questions.1.branches.1"][0] == "warning"


def test_a_translation_says_what_is_missing_in_it() -> None:
    level, text = found(translations={"de": {"thanks": "Danke.", "nothing.text": "?"}})["translations.de"]
    assert (level, text) == ("warning", "translates 'nothing.text', of which there are no words here")
    level, text = found(translations={"de": {"thanks": "Danke."}})["translations.de"]
    assert text.startswith("not translated: recommend.text, recommend.low, recommend.high and 5 more")


def test_an_id_of_an_option_is_its_own() -> None:
    options = [{"id": "price", "text": "A"}, {"id": "price", "text": "B"}, {"id": "other", "text": "C"}]
    wrong = found(questions=question(options=options))
    assert set(wrong) == {"questions.1.options.1.id", "questions.1.options.2.id"}


def test_all_errors_are_named_at_once() -> None:
    survey = Survey.from_json(msgspec.json.encode(NPS | {"moments": [], "ends": "2026-01-01"}))
    with pytest.raises(QuestionError, match=r"^moments: .*; ends: .*over already"):
        first_error(review(survey, (), NOW))


def test_items_of_an_instrument_are_translated_by_their_number_and_also_in_the_survey_s_own_language() -> (
    None
):
    questions = (Sus(id="sus", text="Was denken Sie?"),)
    german = {f"sus.{n}": f"Aussage {n}" for n in range(1, 11)}
    told = found(questions=questions, language="de", translations={"de": german | {"words.next": "Los"}})
    assert "translations.de" not in told
    survey = Survey(name="SUS", questions=questions, language="de", translations={"de": german})
    html = render(survey, begin(survey), Form(action="/", language="de"))
    assert all(text in html for text in german.values())
    assert "this system" not in html
    del german["sus.3"]
    level, text = found(questions=questions, language="de", translations={"de": german})["translations.de"]
    assert (level, text) == ("warning", "not translated: sus.3; these are shown in English")
