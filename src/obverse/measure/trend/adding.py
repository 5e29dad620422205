"""Kernels over the numbers of a field: sums, ends, each person's share in an average, and a sketch of all.

The sketch has a bin for the sign, the exponent and the first six bits of the mantissa of a number: 64 bins an
octave, found without a logarithm, the same on every machine. The middle of a bin is at most 1/128 = 0.8 %
away from anything in it. It is kept as (cell and bin, count), only where there is any.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from obverse.measure.buckets import bucket_of
from obverse.measure.kernel import kernel
from obverse.measure.trend.grid import Grid, Source
from obverse.tape.layout import Bools, Floats, Int32s, Int64s

_SHIFT = 52 - 6
_HALF = 1 << 17
N_BINS = 2 * _HALF
"""Bins of a sketch: below half of it are negative numbers, ascending."""

_SIGN = (1 << 63) - 1


class Added(NamedTuple):
    """What `add` adds to.

    Attributes:
        events: shape (cells,), those that have a number.
        worth: shape (cells,), money of all events.
        sums: shape (cells,), of the numbers.
        low: shape (cells,), the smallest.
        high: shape (cells,), the largest.
        moments: shape (cells, 6), of the sum and the count of each person's numbers in the cell.
        total_moments: shape (groups + 1, 6): of theirs in all rows together; of any group last.
    """

    events: Int64s
    worth: Floats
    sums: Floats
    low: Floats
    high: Floats
    moments: Floats
    total_moments: Floats


class Held(NamedTuple):
    """The numbers of one person, as scratch.

    Attributes:
        cells: those that were touched.
        sums: shape (cells,).
        counts: shape (cells,).
        total_sums: shape (groups + 1,), over all rows.
        total_counts: likewise.
    """

    cells: Int64s
    sums: Floats
    counts: Floats
    total_sums: Floats
    total_counts: Floats


@kernel
def add(source: Source, grid: Grid, out: Added, by_person: bool, low: int, high: int) -> None:
    """Add up the numbers of a field.

    Args:
        source: the events.
        grid: where they are counted.
        out: added to.
        by_person: whether the moments of each person's numbers are wanted.
        low: first unit.
        high: unit after the last.
    """
    offsets, time, code, value, number, whose = source
    edges, slots, per_us, lead, n_groups = grid
    n, n_cells = len(edges) - 1, len(out.events)
    mine = Held(
        np.empty(n_cells, np.int64), np.zeros(n_cells), np.zeros(n_cells),
        np.zeros(n_groups + 1), np.zeros(n_groups + 1),
    )  # fmt: skip
    events, worth, sums, lows, highs = out.events, out.worth, out.sums, out.low, out.high
    split, valued, parted = len(code) > 0, len(value) > 0, len(whose) > 0
    touched, current = 0, -1
    for unit in range(low, high):
        who = whose[unit] if parted else unit
        if who != current:
            if touched:
                _settle(mine, touched, n, lead, out.moments, out.total_moments)
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
            cell = (np.int64(code[i]) if split else 0) * n + bucket
            if valued:
                worth[cell] += value[i]
            x = number[i]
            if not np.isfinite(x):
                continue
            events[cell] += 1
            sums[cell] += x
            lows[cell] = min(lows[cell], x)
            highs[cell] = max(highs[cell], x)
            if by_person:
                if mine.counts[cell] == 0:
                    mine.cells[touched] = cell
                    touched += 1
                mine.sums[cell] += x
                mine.counts[cell] += 1
    if touched:
        _settle(mine, touched, n, lead, out.moments, out.total_moments)


@njit(nogil=True, cache=True)
def _settle(mine: Held, touched: int, n: int, lead: int, moments: Floats, totals: Floats) -> None:
    """Push what is held of one person as one draw into each cell and total, and forget it."""
    cells, sums, counts, last = mine.cells, mine.sums, mine.counts, len(totals) - 1
    total_sums, total_counts = mine.total_sums, mine.total_counts
    for at in range(touched):
        cell = cells[at]
        _push(moments, cell, sums[cell], counts[cell])
        group = cell // n
        if cell - group * n >= lead:
            total_sums[group] += sums[cell]
            total_counts[group] += counts[cell]
            total_sums[last] += sums[cell]
            total_counts[last] += counts[cell]
        sums[cell] = 0.0
        counts[cell] = 0.0
    for at in range(touched + 1):
        group = cells[at] // n if at < touched else last
        if total_counts[group] > 0:
            _push(totals, group, total_sums[group], total_counts[group])
            total_sums[group] = 0.0
            total_counts[group] = 0.0


@njit(nogil=True, cache=True)
def _push(moments: Floats, at: int, x: float, y: float) -> None:
    """Add a draw to row `at`; as `obverse.measure.pairs.push_pair`, but without a view of the row."""
    share = 1.0 / (moments[at, 0] + 1.0)
    dx, dy = x - moments[at, 1], y - moments[at, 2]
    moments[at, 0] += 1.0
    moments[at, 1] += dx * share
    moments[at, 2] += dy * share
    ex, ey = x - moments[at, 1], y - moments[at, 2]
    moments[at, 3] += dx * ex
    moments[at, 4] += dy * ey
    moments[at, 5] += dx * ey


@kernel
def mark_bins(number: Floats, at: int, stop: int, found: Bools) -> None:
    """Mark the bins, shape (N_BINS,), that the finite ones of some numbers are in."""
    for i in range(at, stop):
        if np.isfinite(number[i]):
            found[bin_of(number[i])] = True


@kernel
def sketch(
    source: Source, grid: Grid, column: Int32s, first: int, counts: Int64s, at: int, stop: int
) -> None:
    """Count numbers by cell and column.

    Args:
        source: the events.
        grid: where they are counted.
        column: shape (N_BINS,), the column of each bin.
        first: the first column that is counted.
        counts: shape (cells, columns), added to.
        at: first event.
        stop: event after the last.
    """
    time, code, number = source.time, source.code, source.number
    edges, slots, per_us, _, _ = grid
    n, width = len(edges) - 1, counts.shape[1]
    split = len(code) > 0
    for i in range(at, stop):
        if np.isfinite(number[i]) and edges[0] <= time[i] < edges[n]:
            place = column[bin_of(number[i])] - first
            if 0 <= place < width:
                bucket = bucket_of(edges, slots, per_us, time[i])
                counts[(np.int64(code[i]) if split else 0) * n + bucket, place] += 1


@njit(nogil=True, cache=True)
def bin_of(number: float) -> int:
    """Give the bin of a finite number; bins ascend with the numbers."""
    bits = np.float64(number).view(np.int64)
    size = (bits & _SIGN) >> _SHIFT
    return int(size + _HALF if bits >= 0 or size == 0 else _HALF - 1 - size)


def middles(bins: Int64s) -> tuple[Floats, Floats, Floats]:
    """Give the lower ends, the middles and the upper ends of bins."""
    negative = bins < _HALF
    size = np.where(negative, _HALF - 1 - bins, bins - _HALF)
    near, far = (size << _SHIFT).view(np.float64), ((size + 1) << _SHIFT).view(np.float64)
    sign = np.where(negative, -1.0, 1.0)
    middle = sign * (near + (far - near) / 2)
    return np.where(negative, -far, near), middle, np.where(negative, -near, far)
