"""Percentiles of times in a histogram, with intervals."""

from __future__ import annotations

import numpy as np

from obverse.measure.estimate import Estimate, Reason
from obverse.measure.histogram import edges_ms, quantiles_s
from obverse.measure.ranks import rank_interval
from obverse.tape.layout import Int64s


def percentile_s(counts: Int64s, share: float) -> Estimate:
    """Estimate a percentile in seconds, with the interval between two order statistics at 95 %.

    How many of n independent times are below the percentile is binomial, whatever their distribution, so it
    lies between two of them by rank (Conover 1999, 3.2). Of those only the bins are known: the ends are the
    outer edges of theirs, so that the interval holds no less often.

    Args:
        counts: how many times each bin has (`obverse.measure.histogram`).
        share: in (0, 1).
    """
    n = int(counts.sum())
    if n == 0:
        return Estimate(reason=Reason.NOBODY)
    value = _brief(quantiles_s(counts, (share,))[0])
    (low,), (high,) = rank_interval(np.array([n]), share)
    if low < 1 or high > n:
        return Estimate(value, reason=Reason.TOO_FEW)
    edges = edges_ms(len(counts))
    first, last = np.searchsorted(np.cumsum(counts), [low, high])
    return Estimate(value, float(edges[first]) / 1_000, max(value, float(edges[last + 1]) / 1_000))


def _brief(seconds: float) -> float:
    """Give 0 for what is less than the millisecond that can be told."""
    return seconds if seconds >= 0.001 else 0.0
