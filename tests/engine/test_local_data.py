"""Funnels over public data sets, against the figures published with them and against plain SQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import obverse
from obverse.measure.funnel import Funnel
from tests.engine.lakes import fill

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no public data sets at {DATA}"),
]

_REST = """'m' || row_number() OVER () AS message_id, 'track' AS type, 'web' AS touchpoint,
  'import' AS source, '{}' AS context"""

FINES = f"""SELECT case_id AS user_id, activity AS event, timezone('UTC', timestamp) AS time,
  timezone('UTC', timestamp) AS received_at, '{{}}' AS properties, {_REST}
  FROM (FROM read_parquet('{DATA}/traffic_fines/events.parquet') ORDER BY ".order")"""

LOANS = f"""SELECT "case:concept:name" AS user_id, "concept:name" AS event, "time:timestamp" AS time,
  "time:timestamp" AS received_at, json_object('part', "lifecycle:transition") AS properties, {_REST}
  FROM read_parquet('{DATA}/bpic2012/events.parquet')"""

SHOP = f"""SELECT user_id, event, timezone('UTC', timestamp) AS time, session_id,
  timezone('UTC', timestamp) AS received_at, json_object('platform', platform) AS properties, {_REST}
  FROM read_csv('{DATA}/synthetic_retentioneering_ecom/ecom.csv.gz')"""


def rows(sql: str) -> list[pa.Table]:
    """Rows of one query, received within a few days as an import is, in appends of 10,000."""
    with duckdb.connect() as base:
        base.execute("SET TimeZone = 'UTC'; SET threads = 1")
        found = base.sql(f"SELECT * REPLACE (TIMESTAMPTZ '2026-01-01' AS received_at) FROM ({sql})")
        table = found.to_arrow_table()
    return [table.slice(start, 40_000) for start in range(0, table.num_rows, 40_000)]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Any:
    lakes: dict[str, obverse.Lake] = {}

    def open_(sql: str) -> obverse.Lake:
        if sql not in lakes:
            lakes[sql] = obverse.open(fill(tmp_path_factory.mktemp("lake") / "data", rows(sql)))
        return lakes[sql]

    yield open_
    for lake in lakes.values():
        lake.close()


Opened = Callable[[str], obverse.Lake]


def people(lake: obverse.Lake, text: str, **fields: Any) -> list[int]:
    return [step.people for step in lake.ask(Funnel.parse(text, **fields)).steps]


def test_traffic_fines_go_the_published_way_to_credit_collection(opened: Opened) -> None:
    text = "Create Fine > Send Fine > Insert Fine Notification > Add penalty > Send for Credit Collection"
    assert people(opened(FINES), text, within="20d") != [10_000, 6_570, 4_635, 4_635, 3_387]
    assert people(opened(FINES), text, within="7000d") == [10_000, 6_570, 4_635, 4_635, 3_387]


def test_loan_applications_go_the_published_way_to_an_accepted_offer(opened: Opened) -> None:
    text = "A_SUBMITTED > A_PREACCEPTED > A_ACCEPTED > O_SENT > O_SENT_BACK > O_ACCEPTED"
    counted = people(opened(LOANS), text, within="366d", where="properties.part = 'COMPLETE'")
    assert counted == [13_087, 7_367, 5_113, 5_015, 3_254, 2_243]


STEPS = ("product_view", "add_to_cart", "shipping_details", "payment_details", "purchase")


@pytest.mark.parametrize("hours", [1, 24 * 7])
@pytest.mark.parametrize("unit", ["user_id", "session_id"])
def test_the_shops_funnel_is_that_of_a_join_in_sql(opened: Opened, hours: int, unit: str) -> None:
    lake = opened(SHOP)
    counted = people(
        lake, " > ".join(STEPS), within=f"{hours}h", count="person" if unit == "user_id" else "session"
    )
    assert counted == [_joined(lake, k, hours, unit) for k in range(1, len(STEPS) + 1)]
    assert counted[-1] > 0


def _joined(lake: obverse.Lake, k: int, hours: int, unit: str) -> int:
    """Count units that have k steps in order within the window, step by step: all chains there are."""
    who = "user_id, session_id" if unit == "session_id" else "user_id"
    text = f"WITH c1 AS (SELECT {who}, time AS first, time AS last FROM events WHERE event = '{STEPS[0]}')"
    for number, step in enumerate(STEPS[1:k], 2):
        text += f""", c{number} AS (SELECT DISTINCT {who}, c.first, min(e.time) AS last
            FROM c{number - 1} c JOIN events e USING ({who})
            WHERE e.event = '{step}' AND e.time >= c.last AND e.time <= c.first + INTERVAL {hours} HOUR
            GROUP BY {who}, c.first, c.last)"""
    found = lake.sql(f"{text} SELECT count(DISTINCT ({who})) AS n FROM c{k}")
    return int(found["n"][0].as_py())


def test_the_shops_counts_are_the_published_ones(opened: Opened) -> None:
    named = dict(opened(SHOP).names())
    assert [named[step] for step in STEPS] == [6_851, 1_346, 958, 709, 470]


def test_a_split_by_platform_adds_up(opened: Opened) -> None:
    question = Funnel.parse(" > ".join(STEPS), by="properties.platform", count="entry")
    answer = opened(SHOP).ask(question)
    for number, step in enumerate(answer.steps):
        assert sum(group.steps[number].people for group in answer.groups) == step.people
        assert step.value_reached.value == 0
