"""Stages, carts and people by rules beside ClickHouse's plain counts, on generated events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from obverse.measure.behaved import Behaved, BehavedMeasure
from obverse.measure.cart import Cart, CartMeasure
from obverse.measure.protocol import Facts
from obverse.measure.stages import Stages, StagesMeasure
from tests.measure.timelines import DAY, Act, lay

chdb: Any = pytest.importorskip("chdb", reason="chDB comes with the extra `bench`")
MONDAY = 1_774_224_000_000_000  # 2026-03-23T00:00Z
N_PEOPLE = 400


def made() -> list[Act]:
    chance = np.random.default_rng(7)
    n = 4_000
    people = chance.integers(0, N_PEOPLE, n)
    times = MONDAY + chance.choice(70 * DAY, n, replace=False)
    kinds = chance.choice(["View", "Add", "Buy"], n, p=[0.8, 0.13, 0.07])
    return [
        Act(int(person), int(time), seq, str(kind), 1.0, {"touchpoint": "web"})
        for seq, (person, time, kind) in enumerate(zip(people, times, kinds, strict=True), 1)
    ]


def counted(acts: list[Act], query: str) -> list[tuple[int, ...]]:
    events = pa.table(  # noqa: F841 - the query names it
        {
            "person": pa.array([act.person for act in acts], pa.int64()),
            "time": pa.array([act.time for act in acts], pa.int64()),
            "event": [act.name for act in acts],
        }
    )
    lines = str(chdb.query(query, "CSV")).split()
    return [tuple(int(part) for part in line.split(",")) for line in lines]


def test_stages_at_the_end_and_new_people_are_what_clickhouse_counts() -> None:
    acts, measure = made(), StagesMeasure()
    question = Stages(prospect="Add", conversion="Buy", lapse="14d", engaged_after=8, end="2026-06-01")
    layout = lay(measure.plan(question), acts, N_PEOPLE)
    got = measure.answer(
        question, measure.scan(question, layout, range(N_PEOPLE)), Facts(0, layout.labels, ("EUR",))
    )
    newest = max(act.time for act in acts)
    bought, wants = "countIf(event = 'Buy')", "countIf(event = 'Add') > 0"
    days = f"uniqExact(intDiv(time - {MONDAY}, {DAY}))"
    found = counted(
        acts,
        f"""SELECT multiIf(quiet AND n > 0, 6, quiet, 7, n > 1, 5, n = 1, 4, wants, 3, days >= 8, 2, 1)
            AS stage, count()
        FROM (SELECT {bought} AS n, {wants} AS wants, {days} AS days,
            {newest + 1} - max(time) >= {14 * DAY} AS quiet FROM Python(events) GROUP BY person)
        GROUP BY stage ORDER BY stage""",
    )
    names = ("new", "visitor", "engaged", "prospect", "customer", "repeat", "lapsed", "dormant")
    assert {one.name: one.people for one in got.rows[-1].stages if one.people} == {
        names[stage]: n for stage, n in found
    }
    assert len(found) == 7
    firsts = counted(
        acts,
        f"""SELECT week, count() FROM (SELECT intDiv(min(time) - {MONDAY}, {7 * DAY}) AS week
        FROM Python(events) GROUP BY person) GROUP BY week ORDER BY week""",
    )
    new = {week: n for week, n in firsts}  # noqa: C416 - dict() of rows of any length does not type
    assert [row.lives[0].people for row in got.rows] == [new.get(at, 0) for at in range(len(got.rows))]


def test_people_by_rules_and_carts_are_what_clickhouse_counts() -> None:
    acts = made()
    newest = max(act.time for act in acts)
    rules, behaved = ("did Buy at least 2 times in 30d", "did not Add in 14d"), BehavedMeasure()
    question = Behaved(rules=rules, conversion="Buy")
    layout = lay(behaved.plan(question), acts, N_PEOPLE)
    members = int(behaved.behind(question, layout, {}).sum())
    found = counted(
        acts,
        f"""SELECT count() FROM (SELECT countIf(event = 'Buy' AND time > {newest - 30 * DAY}) AS bought,
            countIf(event = 'Add' AND time > {newest - 14 * DAY}) AS added FROM Python(events)
            GROUP BY person)
        WHERE bought >= 2 AND added = 0""",
    )
    assert [(members,)] == found
    assert members > 0

    cart, carts = Cart(add="Add", order="Buy", start="2026-03-23"), CartMeasure()
    laid = lay(carts.plan(cart), acts, N_PEOPLE)
    summary = carts.scan(cart, laid, range(N_PEOPLE))
    told = carts.answer(cart, summary, Facts(0, laid.labels, ("EUR",)))
    orders = counted(acts, "SELECT countIf(event = 'Buy') FROM Python(events)")
    assert [(told.carts.ordered + told.carts.recovered + told.orders_without_cart,)] == orders
