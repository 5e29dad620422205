"""What scans of responses leave: counts and moments by group, for any number of people."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

from obverse.measure import moments
from obverse.measure.pairs import merge_pairs
from obverse.tape.layout import Floats, Int64s

ALL, SHOWN, STARTED, PARTLY, ABANDONED, DISMISSED, ANSWERED = range(7)
"""Columns of counts: all submissions, then how far they came."""

N_REACHED = 7
WHOLE, FIRST_ROW = 0, 1
"""Spans of time: the period, its first row."""

RESPONDED, NOT_RESPONDED = 0, 1


@dataclass(frozen=True)
class ResponsesSummary:
    """Groups come first in every shape: everyone, then those of the split.

    Attributes:
        reached: shape (groups, spans, 7), submissions by how far they came.
        people: shape (groups, 7), people with any submission that came so far.
        response: shape (groups, spans, 6), moments of pairs: of each person those answered wholly or partly,
            of those shown.
        completion: likewise those answered, of those shown that were started.
        seconds: shape (groups, bins), times of `obverse.measure.histogram` of those answered.
        options: shape (groups, labels + 1), answers to the question, by label.
        of_options: shape (groups, options, 5), sums over people of `obverse.measure.responses.choices`.
        of_rows: shape (groups, rows, 2), likewise.
        numbers: shape (groups, 6), moments of pairs: of each person the sum of numbers, and how many.
        converted: shape (groups, 2), people who converted in time, of those who responded, and who did not.
        money: shape (groups, 2, 3), moments of each one's money.
        too_recent: shape (groups,), people who are not known for long enough.
        newest: time of the newest event in the lake, µs.
    """

    reached: Int64s
    people: Int64s
    response: Floats
    completion: Floats
    seconds: Int64s
    options: Int64s
    of_options: Int64s
    of_rows: Int64s
    numbers: Floats
    converted: Int64s
    money: Floats
    too_recent: Int64s
    newest: int

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        merged: dict[str, Any] = {}
        for one in fields(self):
            a, b = getattr(self, one.name), getattr(other, one.name)
            merged[one.name] = _MERGE.get(one.name, lambda a, b: a + b)(a, b)
        return type(self)(**merged)


_MERGE: dict[str, Any] = {
    **dict.fromkeys(("response", "completion", "numbers"), merge_pairs),
    "money": moments.merge,
    "newest": max,
}
