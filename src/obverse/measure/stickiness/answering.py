"""From the summary of stickiness to its answer."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from math import sqrt

import numpy as np

from obverse.measure import moments
from obverse.measure.estimate import Estimate, Reason, share, student, total
from obverse.measure.grouping import kind_of
from obverse.measure.pairs import merge_pairs, ratio
from obverse.measure.period import zone_of
from obverse.measure.protocol import Facts
from obverse.measure.ranks import rank_interval, rank_of
from obverse.measure.scope import group_names
from obverse.measure.stickiness.answer import (
    StickinessAnswer,
    StickinessFrequency,
    StickinessGroup,
    StickinessRow,
)
from obverse.measure.stickiness.question import MAX_TIMES, Stickiness
from obverse.measure.stickiness.scan import Left
from obverse.measure.stickiness.summary import NEVER, StickinessSummary
from obverse.measure.window import Window, is_whole, name_of, written
from obverse.tape.layout import Floats, Int64s

EVERYONE = "(all)"
"""Name of all people together."""

_RANK = {"value": 0, "other": 1, "none": 2}


def answer(question: Stickiness, summary: StickinessSummary, facts: Facts) -> StickinessAnswer:
    """Turn the summary of all units into the answer."""
    zone = zone_of(question.zone)
    window = question.window(summary.newest)
    short, long = question.trailing
    single = len(facts.currencies) == 1
    return StickinessAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        start=written(window.start, zone),
        end=written(window.end, zone),
        newest=written(summary.newest, zone) if summary.newest else None,
        short=short,
        long=long,
        everyone=_group(question, summary, window, EVERYONE, _whole(summary.left)),
        groups=_groups(question, summary, window, facts),
        currency=facts.currencies[0] if single else None,
        notes=_notes(question, summary, window, facts),
    )


def _whole(left: Left) -> Left:
    """Merge all groups into one."""
    return Left(
        left.people.sum(axis=0),
        left.money.sum(axis=0),
        reduce(moments.merge, left.moments),
        left.sums.sum(axis=0),
        left.active.sum(axis=0),
        left.short.sum(axis=0),
        left.long.sum(axis=0),
        reduce(merge_pairs, left.pairs),
    )


def _groups(
    question: Stickiness, summary: StickinessSummary, window: Window, facts: Facts
) -> tuple[StickinessGroup, ...]:
    """Give the groups that anybody is active in: values, largest first, then the others, then none."""
    if question.by is None:
        return ()
    labels, sizes = facts.labels[0], summary.people.sum(axis=1)
    codes = [code for code in range(len(labels) + 1) if sizes[code]]
    codes.sort(key=lambda code: (_RANK[kind_of(labels, code)], -int(sizes[code]), code))
    names = group_names(labels)
    return tuple(
        _group(question, summary, window, names[code], Left(*(part[code] for part in summary.left)))
        for code in codes
    )


def _group(
    question: Stickiness, summary: StickinessSummary, window: Window, name: str, left: Left
) -> StickinessGroup:
    """Make one group of its numbers."""
    people = int(left.people.sum())
    worth = reduce(moments.merge, left.moments)
    return StickinessGroup(
        name=name,
        people=people,
        average=_within(mean_of_counts(people, int(left.sums[0]), int(left.sums[1])), question, left),
        median=_median(left.people, capped=question.counted == "times"),
        stickiness=ratio(left.pairs),
        value=float(left.money.sum()),
        value_per_person=_each(worth),
        frequencies=_frequencies(question, left, people),
        rows=_rows(question, window, left, summary.newest),
    )


def mean_of_counts(n: int, total_: int, squares: int) -> Estimate:
    """Estimate the mean of whole numbers, by Student's t.

    Args:
        n: how many there are.
        total_: their sum.
        squares: the sum of their squares; whole numbers lose nothing in the difference of sums.
    """
    if n == 0:
        return Estimate(reason=Reason.NOBODY)
    if n == 1:
        return Estimate(float(total_), reason=Reason.TOO_FEW)
    variance = (n * squares - total_ * total_) / (n * (n - 1))
    half = float(student(n - 1)) * sqrt(variance / n)
    return Estimate(total_ / n, total_ / n - half, total_ / n + half)


def _within(found: Estimate, question: Stickiness, left: Left) -> Estimate:
    """Keep an interval to what is possible: everybody is active once, and at most in every interval."""
    if found.low is None or found.high is None:
        return found
    most = float("inf") if question.counted == "times" else len(left.people) - 1
    return Estimate(found.value, max(found.low, 1.0), min(found.high, most))


def _median(people: Int64s, *, capped: bool) -> Estimate:
    """Give the median of how often, between two order statistics; none beyond what the last row can say."""
    below = np.cumsum(people)
    n = below[-1:]
    if n[0] == 0:
        return Estimate(reason=Reason.NOBODY)
    low, high = rank_interval(n, 0.5)
    ranks = np.array([rank_of(n, 0.5)[0], low[0], high[0]])
    value, lower, upper = (int(at) for at in np.searchsorted(below, ranks))
    if low[0] < 1 or high[0] > n[0] or (capped and upper >= len(people) - 1):
        return Estimate(float(value), reason=Reason.TOO_FEW)
    return Estimate(float(value), float(lower), float(upper))


def _each(worth: Floats) -> Estimate:
    """Estimate the mean of draws from their moments."""
    n = int(worth[0])
    sum_ = total(n, float(worth[1]), float(worth[2]))
    if sum_.value is None:
        return sum_
    low = None if sum_.low is None else sum_.low / n
    high = None if sum_.high is None else sum_.high / n
    return Estimate(sum_.value / n, low, high, sum_.reason)


def _frequencies(question: Stickiness, left: Left, people: int) -> tuple[StickinessFrequency, ...]:
    at_least = np.cumsum(left.people[::-1])[::-1]
    capped = question.counted == "times"
    return tuple(
        StickinessFrequency(
            name=f"{often} or more" if capped and often == MAX_TIMES else str(often),
            often=often,
            people=int(left.people[often]),
            share=share(int(left.people[often]), people),
            people_at_least=int(at_least[often]),
            share_at_least=share(int(at_least[often]), people),
            value=float(left.money[often]),
            value_per_person=_each(left.moments[often]),
        )
        for often in range(1, len(left.people))
    )


def _rows(question: Stickiness, window: Window, left: Left, newest: int) -> tuple[StickinessRow, ...]:
    zone = zone_of(question.zone)
    spans = pairwise(window.edges[window.lead :].tolist())
    counts = zip(
        left.active.tolist(), np.cumsum(left.short).tolist(), np.cumsum(left.long).tolist(), strict=True
    )
    return tuple(
        StickinessRow(
            name=name_of(start, zone, question.grain),
            start=written(start, zone),
            complete=is_whole(start, end, zone, question.grain) and end <= newest,
            people=people,
            short_people=short,
            long_people=long,
            of_short=share(people, short),
            of_long=share(people, long),
            short_of_long=share(short, long),
        )
        for (start, end), (people, short, long) in zip(spans, counts, strict=True)
    )


def _notes(question: Stickiness, summary: StickinessSummary, window: Window, facts: Facts) -> tuple[str, ...]:
    zone = zone_of(question.zone)
    notes = list(facts.strangers)
    if len(facts.currencies) > 1 and summary.money.any():
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    known = int(np.searchsorted(window.edges, summary.oldest, side="right")) - 1
    if known > 0 and summary.oldest != NEVER:
        first = name_of(int(window.edges[min(known, len(window.edges) - 2)]), zone, question.grain)
        notes.append(
            f"Nothing is known before {first}: until {question.trailing[1]} {question.grain}s later, "
            "trailing windows have fewer people than they will, and shares of them are too high."
        )
    if summary.newest and window.end > summary.newest:
        notes.append(f"The last {question.grain} was not over when the newest event happened.")
    return tuple(notes)
