"""Time between two events through the real lake, and over public data sets with published figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import obverse
from obverse.measure.protocol import Unit
from obverse.measure.time_between import TimeBetween, TimeBetweenAnswer
from tests.engine.lakes import fill, row, table_of
from tests.measure.conftest import Ask

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
with_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no public data sets at {DATA}")
DAY_S = 86_400


def asked(lake: obverse.Lake, question: TimeBetween) -> TimeBetweenAnswer:
    got = lake.ask(question)
    assert isinstance(got, TimeBetweenAnswer)
    return got


def opened(path: Path, rows: list[dict[str, Any]]) -> obverse.Lake:
    return obverse.open(fill(path / "data", [table_of(rows)]))


def test_through_the_lake_tickets_are_told_apart(tmp_path: Path) -> None:
    rows = [
        row("ann", "Ticket Opened", 0, properties={"ticket": "1", "team": "red"}),
        row("ann", "Ticket Opened", 10, properties={"ticket": "2", "team": "blue"}),
        row("ann", "Ticket Solved", 40, properties={"ticket": "2", "team": "red"}),
        row("ann", "Ticket Solved", 60, properties={"ticket": "1", "team": "red"}),
        row("bob", "Ticket Opened", 50, properties={"ticket": "3", "team": "blue"}),
    ]
    question = TimeBetween(
        from_event="Ticket Opened",
        to_event="Ticket Solved",
        same="properties.ticket",
        by="properties.team",
    )
    with opened(tmp_path, rows) as lake:
        got = asked(lake, question)
        assert (got.whole.starts, got.whole.reached, got.whole.open) == (3, 2, 1)
        assert got.whole.times is not None
        assert got.whole.times.mean.value == 45 * 60
        assert {g.name: (g.starts, g.reached) for g in got.groups} == {"red": (1, 1), "blue": (2, 1)}
        page = lake.people(question, {"outcome": "open"})
        assert [person.user_id for person in page.people] == ["bob"]
        lake.save_segment("Waiting", question, {"outcome": "open"})
        split = asked(lake, TimeBetween(from_event="*", to_event="*", by="segment: Waiting"))
        assert {g.name: g.starts for g in split.groups} == {"in Waiting": 1, "not in Waiting": 4}


def test_sessions_and_accounts_pair_their_own_events(ask: Ask) -> None:
    rows = [
        row("ann", "Checkout Started", 0, account_id="acme", session_id="s1"),
        row("ben", "Order Completed", 5, account_id="acme", session_id="s2", value=9.0, currency="EUR"),
        row("ann", "Order Completed", 90, account_id="acme", session_id="s3", value=1.0, currency="EUR"),
    ]
    counts: tuple[Unit, ...] = ("person", "session", "account")
    found = {}
    for count in counts:
        question = TimeBetween(from_event="Checkout Started", to_event="Order Completed", count=count)
        whole = ask(rows, question).whole
        found[count] = (whole.reached, whole.value_reached.value)
    assert found == {"person": (1, 1.0), "session": (0, 0.0), "account": (1, 9.0)}


def test_an_empty_lake_is_answered(tmp_path: Path) -> None:
    with obverse.open(fill(tmp_path / "empty", [])) as lake:
        assert lake.ask(TimeBetween(from_event="*", to_event="*")).sentence() == "Nobody got from * to *."


def test_a_name_that_was_never_seen_is_said(ask: Ask) -> None:
    question = TimeBetween(from_event="Ticket Opened", to_event="Ticket Opend")
    notes = ask([row("ann", "Ticket Opened", 0)], question).notes
    assert notes == ("unknown event 'Ticket Opend'; did you mean 'Ticket Opened'?",)


# -- public data ----------------------------------------------------------------------------------------

_REST = """'m' || row_number() OVER () AS message_id, 'track' AS type, 'web' AS touchpoint,
  'import' AS source, '{}' AS context, TIMESTAMPTZ '2026-01-01' AS received_at"""

INCIDENTS = f"""SELECT "case:concept:name" AS user_id, "concept:name" AS event, "time:timestamp" AS time,
  '{{}}' AS properties, {_REST} FROM read_parquet('{DATA}/bpic2013_volvo/incidents.parquet')"""

LOANS = f"""SELECT "case:concept:name" AS user_id, "concept:name" AS event, "time:timestamp" AS time,
  '{{}}' AS properties, {_REST} FROM read_parquet('{DATA}/bpic2012/events.parquet')"""

FINES = f"""SELECT case_id AS user_id, activity AS event, timezone('UTC', timestamp) AS time,
  '{{}}' AS properties, {_REST}
  FROM (FROM read_parquet('{DATA}/traffic_fines/events.parquet') ORDER BY ".order")"""

_LEADS = f"read_csv('{DATA}/olist_b2b_leads/olist_%s_dataset.csv.gz', all_varchar = true)"
_INSTANT = "timezone('UTC', coalesce(try_strptime({0}, '%d-%m-%Y %H:%M'), try_strptime({0}, '%d-%m-%Y')))"
LEADS = f"""SELECT * EXCLUDE (origin), json_object('origin', origin) AS properties, {_REST} FROM (
  SELECT mql_id AS user_id, 'Lead' AS event, {_INSTANT.format("first_contact_date")} AS time, origin
  FROM {_LEADS % "marketing_qualified_leads"}
  UNION ALL
  SELECT mql_id, 'Won', date_trunc('day', {_INSTANT.format("won_date")}), NULL
  FROM {_LEADS % "closed_deals"})"""

THROUGHPUT = TimeBetween(from_event="*", to_event="*", pairs="first", until="last", before_next=False)


def rows_of(sql: str) -> list[pa.Table]:
    with duckdb.connect() as base:
        base.execute("SET TimeZone = 'UTC'; SET threads = 1")
        table = base.sql(sql).to_arrow_table()
    return [table.slice(start, 40_000) for start in range(0, table.num_rows, 40_000)]


@pytest.fixture
def imported(tmp_path: Path) -> Iterator[Callable[[str], obverse.Lake]]:
    lakes: list[obverse.Lake] = []

    def open_(sql: str) -> obverse.Lake:
        lakes.append(obverse.open(fill(tmp_path / f"data{len(lakes)}", rows_of(sql))))
        return lakes[-1]

    yield open_
    for lake in lakes:
        lake.close()


Imported = Callable[[str], obverse.Lake]


def exact(sql: str) -> tuple[float, float]:
    """Mean and median seconds from each case's first event to its last, by DuckDB."""
    with duckdb.connect() as base:
        base.execute("SET TimeZone = 'UTC'")
        found = base.sql(
            f"""SELECT avg(took), quantile_disc(took, 0.5) FROM (
            SELECT epoch(max(time)) - epoch(min(time)) AS took FROM ({sql}) GROUP BY user_id)"""
        ).fetchall()
    return found[0][0], found[0][1]


@pytest.mark.data
@with_data
def test_volvos_incidents_take_the_published_12_days(imported: Imported) -> None:
    whole = asked(imported(INCIDENTS), THROUGHPUT).whole
    assert (whole.starts, whole.reached) == (7_554, 7_553)  # one has a single event, and took no time
    assert whole.times is not None
    mean, median = exact(INCIDENTS)
    assert (whole.times.mean.value or 0) * 7_553 == pytest.approx(mean * 7_554)
    assert round((whole.times.mean.value or 0) / DAY_S, 2) == 12.08
    assert whole.times.median.value == pytest.approx(median, rel=0.01)


@pytest.mark.data
@with_data
def test_loan_applications_take_the_published_days(imported: Imported) -> None:
    whole = asked(imported(LOANS), THROUGHPUT).whole
    assert (whole.starts, whole.reached) == (13_087, 13_087)
    assert whole.times is not None
    mean, median = exact(LOANS)
    assert whole.times.mean.value == pytest.approx(mean)
    assert round((whole.times.mean.value or 0) / DAY_S, 2) == 8.62
    assert whole.times.median.value == pytest.approx(median, rel=0.01)
    assert round((whole.times.median.value or 0) / DAY_S, 1) == 0.8


@pytest.mark.data
@with_data
def test_fines_are_sent_as_often_as_published(imported: Imported) -> None:
    lake = imported(FINES)
    steps = ("Send Fine", "Insert Fine Notification", "Add penalty", "Send for Credit Collection")
    for step, n in zip(steps, (6_570, 4_635, 4_635, 3_387), strict=True):
        whole = asked(lake, TimeBetween(from_event="Create Fine", to_event=step)).whole
        assert (whole.starts, whole.reached) == (10_000, n)


@pytest.mark.data
@with_data
def test_social_leads_take_the_published_61_days(imported: Imported) -> None:
    got = asked(imported(LEADS), TimeBetween(from_event="Lead", to_event="Won", by="properties.origin"))
    # The published days are whole ones. Of the 842 deals one was won two days before the first contact.
    assert (got.whole.starts, got.whole.reached) == (8_000, 841)
    social = next(group for group in got.groups if group.name == "social")
    assert (social.starts, social.reached) == (1_350, 75)
    assert social.times is not None
    assert round((social.times.mean.value or 0) / DAY_S, 2) == 60.96
    assert got.whole.times is not None
    assert (841 * (got.whole.times.mean.value or 0) / DAY_S - 2) / 842 == pytest.approx(48.4, abs=0.05)
    assert (got.whole.times.median.value or 0) / DAY_S == pytest.approx(14, rel=0.01)
    assert round(100 * (social.share.value or 0), 2) == 5.56
