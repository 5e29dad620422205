"""The scan of reliability: the answers that count, and the co-moments of their items."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from obverse.measure.comoments import comoments
from obverse.measure.reliability.question import Reliability
from obverse.measure.reliability.summary import ReliabilitySummary
from obverse.measure.submissions import asked_of, codes_of, submissions
from obverse.tape.layout import Bools, Floats, Int64s, Layout

BY = 2
"""Place of the split's key in the plan."""


class Taken(NamedTuple):
    """Answers of the period, a submission's latest, in the order of units.

    Attributes:
        unit: shape (n,), whose.
        items: shape (n, k), numbers, reversed where they are; NaN for items that were left out.
        group: shape (n,), code of the split; 0 without one.
    """

    unit: Int64s
    items: Floats
    group: Int64s

    @property
    def complete(self) -> Bools:
        """Which have all items."""
        return np.asarray(np.isfinite(self.items).all(axis=1))


def take(question: Reliability, layout: Layout, units: range) -> Taken:
    """Find the answers that count."""
    track = layout.tracks[0]
    items = np.column_stack([one for one in track.numbers if one is not None])
    found = submissions(asked_of(layout, np.asarray(np.isfinite(items).any(axis=1)), None), units)
    start, end = question.period_us
    time = track.time[found.answer]
    counts = (found.answer >= 0) & (time >= start) & (time < end)
    at = found.answer[counts]
    group = np.zeros(len(at), np.int64) if question.by is None else codes_of(track, BY)[at].astype(np.int64)
    return Taken(found.unit[counts], _turned(question, items[at]), group)


def _turned(question: Reliability, items: Floats) -> Floats:
    """Turn reversed items round; not finite is left out."""
    reverse = np.array([one in question.reverse for one in question.items])
    ends = 0.0 if question.low is None or question.high is None else question.low + question.high
    return np.where(np.isfinite(items), np.where(reverse, ends - items, items), np.nan)


def scan(question: Reliability, layout: Layout, units: range) -> ReliabilitySummary:
    """Scan a slice of units into a summary."""
    found = take(question, layout, units)
    n_groups = 0 if question.by is None else len(layout.labels[BY]) + 1
    whole = np.ones(len(found.unit), dtype=np.bool_)
    parts = [whole, *(found.group == code for code in range(n_groups))]
    used = found.complete if question.missing == "listwise" else whole
    return ReliabilitySummary(
        answers=np.array([part.sum() for part in parts], dtype=np.int64),
        complete=np.array([(part & found.complete).sum() for part in parts], dtype=np.int64),
        people=np.array([len(np.unique(found.unit[part])) for part in parts], dtype=np.int64),
        moments=np.stack([comoments(found.items[part & used]) for part in parts]),
    )
