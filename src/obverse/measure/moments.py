"""Centred moments (n, mean, M2) that merge without loss (Chan, Golub and LeVeque 1979).

An array of moments has shape (…, 3). Sums of squares would lose the variance of large values; these do not.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from obverse.tape.layout import Floats


@njit(nogil=True, cache=True)
def push(moments: Floats, x: float) -> None:
    """Add one draw to moments of shape (3,), in place."""
    moments[0] += 1.0
    delta = x - moments[1]
    moments[1] += delta / moments[0]
    moments[2] += delta * (x - moments[1])


def merge(a: Floats, b: Floats) -> Floats:
    """Merge two arrays of moments of one shape."""
    n = a[..., 0] + b[..., 0]
    whole = np.maximum(n, 1.0)
    delta = b[..., 1] - a[..., 1]
    # A weighted mean, rather than a's mean and a step from it, so that a and b are alike.
    mean = (a[..., 0] * a[..., 1] + b[..., 0] * b[..., 1]) / whole
    m2 = a[..., 2] + b[..., 2] + delta * delta * (a[..., 0] * b[..., 0]) / whole
    return np.stack([n, mean, m2], axis=-1)


def less(whole: Floats, part: Floats) -> tuple[int, float, float]:
    """Give (n, mean, M2) of the draws of `whole` that are not in `part`, which is of some of them.

    >>> less(np.array([4.0, 2.5, 5.0]), np.array([2.0, 3.5, 0.5]))  # 1, 2, 3, 4 without 3, 4
    (2, 1.5, 0.5)
    """
    n = whole[0] - part[0]
    if n < 1:
        return 0, 0.0, 0.0
    mean = (whole[0] * whole[1] - part[0] * part[1]) / n
    between = (part[1] - mean) ** 2 * part[0] * n / whole[0]
    return int(n), float(mean), max(float(whole[2] - part[2] - between), 0.0)


def with_zeros(moments: Floats, n: int) -> tuple[int, float, float]:
    """Give (n, mean, M2) after adding as many draws of 0 as bring moments of shape (3,) to n draws."""
    zeros = np.array([n - moments[0], 0.0, 0.0])
    merged = merge(moments, zeros)
    return n, float(merged[1]), float(merged[2])
