"""Stickiness against plain counting, through clock changes, and through the lake."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import obverse
from obverse.errors import QuestionError
from obverse.measure.estimate import Reason, share
from obverse.measure.fields import field_help
from obverse.measure.picture import Lines
from obverse.measure.protocol import Facts
from obverse.measure.stickiness import Stickiness, StickinessAnswer, StickinessGroup, StickinessMeasure
from obverse.measure.stickiness.answering import mean_of_counts
from obverse.tape.layout import Layout
from tests.engine.lakes import fill, row, table_of
from tests.measure import oracle_stickiness as oracle
from tests.measure.conftest import Ask
from tests.measure.laws import check_laws
from tests.measure.layouts import SECOND, Happening, lay
from tests.measure.oracle_trend import instant, mean_interval

MEASURE = StickinessMeasure()
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
BERLIN = ZoneInfo("Europe/Berlin")
CHANGE = datetime(2026, 3, 29, tzinfo=BERLIN)  # a day of 23 hours
WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
PROFILE = settings(max_examples=40 if WITHOUT_JIT else 100)
BUY = "Order Completed"


@st.composite
def worlds(draw: st.DrawFn) -> list[Happening]:
    start = instant(CHANGE - timedelta(days=9))
    return [
        Happening(
            unit=draw(st.integers(0, 4)),
            time=start + draw(st.integers(0, 24 * 14 * 2)) * HOUR // 2,
            seq=seq,
            name=draw(st.sampled_from(["View", "View", BUY])),
            value=float(draw(st.integers(-2, 9))),
            label=draw(st.sampled_from(["x", "y", "z", None])),
        )
        for seq in range(1, draw(st.integers(1, 30)))
    ]


def answered(question: Stickiness, layout: Layout) -> StickinessAnswer:
    summary = MEASURE.scan(question, layout, range(layout.n_units))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


def ask(
    question: Stickiness, events: Sequence[Happening], n_units: int = 5, newest: int | None = None
) -> StickinessAnswer:
    return answered(question, lay(MEASURE.plan(question), events, n_units, newest=newest))


@PROFILE
@given(
    worlds(),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
    st.sampled_from(["hour", "day", "week", "month"]),
    st.integers(-6, 2),
    st.integers(1, 5),
    st.integers(1, 2),
    st.booleans(),
    st.booleans(),
)
def test_every_number_is_what_plain_counting_gives(
    events: list[Happening],
    zone: str,
    grain: str,
    first: int,
    n_days: int,
    at_least: int,
    times: bool,
    split: bool,
) -> None:
    here = ZoneInfo(zone)
    begin = (CHANGE + timedelta(days=first)).replace(tzinfo=here)
    stop = begin + timedelta(days=n_days)
    at_least = 1 if times else at_least
    question = Stickiness(
        events="View",
        start=begin.date().isoformat(),
        end=stop.date().isoformat(),
        zone=zone,
        grain=grain,  # type: ignore[arg-type] # one of them
        at_least=at_least,
        counted="times" if times else "intervals",
        short=2,
        long=3,
        by="label" if split else None,
        n_groups=2,
    )
    if grain == "week":
        begin -= timedelta(days=begin.weekday())
    if grain == "month":
        begin = begin.replace(day=1)
    views = sorted((one for one in events if one.name == "View"), key=lambda one: (one.time, one.seq))
    orders = [one for one in events if one.name == BUY]
    expected = oracle.told(
        views,
        orders,
        instant(begin),
        instant(stop),
        here,
        grain,
        short=2,
        long=3,
        at_least=at_least,
        times=times,
    )
    layout = lay(MEASURE.plan(question), events, 5, newest=instant(stop) + 60 * DAY)
    got = answered(question, layout)
    check_group(got.everyone, expected, set(range(5)))
    coded = {label or "(no value)" for labels in layout.labels for label in labels}
    named = {who: label or "(no value)" for who, label in expected.group.items()}
    named = {who: name if name in coded else "(other)" for who, name in named.items()}
    for group in got.groups:
        in_it = {
            who for who, label in named.items() if (label if label in coded else "(other)") == group.name
        }
        check_group(group, expected, in_it)
    assert sum(group.people for group in got.groups) == (got.everyone.people if split else 0)
    for line in (line for picture in got.pictures() if isinstance(picture, Lines) for line in picture.series):
        for value, pick in zip(line.values, line.picks, strict=True):
            assert pick is not None
            if value is not None and value >= 1 and line.low == ():
                assert value == MEASURE.behind(question, layout, pick).sum()
    assert MEASURE.behind(question, layout, {}).sum() == got.everyone.people


def check_group(got: StickinessGroup, expected: oracle.Told, who: set[int]) -> None:
    mine = oracle.Told(
        {one: often for one, often in expected.often.items() if one in who},
        expected.group,
        expected.money,
        [(a & who, b & who, c & who) for a, b, c in expected.rows],
    )
    assert {one.often: one.people for one in got.frequencies if one.people} == mine.by_often()
    assert {one.often: one.value for one in got.frequencies if one.people} == mine.money_by_often()
    assert [(row.people, row.short_people, row.long_people) for row in got.rows] == [
        (len(a), len(b), len(c)) for a, b, c in mine.rows
    ]
    assert got.people == len(mine.often)
    if mine.often:
        assert got.average.value == pytest.approx(mine.average())
        assert got.median.value == mine.middle()
        assert got.value == pytest.approx(sum(mine.money[one] for one in mine.often))
    for one in got.frequencies:
        assert one.people_at_least == sum(often >= one.often for often in mine.often.values())
        assert one.share == share(one.people, got.people)
    for found in got.rows:
        assert found.of_long == share(found.people, found.long_people)
        assert found.short_of_long == share(found.short_people, found.long_people)
    check_stickiness(got, mine)


def check_stickiness(got: StickinessGroup, mine: oracle.Told) -> None:
    """Check the share over all complete rows: one draw a person, rows active of rows in whose window."""
    whole = [at for at, row in enumerate(got.rows) if row.complete]
    people = sorted(set().union(*(mine.rows[at][2] for at in whole)))
    draws = [
        (sum(one in mine.rows[at][0] for at in whole), sum(one in mine.rows[at][2] for at in whole))
        for one in people
    ]
    if not draws:
        assert got.stickiness.reason is Reason.NOBODY
        return
    assert got.stickiness.value == pytest.approx(sum(a for a, _ in draws) / sum(b for _, b in draws))
    if len(draws) > 1:
        expected = mean_interval(draws, float(stats.t.ppf(0.975, len(draws) - 1)))
        assert (got.stickiness.low, got.stickiness.high) == pytest.approx(expected, abs=1e-9)


@PROFILE
@given(
    worlds(),
    st.lists(st.integers(0, 5), max_size=4),
    st.sampled_from([{}, {"start": "2026-03-26"}, {"grain": "hour"}, {"counted": "times"}, {"at_least": 2}]),
    st.booleans(),
)
def test_summaries_merge_however_people_are_split(
    events: list[Happening], cuts: list[int], fields: dict[str, Any], split: bool
) -> None:
    question = Stickiness(by="label" if split else None, **fields)
    layout = lay(MEASURE.plan(question), events, 5)
    check_laws(partial(MEASURE.scan, question, layout), layout.n_units, cuts)
    assert len(pickle.dumps(MEASURE.scan(question, layout, range(5)))) < 100_000


NOON = 1_772_366_400_000_000  # 2026-03-01T12:00Z, a Sunday


def happened(unit: int, days: float, name: str = "View", **fields: Any) -> Happening:
    return Happening(unit, NOON + round(days * DAY), round(days * 1_440) + 100_000, name, **fields)


def test_the_power_user_curve_says_on_how_many_days_people_come() -> None:
    events = [happened(0, day) for day in range(5)] + [happened(1, 0), happened(1, 0.1), happened(2, 3)]
    got = ask(Stickiness(start="2026-03-01", end="2026-03-06"), events, newest=NOON + 30 * DAY)
    assert [(one.name, one.people) for one in got.everyone.frequencies] == [
        ("1", 2), ("2", 0), ("3", 0), ("4", 0), ("5", 1),
    ]  # fmt: skip
    assert [one.people_at_least for one in got.everyone.frequencies] == [3, 1, 1, 1, 1]
    assert got.everyone.median.value == 1
    assert got.sentence().startswith("3 people were active on 2.33 (1–5) of 5 days on average; on a day ")


def test_without_a_start_it_is_the_last_intervals_up_to_the_newest_event() -> None:
    events = [happened(0, day) for day in (0, 40, 50)]
    got = ask(Stickiness(n_intervals=7), events)
    assert [row.name for row in got.everyone.rows][::6] == ["2026-04-14", "2026-04-20"]
    assert got.everyone.frequencies[0].people == 1
    assert [row.long_people for row in got.everyone.rows] == [1] * 7
    assert got.notes == ("The last day was not over when the newest event happened.",)
    assert [row.complete for row in got.everyone.rows] == [True] * 6 + [False]


def test_a_week_of_days_over_a_clock_change_has_seven() -> None:
    start = instant(datetime(2026, 3, 26, tzinfo=BERLIN))
    events = [Happening(0, start + hour * HOUR, hour, "View") for hour in range(23 + 6 * 24)]
    got = ask(Stickiness(start="2026-03-26", end="2026-04-02", zone="Europe/Berlin"), events)
    assert got.everyone.frequencies[-1].name == "7"
    assert got.everyone.frequencies[-1].people == 1


def test_somebody_is_active_in_an_interval_with_as_many_events_as_asked() -> None:
    events = [happened(0, 0), happened(0, 0.1), happened(0, 1), happened(1, 1)]
    question = Stickiness(start="2026-03-01", end="2026-03-04", at_least=2)
    got = ask(question, events, newest=NOON + 9 * DAY)
    assert got.everyone.people == 1
    assert [row.people for row in got.everyone.rows] == [1, 0, 0]
    assert [row.long_people for row in got.everyone.rows] == [1, 1, 1]


def test_how_often_they_did_it_is_counted_up_to_a_number() -> None:
    events = [happened(0, at / 100) for at in range(45)] + [happened(1, 1), happened(1, 1.1)]
    question = Stickiness(start="2026-03-01", counted="times")
    layout = lay(MEASURE.plan(question), events, 2)
    got = answered(question, layout)
    assert {one.name: one.people for one in got.everyone.frequencies if one.people} == {
        "2": 1,
        "30 or more": 1,
    }
    assert got.everyone.average.value == 23.5
    assert MEASURE.behind(question, layout, {"often": "30 or more"}).tolist() == [True, False]


def test_a_group_is_that_of_the_first_event_in_the_period() -> None:
    events = [
        happened(0, -3, label="early"), happened(0, 0, label="x"), happened(0, 1, label="y"),
        happened(1, -2, label="early"),
    ]  # fmt: skip
    got = ask(Stickiness(start="2026-03-01", by="label", short=2, long=5), events)
    assert [(group.name, group.people) for group in got.groups] == [("x", 1)]
    assert [row.long_people for row in got.groups[0].rows] == [1, 1]
    assert [row.long_people for row in got.everyone.rows] == [2, 2]


def test_value_is_the_money_of_conversions_in_the_period() -> None:
    events = [
        happened(0, 0), happened(0, 1), happened(0, 1.1, BUY, value=7), happened(0, -1, BUY, value=100),
        happened(1, 0), happened(2, 0), happened(2, 0.2, BUY, value=3),
    ]  # fmt: skip
    got = ask(Stickiness(events="View", start="2026-03-01"), events)
    assert [one.value for one in got.everyone.frequencies] == [3, 7]
    assert got.everyone.frequencies[0].value_per_person.value == 1.5
    assert got.everyone.frequencies[1].value_per_person.reason is Reason.TOO_FEW
    each, whole = got.pictures("value")
    assert isinstance(each, Lines)
    assert isinstance(whole, Lines)
    assert [list(line.values) for line in (*each.series, *whole.series)] == [[1.5, 7], [3, 7]]


def test_rows_that_look_back_to_before_the_first_event_are_noted() -> None:
    got = ask(Stickiness(start="2026-03-05"), [happened(0, 0), happened(0, 6)])
    assert "Nothing is known before 2026-03-01: until 28 days later" in got.notes[0]
    early = [happened(0, -40), happened(0, 6)]
    assert not any("Nothing is known" in note for note in ask(Stickiness(start="2026-03-05"), early).notes)


def test_nobody_is_a_reason_and_no_zero() -> None:
    for question in (Stickiness(), Stickiness(start="2026-03-01", end="2026-03-03", by="label")):
        got = ask(question, [], 0)
        assert got.everyone.people == 0
        assert got.everyone.average.reason is Reason.NOBODY
        assert got.everyone.median.reason is Reason.NOBODY
        assert got.everyone.stickiness.reason is Reason.NOBODY
        assert got.everyone.rows[0].of_long.reason is Reason.NOBODY
        assert got.sentence() == "Nobody was active in the period."
        assert got.groups == ()
        assert got.pictures()
        assert got.pictures("value")


def test_one_event_is_one_person_on_one_day() -> None:
    got = ask(Stickiness(), [happened(0, 0)], 1)
    assert got.everyone.frequencies[0].people == 1
    assert got.everyone.average.value == 1
    assert got.everyone.average.reason is Reason.TOO_FEW
    assert got.everyone.rows[-1].of_long.value == 1


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=30))
def test_the_interval_of_an_average_is_students(numbers: list[int]) -> None:
    found = mean_of_counts(len(numbers), sum(numbers), sum(number**2 for number in numbers))
    half = stats.t.ppf(0.975, len(numbers) - 1) * np.std(numbers, ddof=1) / np.sqrt(len(numbers))
    assert found.value == pytest.approx(np.mean(numbers))
    assert found.low == pytest.approx(np.mean(numbers) - half, abs=1e-6)
    assert found.high == pytest.approx(np.mean(numbers) + half, abs=1e-6)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"grain": "year"}, "grain: 'year' is none of"),
        ({"counted": "days"}, "counted: 'days'"),
        ({"count": "session"}, "count: 'session'"),
        ({"events": "A > B"}, "events: 'A > B' has 2 steps"),
        ({"n_intervals": 0}, "n_intervals: 0"),
        ({"at_least": 0}, "at_least: 0"),
        ({"at_least": 2, "counted": "times"}, "at_least: it goes with counted"),
        ({"short": 30}, "short: 30 intervals are not shorter than long, 28"),
        ({"long": 999}, "long: 999"),
        ({"by": "x", "n_groups": 99}, "n_groups: 99"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        Stickiness(**fields)


def test_more_intervals_than_can_be_shown_are_refused() -> None:
    with pytest.raises(QuestionError, match="more than 1000 intervals, one for each day"):
        ask(Stickiness(start="0001-01-01"), [happened(0, 0)])
    for zone in ("UTC", "Pacific/Auckland", "America/New_York"):
        assert ask(Stickiness(end="0001-01-01", zone=zone), [happened(0, 0)]).everyone.people == 0


@pytest.mark.parametrize(
    ("pick", "message"),
    [
        ({"often": "29"}, "unknown number of intervals '29'"),
        ({"row": "2025-01-01"}, "unknown row"),
        ({"row": "2026-03-01", "window": "year"}, "unknown window"),
        ({"group": "x"}, "no split"),
        ({"step": "1"}, "unknown part"),
    ],
)
def test_a_part_that_the_answer_has_not_is_refused(pick: dict[str, str], message: str) -> None:
    layout = lay(MEASURE.plan(Stickiness()), [happened(0, 0)], 1)
    with pytest.raises(QuestionError, match=message):
        MEASURE.behind(Stickiness(), layout, pick)


def test_accounts_have_nobody_behind_them() -> None:
    question = Stickiness(count="account")
    layout = lay(MEASURE.plan(question), [happened(0, 0)], 1)
    with pytest.raises(QuestionError, match="accounts are counted"):
        MEASURE.behind(question, layout, {})
    assert "1 account was active on 1 of 28 days" in answered(question, layout).sentence()


def test_a_question_round_trips_through_json() -> None:
    question = Stickiness(events="A", by="plan", start="2026-01-01", short=3, long=9, counted="times")
    assert Stickiness.from_json(question.to_json()) == question
    assert set(field_help(Stickiness)) == set(Stickiness.__struct_fields__)


def test_the_table_has_a_row_for_each_group_and_how_often() -> None:
    events = [happened(0, 0, label="x"), happened(1, 1, label="y")]
    table = ask(Stickiness(start="2026-03-01", by="label"), events).table()
    assert table.num_rows == 3 * 2
    assert table["people"].to_pylist() == [2, 0, 1, 0, 1, 0]
    assert table["group"].to_pylist()[::2] == ["(all)", "x", "y"]


def test_through_the_lake_people_and_their_money_are_found(tmp_path: Path) -> None:
    day = 24 * 60
    rows = [
        *(row("ann", "Page Viewed", day * at, touchpoint="web") for at in range(4)),
        row("ann", BUY, day * 3 + 1, touchpoint="web", value=9.0, currency="EUR"),
        row("ben", "Page Viewed", day * 3, touchpoint="store"),
        row("ben", "Page Viewed", day * 3 + 5, touchpoint="web"),
    ]
    question = Stickiness(events="Page Viewed", start="2026-03-01", by="touchpoint")
    with obverse.open(fill(tmp_path / "data", [table_of(rows)])) as lake:
        got = lake.ask(question)
        assert isinstance(got, StickinessAnswer)
        assert [(group.name, group.people, group.value) for group in got.groups] == [
            ("web", 1, 9.0),
            ("store", 1, 0.0),
        ]
        assert got.currency == "EUR"
        page = lake.people(question, {"often": "4"})
        assert [person.user_id for person in page.people] == ["ann"]
        last = lake.people(question, {"row": "2026-03-04", "window": "one"})
        assert {person.user_id for person in last.people} == {"ann", "ben"}
        web = lake.ask(msgspec.structs.replace(question, where="touchpoint = 'web'", by=None))
        assert isinstance(web, StickinessAnswer)
        assert web.everyone.people == 2


def test_by_the_front_door_days_windows_and_groups_are_counted(ask: Ask) -> None:
    day = 24 * 60
    rows = [
        *(row("ann", "Page Viewed", day * at, touchpoint="web") for at in range(4)),
        row("ben", "Page Viewed", day * 3, touchpoint="store"),
        row("ann", BUY, day * 3 + 1, touchpoint="web", value=9.0, currency="EUR"),
        row("cy", "Page Viewed", day * -2, touchpoint="web"),
    ]
    got = ask(rows, Stickiness(events="Page Viewed", start="2026-03-01", by="touchpoint"))
    assert {group.name: (group.people, group.value) for group in got.groups} == {
        "web": (1, 9.0),
        "store": (1, 0.0),
    }
    assert {one.often: one.people for one in got.everyone.frequencies} == {1: 1, 2: 0, 3: 0, 4: 1}
    assert [(one.people, one.long_people) for one in got.everyone.rows] == [(1, 2), (1, 2), (1, 2), (2, 3)]
    assert ask([], Stickiness(by="touchpoint")).everyone.people == 0
