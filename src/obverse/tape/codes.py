"""Dense numbers for 63-bit keys: of streams, accounts, labels; in order of first sight.

A hash table with open addressing in two NumPy arrays, so that millions of keys cost a few bytes each and no
Python objects.
"""

from __future__ import annotations

import secrets

import numpy as np
from numba import njit

from obverse.tape.layout import Int32s, Int64s

_LOW = (1 << 31) - 1


class Codes:
    """Numbers keys densely from 0; a key keeps its number. Not safe to use from two threads at once."""

    def __init__(self, keys: Int64s | None = None) -> None:
        self._n = 0 if keys is None else len(keys)
        self._keys: Int64s = np.empty(1024, np.int64) if keys is None else keys
        self._table: Int32s | None = None
        self._salt = (secrets.randbits(30) | 1, secrets.randbits(30) | 1)  # so that nobody can choose clashes

    def __len__(self) -> int:
        return self._n

    @property
    def keys(self) -> Int64s:
        """Keys by number; read-only."""
        keys = self._keys[: self._n]
        keys.flags.writeable = False
        return keys

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return self._keys.nbytes + (0 if self._table is None else self._table.nbytes)

    def encode(self, keys: Int64s) -> Int32s:
        """Give the number of each key, numbering those not seen before."""
        codes = np.empty(len(keys), np.int32)
        if len(keys) == 0:
            return codes
        done = 0
        while True:
            done, self._n = _encode(self._slots(), self._keys, self._n, keys, done, codes, *self._salt)
            if done == len(keys):
                return codes
            self._grow()

    def lookup(self, keys: Int64s) -> Int32s:
        """Give the number of each key, -1 for one that has none."""
        codes = np.empty(len(keys), np.int32)
        _lookup(self._slots(), self._keys, keys, codes, *self._salt)
        return codes

    def _slots(self) -> Int32s:
        if self._table is None:
            self._rehash()
        assert self._table is not None  # noqa: S101 - for the type checker
        return self._table

    def _grow(self) -> None:
        if self._n == len(self._keys) or not self._keys.flags.writeable:
            keys = np.empty(self._n + self._n // 4 + 1024, np.int64)
            keys[: self._n] = self._keys[: self._n]
            self._keys = keys
        if self._table is None or 2 * (self._n + 1) > len(self._table):
            self._rehash()

    def _rehash(self) -> None:
        if not self._keys.flags.writeable:
            self._keys = np.concatenate([self._keys[: self._n], np.empty(self._n // 16 + 1024, np.int64)])
        size = 1 << max(11, (2 * self._n + self._n // 4 + 1).bit_length())
        self._table = np.full(size, -1, np.int32)
        _fill(self._table, self._keys, self._n, *self._salt)


@njit(cache=True, nogil=True)
def _slot(key: int, size: int, low_salt: int, high_salt: int) -> int:
    mixed = (key & _LOW) * low_salt + (key >> 31) * high_salt
    return (mixed >> 18) & (size - 1)


@njit(cache=True, nogil=True)
def _find(table: Int32s, keys: Int64s, key: int, low_salt: int, high_salt: int) -> int:
    slot = _slot(key, len(table), low_salt, high_salt)
    while table[slot] >= 0 and keys[table[slot]] != key:
        slot = (slot + 1) & (len(table) - 1)
    return slot


@njit(cache=True, nogil=True)
def _encode(
    table: Int32s,
    keys: Int64s,
    n: int,
    wanted: Int64s,
    start: int,
    codes: Int32s,
    low_salt: int,
    high_salt: int,
) -> tuple[int, int]:
    for i in range(start, len(wanted)):
        slot = _find(table, keys, wanted[i], low_salt, high_salt)
        if table[slot] < 0:
            if n == len(keys) or 2 * (n + 1) > len(table):
                return i, n
            table[slot] = n
            keys[n] = wanted[i]
            n += 1
        codes[i] = table[slot]
    return len(wanted), n


@njit(cache=True, nogil=True)
def _lookup(
    table: Int32s, keys: Int64s, wanted: Int64s, codes: Int32s, low_salt: int, high_salt: int
) -> None:
    for i in range(len(wanted)):
        codes[i] = table[_find(table, keys, wanted[i], low_salt, high_salt)]


@njit(cache=True, nogil=True)
def _fill(table: Int32s, keys: Int64s, n: int, low_salt: int, high_salt: int) -> None:
    for code in range(n):
        table[_find(table, keys, keys[code], low_salt, high_salt)] = code
