"""Trends against plain counting: every series, grain and span, through clock changes."""

from __future__ import annotations

import math
import os
import pickle
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from obverse.errors import QuestionError
from obverse.measure.estimate import Estimate, Reason
from obverse.measure.picture import Lines, Side
from obverse.measure.protocol import Facts
from obverse.measure.scope import Grain
from obverse.measure.trend import Trend, TrendAnswer, TrendMeasure, summary
from obverse.tape.layout import Layout
from tests.measure import oracle_trend as oracle
from tests.measure.laws import check_laws
from tests.measure.layouts import SECOND, Happening, lay

MEASURE = TrendMeasure()
HOUR = 3_600 * SECOND
BERLIN = ZoneInfo("Europe/Berlin")
CHANGE = datetime(2026, 3, 29, tzinfo=BERLIN)  # a day of 23 hours
WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
PROFILE = settings(max_examples=40 if WITHOUT_JIT else 100)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
GRAINS = st.sampled_from(["hour", "day", "week", "month"])
SERIES = (
    "A",
    "people: A or B",
    "value: B",
    "events per person: A or B",
    "sum n: A or B",
    "average n: A or B",
    "minimum n: A",
    "maximum n: A",
    "median n: A or B",
    "p90 n: B",
)
NAMES = [{"A"}, {"A", "B"}, {"B"}, {"A", "B"}, {"A", "B"}, {"A", "B"}, {"A"}, {"A"}, {"A", "B"}, {"B"}]


@st.composite
def worlds(draw: st.DrawFn, spread_h: int = 24 * 9) -> list[Happening]:
    start = oracle.instant(CHANGE - timedelta(days=5))
    return [
        Happening(
            unit=draw(st.integers(0, 4)),
            time=start + draw(st.integers(0, spread_h * 2)) * HOUR // 2,
            seq=seq,
            name=draw(st.sampled_from("AB")),
            value=float(draw(st.integers(-2, 9))),
            label=draw(st.sampled_from(["x", "y", "z", None])),
            number=draw(st.sampled_from([math.nan, -3.5, 0.0, 1.0, 1.0, 7.25, 1e6])),
        )
        for seq in range(1, draw(st.integers(1, 25)))
    ]


def answered(question: Trend, layout: Layout) -> TrendAnswer:
    summary = MEASURE.scan(question, layout, range(layout.n_units))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


def ask(
    question: Trend, events: Sequence[Happening], n_units: int = 5, newest: int | None = None
) -> TrendAnswer:
    return answered(question, lay(MEASURE.plan(question), events, n_units, newest=newest))


def close(counting: str, found: Estimate, expected: float | None) -> bool:
    if found.value is None or expected is None:
        return found.value is None and expected is None
    return found.value == pytest.approx(expected, rel=1 / 127 if counting[0] in "mp" else 1e-9, abs=1e-9)


@PROFILE
@given(
    worlds(),
    ZONES,
    GRAINS,
    st.integers(-6, 5),
    st.integers(1, 8),
    st.sampled_from([1, 1, 2, 3, 0]),
    st.booleans(),
)
def test_every_number_is_what_plain_counting_gives(
    events: list[Happening], zone: str, grain: str, first: int, n_days: int, rolling: int, split: bool
) -> None:
    here = ZoneInfo(zone)
    start = (CHANGE + timedelta(days=first)).replace(tzinfo=here)
    end = start + timedelta(days=n_days)
    question = Trend(
        series=SERIES,
        start=start.date().isoformat(),
        end=end.date().isoformat(),
        zone=zone,
        grain=grain,  # type: ignore[arg-type] # one of them
        rolling=max(rolling, 1),
        cumulative=rolling == 0,
        by="label" if split else None,
        n_groups=2,
    )
    newest = oracle.instant(end) + 40 * 24 * HOUR
    got = ask(question, events, newest=newest)
    lead = max(rolling - 1, 0)
    low, high = oracle.instant(start), oracle.instant(end)
    rows = oracle.names(low, high, here, grain)
    reach = {"hour": HOUR, "day": 25 * HOUR, "week": 170 * HOUR, "month": 750 * HOUR}[grain]
    early = oracle.names(low - (lead + 1) * reach, low, here, grain)
    early = [one for one in early if one != rows[0]][-lead:] if lead else []
    cut = rows[0] if rolling > 1 or grain == "hour" else max(rows[0], start.date().isoformat())
    assert [row.name for row in got.rows] == [cut, *rows[1:]]
    from_ = low if rolling < 2 else -math.inf
    for one, names in zip(got.series, NAMES, strict=True):
        mine = [event for event in events if event.name in names and from_ <= event.time < high]
        counting = one.counting
        share = {"median": 0.5, "p90": 0.9}.get(counting, 0.0)
        for group in one.groups:
            theirs = [event for event in mine if group.name in ("(all)", named(event, got))]
            for at, found in enumerate(group.values):
                inside = oracle.covered([*early, *rows], at + len(early), rolling, rolling == 0, len(early))
                chosen = [event for event in theirs if oracle.name(event.time, here, grain) in inside]
                assert close(counting, found, oracle.number(chosen, counting, share)), (one.name, at)
            whole = [event for event in theirs if oracle.name(event.time, here, grain) in rows]
            assert close(counting, group.total, oracle.number(whole, counting, share)), one.name
            assert group.total_worth == pytest.approx(sum(event.value for event in whole))
        everyone = [event for event in mine if oracle.name(event.time, here, grain) in rows]
        assert close(counting, one.total, oracle.number(everyone, counting, share)), one.name


def named(event: Happening, got: TrendAnswer) -> str:
    """Name the group of an event."""
    name = event.label or "(no value)"
    return name if name in {group.name for group in got.series[0].groups} else "(other)"


def quantile_ends(events: Sequence[Happening], share: float) -> tuple[float, float] | None:
    """Give the order statistics that a quantile lies between, by SciPy's binomial distribution."""
    known = sorted(event.number for event in events)
    low = int(stats.binom.ppf(0.025, len(known), share))
    high = int(stats.binom.ppf(0.975, len(known), share)) + 1
    return (known[low - 1], known[high - 1]) if low >= 1 and high <= len(known) else None


@settings(max_examples=10 if WITHOUT_JIT else 30)
@given(st.integers(0, 10_000), st.sampled_from([1, 0]), st.booleans())
def test_intervals_are_those_of_their_formulas(seed: int, rolling: int, split: bool) -> None:
    chance = np.random.default_rng(seed)
    n = 200
    start = oracle.instant(CHANGE)
    events = [
        Happening(int(unit), start + int(hour) * HOUR, seq, "A", label=str(label), number=float(number))
        for seq, (unit, hour, label, number) in enumerate(
            zip(
                chance.integers(0, 20, n), chance.integers(0, 23 + 24, n),
                chance.choice(["x", "y"], n), chance.normal(1e6, 1, n).round(3), strict=True,
            )
        )
    ]  # fmt: skip
    question = Trend(
        series=("average n: A", "events per person: A", "p75 n: A"),
        start="2026-03-29",
        end="2026-03-31",
        zone="Europe/Berlin",
        cumulative=rolling == 0,
        by="label" if split else None,
    )
    average, per_person, quartile = ask(question, events, 20, newest=start + 90 * 24 * HOUR).series
    for at in range(len(average.groups)):
        group = average.groups[at].name
        mine = [event for event in events if group in ("(all)", event.label)]
        days = [[event for event in mine if event.time - start < 23 * HOUR]]
        days.append(mine if rolling == 0 else [event for event in mine if event not in days[0]])
        check_interval(average.groups[at].total, people_draws(mine))
        check_interval(per_person.groups[at].total, [(len(one), 1) for one in by_person(mine)])
        check_quantile(quartile.groups[at].total, mine)
        for row, day in enumerate(days):
            check_interval(per_person.groups[at].values[row], [(len(one), 1) for one in by_person(day)])
            check_quantile(quartile.groups[at].values[row], day)
            if rolling == 1 or row == 0:
                check_interval(average.groups[at].values[row], people_draws(day))


def by_person(events: Sequence[Happening]) -> list[list[Happening]]:
    units = sorted({event.unit for event in events})
    return [[event for event in events if event.unit == unit] for unit in units]


def people_draws(events: Sequence[Happening]) -> list[tuple[float, float]]:
    return [(sum(event.number for event in one), len(one)) for one in by_person(events)]


def check_interval(found: Estimate, draws: Sequence[tuple[float, float]]) -> None:
    critical = float(stats.t.ppf(0.975, len(draws) - 1)) if len(draws) > 1 else math.nan
    expected = oracle.mean_interval(draws, critical)
    if expected is None:
        assert found.low is found.high is None
        assert found.reason is (Reason.TOO_FEW if draws else Reason.NOBODY)
    else:
        assert (found.low, found.high) == pytest.approx(expected, rel=1e-9)
        assert found.reason is None


def check_quantile(found: Estimate, events: Sequence[Happening]) -> None:
    expected = quantile_ends(events, 0.75) if events else None
    if expected is None:
        assert found.low is found.high is None
        assert found.reason is (Reason.TOO_FEW if events else Reason.NOBODY)
    else:
        assert (found.low, found.high) == pytest.approx(expected, rel=1 / 63)
        assert found.low is not None
        assert found.high is not None
        assert found.low <= expected[0] <= expected[1] <= found.high


def test_an_interval_of_large_numbers_that_are_close_together_is_not_lost() -> None:
    events = [Happening(unit, NOON + unit, unit, "A", number=1e12 + unit % 2) for unit in range(10)]
    (average,) = ask(Trend(series=("average n: A",), start="2026-03-01"), events, 10).series
    expected = oracle.mean_interval([(event.number, 1) for event in events], float(stats.t.ppf(0.975, 9)))
    assert expected is not None
    assert (average.total.low, average.total.high) == pytest.approx(expected, abs=1e-3)
    assert expected[1] - expected[0] > 0.5


@PROFILE
@given(
    worlds(),
    st.lists(st.integers(0, 5), max_size=4),
    st.sampled_from([{}, {"start": "2026-03-26"}, {"start": "2026-03-28", "compare": True}]),
    st.sampled_from([{}, {"rolling": 3}, {"cumulative": True}]),
    st.booleans(),
)
def test_summaries_merge_however_people_are_split(
    events: list[Happening], cuts: list[int], period: dict[str, Any], points: dict[str, Any], split: bool
) -> None:
    question = Trend(series=SERIES, by="label" if split else None, **period, **points)
    layout = lay(MEASURE.plan(question), events, 5)
    check_laws(partial(MEASURE.scan, question, layout), layout.n_units, cuts)
    summary = MEASURE.scan(question, layout, range(5))
    assert len(pickle.dumps(summary)) < 200_000 * (1 + len(period))


@PROFILE
@given(
    worlds(),
    st.sampled_from(["hour", "day", "week"]),
    st.sampled_from([1, 2, 0]),
    st.booleans(),
    st.booleans(),
)
def test_as_many_people_are_behind_a_point_as_it_says(
    events: list[Happening], grain: Grain, rolling: int, split: bool, compare: bool
) -> None:
    question = Trend(
        series=("people: A", "people: A or B"),
        start="2026-03-27",
        end="2026-04-01",
        grain=grain,
        zone="Europe/Berlin",
        rolling=max(rolling, 1),
        cumulative=rolling == 0,
        by="label" if split else None,
        n_groups=2,
        compare=compare,
    )
    layout = lay(MEASURE.plan(question), events, 5)
    got = answered(question, layout)
    for picture in got.pictures():
        assert isinstance(picture, Lines)
        for line in picture.series:
            for value, pick in zip(line.values, line.picks, strict=True):
                assert (value is None) == (pick is None)
                assert pick is None or value == MEASURE.behind(question, layout, pick).sum()
    for one in got.series:
        assert one.total.value == MEASURE.behind(question, layout, {"series": one.letter}).sum()
    everyone = MEASURE.behind(question, layout, {})
    assert everyone.sum() == got.series[1].total.value


NOON = 1_772_366_400_000_000  # 2026-03-01T12:00Z, a Sunday
DAY = 24 * HOUR


def happened(unit: int, hours: float, name: str = "A", **fields: Any) -> Happening:
    return Happening(unit, NOON + round(hours * HOUR), round(hours * 60) + 10_000, name, **fields)


def values(got: TrendAnswer, series: int = 0, group: int = 0) -> list[float | None]:
    return [found.value for found in got.series[series].groups[group].values]


def test_people_are_once_in_a_row_and_once_in_the_total() -> None:
    events = [happened(0, 0), happened(0, 1), happened(1, 2), happened(0, 24), happened(2, 48)]
    got = ask(Trend(series=("people: A", "A"), start="2026-03-01"), events)
    assert values(got) == [2, 1, 1]
    assert values(got, 1) == [3, 1, 1]
    assert got.series[0].total.value == 3
    assert got.sentence() == (
        "3 people did A from 2026-03-01 to 2026-03-03; most on 2026-03-01: 2. A happened 5 times."
    )


def test_a_person_in_two_groups_is_in_both_and_once_in_the_total() -> None:
    events = [happened(0, 0, label="x"), happened(0, 1, label="y"), happened(1, 2, label="x")]
    got = ask(Trend(series=("people: A",), start="2026-03-01", by="label"), events)
    assert [(group.name, group.total.value) for group in got.series[0].groups] == [("x", 2), ("y", 1)]
    assert got.series[0].total.value == 2


def test_rolling_people_are_counted_once_and_not_added_up() -> None:
    events = [happened(0, 24 * day) for day in range(10)] + [happened(1, 24 * 4)]
    question = Trend(series=("people: A", "A"), start="2026-03-03", end="2026-03-10", rolling=7)
    got = ask(question, events)
    assert values(got) == [1, 1, 2, 2, 2, 2, 2]
    assert values(got, 1) == [3, 4, 6, 7, 8, 8, 8]
    assert (
        got.series[1].total.value == 8
    )  # of the seven days shown, not of those that the points reach back to


def test_cumulative_people_are_those_seen_so_far() -> None:
    events = [happened(0, 0), happened(0, 24), happened(1, 24), happened(2, 72), happened(0, 72)]
    got = ask(Trend(series=("people: A", "A"), start="2026-03-01", cumulative=True), events)
    assert values(got) == [1, 2, 2, 3]
    assert values(got, 1) == [1, 3, 3, 5]


def test_a_formula_computes_row_by_row_and_of_the_totals() -> None:
    events = [happened(0, 0), happened(1, 0), happened(0, 1, "B"), happened(0, 24), happened(3, 48, "B")]
    formulas = ("100 * B / A as Buyers in a hundred", "-(A + B) / 2")
    got = ask(Trend(series=("people: A", "people: B"), formulas=formulas, start="2026-03-01"), events)
    share, minus = got.series[2:]
    assert [found.value for found in share.groups[0].values] == [50, 0, None]
    assert share.groups[0].values[2].reason is Reason.NOBODY
    assert share.name == "Buyers in a hundred"
    assert share.total.value == pytest.approx(100)
    assert [found.value for found in minus.groups[0].values] == [-1.5, -0.5, -0.5]
    assert not any(line.picks[0] for line in lines(got)[-1].series)


def test_a_formula_that_is_a_line_in_one_series_has_its_interval_and_another_says_why_not() -> None:
    events = [happened(unit, hour) for unit in range(4) for hour in range(unit + 1)]
    formulas = ("60 - A / 2", "B / 7", "A / B", "A * A")
    got = ask(
        Trend(series=("events per person: A", "people: A"), formulas=formulas, start="2026-03-01"), events
    )
    per_person, _, falling, counted, ratio, square = (one.groups[0].values[0] for one in got.series)
    assert per_person.low is not None
    assert per_person.high is not None
    assert falling.value == pytest.approx(60 - 2.5 / 2)
    assert falling.low == pytest.approx(60 - per_person.high / 2)
    assert falling.high == pytest.approx(60 - per_person.low / 2)
    assert counted.value == pytest.approx(4 / 7)
    assert (counted.low, counted.high, counted.reason) == (None, None, None)
    for one in (ratio, square):
        assert (one.low, one.high, one.reason) == (None, None, Reason.COMPUTED)
    assert got.series[2].total.high is not None


def lines(got: TrendAnswer, side: Side = "people") -> list[Lines]:
    found = got.pictures(side)
    assert all(isinstance(picture, Lines) for picture in found)
    return [picture for picture in found if isinstance(picture, Lines)]


def test_series_that_share_a_picture_are_named_by_what_its_title_leaves_open() -> None:
    asked = Trend(series=("people: *", "people: A or B", "people: A as Us", "A"), start="2026-03-01")
    people, times = lines(ask(asked, [happened(0, 0)]))
    assert [line.name for line in people.series] == ["anything", "A or B", "Us"]
    assert (people.title, times.title) == ("How many people", "A")
    nobody = ask(Trend(series=("people: A",), start="2020-01-01", end="2020-01-03"), [happened(0, 0)])
    assert nobody.sentence() == "0 people did A from 2020-01-01 to 2020-01-02."


def test_the_period_before_stands_beside_the_period() -> None:
    events = [happened(0, -24), happened(1, -24), happened(0, 0), happened(0, -72)]
    got = ask(Trend(series=("people: A",), start="2026-03-01", end="2026-03-03", compare=True), events)
    (group,) = got.series[0].groups
    assert [row.name for row in got.before_rows] == ["2026-02-27", "2026-02-28"]
    assert [found.value for found in group.before] == [0, 2]
    assert values(got) == [1]  # the second day has not begun
    assert group.total_before is not None
    assert group.total_before.value == 2
    _, before = lines(got)[0].series
    assert [line.before for line in lines(got)[0].series] == [False, True]
    assert list(before.values) == [0]
    assert before.picks[0] == {"series": "A", "period": "before", "row": "2026-02-27"}
    assert any("was not over" in note for note in got.notes)


def test_rows_that_are_cut_or_not_over_are_marked() -> None:
    events = [happened(0, 24 * day) for day in range(12)]
    got = ask(Trend(series=("A",), grain="week", start="2026-03-01", end="2026-03-12"), events)
    assert [(row.name, row.complete) for row in got.rows] == [
        ("2026-03-01", False),
        ("2026-03-02", True),
        ("2026-03-09", False),
    ]
    assert lines(got)[0].series[0].open == (True, False, True)
    assert values(got) == [1, 7, 3]
    got = ask(Trend(series=("A",), start="2026-03-11"), events)
    assert [row.complete for row in got.rows] == [True, False]


def test_an_hour_that_a_clock_change_repeats_is_two_rows() -> None:
    change = oracle.instant(datetime(2026, 10, 25, 1, tzinfo=BERLIN))
    events = [Happening(0, change + quarter * HOUR // 4, quarter, "A") for quarter in range(16)]
    question = Trend(
        series=("A",), grain="hour", zone="Europe/Berlin", start="2026-10-25T01:00", end="2026-10-25T04:00"
    )
    got = ask(question, events)
    assert [row.name[11:] for row in got.rows] == ["01:00", "02:00", "02:00+01:00", "03:00"]
    assert values(got) == [4, 4, 4, 4]
    layout = lay(MEASURE.plan(question), events, 1)
    for row in got.rows:
        assert MEASURE.behind(question, layout, {"row": row.name}).sum() == 1


def test_an_event_at_midnight_is_of_the_day_that_begins() -> None:
    events = [happened(0, 12), happened(1, 12 - 1e-9), happened(2, 36)]
    assert values(ask(Trend(series=("people: A",), start="2026-03-01", end="2026-03-03"), events)) == [1, 1]


def test_without_a_start_the_rows_begin_with_the_first_event() -> None:
    got = ask(Trend(series=("A", "people: A")), [happened(0, 0), happened(1, 49)])
    assert [row.name for row in got.rows] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert values(got) == [1, 0, 1]
    assert got.start == "2026-03-01T00:00:00+00:00"
    assert got.end == "2026-03-04T00:00:00+00:00"


def test_an_empty_lake_has_no_rows() -> None:
    for question in (Trend(series=SERIES), Trend(series=SERIES, by="label", cumulative=True)):
        got = ask(question, [], 0)
        assert (got.rows, got.start, got.newest) == ((), None, None)
        assert got.sentence() == "Nothing happened in the period."
        assert got.table().num_rows == 0
    got = ask(Trend(series=SERIES, start="2026-03-01", end="2026-03-03", rolling=2), [], 0)
    assert values(got) == [0, 0]
    assert got.series[5].total.reason is Reason.NOBODY


def test_one_event_is_one_event_one_person_one_row() -> None:
    got = ask(Trend(series=SERIES), [happened(0, 0, value=3, number=7)], 1)
    assert len(got.rows) == 1
    found = {one.name: one.groups[0].values[0] for one in got.series}
    assert found["events per person: A or B"] == Estimate(1.0, reason=Reason.TOO_FEW)
    assert found["average n: A or B"] == Estimate(7.0, reason=Reason.TOO_FEW)
    assert found["median n: A or B"] == Estimate(7.0, reason=Reason.TOO_FEW)
    assert found["p90 n: B"] == Estimate(reason=Reason.NOBODY)


def test_sessions_are_counted_beside_their_people() -> None:
    # Units are sessions: two of person 0 that overlap, one of person 1 over midnight.
    events = [
        happened(0, 0), happened(1, 1), happened(0, 2), happened(1, 25), happened(0, 26),
        happened(2, 11), happened(2, 13),
    ]  # fmt: skip
    series = ("sessions: A", "people: A", "events per person: A", "A")
    question = Trend(series=series, start="2026-03-01")
    assert MEASURE.plan(question).unit == "session"
    layout = lay(MEASURE.plan(question), events, 3, person=[0, 0, 1])
    got = answered(question, layout)
    assert [values(got, number) for number in range(4)] == [[3, 3], [2, 2], [2, 1.5], [4, 3]]
    assert [one.total.value for one in got.series] == [3, 2, 3.5, 7]
    assert MEASURE.behind(question, layout, {"row": "2026-03-02"}).tolist() == [True, True]
    rolling = msgspec.structs.replace(question, rolling=2)
    assert [values(answered(rolling, layout), number) for number in range(3)] == [[3, 3], [2, 2], [2, 3.5]]


def test_accounts_are_counted_alone() -> None:
    question = Trend(series=("accounts: A", "accounts: B"), start="2026-03-01")
    assert MEASURE.plan(question).unit == "account"
    layout = lay(MEASURE.plan(question), [happened(0, 0), happened(1, 1, "B")], 2)
    got = answered(question, layout)
    assert (values(got), values(got, 1)) == ([1], [1])
    assert lines(got)[0].title == "How many accounts"
    with pytest.raises(QuestionError, match="accounts are counted"):
        MEASURE.behind(question, layout, {})
    with pytest.raises(QuestionError, match="accounts cannot be counted beside"):
        Trend(series=("accounts: A", "people: B"))


def test_numbers_of_every_size_and_sign_have_their_percentiles() -> None:
    numbers = [-1e300, -5.0, -1e-300, -0.0, 0.0, 5e-324, 1e-9, 3.0, 1.7e308]
    events = [happened(unit, unit, number=number) for unit, number in enumerate(numbers)]
    events.append(happened(9, 9, number=math.inf))
    shares = [(rank - 0.5) / 9 for rank in range(1, 10)]
    series = tuple(f"p{100 * share:.1f} n: A" for share in shares)
    got = ask(Trend(series=series, start="2026-03-01"), events, 10)
    for one, number in zip(got.series, numbers, strict=True):
        assert one.total.value == pytest.approx(number, rel=1 / 127, abs=1e-300)


def test_a_sketch_larger_than_its_table_is_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(3)
    events = [
        happened(seq % 7, seq % 60, number=number) for seq, number in enumerate(chance.lognormal(0, 3, 300))
    ]
    question = Trend(series=("p25 n: A",), start="2026-03-01", by="label")
    whole = ask(question, events, 7)
    monkeypatch.setattr(summary, "MAX_TABLE", 20)
    assert ask(question, events, 7) == whole


def test_the_value_side_is_the_money_of_the_same_events() -> None:
    events = [happened(0, 0, value=5, number=2), happened(0, 24, value=7), happened(1, 24, "B", value=1)]
    got = ask(Trend(series=("people: A", "A", "average value: A", "B"), start="2026-03-01"), events)
    money, average = lines(got, "value")
    assert [(line.name, line.values) for line in money.series] == [("A", (5, 7)), ("B", (0, 1))]
    assert (money.of, average.of) == ("money", "money")
    people, counts = lines(got)
    assert (people.of, counts.of) == ("people", "count")
    assert [line.name for line in counts.series] == ["A", "B"]
    (only,) = lines(ask(Trend(series=("value: A",), start="2026-03-01"), events))
    assert only.of == "money"


def test_a_split_trend_has_a_picture_for_each_series() -> None:
    events = [happened(0, 0, label="x", value=2), happened(1, 0, "B", label="y", value=3)]
    got = ask(Trend(series=("people: A", "people: B"), start="2026-03-01", by="label"), events)
    assert [(picture.title, [line.name for line in picture.series]) for picture in lines(got)] == [
        ("people: A", ["x", "y"]),
        ("people: B", ["x", "y"]),
    ]
    assert [picture.title for picture in lines(got, "value")] == ["Money of A", "Money of B"]


def test_the_table_has_a_row_for_each_row_series_and_group() -> None:
    events = [happened(0, 0, label="x"), happened(1, 24, label="y")]
    table = ask(Trend(series=("people: A", "A"), start="2026-03-01", by="label"), events).table()
    assert table.num_rows == 2 * 2 * 2
    assert table.column_names[:4] == ["day", "series", "group", "value"]
    assert sum(table["value"].to_pylist()) == 4


def test_currencies_that_were_added_up_are_noted() -> None:
    question = Trend(series=("value: A",), start="2026-03-01")
    layout = lay(MEASURE.plan(question), [happened(0, 0, value=5)], 1)
    summary_ = MEASURE.scan(question, layout, range(1))
    got = MEASURE.answer(question, summary_, Facts(1, (), ("EUR", "USD"), ("unknown event 'A'",)))
    assert got.currency is None
    assert got.notes == (
        "unknown event 'A'",
        "Values in several currencies (EUR, USD) were added as they are.",
    )


@pytest.mark.parametrize(
    ("pick", "word"),
    [
        ({"series": "Z"}, "unknown series"),
        ({"row": "2025-01-01"}, "row: there is no"),
        ({"group": "x"}, "not split"),
        ({"period": "before"}, "unknown period"),
        ({"step": "1"}, "unknown part"),
    ],
)
def test_a_part_that_the_answer_has_not_is_refused(pick: dict[str, str], word: str) -> None:
    question = Trend(series=("people: A",), start="2026-03-01")
    with pytest.raises(QuestionError, match=word):
        MEASURE.behind(question, lay(MEASURE.plan(question), [happened(0, 0)], 1), pick)
