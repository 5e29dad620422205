"""What a scan of sessions leaves, and how two of them merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from obverse.measure import moments
from obverse.measure.histogram import n_bins
from obverse.measure.sessions.state import DEEP, N_COLUMNS, N_SCRATCH, WHOSE, Tally
from obverse.tape.layout import Floats, Int64s

LONGEST_US = 30 * 86_400 * 1_000_000
"""Longer sessions (a client's id may span any time) count with this in the median and the percentiles."""


@dataclass(frozen=True)
class SessionsSummary:
    """Counts and moments of sessions; a few megabytes at most, whatever the number of people.

    Attributes:
        tables: shape (places, 9): a table after the other, see `obverse.measure.sessions.state`.
        money: shape (places,): sum of the values of the sessions' conversions.
        worth: shape (places, 3): moments of the value of each session with a conversion.
        moments: shape (groups, 3, 3): of the sessions' seconds, events and page views.
        lengths: shape (groups, bins): of the sessions' lengths, see `obverse.measure.histogram`.
        depths: shape (groups, page views + 1): sessions by their page views, the last for that many or more.
        newest: time of the newest event, µs.
    """

    tables: Int64s
    money: Floats
    worth: Floats
    moments: Floats
    lengths: Int64s
    depths: Int64s
    newest: int = 0

    @classmethod
    def zero(cls, n_places: int, n_groups: int, newest: int) -> Self:
        """Give the summary of nobody."""
        return cls.of(blank(n_places, n_groups), newest)

    @classmethod
    def of(cls, tally: Tally, newest: int) -> Self:
        """Keep what a scan has tallied, without its scratch columns."""
        tables = np.ascontiguousarray(tally.tables[:, :N_COLUMNS])
        return cls(tables, tally.money, tally.worth, tally.moments, tally.lengths, tally.depths, newest)

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        return type(self)(
            tables=self.tables + other.tables,
            money=self.money + other.money,
            worth=moments.merge(self.worth, other.worth),
            moments=moments.merge(self.moments, other.moments),
            lengths=self.lengths + other.lengths,
            depths=self.depths + other.depths,
            newest=max(self.newest, other.newest),
        )


def blank(n_places: int, n_groups: int) -> Tally:
    """Give a tally of nothing."""
    tables = np.zeros((n_places, N_SCRATCH), dtype=np.int64)
    tables[:, WHOSE] = -1
    return Tally(
        tables=tables,
        money=np.zeros(n_places),
        worth=np.zeros((n_places, 3)),
        moments=np.zeros((n_groups, 3, 3)),
        lengths=np.zeros((n_groups, n_bins(LONGEST_US)), dtype=np.int64),
        depths=np.zeros((n_groups, DEEP + 1), dtype=np.int64),
    )
