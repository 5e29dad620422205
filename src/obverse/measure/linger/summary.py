"""What a scan of lingering leaves, and how two of them merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from obverse.measure import moments
from obverse.measure.histogram import edges_ms, n_bins
from obverse.measure.linger.state import MS_DAY, N_COUNTS, OWNER, PER_OCTAVE_SHIFT, Tally
from obverse.measure.sessions.summary import blank_tables, settled
from obverse.tape.layout import Floats, Int64s

N_TIMES = n_bins(MS_DAY * 1_000)
"""Bins of the time of a view; what is longer than a day is in the last one."""

N_SIDES = (N_TIMES - 1 + (1 << PER_OCTAVE_SHIFT) - 1 >> PER_OCTAVE_SHIFT) + 1
"""Bins of the time of a person's stay."""


@dataclass(frozen=True)
class LingerSummary:
    """Counts and histograms by page; some ten megabytes at most, whatever the number of people.

    Attributes:
        counts: shape (pages, 7), see `obverse.measure.linger.state`.
        exits: shape (pages, 9): views whose end is known, and exits: as tables of sessions are
            (`obverse.measure.sessions.state`), an exit in place of a bounce.
        times: shape (pages, bins): views by their time.
        sides: shape (pages, bins, 4): people by the time of their stay; two bins where the question says what
            staying long is.
        worth: shape (pages, bins, 3): moments of the value of those who converted.
        money: shape (pages,): value of conversions after the page.
        newest: time of the newest event, µs.
    """

    counts: Int64s
    exits: Int64s
    times: Int64s
    sides: Int64s
    worth: Floats
    money: Floats
    newest: int = 0

    @classmethod
    def of(cls, tally: Tally, newest: int) -> Self:
        """Keep what a scan has tallied, without its scratch columns."""
        counts = np.ascontiguousarray(tally.counts[:, :OWNER])
        return cls(counts, settled(tally.exits), tally.times, tally.sides, tally.worth, tally.money, newest)

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        return type(self)(
            counts=self.counts + other.counts,
            exits=self.exits + other.exits,
            times=self.times + other.times,
            sides=self.sides + other.sides,
            worth=moments.merge(self.worth, other.worth),
            money=self.money + other.money,
            newest=max(self.newest, other.newest),
        )


def blank(n_pages: int, two_sides: bool) -> Tally:
    """Give a tally of nothing.

    Args:
        n_pages: how many pages there are.
        two_sides: whether the question says what staying long is.
    """
    n_sides = 2 if two_sides else N_SIDES
    counts = np.zeros((n_pages, N_COUNTS), dtype=np.int64)
    counts[:, OWNER] = -1
    return Tally(
        counts=counts,
        exits=blank_tables(n_pages),
        times=np.zeros((n_pages, N_TIMES), dtype=np.int64),
        sides=np.zeros((n_pages, n_sides, 4), dtype=np.int64),
        worth=np.zeros((n_pages, n_sides, 3)),
        money=np.zeros(n_pages),
    )


def from_s(last_short: int) -> float:
    """Give the time from which on a stay is long, seconds: the end of the last bin of short ones."""
    return float(edges_ms(N_TIMES + (1 << PER_OCTAVE_SHIFT))[(last_short << PER_OCTAVE_SHIFT) + 1]) / 1_000
