"""The overview: how a period went beside the one before it, by people, customers, conversion and value.

What is counted, exactly
    Somebody *was there* in a period who has an event in ``[start, end)`` that passes `where` and is one of
    `active` (of any name where that is empty; the conversion always counts). Who was there for the first
    time, by these events, is *new*. A *conversion* is an event of the name `conversion` that passes `where`;
    its value is the value. A *customer* has a conversion before the period's end, ever; who was there and
    is no customer by then is *not yet a customer*, and counts as much. The share who convert is of those who
    were there.

    The *period before* has as many days, and ends where the period starts. A row is a day, week (from Monday)
    or month of `zone`, of 23 or 25 hours where clocks change; a row's people are counted once in it. A row
    that is not whole in the period, or not over when the newest event happened, says so.

Intervals
    Shares: Wilson. Value of an average order: people are independent, their orders need not be, so it is a
    ratio of means over people who converted, by the delta method (Cochran 1977, 2.11). Value a person:
    Student's t over all who were there. Counts and sums of what happened are no estimates and have none.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.behind import during, units_with
from obverse.measure.orders import Orders
from obverse.measure.overview_answer import (
    OverviewAnswer,
    OverviewRow,
    OverviewTotals,
    OverviewTouchpoint,
    answer,
)
from obverse.measure.overview_question import Overview, Period
from obverse.measure.overview_scan import (
    PART_FIRSTS,
    PART_NEW,
    PART_ORDERS,
    ROW_CONVERTING,
    ROW_FIRSTS,
    ROW_NEW,
    ROW_ORDERS,
    ROW_PEOPLE,
    Events,
    Left,
    OverviewSummary,
    Rules,
    reach_of,
    slots_of,
    tally,
    too_many,
)
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.measure.scope import FOREVER
from obverse.tape.layout import Bools, Floats, Int64s, Key, Layout, Selection

__all__ = [
    "Overview",
    "OverviewAnswer",
    "OverviewMeasure",
    "OverviewRow",
    "OverviewSummary",
    "OverviewTotals",
    "OverviewTouchpoint",
]

N_TOUCHPOINTS = 20
"""Touchpoints that get a row of their own."""


class OverviewMeasure:
    """The overview as a measure: see `obverse.measure.protocol`."""

    question = Overview

    def plan(self, question: Overview) -> Plan:
        """Name the events that say somebody was there, by touchpoint, and the conversions."""
        active = tuple(dict.fromkeys((*question.active, question.conversion))) if question.active else ()
        return Plan(
            selections=(
                Selection(active, question.where),
                Selection((question.conversion,), question.where),
            ),
            value=True,
            keys=(Key("touchpoint", (0,), N_TOUCHPOINTS),),
        )

    def scan(self, question: Overview, layout: Layout, units: range) -> OverviewSummary:
        """Scan a slice of units."""
        period = question.period(layout.newest)
        n_rows = tuple(len(edges) - 1 for edges in period.edges)
        found = OverviewSummary.zero(n_rows, len(layout.labels[0]) + 1, layout.newest)
        everything, orders = layout.tracks
        touchpoint = everything.codes[0]
        if touchpoint is None:
            raise ValueError("the layout lacks touchpoints")
        value = np.zeros(len(orders.time)) if orders.value is None else orders.value
        reached = reach_of(everything.offsets, everything.time, units.start, units.stop)
        if reached[0] >= period.end or reached[1] < period.before:
            reached = period.before, period.before
        parts = _Parts(period, max(reached[0], period.before), min(reached[1], period.end - 1))
        left = Left(
            found.totals, found.money, found.moments, *parts.room(), found.places, found.place_money,
            np.array([FOREVER, -FOREVER]),
        )  # fmt: skip
        tally(
            Events(everything.offsets, everything.time, everything.seq, touchpoint),
            Orders(orders.offsets, orders.time, orders.seq, value),
            Rules(period.before, period.start, period.end, parts.edges, *slots_of(parts.edges)),
            left,
            units.start,
            units.stop,
        )
        return parts.counted(found, left)

    def behind(self, question: Overview, layout: Layout, pick: Pick) -> Bools:
        """Say who was there in the period, or of those ``{"who": "converting"}`` or ``{"who": "new"}``."""
        check_pick(pick, ("who",))
        period = question.period(layout.newest)
        everything, orders = layout.tracks
        there = units_with(everything, during(everything, period.start, period.end))
        who = pick.get("who", "people")
        if who == "converting":
            return units_with(orders, during(orders, period.start, period.end))
        if who == "new":
            return there & ~units_with(everything, everything.time < period.start)
        if who == "people":
            return there
        raise QuestionError(unknown("who", who, ("people", "new", "converting")))

    def answer(self, question: Overview, summary: OverviewSummary, facts: Facts) -> OverviewAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)


class _Parts:
    """The parts that a slice of units counts in: each is in one row of each grain that is counted.

    Args:
        period: what is asked.
        first: no event that counts is earlier.
        last: nor later.
    """

    def __init__(self, period: Period, first: int, last: int) -> None:
        self._period = period
        self._grains = np.flatnonzero(~too_many(_spans(period, first, last)))
        edges = reduce(np.union1d, (period.edges[grain] for grain in self._grains))
        low, high = _rows_at(edges, np.array([first, last]))
        self.edges: Int64s = edges[low : high + 2]

    def room(self) -> tuple[Int64s, Int64s, Int64s, Floats]:
        """Give what `Left` has by part, of zeros."""
        n = len(self.edges) - 1
        moves = np.zeros((2, n + 1 if len(self._grains) > 1 else 2, n), dtype=np.int64)
        return moves[0], moves[1], np.zeros((n, 3), dtype=np.int64), np.zeros(n)

    def counted(self, found: OverviewSummary, left: Left) -> OverviewSummary:
        """Add what a scan has left to the rows of a summary of nobody."""
        for grain in self._grains:
            row = _rows_at(self._period.edges[grain], self.edges[:-1])
            rows = found.rows[grain]
            np.add.at(rows[:, ROW_PEOPLE], row, _arrivals(left.moves, row))
            np.add.at(rows[:, ROW_CONVERTING], row, _arrivals(left.order_moves, row))
            for column, part in ((ROW_NEW, PART_NEW), (ROW_ORDERS, PART_ORDERS), (ROW_FIRSTS, PART_FIRSTS)):
                np.add.at(rows[:, column], row, left.parts[:, part])
            np.add.at(found.row_money[grain], row, left.part_money)
        return replace(found, spans=_spans(self._period, *left.reach)).fitted()


def _arrivals(moves: Int64s, row: Int64s) -> Int64s:
    """Give the people who came to each part from another row, or from nowhere."""
    arrivals: Int64s = moves[-1]
    return arrivals if len(moves) == 2 else arrivals + (moves[:-1] * (row[:, None] != row)).sum(axis=0)


def _rows_at(edges: Int64s, instants: Int64s) -> Int64s:
    """Give the row that each instant is in."""
    rows: Int64s = np.searchsorted(edges, instants, "right") - 1
    return rows


def _spans(period: Period, first: int, last: int) -> Int64s:
    """Give the rows of each grain that the first and the last time that anybody was there are in."""
    if first > last:
        return np.repeat([[FOREVER, -1]], len(period.edges), axis=0)
    return np.array([_rows_at(edges, np.array([first, last])) for edges in period.edges])
