"""The scan of a score: which answers count, as what, in which group and row; and the sums of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from obverse.measure.calendar import before_us
from obverse.measure.period import zone_of
from obverse.measure.rows import Rows, rows_of
from obverse.measure.scope import FOREVER
from obverse.measure.score.question import Score
from obverse.measure.score.summary import BEFORE, FIRST_ROW, WHOLE, ScoreSummary
from obverse.measure.submissions import asked_of, codes_of, conversions, submissions
from obverse.measure.tallying import moments_by, pairs_by, places_of, repeated, things_by
from obverse.tape.layout import Bools, Floats, Int64s, Layout

PRESENT, BY = 2, 3
"""Places of keys in the plan: whether an event has a value at all; the split."""


class Taken(NamedTuple):
    """Answers, a submission's latest, in the order of units.

    Attributes:
        unit: whose.
        time: when, µs.
        number: what.
        kept: whether it is a number of the scale.
        group: code of the split; 0 without one.
    """

    unit: Int64s
    time: Int64s
    number: Floats
    kept: Bools
    group: Int64s

    def only(self, mask: Bools) -> Taken:
        """Give some of them."""
        return Taken._make(one[mask] for one in self)


def take(question: Score, layout: Layout, units: range) -> Taken:
    """Find the answers that count, of any time."""
    track = layout.tracks[0]
    number = track.numbers[0]
    if number is None:
        raise ValueError("the layout lacks numbers that the plan asked for")
    there = (codes_of(track, PRESENT) >= 0) | ~np.isnan(number)
    found = submissions(asked_of(layout, there, None), units)
    at = found.answer[found.answer >= 0]
    group = np.zeros(len(at), np.int64) if question.by is None else codes_of(track, BY)[at].astype(np.int64)
    return Taken(
        found.unit[found.answer >= 0], track.time[at], number[at], question.scale.takes(number[at]), group
    )


def periods(question: Score, newest: int) -> tuple[int, int, int]:
    """Give the first instant of the period before, of the period, and the one after it; µs.

    Without a start there is no period before: it begins where the period does.
    """
    start, end = question.period_us
    if start == -FOREVER:
        return start, start, end
    last = min(end, newest + 1)
    return (before_us(start, last, zone_of(question.zone)) if last > start else start), start, end


def scan(question: Score, layout: Layout, units: range) -> ScoreSummary:
    """Scan a slice of units into a summary."""
    rows = rows_of(question, question.grain, layout.newest)
    n_groups = 0 if question.by is None else len(layout.labels[BY]) + 1
    before, start, end = periods(question, layout.newest)
    found = take(question, layout, units)
    inside = (found.time >= start) & (found.time < end)
    refused = found.only(inside & ~found.kept)
    earlier = found.only(found.kept & (found.time >= before) & (found.time < start))
    found = found.only(inside & found.kept)
    shape = (n_groups + 1, FIRST_ROW + rows.n)
    return ScoreSummary(
        **_sums(question, found, earlier, rows, shape),
        values=_values(question, found, n_groups),
        refused=np.bincount(places_of(refused.group, n_groups), minlength=n_groups + 1),
        money=_money(question, layout, found, n_groups, (start, end)),
        newest=layout.newest,
    )


def _sums(
    question: Score, found: Taken, earlier: Taken, rows: Rows, shape: tuple[int, int]
) -> dict[str, Any]:
    """Add up scores, numbers and levels by group and span of time."""
    scale, n_groups = question.scale, shape[0] - 1
    row = np.searchsorted(rows.edges, found.time, side="right") - 1
    in_row = (row >= 0) & (row < rows.n)
    parts = [found, found.only(in_row), earlier]
    spans = [np.full(len(found.unit), WHOLE), row[in_row] + FIRST_ROW, np.full(len(earlier.unit), BEFORE)]
    unit, _, number, _, group = (np.concatenate(one) for one in zip(*parts, strict=True))
    span, unit, number = (repeated(one, n_groups) for one in (np.concatenate(spans), unit, number))
    place = places_of(group, n_groups) * shape[1] + span
    n_places, n_levels = shape[0] * shape[1], len(scale.levels)
    places, answers, (points, numbers) = things_by(unit, place, n_places, scale.points_of(number), number)
    levels = np.bincount(place * n_levels + scale.level_of(number), minlength=n_places * n_levels)
    y = answers.astype(np.float64)
    return {
        "scores": pairs_by(places, n_places, points, y).reshape(*shape, 6),
        "numbers": pairs_by(places, n_places, numbers, y).reshape(*shape, 6),
        "levels": levels.reshape(*shape, n_levels),
    }


def _values(question: Score, found: Taken, n_groups: int) -> Int64s:
    n = question.scale.n_values
    if n == 0:
        return np.zeros((n_groups + 1, 0), dtype=np.int64)
    at = repeated(question.scale.place_of(found.number), n_groups)
    return np.bincount(places_of(found.group, n_groups) * n + at, minlength=(n_groups + 1) * n).reshape(-1, n)


def last_of_each(found: Taken) -> Taken:
    """Give each person's latest answer."""
    order = np.lexsort((found.time, found.unit))
    found = Taken._make(one[order] for one in found)
    return found.only(np.append(found.unit[1:] != found.unit[:-1], True)[: len(found.unit)])


def _money(question: Score, layout: Layout, found: Taken, n_groups: int, period: tuple[int, int]) -> Floats:
    """Give the moments of each person's money, by the level of their latest answer."""
    last, n_levels = last_of_each(found), len(question.scale.levels)
    since, until = (np.full(len(last.unit), instant - 1) for instant in period)
    _, worth = conversions(layout.tracks[1], last.unit, since, until)
    level = repeated(question.scale.level_of(last.number), n_groups)
    place = places_of(last.group, n_groups) * n_levels + level
    return moments_by(place, (n_groups + 1) * n_levels, repeated(worth, n_groups)).reshape(
        n_groups + 1, n_levels, 3
    )
