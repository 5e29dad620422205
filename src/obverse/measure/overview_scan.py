"""The scan of the overview: kernels over people's events and conversions, and the summary that they leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numba import njit

from obverse.measure.buckets import bucket_of
from obverse.measure.pairs import merge_pairs, push_pair
from obverse.tape.layout import Floats, Int32s, Int64s

PEOPLE, NEW, PROSPECTS, CONVERTING, ORDERS, CUSTOMERS = range(6)
"""Columns of totals: who was there; for the first time; without a conversion by the end; who converted;
conversions; all who have ever converted by the end."""

ROW_PEOPLE, ROW_NEW, ROW_CONVERTING, ROW_ORDERS, ROW_FIRSTS = range(5)
"""Columns of rows: the last is people who converted for the first time ever."""

PLACE_PEOPLE, PLACE_EVENTS, PLACE_ORDERS = range(3)
"""Columns of touchpoints."""

_NEVER = np.int64(1) << 62


@njit(nogil=True, cache=True)
def first_from(time: Int64s, low: int, high: int, instant: int) -> int:
    """Give the first index in low … high whose time is not before an instant."""
    while low < high:
        middle = (low + high) // 2
        if time[middle] < instant:
            low = middle + 1
        else:
            high = middle
    return low


@njit(nogil=True, cache=True)
def row_of(edges: Int64s, row: int, instant: int) -> int:
    """Give the row that an instant before the last edge is in: `row` or a later one, often the next."""
    for near in range(row, min(row + 2, len(edges) - 1)):
        if instant < edges[near + 1]:
            return near
    return first_from(edges, row, len(edges), instant + 1) - 1


@njit(nogil=True, cache=True)
def tally_totals(
    offsets: Int64s,
    time: Int64s,
    c_offsets: Int64s,
    c_time: Int64s,
    c_value: Floats,
    bounds: Int64s,
    totals: Int64s,
    money: Floats,
    moments: Floats,
    low: int,
    high: int,
) -> None:
    """Count people and conversions in two periods.

    Args:
        offsets: of all events.
        time: of all events.
        c_offsets: of conversions.
        c_time: of conversions.
        c_value: of conversions.
        bounds: shape (3,): start of the period before, start and end of the period.
        totals: shape (2, 6), added to.
        money: shape (2,), sums of values, added to.
        moments: shape (2, 6), of value and number of conversions of each who converted, added to.
        low: first unit.
        high: unit after the last.
    """
    for unit in range(low, high):
        begin, stop = offsets[unit], offsets[unit + 1]
        c_begin, c_stop = c_offsets[unit], c_offsets[unit + 1]
        if begin == stop:
            continue
        converted = c_time[c_begin] if c_begin < c_stop else _NEVER
        for window in range(2):
            start, end = bounds[window], bounds[window + 1]
            customer = converted < end
            totals[window, CUSTOMERS] += customer
            at = first_from(time, begin, stop, start)
            if at == stop or time[at] >= end:
                continue
            totals[window, PEOPLE] += 1
            totals[window, NEW] += at == begin
            totals[window, PROSPECTS] += not customer
            n, worth = 0, 0.0
            for order in range(first_from(c_time, c_begin, c_stop, start), c_stop):
                if c_time[order] >= end:
                    break
                n += 1
                worth += c_value[order]
            if n:
                totals[window, CONVERTING] += 1
                totals[window, ORDERS] += n
                money[window] += worth
                push_pair(moments[window], worth, float(n))


@njit(nogil=True, cache=True)
def tally_rows(
    offsets: Int64s,
    time: Int64s,
    c_offsets: Int64s,
    c_time: Int64s,
    c_value: Floats,
    edges: Int64s,
    slots: Int32s,
    per_us: float,
    inside: Int32s,
    rows: Int64s,
    money: Floats,
    low: int,
    high: int,
) -> None:
    """Count people and conversions in each day, and in the weeks and months that these days are in.

    Args:
        offsets: of all events.
        time: of all events.
        c_offsets: of conversions.
        c_time: of conversions.
        c_value: of conversions.
        edges: shape (days + 1,), ascending; days, or whatever the shortest rows are.
        slots: the day that each slot of time begins in: see `buckets.slots_of`.
        per_us: slots in a µs.
        inside: shape (grains, days), the rows that a day counts in.
        rows: shape (rows, 5), added to.
        money: shape (rows,), sums of values, added to.
        low: first unit.
        high: unit after the last.
    """
    start, end = edges[0], edges[-1]
    counted = np.empty(len(inside), dtype=np.int64)
    for unit in range(low, high):
        begin, stop = offsets[unit], offsets[unit + 1]
        at = first_from(time, begin, stop, start)
        counted[:] = -1
        while at < stop and time[at] < end:
            day = bucket_of(edges, slots, per_us, time[at])
            for grain in range(len(inside)):
                row = inside[grain, day]
                if row != counted[grain]:
                    counted[grain] = row
                    rows[row, ROW_PEOPLE] += 1
                    rows[row, ROW_NEW] += at == begin
            until = edges[day + 1]
            while at < stop and time[at] < until:
                at += 1
        c_begin, c_stop = c_offsets[unit], c_offsets[unit + 1]
        counted[:] = -1
        for order in range(first_from(c_time, c_begin, c_stop, start), c_stop):
            if c_time[order] >= end:
                break
            day = bucket_of(edges, slots, per_us, c_time[order])
            for grain in range(len(inside)):
                row = inside[grain, day]
                rows[row, ROW_CONVERTING] += row != counted[grain]
                rows[row, ROW_ORDERS] += 1
                rows[row, ROW_FIRSTS] += order == c_begin
                money[row] += c_value[order]
                counted[grain] = row


@njit(nogil=True, cache=True)
def tally_places(
    offsets: Int64s,
    time: Int64s,
    seq: Int64s,
    code: Int32s,
    c_offsets: Int64s,
    c_time: Int64s,
    c_seq: Int64s,
    c_value: Floats,
    start: int,
    end: int,
    places: Int64s,
    money: Floats,
    low: int,
    high: int,
) -> None:
    """Count people, events and conversions at each touchpoint.

    A conversion is among all events too, where its touchpoint is known: both are walked by (time, seq).

    Args:
        offsets: of all events.
        time: of all events.
        seq: of all events.
        code: touchpoint of each event.
        c_offsets: of conversions.
        c_time: of conversions.
        c_seq: of conversions.
        c_value: of conversions.
        start: first instant.
        end: first instant after the period.
        places: shape (touchpoints, 3), added to.
        money: shape (touchpoints,), sums of values, added to.
        low: first unit.
        high: unit after the last.
    """
    seen = np.full(len(places), -1, dtype=np.int64)
    for unit in range(low, high):
        stop, c_stop = offsets[unit + 1], c_offsets[unit + 1]
        order = first_from(c_time, c_offsets[unit], c_stop, start)
        for at in range(first_from(time, offsets[unit], stop, start), stop):
            if time[at] >= end:
                break
            place = code[at]
            places[place, PLACE_EVENTS] += 1
            if seen[place] != unit:
                seen[place] = unit
                places[place, PLACE_PEOPLE] += 1
            if order < c_stop and c_seq[order] == seq[at]:
                places[place, PLACE_ORDERS] += 1
                money[place] += c_value[order]
                order += 1


@dataclass(frozen=True)
class OverviewSummary:
    """What scans of the overview leave; a few kilobytes, whatever the number of people.

    Attributes:
        totals: shape (2, 6): the period before, the period.
        money: shape (2,), sums of values.
        moments: shape (2, 6), of value and number of conversions of each who converted.
        rows: shape (rows, 5) for each grain that is counted: rows of the period before, then of the period.
        row_money: shape (rows,) for each.
        places: shape (touchpoints, 3).
        place_money: shape (touchpoints,).
        newest: time of the newest event in the lake, µs.
    """

    totals: Int64s
    money: Floats
    moments: Floats
    rows: tuple[Int64s, ...]
    row_money: tuple[Floats, ...]
    places: Int64s
    place_money: Floats
    newest: int = 0

    @classmethod
    def zero(cls, n_rows: tuple[int, ...], n_places: int, newest: int = 0) -> Self:
        """Give the summary of nobody."""
        return cls(
            totals=np.zeros((2, 6), dtype=np.int64),
            money=np.zeros(2),
            moments=np.zeros((2, 6)),
            rows=tuple(np.zeros((n, 5), dtype=np.int64) for n in n_rows),
            row_money=tuple(np.zeros(n) for n in n_rows),
            places=np.zeros((n_places, 3), dtype=np.int64),
            place_money=np.zeros(n_places),
            newest=newest,
        )

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        return type(self)(
            totals=self.totals + other.totals,
            money=self.money + other.money,
            moments=merge_pairs(self.moments, other.moments),
            rows=tuple(a + b for a, b in zip(self.rows, other.rows, strict=True)),
            row_money=tuple(a + b for a, b in zip(self.row_money, other.row_money, strict=True)),
            places=self.places + other.places,
            place_money=self.place_money + other.place_money,
            newest=max(self.newest, other.newest),
        )
