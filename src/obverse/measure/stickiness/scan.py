"""The scan of stickiness: one pass over each person's events, by runs of events in the same interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from obverse.measure.borrowed import borrowed
from obverse.measure.buckets import bucket_of
from obverse.measure.kernel import kernel
from obverse.measure.moments import push
from obverse.measure.pairs import push_pair
from obverse.tape.layout import Bools, Floats, Int32s, Int64s


class Events(NamedTuple):
    """The events that a scan reads; an array of length 0 stands for one that there is not.

    Attributes:
        offsets: by unit.
        time: µs, ascending within a unit.
        code: groups.
        value: money.
    """

    offsets: Int64s
    time: Int64s
    code: Int32s
    value: Floats


class Rules(NamedTuple):
    """What a scan goes by.

    Attributes:
        edges: shape (intervals + 1,), µs: those that trailing windows reach back to, then the rows.
        slots: see `obverse.measure.buckets`.
        per_us: likewise.
        lead: intervals before the first row.
        at_least: events in an interval that make somebody active in it.
        times: whether events are counted instead of intervals.
        most: the last row of the histogram.
        short: length of the shorter trailing window.
        long: of the longer.
        whole_from: first row that is complete.
        whole_to: row after the last.
    """

    edges: Int64s
    slots: Int32s
    per_us: float
    lead: int
    at_least: int
    times: bool
    most: int
    short: int
    long: int
    whole_from: int
    whole_to: int


class Left(NamedTuple):
    """What a scan adds to; shapes with groups first.

    Attributes:
        people: shape (groups, most + 1), by how often.
        money: likewise, money of their conversions.
        moments: shape (groups, most + 1, 3), of each one's money.
        sums: shape (groups, 2): sum of how often, sum of its square.
        active: shape (groups, rows): who is active.
        short: likewise, the change of how many are active in the shorter trailing window of a row.
        long: of the longer.
        pairs: shape (groups, 6), moments of each one's (rows active, rows whose longer window has them), over
            complete rows.
    """

    people: Int64s
    money: Floats
    moments: Floats
    sums: Int64s
    active: Int64s
    short: Int64s
    long: Int64s
    pairs: Floats


@kernel
def scan(events: Events, orders: Events, rules: Rules, out: Left, low: int, high: int) -> int:
    """Count how often each unit is active.

    Args:
        events: that make somebody active.
        orders: conversions.
        rules: what to go by.
        out: added to.
        low: first unit.
        high: unit after the last.

    Returns:
        time of the earliest event, µs; -1 for none.
    """
    events, orders, rules, out = borrowed(events), borrowed(orders), borrowed(rules), borrowed(out)
    offsets, time, code = events.offsets, events.time, events.code
    first_edge, start, end = rules.edges[0], rules.edges[rules.lead], rules.edges[-1]
    oldest, found = -1, np.zeros(4, np.int64)
    for unit in range(low, high):
        begin, stop = offsets[unit], offsets[unit + 1]
        if begin == stop:
            continue
        if oldest < 0 or time[begin] < oldest:
            oldest = time[begin]
        at = first_from(time, begin, stop, first_edge)
        if at == stop or time[at] >= end:
            continue
        group = group_of(time, code, at, stop, start, end)
        walk(time, at, stop, rules, out, group, found)
        n_active, n_events, covered, n_whole = found
        if covered:
            push_pair(out.pairs[group], float(n_whole), float(covered))
        if n_active == 0:
            continue
        n = n_events if rules.times else n_active
        worth = money_between(orders, unit, start, end)
        row = n if n < rules.most else rules.most
        out.people[group, row] += 1
        out.money[group, row] += worth
        out.sums[group, 0] += n
        out.sums[group, 1] += n * n
        push(out.moments[group, row], worth)
    return oldest


@njit(nogil=True, cache=True)
def walk(time: Int64s, at: int, stop: int, rules: Rules, out: Left, group: int, found: Int64s) -> None:
    """Walk one unit's events from `at` on, and note the intervals in which it is active.

    Args:
        time: of all events.
        at: index of the unit's first event that is not before the first interval.
        stop: index after its last.
        rules: what to go by.
        out: its active, short and long are added to, of a group.
        group: which.
        found: set to how many rows the unit is active in, how many events it has in rows, how many complete
            rows the longer window of which has it, and in how many of those it is active.
    """
    edges, slots, per_us, lead = rules.edges, rules.slots, rules.per_us, rules.lead
    active, short, long = out.active, out.short, out.long
    n, n_rows = len(edges) - 1, len(edges) - 1 - lead
    n_active, n_events, covered, n_whole = 0, 0, 0, 0
    short_from, short_to, long_from, long_to = 0, 0, 0, 0
    while at < stop and time[at] < edges[n]:
        bucket = bucket_of(edges, slots, per_us, time[at])
        run, until = at, edges[bucket + 1]
        while at < stop and time[at] < until:
            at += 1
        if bucket >= lead:
            n_events += at - run
        if at - run < rules.at_least:
            continue
        row = bucket - lead
        if row >= 0:
            n_active += 1
            n_whole += rules.whole_from <= row < rules.whole_to
            active[group, row] += 1
        if row > short_to:
            _cover(short, group, short_from, short_to)
            short_from = row
        if row > long_to:
            covered += _overlap(long_from, long_to, rules.whole_from, rules.whole_to)
            _cover(long, group, long_from, long_to)
            long_from = row
        short_to = max(min(row + rules.short, n_rows), short_to)
        long_to = max(min(row + rules.long, n_rows), long_to)
    _cover(short, group, short_from, short_to)
    _cover(long, group, long_from, long_to)
    covered += _overlap(long_from, long_to, rules.whole_from, rules.whole_to)
    found[0], found[1], found[2], found[3] = n_active, n_events, covered, n_whole


@njit(nogil=True, cache=True)
def _cover(steps: Int64s, group: int, begin: int, end: int) -> None:
    """Note one more from row `begin` to before row `end`."""
    if begin < end:
        steps[group, begin] += 1
        if end < steps.shape[1]:
            steps[group, end] -= 1


@njit(nogil=True, cache=True)
def _overlap(a: int, b: int, c: int, d: int) -> int:
    """Give how many rows are in a … b and in c … d, ends not included."""
    return max(min(b, d) - max(a, c), 0)


@njit(nogil=True, cache=True)
def group_of(time: Int64s, code: Int32s, at: int, stop: int, start: int, end: int) -> int:
    """Give the group of a unit: of its first event in the period; where it has none there, of event `at`."""
    if len(code) == 0:
        return 0
    first = first_from(time, at, stop, start)
    return int(code[first] if first < stop and time[first] < end else code[at])


@njit(nogil=True, cache=True)
def money_between(orders: Events, unit: int, start: int, end: int) -> float:
    """Add up the money of a unit's conversions in [start, end)."""
    if len(orders.value) == 0:
        return 0.0
    stop = orders.offsets[unit + 1]
    worth = 0.0
    for at in range(first_from(orders.time, orders.offsets[unit], stop, start), stop):
        if orders.time[at] >= end:
            break
        worth += orders.value[at]
    return worth


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


@kernel
def note(events: Events, rules: Rules, often: Int64s, group: Int64s) -> None:
    """Note for each unit how often it counts with, 0 for not at all, and its group, -1 for none.

    Args:
        events: that make somebody active.
        rules: what to go by.
        often: shape (units,), set.
        group: shape (units,), set.
    """
    offsets, time = events.offsets, events.time
    first_edge, start, end = rules.edges[0], rules.edges[rules.lead], rules.edges[-1]
    for unit in range(len(offsets) - 1):
        stop = offsets[unit + 1]
        at = first_from(time, offsets[unit], stop, first_edge)
        if at == stop or time[at] >= end:
            group[unit] = -1
            continue
        group[unit] = group_of(time, events.code, at, stop, start, end)
        n_active, n_events = 0, 0
        at = first_from(time, at, stop, start)
        while at < stop and time[at] < end:
            bucket = bucket_of(rules.edges, rules.slots, rules.per_us, time[at])
            run = at
            while at < stop and time[at] < rules.edges[bucket + 1]:
                at += 1
            n_events += at - run
            n_active += at - run >= rules.at_least
        often[unit] = n_events if rules.times else n_active


@kernel
def mark_active(events: Events, rules: Rules, first: int, last: int, found: Bools) -> None:
    """Mark the units, shape (units,), that are active in any of the intervals first … last."""
    offsets, time, edges = events.offsets, events.time, rules.edges
    for unit in range(len(offsets) - 1):
        stop = offsets[unit + 1]
        at = first_from(time, offsets[unit], stop, edges[first])
        for bucket in range(first, last + 1):
            run = at
            at = first_from(time, at, stop, edges[bucket + 1])
            if at - run >= rules.at_least:
                found[unit] = True
                break
