"""What scans of a trend leave: for each series and window, numbers by group and bucket of time.

Buckets before the first one that has anything are left out, so that a trend without a start stays small;
`first` is the bucket that the arrays begin with. Bounded by the question's rows and groups, and sketches by
their bins.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np

from obverse.measure.pairs import merge_pairs
from obverse.measure.trend import adding, counting
from obverse.measure.trend.grid import Grid, Source
from obverse.tape.layout import Floats, Int64s

MAX_TABLE = 1 << 23
"""Cells and bins that are counted in one go; where there are more the events are read several times."""


@dataclass(frozen=True)
class Counts:
    """One series that counts, in one window.

    Attributes:
        first: the bucket that the arrays begin with.
        events: shape (groups, buckets).
        worth: shape (groups, buckets), money of the events.
        people: shape (groups, buckets): who is counted; where points cover several buckets, or events of each
            person are counted, the change of that against the bucket before.
        squares: shape (groups, buckets), likewise the change of the sum of squares of each person's events.
        total_people: shape (groups + 1,): who is counted in all rows together; of any group last.
        total_squares: shape (groups + 1,).
    """

    first: int
    events: Int64s
    worth: Floats
    people: Int64s
    squares: Int64s
    total_people: Int64s
    total_squares: Int64s

    def merge(self, other: Self) -> Self:
        """Give the numbers of both."""
        first = min(self.first, other.first)
        a, b = _from(self, first), _from(other, first)
        return type(self)(first, *(a[name] + b[name] for name in a))


@dataclass(frozen=True)
class Numbers:
    """One series over the numbers of a field, in one window.

    Attributes:
        first: the bucket that the arrays begin with.
        events: shape (groups, buckets), those that have a number.
        worth: shape (groups, buckets), money of all events.
        sums: shape (groups, buckets), of the numbers.
        low: shape (groups, buckets), the smallest number; infinite for none.
        high: shape (groups, buckets), the largest.
        moments: shape (groups, buckets, 6), of the sum and the count of each person's numbers
            (`obverse.measure.pairs`).
        total_moments: shape (groups + 1, 6), of theirs in all rows together; of any group last.
        keys: ascending, ``(group * all buckets + bucket) * N_BINS + bin`` of the sketch.
        counts: numbers of each.
    """

    first: int
    events: Int64s
    worth: Floats
    sums: Floats
    low: Floats
    high: Floats
    moments: Floats
    total_moments: Floats
    keys: Int64s
    counts: Int64s

    def merge(self, other: Self) -> Self:
        """Give the numbers of both."""
        first = min(self.first, other.first)
        a, b = _from(self, first), _from(other, first)
        keys, counts = _added(
            np.concatenate([self.keys, other.keys]), np.concatenate([self.counts, other.counts])
        )
        return type(self)(
            first=first,
            events=a["events"] + b["events"],
            worth=a["worth"] + b["worth"],
            sums=a["sums"] + b["sums"],
            low=np.minimum(a["low"], b["low"]),
            high=np.maximum(a["high"], b["high"]),
            moments=merge_pairs(a["moments"], b["moments"]),
            total_moments=merge_pairs(self.total_moments, other.total_moments),
            keys=keys,
            counts=counts,
        )


Tally = Counts | Numbers


@dataclass(frozen=True)
class TrendSummary:
    """What scans of a trend leave.

    Attributes:
        windows: for each window the tallies of the series, in order.
        newest: time of the newest event in the lake, µs.
    """

    windows: tuple[tuple[Tally, ...], ...]
    newest: int

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        return type(self)(
            tuple(
                tuple(_merged(a, b) for a, b in zip(mine, theirs, strict=True))
                for mine, theirs in zip(self.windows, other.windows, strict=True)
            ),
            max(self.newest, other.newest),
        )


def _merged(a: Tally, b: Tally) -> Tally:
    if isinstance(a, Counts) and isinstance(b, Counts):
        return a.merge(b)
    if isinstance(a, Numbers) and isinstance(b, Numbers):
        return a.merge(b)
    raise TypeError("summaries of different questions do not merge")


_EMPTY = {"low": np.inf, "high": -np.inf}
_BY_BUCKET = ("events", "worth", "people", "squares", "sums", "low", "high", "moments")


def begun_at(tally: Tally, first: int) -> Tally:
    """Give a tally whose arrays begin with an earlier bucket."""
    return replace(tally, first=first, **_from(tally, first))


def _from(tally: Tally, first: int) -> dict[str, Any]:
    """Give a tally's arrays with those by bucket begun at an earlier one."""
    found: dict[str, Any] = {}
    for field in fields(tally):
        array = getattr(tally, field.name)
        if field.name in _BY_BUCKET:
            shape = (array.shape[0], tally.first - first, *array.shape[2:])
            early = np.full(shape, _EMPTY.get(field.name, 0), array.dtype)
            found[field.name] = np.concatenate([early, array], axis=1)
        elif field.name != "first":
            found[field.name] = array
    return found


def count(
    source: Source, grid: Grid, first: int, units: range, *, distinct: bool, span: int, gathered: bool
) -> Counts:
    """Count a slice of units.

    Args:
        source: the events.
        grid: where they are counted.
        first: the bucket that the grid begins with.
        units: which.
        distinct: whether to count who they are of.
        span: how many buckets a point covers.
        gathered: whether the events of each person have to be gathered.
    """
    n_groups, n_buckets = grid.shape
    n = n_groups * n_buckets
    out = counting.Counted(
        events=np.zeros(n, np.int64),
        worth=np.zeros(n),
        people=np.zeros(n, np.int64),
        squares=np.zeros(n, np.int64),
        total_people=np.zeros(n_groups + 1, np.int64),
        total_squares=np.zeros(n_groups + 1, np.int64),
    )
    if n and gathered:
        counting.gather(source, grid, out, span, units.start, units.stop)
    elif n:
        counting.count(source, grid, out, distinct, span, units.start, units.stop)
    return Counts(
        first,
        out.events.reshape(grid.shape),
        out.worth.reshape(grid.shape),
        out.people.reshape(grid.shape),
        out.squares.reshape(grid.shape),
        out.total_people,
        out.total_squares,
    )


def add(
    source: Source, grid: Grid, first: int, units: range, n_buckets: int, *, by_person: bool, sketched: bool
) -> Numbers:
    """Add up the numbers of a slice of units.

    Args:
        source: the events, with numbers.
        grid: where they are counted.
        first: the bucket that the grid begins with.
        units: which.
        n_buckets: buckets of the whole window.
        by_person: whether the moments of each person's numbers are wanted.
        sketched: whether a sketch is wanted.
    """
    n = grid.shape[0] * grid.shape[1]
    out = adding.Added(
        events=np.zeros(n, np.int64),
        worth=np.zeros(n),
        sums=np.zeros(n),
        low=np.full(n, np.inf),
        high=np.full(n, -np.inf),
        moments=np.zeros((n, 6)),
        total_moments=np.zeros((grid.n_groups + 1, 6)),
    )
    keys, counts = np.empty(0, np.int64), np.empty(0, np.int64)
    if n:
        adding.add(source, grid, out, by_person, units.start, units.stop)
    if n and sketched:
        keys, counts = _sketched(source, grid, first, units, n_buckets)
    return Numbers(
        first,
        out.events.reshape(grid.shape),
        out.worth.reshape(grid.shape),
        out.sums.reshape(grid.shape),
        out.low.reshape(grid.shape),
        out.high.reshape(grid.shape),
        out.moments.reshape(*grid.shape, 6),
        out.total_moments,
        keys,
        counts,
    )


def _sketched(source: Source, grid: Grid, first: int, units: range, n_buckets: int) -> tuple[Int64s, Int64s]:
    """Sketch the numbers of a slice of units; ascending keys over all buckets, and counts."""
    at, stop = int(source.offsets[units.start]), int(source.offsets[units.stop])
    marked = np.zeros(adding.N_BINS, np.bool_)
    adding.mark_bins(source.number, at, stop, marked)
    bins = np.flatnonzero(marked)
    column = np.cumsum(marked, dtype=np.int32) - np.int32(1)
    n_cells = grid.shape[0] * grid.shape[1]
    width = max(MAX_TABLE // n_cells, 1)
    parts = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    for begin in range(0, len(bins), width):
        table = np.zeros((n_cells, min(width, len(bins) - begin)), np.int64)
        adding.sketch(source, grid, column, begin, table, at, stop)
        cell, place = np.nonzero(table)
        group, bucket = cell // grid.shape[1], cell % grid.shape[1] + first
        keys = (group * n_buckets + bucket) * adding.N_BINS + bins[place + begin]
        parts.append((keys, table[cell, place]))
    return _added(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _added(keys: Int64s, counts: Int64s) -> tuple[Int64s, Int64s]:
    """Sort keys and add up the counts of equal ones."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    fresh = np.flatnonzero(np.diff(keys, prepend=-1))
    if len(fresh) == 0:
        return keys, counts[order]
    return keys[fresh], np.add.reduceat(counts[order], fresh)
