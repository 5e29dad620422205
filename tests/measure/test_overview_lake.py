"""The overview by the front door: events into a lake, the answer beside them, on every engine."""

from __future__ import annotations

from typing import Any

from obverse.measure.overview import Overview
from tests.engine.lakes import row
from tests.measure.conftest import Ask

DAY = 24 * 60


def euros(amount: float) -> dict[str, Any]:
    return {"value": amount, "currency": "EUR"}


# From noon on the first of March 2026: ann bought the day before, when dee looked; ben and cy are new.
ROWS = [
    row("ann", "View", -DAY),
    row("ann", "Order Completed", 5 - DAY, **euros(50)),
    row("dee", "View", -DAY),
    row("ann", "View", 0),
    row("ben", "View", 0),
    row("ben", "Order Completed", 10, **euros(20)),
    row("ben", "Order Completed", DAY, **euros(10), touchpoint="store"),
    row("cy", "View", DAY),
]
QUESTION = Overview(start="2026-03-01", end="2026-03-03", zone="Europe/Berlin")


def test_a_lakes_people_customers_and_money_are_counted_beside_the_period_before(ask: Ask) -> None:
    got = ask(ROWS, QUESTION)
    assert (got.totals.people, got.totals.new_people, got.totals.customers) == (3, 2, 2)
    assert (got.totals.converting, got.totals.orders, got.totals.value) == (1, 2, 30)
    assert got.previous is not None
    assert (got.previous.people, got.previous.value) == (2, 50)
    assert [(one.people, one.value) for one in got.rows] == [(2, 20), (2, 10)]
    assert {one.name: one.people for one in got.touchpoints} == {"web": 3, "store": 1}


def test_a_filter_leaves_only_some_events(ask: Ask) -> None:
    got = ask(ROWS, Overview(start="2026-03-01", end="2026-03-03", where="touchpoint = 'store'"))
    assert (got.totals.people, got.totals.value) == (1, 10)


def test_a_lake_without_events_has_an_overview(ask: Ask) -> None:
    got = ask([], QUESTION)
    assert (got.totals.people, got.totals.value, len(got.rows)) == (0, 0, 2)
