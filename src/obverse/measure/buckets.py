"""Buckets of time of about equal length, found without a search.

Time is cut into slots of one length from the first edge on, and each slot knows the bucket that it begins in.
The right bucket is that one or one or two later: days differ by an hour, months by three days, and the first
and the last bucket may be cut.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from obverse.measure.columns import item
from obverse.measure.scope import Grain
from obverse.measure.window import WIDTH_US
from obverse.tape.layout import Int32s, Int64s


def slots_of(edges: Int64s, grain: Grain) -> tuple[Int32s, float]:
    """Give the bucket that each slot begins in, and the number of slots in a µs.

    Args:
        edges: shape (buckets + 1,), instants that part the buckets, µs, ascending.
        grain: how long they are.
    """
    width = WIDTH_US[grain]
    n_slots = (int(edges[-1]) - int(edges[0])) // width + 2
    starts = edges[0] + np.arange(n_slots, dtype=np.int64) * width
    slots = np.clip(np.searchsorted(edges, starts, side="right") - 1, 0, max(len(edges) - 2, 0))
    return slots.astype(np.int32), 1 / width


@njit(nogil=True, cache=True)
def bucket_of(edges: Int64s, slots: Int32s, per_us: float, instant: int) -> int:
    """Give the bucket of an instant that lies between the first edge and the last."""
    bucket = item(slots, int((instant - edges[0]) * per_us))
    while instant < item(edges, bucket):
        bucket -= 1
    while instant >= item(edges, bucket + 1):
        bucket += 1
    return int(bucket)
