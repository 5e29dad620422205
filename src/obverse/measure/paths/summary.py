"""What a scan of paths leaves, and how two of them merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from obverse.measure import moments
from obverse.measure.frequent import FIRST, KEY, Frequent
from obverse.measure.pairs import merge_pairs
from obverse.measure.paths.scan import scan
from obverse.measure.paths.state import (
    MONEY,
    N_PLACE_SUMS,
    N_WORDS,
    PAIRS,
    PATHS,
    S_PATHS,
    S_TIMES,
    T_PEOPLE,
    T_REACHED,
    TIME_BITS,
    TIMES,
    State,
)
from obverse.tape.layout import Floats, Int64s

_ALL = 1 << 62


@dataclass(frozen=True)
class PathsSummary:
    """Counts by column and place, by way from place to place, by whole path.

    Some kilobytes for usual questions, a few megabytes at most: as many places as there are labels, and as
    many ways and whole paths as `obverse.measure.paths.state` keeps.

    Attributes:
        totals: shape (3,), paths, people, paths that reached the goal.
        money: shape (3,), moments of each person's money.
        pairs: shape (6,), moments of each person's paths that reached the goal and of their paths.
        columns: shape (columns,), people whose path has a place there.
        places: what happened at each place of each column; the key is the column times `n_places` plus the
            place. Exact.
        streams: what went from place to place; for the key see `stream_of`.
        times: how often each of them took how long; the key is the stream's and a bin of the time.
        paths: whole paths; fixed are the length and the first places.
        n_places: number of places, special ones with them.
    """

    totals: Int64s
    money: Floats
    pairs: Floats
    columns: Int64s
    places: Frequent
    streams: Frequent
    times: Frequent
    paths: Frequent
    n_places: int

    @classmethod
    def of(cls, state: State, units: range) -> Self:
        """Scan a slice of units."""
        scan(state.walk, units.start, units.stop)
        valued = bool(state.walk.valued)
        floats = {"money_at": MONEY, "pairs_at": PAIRS} if valued else {}
        return cls(
            totals=state.totals[: T_REACHED + 1].copy(),
            money=state.sums[MONEY : MONEY + 3].copy(),
            pairs=state.sums[PAIRS : PAIRS + 6].copy(),
            columns=state.columns[:, 0].copy(),
            places=_places(state, valued),
            streams=_streams(state, floats),
            times=_times(state),
            paths=Frequent.of(state.walk.paths, state.paths, n_sums=3, n_fixed=1 + N_WORDS, **floats),
            n_places=state.nodes.shape[1],
        )

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        return type(self)(
            totals=self.totals + other.totals,
            money=moments.merge(self.money, other.money),
            pairs=merge_pairs(self.pairs, other.pairs),
            columns=self.columns + other.columns,
            places=self.places.merge(other.places),
            streams=self.streams.merge(other.streams),
            times=self.times.merge(other.times),
            paths=self.paths.merge(other.paths),
            n_places=self.n_places,
        )

    @property
    def n_people(self) -> int:
        """People with a path."""
        return int(self.totals[T_PEOPLE])


def _places(state: State, valued: bool) -> Frequent:
    """Take over the places that were passed."""
    n_columns, n_places, _ = state.nodes.shape
    nodes, floats = (
        state.nodes.reshape(n_columns * n_places, -1),
        state.node_floats.reshape(n_columns * n_places, -1),
    )
    used = np.flatnonzero(nodes[:, TIMES])
    sums = nodes[used, :N_PLACE_SUMS].copy()
    if not state.walk.whole:  # a path passes a column once
        sums[:, PATHS] = sums[:, TIMES]
    none = np.zeros((len(used), 0))
    return Frequent(
        keys=used.astype(np.int64),
        mass=sums[:, TIMES].copy(),
        sums=sums,
        fixed=np.zeros((len(used), 0), dtype=np.int64),
        money=floats[used, MONEY : MONEY + 3] if valued else none,
        pairs=floats[used, PAIRS : PAIRS + 6] if valued else none,
        ranks=np.zeros(0, dtype=np.int64),
        error=0,
        keep=_ALL,
    )


def _streams(state: State, floats: dict[str, int]) -> Frequent:
    """Take over the ways from place to place."""
    found = Frequent.of(state.walk.streams, state.streams, n_sums=4, **floats)
    if not state.walk.whole:
        found.sums[:, S_PATHS - FIRST] = found.sums[:, S_TIMES - FIRST]
    return found


def _times(state: State) -> Frequent:
    """Take over how often each way took how long."""
    n = int(state.walk.streams.n)
    row, bin_ = np.nonzero(state.streams.bins[:n])
    counts = state.streams.bins[row, bin_].astype(np.int64)
    keys = state.streams.ints[row, KEY] << TIME_BITS | bin_
    order = np.argsort(keys)
    return Frequent(
        keys=keys[order],
        mass=counts[order],
        sums=counts[order, None],
        fixed=np.zeros((len(keys), 0), dtype=np.int64),
        money=np.zeros((len(keys), 0)),
        pairs=np.zeros((len(keys), 0)),
        ranks=np.zeros(0, dtype=np.int64),
        error=int(state.walk.streams.error),
        keep=state.kept_times,
    ).shrunk()
