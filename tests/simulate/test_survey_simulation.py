"""The simulated surveys: the right events, biased as they are meant to be, with the truth behind them."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from typing import Any

import numpy as np
import pytest

from obverse.collect.segment import accept
from obverse.collect.source import Source
from obverse.demo_surveys import ask
from obverse.folder import Folder
from obverse.settings.store import Settings
from obverse.simulate import shop
from obverse.simulate.surveys.asking import ANSWERED, CART, NPS, PARCEL, nps_answer
from obverse.simulate.surveys.messages import SURVEY_IDS
from obverse.simulate.surveys.satisfaction import ABOUT, DELIVERY, WEB
from obverse.simulate.surveys.sentences import BAD
from obverse.surveys.events import SURVEY_EVENTS
from obverse.surveys.question import Csat, LongText, Nps, Single
from obverse.surveys.survey import Survey
from tests.simulate.shops import END, large, micros, small

COMMON = {"survey_id", "survey", "version", "submission_id", "place", "moment", "language", "share"}
MORE = {
    "Survey Shown": set[str](),
    "Survey Started": set[str](),
    "Survey Partly Answered": {"answers", "question"},
    "Survey Answered": {"answers", "seconds"},
    "Survey Abandoned": {"question", "seconds"},
    "Survey Dismissed": {"seconds"},
}


@cache
def told() -> list[dict[str, Any]]:
    """All messages of the large shop's surveys."""
    return [message for body in large().survey_bodies() for message in json.loads(body)["batch"]]


def _nps(scores: Any, weights: Any = None) -> float:
    worth = (scores >= 9).astype(float) - (scores <= 6)
    return float(100 * np.average(worth, weights=weights))


def test_the_same_seed_gives_the_same_bytes() -> None:
    again = shop(3, n_people=300, end=END)
    assert again.survey_bodies() == small().survey_bodies()
    assert b"".join(again.survey_bodies()) != b"".join(shop(4, n_people=300, end=END).survey_bodies())


def test_every_event_has_what_its_kind_has() -> None:
    assert {message["event"] for message in told()} == set(SURVEY_EVENTS)
    for message in told():
        said = set(message["properties"]) - {"scores"}
        assert said == COMMON | MORE[message["event"]], message
        assert "anonymousId" in message or "userId" in message
    ids = [message["messageId"] for message in told()]
    assert len(set(ids)) == len(ids)


def test_each_time_is_told_in_order_with_one_end_at_most() -> None:
    times = defaultdict(list)
    for message in told():
        times[message["properties"]["submission_id"]].append((micros(message["timestamp"]), message["event"]))
    ends = {"Survey Answered", "Survey Abandoned", "Survey Dismissed"}
    for found in times.values():
        events = [event for _, event in sorted(found, key=lambda one: one[0])]
        assert events[0] == "Survey Shown"
        assert sum(event in ends for event in events) <= 1
        assert not ends & set(events[:-1])
        assert max(at for at, _ in found) < END.timestamp() * 1e6
    truth = large().opinions.answers
    assert sorted(times) == sorted(truth["submission_id"].to_pylist())


def test_the_real_collect_accepts_all_of_it() -> None:
    bodies = large().survey_bodies()
    assert [body.received_at for body in bodies] == sorted(body.received_at for body in bodies)
    n, touchpoints = 0, set()
    for body in bodies:
        batch = accept(bytes(body), None, Source("surveys"), body.received_at)
        assert batch.refused == []
        assert len(batch.events) == body.n_events
        n += body.n_events
        touchpoints |= {event.touchpoint for event in batch.events}
    assert n == len(told())
    assert touchpoints == {"web", "app", "support", "delivery"}


def test_answers_fit_the_questions_that_the_demo_asks(folder: Folder) -> None:
    with Settings.open(folder.settings) as settings:
        ask(settings.surveys)
        ask(settings.surveys)
        found = {one.id: Survey.from_json(one.body) for one in settings.surveys.all()}
    assert sorted(found) == sorted(SURVEY_IDS)
    for message in told():
        said = message["properties"]
        assert said["survey"] == found[said["survey_id"]].name
        assert said["share"] == found[said["survey_id"]].audience.share
        for name, value in said.get("answers", {}).items():
            question = found[said["survey_id"]].question(name)
            if isinstance(question, Nps | Csat):
                low, high = (0, 10) if isinstance(question, Nps) else (1, 5)
                assert low <= value <= high
                assert said["scores"] == {name: value}
            elif isinstance(question, Single):
                assert value in {option.id for option in question.options}
            else:
                assert isinstance(question, LongText)
                assert value


def test_who_is_content_answers_so_that_raw_nps_flatters_and_the_true_propensity_mends_it() -> None:
    asked = large().opinions.asked
    of_nps = asked.survey == NPS
    answered = of_nps & (asked.outcome == ANSWERED)
    truth = _nps(asked.score[of_nps])
    raw = _nps(asked.score[answered])
    mended = _nps(asked.score[answered], 1 / asked.propensity[answered])
    assert raw > truth + 8
    assert abs(mended - truth) < 8


def test_propensity_is_the_chance_of_an_answer() -> None:
    asked = large().opinions.asked
    for low in (0.0, 0.25, 0.5):
        some = (asked.propensity >= low) & (asked.propensity < low + 0.25)
        rate, chance = (asked.outcome[some] == ANSWERED).mean(), asked.propensity[some].mean()
        assert rate == pytest.approx(chance, abs=4 * np.sqrt(chance / some.sum()))


def test_satisfaction_follows_what_people_went_through() -> None:
    felt = large().opinions.felt
    marks = felt.marks
    assert (np.diff(marks.person) >= 0).all()
    late = np.flatnonzero((marks.about == DELIVERY) & (marks.effect < 0))
    assert len(late) > 20
    before = felt.at(marks.person[late], marks.at_ms[late] - 1)
    after = felt.at(marks.person[late], marks.at_ms[late])
    assert (after - before).mean() < -0.9
    everyone = large().opinions.people
    expected = nps_answer(everyone["satisfaction"].to_numpy())
    assert everyone["score"].to_pylist() == expected.tolist()
    assert everyone.num_rows == 12_000


def test_feelings_are_those_of_the_marks_before() -> None:
    felt = small().opinions.felt
    marks, end = felt.marks, small().made.calendar.end_ms
    for person in range(40):
        own = [k for k in range(len(marks.person)) if marks.person[k] == person and marks.at_ms[k] <= end]
        total = min(max(sum(float(marks.effect[k]) for k in own), -3.0), 1.2)
        who, at = np.array([person], dtype=np.int32), np.array([end])
        assert felt.at(who, at)[0] == pytest.approx(felt.base[person] + total)
        bad = [k for k in own if marks.effect[k] < 0]
        thinks = (bad or own)[-1] if own else None
        about, effect = felt.on_their_mind(who, at)
        assert about[0] == (-1 if thinks is None else marks.about[thinks])
        assert effect[0] == (0 if thinks is None else marks.effect[thinks])


def test_texts_are_many_and_often_about_another_touchpoint_than_asked() -> None:
    asked = large().opinions.asked
    texts = [text for text in asked.text if text]
    assert len(set(texts)) > 200
    complaints = (asked.survey == CART) & (asked.feels == BAD) & (asked.about >= 0)
    assert (asked.about[complaints] != WEB).mean() > 0.4
    names = large().opinions.answers["about"].to_pylist()
    for text, about, name in zip(asked.text, asked.about.tolist(), names, strict=True):
        assert (about >= 0) <= bool(text)
        assert name == (ABOUT[about] if about >= 0 else None)
        assert text == "" or text[0].isupper()


def test_nobody_is_asked_too_often() -> None:
    answers = large().opinions.answers.to_pylist()
    last: dict[tuple[str, int], Any] = {}
    for row in answers:
        key = (row["survey"], row["person"])
        if key in last:
            assert (row["shown_at"] - last[key]).days >= 14
        last[key] = row["shown_at"]


def test_who_got_an_order_late_is_less_content_with_its_delivery() -> None:
    asked = large().opinions.asked
    parcel = asked.survey == PARCEL
    late = large().made.events.detail[asked.event[parcel]] > 0
    scores = asked.score[parcel]
    assert late.sum() > 10
    assert scores[late].mean() < scores[~late].mean() - 1.5
    sent = [message for message in told() if message["properties"]["survey_id"] == "after-delivery"]
    assert {message["properties"]["place"] for message in sent} == {"link"}
    assert {message["context"]["touchpoint"] for message in sent} == {"delivery"}
    assert len({message["properties"]["submission_id"] for message in sent}) == parcel.sum()
