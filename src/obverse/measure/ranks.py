"""Between which two of n numbers a quantile of what they were drawn from lies."""

from __future__ import annotations

import numpy as np
import scipy

from obverse.measure.estimate import LEVEL
from obverse.tape.layout import Floats, Int64s


def rank_of(n: Int64s, share: float) -> Int64s:
    """Give the rank, from 1, of the smallest of n numbers that at least a share of them are not above."""
    found: Int64s = np.maximum(1, np.ceil(share * n - 1e-9)).astype(np.int64)
    return found


def rank_interval(n: Int64s, share: float) -> tuple[Int64s, Int64s]:
    """Give the ranks, from 1, of the numbers that a quantile lies between at 95 % (Conover 1999, 3.2).

    How many of n independent draws are below the quantile is binomial, whatever they are drawn from; the
    interval holds at least that often.

    Args:
        n: numbers of draws, each at least 1.
        share: of the quantile, in (0, 1).

    Returns:
        the lower and the upper ranks; 0 below, or n + 1, where n draws are too few for such an end.

    >>> low, high = rank_interval(np.array([16]), 0.75)
    >>> int(low[0]), int(high[0])
    (8, 16)
    """
    tail = (1 - LEVEL) / 2
    return _quantile(tail, n, share), _quantile(1 - tail, n, share) + 1


def _quantile(level: float, n: Int64s, share: float) -> Int64s:
    """Give the smallest k that a binomial variable is at most with a chance of at least `level`."""
    near: Floats = np.clip(np.ceil(scipy.special.bdtrik(level, n, share)), 0, n)
    below = np.maximum(near - 1, 0)
    found: Int64s = np.where(scipy.special.bdtr(below, n, share) >= level, below, near).astype(np.int64)
    return found
