"""Deciding: what may never happen, whatever the surveys, the people and their past."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.surveys.deciding import DAY_US, Decision, decide, lot, share_of
from obverse.surveys.facts import NEVER, Asking, Call, Person, Progress, Running
from obverse.surveys.moment import Visited
from obverse.surveys.question import Nps
from obverse.surveys.reasons import Reason
from obverse.surveys.survey import Audience, Repeat, Survey

NOW = 20_000 * DAY_US
NOBODY, NEW = Person(1, {}, {}), Progress()


def running(key: str = "s1", state: Any = "live", **fields: Any) -> Running:
    """Make a survey that a page calls for."""
    asked = {"name": key, "questions": (Nps(id="q1", text="?"),), "moments": (Visited(id="m1"),)}
    times = {name: fields.pop(name) for name in ("starts_at", "ends_at") if name in fields}
    return Running(key, 1, state, Survey(**(asked | fields)), **times)


def reason(one: Running, person: Person = NOBODY, progress: Progress = NEW, **call: Any) -> Reason:
    """Decide on one survey alone, with a rest of two weeks."""
    return decide([Call(one, "m1", **call)], person, {one.id: progress}, 14, NOW).reasons[one.id]


def asked(days_ago: float, key: str = "s1", **fields: Any) -> Person:
    """Make somebody who was asked so long ago."""
    return Person(1, {key: Asking(round(NOW - days_ago * DAY_US), **fields)}, {})


def reserved(*keys: str) -> Person:
    """Make somebody who was given surveys just now."""
    return Person(1, {}, {}, frozenset(keys))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (reason(running()), Reason.SHOWN),
        (reason(running(state="draft")), Reason.NOT_LIVE),
        (reason(running(state="imported")), Reason.NOT_LIVE),
        (reason(running(state="paused")), Reason.PAUSED),
        (reason(running(state="closed")), Reason.CLOSED),
        (reason(running(starts_at=NOW + 1)), Reason.NOT_STARTED),
        (reason(running(starts_at=NOW, ends_at=NOW + 1)), Reason.SHOWN),
        (reason(running(ends_at=NOW)), Reason.ENDED),
        (reason(running(audience=Audience(wanted=5)), progress=Progress(answered=5)), Reason.ENOUGH),
        (reason(running(audience=Audience(wanted=5)), progress=Progress(answered=4)), Reason.SHOWN),
        (reason(running(places=("link",))), Reason.WRONG_PLACE),
        (reason(running(), asked(999)), Reason.ALREADY_SHOWN),
        (reason(running(repeat=Repeat(how="always")), asked(29)), Reason.ASKED_RECENTLY),
        (reason(running(repeat=Repeat(how="always")), asked(30)), Reason.SHOWN),
        (reason(running(repeat=Repeat(how="until_answered")), asked(31)), Reason.SHOWN),
        (
            reason(running(repeat=Repeat(how="until_answered")), asked(31, answered_at=5)),
            Reason.ALREADY_ANSWERED,
        ),
        (
            reason(running(repeat=Repeat(how="until_answered"), anonymous=True), asked(31)),
            Reason.ALREADY_SHOWN,
        ),
        (reason(running(), asked(13.9, "other")), Reason.RESTING),
        (reason(running(), asked(14, "other")), Reason.SHOWN),
        (reason(running(repeat=Repeat(rests=False)), asked(0, "other")), Reason.SHOWN),
        (reason(running(), reserved("s1")), Reason.RESERVED),
        (reason(running(), reserved("other")), Reason.RESERVED),
        (reason(running(repeat=Repeat(rests=False)), reserved("other")), Reason.SHOWN),
        (reason(running(repeat=Repeat(rests=False)), reserved("s1", "other")), Reason.RESERVED),
        (reason(running(audience=Audience(segment="vip"))), Reason.SEGMENT_NOT_READY),
        (
            reason(running(audience=Audience(segment="vip")), Person(1, {}, {"vip": False})),
            Reason.NOT_IN_SEGMENT,
        ),
        (
            reason(running(audience=Audience(segment="vip")), Person(1, {}, {"vip": Reason.SEGMENT_UNKNOWN})),
            Reason.SEGMENT_UNKNOWN,
        ),
        (reason(running(audience=Audience(segment="vip")), Person(1, {}, {"vip": True})), Reason.SHOWN),
        (reason(running(), stopped=Reason.FILTER_NOT_MET), Reason.FILTER_NOT_MET),
        (reason(running(audience=Audience(a_day=3)), progress=Progress(today=3)), Reason.DAILY_LIMIT),
        (reason(running(audience=Audience(share=1e-9))), Reason.NOT_PICKED),
        # The first gate is the one that is named.
        (reason(running(state="paused", places=("link",)), asked(1)), Reason.PAUSED),
        (reason(running(), asked(1), stopped=Reason.WRONG_PAGE), Reason.ALREADY_SHOWN),
        (
            reason(running(audience=Audience(segment="vip")), stopped=Reason.WRONG_PAGE),
            Reason.SEGMENT_NOT_READY,
        ),
        (reason(running(audience=Audience(share=1e-9)), stopped=Reason.WRONG_PAGE), Reason.WRONG_PAGE),
    ],
)
def test_each_gate_stops_what_it_is_for(found: Reason, expected: Reason) -> None:
    assert found is expected


def test_something_that_happened_elsewhere_is_asked_about_once() -> None:
    again = running(repeat=Repeat(how="always", after_days=0, rests=False))
    assert reason(again, asked(2), came_at=NOW - 3 * DAY_US) is Reason.NO_MOMENT
    assert reason(again, asked(2), came_at=NOW - DAY_US) is Reason.SHOWN


def test_a_survey_is_shown_where_one_of_its_moments_counts() -> None:
    one = running()
    calls = [Call(one, "m1", Reason.FILTER_NOT_MET), Call(one, "m2"), Call(one, "m3")]
    found = decide(calls, NOBODY, {}, 14, NOW)
    assert found.reasons == {"s1": Reason.SHOWN}
    assert found.shown == calls[1]


def test_every_reason_has_its_own_sentence() -> None:
    assert len({one.meaning for one in Reason}) == len(Reason)
    assert all(one.meaning.endswith(".") for one in Reason)


SURVEYS = st.builds(
    running,
    key=st.sampled_from("abcde"),
    state=st.sampled_from(["live", "live", "live", "paused"]),
    priority=st.integers(-2, 2),
    anonymous=st.booleans(),
    repeat=st.builds(
        Repeat,
        how=st.sampled_from(["once", "until_answered", "always"]),
        after_days=st.sampled_from([0, 1, 30]),
        rests=st.booleans(),
    ),
    audience=st.builds(
        Audience,
        segment=st.sampled_from(["", "vip"]),
        share=st.sampled_from([0.3, 1.0]),
        a_day=st.integers(0, 3),
        wanted=st.sampled_from([0, 0, 50]),
    ),
    ends_at=st.sampled_from([NEVER, NOW + 10 * DAY_US]),
)
ASKINGS = st.builds(
    Asking,
    asked_at=st.integers(NOW - 40 * DAY_US, NOW + DAY_US),
    answered_at=st.sampled_from([NEVER, NOW - DAY_US]),
)
PEOPLE = st.builds(
    Person,
    unit=st.integers(0, 1 << 62),
    asked=st.dictionaries(st.sampled_from("abcdez"), ASKINGS, max_size=4),
    segments=st.sampled_from([{}, {"vip": True}, {"vip": False}]),
)
PROGRESS = st.builds(
    Progress,
    asked=st.integers(0, 100),
    answered=st.integers(0, 60),
    answered_here=st.integers(0, 60),
    today=st.integers(0, 4),
    people=st.floats(0, 1e6),
    watched_s=st.floats(0, 1e6),
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Call], Person, dict[str, Progress]]:
    """Draw what somebody may come into."""
    surveys = {one.id: one for one in draw(st.lists(SURVEYS, max_size=6))}
    stopped = st.sampled_from([None, None, Reason.WRONG_PAGE, Reason.FILTER_NOT_MET])
    picked = draw(st.lists(st.sampled_from(sorted(surveys)), max_size=8)) if surveys else []
    calls = [Call(surveys[key], f"m{at}", draw(stopped)) for at, key in enumerate(picked)]
    return calls, draw(PEOPLE), {key: draw(PROGRESS) for key in surveys}


def judged(situation: tuple[list[Call], Person, dict[str, Progress]], rest: float = 14) -> Decision:
    """Decide."""
    calls, person, progress = situation
    return decide(calls, person, progress, rest, NOW)


@given(situations())
@settings(max_examples=400)
def test_every_survey_has_one_reason_and_at_most_one_is_shown(situation: Any) -> None:
    found = judged(situation)
    assert set(found.reasons) == {call.running.id for call in situation[0]}
    shown = [key for key, why in found.reasons.items() if why is Reason.SHOWN]
    assert shown == ([found.shown.running.id] if found.shown else [])
    assert judged(situation) == found
    assert 0 < found.share <= 1


@given(situations(), st.sampled_from([0, 0.5, 14]))
@settings(max_examples=400)
def test_who_is_shown_a_survey_may_be(situation: Any, rest: float) -> None:
    _, person, progress = situation
    shown = judged(situation, rest).shown
    if shown is None:
        return
    one, asked_before = shown.running, person.asked.get(shown.running.id)
    assert one.state == "live"
    assert shown.stopped is None
    if one.survey.repeat.rests and rest:
        assert all(NOW - each.asked_at >= rest * DAY_US for each in person.asked.values())
    if asked_before:
        assert one.survey.repeat.how != "once"
        days = one.survey.repeat.after_days
        assert not days or NOW - asked_before.asked_at >= days * DAY_US
    if one.survey.repeat.how == "until_answered" and asked_before:
        assert asked_before.answered_at == NEVER
    if one.survey.audience.a_day:
        assert progress[one.id].today < one.survey.audience.a_day
    if one.survey.audience.wanted:
        assert progress[one.id].answered < one.survey.audience.wanted
    assert not one.survey.audience.segment or person.segments["vip"] is True
    assert lot(one.id, person.unit) < share_of(one, progress[one.id], NOW)


@given(situations())
@settings(max_examples=300)
def test_the_highest_priority_of_those_that_could_be_shown_is_shown(situation: Any) -> None:
    found = judged(situation)
    surveys = {call.running.id: call.running.survey for call in situation[0]}
    could = [key for key, why in found.reasons.items() if why in (Reason.SHOWN, Reason.OUTRANKED)]
    if found.shown:
        assert found.shown.running.survey.priority == max(surveys[key].priority for key in could)
    assert bool(could) == (found.shown is not None)


@given(situations(), st.randoms(use_true_random=False))
def test_the_order_of_surveys_decides_nothing(situation: Any, chance: random.Random) -> None:
    calls, person, progress = situation
    one_each = list({call.running.id: call for call in calls}.values())
    mixed = chance.sample(one_each, len(one_each))
    assert judged((one_each, person, progress)).reasons == judged((mixed, person, progress)).reasons


def test_a_share_of_people_is_picked_and_always_the_same() -> None:
    one = running(audience=Audience(share=0.25))
    picked = {unit for unit in range(20_000) if reason(one, Person(unit, {}, {})) is Reason.SHOWN}
    assert abs(len(picked) / 20_000 - 0.25) < 0.0125  # four standard errors
    wider = running(audience=Audience(share=0.5))
    assert all(reason(wider, Person(unit, {}, {})) is Reason.SHOWN for unit in picked)


def test_surveys_of_one_priority_part_the_people() -> None:
    calls = [Call(running(key), "m1") for key in "abc"]
    shown = Counter[str]()
    for unit in range(3_000):
        found = decide(calls, Person(unit, {}, {}), {}, 14, NOW)
        assert found.shown
        shown[found.shown.running.id] += 1
    assert min(shown.values()) > 850
