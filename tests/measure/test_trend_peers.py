"""The trend beside ClickHouse's uniqExact, to the person, by day and country."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from obverse.measure.protocol import Facts
from obverse.measure.scope import Grain
from obverse.measure.trend import Trend, TrendMeasure
from obverse.tape.layout import Layout, Track

chdb: Any = pytest.importorskip("chdb", reason="chDB comes with the extra `bench`")
MEASURE = TrendMeasure()
DAY = 86_400_000_000
START = 1_772_323_200_000_000  # 2026-03-01T00:00Z
COUNTRIES = ("DE", "FR", "NL", "US", "BR")
N_PEOPLE = 3_000
FLOORS = {"hour": "toStartOfHour", "day": "toStartOfDay", "week": "toMonday", "month": "toStartOfMonth"}


def world() -> tuple[pa.Table, Layout]:
    """Make 60 000 events of 3 000 people over 90 days, as a table and laid out."""
    chance = np.random.default_rng(7)
    n = 60_000
    person = np.sort(chance.integers(0, N_PEOPLE, n))
    time = START + chance.integers(0, 90 * DAY, n)
    order = np.lexsort((time, person))
    time, country = time[order], chance.integers(0, len(COUNTRIES), n).astype(np.int32)
    price = np.round(chance.lognormal(3, 1, n), 2)
    track = Track(
        offsets=np.searchsorted(person, np.arange(N_PEOPLE + 1)),
        time=time,
        seq=np.arange(n),
        codes=(country,),
        numbers=(price,),
    )
    layout = Layout(N_PEOPLE, (track,), None, N_PEOPLE, (COUNTRIES,), n, int(time.max()))
    moments = pa.array(time, pa.timestamp("us", tz="UTC"))
    names = pa.array([COUNTRIES[code] for code in country])
    columns = {"person": pa.array(person), "time": moments, "country": names, "price": pa.array(price)}
    return pa.table(columns), layout


def asked(query: str, events: pa.Table) -> list[list[str]]:
    found = str(chdb.query(query, "CSV"))
    return list(csv.reader(io.StringIO(found)))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
@pytest.mark.parametrize("grain", ["hour", "day", "week", "month"])
def test_people_by_time_and_country_are_those_of_uniq_exact(grain: Grain, zone: str) -> None:
    events, layout = world()
    question = Trend(
        series=("people: *", "*"), by="country", n_groups=5, grain=grain, zone=zone, start="2026-02-01"
    )
    summary = MEASURE.scan(question, layout, range(N_PEOPLE))
    got = MEASURE.answer(question, summary, Facts(1, layout.labels))
    rows = asked(
        f"""SELECT toUnixTimestamp(toDateTime({FLOORS[grain]}(toTimeZone(time, '{zone}')), '{zone}')) AS at,
            country, uniqExact(person), count() FROM Python(events) GROUP BY at, country""",
        events,
    )
    theirs = {(int(at), country): (int(people), int(n)) for at, country, people, n in rows}
    starts = [np.datetime64(row.start[:19]).astype(int) - offset_s(row.start) for row in got.rows]
    people, counts = got.series
    ours = {
        (start, group.name): (group.values[at].value, count.values[at].value)
        for group, count in zip(people.groups, counts.groups, strict=True)
        for at, start in enumerate(starts)
        if count.values[at].value
    }
    assert ours == theirs
    assert len(ours) > 10


def offset_s(written: str) -> int:
    sign, hours, minutes = written[-6], int(written[-5:-3]), int(written[-2:])
    return (60 * hours + minutes) * 60 * (-1 if sign == "-" else 1)


def test_weekly_people_by_day_are_those_of_uniq_exact_over_seven_days() -> None:
    events, layout = world()
    question = Trend(series=("people: *",), rolling=7, start="2026-03-10", end="2026-04-10")
    summary = MEASURE.scan(question, Layout(*_unsplit(layout)), range(N_PEOPLE))
    (group,) = MEASURE.answer(question, summary, Facts(1)).series[0].groups
    rows = asked(
        """SELECT day, uniqExact(person) FROM Python(events)
            ARRAY JOIN arrayMap(late -> toDate(time, 'UTC') + late, range(7)) AS day
            WHERE day >= '2026-03-10' AND day < '2026-04-10' GROUP BY day ORDER BY day""",
        events,
    )
    assert [found.value for found in group.values] == [int(people) for _, people in rows]


def _unsplit(layout: Layout) -> tuple[Any, ...]:
    (track,) = layout.tracks
    plain = Track(track.offsets, track.time, track.seq, None, (), track.numbers)
    return layout.n_units, (plain,), None, layout.n_persons, (), layout.last_seq, layout.newest


def test_averages_and_percentiles_are_those_of_clickhouse() -> None:
    events, layout = world()
    series = ("average price: *", "p90 price: *", "median price: *", "maximum price: *")
    question = Trend(series=series, by="country", n_groups=5, grain="month", start="2026-03-01")
    summary = MEASURE.scan(question, layout, range(N_PEOPLE))
    got = MEASURE.answer(question, summary, Facts(1, layout.labels))
    rows = asked(
        """SELECT country, avg(price), quantileExactLow(0.9)(price), quantileExactLow(0.5)(price), max(price)
            FROM Python(events) WHERE toMonth(time, 'UTC') = 4 GROUP BY country""",
        events,
    )
    theirs = {country: [float(number) for number in numbers] for country, *numbers in rows}
    for at, one in enumerate(got.series):
        for group in one.groups:
            assert group.values[1].value == pytest.approx(theirs[group.name][at], rel=1 / 100)
            if at in (0, 3):
                assert group.values[1].value == pytest.approx(theirs[group.name][at])
