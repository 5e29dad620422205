"""Retention against plain Python and lifelines, for whatever events and questions."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from obverse.measure.estimate import Estimate
from obverse.measure.retention import Retention, RetentionInterval
from obverse.measure.retention.question import Reference, Returning
from tests.measure.cohorts import HOUR, MEASURE, answered, ask
from tests.measure.laws import check_laws
from tests.measure.layouts import DAY, Happening, lay
from tests.measure.oracle_retention import Asked, Entry, entries, midnight, returned_by

BERLIN = ZoneInfo("Europe/Berlin")
SUMMER = date(2026, 3, 29)  # has 23 hours in Berlin
WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
PROFILE = settings(max_examples=40 if WITHOUT_JIT else 100)
N_UNITS = 6


@st.composite
def worlds(draw: st.DrawFn) -> list[Happening]:
    """Events of a few people around a clock change, often at midnight or at the same time."""
    begin = midnight(SUMMER - timedelta(days=9), BERLIN)
    return [
        Happening(
            unit=draw(st.integers(0, N_UNITS - 1)),
            time=begin + draw(st.integers(0, 24 * 24)) * HOUR,
            seq=seq,
            name=draw(st.sampled_from(["Start", "Back", "Back", "Other"])),
            value=float(draw(st.sampled_from([0, 0, 5, -2]))),
            label=draw(st.sampled_from(["a", "b", "c", None])),
        )
        for seq in range(1, draw(st.integers(2, 40)))
    ]


@st.composite
def questions(draw: st.DrawFn) -> Retention:
    brackets = draw(st.sampled_from([(), (), ("0", "1-3", "5-8"), ("2-2", "9")]))
    by = draw(st.sampled_from([None, "label"]))
    first = draw(st.sampled_from([None, SUMMER - timedelta(days=6), SUMMER]))
    last = draw(st.sampled_from([None, SUMMER + timedelta(days=3)]))
    returning: Returning = draw(st.sampled_from(["on", "on", "on_or_after", "on_or_before", "streak"]))
    reference: Reference = (
        "start" if returning == "on_or_before" else draw(st.sampled_from(["start", "previous"]))
    )
    return Retention(
        start_event=draw(st.sampled_from(["Start", "*", "Start or Back"])),
        return_event=draw(st.sampled_from([None, "Back", "*"])),
        entry=draw(st.sampled_from(["first_ever", "first_in_period", "recurring"])),
        interval=draw(st.sampled_from(["day", "day", "week", "month"])),
        n_intervals=draw(st.integers(1, 9)),
        brackets=brackets,
        returning=returning,
        reference=reference,
        clock=draw(st.sampled_from(["calendar", "rolling"])),
        cohort=draw(st.sampled_from([None, "day", "week", "month"])),
        mean=draw(st.sampled_from(["weighted", "simple"])),
        by=by,
        n_groups=draw(st.integers(1, 3)),
        match=by is not None and draw(st.booleans()),
        start=None if first is None else first.isoformat(),
        end=None if last is None else last.isoformat(),
        zone=draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])),
    )


def names(text: str | None) -> set[str]:
    return set((text or "").split(" or "))


def asked(question: Retention, newest: int) -> Asked:
    zone = ZoneInfo(question.zone)
    start, end = question.start or "1991-01-01", question.end or "2100-01-01"
    starts, returns = names(question.start_event), names(question.return_event or question.start_event)
    return Asked(
        starts=lambda event: starts == {"*"} or event.name in starts,
        returns=lambda event: returns == {"*"} or event.name in returns,
        entry=question.entry,
        interval=question.interval,
        columns=question.columns,
        returning=question.returning,
        clock=question.clock,
        cohort=question.cohort or question.interval,
        zone=zone,
        start=midnight(date.fromisoformat(start), zone),
        end=min(midnight(date.fromisoformat(end), zone), newest + 1),
        newest=newest,
        match=question.match,
        previous=question.reference == "previous",
    )


def by_cohort(found: Iterable[Entry]) -> dict[str, list[Entry]]:
    cohorts = defaultdict(list)
    for entry in found:
        cohorts[entry.cohort.isoformat()].append(entry)
    return cohorts


def near(got: Estimate, want: float | None) -> bool:
    """Say whether an estimate is what is wanted; None for none, and then with a reason."""
    if want is None:
        return got.value is None and got.reason is not None
    return got.value == pytest.approx(want, abs=1e-9)


def mean(numbers: Sequence[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


WORLD_NEWEST = st.integers(0, 10)


@PROFILE
@given(worlds(), questions(), WORLD_NEWEST)
def test_every_cell_is_what_plain_counting_gives(
    events: list[Happening], question: Retention, later: int
) -> None:
    newest = max(event.time for event in events) + later * DAY
    got, found = ask(question, events, newest), entries(events, asked(question, newest))
    cohorts = by_cohort(found)
    assert {one.name: one.people for one in got.cohorts if one.people} == {
        name: len(some) for name, some in cohorts.items()
    }
    for cohort in got.cohorts:
        own = cohorts.get(cohort.name, [])
        assert near(cohort.start_value, mean([entry.worth for entry in own]))
        n_hit = sum(any(entry.hit[column] for entry in own) for column in range(len(question.columns)))
        assert len(cohort.cells) >= n_hit or question.returning == "on_or_before"
        for column, cell in enumerate(cohort.cells):
            over = [entry for entry in own if entry.over[column]]
            among = [entry for entry in own if entry.among[column]]
            returned = sum(entry.hit[column] for entry in own)
            assert (cell.people, cell.observed) == (returned, sum(e.over[column] for e in among))
            assert cell.open == (cohort.open or len(over) < len(own))
            assert near(cell.share, returned / len(among) if among else None)
            assert (cell.share.low is None) == (cell.open or not among)
            assert near(cell.value, mean([entry.money[column] for entry in over]))
            assert near(cell.value_until, mean([entry.money_until[column] for entry in over]))


@PROFILE
@given(worlds(), questions(), WORLD_NEWEST)
def test_means_are_of_those_who_were_watched_for_so_long(
    events: list[Happening], question: Retention, later: int
) -> None:
    newest = max(event.time for event in events) + later * DAY
    got, found = ask(question, events, newest), entries(events, asked(question, newest))
    parts = [(got.intervals, found)]
    labels = lay(MEASURE.plan(question), events, N_UNITS).labels
    for group in got.groups:
        shown = labels[0][: question.n_groups]
        name = {"(no value)": None}.get(group.name, group.name)
        parts.append(
            (group.intervals, [e for e in found if (e.label if e.label in shown else "(other)") == name])
        )
        assert group.people == len(parts[-1][1])
    assert sum(group.people for group in got.groups) == (got.people if question.by else 0)
    open_cells = {(c.name, cell.name) for c in got.cohorts for cell in c.cells if cell.open}
    for intervals, own in parts:
        for column, interval in enumerate(intervals):
            over = [entry for entry in own if entry.over[column]]
            if question.mean == "weighted":
                check_weighted(interval, column, over)
            elif intervals is got.intervals:
                closed = [e for e in over if (e.cohort.isoformat(), interval.name) not in open_cells]
                check_simple(interval, column, closed)


def group_of(entry: Entry, shown: Sequence[str | None]) -> str:
    if entry.label not in shown:
        return "(other)"
    return "(no value)" if entry.label is None else str(entry.label)


def check_weighted(got: RetentionInterval, column: int, over: list[Entry]) -> None:
    among = [entry for entry in over if entry.among[column]]
    assert (got.people, got.observed) == (sum(entry.hit[column] for entry in over), len(among))
    assert got.cohorts == len({entry.cohort for entry in among})
    assert near(got.share, mean([entry.hit[column] for entry in among]))
    assert near(got.value, mean([entry.money[column] for entry in over]))
    assert near(got.value_until, mean([entry.money_until[column] for entry in over]))


def check_simple(got: RetentionInterval, column: int, over: list[Entry]) -> None:
    cohorts = list(by_cohort(entry for entry in over if entry.among[column]).values())
    assert got.cohorts == len(cohorts)
    shares = [sum(entry.hit[column] for entry in some) / len(some) for some in cohorts]
    every = by_cohort(over).values()
    money = [sum(entry.money[column] for entry in some) / len(some) for some in every]
    assert near(got.share, mean(shares))
    assert near(got.value, mean(money))


@PROFILE
@given(worlds(), questions(), WORLD_NEWEST)
def test_the_curve_of_first_returns_is_that_of_lifelines(
    events: list[Happening], question: Retention, later: int
) -> None:
    newest = max(event.time for event in events) + later * DAY
    got, found = ask(question, events, newest), entries(events, asked(question, newest))
    longest = {"day": 1, "week": 7, "month": 30 if question.clock == "rolling" else 31}[question.interval]
    durations, came = returned_by(found, (question.columns[-1][1] + 1) * longest)
    assert len(got.returns.days) == max(durations, default=0)
    if not any(came):
        assert all(day.share.value == 0 for day in got.returns.days)
        return
    theirs = KaplanMeierFitter().fit(durations, came)
    for day in got.returns.days:
        want = 1 - theirs.predict(day.day)
        assert near(day.share, want)
        assert day.at_risk == sum(one >= day.day for one in durations)
        if 1e-9 < want < 1 - 1e-9:
            row = theirs.confidence_interval_survival_function_.loc[: day.day].iloc[-1]
            assert day.share.low == pytest.approx(1 - row.iloc[1], abs=1e-9)
            assert day.share.high == pytest.approx(1 - row.iloc[0], abs=1e-9)


@PROFILE
@given(worlds(), questions(), st.lists(st.integers(0, N_UNITS), max_size=4))
def test_summaries_merge_however_people_are_split(
    events: list[Happening], question: Retention, cuts: list[int]
) -> None:
    layout = lay(MEASURE.plan(question), events, N_UNITS)
    check_laws(partial(MEASURE.scan, question, layout), layout.n_units, cuts)


@PROFILE
@given(worlds(), questions(), WORLD_NEWEST)
def test_behind_each_number_are_as_many_people(
    events: list[Happening], question: Retention, later: int
) -> None:
    question = msgspec.structs.replace(question, mean="weighted")
    newest = max(event.time for event in events) + later * DAY
    layout = lay(MEASURE.plan(question), events, N_UNITS, newest=newest)
    got = answered(question, layout)

    def n_behind(**pick: str) -> int:
        return int(MEASURE.behind(question, layout, pick).sum())

    found = entries(events, asked(question, newest))
    assert n_behind() == len({entry.unit for entry in found})
    for cohort in got.cohorts:
        assert n_behind(cohort=cohort.name) == cohort.people
        for cell in cohort.cells[:3]:
            assert n_behind(cohort=cohort.name, interval=cell.name) == cell.people
            away = n_behind(cohort=cohort.name, interval=cell.name, outcome="away")
            assert away >= cell.observed - cell.people
            assert cell.open or away == cell.observed - cell.people
    if question.entry != "recurring":
        parts: list[tuple[dict[str, str], int, tuple[RetentionInterval, ...]]]
        parts = [({}, got.people, got.intervals)]
        parts += [({"group": one.name}, one.people, one.intervals) for one in got.groups]
        for pick, people, intervals in parts:
            assert n_behind(**pick) == people
            for interval in intervals:
                assert n_behind(**pick, interval=interval.name) == interval.people
