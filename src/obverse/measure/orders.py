"""Conversions, as kernels read them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from obverse.tape.arrange import frozen
from obverse.tape.layout import Floats, Int64s, Track


class Orders(NamedTuple):
    """Conversions, each of which is among the events that a measure walks too.

    Attributes:
        offsets: by unit.
        time: µs, ascending within a unit.
        seq: number of each event.
        value: money; may be empty.
    """

    offsets: Int64s
    time: Int64s
    seq: Int64s
    value: Floats


def orders_of(track: Track | None, n_units: int) -> Orders:
    """Take the conversions of a track; none where the question has none."""
    no_value = frozen(np.zeros(0))
    if track is None:
        nothing = frozen(np.zeros(0, np.int64))
        return Orders(frozen(np.zeros(n_units + 1, np.int64)), nothing, nothing, no_value)
    value = no_value if track.value is None else frozen(track.value)
    return Orders(frozen(track.offsets), frozen(track.time), frozen(track.seq), value)
