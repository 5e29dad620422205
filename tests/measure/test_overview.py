"""The overview against plain Python, through a clock change, and through the real lake."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.event import SCHEMA
from obverse.lake.table import EventTable
from obverse.measure.calendar import GRAINS, edges, grain_for
from obverse.measure.estimate import Reason
from obverse.measure.overview import Overview, OverviewAnswer, OverviewMeasure
from obverse.measure.overview_scan import MOST_ROWS
from obverse.measure.pairs import merge_pairs, push_pair, ratio
from obverse.measure.picture import Bars, Lines
from obverse.measure.protocol import Facts
from obverse.measure.question import Question
from obverse.tape.layout import Layout
from obverse.tape.tape import Tape
from tests.measure.laws import check_laws
from tests.measure.layouts import SECOND, Happening, lay
from tests.measure.oracle_overview import day_of, days, instant, period, touchpoints

MEASURE = OverviewMeasure()
BUY = "Order Completed"
HOUR = 3_600 * SECOND
UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
SUMMER = date(2026, 3, 29)  # has 23 hours in Berlin
WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
PROFILE = settings(max_examples=50 if WITHOUT_JIT else 300)

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])


@st.composite
def worlds(draw: st.DrawFn) -> list[Happening]:
    start = instant(SUMMER - timedelta(days=4), BERLIN)
    return [
        Happening(
            unit=draw(st.integers(0, 5)),
            time=start + draw(st.integers(0, 24 * 9)) * HOUR // 2,
            seq=seq,
            name=draw(st.sampled_from(["View", "View", BUY])),
            value=float(draw(st.integers(-2, 9))),
            label=draw(st.sampled_from(["web", "store", "app"])),
        )
        for seq in range(1, draw(st.integers(1, 25)))
    ]


def ask(question: Overview, events: list[Happening], n_units: int = 6) -> OverviewAnswer:
    layout = lay(MEASURE.plan(question), events, n_units)
    return answered(question, layout)


def answered(question: Overview, layout: Layout) -> OverviewAnswer:
    summary = MEASURE.scan(question, layout, range(layout.n_units))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


def told(totals: object) -> dict[str, object]:
    found = msgspec.structs.asdict(totals)  # type: ignore[arg-type]
    names = ("people", "new_people", "customers", "converting", "orders", "value")
    return {name: found[name] for name in names}


def without(found: dict[str, object], name: str = "not_yet") -> dict[str, object]:
    return {key: value for key, value in found.items() if key != name}


@PROFILE
@given(worlds(), ZONES, st.integers(-3, 4), st.integers(1, 4))
def test_every_figure_is_what_plain_counting_gives(
    events: list[Happening], zone: str, first: int, n_days: int
) -> None:
    here, start = ZoneInfo(zone), SUMMER + timedelta(days=first)
    end, before = start + timedelta(days=n_days), start - timedelta(days=n_days)
    got = ask(Overview(start=start.isoformat(), end=end.isoformat(), zone=zone), events)
    now, then = period(events, BUY, start, end, here), period(events, BUY, before, start, here)
    assert got.previous is not None
    assert told(got.totals) == without(now)
    assert told(got.previous) == without(then)
    if now["people"]:
        assert got.totals.not_yet_customers.value == pytest.approx(now["not_yet"] / now["people"])
        assert got.totals.conversion.value == pytest.approx(now["converting"] / now["people"])
        assert got.totals.value_per_person.value == pytest.approx(now["value"] / now["people"])
    if now["orders"]:
        assert got.totals.average_order.value == pytest.approx(now["value"] / now["orders"])
    for rows, low, high in ((got.rows, start, end), (got.previous_rows, before, start)):
        assert {row.name: told(row) for row in rows} == {
            name: without(day) for name, day in days(events, BUY, low, high, here).items()
        }
    assert {
        place.name: (place.people, place.events, place.orders, place.value) for place in got.touchpoints
    } == touchpoints(events, BUY, start, end, here)


@PROFILE
@given(worlds(), st.lists(st.integers(0, 6), max_size=4), st.booleans())
def test_summaries_merge_however_people_are_split(
    events: list[Happening], cuts: list[int], bounded: bool
) -> None:
    question = Overview(start="2026-03-27", end="2026-04-01") if bounded else Overview()
    layout = lay(MEASURE.plan(question), events, 6)
    check_laws(partial(MEASURE.scan, question, layout), layout.n_units, cuts)


@given(worlds())
@settings(max_examples=30)
def test_without_a_start_all_days_since_the_first_event_are_shown(events: list[Happening]) -> None:
    got = ask(Overview(zone="Europe/Berlin"), events)
    if not events:
        assert got.rows == ()
        return
    first = min(event.time for event in events)
    last = max(event.time for event in events)
    assert got.previous is None
    assert got.previous_rows == ()
    assert got.start is None
    assert got.rows[0].name == edges_day(first)
    assert got.rows[-1].name == edges_day(last)
    assert got.totals.people == len({event.unit for event in events}) == got.totals.new_people
    assert got.rows[-1].customers == got.totals.customers


@settings(parent=PROFILE, max_examples=40)
@given(worlds(), st.lists(st.integers(0, 6), max_size=4), st.sampled_from([10, 30, 300]))
def test_a_history_of_any_length_has_the_shortest_rows_that_can_be_shown_and_the_same_numbers_in_them(
    events: list[Happening], cuts: list[int], stretch: int
) -> None:
    begin = min((event.time for event in events), default=0)
    events = [replace(event, time=begin + (event.time - begin) * stretch) for event in events]
    layout = lay(MEASURE.plan(Overview()), events, 6)
    check_laws(partial(MEASURE.scan, Overview(), layout), layout.n_units, cuts)
    got = ask(Overview(), events)
    by_grain = {grain: ask(Overview(grain=grain), events) for grain in GRAINS}
    assert got.grain == next(
        (grain for grain in GRAINS[:2] if len(by_grain[grain].rows) <= MOST_ROWS), GRAINS[2]
    )
    assert got.rows == by_grain[got.grain].rows
    assert {row.name: told(row) for row in by_grain["day"].rows if row.people} == {
        day.isoformat(): without(period(events, BUY, day, day + timedelta(days=1), UTC))
        for day in {day_of(event.time, UTC) for event in events}
    }


def edges_day(time: int) -> str:
    return day_of(time, BERLIN).isoformat()


def happening(
    unit: int, time: int, name: str = "View", value: float = 0.0, label: str = "web", seq: int = 0
) -> Happening:
    return Happening(unit=unit, time=time, seq=seq or time // SECOND, name=name, value=value, label=label)


def test_the_day_of_a_clock_change_has_its_own_length() -> None:
    start = instant(SUMMER, BERLIN)
    events = [happening(0, start), happening(1, start + 23 * HOUR - 1), happening(2, start + 23 * HOUR)]
    got = ask(Overview(start="2026-03-29", end="2026-03-31", zone="Europe/Berlin"), events)
    assert [(row.name, row.people) for row in got.rows] == [("2026-03-29", 2), ("2026-03-30", 1)]
    assert [row.start for row in got.rows] == ["2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"]
    assert [row.complete for row in got.rows] == [True, False]
    assert got.previous_rows[0].name == "2026-03-27"


def test_a_period_that_begins_within_a_day_marks_that_day_as_not_whole() -> None:
    events = [happening(0, instant(date(2026, 5, 9), BERLIN))]
    got = ask(Overview(start="2026-05-01T12:00", end="2026-05-03", zone="Europe/Berlin"), events)
    assert [(row.name, row.complete) for row in got.rows] == [("2026-05-01", False), ("2026-05-02", True)]
    assert [row.start for row in got.previous_rows] == [
        "2026-04-30T00:00:00+02:00",
        "2026-05-01T00:00:00+02:00",
    ]
    assert [row.complete for row in got.previous_rows] == [True, False]  # a day and a half


def test_people_of_a_week_count_once_in_it() -> None:
    monday = instant(date(2026, 3, 2), BERLIN)
    events = [happening(0, monday + day * 24 * HOUR + HOUR) for day in range(14)]
    got = ask(Overview(start="2026-03-02", end="2026-03-16", zone="Europe/Berlin", grain="week"), events)
    assert [(row.name, row.people, row.new_people) for row in got.rows] == [
        ("2026-03-02", 1, 1),
        ("2026-03-09", 1, 0),
    ]


def test_rows_grow_with_the_period() -> None:
    day = 86_400 * SECOND
    assert [grain_for(0, n * day) for n in (1, 93, 94, 731, 732)] == ["day", "day", "week", "week", "month"]
    months = edges(instant(date(2026, 1, 15), BERLIN), instant(date(2026, 4, 1), BERLIN), BERLIN, "month")
    assert len(months) == 4


def test_a_long_history_without_a_start_is_shown_by_month() -> None:
    events = [happening(0, instant(date(year, 6, 1), BERLIN)) for year in (2015, 2026)]
    got = ask(Overview(zone="Europe/Berlin"), events)
    assert got.grain == "month"
    assert (got.rows[0].name, got.rows[-1].name) == ("2015-06-01", "2026-06-01")


def test_who_converted_before_the_period_is_a_customer_in_it() -> None:
    start = instant(date(2026, 5, 1), BERLIN)
    events = [
        happening(0, start - 90 * 24 * HOUR, BUY, 10),
        happening(0, start + HOUR),
        happening(1, start + HOUR),
    ]
    got = ask(Overview(start="2026-05-01", end="2026-05-02", zone="Europe/Berlin"), events)
    assert (got.totals.customers, got.totals.converting, got.totals.people) == (1, 0, 2)
    assert got.totals.not_yet_customers.value == 0.5
    assert [row.customers for row in got.rows] == [1]
    assert got.totals.average_order.reason is Reason.NOBODY


def test_only_named_events_say_that_somebody_was_there() -> None:
    start = instant(date(2026, 5, 1), BERLIN)
    events = [
        happening(0, start, "Mail Sent"),
        happening(1, start + HOUR),
        happening(2, start + HOUR, BUY, 5),
    ]
    question = Overview(start="2026-05-01", end="2026-05-02", zone="Europe/Berlin", active=("View",))
    assert ask(question, events).totals.people == 2
    assert ask(msgspec.structs.replace(question, active=()), events).totals.people == 3


def test_an_empty_lake_has_an_answer() -> None:
    for question in (Overview(), Overview(start="2026-05-01", end="2026-05-03")):
        got = ask(question, [], n_units=0)
        assert got.totals.people == 0
        assert got.totals.conversion.reason is Reason.NOBODY
        assert got.newest is None
        assert got.touchpoints == ()
        assert got.sentence() == "Nobody was there in the period."


def test_the_answer_speaks_and_draws() -> None:
    start = instant(date(2026, 5, 1), BERLIN)
    events = [happening(unit, start + unit * HOUR, seq=unit + 1) for unit in range(40)]
    events += [happening(unit, start + 50 * HOUR, BUY, 30.0, seq=100 + unit) for unit in range(4)]
    got = ask(Overview(start="2026-05-01", end="2026-05-05", zone="Europe/Berlin"), events, n_units=40)
    assert got.sentence().startswith(
        "40 people were there, 40 for the first time; 10.0\u202f% (4.0\u201323.1) converted"
    )
    table = got.table()
    assert table.column("day").to_pylist() == ["2026-05-01", "2026-05-02", "2026-05-03", "2026-05-04"]
    assert table.column("value").to_pylist() == [0.0, 0.0, 120.0, 0.0]
    assert got.chart("people").to_dict()["layer"]
    assert got.chart("value").to_dict()["layer"]
    again = msgspec.json.decode(got.to_json(), type=OverviewAnswer)
    assert again == got


def test_a_question_round_trips_through_json_and_refuses_what_is_wrong() -> None:
    question = Overview(
        start="2026-05-01", end="2026-06-01", zone="Europe/Berlin", active=("A",), where="value > 1"
    )
    assert Overview.from_json(question.to_json()) == question
    assert isinstance(question, Question)
    for body, message in {
        '{"type":"overview","start":"2026-05-02","end":"2026-05-02"}': "is not after start",
        '{"type":"overview","zone":"Europe/Berlim"}': "Europe/Berlin",
        '{"type":"overview","start":"May"}': "is not a date",
        '{"type":"overview","conversion":" "}': "name the event",
        '{"type":"overview","grain":"year"}': "grain",
    }.items():
        with pytest.raises(QuestionError, match=message):
            Overview.from_json(body)
    with pytest.raises(QuestionError, match="choose a longer one"):
        Overview(start="1990-01-01", end="2026-01-01", grain="day").period(0)


def test_the_interval_of_a_ratio_is_that_of_the_delta_method() -> None:
    # Cochran (1977), Sampling Techniques, 2.11: v(R) = sum (y - R x)^2 / (n (n - 1) mean(x)^2).
    x, y = np.array([3.0, 8.0, 5.0, 9.0, 4.0]), np.array([1.0, 3.0, 1.0, 2.0, 1.0])
    moments = np.zeros(6)
    for pair in zip(x, y, strict=True):
        push_pair(moments, *pair)
    found = ratio(moments)
    share = x.sum() / y.sum()
    error = np.sqrt(((x - share * y) ** 2).sum() / (5 * 4)) / y.mean()
    assert found.value == pytest.approx(share)
    assert found.low == pytest.approx(share - 2.7764451 * error)  # t, 4 degrees of freedom
    assert found.high == pytest.approx(share + 2.7764451 * error)


def test_the_interval_of_an_average_order_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        moments = np.zeros(6)
        for _ in range(60):
            n = 1 + random.poisson(1.0)
            push_pair(moments, float(random.gamma(2, 10 * (1 + 0.2 * n), n).sum()), float(n))
        found = ratio(moments)
        # E[sum] / E[n], from E[n] = 2, E[n^2] = 5 of 1 + Poisson(1).
        truth = (20 * 2 + 4 * 5) / 2
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert 0.91 <= covered / 400 <= 0.98


def test_pairs_merge_like_one_pass() -> None:
    random = np.random.default_rng(2)
    draws = random.normal(1e6, 1.0, (50, 2))
    whole, a, b = np.zeros(6), np.zeros(6), np.zeros(6)
    for at, (x, y) in enumerate(draws):
        push_pair(whole, x, y)
        push_pair(a if at < 20 else b, x, y)
    np.testing.assert_allclose(merge_pairs(a, b), whole, rtol=1e-7)
    np.testing.assert_allclose(merge_pairs(np.zeros(6), whole), whole)


def test_the_real_lake_gives_the_same_figures(tmp_path: Path) -> None:
    start = instant(date(2026, 5, 1), BERLIN)
    random = np.random.default_rng(3)
    events = [
        Happening(
            unit=int(random.integers(0, 20)),
            time=start + int(random.integers(0, 10 * 24)) * HOUR + seq,
            seq=seq,
            name=BUY if random.random() < 0.2 else "View",
            value=float(random.integers(1, 50)),
            label=str(random.choice(["web", "store"])),
        )
        for seq in range(1, 300)
    ]
    table = EventTable.open(tmp_path / "events", create=True)
    table.append(rows_of(events), "test", 1)
    tape = Tape(table, None)
    question = Overview(start="2026-05-04", end="2026-05-07", zone="Europe/Berlin")
    try:
        got = answered(question, laid(tape, question))
        store = msgspec.structs.replace(question, where="touchpoint = 'store'")
        only = answered(store, laid(tape, store))
    finally:
        tape.close()
    wanted = ask(question, events, 20)
    assert told(got.totals) == told(wanted.totals)
    assert got.totals.average_order.low == pytest.approx(wanted.totals.average_order.low)
    assert (got.rows, got.previous_rows) == (wanted.rows, wanted.previous_rows)
    assert got.touchpoints == wanted.touchpoints
    in_store = [event for event in events if event.label == "store"]
    assert told(only.totals) == told(ask(question, in_store, 20).totals)


def laid(tape: Tape, question: Overview) -> Layout:
    plan = MEASURE.plan(question)
    return tape.lay(plan.selections, value=plan.value, keys=plan.keys)


def rows_of(events: list[Happening]) -> pa.Table:
    n = len(events)
    columns = {
        "event": [event.name for event in events],
        "time": pa.array([event.time for event in events], SCHEMA.field("time").type),
        "received_at": pa.array([event.time for event in events], SCHEMA.field("time").type),
        "type": ["track"] * n,
        "message_id": [str(event.seq) for event in events],
        "touchpoint": [event.label for event in events],
        "source": ["test"] * n,
        "user_id": [f"u{event.unit}" for event in events],
        "value": [event.value for event in events],
        "properties": ["{}"] * n,
        "context": ["{}"] * n,
    }
    return pa.table(columns)


@pytest.mark.skipif(WITHOUT_JIT, reason="this is the run without the compiler")
def test_the_kernels_give_the_same_without_the_compiler() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", __file__,
         "-k", "plain_counting or however_people"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_pictures_show_the_rows_and_the_period_before() -> None:
    events = [
        Happening(0, 24 * day * HOUR, day + 1, "Order Completed", value=5.0, label="web") for day in range(6)
    ]
    asked = Overview(start="1970-01-04", end="1970-01-07", grain="day")
    answer = ask(asked, events, 1)
    lines, places = answer.pictures("value")
    assert isinstance(lines, Lines)
    assert isinstance(places, Bars)
    assert lines.axis == ("1970-01-04", "1970-01-05", "1970-01-06")
    assert [(one.name, one.values, one.before) for one in lines.series] == [
        ("Value", (5.0, 5.0, 5.0), False),
        ("The period before", (5.0, 5.0, 5.0), True),
    ]
    assert [(bar.name, bar.value) for bar in places.rows] == [("web", 15.0)]
