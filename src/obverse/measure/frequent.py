"""Counts of many keys in bounded room: exact as long as they fit, and within a known error where they do not.

What a person does next can be anything, so there may be more paths than room. Each key has a *mass*. Where
there are more keys than are kept, the mass of the first that is one too many is taken from all, and those
with none left are dropped (Misra and Gries 1982). Merged, the tables of two slices are one of both (Agarwal
et al. 2012). With k keys kept out of n counts, whatever was merged in whatever order,

    a key's true count is at most its mass + `error`, that of a key which is not there at most `error`,
    and `error` <= n / (k + 1).

Beside its mass a key has sums of what happened since it came in: never more than the truth, and the truth
itself while `error` is 0. Those are what answers show.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from typing import Any, Self, TypeAlias

import numpy as np
from numba import njit

from obverse.measure import moments
from obverse.measure.columns import floats_at, integers_at, small_integers_at
from obverse.measure.pairs import merge_pairs
from obverse.tape.layout import Floats, Int64s

KEY, MASS, FIRST = 0, 1, 2
"""Columns of a row's whole numbers; those from `FIRST` on are the caller's."""

LANE = (1 << 31) - 1
_FACTORS = 862_048_943, 1_003_162_753  # below 2**30, so that no product leaves 64 bits

N_RANKS = 4_096
_RANK_BITS = 12
_MOST_ZEROS = 48

Table: TypeAlias = Any
"""A record of `TABLE`."""

TABLE = np.dtype(
    [
        ("n", np.int64),  # rows in use
        ("keep", np.int64),  # rows that are kept where there are too many
        ("error", np.int64),  # what was taken from every mass, in all
        ("width", np.int64),  # whole numbers a row
        ("n_floats", np.int64),  # other numbers a row
        ("n_bins", np.int64),  # small counts a row
        ("capacity", np.int64),
        ("n_slots", np.int64),  # a power of two
        ("ranked", np.int64),  # 1 where it is estimated how many keys there are
        ("slots", np.int64),  # addresses of the arrays of `Room`
        ("ints", np.int64),
        ("floats", np.int64),
        ("bins", np.int64),
        ("ranks", np.int64),
    ]
)


class Room:
    """The arrays that a slice counts in; they must outlive the scan.

    Args:
        keep: how many keys are kept; up to twice as many are counted before any is dropped.
        n_ints: the caller's whole numbers a key.
        n_floats: the caller's other numbers a key.
        n_bins: the caller's small counts a key.
        ranked: tell how many keys there are even where some are dropped; only for keys that are as good as
            random.
    """

    def __init__(
        self, keep: int, n_ints: int = 0, n_floats: int = 0, n_bins: int = 0, *, ranked: bool = False
    ) -> None:
        capacity, width = 2 * keep, FIRST + n_ints
        self._slots = np.full(1 << (2 * capacity - 1).bit_length(), -1, dtype=np.int64)
        self.ints = np.zeros((capacity, width), dtype=np.int64)
        self.floats = np.zeros((capacity, n_floats))
        self.bins = np.zeros((capacity, n_bins), dtype=np.int32)
        self.ranks = np.zeros(N_RANKS if ranked else 0, dtype=np.int64)
        self.table: Table = np.zeros(1, dtype=TABLE).view(np.recarray)[0]
        for name, number in {
            "keep": keep,
            "width": width,
            "n_floats": n_floats,
            "n_bins": n_bins,
            "capacity": capacity,
            "n_slots": len(self._slots),
            "ranked": ranked,
            "slots": self._slots.ctypes.data,
            "ints": self.ints.ctypes.data,
            "floats": self.floats.ctypes.data,
            "bins": self.bins.ctypes.data,
            "ranks": self.ranks.ctypes.data,
        }.items():
            self.table[name] = number


@njit(nogil=True, inline="always")
def _slot(key: int, n_slots: int) -> int:
    mixed = (key & LANE) * _FACTORS[0] + (key >> 31) * _FACTORS[1]
    return (mixed ^ (mixed >> 29)) & (n_slots - 1)


@njit(nogil=True)
def row_of(t: Table, key: int) -> int:
    """Count a key of 0 … 2**62 once and give its row, a new one of zeros where it has none."""
    ints, slots = integers_at(t.ints, t.capacity * t.width), integers_at(t.slots, t.n_slots)
    slot = _slot(key, t.n_slots)
    while slots[slot] >= 0:
        row = slots[slot]
        if ints[row * t.width + KEY] == key:
            ints[row * t.width + MASS] += 1
            return row  # type: ignore[no-any-return]
        slot = (slot + 1) & (t.n_slots - 1)
    if t.n == t.capacity:
        shrink(t)
    return _new_row(t, key)


@njit(nogil=True)
def _new_row(t: Table, key: int) -> int:
    row = t.n
    t.n += 1
    _enter(t, key, row)
    ints = integers_at(t.ints, t.capacity * t.width)
    for column in range(row * t.width, (row + 1) * t.width):
        ints[column] = 0
    ints[row * t.width + KEY], ints[row * t.width + MASS] = key, 1
    if t.n_floats > 0:
        floats = floats_at(t.floats, t.capacity * t.n_floats)
        for column in range(row * t.n_floats, (row + 1) * t.n_floats):
            floats[column] = 0.0
    if t.n_bins > 0:
        bins = small_integers_at(t.bins, t.capacity * t.n_bins)
        for column in range(row * t.n_bins, (row + 1) * t.n_bins):
            bins[column] = 0
    if t.ranked:
        _rank(t, key)
    return row  # type: ignore[no-any-return]


@njit(nogil=True)
def _enter(t: Table, key: int, row: int) -> None:
    slots = integers_at(t.slots, t.n_slots)
    slot = _slot(key, t.n_slots)
    while slots[slot] >= 0:
        slot = (slot + 1) & (t.n_slots - 1)
    slots[slot] = row


@njit(nogil=True)
def _rank(t: Table, key: int) -> None:
    """Note how many zeros a key's bits begin with, after those that choose where it is noted."""
    ranks = integers_at(t.ranks, N_RANKS)
    rest, rank = key >> _RANK_BITS, 1
    while rest & 1 == 0 and rank < _MOST_ZEROS:
        rest >>= 1
        rank += 1
    place = key & (N_RANKS - 1)
    ranks[place] = max(ranks[place], rank)


@njit(nogil=True)
def shrink(t: Table) -> None:
    """Bring a table down to the rows that it keeps."""
    if t.n <= t.keep:
        return
    ints, taken = integers_at(t.ints, t.capacity * t.width), _surplus(t)
    kept = 0
    for row in range(t.n):
        if ints[row * t.width + MASS] > taken:
            _move(t, row, kept)
            ints[kept * t.width + MASS] -= taken
            kept += 1
    t.n = kept
    t.error += taken
    slots = integers_at(t.slots, t.n_slots)
    for slot in range(t.n_slots):
        slots[slot] = -1
    for row in range(kept):
        _enter(t, ints[row * t.width + KEY], row)


@njit(nogil=True)
def _surplus(t: Table) -> int:
    """Give the largest mass but `keep`: the smallest number that no more than `keep` masses are above."""
    ints = integers_at(t.ints, t.capacity * t.width)
    low, high = 0, 1
    while _n_above(t, ints, high) > t.keep:
        low, high = high + 1, high * 2
    while low < high:
        middle = (low + high) // 2
        if _n_above(t, ints, middle) > t.keep:
            low = middle + 1
        else:
            high = middle
    return low


@njit(nogil=True)
def _n_above(t: Table, ints: Int64s, mass: int) -> int:
    n = 0
    for row in range(t.n):
        n += ints[row * t.width + MASS] > mass
    return n


@njit(nogil=True)
def _move(t: Table, source: int, target: int) -> None:
    ints = integers_at(t.ints, t.capacity * t.width)
    for column in range(t.width):
        ints[target * t.width + column] = ints[source * t.width + column]
    if t.n_floats > 0:
        floats = floats_at(t.floats, t.capacity * t.n_floats)
        for column in range(t.n_floats):
            floats[target * t.n_floats + column] = floats[source * t.n_floats + column]
    if t.n_bins > 0:
        bins = small_integers_at(t.bins, t.capacity * t.n_bins)
        for column in range(t.n_bins):
            bins[target * t.n_bins + column] = bins[source * t.n_bins + column]


@dataclass(frozen=True)
class Frequent:
    """Keys with what is known of them: what slices leave of a `Room`, sorted by key.

    Attributes:
        keys: shape (n,), ascending.
        mass: shape (n,); a key's true count is at most its mass + `error`.
        sums: shape (n, sums), what happened since the key came in.
        fixed: shape (n, fixed), what is the same for all that is counted under a key.
        money: shape (n, 3) or (n, several, 3), moments of amounts a person (`obverse.measure.moments`); (n,
            0) for none.
        pairs: shape (n, 6), moments of two numbers a person (`obverse.measure.pairs`); (n, 0) for none.
        ranks: shape (`N_RANKS`,), what tells how many keys there were (HyperLogLog); (0,) for none.
        error: no key that is not there has happened more often.
        keep: how many keys are kept.
    """

    keys: Int64s
    mass: Int64s
    sums: Int64s
    fixed: Int64s
    money: Floats
    pairs: Floats
    ranks: Int64s
    error: int
    keep: int

    @classmethod
    def of(
        cls,
        table: Table,
        room: Room,
        n_sums: int = 0,
        n_fixed: int = 0,
        money_at: int | None = None,
        pairs_at: int | None = None,
        n_money: int = 1,
    ) -> Self:
        """Take over what a scan has counted.

        Args:
            table: the record that the scan has written to.
            room: its arrays.
            n_sums: how many of the whole numbers, from `FIRST` on, are sums.
            n_fixed: how many of them, the last, are the same for all of a key.
            money_at: number of the first of three floats; None for none.
            pairs_at: number of the first of six floats; None for none.
            n_money: how many times three floats of money there are.
        """
        shrink(table)
        n = int(table.n)
        order = np.argsort(room.ints[:n, KEY])
        ints, floats = room.ints[:n][order], room.floats[:n][order]
        return cls(
            keys=ints[:, KEY].copy(),
            mass=ints[:, MASS].copy(),
            sums=ints[:, FIRST : FIRST + n_sums].copy(),
            fixed=ints[:, ints.shape[1] - n_fixed :].copy(),
            money=_three(floats, money_at, n_money),
            pairs=floats[:, pairs_at : pairs_at + 6].copy() if pairs_at is not None else np.zeros((n, 0)),
            ranks=room.ranks.copy(),
            error=int(table.error),
            keep=int(table.keep),
        )

    def merge(self, other: Self) -> Self:
        """Give the counts of both."""
        keys = _union(self.keys, other.keys)
        here, there = np.searchsorted(keys, self.keys), np.searchsorted(keys, other.keys)

        def added(mine: Int64s, others: Int64s) -> Int64s:
            whole = np.zeros((len(keys), *mine.shape[1:]), dtype=np.int64)
            whole[here] = mine
            whole[there] += others
            return whole

        fixed = np.zeros((len(keys), self.fixed.shape[1]), dtype=np.int64)
        fixed[here], fixed[there] = self.fixed, other.fixed
        money, pairs = (np.zeros((2, len(keys), *part.shape[1:])) for part in (self.money, self.pairs))
        money[0, here], money[1, there] = self.money, other.money
        pairs[0, here], pairs[1, there] = self.pairs, other.pairs
        return type(self)(
            keys=keys,
            mass=added(self.mass, other.mass),
            sums=added(self.sums, other.sums),
            fixed=fixed,
            money=moments.merge(*money) if money.shape[-1] else money[0],
            pairs=merge_pairs(*pairs) if pairs.shape[-1] else pairs[0],
            ranks=np.maximum(self.ranks, other.ranks),
            error=self.error + other.error,
            keep=self.keep,
        ).shrunk()

    def shrunk(self) -> Self:
        """Give the counts brought down to the keys that are kept."""
        n = len(self.keys)
        if n <= self.keep:
            return self
        taken = int(np.partition(self.mass, n - self.keep - 1)[n - self.keep - 1])
        kept = self.mass > taken
        return type(self)(
            keys=self.keys[kept],
            mass=self.mass[kept] - taken,
            sums=self.sums[kept],
            fixed=self.fixed[kept],
            money=self.money[kept],
            pairs=self.pairs[kept],
            ranks=self.ranks,
            error=self.error + taken,
            keep=self.keep,
        )

    @property
    def n_distinct(self) -> tuple[float, float, float]:
        """How many keys there were: the number and a 95 % interval; a point where it is exact.

        Where keys were dropped it is estimated by HyperLogLog (Flajolet et al. 2007), whose relative standard
        error is 1.04 / sqrt(ranks): 1.6 %.
        """
        n, m = float(len(self.keys)), len(self.ranks)
        if self.error == 0:
            return n, n, n
        found = 0.7213 / (1 + 1.079 / m) * m * m / float(np.exp2(-self.ranks.astype(np.float64)).sum())
        empty = int((self.ranks == 0).sum())
        if found <= 2.5 * m and empty:
            found = m * log(m / empty)
        spread = 1.96 * 1.04 / sqrt(m)
        return found, max(n, found * (1 - spread)), found * (1 + spread)


def _union(one: Int64s, other: Int64s) -> Int64s:
    """Give the numbers that are in either of two ascending arrays, several times as fast as `np.union1d`."""
    both: Int64s = np.sort(np.concatenate([one, other]), kind="stable")  # merges what is sorted already
    return np.compress(np.diff(both, prepend=both[:1] - 1) != 0, both)


def _three(floats: Floats, at: int | None, several: int) -> Floats:
    """Take the moments of money out of rows of floats."""
    if at is None:
        return np.zeros((len(floats), 0))
    whole = floats[:, at : at + 3 * several].copy()
    return whole.reshape(len(floats), several, 3) if several > 1 else whole
