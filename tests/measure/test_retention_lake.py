"""Retention through the real lake, over public data sets, and beside ClickHouse's retention function."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from lifelines import KaplanMeierFitter

import obverse
from obverse.measure.estimate import compare
from obverse.measure.retention import Retention, RetentionAnswer
from obverse.tape.layout import Layout, Track
from tests.engine.lakes import NOON, fill, row, table_of
from tests.measure.cohorts import MEASURE, answered, cells
from tests.measure.conftest import Ask
from tests.measure.layouts import DAY, Happening, lay

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
with_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no public data sets at {DATA}")
A_DAY = 24 * 60  # minutes


def opened(path: Path, rows: list[dict[str, Any]]) -> obverse.Lake:
    return obverse.open(fill(path / "data", [table_of(rows)]))


def test_through_the_lake_people_are_followed_over_their_devices(tmp_path: Path) -> None:
    rows = [
        row(None, "Signed Up", 0, anonymous_id="phone", touchpoint="app"),
        row("ann", "Identified", 1, anonymous_id="phone", type="identify"),
        row("ann", "Order Completed", A_DAY, value=20.0, currency="EUR"),
        row("bob", "Signed Up", 10, touchpoint="web"),
        row("bob", "Order Completed", 3 * A_DAY, value=5.0, currency="EUR"),
        row("cy", "Signed Up", 2 * A_DAY, touchpoint="web"),
        row("cy", "Product Viewed", 4 * A_DAY),
    ]
    question = Retention(
        start_event="Signed Up",
        return_event="Order Completed",
        interval="day",
        n_intervals=3,
        by="touchpoint",
    )
    with opened(tmp_path, rows) as lake:
        got = lake.ask(question)
        assert isinstance(got, RetentionAnswer)
        assert cells(got) == {"2026-03-01": [0, 1, 0, 1], "2026-03-02": [], "2026-03-03": [0, 0, 0]}
        assert [(one.people, one.observed) for one in got.intervals] == [(0, 3), (1, 3), (0, 2), (1, 2)]
        assert got.intervals[-1].value_until.value == 12.5
        assert got.currency == "EUR"
        assert {group.name: group.people for group in got.groups} == {"web": 2, "app": 1}
        page = lake.people(question, {"cohort": "2026-03-01", "interval": "3"})
        assert [person.user_id for person in page.people] == ["bob"]
        gone = lake.people(question, {"interval": "1", "outcome": "away"})
        assert {person.user_id for person in gone.people} == {"bob", "cy"}
        lake.save_segment("Buyers", question, {"day": "3"})
        split = lake.ask(Retention(start_event="Signed Up", by="segment: Buyers", interval="day"))
        assert isinstance(split, RetentionAnswer)
        assert {group.name: group.people for group in split.groups} == {"in Buyers": 2, "not in Buyers": 1}


def test_a_match_tells_values_apart_through_the_lake(ask: Ask) -> None:
    rows = [
        row("ann", "Order Completed", 0, touchpoint="web"),
        row("ann", "Order Completed", A_DAY, touchpoint="store"),
        row("bob", "Order Completed", 0, touchpoint="web"),
        row("bob", "Order Completed", A_DAY, touchpoint="web"),
        row("bob", "Product Viewed", 9 * A_DAY),
    ]
    loose = Retention(start_event="Order Completed", interval="day", n_intervals=1, by="touchpoint")
    matched = msgspec.structs.replace(loose, match=True)
    by_any = msgspec.structs.replace(matched, return_event="*")
    found = [ask(rows, one).groups[0].intervals[1].people for one in (loose, matched, by_any)]
    assert found == [2, 1, 1]


def test_a_streak_is_followed_through_the_lake(ask: Ask) -> None:
    days = {"ann": (1, 2, 3), "bob": (1, 3), "cy": (2,)}
    rows = [row(user, "Signed Up", 0) for user in days]
    rows += [row(user, "Used", day * A_DAY) for user, some in days.items() for day in some]
    rows.append(row("dan", "Used", 9 * A_DAY))
    question = Retention(
        start_event="Signed Up", return_event="Used", interval="day", n_intervals=3, returning="streak"
    )
    assert cells(ask(rows, question)) == {"2026-03-01": [0, 2, 1, 1]}


def test_accounts_come_back_by_any_of_their_people(ask: Ask) -> None:
    rows = [
        row("ann", "Signed Up", 0, account_id="acme"),
        row("ben", "Used", A_DAY, account_id="acme"),
        row("cy", "Signed Up", 0, account_id="bell"),
        row("cy", "Used", 5 * A_DAY, account_id="bell"),
    ]
    question = Retention(
        start_event="Signed Up", return_event="Used", interval="day", n_intervals=2, count="account"
    )
    got = ask(rows, question)
    assert (got.people, cells(got)) == (2, {"2026-03-01": [0, 1, 0]})


def test_a_name_that_was_never_seen_and_several_currencies_are_said(ask: Ask) -> None:
    rows = [
        row("ann", "Order Completed", 0, value=1.0, currency="EUR"),
        row("ann", "Order Completed", 1, value=1.0, currency="USD"),
    ]
    got = ask(rows, Retention(start_event="Order Completed", return_event="Order Complete"))
    assert got.notes == (
        "unknown event 'Order Complete'; did you mean 'Order Completed'?",
        "Values in several currencies (EUR, USD) were added as they are.",
    )


def test_an_empty_lake_is_answered(tmp_path: Path) -> None:
    with obverse.open(fill(tmp_path / "data", [])) as lake:
        assert lake.ask(Retention()).sentence() == "Nobody started in the period."


# -- public data ----------------------------------------------------------------------------------------


def installed(day_1: np.ndarray, day_7: np.ndarray, version: np.ndarray) -> Layout:
    """Lay out people who installed at noon and played again at noon of the first or the seventh day after."""
    n = len(version)
    times = np.stack([np.full(n, NOON), np.full(n, NOON + DAY), np.full(n, NOON + 7 * DAY)], axis=1)
    there = np.stack([np.ones(n, bool), day_1, day_7], axis=1)
    offsets = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int64)
    time = times[there]
    starts = Track(np.arange(n + 1), times[:, 0].copy(), offsets[:-1] + 1, codes=(version,))
    returns = Track(offsets, time, np.arange(1, len(time) + 1), codes=(None,))
    return Layout(n, (starts, returns), None, n, (("gate_30", "gate_40"),), len(time), NOON + 14 * DAY)


@pytest.mark.data
@with_data
def test_cookie_cats_has_its_published_retention() -> None:
    with gzip.open(DATA / "cookie_cats" / "cookie_cats.csv.gz", "rt") as lines:
        rows = list(csv.DictReader(lines))
    version = np.array([one["test_version"] == "gate_40" for one in rows], dtype=np.int32)
    day_1, day_7 = (
        np.array([one[name] == "True" for one in rows]) for name in ("retention_1", "retention_7")
    )
    question = Retention(
        start_event="Install", return_event="Play", interval="day", n_intervals=7, by="version"
    )
    layout = installed(day_1, day_7, version)
    assert layout.tracks[1].time.shape == (90_189 + int(day_1.sum() + day_7.sum()),)
    got = answered(question, layout)
    groups = {group.name: group for group in got.groups}
    assert {name: group.people for name, group in groups.items()} == {"gate_30": 44_700, "gate_40": 45_489}
    shares = {
        name: [group.intervals[day].share.value or 0 for day in (1, 7)] for name, group in groups.items()
    }
    assert np.round(shares["gate_30"], 4).tolist() == [0.4482, 0.1902]
    assert np.round(shares["gate_40"], 4).tolist() == [0.4423, 0.1820]
    assert round(got.intervals[1].share.value or 0, 4) == 0.4452
    a, b = (groups[name].intervals[7] for name in ("gate_30", "gate_40"))
    p_value = compare(a.people, a.observed, b.people, b.observed).p_value
    assert p_value == pytest.approx(0.00155, abs=1e-5)


def purchases() -> list[tuple[str, date, float]]:
    with gzip.open(DATA / "cdnow" / "CDNOW_master.txt.gz", "rt") as lines:
        found = [line.split() for line in lines][1:]
    return [
        (one[0], datetime.strptime(one[1], "%Y%m%d").replace(tzinfo=UTC).date(), float(one[3]))
        for one in found
    ]


def micros(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY


@pytest.mark.data
@with_data
def test_the_buyers_of_cdnow_come_back_month_by_month() -> None:
    bought = purchases()
    people = {name: number for number, name in enumerate(sorted({one[0] for one in bought}))}
    events = [
        Happening(people[name], micros(day), seq, "Buy", value=money)
        for seq, (name, day, money) in enumerate(bought, 1)
    ]
    question = Retention(start_event="Buy", interval="month", n_intervals=17)
    layout = lay(MEASURE.plan(question), events, len(people), newest=micros(date(1998, 7, 1)))
    got = answered(question, layout)

    own: dict[str, list[tuple[date, float]]] = defaultdict(list)
    for name, day, money in bought:
        own[name].append((day, money))  # the file is in order
    months: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    firsts, gaps, end = Counter[int](), [], date(1998, 7, 1)
    for name, mine in own.items():
        first = mine[0][0]
        firsts[first.month] += 1
        for day, _ in mine[1:]:
            months[first.month][(day.year - first.year) * 12 + day.month - first.month].add(name)
        again = (mine[1][0] - first).days + 1 if len(mine) > 1 else 10_000
        gaps.append((min(again, (end - first).days), len(mine) > 1))

    assert (got.people, len(got.cohorts)) == (23_570, 3)
    for month, cohort in enumerate(got.cohorts, 1):
        assert (cohort.people, cohort.open) == (firsts[month], False)
        known = range(min(18, 20 - month))  # July 1998 has just begun
        assert [cell.people for cell in cohort.cells] == [len(months[month][k]) for k in known]
        assert [cell.open for cell in cohort.cells] == [month + k == 19 for k in known]
    january = got.cohorts[0]
    spent = sum(money for mine in own.values() if mine[0][0].month == 1 for _, money in mine)
    per_person = (january.start_value.value or 0) + (january.cells[-1].value_until.value or 0)
    assert per_person * january.people == pytest.approx(spent)
    theirs = KaplanMeierFitter().fit([gap for gap, _ in gaps], [came for _, came in gaps])
    for days in (1, 30, 90, 365):
        assert got.returns.days[days - 1].share.value == pytest.approx(1 - theirs.predict(days))


# -- beside ClickHouse ----------------------------------------------------------------------------------


def test_cells_of_recurring_cohorts_are_those_of_clickhouses_retention() -> None:
    chdb: Any = pytest.importorskip("chdb", reason="chDB comes with the extra `bench`")
    chance = np.random.default_rng(5)
    n, first = 6_000, date(2026, 3, 2)
    begin = micros(first)
    happened = zip(chance.integers(0, 800, n), chance.choice(20 * DAY, n, replace=False), strict=True)
    events = [
        Happening(int(unit), begin + int(time), seq, "Buy") for seq, (unit, time) in enumerate(happened, 1)
    ]
    question = Retention(start_event="Buy", entry="recurring", interval="day", n_intervals=6)
    got = answered(question, lay(MEASURE.plan(question), events, 800, newest=begin + 30 * DAY))
    table = pa.table(  # noqa: F841 - the query names it
        {"person": [event.unit for event in events], "day": [(event.time - begin) // DAY for event in events]}
    )
    for number, cohort in enumerate(got.cohorts):
        days = ", ".join(f"day = {number + k}" for k in range(7))
        sums = ", ".join(f"sum(r[{k}])" for k in range(1, 8))
        query = f"""SELECT {sums} FROM (
            SELECT retention({days}) AS r FROM Python(table) GROUP BY person) FORMAT CSV"""
        theirs = [int(part) for part in str(chdb.query(query, "CSV")).strip().split(",")]
        assert cohort.name == (first + timedelta(days=number)).isoformat()
        assert [cohort.people, *(cell.people for cell in cohort.cells[1:])] == theirs
    assert len(got.cohorts) == 20
