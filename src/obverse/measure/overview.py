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

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.behind import during, units_with
from obverse.measure.buckets import slots_of
from obverse.measure.overview_answer import (
    OverviewAnswer,
    OverviewRow,
    OverviewTotals,
    OverviewTouchpoint,
    answer,
)
from obverse.measure.overview_question import Overview, Period
from obverse.measure.overview_scan import OverviewSummary, tally_places, tally_rows, tally_totals
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.tape.layout import Bools, Int32s, Key, Layout, Selection

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
        both = everything.offsets, everything.time, orders.offsets, orders.time, value
        slice_ = units.start, units.stop
        bounds = np.array([period.before, period.start, period.end], dtype=np.int64)
        tally_totals(*both, bounds, found.totals, found.money, found.moments, *slice_)
        rows, money = np.zeros((sum(n_rows), 5), dtype=np.int64), np.zeros(sum(n_rows))
        tally_rows(
            *both, period.edges[0], *slots_of(period.edges[0], period.grains[0]), _inside(period),
            rows, money, *slice_,
        )  # fmt: skip
        tally_places(
            everything.offsets, everything.time, everything.seq, touchpoint,
            orders.offsets, orders.time, orders.seq, value,
            period.start, period.end, found.places, found.place_money, *slice_,
        )  # fmt: skip
        cuts = np.cumsum(n_rows)[:-1]
        return replace(found, rows=tuple(np.split(rows, cuts)), row_money=tuple(np.split(money, cuts)))

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


def _inside(period: Period) -> Int32s:
    """Give the rows that each of the shortest rows counts in, those of all grains one after the other."""
    first, inside = 0, []
    for edges in period.edges:
        inside.append(first + np.searchsorted(edges, period.edges[0][:-1], "right") - 1)
        first += len(edges) - 1
    return np.array(inside, dtype=np.int32)
