"""What a scan of who behaved so leaves, and how two of them merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from obverse.measure import moments
from obverse.tape.layout import Floats, Int64s


@dataclass(frozen=True)
class BehavedSummary:
    """Counts of people; a few hundred bytes.

    Attributes:
        counts: shape (2, 2), others and members; of them, who converted.
        passes: shape (rules,), people who pass each rule.
        without: shape (rules,), people who would be members without each rule.
        spent: shape (2, 3), moments of the money of each who converted.
    """

    counts: Int64s
    passes: Int64s
    without: Int64s
    spent: Floats

    @classmethod
    def zero(cls, n_rules: int) -> Self:
        """Give the summary of nobody."""
        return cls(
            counts=np.zeros((2, 2), dtype=np.int64),
            passes=np.zeros(n_rules, dtype=np.int64),
            without=np.zeros(n_rules, dtype=np.int64),
            spent=np.zeros((2, 3)),
        )

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        return type(self)(
            counts=self.counts + other.counts,
            passes=self.passes + other.passes,
            without=self.without + other.without,
            spent=moments.merge(self.spent, other.spent),
        )
