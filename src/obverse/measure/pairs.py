"""Centred moments of pairs of numbers, such as value and number of each person's orders, and their ratio.

An array of moments has shape (…, 6): n, mean x, mean y, M2 of x, of y, of both. They merge without loss, as
those of `obverse.measure.moments` do.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numba import njit

from obverse.measure.estimate import Estimate, Reason, student
from obverse.tape.layout import Floats


@njit(nogil=True, cache=True)
def push_pair(moments: Floats, x: float, y: float) -> None:
    """Add a draw of two numbers to centred moments (n, mean x, mean y, M2 of x, of y, of both)."""
    moments[0] += 1.0
    dx, dy = x - moments[1], y - moments[2]
    moments[1] += dx / moments[0]
    moments[2] += dy / moments[0]
    moments[3] += dx * (x - moments[1])
    moments[4] += dy * (y - moments[2])
    moments[5] += dx * (y - moments[2])


def merge_pairs(a: Floats, b: Floats) -> Floats:
    """Merge two arrays of moments of pairs, shape (…, 6); see `obverse.measure.moments.merge`."""
    n = a[..., 0] + b[..., 0]
    whole = np.maximum(n, 1.0)
    dx, dy = b[..., 1] - a[..., 1], b[..., 2] - a[..., 2]
    weight = a[..., 0] * b[..., 0] / whole
    return np.stack(
        [
            n,
            (a[..., 0] * a[..., 1] + b[..., 0] * b[..., 1]) / whole,
            (a[..., 0] * a[..., 2] + b[..., 0] * b[..., 2]) / whole,
            a[..., 3] + b[..., 3] + dx * dx * weight,
            a[..., 4] + b[..., 4] + dy * dy * weight,
            a[..., 5] + b[..., 5] + dx * dy * weight,
        ],
        axis=-1,
    )


def ratio(moments: Floats) -> Estimate:
    """Estimate sum of x over sum of y from moments of pairs, by the delta method.

    Args:
        moments: shape (6,): n, mean x, mean y, M2 of x, of y, of both; y is at least 1 in each draw.
    """
    n, x, y, xx, yy, xy = (float(part) for part in moments)
    if n == 0:
        return Estimate(reason=Reason.NOBODY)
    found = x / y
    if n == 1:
        return Estimate(found, reason=Reason.TOO_FEW)
    variance = max(xx - 2 * found * xy + found * found * yy, 0.0) / (n - 1) / n / (y * y)
    half = float(student(n - 1)) * sqrt(variance)
    return Estimate(found, found - half, found + half)
