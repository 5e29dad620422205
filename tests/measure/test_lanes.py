"""Searches by lanes against the same said in plain words."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from obverse.measure.columns import Columns
from obverse.measure.lanes import all_if, lowest, seek_by_lanes, within
from obverse.tape.layout import Int64s, Layout, Track


@njit(nogil=True)
def _within(table: Int64s, i: int, stop: int, low: int, span: int) -> int:
    return within(table, 0, i, stop, low, span)


@njit(nogil=True)
def _seek(table: Int64s, i: int, stop: int, earliest: int) -> int:
    return seek_by_lanes(table, 0, i, stop, earliest)


@njit(nogil=True)
def _lowest(bits: int) -> int:
    return lowest(bits)


@njit(nogil=True)
def _all_if(bits: int) -> int:
    return all_if(bits)


def columns_of(times: list[int]) -> Columns:
    n = len(times)
    time = np.array(times, dtype=np.int64)
    track = Track(np.array([0, n], dtype=np.int64), time, np.arange(n, dtype=np.int64))
    return Columns(Layout(1, (track,), None, 1, (), n, 0))


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 40])
def test_the_kernel_window_finds_the_times_inside_it_and_no_others(n: int) -> None:
    rng = np.random.default_rng(n)
    times = sorted(rng.integers(0, 30, n).tolist())
    columns = columns_of(times)
    for _ in range(60):
        i = int(rng.integers(0, n))
        stop = int(rng.integers(i + 1, n + 1))
        low, span = int(rng.integers(-5, 35)), int(rng.integers(0, 12))
        found = sum(1 << k for k in range(min(16, stop - i)) if low <= times[i + k] <= low + span)
        assert _within(columns.table, i, stop, low, span) == found
        earliest = int(rng.integers(-5, 35))
        first = next((k for k in range(i, stop) if times[k] >= earliest), stop)
        assert _seek(columns.table, i, stop, earliest) == first


def test_the_kernel_window_does_not_find_what_stands_in_for_missing_times() -> None:
    columns = columns_of([5])
    assert _within(columns.table, 0, 1, 0, 4) == 0
    assert _seek(columns.table, 0, 1, -(1 << 61)) == 0
    assert _seek(columns.table, 0, 1, 6) == 1
    assert _seek(columns.table, 3, 1, 0) == 1


@pytest.mark.parametrize(("bits", "place"), [(0, 64), (1, 0), (0b1100, 2), (1 << 15, 15)])
def test_the_kernel_counts_bits_from_the_lowest(bits: int, place: int) -> None:
    assert _lowest(bits) == place
    assert _all_if(bits) == (-1 if bits else 0)
