"""From a trend's summary to its answer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from obverse.measure.estimate import Estimate
from obverse.measure.grouping import kind_of
from obverse.measure.period import zone_of
from obverse.measure.protocol import Facts
from obverse.measure.scope import group_names
from obverse.measure.trend.answer import ALL, TrendAnswer, TrendGroup, TrendRow, TrendSeries
from obverse.measure.trend.points import Points, Span, computed, points_of, worth_of
from obverse.measure.trend.question import Trend
from obverse.measure.trend.summary import Tally, TrendSummary, begun_at
from obverse.measure.window import Window, is_whole, name_of, written
from obverse.tape.layout import Floats

_RANK = {"value": 0, "other": 1, "none": 2}


@dataclass(frozen=True)
class _Counted:
    """One window's numbers: of each series, formulas last."""

    rows: tuple[TrendRow, ...]
    points: list[Points]
    totals: list[Points]
    worth: list[Floats]
    total_worth: list[Floats]


def answer(question: Trend, summary: TrendSummary, facts: Facts) -> TrendAnswer:
    """Turn the summary of all units into the answer."""
    zone = zone_of(question.zone)
    windows = question.windows(summary.newest)
    counted = [
        _counted(question, window, tallies, summary.newest)
        for window, tallies in zip(windows, summary.windows, strict=True)
    ]
    now, before = counted[-1], counted[0] if len(counted) > 1 else None
    shown = _shown(question, summary, facts)
    single = len(facts.currencies) == 1
    return TrendAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        start=now.rows[0].start if now.rows else None,
        end=written(windows[-1].end, zone) if now.rows else None,
        newest=written(summary.newest, zone) if summary.newest else None,
        rows=now.rows,
        before_rows=before.rows if before else (),
        series=tuple(_series(question, facts, now, before, shown)),
        currency=facts.currencies[0] if single else None,
        notes=_notes(question, facts, now, windows[-1], summary.newest),
    )


def _counted(question: Trend, window: Window, tallies: tuple[Tally, ...], newest: int) -> _Counted:
    """Turn one window's tallies into numbers by row."""
    first = min(tally.first for tally in tallies)
    lead = max(window.lead - first, 0)
    span = Span(lead, question.rolling, question.cumulative, first, len(window.edges) - 1)
    level = [begun_at(tally, first) for tally in tallies]
    found = [points_of(one, tally, span) for one, tally in zip(question.lines, level, strict=True)]
    points, totals = [one for one, _ in found], [total for _, total in found]
    letters = [one.letter for one in question.lines]
    for formula in question.computed:
        points.append(computed(formula, dict(zip(letters, points, strict=False))))
        totals.append(computed(formula, dict(zip(letters, totals, strict=False))))
    return _Counted(
        rows=_rows(question, window, first + lead, newest),
        points=points,
        totals=totals,
        worth=[worth_of(tally, span) for tally in level],
        total_worth=[tally.worth[:, lead:].sum(axis=1) for tally in level],
    )


def _rows(question: Trend, window: Window, first: int, newest: int) -> tuple[TrendRow, ...]:
    zone: ZoneInfo = zone_of(question.zone)
    edges = window.edges[first:].tolist()
    return tuple(
        TrendRow(
            name=name_of(start, zone, question.grain),
            start=written(start, zone),
            complete=is_whole(start, end, zone, question.grain) and end <= newest,
        )
        for start, end in pairwise(edges)
    )


def _shown(question: Trend, summary: TrendSummary, facts: Facts) -> list[tuple[int, str]]:
    """Choose the groups that anything happened in: code and name, largest first, others and none last."""
    if question.by is None:
        return [(0, ALL)]
    labels = facts.labels[0]
    sizes = sum(tally.events.sum(axis=1) for window in summary.windows for tally in window)
    leading = summary.windows[-1][0].events.sum(axis=1)
    codes = [code for code in range(len(labels) + 1) if np.asarray(sizes)[code]]
    codes.sort(key=lambda code: (_RANK[kind_of(labels, code)], -int(leading[code]), code))
    names = group_names(labels)
    return [(code, names[code]) for code in codes]


def _series(
    question: Trend, facts: Facts, now: _Counted, before: _Counted | None, shown: list[tuple[int, str]]
) -> list[TrendSeries]:
    described: list[dict[str, Any]] = [
        {"name": one.name, "letter": one.letter, "counting": _word(one.counting, one.text), "of": one.of}
        for one in question.lines
    ]
    described += [
        {"name": one.name, "letter": "", "counting": "formula", "of": "number"} for one in question.computed
    ]
    return [
        TrendSeries(
            **words,
            groups=tuple(_group(at, code, name, now, before) for code, name in shown),
            total=_total(now, at, -1 if question.by is not None else 0),
            total_before=_total(before, at, -1 if question.by is not None else 0) if before else None,
        )
        for at, words in enumerate(described)
    ]


def _word(counting: str, text: str) -> str:
    """Say how a series is counted: a percentile by its own name."""
    return text.split(maxsplit=1)[0] if counting == "percentile" else counting


def _group(at: int, code: int, name: str, now: _Counted, before: _Counted | None) -> TrendGroup:
    worth = now.worth[at][code].tolist() if at < len(now.worth) else []
    return TrendGroup(
        name=name,
        values=tuple(now.points[at].row(code).estimates()),
        total=_total(now, at, code),
        before=tuple(before.points[at].row(code).estimates()) if before else (),
        total_before=_total(before, at, code) if before else None,
        worth=tuple(worth),
        total_worth=float(now.total_worth[at][code]) if worth else 0.0,
    )


def _total(counted: _Counted, at: int, code: int) -> Estimate:
    return counted.totals[at].row(slice(code, None)).estimates()[0]


def _notes(question: Trend, facts: Facts, now: _Counted, window: Window, newest: int) -> tuple[str, ...]:
    notes = list(facts.strangers)
    has_money = any(worth.any() for worth in now.worth)
    if len(facts.currencies) > 1 and has_money:
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    counted = {one.counting for one in question.lines}
    if "percentile" in counted:
        notes.append(
            "Intervals of percentiles take events as independent; those of one person are not quite, so the "
            "intervals are somewhat too narrow."
        )
    if "average" in counted and (question.cumulative or question.rolling > 1):
        notes.append(
            f"Intervals of averages take what a person did in one {question.grain} as independent of what "
            "they did in another, so the intervals are somewhat too narrow."
        )
    end = question.period_us[1]
    if question.compare and now.rows and newest < min(end, window.end):
        notes.append("The period was not over when the newest event happened; the one before it is whole.")
    return tuple(notes)
