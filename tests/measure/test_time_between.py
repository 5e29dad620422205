"""Time between two events against plain Python and lifelines, and case by case."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from scipy import stats

from obverse.errors import QuestionError
from obverse.measure import read_question
from obverse.measure.estimate import Estimate, Reason, wilson
from obverse.measure.histogram import bin_of
from obverse.measure.percentile import percentile_s
from obverse.measure.picture import Bars, Line, Lines, Pick
from obverse.measure.protocol import Facts
from obverse.measure.time_between import TimeBetween, TimeBetweenAnswer, TimeBetweenMeasure, TimeBin
from obverse.measure.time_between.times import HORIZONS_S, horizon_text
from obverse.tape.layout import Layout
from tests.measure import oracle_time_between as oracle
from tests.measure.laws import check_laws
from tests.measure.oracle_time_between import Asked, Timed, timed
from tests.measure.timelines import DAY, HOUR, SECOND, Act, lay

MEASURE = TimeBetweenMeasure()
MINUTE = 60 * SECOND
NOON = 1_772_366_400 * SECOND  # 2026-03-01T12:00Z, a Sunday
N_PERSONS = 5
WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
PROFILE = settings(max_examples=40 if WITHOUT_JIT else 150)


@st.composite
def worlds(draw: st.DrawFn) -> list[Act]:
    """Events of a few people, often at the same time."""
    unit = draw(st.sampled_from([MINUTE // 60_000, MINUTE, HOUR, DAY]))
    return [
        Act(
            person=draw(st.integers(0, N_PERSONS - 1)),
            time=NOON + draw(st.integers(0, 12)) * unit,
            seq=seq,
            name=draw(st.sampled_from(["Open", "Open", "Close", "Other"])),
            value=float(draw(st.sampled_from([0, 0, 4, -1]))),
            fields={
                "team": draw(st.sampled_from(["a", "b", None])),
                "ticket": draw(st.sampled_from(["1", "2", None])),
            },
        )
        for seq in range(1, draw(st.integers(2, 40)))
    ]


@st.composite
def questions(draw: st.DrawFn) -> TimeBetween:
    first, last = draw(st.sampled_from([(None, None), (None, "2026-03-04"), ("2026-03-01T13:00", None)]))
    return TimeBetween(
        from_event=draw(st.sampled_from(["Open", "*", "Open or Close"])),
        to_event=draw(st.sampled_from(["Close", "*", "Open or Close", "Open"])),
        pairs=draw(st.sampled_from(["every", "first"])),
        until=draw(st.sampled_from(["next", "last"])),
        before_next=draw(st.booleans()),
        same=draw(st.sampled_from([None, "ticket"])),
        within=draw(st.sampled_from([None, "3m", "5h", "4d"])),
        grain=draw(st.sampled_from(["day", "week", "month"])),
        by=draw(st.sampled_from([None, "team"])),
        n_groups=draw(st.integers(1, 3)),
        start=first,
        end=last,
        zone=draw(st.sampled_from(["UTC", "Asia/Kolkata"])),
    )


def asked(question: TimeBetween, newest: int) -> Asked:
    starts, stops = set(question.from_event.split(" or ")), set(question.to_event.split(" or "))
    start, end = question.period_us
    return Asked(
        starts=lambda event: starts == {"*"} or event.name in starts,
        stops=lambda event: stops == {"*"} or event.name in stops,
        alike=starts == stops,
        pairs=question.pairs,
        until=question.until,
        before_next=question.before_next,
        same=question.same,
        within=question.within_us,
        start=start,
        end=end,
        newest=newest,
    )


def answered(question: TimeBetween, layout: Layout) -> TimeBetweenAnswer:
    summary = MEASURE.scan(question, layout, range(layout.n_units))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


def ask(question: TimeBetween, acts: Sequence[Act], newest: int | None = None) -> TimeBetweenAnswer:
    n_persons = max((act.person for act in acts), default=-1) + 1
    return answered(question, lay(MEASURE.plan(question), acts, n_persons, newest=newest))


def names(question: TimeBetween, layout: Layout, found: list[Timed]) -> list[str]:
    """The group of each from-event."""
    if question.by is None:
        return [""] * len(found)
    teams = [one.event.fields["team"] for one in found]
    return ["(other)" if team not in layout.labels[0] else team or "(no value)" for team in teams]


def counts(found: Sequence[Timed]) -> tuple[int, int, int, int]:
    whats = [one.what for one in found]
    return len(whats), whats.count("there"), whats.count("open"), whats.count("never")


NEWEST = st.sampled_from([0, 1, HOUR, DAY, 9 * DAY])


@PROFILE
@given(worlds(), questions(), NEWEST)
def test_every_number_is_what_plain_counting_gives(
    acts: list[Act], question: TimeBetween, later: int
) -> None:
    newest = max(act.time for act in acts) + later
    layout = lay(MEASURE.plan(question), acts, N_PERSONS, newest=newest)
    got, found = answered(question, layout), timed(acts, asked(question, newest))
    groups = names(question, layout, found)
    parts = [(got.whole, found)]
    parts += [(g, [o for o, name in zip(found, groups, strict=True) if name == g.name]) for g in got.groups]
    assert sum(g.starts for g in got.groups) == (len(found) if question.by else 0)
    for part, own in parts:
        assert (part.starts, part.reached, part.open, part.never) == counts(own)
        took = sorted(one.took / 1e6 for one in own if one.took is not None)
        assert (part.times is None) == (not took)
        if part.times is not None:
            assert part.times.mean.value == pytest.approx(sum(took) / len(took))
            for share in (0.25, 0.5, 0.75, 0.9, 0.95):
                estimate = getattr(part.times, "median" if share == 0.5 else f"p{round(100 * share)}")
                assert estimate.value == pytest.approx(
                    took[ceil(share * len(took) - 1e-9) - 1], rel=0.01, abs=6e-4
                )
        reached, waiting = part.value_reached.value or 0, part.value_waiting.value or 0
        assert reached == pytest.approx(sum(one.to.value for one in own if one.to))
        assert waiting == pytest.approx(sum(one.event.value for one in own if not one.to))
    assert sum(one.reached for one in got.bins) == got.whole.reached
    assert sum(one.value for one in got.bins) == pytest.approx(got.whole.value_reached.value or 0)
    for one in got.bins:
        inside = [
            t for t in found if t.took is not None and one.least_s <= t.took // 1_000 / 1_000 < one.below_s
        ]
        assert len(inside) == one.reached


def in_bin(found: Timed, one: TimeBin) -> bool:
    return found.took is not None and one.least_s <= found.took // 1_000 / 1_000 < one.below_s


@PROFILE
@given(worlds(), questions(), NEWEST)
def test_rows_are_by_the_day_of_the_from_event(acts: list[Act], question: TimeBetween, later: int) -> None:
    newest, zone = max(act.time for act in acts) + later, ZoneInfo(question.zone)
    got, found = ask(question, acts, newest), timed(acts, asked(question, newest))
    days = [oracle.local(one.event.time, zone) for one in found]
    edges = [*(row.name for row in got.rows), (oracle.local(newest, zone) + timedelta(days=40)).isoformat()]
    assert sum(row.starts for row in got.rows) == len(found)
    for row, (low, high) in zip(got.rows, pairwise(edges), strict=True):
        own = [one for one, day in zip(found, days, strict=True) if low <= day.isoformat() < high]
        assert (row.starts, row.reached, row.open, row.never) == counts(own)
        assert row.value_reached == pytest.approx(sum(one.to.value for one in own if one.to))
        assert row.value_waiting == pytest.approx(sum(one.event.value for one in own if not one.to))
        took = sorted(one.took / 1e6 for one in own if one.took is not None)
        if took:
            assert row.median_s.value == pytest.approx(took[(len(took) - 1) // 2], rel=0.01, abs=6e-4)


@settings(PROFILE, max_examples=40)
@given(worlds(), questions(), NEWEST)
def test_the_share_by_a_time_is_that_of_lifelines(acts: list[Act], question: TimeBetween, later: int) -> None:
    newest = max(act.time for act in acts) + later
    got, found = ask(question, acts, newest), timed(acts, asked(question, newest))
    n_bins = oracle.bin_of(question.within_us) + 1
    over = [oracle.bins_over(one.watched, n_bins) for one in found]
    steps = [n_bins if one.took is None else oracle.bin_of(one.took) for one in found]
    came = [step < most for step, most in zip(steps, over, strict=True)]
    if not any(came):
        assert got.whole.arrivals == ()
        return
    durations = [step + 1 if there else most for step, most, there in zip(steps, over, came, strict=True)]
    theirs = KaplanMeierFitter().fit(durations, came)
    # The first horizon by which anybody is there is said if it was watched to its end, or all are there.
    steps_ = (min(oracle.bin_of(seconds * SECOND), n_bins - 1) for seconds in HORIZONS_S)
    first = next(
        step for step in steps_ if step >= min(durations[i] - 1 for i, yes in enumerate(came) if yes)
    )
    if max(durations) > first or theirs.predict(max(durations)) < 1e-9:
        assert any(arrival.share.value for arrival in got.whole.arrivals)
    for arrival in got.whole.arrivals:
        last = min(oracle.bin_of(arrival.seconds * SECOND) + 1, n_bins)
        assert arrival.at_risk == sum(one >= last for one in durations)
        assert arrival.share.value == pytest.approx(1 - theirs.predict(last))
    half = theirs.median_survival_time_
    if got.whole.half_s.value is not None:
        # Theirs is at most a rounding later, where the share is exactly one half.
        step = next(n for n in range(1, n_bins + 1) if theirs.predict(n) <= 0.5 + 1e-9)
        assert got.whole.half_s.value == pytest.approx(float(oracle.end_of(step - 1)) / 1e6)
    else:
        assert np.isinf(half)


@PROFILE
@given(worlds(), questions(), st.lists(st.integers(0, N_PERSONS), max_size=4))
def test_summaries_merge_however_people_are_split(
    acts: list[Act], question: TimeBetween, cuts: list[int]
) -> None:
    layout = lay(MEASURE.plan(question), acts, N_PERSONS)
    if layout.person is not None:
        cuts = [int(np.searchsorted(layout.person, person)) for person in cuts]
    check_laws(partial(MEASURE.scan, question, layout), layout.n_units, cuts)


@PROFILE
@given(worlds(), questions(), NEWEST)
def test_behind_each_number_are_the_people_that_it_counts(
    acts: list[Act], question: TimeBetween, later: int
) -> None:
    newest = max(act.time for act in acts) + later
    layout = lay(MEASURE.plan(question), acts, N_PERSONS, newest=newest)
    got, found = answered(question, layout), timed(acts, asked(question, newest))

    def check(pick: Pick, own: Sequence[Timed]) -> None:
        behind = MEASURE.behind(question, layout, pick)
        assert set(np.flatnonzero(behind).tolist()) == {one.event.person for one in own}

    check({}, found)
    for outcome in ("there", "open", "never"):
        check({"outcome": outcome}, [one for one in found if one.what == outcome])
    check({"outcome": "not_there"}, [one for one in found if one.what != "there"])
    groups = names(question, layout, found)
    for group in got.groups:
        check({"group": group.name}, [o for o, name in zip(found, groups, strict=True) if name == group.name])
    histogram = got.pictures()[0]
    assert isinstance(histogram, Lines)
    for pick, one in zip(histogram.series[0].picks, got.bins, strict=True):
        assert pick is not None
        check(pick, [timed_ for timed_ in found if in_bin(timed_, one)])
    for arrival in got.whole.arrivals[:3]:
        n_bins = min(oracle.bin_of(arrival.seconds * SECOND), oracle.bin_of(question.within_us)) + 1
        watched = [t for t in found if t.took is not None and t.watched >= oracle.end_of(n_bins - 1) - 1]
        check({"within": arrival.name}, [t for t in watched if oracle.bin_of(t.took or 0) < n_bins])


# -- case by case ---------------------------------------------------------------------------------------


def story(*happened: tuple[int, float, str], **fields: Any) -> list[Act]:
    """Events as (person, minutes after noon, name), in the order of their arrival."""
    return [
        Act(person, NOON + round(minute * MINUTE), seq, name, **fields)
        for seq, (person, minute, name) in enumerate(happened, 1)
    ]


def told(answer: TimeBetweenAnswer) -> tuple[int, int, int, int]:
    whole = answer.whole
    return whole.starts, whole.reached, whole.open, whole.never


def minutes(answer: TimeBetweenAnswer) -> float:
    assert answer.whole.times is not None
    assert answer.whole.times.mean.value is not None
    return answer.whole.times.mean.value / 60


SUPPORT = TimeBetween(from_event="Open", to_event="Close")


def test_each_from_event_leads_to_the_next_to_event() -> None:
    got = ask(
        SUPPORT, story((0, 0, "Open"), (0, 10, "Close"), (0, 20, "Open"), (0, 50, "Close"), (0, 60, "Close"))
    )
    assert (told(got), minutes(got)) == ((2, 2, 0, 0), 20)


def test_a_from_event_that_is_repeated_first_is_never_there() -> None:
    events = story((0, 0, "Open"), (0, 5, "Open"), (0, 15, "Close"))
    assert (told(ask(SUPPORT, events)), minutes(ask(SUPPORT, events))) == ((2, 1, 0, 1), 10)
    both = ask(msgspec.structs.replace(SUPPORT, before_next=False), events)
    assert (told(both), minutes(both)) == ((2, 2, 0, 0), 12.5)


def test_the_first_of_each_person_counts_whatever_becomes_of_it() -> None:
    events = story(
        (0, 0, "Open"), (0, 5, "Open"), (0, 15, "Close"), (1, 0, "Open"), (1, 3, "Close"), (1, 4, "Open")
    )
    first = msgspec.structs.replace(SUPPORT, pairs="first")
    assert told(ask(first, events)) == (2, 1, 0, 1)
    assert minutes(ask(msgspec.structs.replace(first, before_next=False), events)) == 9


def test_from_one_to_the_next_of_the_same_takes_each_gap_once() -> None:
    question = TimeBetween(from_event="Open", to_event="Open")
    got = ask(question, story((0, 0, "Open"), (0, 10, "Open"), (0, 10, "Open"), (0, 40, "Open")))
    assert told(got) == (4, 3, 1, 0)
    assert minutes(got) == pytest.approx(40 / 3)


def test_an_event_at_the_same_time_counts_whichever_came_first() -> None:
    for events in (story((0, 0, "Open"), (0, 0, "Close")), story((0, 0, "Close"), (0, 0, "Open"))):
        assert (told(ask(SUPPORT, events)), minutes(ask(SUPPORT, events))) == ((1, 1, 0, 0), 0)


def test_an_event_that_is_both_does_not_lead_to_itself_but_may_be_the_next() -> None:
    question = TimeBetween(from_event="*", to_event="Close")
    got = ask(question, story((0, 0, "Open"), (0, 7, "Close")))
    assert (told(got), minutes(got)) == ((2, 1, 1, 0), 7)


def test_a_to_event_at_the_time_of_the_next_from_event_is_that_ones() -> None:
    got = ask(SUPPORT, story((0, 0, "Open"), (0, 9, "Open"), (0, 9, "Close")))
    assert (told(got), minutes(got)) == ((2, 1, 0, 1), 0)


def test_from_the_first_to_the_last_event_is_how_long_a_case_took() -> None:
    question = TimeBetween(from_event="*", to_event="*", pairs="first", until="last", before_next=False)
    got = ask(question, story((0, 0, "A"), (0, 3, "B"), (0, 30, "C"), (1, 5, "A"), (1, 15, "A"), (2, 9, "A")))
    assert (told(got), minutes(got)) == ((3, 2, 1, 0), 20)


def test_a_time_exactly_as_long_as_allowed_counts_and_no_longer_one() -> None:
    question = msgspec.structs.replace(SUPPORT, within="10m")
    events = story((0, 0, "Open"), (0, 10, "Close"), (1, 0, "Open"), (1, 10.001, "Close"))
    assert told(ask(question, events)) == (2, 1, 0, 1)


def test_open_is_who_may_yet_be_there() -> None:
    question = msgspec.structs.replace(SUPPORT, within="10m")
    events = story((0, 0, "Open"), (1, 5, "Open"))
    assert told(ask(question, events, NOON + 10 * MINUTE)) == (2, 0, 2, 0)
    assert told(ask(question, events, NOON + 10 * MINUTE + 1)) == (2, 0, 1, 1)
    assert told(ask(SUPPORT, events, NOON + 900 * DAY)) == (2, 0, 2, 0)


def test_with_the_same_ticket_only_its_own_events_are_paired() -> None:
    acts = [
        Act(0, NOON, 1, "Open", fields={"ticket": "a"}),
        Act(0, NOON + 5 * MINUTE, 2, "Open", fields={"ticket": "b"}),
        Act(0, NOON + 6 * MINUTE, 3, "Close", fields={"ticket": "b"}),
        Act(0, NOON + 20 * MINUTE, 4, "Close", fields={"ticket": "a"}),
        Act(0, NOON + 30 * MINUTE, 5, "Open"),
    ]
    got = ask(msgspec.structs.replace(SUPPORT, same="ticket"), acts)
    assert (told(got), minutes(got)) == ((2, 2, 0, 0), 10.5)


def test_the_period_is_that_of_the_from_event() -> None:
    question = msgspec.structs.replace(SUPPORT, start="2026-03-01T12:05", end="2026-03-01T12:30")
    events = story((0, 0, "Open"), (0, 2, "Close"), (1, 29, "Open"), (1, 60, "Close"), (2, 30, "Open"))
    assert (told(ask(question, events)), minutes(ask(question, events))) == ((1, 1, 0, 0), 31)


def test_nothing_to_time_gives_reasons() -> None:
    empty = ask(SUPPORT, [])
    assert told(empty) == (0, 0, 0, 0)
    assert empty.sentence() == "Nobody got from Open to Close."
    assert (empty.whole.share.reason, empty.whole.half_s.reason) == (Reason.NOBODY, Reason.NOT_YET)
    alone = ask(SUPPORT, story((0, 0, "Open")))
    assert (told(alone), alone.whole.times, alone.whole.arrivals) == ((1, 0, 1, 0), None, ())
    assert alone.sentence() == "None of 1 got from Open to Close."
    assert alone.rows[0].median_s.reason is Reason.NOBODY
    for answer in (empty, alone):
        assert [picture.title for side in ("people", "value") for picture in answer.pictures(side)]
        assert answer.table().num_rows == 1


def cases(took: Sequence[float]) -> list[Act]:
    """One case a person, of so many minutes."""
    return story(*(one for n, minute in enumerate(took) for one in ((n, 0, "Open"), (n, minute, "Close"))))


def test_a_percentile_lies_between_two_times_by_rank() -> None:
    took = [float(n) for n in range(1, 101)]
    times = ask(SUPPORT, cases(took)).whole.times
    assert times is not None
    median = times.median
    assert median.value == pytest.approx(50 * 60, rel=0.01)
    assert [median.low, median.high] == pytest.approx([40 * 60, 61 * 60], rel=0.016)
    assert (median.low or 0) <= 40 * 60
    assert (median.high or 0) >= 61 * 60
    few = ask(SUPPORT, cases([1, 2, 3])).whole.times
    assert few is not None
    assert few.median == Estimate(few.median.value, reason=Reason.TOO_FEW)


@pytest.mark.parametrize(("n", "share"), [(40, 0.5), (200, 0.9)])
def test_the_interval_of_a_percentile_covers_it_as_often_as_it_says(n: int, share: float) -> None:
    chance, covered = np.random.default_rng(3), 0
    truth = float(stats.lognorm(1.2, scale=3_600).ppf(share))
    for _ in range(1_000):
        seconds = chance.lognormal(np.log(3_600), 1.2, n)
        counts = np.bincount([bin_of(int(one * SECOND)) for one in seconds], minlength=2_000)
        found = percentile_s(counts, share)
        covered += (found.low or 0) <= truth <= (found.high or np.inf)
    assert 0.945 <= covered / 1_000 <= 0.995


def test_the_mean_has_students_interval_where_each_counts_once() -> None:
    took = [3.0, 9.0, 4.0, 20.0, 1.0, 7.5]
    times = ask(SUPPORT, cases(took)).whole.times
    assert times is not None
    half = stats.t.ppf(0.975, 5) * np.std(took, ddof=1) / np.sqrt(6)
    mean = np.mean(took)
    assert [times.mean.value, times.mean.low, times.mean.high] == pytest.approx(
        [60 * mean, 60 * (mean - half), 60 * (mean + half)]
    )


def test_from_events_of_one_person_are_not_taken_for_independent() -> None:
    # Ten people with ten from-events each: five always get there, five never do.
    acts = story(
        *(
            one
            for person in range(10)
            for n in range(10)
            for one in ((person, 10 * n, "Open"), (person, 10 * n + 5, "Close" if person < 5 else "Other"))
        )
    )
    got = ask(SUPPORT, acts)
    assert got.whole.share.value == 0.5
    assert (got.whole.share.low or 0) < wilson(50, 100)[0] - 0.1
    assert any("Somebody can count several times" in note for note in got.notes)
    assert not any("several times" in note for note in ask(SUPPORT, cases([1, 2])).notes)


def test_who_is_not_there_yet_is_censored_and_not_lost() -> None:
    # Ten were watched for a day: half came within the hour. Ninety opened a minute ago.
    acts = story(*((n, 0, "Open") for n in range(10)), *((n, 30, "Close") for n in range(5)))
    acts += [Act(10 + n, NOON + DAY - MINUTE, 100 + n, "Open") for n in range(90)]
    got = ask(SUPPORT, acts, NOON + DAY)
    assert told(got) == (100, 5, 95, 0)
    assert got.whole.share.value == 0.05
    by = {arrival.name: arrival.share.value for arrival in got.whole.arrivals}
    assert by == {"20m": 0, "30m": 0.5}
    assert got.whole.half_s.value == pytest.approx(30 * 60, rel=0.02)
    assert "of all, half get there within" in got.sentence()
    assert any("95 are not there yet" in note for note in got.notes)


def test_the_sentence_says_how_many_and_how_long() -> None:
    got = ask(SUPPORT, cases([float(n) for n in range(1, 101)]))
    assert re.fullmatch(
        r"100\.0\s% of 100 got from Open to Close, "
        r"half of those within 50(\.\d)?\smin \(\d+(\.\d)?\smin–1(\.\d+)?\sh\)\.",
        got.sentence(),
    )


def test_rows_are_the_newest_104_unless_a_start_is_named() -> None:
    acts = story(*((0, n * 24 * 60, "Open") for n in range(300)))
    daily = msgspec.structs.replace(SUPPORT, grain="day")
    got = ask(daily, acts)
    assert (len(got.rows), got.whole.starts) == (104, 300)
    assert any("Rows are the newest 104" in note for note in got.notes)
    with pytest.raises(QuestionError, match="grain: 301 rows of a day each; at most 260"):
        ask(msgspec.structs.replace(daily, start="2026-02-28"), acts)


def test_accounts_have_no_people_behind_them() -> None:
    question = msgspec.structs.replace(SUPPORT, count="account")
    layout = lay(MEASURE.plan(question), cases([1, 2]), 2)
    assert MEASURE.plan(question).unit == "account"
    for picture in answered(question, layout).pictures():
        lines: tuple[Line, ...] = picture.series if isinstance(picture, Lines) else ()
        assert all(pick is None for line in lines for pick in line.picks)
    with pytest.raises(QuestionError, match="accounts are counted"):
        MEASURE.behind(question, layout, {})


def test_groups_are_by_the_from_event_and_have_bars() -> None:
    acts = [
        Act(0, NOON, 1, "Open", 10.0, {"team": "red"}),
        Act(0, NOON + 5 * MINUTE, 2, "Close", 3.0, {"team": "blue"}),
        Act(1, NOON, 3, "Open", 7.0, {"team": "blue"}),
        Act(2, NOON, 4, "Open", 0.0, {}),
    ]
    question = msgspec.structs.replace(SUPPORT, by="team")
    layout = lay(MEASURE.plan(question), acts, 3)
    got = answered(question, layout)
    assert {(g.name, g.kind, g.starts, g.reached) for g in got.groups} == {
        ("red", "value", 1, 1),
        ("blue", "value", 1, 0),
        ("(no value)", "none", 1, 0),
    }
    assert (got.whole.value_reached.value, got.whole.value_waiting.value) == (3, 7)
    bars = got.pictures()[-1]
    assert isinstance(bars, Bars)
    assert [bar.name for bar in bars.rows][-1] == "(no value)"
    for bar in bars.rows:
        assert bar.pick is not None
        assert MEASURE.behind(question, layout, bar.pick).sum() == (bar.name == "red")


def test_horizons_ascend_and_are_read_back() -> None:
    assert list(HORIZONS_S) == sorted(set(HORIZONS_S))
    texts = [horizon_text(seconds) for seconds in HORIZONS_S]
    assert (texts[0], texts[-1]) == ("1s", "7305d")


def test_a_question_keeps_its_meaning_through_json() -> None:
    question = TimeBetween(
        from_event="A [x > 1]", to_event="B or C", same="ticket", within="3d", until="last"
    )
    assert read_question(question.to_json()) == question


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"from_event": "A > B"}, "from_event: 'A > B' has 2 steps"),
        ({"to_event": ""}, "to_event"),
        ({"pairs": "some"}, "pairs: 'some' is none of every, first"),
        ({"until": "then"}, "until: 'then' is none of next, last"),
        ({"grain": "hour"}, "grain: 'hour' is none of day, week, month"),
        ({"count": "ticket"}, "count: 'ticket' is none of person, session, account"),
        ({"within": "soon"}, "within: 'soon' is not a duration"),
        ({"within": "9999d"}, "within: '9999d' is not between"),
        ({"same": " "}, "same: name a field"),
        ({"same": "x", "count": "account"}, "same: it goes with count 'person', not 'account'"),
    ],
)
def test_a_wrong_question_is_refused_with_its_field(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(QuestionError, match=re.escape(why)):
        TimeBetween(**{"from_event": "A", "to_event": "B", **fields})


@pytest.mark.parametrize(
    ("pick", "why"),
    [
        ({"row": "2020-01-01"}, "2020-01-01"),
        ({"outcome": "lost"}, "unknown outcome 'lost'"),
        ({"group": "red"}, "group: 'red' was asked for, but there is no split"),
        ({"within": "soon"}, "within: 'soon' is not a duration"),
        ({"least": "x"}, "least: 'x' is not a duration"),
        ({"interval": "1"}, "interval"),
    ],
)
def test_a_pick_of_nothing_is_refused(pick: dict[str, str], why: str) -> None:
    layout = lay(MEASURE.plan(SUPPORT), cases([1]), 1)
    with pytest.raises(QuestionError, match=re.escape(why)):
        MEASURE.behind(SUPPORT, layout, pick)
