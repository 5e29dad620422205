"""How long something took, in few bins: for very many things that are timed at once.

The bins are those of `obverse.measure.histogram`, sixteen in one: four an octave. So what is read off them is
up to a quarter off at worst, and as a rule far less, as times within a bin are taken as evenly spread.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from obverse.measure.histogram import bin_of, edges_ms
from obverse.tape.layout import Int64s

_IN_ONE = 16

N_BINS = 176
"""Up to two hundred years; what took longer is in the last."""


@njit(nogil=True)
def time_bin(duration_us: int) -> int:
    """Give the bin of a duration of 0 µs or more."""
    return min((bin_of(duration_us) + _IN_ONE - 1) // _IN_ONE, N_BINS - 1)


def median_s(bins: Int64s) -> float:
    """Give the median of times in bins, in seconds.

    Args:
        bins: shape (`N_BINS`,), counts; at least one in all.
    """
    below, half = np.cumsum(bins), bins.sum() / 2
    at = int(np.searchsorted(below, half))
    edges = edges_ms(_IN_ONE * (N_BINS - 1) + 1)
    low, high = (0.0, 1.0) if at == 0 else edges[[_IN_ONE * (at - 1) + 1, _IN_ONE * at + 1]]
    into = (half - (below[at] - bins[at])) / bins[at]
    return float(low + into * (high - low)) / 1_000
