"""What scans of reliability leave: counts and co-moments by group, for any number of people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from obverse.measure import comoments
from obverse.tape.layout import Floats, Int64s


@dataclass(frozen=True)
class ReliabilitySummary:
    """Groups come first in every shape: everyone, then those of the split.

    Attributes:
        answers: shape (groups,), submissions with any item.
        complete: those with all.
        people: who gave the answers.
        moments: shape (groups, items, items, 3), as `obverse.measure.comoments` has them.
    """

    answers: Int64s
    complete: Int64s
    people: Int64s
    moments: Floats

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        return type(self)(
            answers=self.answers + other.answers,
            complete=self.complete + other.complete,
            people=self.people + other.people,
            moments=comoments.merge(self.moments, other.moments),
        )
