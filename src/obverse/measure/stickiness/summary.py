"""What scans of stickiness leave: a few hundred numbers a group, whatever the number of people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from obverse.measure import moments
from obverse.measure.pairs import merge_pairs
from obverse.measure.stickiness.scan import Left
from obverse.tape.layout import Floats, Int64s

NEVER = 1 << 62


@dataclass(frozen=True)
class StickinessSummary:
    """What scans of stickiness leave; see `obverse.measure.stickiness.scan.Left` for the arrays.

    Attributes:
        people: shape (groups, most + 1), by how often.
        money: shape (groups, most + 1).
        moments: shape (groups, most + 1, 3), of each one's money.
        sums: shape (groups, 2): sum of how often, sum of its square.
        active: shape (groups, rows).
        short: shape (groups, rows), changes from row to row.
        long: shape (groups, rows), changes from row to row.
        pairs: shape (groups, 6).
        oldest: time of the earliest event that makes somebody active, µs; `NEVER` for none.
        newest: time of the newest event in the lake, µs.
    """

    people: Int64s
    money: Floats
    moments: Floats
    sums: Int64s
    active: Int64s
    short: Int64s
    long: Int64s
    pairs: Floats
    oldest: int
    newest: int

    @classmethod
    def zero(cls, n_groups: int, most: int, n_rows: int, newest: int) -> Self:
        """Give the summary of nobody."""
        by_row = (n_groups, n_rows)
        return cls(
            people=np.zeros((n_groups, most + 1), np.int64),
            money=np.zeros((n_groups, most + 1)),
            moments=np.zeros((n_groups, most + 1, 3)),
            sums=np.zeros((n_groups, 2), np.int64),
            active=np.zeros(by_row, np.int64),
            short=np.zeros(by_row, np.int64),
            long=np.zeros(by_row, np.int64),
            pairs=np.zeros((n_groups, 6)),
            oldest=NEVER,
            newest=newest,
        )

    @property
    def left(self) -> Left:
        """The arrays that a scan adds to."""
        return Left(
            self.people, self.money, self.moments, self.sums,
            self.active, self.short, self.long, self.pairs,
        )  # fmt: skip

    def since(self, oldest: int) -> Self:
        """Give the summary with the time of its earliest event."""
        return replace(self, oldest=oldest)

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        return type(self)(
            people=self.people + other.people,
            money=self.money + other.money,
            moments=moments.merge(self.moments, other.moments),
            sums=self.sums + other.sums,
            active=self.active + other.active,
            short=self.short + other.short,
            long=self.long + other.long,
            pairs=merge_pairs(self.pairs, other.pairs),
            oldest=min(self.oldest, other.oldest),
            newest=max(self.newest, other.newest),
        )
