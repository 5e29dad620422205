"""A layout's arrays as one table of addresses, whatever their number.

A question has any number of tracks. A tuple of arrays would make Numba compile a kernel anew for every
number of them (and again for arrays that may not be written); a table of addresses compiles once. The
arrays must outlive the call: `Columns` holds them.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numba import carray, config, njit, types  # type: ignore[attr-defined, unused-ignore]
from numba.extending import intrinsic
from numpy.typing import NDArray

from obverse.tape.layout import Floats, Int32s, Int64s, Layout

_OFFSETS, _TIME, _SEQ, _VALUE, _CODE, _N, _N_OFFSETS, _LAST_READ = range(8)

MAX_TRACKS = 31
TABLE_SHAPE = (MAX_TRACKS + 1, 8)
_PERSON = MAX_TRACKS

AT_ONCE = 16
"""So many times of a track may be read at once, from `reading_from` on, even if it has less."""


class Columns:
    """The addresses of a layout's arrays: row j is track j, the last row has `Layout.person`.

    Attributes:
        table: shape `TABLE_SHAPE`; read it with `offsets`, `times`, `seqs`, `values`, `codes`, `persons`.
        n_tracks: number of tracks.
    """

    def __init__(self, layout: Layout) -> None:
        self._held: list[NDArray[Any]] = []
        self.n_tracks = len(layout.tracks)
        self.table: Int64s = np.zeros(TABLE_SHAPE, dtype=np.int64)
        for row, track in enumerate(layout.tracks):
            self._put(row, _OFFSETS, track.offsets, np.int64, _N_OFFSETS)
            self._put(row, _TIME, _long_enough(track.time), np.int64, None)
            self.table[row, _N] = len(track.time)
            self.table[row, _LAST_READ] = max(0, len(track.time) - AT_ONCE)
            self._put(row, _SEQ, track.seq, np.int64, _N)
            self._put(row, _VALUE, track.value, np.float64, None)
            self._put(row, _CODE, next((one for one in track.codes if one is not None), None), np.int32, None)
        self._put(_PERSON, _CODE, layout.person, np.int32, _N)

    def _put(self, row: int, column: int, array: NDArray[Any] | None, kind: Any, size: int | None) -> None:
        if array is None:
            return
        whole = np.ascontiguousarray(array, dtype=kind)
        self._held.append(whole)
        self.table[row, column] = whole.ctypes.data
        if size is not None:
            self.table[row, size] = len(whole)


def _long_enough(time: Int64s) -> Int64s:
    missing = AT_ONCE - len(time)
    return time if missing <= 0 else np.concatenate([time, np.zeros(missing, dtype=np.int64)])


if config.DISABLE_JIT:  # type: ignore[attr-defined, unused-ignore]

    def _view(address: int, n: int, kind: Any) -> Any:
        if n == 0:
            return np.empty(0, dtype=kind)
        raw = (ctypes.c_char * (int(n) * np.dtype(kind).itemsize)).from_address(int(address))
        return np.frombuffer(raw, dtype=kind)

else:

    @intrinsic  # type: ignore[untyped-decorator, unused-ignore]
    def _pointer(_context: Any, address: Any) -> Any:
        """Read an integer as a pointer."""
        kind = types.voidptr

        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(kind))

        return kind(address), generate

    @njit(nogil=True, inline="always")
    def _view(address: int, n: int, kind: Any) -> Any:
        return carray(_pointer(address), n, kind)  # type: ignore[call-arg, unused-ignore]


@njit(nogil=True, inline="always")
def offsets(table: Int64s, row: int) -> Int64s:
    """Give a track's offsets."""
    return _view(table[row, _OFFSETS], table[row, _N_OFFSETS], np.int64)  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def times(table: Int64s, row: int) -> Int64s:
    """Give a track's times."""
    return _view(table[row, _TIME], table[row, _N], np.int64)  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def item(array: Any, i: int) -> Any:
    """Give an array's item at 0 or more; without the test for a negative index that Numba makes otherwise."""
    return array[np.uint64(i)]


@njit(nogil=True, inline="always")
def reading_from(table: Int64s, row: int, i: int) -> int:
    """Give the index from which on to read `AT_ONCE` times, that at i among them: i, or less near the end."""
    return min(i, table[row, _LAST_READ])  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def time_address(table: Int64s, row: int, i: int) -> int:
    """Give the address of a track's time at i."""
    return table[row, _TIME] + 8 * i  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def offset_address(table: Int64s, row: int, unit: int) -> int:
    """Give the address of a track's offset of a unit."""
    return table[row, _OFFSETS] + 8 * unit  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def seqs(table: Int64s, row: int) -> Int64s:
    """Give the seqs of a track's events."""
    return _view(table[row, _SEQ], table[row, _N], np.int64)  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def has_values(table: Int64s, row: int) -> bool:
    """Say whether a track has values."""
    return table[row, _VALUE] != 0  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def values(table: Int64s, row: int) -> Floats:
    """Give the values of a track's events; only where the layout has them."""
    return _view(table[row, _VALUE], table[row, _N], np.float64)  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def codes(table: Int64s, row: int) -> Int32s:
    """Give the split's codes of a track's events; only where the layout has them."""
    return _view(table[row, _CODE], table[row, _N], np.int32)  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def persons(table: Int64s) -> Int32s:
    """Give the persons of units; empty where units are no parts of persons."""
    return codes(table, _PERSON)


@njit(nogil=True, inline="always")
def integers_at(address: int, n: int) -> Int64s:
    """Give the n integers at an address."""
    return _view(address, n, np.int64)  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def floats_at(address: int, n: int) -> Floats:
    """Give the n floats at an address."""
    return _view(address, n, np.float64)  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def small_integers_at(address: int, n: int) -> Int32s:
    """Give the n integers of 32 bits at an address."""
    return _view(address, n, np.int32)  # type: ignore[no-any-return]
