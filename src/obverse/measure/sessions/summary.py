"""What a scan of sessions leaves, and how two of them merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from obverse.measure import moments
from obverse.measure.histogram import n_bins
from obverse.measure.sessions.state import (
    BOUNCED,
    BOUNCED_2,
    BOUNCED_SESSIONS,
    BOUNCED_SO_FAR,
    CONVERTING,
    CONVERTING_2,
    CONVERTING_SESSIONS,
    CONVERTING_SO_FAR,
    DEEP,
    DEEP_EVENTS,
    DEEP_EVENTS_2,
    DEEP_PAGES,
    DEEP_PAGES_2,
    FEW,
    N_COLUMNS,
    N_FEW,
    N_SCRATCH,
    PEOPLE,
    SESSIONS,
    SESSIONS_2,
    SHALLOW,
    SO_FAR,
    WHOSE,
    Tally,
)
from obverse.tape.layout import Floats, Int64s

LONGEST_US = 30 * 86_400 * 1_000_000
"""Longer sessions (a client's id may span any time) count with this in the median and the percentiles."""


@dataclass(frozen=True)
class SessionsSummary:
    """Counts and moments of sessions; a few megabytes at most, whatever the number of people.

    Attributes:
        tables: shape (places, 9): a table after the other, see `obverse.measure.sessions.state`.
        money: shape (places,): sum of the values of the sessions' conversions.
        worth: shape (places, 3): moments of the value of each session whose value is not 0.
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
        """Make the summary of what a scan has tallied."""
        shapes = tally.shapes.reshape(-1, SHALLOW, SHALLOW)
        depths = tally.depths.copy()
        depths[:, :SHALLOW] += shapes.sum(axis=1)
        lengths = tally.lengths.copy()
        lengths[:, 0] += depths.sum(axis=1) - lengths.sum(axis=1)
        sums = [
            (
                _length(span, int(depth.sum())),
                _whole(depth, shape.sum(axis=1), deep[DEEP_EVENTS], deep[DEEP_EVENTS_2]),
                _whole(depth, shape.sum(axis=0), deep[DEEP_PAGES], deep[DEEP_PAGES_2]),
            )
            for span, depth, shape, deep in zip(tally.spans, depths, shapes, tally.deep, strict=True)
        ]
        tables = settled(tally.tables) + tally.few @ _PRODUCTS
        return cls(tables, tally.money, tally.worth, np.array(sums), lengths, depths, newest)

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
    return Tally(
        tables=blank_tables(n_places),
        few=np.zeros((n_places, N_FEW), dtype=np.int32),
        money=np.zeros(n_places),
        worth=np.zeros((n_places, 3)),
        shapes=np.zeros((n_groups, SHALLOW * SHALLOW), dtype=np.int64),
        deep=np.zeros((n_groups, 4), dtype=np.int64),
        depths=np.zeros((n_groups, DEEP + 1), dtype=np.int64),
        spans=np.zeros((n_groups, 4)),
        lengths=np.zeros((n_groups, n_bins(LONGEST_US)), dtype=np.int64),
    )


def blank_tables(n_places: int) -> Int64s:
    """Give tables of nothing for a scan to add to."""
    tables = np.zeros((n_places, N_SCRATCH), dtype=np.int64)
    tables[:, WHOSE] = -1
    return tables


def settled(tables: Int64s) -> Int64s:
    """Give the tables that a scan leaves, with who was last at each place, without its scratch columns."""
    last = products(*(tables[:, at] for at in (SO_FAR, BOUNCED_SO_FAR, CONVERTING_SO_FAR)))
    return tables[:, :N_COLUMNS] + last


def products(sessions: Int64s, bounced: Int64s, converting: Int64s) -> Int64s:
    """Give the columns of a table for people by their numbers, each of shape (n,); shape (n, 9)."""
    columns = np.zeros((len(sessions), N_COLUMNS), dtype=np.int64)
    columns[:, SESSIONS], columns[:, PEOPLE] = sessions, sessions > 0
    columns[:, BOUNCED], columns[:, CONVERTING] = bounced, converting
    columns[:, SESSIONS_2] = sessions * sessions
    columns[:, BOUNCED_2], columns[:, CONVERTING_2] = bounced * bounced, converting * converting
    columns[:, BOUNCED_SESSIONS], columns[:, CONVERTING_SESSIONS] = bounced * sessions, converting * sessions
    return columns


def _few() -> Int64s:
    """Give what each column of `Tally.few` stands for, as columns of a table."""
    numbers = np.zeros((N_FEW, 3), dtype=np.int64)
    for n in range(FEW + 1):
        for b in range(n + 1):
            for c in range(n + 1 - b):  # a session with a conversion is no bounce
                numbers[n * (n + 2) + b + (n + 1) * c] = n, b, c
    return products(*numbers.T)


_PRODUCTS = _few()


def _whole(depths: Int64s, counts: Int64s, deep: int, deep_squared: int) -> tuple[float, float, float]:
    """Give the moments of whole numbers, without loss.

    Args:
        depths: any count of all sessions.
        counts: shape (`SHALLOW`,), how many have each number.
        deep: sum of the others.
        deep_squared: of their squares.
    """
    n = int(depths.sum())
    numbers = np.arange(SHALLOW)
    total, squared = int(counts @ numbers) + int(deep), int(counts @ numbers**2) + int(deep_squared)
    return (n, total / n, (n * squared - total * total) / n) if n else (0.0, 0.0, 0.0)


def _length(spans: Floats, n: int) -> tuple[float, float, float]:
    """Give the moments of the lengths of n sessions, some longer than 0."""
    longer, shift, total, squared = spans
    if not longer:
        return n, 0.0, 0.0
    mean = shift + total / longer
    return moments.with_zeros(np.array([longer, mean, max(squared - total * total / longer, 0.0)]), n)
