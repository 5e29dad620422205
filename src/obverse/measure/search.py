"""Search in ascending times: for the next event from an instant on, and for the row that an instant is in."""

from __future__ import annotations

from numba import njit

from obverse.tape.layout import Int64s


@njit(nogil=True, inline="always")
def seek(time: Int64s, i: int, stop: int, earliest: int) -> int:
    """Give the first index from i whose time is not before `earliest`, or stop; near ones are found fast."""
    step = 1
    while i < stop and time[i] < earliest:
        i += step
        step += step
    if step > 1:
        # Passed it by less than the last stride, or ran over the end.
        step >>= 1
        low, high = i - step + 1, min(i, stop)
        while low < high:
            middle = (low + high) >> 1
            if time[middle] < earliest:
                low = middle + 1
            else:
                high = middle
        i = low
    return i


@njit(nogil=True, inline="always")
def row_of(edges: Int64s, instant: int) -> int:
    """Give the row that an instant from the first edge to before the last is in; rows are alike in length."""
    last = len(edges) - 1
    found: int = min((instant - edges[0]) // ((edges[last] - edges[0]) // last), last - 1)
    while edges[found] > instant:
        found -= 1
    while edges[found + 1] <= instant:
        found += 1
    return found
