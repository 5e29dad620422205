"""Kernels that sort, splice, merge and thin out events laid out by unit and time.

An event here is its index; `offsets` has one entry more than there are units, and a unit's events stand at
``offsets[unit]:offsets[unit + 1]``, ascending in (time, seq).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from obverse.tape.layout import Int32s, Int64s, Marks

Bools = NDArray[np.bool_]

_SHORT = 48  # below this, insertion is the quickest way to sort


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Make an array read-only, as all arrays that leave a kernel are: kernels are compiled for such alone."""
    view = np.ascontiguousarray(array).view(np.ndarray)
    view.flags.writeable = False
    return view


@njit(cache=True, nogil=True)
def arrange(unit: Int32s, n_units: int, time: Int64s) -> tuple[Int64s, Int32s, Int64s]:
    """Sort events by (unit, time); those of the same unit and time keep their order.

    Args:
        unit: shape (n,), unit of each event; events below 0 are left out.
        n_units: units are 0 … n_units - 1.
        time: shape (n,), µs.

    Returns:
        offsets, the events' indices in their new order, and their times in it.
    """
    offsets = np.zeros(n_units + 1, np.int64)
    for i in range(len(unit)):
        if unit[i] >= 0:
            offsets[unit[i] + 1] += 1
    for u in range(n_units):
        offsets[u + 1] += offsets[u]
    order = np.empty(offsets[n_units], np.int32)
    times = np.empty(offsets[n_units], np.int64)
    cursor = offsets[:n_units].copy()
    for i in range(len(unit)):
        if unit[i] >= 0:
            at = cursor[unit[i]]
            cursor[unit[i]] = at + 1
            order[at] = i
            times[at] = time[i]
    for u in range(n_units):
        _settle(times, order, offsets[u], offsets[u + 1])
    return offsets, order, times


@njit(cache=True, nogil=True)
def _settle(times: Int64s, order: Int32s, first: int, end: int) -> None:
    """Sort one unit's events by time, keeping the order of equals."""
    for i in range(first + 1, end):
        if times[i] < times[i - 1]:
            if end - first > _SHORT:
                by_time = np.argsort(times[first:end], kind="mergesort")
                order[first:end] = order[first:end][by_time]
                times[first:end] = times[first:end][by_time]
                return
            _insert(times, order, first, i)


@njit(cache=True, nogil=True)
def _insert(times: Int64s, order: Int32s, first: int, i: int) -> None:
    time, event, at = times[i], order[i], i
    while at > first and times[at - 1] > time:
        times[at] = times[at - 1]
        order[at] = order[at - 1]
        at -= 1
    times[at] = time
    order[at] = event


@njit(cache=True, nogil=True)
def places(
    offsets: Int64s, time: Int64s, seq: Int64s, new_unit: Int32s, new_time: Int64s, new_seq: Int64s
) -> Int64s:
    """Find before which event each new one goes; units may be new too."""
    found = np.empty(len(new_unit), np.int64)
    for i in range(len(new_unit)):
        if new_unit[i] >= len(offsets) - 1:
            found[i] = len(time)
            continue
        low, high = offsets[new_unit[i]], offsets[new_unit[i] + 1]
        while low < high:
            middle = (low + high) >> 1
            if time[middle] < new_time[i] or (time[middle] == new_time[i] and seq[middle] < new_seq[i]):
                low = middle + 1
            else:
                high = middle
        found[i] = low
    return found


@njit(cache=True, nogil=True)
def spliced_offsets(offsets: Int64s, n_units: int, new_unit: Int32s, old_unit: Int32s) -> Int64s:
    """Give the offsets after events of `new_unit` came in and events of `old_unit` went out, in any order."""
    change = np.zeros(n_units + 1, np.int64)
    for unit in new_unit:
        change[unit + 1] += 1
    for unit in old_unit:
        change[unit + 1] -= 1
    last = len(offsets) - 1
    moved = 0
    for u in range(n_units + 1):
        moved += change[u]
        change[u] = offsets[min(u, last)] + moved
    return change


@njit(cache=True, nogil=True)
def spliced(column: NDArray[Any], removed: Int64s, before: Int64s, added: NDArray[Any]) -> NDArray[Any]:
    """Copy a column without the events at `removed` and with `added` in, each before an old event.

    Args:
        column: shape (n,).
        removed: ascending indices into `column`.
        before: ascending indices into `column`, n for the end.
        added: one value for each of `before`.
    """
    out = np.empty(len(column) - len(removed) + len(added), column.dtype)
    source = target = gone = 0
    for i in range(len(added) + 1):
        until = before[i] if i < len(added) else len(column)
        while gone < len(removed) and removed[gone] < until:
            step = removed[gone] - source
            out[target : target + step] = column[source : source + step]
            target += step
            source = removed[gone] + 1
            gone += 1
        step = until - source
        out[target : target + step] = column[source:until]
        target += step
        source = until
        if i < len(added):
            out[target] = added[i]
            target += 1
    return out


@njit(cache=True, nogil=True)
def merged(
    offsets: Int64s, time: Int64s, seq: Int64s, offsets2: Int64s, time2: Int64s, seq2: Int64s
) -> tuple[Int64s, Int32s]:
    """Merge two layouts of the same units.

    Returns:
        offsets, and indices into the two layouts' events one after the other.
    """
    out = offsets + offsets2
    order = np.empty(len(time) + len(time2), np.int32)
    at = 0
    for u in range(len(offsets) - 1):
        i, j = offsets[u], offsets2[u]
        while i < offsets[u + 1] or j < offsets2[u + 1]:
            if j == offsets2[u + 1] or (
                i < offsets[u + 1] and (time[i] < time2[j] or (time[i] == time2[j] and seq[i] < seq2[j]))
            ):
                order[at] = i
                i += 1
            else:
                order[at] = len(time) + j
                j += 1
            at += 1
    return out, order


@njit(cache=True, nogil=True)
def mark(
    offsets: Int64s,
    time: Int64s,
    seq: Int64s,
    offsets2: Int64s,
    time2: Int64s,
    seq2: Int64s,
    marks: Marks,
    bit: np.uint8,
) -> None:
    """Set a bit in the marks of a layout's events that another layout of the same units has too."""
    for u in range(len(offsets) - 1):
        j, end = offsets2[u], offsets2[u + 1]
        for i in range(offsets[u], offsets[u + 1]):
            while j < end and (time2[j] < time[i] or (time2[j] == time[i] and seq2[j] < seq[i])):
                j += 1
            if j < end and seq2[j] == seq[i]:
                marks[i] |= bit


@njit(cache=True, nogil=True)
def thinned(offsets: Int64s, position: Int32s, mask: Bools) -> tuple[Int64s, Int32s]:
    """Keep the events whose row passes a filter.

    Args:
        offsets: of the layout.
        position: shape (n,), row of each event.
        mask: by row.

    Returns:
        offsets, and the indices of the events kept.
    """
    out = np.empty(len(offsets), np.int64)
    kept = np.empty(len(position), np.int32)
    at = 0
    for u in range(len(offsets) - 1):
        out[u] = at
        for i in range(offsets[u], offsets[u + 1]):
            kept[at] = i
            at += mask[position[i]]
    out[len(offsets) - 1] = at
    return out, kept[:at].copy()


@njit(cache=True, nogil=True)
def units(offsets: Int64s) -> Int32s:
    """Give the unit of each event."""
    out = np.empty(offsets[-1], np.int32)
    for u in range(len(offsets) - 1):
        for i in range(offsets[u], offsets[u + 1]):
            out[i] = u
    return out


def widened(offsets: Int64s, n_units: int) -> Int64s:
    """Give offsets room for more units, that have no events."""
    if len(offsets) == n_units + 1:
        return offsets
    out = np.full(n_units + 1, offsets[-1], np.int64)
    out[: len(offsets)] = offsets
    return frozen(out)
