"""Kernels that count events and whose they are, by group and bucket of time.

`count` is one pass that touches each event once; people are told apart by who was last counted in a cell, and
where points cover several buckets, by how far the buckets reach that the last one is counted in. That needs a
person's events in order of time, which those of several sessions are not. `gather` serves these, and the
number of events of each person: it gathers the cells of one person, then sweeps over them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from obverse.measure.buckets import bucket_of
from obverse.measure.kernel import kernel
from obverse.measure.trend.grid import Grid, Source
from obverse.tape.layout import Floats, Int64s


class Counted(NamedTuple):
    """What the kernels add to.

    Attributes:
        events: shape (cells,).
        worth: shape (cells,), money of the events.
        people: shape (cells,): who is counted in the bucket; where points cover several buckets, and always
            by `gather`, the change of how many a point counts against the one before.
        squares: shape (cells,): likewise the change of the sum of squares of how many events each has.
        total_people: shape (groups + 1,): who is counted in all rows together; of any group last.
        total_squares: shape (groups + 1,): sum of squares of how many events each has in all rows together.
    """

    events: Int64s
    worth: Floats
    people: Int64s
    squares: Int64s
    total_people: Int64s
    total_squares: Int64s


@kernel
def count(source: Source, grid: Grid, out: Counted, distinct: bool, span: int, low: int, high: int) -> None:
    """Count events, and who they are of; with a span over 1 a unit is somebody of their own.

    Args:
        source: the events.
        grid: where they are counted.
        out: added to.
        distinct: whether to count who they are of.
        span: how many buckets a point covers; as many as there are for all up to it.
        low: first unit.
        high: unit after the last.
    """
    offsets, time, code, value, whose = source.offsets, source.time, source.code, source.value, source.whose
    edges, slots, per_us, lead, n_groups = grid
    events, worth, people, totals = out.events, out.worth, out.people, out.total_people
    n = len(edges) - 1
    seen = np.full(len(events), -1, np.int32)
    seen_total = np.full(n_groups + 1, -1, np.int32)
    owner = np.full(n_groups, -1, np.int32)
    begin, end = np.zeros(n_groups, np.int64), np.zeros(n_groups, np.int64)
    split, valued, parted = len(code) > 0, len(value) > 0, len(whose) > 0
    for unit in range(low, high):
        who = np.int32(whose[unit] if parted else unit)
        bucket, until = -1, edges[0]
        for i in range(offsets[unit], offsets[unit + 1]):
            if time[i] >= until:
                if time[i] >= edges[n]:
                    break
                bucket = bucket_of(edges, slots, per_us, time[i])
                until = edges[bucket + 1]
            elif bucket < 0:
                continue
            group = np.int64(code[i]) if split else 0
            cell = group * n + bucket
            events[cell] += 1
            if valued:
                worth[cell] += value[i]
            if distinct and seen[cell] != who:
                seen[cell] = who
                if span == 1:
                    people[cell] += 1
                else:
                    if owner[group] != who or bucket > end[group]:
                        _cover(people, int(cell - bucket), begin[group], end[group], n)
                        owner[group], begin[group] = who, bucket
                    end[group] = min(bucket + span, n)
                if bucket >= lead and seen_total[group] != who:
                    seen_total[group] = who
                    totals[group] += 1
                    totals[n_groups] += seen_total[n_groups] != who
                    seen_total[n_groups] = who
    for group in range(n_groups):
        _cover(people, group * n, begin[group], end[group], n)


@njit(nogil=True, cache=True)
def _cover(steps: Int64s, first: int, begin: int, end: int, n: int) -> None:
    """Note one more from bucket `begin` to before bucket `end` of a group whose cells begin with `first`."""
    if begin < end:
        steps[first + begin] += 1
        if end < n:
            steps[first + end] -= 1


class Gathered(NamedTuple):
    """The cells that one person has events in, as scratch.

    Attributes:
        buckets: of each cell that was touched, in the order of the first touch.
        groups: likewise.
        counts: shape (cells,), events of the person in each cell.
        held: shape (groups + 1,), a number of events of the person in each group, and in all.
    """

    buckets: Int64s
    groups: Int64s
    counts: Int64s
    held: Int64s


@kernel
def gather(source: Source, grid: Grid, out: Counted, span: int, low: int, high: int) -> None:
    """Count events, and who they are of in spans of several buckets, and how many events each of them has.

    Args:
        source: the events.
        grid: where they are counted.
        out: added to.
        span: how many buckets a point covers; as many as there are for all up to it.
        low: first unit.
        high: unit after the last.
    """
    offsets, time, code, value, whose = source.offsets, source.time, source.code, source.value, source.whose
    edges, slots, per_us, _, n_groups = grid
    n, n_cells = len(edges) - 1, len(out.events)
    mine = Gathered(
        np.empty(n_cells, np.int64), np.empty(n_cells, np.int64),
        np.zeros(n_cells, np.int64), np.zeros(n_groups + 1, np.int64),
    )  # fmt: skip
    split, valued, parted = len(code) > 0, len(value) > 0, len(whose) > 0
    touched, current = 0, -1
    for unit in range(low, high):
        who = whose[unit] if parted else unit
        if who != current:
            if touched:
                _settle(mine, touched, grid, out, span)
            touched, current = 0, who
        bucket, until = -1, edges[0]
        for i in range(offsets[unit], offsets[unit + 1]):
            if time[i] >= until:
                if time[i] >= edges[n]:
                    break
                bucket = bucket_of(edges, slots, per_us, time[i])
                until = edges[bucket + 1]
            elif bucket < 0:
                continue
            group = np.int64(code[i]) if split else 0
            cell = group * n + bucket
            if mine.counts[cell] == 0:
                mine.buckets[touched], mine.groups[touched] = bucket, group
                touched += 1
            mine.counts[cell] += 1
            if valued:
                out.worth[cell] += value[i]
    if touched:
        _settle(mine, touched, grid, out, span)


@njit(nogil=True, cache=True)
def _settle(mine: Gathered, touched: int, grid: Grid, out: Counted, span: int) -> None:
    """Add what was gathered of one person, and forget it."""
    _sort(mine.buckets, mine.groups, touched)
    _sweep(mine, touched, len(grid.edges) - 1, out, span)
    _add_totals(mine, touched, grid, out)
    for at in range(touched):
        mine.counts[mine.groups[at] * (len(grid.edges) - 1) + mine.buckets[at]] = 0


@njit(nogil=True, cache=True)
def _sort(buckets: Int64s, groups: Int64s, n: int) -> None:
    """Sort by bucket, by insertion: they are in order but where sessions of one person overlap."""
    for i in range(1, n):
        bucket, group = buckets[i], groups[i]
        j = i
        while j > 0 and buckets[j - 1] > bucket:
            buckets[j], groups[j] = buckets[j - 1], groups[j - 1]
            j -= 1
        buckets[j], groups[j] = bucket, group


@njit(nogil=True, cache=True)
def _sweep(mine: Gathered, touched: int, n: int, out: Counted, span: int) -> None:
    """Note where one person's number of events in the span of a bucket changes: cells come in and go out."""
    buckets, groups, counts, held = mine.buckets, mine.groups, mine.counts, mine.held
    people, squares = out.people, out.squares
    entering, leaving = 0, 0
    while True:
        comes = buckets[entering] if entering < touched else n
        goes = buckets[leaving] + span if leaving < entering else n
        row = min(comes, goes)
        if row >= n:
            break
        at = leaving if goes <= comes else entering
        group = groups[at]
        change, before = counts[group * n + buckets[at]], held[group]
        if goes <= comes:
            leaving, change = leaving + 1, -change
        else:
            entering += 1
        after = before + change
        held[group] = after
        people[group * n + row] += int(after > 0) - int(before > 0)
        squares[group * n + row] += after * after - before * before
    for at in range(touched):
        held[groups[at]] = 0


@njit(nogil=True, cache=True)
def _add_totals(mine: Gathered, touched: int, grid: Grid, out: Counted) -> None:
    """Add one person's events to their cells, and to the totals over all rows."""
    n, last = len(grid.edges) - 1, grid.n_groups
    for at in range(touched):
        group, bucket = mine.groups[at], mine.buckets[at]
        events = mine.counts[group * n + bucket]
        out.events[group * n + bucket] += events
        if bucket >= grid.lead:
            mine.held[group] += events
            mine.held[last] += events
    for at in range(touched):
        _take(mine.groups[at], mine.held, out)
    _take(last, mine.held, out)


@njit(nogil=True, cache=True)
def _take(group: int, held: Int64s, out: Counted) -> None:
    """Count a person once in a total, with all their events."""
    out.total_people[group] += held[group] > 0
    out.total_squares[group] += held[group] * held[group]
    held[group] = 0
