"""From tallies to points: what each bucket has becomes what each row says, over all that the row covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from obverse.measure.estimate import Estimate, Reason, student
from obverse.measure.pairs import merge_pairs
from obverse.measure.ranks import rank_interval, rank_of
from obverse.measure.trend.adding import N_BINS, middles
from obverse.measure.trend.formula import Formula
from obverse.measure.trend.series import Series
from obverse.measure.trend.summary import Counts, Numbers, Tally
from obverse.tape.layout import Floats, Int64s

NO_REASON, NOBODY, TOO_FEW, COMPUTED = range(4)
_REASONS = (None, Reason.NOBODY, Reason.TOO_FEW, Reason.COMPUTED)


@dataclass(frozen=True)
class Points:
    """Numbers with their intervals, arrays of one shape.

    Attributes:
        value: NaN for none.
        low: lower ends of the intervals, NaN for none.
        high: upper ends.
        why: `NO_REASON`, or why a number or its interval is missing.
    """

    value: Floats
    low: Floats
    high: Floats
    why: Int64s

    def row(self, at: int | slice) -> Points:
        """Give a part of them, by the first dimension."""
        return Points(self.value[at], self.low[at], self.high[at], self.why[at])

    def estimates(self) -> list[Estimate]:
        """Give points of one dimension as estimates."""
        parts = (part.tolist() for part in (self.value, self.low, self.high, self.why))
        return [
            Estimate(_known(value), _known(low), _known(high), _REASONS[why])
            for value, low, high, why in zip(*parts, strict=True)
        ]


def _known(number: float) -> float | None:
    return None if np.isnan(number) else number


def plain(value: NDArray[Any]) -> Points:
    """Give numbers that have no intervals; NaN is a number of nobody."""
    numbers = value.astype(np.float64)
    none = np.full(value.shape, np.nan)
    return Points(numbers, none, none, np.where(np.isnan(numbers), NOBODY, NO_REASON))


def computed(formula: Formula, series: Mapping[str, Points]) -> Points:
    """Compute a formula of points.

    A line in one series has that series' interval, drawn on the line. Any other has none: what one person has
    in several series is not tallied together.
    """
    value = formula.value({letter: one.value for letter, one in series.items()})
    missing = np.isnan(value)
    if formula.line is None:
        return replace(plain(value), why=np.where(missing, NOBODY, COMPUTED))
    (letter,), (slope, shift) = formula.letters, formula.line
    one = series[letter]
    ends = slope * np.stack([one.low, one.high]) + shift
    return Points(value, ends.min(axis=0), ends.max(axis=0), np.where(missing, NOBODY, one.why))


@dataclass(frozen=True)
class Span:
    """What the points of a window cover.

    Attributes:
        lead: buckets before the first row.
        rolling: how many buckets a point covers.
        cumulative: it covers all up to it.
        first: the bucket of the window that tallies begin with.
        n_buckets: of the whole window.
    """

    lead: int
    rolling: int
    cumulative: bool
    first: int
    n_buckets: int

    @property
    def wide(self) -> bool:
        """Whether a point covers more than its own bucket."""
        return self.cumulative or self.rolling > 1

    def summed(self, array: NDArray[Any]) -> NDArray[Any]:
        """Add up what the rows cover; (groups, buckets) to (groups, rows)."""
        if self.cumulative:
            return np.cumsum(array, axis=1)[:, self.lead :]
        return self._views(array, 0).sum(axis=-1) if self.rolling > 1 else array[:, self.lead :]

    def least(self, array: Floats) -> Floats:
        """Give the smallest of what the rows cover; (groups, buckets) to (groups, rows)."""
        found: Floats
        if self.cumulative:
            found = np.minimum.accumulate(array, axis=1)[:, self.lead :]
        else:
            found = self._views(array, np.inf).min(axis=-1)
        return found

    def pairs(self, moments: Floats) -> Floats:
        """Merge moments of what the rows cover; (groups, buckets, 6) to (groups, rows, 6)."""
        n = moments.shape[1]
        if self.cumulative and n:
            merged = accumulate((moments[:, bucket] for bucket in range(n)), merge_pairs)
            return np.stack(list(merged), axis=1)[:, self.lead :]
        shifts = range(min(self.rolling, n))
        late = (np.pad(moments[:, : n - by], ((0, 0), (by, 0), (0, 0))) for by in shifts)
        return reduce(merge_pairs, late, np.zeros_like(moments))[:, self.lead :]

    def _views(self, array: NDArray[Any], empty: float) -> NDArray[Any]:
        if array.shape[1] == 0:
            return np.empty((*array.shape, self.rolling), array.dtype)
        early = np.full((array.shape[0], self.rolling - 1), empty, array.dtype)
        views = sliding_window_view(np.concatenate([early, array], axis=1), self.rolling, axis=1)
        return views[:, self.lead :]


def worth_of(tally: Tally, span: Span) -> Floats:
    """Give the money of the rows; shape (groups, rows)."""
    return span.summed(tally.worth)


def points_of(one: Series, tally: Tally, span: Span) -> tuple[Points, Points]:
    """Give a series' numbers.

    Returns:
        of each group and row, shape (groups, rows); of all rows together, shape (groups + 1,), the last of
        all groups together.
    """
    if isinstance(tally, Counts):
        return _counts(one, tally, span)
    if one.counting == "percentile":
        return _percentiles(one.share, tally, span)
    if one.counting == "average":
        return ratios(span.pairs(tally.moments)), ratios(tally.total_moments)
    if one.counting == "sum":
        return plain(span.summed(tally.sums)), plain(_totals(tally.sums[:, span.lead :].sum(axis=1)))
    largest = one.counting == "maximum"
    ends = -tally.high if largest else tally.low
    rows, totals = span.least(ends), _least(ends[:, span.lead :])
    rows, totals = (np.where(np.isinf(found), np.nan, found) for found in (rows, totals))
    return (plain(-rows), plain(-totals)) if largest else (plain(rows), plain(totals))


def _totals(by_group: NDArray[Any]) -> NDArray[Any]:
    return np.append(by_group, by_group.sum())


def _least(ends: Floats) -> Floats:
    by_group = ends.min(axis=1, initial=np.inf)
    return np.append(by_group, by_group.min(initial=np.inf))


def _counts(one: Series, tally: Counts, span: Span) -> tuple[Points, Points]:
    events, total_events = span.summed(tally.events), _totals(tally.events[:, span.lead :].sum(axis=1))
    if one.counting == "events":
        return plain(events), plain(total_events)
    if one.counting == "value":
        worth = _totals(tally.worth[:, span.lead :].sum(axis=1))
        return plain(span.summed(tally.worth)), plain(worth)
    if one.counting == "events per person":
        people, squares = (np.cumsum(part, axis=1)[:, span.lead :] for part in (tally.people, tally.squares))
        return means(people, events, squares), means(tally.total_people, total_events, tally.total_squares)
    people = np.cumsum(tally.people, axis=1) if span.wide else tally.people
    return plain(people[:, span.lead :]), plain(tally.total_people)


def means(n: Int64s, sums: Int64s, squares: Int64s) -> Points:
    """Estimate means of whole numbers, by Student's t.

    Args:
        n: how many draws.
        sums: of them.
        squares: sums of their squares. They are whole numbers, so nothing is lost in their difference.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = sums / n
        spread = np.maximum(n.astype(object) * squares - sums.astype(object) ** 2, 0).astype(np.float64)
        half = student(n - 1.0) * np.sqrt(spread / n / (n - 1.0) / n)
    return _around(value, half, n)


def ratios(moments: Floats) -> Points:
    """Estimate sum of x over sum of y, by the delta method; see `obverse.measure.pairs.ratio`."""
    n, x, y, xx, yy, xy = np.moveaxis(moments, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = x / y
        spread = np.maximum(xx - 2 * value * xy + value * value * yy, 0.0)
        half = student(n - 1.0) * np.sqrt(spread / (n - 1.0) / n) / y
    return _around(value, half, n)


def _around(value: Floats, half: Floats, n: NDArray[Any]) -> Points:
    """Give intervals around numbers, where there are at least two draws."""
    enough = n > 1
    return Points(
        np.where(n > 0, value, np.nan),
        np.where(enough, value - half, np.nan),
        np.where(enough, value + half, np.nan),
        np.where(n > 0, np.where(enough, NO_REASON, TOO_FEW), NOBODY),
    )


def _percentiles(share: float, tally: Numbers, span: Span) -> tuple[Points, Points]:
    """Read percentiles off the sketch."""
    cell, bins = tally.keys // N_BINS, tally.keys % N_BINS
    group, bucket = cell // span.n_buckets, cell % span.n_buckets - span.first
    kinds, place = np.unique(bins, return_inverse=True)
    n_groups, n_here = tally.events.shape
    low, high = span.least(tally.low), -span.least(-tally.high)
    total = np.zeros((n_groups + 1, len(kinds)), np.int64)
    rows = []
    for number in range(n_groups):
        mine = group == number
        counts = np.zeros((n_here, len(kinds)), np.int64)
        counts[bucket[mine], place[mine]] = tally.counts[mine]
        total[number] = counts[span.lead :].sum(axis=0)
        rows.append(_quantiles(share, _covered(counts, span), kinds, low[number], high[number]))
    total[-1] = total.sum(axis=0)
    ends = _least(tally.low[:, span.lead :]), -_least(-tally.high[:, span.lead :])
    return _stacked(rows), _quantiles(share, total, kinds, *ends)


def _covered(counts: Int64s, span: Span) -> Int64s:
    """Add up counts by bucket and bin to those that the rows cover."""
    if not span.wide:
        return counts[span.lead :]
    sums = np.cumsum(counts, axis=0)
    if not span.cumulative:
        sums[span.rolling :] -= np.cumsum(counts, axis=0)[: -span.rolling]
    return sums[span.lead :]


def _quantiles(share: float, counts: Int64s, kinds: Int64s, low: Floats, high: Floats) -> Points:
    """Give a quantile of each row of counts by bin, and the ends of its interval.

    Args:
        share: of the quantile.
        counts: shape (rows, bins).
        kinds: the bins, ascending.
        low: shape (rows,), the smallest number; nothing below it is said.
        high: shape (rows,), the largest.
    """
    below = np.cumsum(counts, axis=1)
    n = below[:, -1] if len(kinds) else np.zeros(len(counts), np.int64)
    some = n > 0
    draws = np.maximum(n, 1)
    lower, upper = rank_interval(draws, share)
    enough = some & (lower >= 1) & (upper <= draws)
    starts, centres, ends = middles(kinds)

    def read(numbers: Floats, ranks: Int64s, kept: NDArray[np.bool_]) -> Floats:
        found = np.full(len(counts), np.nan)
        places = (below[kept] < ranks[kept, None]).sum(axis=1)
        found[kept] = np.clip(numbers[places], low[kept], high[kept])
        return found

    return Points(
        read(centres, rank_of(draws, share), some),
        read(starts, lower, enough),
        read(ends, upper, enough),
        np.where(some, np.where(enough, NO_REASON, TOO_FEW), NOBODY),
    )


def _stacked(rows: list[Points]) -> Points:
    return Points(
        np.stack([row.value for row in rows]),
        np.stack([row.low for row in rows]),
        np.stack([row.high for row in rows]),
        np.stack([row.why for row in rows]),
    )
