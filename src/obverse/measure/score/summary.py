"""What scans of a score leave: moments and counts by group and span of time, for any number of people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from obverse.measure import moments
from obverse.measure.pairs import merge_pairs
from obverse.tape.layout import Floats, Int64s

BEFORE, WHOLE, FIRST_ROW = 0, 1, 2
"""Spans of time: the period before, the period, its first row."""


@dataclass(frozen=True)
class ScoreSummary:
    """Groups come first in every shape: everyone, then those of the split.

    Attributes:
        scores: shape (groups, spans, 6), moments of pairs: of each person the sum of what their answers count
            with, and how many there are.
        numbers: likewise of the numbers themselves.
        levels: shape (groups, spans, levels), answers.
        values: shape (groups, numbers of the scale), answers of the period.
        refused: shape (groups,), answers of the period that are no number of the scale.
        money: shape (groups, levels, 3), moments of the money of each person by their latest answer.
        newest: time of the newest event in the lake, µs.
    """

    scores: Floats
    numbers: Floats
    levels: Int64s
    values: Int64s
    refused: Int64s
    money: Floats
    newest: int

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        return type(self)(
            scores=merge_pairs(self.scores, other.scores),
            numbers=merge_pairs(self.numbers, other.numbers),
            levels=self.levels + other.levels,
            values=self.values + other.values,
            refused=self.refused + other.refused,
            money=moments.merge(self.money, other.money),
            newest=max(self.newest, other.newest),
        )
