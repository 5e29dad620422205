"""The scan of the overview: kernels over people's events and conversions, and the summary that they leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self, cast

import numpy as np
from numba import njit

from obverse.measure.borrowed import borrowed
from obverse.measure.kernel import kernel
from obverse.measure.orders import Orders
from obverse.measure.pairs import merge_pairs, push_pair
from obverse.measure.scope import FOREVER
from obverse.tape.layout import Bools, Floats, Int32s, Int64s

PEOPLE, NEW, PROSPECTS, CONVERTING, ORDERS, CUSTOMERS = range(6)
"""Columns of totals: who was there; for the first time; without a conversion by the end; who converted;
conversions; all who have ever converted by the end."""

ROW_PEOPLE, ROW_NEW, ROW_CONVERTING, ROW_ORDERS, ROW_FIRSTS = range(5)
"""Columns of rows: the last is people who converted for the first time ever."""

PART_NEW, PART_ORDERS, PART_FIRSTS = range(3)
"""Columns of parts."""

PLACE_PEOPLE, PLACE_EVENTS, PLACE_ORDERS = range(3)
"""Columns of touchpoints."""

MOST_ROWS = 93
"""Where no grain is asked for, rows are the shortest of day, week and month that need no more than this."""

_NEVER: int = cast("int", np.int64(1 << 62))


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


class Events(NamedTuple):
    """All events, or those that say that somebody was there.

    Attributes:
        offsets: by unit.
        time: µs, ascending within a unit.
        seq: number of each event.
        code: its touchpoint.
    """

    offsets: Int64s
    time: Int64s
    seq: Int64s
    code: Int32s


class Rules(NamedTuple):
    """What a scan goes by.

    Attributes:
        before: start of the period before, µs.
        start: of the period.
        end: of the period.
        edges: shape (parts + 1,), ascending: the instants that part the rows of all grains, from the first in
            which anything happened to the last.
        slots: the part that each slot of time begins in.
        shift: a slot has two to the power of so many µs.
    """

    before: int
    start: int
    end: int
    edges: Int64s
    slots: Int32s
    shift: int


class Left(NamedTuple):
    """What a scan adds to.

    Moves say how often a person's event in a part came next after one in another part; the last row is for
    first events. A row of several parts has as many people as there are moves into it from elsewhere: so one
    walk counts people by day, week and month. For one grain the first row has the moves from the same part,
    the second all others.

    Attributes:
        totals: shape (2, 6): the period before, the period.
        money: shape (2,), sums of values.
        moments: shape (2, 6), of value and number of conversions of each who converted.
        moves: shape (parts + 1 or 2, parts), of everybody who was there.
        order_moves: the same of conversions.
        parts: shape (parts, 3): people who were there for the first time, conversions, first conversions.
        part_money: shape (parts,), sums of values.
        places: shape (touchpoints, 3).
        place_money: shape (touchpoints,), sums of values.
        reach: shape (2,), the first and the last time at which somebody was there, µs.
    """

    totals: Int64s
    money: Floats
    moments: Floats
    moves: Int64s
    order_moves: Int64s
    parts: Int64s
    part_money: Floats
    places: Int64s
    place_money: Floats
    reach: Int64s


MOST_SLOTS = 1 << 16


def slots_of(edges: Int64s) -> tuple[Int32s, int]:
    """Give the part that each slot of time begins in, and how long a slot is, as a power of two.

    Slots are no longer than the shortest part, if that does not make too many of them: then an instant is in
    the part that its slot begins in or in the next.
    """
    length = int(edges[-1] - edges[0])
    shift = max(int(np.diff(edges).min()).bit_length() - 1, (length // MOST_SLOTS).bit_length())
    starts = edges[0] + (np.arange((length >> shift) + 1, dtype=np.int64) << shift)
    return (np.searchsorted(edges[:-1], starts, "right") - 1).astype(np.int32), shift


@kernel
def reach_of(offsets: Int64s, time: Int64s, low: int, high: int) -> tuple[int, int]:
    """Give the first and the last time of all events of some units; (`FOREVER`, -`FOREVER`) for none."""
    first, last = FOREVER, -FOREVER
    for unit in range(low, high):
        if offsets[unit] < offsets[unit + 1]:
            first, last = min(first, time[offsets[unit]]), max(last, time[offsets[unit + 1] - 1])
    return first, last


@kernel
def tally(events: Events, orders: Orders, rules: Rules, out: Left, low: int, high: int) -> None:
    """Count people and conversions in two periods, in the parts of both, and at each touchpoint.

    Args:
        events: that say that somebody was there.
        orders: conversions.
        rules: what to go by.
        out: added to.
        low: first unit.
        high: unit after the last.
    """
    events, orders, rules, out = borrowed(events), borrowed(orders), borrowed(rules), borrowed(out)
    offsets, time = events.offsets, events.time
    seen = np.full(len(out.places), -1, dtype=np.int64)
    for unit in range(low, high):
        begin, stop = offsets[unit], offsets[unit + 1]
        if begin == stop:
            continue
        before = _first_from(time, begin, stop, rules.before)
        start = _first_from(time, before, stop, rules.start)
        end = _first_from(time, start, stop, rules.end)
        if before < end:
            out.reach[0] = min(out.reach[0], time[before])
            out.reach[1] = max(out.reach[1], time[end - 1])
            first = _walk(time, before, end, rules, out.moves)
            out.parts[first, PART_NEW] += before == begin
            _walk_places(events.code, start, end, unit, out.places, seen)
        c_begin, c_stop = orders.offsets[unit], orders.offsets[unit + 1]
        converted = orders.time[c_begin] if c_begin < c_stop else _NEVER
        _be_there(0, before, start, begin, converted, rules.start, out.totals)
        _be_there(1, start, end, begin, converted, rules.end, out.totals)
        if c_begin < c_stop:
            _convert(events, orders, rules, out, unit, start, end)


@njit(nogil=True)
def _first_from(time: Int64s, low: int, high: int, instant: int) -> int:
    """Give what `first_from` does, at once where that is one of the ends."""
    if low == high or time[low] >= instant:
        return low
    if time[high - 1] < instant:
        return high
    return first_from(time, low, high, instant)


@njit(nogil=True)
def _walk(time: Int64s, low: int, high: int, rules: Rules, moves: Int64s) -> int:
    """Count one person's moves from part to part, of events low … high - 1, and give the part of the first.

    There are no branches where nobody can foretell which way they go.
    """
    edges, slots, origin, shift = rules.edges, rules.slots, rules.edges[0], rules.shift
    last_row = len(moves) - 1
    by_source = last_row == moves.shape[1]
    source, first = moves.shape[1], -1
    for at in range(low, high):
        now = time[at]
        part = np.int64(slots[(now - origin) >> shift])
        part += now >= edges[part + 1]
        while now >= edges[part + 1]:
            part += 1
        row = source if by_source else np.int64(source != part)
        moves[row, part] += 1
        source = part
        first = part if first < 0 else first
    return first


@njit(nogil=True)
def _walk_places(code: Int32s, low: int, high: int, unit: int, places: Int64s, seen: Int64s) -> None:
    """Count one person's events by touchpoint, those at the same in a row at once."""
    at = low
    while at < high:
        place, begun = code[at], at
        while at < high and code[at] == place:
            at += 1
        places[place, PLACE_EVENTS] += at - begun
        if seen[place] != unit:
            seen[place] = unit
            places[place, PLACE_PEOPLE] += 1


@njit(nogil=True)
def _be_there(window: int, low: int, high: int, begin: int, converted: int, end: int, totals: Int64s) -> None:
    """Count one person in a period, in which their events low … high - 1 are."""
    customer = converted < end
    totals[window, CUSTOMERS] += customer
    if low < high:
        totals[window, PEOPLE] += 1
        totals[window, NEW] += low == begin
        totals[window, PROSPECTS] += not customer


@njit(nogil=True)
def _convert(
    events: Events, orders: Orders, rules: Rules, out: Left, unit: int, start: int, end: int
) -> None:
    """Count one person's conversions; events start … end - 1 are those in the period."""
    time, value = orders.time, orders.value
    c_begin, c_stop = orders.offsets[unit], orders.offsets[unit + 1]
    order, at = _first_from(time, c_begin, c_stop, rules.before), start
    _walk(time, order, _first_from(time, order, c_stop, rules.end), rules, out.order_moves)
    for window in range(2):
        until = rules.start if window == 0 else rules.end
        first, worth = order, 0.0
        while order < c_stop and time[order] < until:
            part = _part_of(rules, time[order])
            out.parts[part, PART_ORDERS] += 1
            out.parts[part, PART_FIRSTS] += order == c_begin
            out.part_money[part] += value[order]
            worth += value[order]
            if window == 1:
                at = _seek(events, at, end, time[order], orders.seq[order])
                out.places[events.code[at], PLACE_ORDERS] += 1
                out.place_money[events.code[at]] += value[order]
            order += 1
        if order > first:
            out.totals[window, CONVERTING] += 1
            out.totals[window, ORDERS] += order - first
            out.money[window] += worth
            push_pair(out.moments[window], worth, float(order - first))


@njit(nogil=True)
def _part_of(rules: Rules, instant: int) -> int:
    """Give the part that an instant is in."""
    part = rules.slots[(instant - rules.edges[0]) >> rules.shift]
    while instant >= rules.edges[part + 1]:
        part += 1
    return int(part)


@njit(nogil=True)
def _seek(events: Events, at: int, high: int, instant: int, seq: int) -> int:
    """Give the index of an event among at … high - 1; its seq is read only where others are at its time."""
    time = events.time
    while time[at] < instant:
        at += 1
    while at + 1 < high and time[at + 1] == instant and events.seq[at] != seq:
        at += 1
    return at


@dataclass(frozen=True)
class OverviewSummary:
    """What scans of the overview leave; a few kilobytes, whatever the number of people.

    Attributes:
        totals: shape (2, 6): the period before, the period.
        money: shape (2,), sums of values.
        moments: shape (2, 6), of value and number of conversions of each who converted.
        rows: shape (rows, 5) for each grain that is counted: rows of the period before, then of the period.
        row_money: shape (rows,) for each.
        spans: shape (grains, 2): for each, the first and the last row in which somebody was there. A grain
            whose rows are too many to be shown, where a longer one is counted too, has no counts.
        places: shape (touchpoints, 3).
        place_money: shape (touchpoints,).
        newest: time of the newest event in the lake, µs.
    """

    totals: Int64s
    money: Floats
    moments: Floats
    rows: tuple[Int64s, ...]
    row_money: tuple[Floats, ...]
    spans: Int64s
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
            spans=np.repeat([[FOREVER, -1]], len(n_rows), axis=0),
            places=np.zeros((n_places, 3), dtype=np.int64),
            place_money=np.zeros(n_places),
            newest=newest,
        )

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        low, high = np.minimum(self.spans, other.spans)[:, 0], np.maximum(self.spans, other.spans)[:, 1]
        return type(self)(
            totals=self.totals + other.totals,
            money=self.money + other.money,
            moments=merge_pairs(self.moments, other.moments),
            rows=tuple(a + b for a, b in zip(self.rows, other.rows, strict=True)),
            row_money=tuple(a + b for a, b in zip(self.row_money, other.row_money, strict=True)),
            spans=np.stack([low, high], axis=1),
            places=self.places + other.places,
            place_money=self.place_money + other.place_money,
            newest=max(self.newest, other.newest),
        ).fitted()

    def fitted(self) -> Self:
        """Leave out the counts of grains that have too many rows; all that is merged with this has more."""
        for grain in np.flatnonzero(too_many(self.spans)):
            self.rows[grain][:], self.row_money[grain][:] = 0, 0.0
        return self


def too_many(spans: Int64s) -> Bools:
    """Say of each grain whether it has more rows than are shown; the last is shown all the same."""
    found: Bools = spans[:, 1] - spans[:, 0] >= MOST_ROWS
    found[-1] = False
    return found
