"""What is written down of each time of asking: which events, under which ids, with what in them."""

from __future__ import annotations

from typing import Any

import msgspec

from obverse.collect.privacy import Privacy
from obverse.surveys.recording import DAY_US, Recorder
from obverse.surveys.sheet import Answers, Sheet, begin, turn
from obverse.surveys.survey import Survey
from obverse.surveys.ticket import Ticket
from tests.surveys.samples import ANSWERS, all_kinds
from tests.surveys.test_branching import sent

NOW = 20_000 * DAY_US + 12_345_678
TICKET = Ticket(
    survey_id="s1",
    version=3,
    submission_id="x",
    asked_at=NOW,
    place="page",
    moment="bought",
    language="de",
    share=0.5,
    anonymous_id="a1",
    user_id="u1",
    session_id="v1",
    page={"path": "/done", "url": "https://shop.example/done"},
    event={"order": "o-77"},
    variants={"price": "b"},
)


def step(survey: Survey, sheet: Sheet, put: dict[str, list[str]]) -> Sheet:
    return turn(survey, sent(sheet, put))


def said(event: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(event.properties)
    return found


def test_the_first_step_says_that_it_was_shown_and_begun() -> None:
    survey = all_kinds()
    recorder = Recorder(survey, TICKET, Privacy())
    one = step(survey, begin(survey), {"q.nps": ["9"]})
    assert [(event.event, event.message_id) for event in recorder.of_step(one, NOW)[:2]] == [
        ("Survey Shown", "survey:x:shown"),
        ("Survey Started", "survey:x:started"),
    ]
    assert [event.event for event in recorder.of_step(step(survey, one, {}), NOW)] == [
        "Survey Partly Answered"
    ]


def test_the_same_step_has_the_same_id_and_a_change_of_mind_another() -> None:
    survey = all_kinds()
    recorder = Recorder(survey, TICKET, Privacy())

    def mark(score: str) -> str:
        return recorder.of_step(step(survey, begin(survey), {"q.nps": [score]}), NOW)[-1].message_id

    assert mark("9") == mark("9") != mark("8")
    later = Answers({"nps": 1})
    assert (
        recorder.of_answers(Answers({"nps": 9}), NOW).message_id == recorder.of_answers(later, NOW).message_id
    )


def test_an_answer_says_who_where_when_and_what() -> None:
    survey = all_kinds()
    event = Recorder(survey, TICKET, Privacy()).of_answers(Answers(ANSWERS, {"multiple": "x"}), NOW, 4.5)
    assert (event.time, event.received_at, event.source, event.touchpoint) == (NOW, NOW, "surveys", "web")
    assert (event.anonymous_id, event.user_id, event.session_id) == ("a1", "u1", "v1")
    assert msgspec.json.decode(event.context) == {"page": TICKET.page}
    assert said(event) == {
        "survey_id": "s1",
        "survey": "All kinds",
        "version": 3,
        "submission_id": "x",
        "place": "page",
        "moment": "bought",
        "language": "de",
        "share": 0.5,
        "variants": {"price": "b"},
        "answers": ANSWERS,
        "others": {"multiple": "x"},
        "scores": said(event)["scores"],
        "seconds": 4.5,
    }


def test_answers_are_about_the_touchpoint_that_the_survey_names() -> None:
    recorder = Recorder(all_kinds(touchpoint="delivery"), TICKET, Privacy())
    assert recorder.of("shown", NOW).touchpoint == "delivery"


def test_of_an_anonymous_survey_nothing_leads_to_the_person_whatever_the_ticket_says() -> None:
    recorder = Recorder(all_kinds(anonymous=True), TICKET, Privacy())
    for event in (recorder.of("shown", NOW), recorder.of_answers(Answers(ANSWERS), NOW)):
        text = msgspec.json.encode(event).decode()
        assert not [one for one in ("a1", "u1", "v1", "/done", "o-77", 'price":"b') if f'"{one}' in text]
        assert event.anonymous_id == "survey-x"
        assert event.time == event.received_at == NOW - NOW % DAY_US


def test_privacy_holds_for_answers_too() -> None:
    privacy = Privacy(drop_properties=("variants",), drop_context=("page",))
    event = Recorder(all_kinds(), TICKET, privacy).of("shown", NOW)
    assert "variants" not in said(event)
    assert event.context == "{}"


def test_somebody_who_is_not_known_has_an_id_of_their_own() -> None:
    nobody = msgspec.structs.replace(TICKET, anonymous_id=None, user_id=None)
    event = Recorder(all_kinds(), nobody, Privacy()).of("dismissed", NOW, "nps", 1.0)
    assert (event.anonymous_id, event.user_id, event.session_id) == ("survey-x", None, None)
    assert (said(event)["question"], said(event)["seconds"]) == ("nps", 1.0)
