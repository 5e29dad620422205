"""From the summary of retention to its answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from math import sqrt

import numpy as np

from obverse.measure import moments
from obverse.measure.clustered import share_of_things
from obverse.measure.estimate import Estimate, Reason, Z, share, student
from obverse.measure.grouping import kind_of
from obverse.measure.protocol import Facts
from obverse.measure.retention.answer import (
    RetentionAnswer,
    RetentionCell,
    RetentionCohort,
    RetentionGroup,
    RetentionInterval,
    RetentionReturns,
    ReturnDay,
)
from obverse.measure.retention.bins import NEWEST_COHORTS, Bins, bins_of
from obverse.measure.retention.question import Retention
from obverse.measure.retention.state import Tally
from obverse.measure.retention.summary import RetentionSummary
from obverse.measure.scope import group_names
from obverse.measure.survival import arrivals
from obverse.measure.wording import count
from obverse.tape.layout import Bools, Floats, Int64s

COUNTED = {"person": "people", "account": "accounts"}


def answer(question: Retention, summary: RetentionSummary, facts: Facts) -> RetentionAnswer:
    """Turn the summary of all units into the answer."""
    bins = bins_of(question, summary.newest)
    everyone = _Part(question, bins, _whole(summary.tally), summary.tally.persons[-1])
    single = len(facts.currencies) == 1
    return RetentionAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        counted=COUNTED[question.count],
        people=int(everyone.people.sum()),
        start_value=everyone.start_value(),
        cohorts=everyone.cohorts(),
        intervals=everyone.intervals(),
        returns=everyone.returns(),
        groups=_groups(question, bins, summary.tally, facts) if question.by is not None else (),
        currency=facts.currencies[0] if single else None,
        notes=_notes(question, summary.tally, facts),
    )


def _whole(tally: Tally) -> Tally:
    """Merge all groups into one."""
    summed = (
        reduce(moments.merge, part) if part.dtype == np.float64 else part.sum(axis=0) for part in tally[:-2]
    )
    return Tally._make([*summed, tally.persons, tally.aside])


def _groups(question: Retention, bins: Bins, tally: Tally, facts: Facts) -> tuple[RetentionGroup, ...]:
    labels = facts.labels[0]
    found = []
    for code, name in enumerate(group_names(labels)):
        one = Tally._make([*(part[code] for part in tally[:-2]), tally.persons, tally.aside])
        part = _Part(question, bins, one, tally.persons[code])
        if people := int(part.people.sum()):
            found.append(
                RetentionGroup(
                    name=name,
                    kind=kind_of(labels, code),
                    people=people,
                    start_value=part.start_value(),
                    intervals=part.intervals(),
                    returns=part.returns(),
                )
            )
    rank = {"value": 0, "other": 1, "none": 2}
    return tuple(sorted(found, key=lambda group: (rank[group.kind], -group.people)))


class _Part:
    """One group's numbers, or everyone's, and what the answer says of them.

    Attributes:
        people: shape (cohorts,).
        observed: shape (cohorts, columns), for whom each column is over.
        among: shape (cohorts, columns), of whom the share of a column is that is over.
        among_so_far: the same, with those for whom it is not over.
        joinable: shape (cohorts,), whether people may still join.
        open: shape (cohorts, columns), whether each cell is still growing.
    """

    def __init__(self, question: Retention, bins: Bins, tally: Tally, persons: Int64s) -> None:
        self._question = question
        self._bins = bins
        self._tally = tally
        self._persons = persons
        self._names = question.column_names
        self.people: Int64s = tally.observed.sum(axis=1)
        self.observed: Int64s = np.cumsum(tally.observed[:, ::-1], axis=1)[:, ::-1][:, 1:]
        previous = question.reference == "previous"
        so_far = np.broadcast_to(self.people[:, None], self.observed.shape)
        self.among: Int64s = tally.among[..., 0] if previous else self.observed
        self.among_so_far: Int64s = tally.among.sum(axis=-1) if previous else so_far
        end = question.period_us[1]
        self.joinable: Bools = np.array(
            [bins.joinable(row, end) for row in range(len(self.people))], np.bool_
        )
        self.open: Bools = self.joinable[:, None] | (self.observed < self.people[:, None])
        self._value = _means(tally.value, self.observed)
        self._value_until = _means(tally.value_until, self.observed)
        self._start_value = _means(tally.start_value, self.people)

    def start_value(self) -> Estimate:
        """Give the money of the start event per person."""
        return _pooled_mean(self._tally.start_value, self.people)

    # -- cohorts ----------------------------------------------------------------------------------------

    def cohorts(self) -> tuple[RetentionCohort, ...]:
        """Give the cohorts; empty ones at the ends of an open period are left out."""
        used = np.flatnonzero(self.people)
        low, high = 0, len(self.people)
        if self._question.start is None:
            low = int(used[0]) if len(used) else high
        if self._question.end is None:
            high = int(used[-1]) + 1 if len(used) else low
        return tuple(self._cohort(row) for row in range(low, high))

    def _cohort(self, row: int) -> RetentionCohort:
        people, rows = int(self.people[row]), self._bins.rows
        return RetentionCohort(
            name=rows.name(row),
            start=rows.start(row),
            people=people,
            open=bool(self.joinable[row]),
            start_value=self._start_value(row),
            cells=tuple(self._cell(row, column) for column in range(self._n_begun(row))) if people else (),
        )

    def _n_begun(self, row: int) -> int:
        """Give how many columns have begun for the first who may have joined a cohort, or have any return."""
        since, bins = int(self._bins.rows.edges[row]), self._bins
        if bins.rolling:
            now = (bins.newest - since) // bins.rolling
        else:
            now = bins.newest_interval - int(np.searchsorted(bins.intervals, since, side="right")) + 1
        return sum(first <= now for first, _ in self._question.columns)

    def _cell(self, row: int, column: int) -> RetentionCell:
        on_time, too_early = (int(n) for n in self._tally.returned[row, column])
        among = int(self.among_so_far[row, column])
        still_open = bool(self.open[row, column])
        returned = on_time + too_early
        return RetentionCell(
            name=self._names[column],
            people=returned,
            observed=int(self.among[row, column]),
            open=still_open,
            share=Estimate(returned / among, reason=Reason.NOT_YET)
            if still_open and among
            else share(returned, among),
            value=_known(self._value(row, column)),
            value_until=_known(self._value_until(row, column)),
        )

    # -- means ------------------------------------------------------------------------------------------

    def intervals(self) -> tuple[RetentionInterval, ...]:
        """Give the mean over cohorts of each column."""
        return tuple(self._interval(column) for column in range(len(self._names)))

    def _interval(self, column: int) -> RetentionInterval:
        simple = self._question.mean == "simple"
        observed, among = self.observed[:, column], self.among[:, column]
        used = (among > 0) & ~self.open[:, column] if simple else among > 0
        x, of = self._tally.returned[used, column, 0], among[used]
        used = (observed > 0) & ~self.open[:, column] if simple else observed > 0
        n = observed[used]
        money, until = self._tally.value[used, column], self._tally.value_until[used, column]
        return RetentionInterval(
            name=self._names[column],
            people=int(x.sum()),
            observed=int(of.sum()),
            cohorts=len(of),
            share=_simple_share(x, of)
            if simple
            else self._weighted_share(column, int(x.sum()), int(of.sum())),
            value=_simple_mean(money, n) if simple else _known(_pooled_mean(money, n)),
            value_until=_simple_mean(until, n) if simple else _known(_pooled_mean(until, n)),
        )

    def _weighted_share(self, column: int, x: int, n: int) -> Estimate:
        if n == 0:
            return Estimate(reason=Reason.NOT_YET)
        if self._question.entry != "recurring":
            return share(x, n)
        return share_of_things(_pairs(self._persons[column]))

    # -- time to the first return -----------------------------------------------------------------------

    def returns(self) -> RetentionReturns:
        """Give the curve of time to the first return."""
        curve = arrivals(self._tally.came, self._tally.censored)
        days = tuple(
            ReturnDay(
                day=step + 1,
                at_risk=int(curve.at_risk[step]),
                people=int(curve.came[step]),
                share=curve.estimate(step),
            )
            for step in range(curve.n_steps)
        )
        at, low, high = (None if step is None else step + 1.0 for step in curve.first_step(0.5))
        reason = Reason.NOT_YET if at is None or low is None or high is None else None
        median = Estimate(at, low if at else None, high if at else None, reason)
        return RetentionReturns(days=days, median_days=median)


def _pairs(persons: Int64s) -> Floats:
    """Give the moments of pairs of whole sums: n, sum y, yy, x, xx, xy."""
    n, y, yy, x, xx, xy = (int(one) for one in persons)
    if n == 0:
        return np.zeros(6)
    return np.array([n, x / n, y / n, (n * xx - x * x) / n, (n * yy - y * y) / n, (n * xy - x * y) / n])


def _simple_share(x: Int64s, n: Int64s) -> Estimate:
    """Estimate the mean of independent shares, each with its Wilson interval (Zou and Donner 2008)."""
    if len(n) == 0:
        return Estimate(reason=Reason.NOT_YET)
    shares = [share(int(a), int(b)) for a, b in zip(x, n, strict=True)]
    mean = sum(one.value or 0.0 for one in shares) / len(n)
    below = sqrt(sum(((one.value or 0.0) - (one.low or 0.0)) ** 2 for one in shares)) / len(n)
    above = sqrt(sum(((one.high or 0.0) - (one.value or 0.0)) ** 2 for one in shares)) / len(n)
    return Estimate(mean, mean - below, mean + above)


def _means(whole: Floats, n: Int64s) -> Callable[..., Estimate]:
    """Estimate means over n draws from moments of those that are not 0, by Student's t.

    Args:
        whole: shape (…, 3).
        n: shape (…), numbers of draws.

    Returns:
        a function that gives the estimate at a place.
    """
    zeros = np.zeros_like(whole)
    zeros[..., 0] = n - whole[..., 0]
    merged = moments.merge(whole, zeros)
    mean, freedom = merged[..., 1], np.maximum(n - 1, 1)
    error = np.sqrt(merged[..., 2] / freedom / np.maximum(n, 1))
    half = student(freedom) * error

    def at(*place: int) -> Estimate:
        if n[place] == 0:
            return Estimate(reason=Reason.NOBODY)
        value = float(mean[place])
        if n[place] == 1:
            return Estimate(value, reason=Reason.TOO_FEW)
        return Estimate(value, value - float(half[place]), value + float(half[place]))

    return at


def _known(found: Estimate) -> Estimate:
    """Say of a mean over nobody that it is not known yet."""
    return Estimate(reason=Reason.NOT_YET) if found.reason is Reason.NOBODY else found


def _pooled_mean(parts: Floats, n: Int64s) -> Estimate:
    """Estimate the mean over the draws of all parts; shapes (parts, 3) and (parts,)."""
    size, mean, m2 = parts.T
    whole = float(size.sum())
    middle = float((size * mean).sum()) / max(whole, 1.0)
    spread = float(m2.sum() + (size * (mean - middle) ** 2).sum())
    return _means(np.array([whole, middle, spread]), np.asarray(n.sum()))()


def _simple_mean(parts: Floats, n: Int64s) -> Estimate:
    """Estimate the mean of independent means: their variances add up."""
    if len(n) == 0:
        return Estimate(reason=Reason.NOT_YET)
    whole = [moments.with_zeros(part, int(size)) for part, size in zip(parts, n, strict=True)]
    mean = sum(mean for _, mean, _ in whole) / len(n)
    if min(n) < 2:
        return Estimate(mean, reason=Reason.TOO_FEW)
    half = Z * sqrt(sum(m2 / (size - 1) / size for size, _, m2 in whole)) / len(n)
    return Estimate(mean, mean - half, mean + half)


def _notes(question: Retention, tally: Tally, facts: Facts) -> tuple[str, ...]:
    notes = list(facts.strangers)
    if len(facts.currencies) > 1 and (tally.value_until[..., 0].any() or tally.start_value[..., 0].any()):
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    if question.start is None and tally.aside[0]:
        notes.append(
            f"{count(int(tally.aside[0]))} {COUNTED[question.count]} started before the newest "
            f"{NEWEST_COHORTS} cohorts; name a start, or longer cohorts, to see them."
        )
    if question.entry == "recurring":
        notes.append(
            "A person can be in several cohorts. The intervals of mean shares allow for that; those of money "
            "and of the time to the first return do not, and are somewhat too narrow."
        )
    if question.returning == "on_or_after":
        notes.append(
            "Who has not returned by now still may, so these shares grow even where an interval is over."
        )
    return tuple(notes)
