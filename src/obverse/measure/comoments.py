"""Centred co-moments of many numbers, pair by pair over those who have both; they merge without loss.

An array of them has shape (…, k, k, 3): for items i and j how many have both, the mean of i over those, and
the sum of products of what both are away from their means. Its diagonal has each item's own moments.
"""

from __future__ import annotations

import numpy as np

from obverse.tape.layout import Floats


def comoments(x: Floats) -> Floats:
    """Give the co-moments of rows of numbers, shape (k, k, 3).

    Args:
        x: shape (n, k), NaN where somebody has no number.
    """
    there = ~np.isnan(x)
    present = there.astype(np.float64)
    n_items = np.maximum(present.sum(axis=0), 1.0)
    near = np.where(there, x, 0.0).sum(axis=0) / n_items
    away = np.where(there, x - near, 0.0)  # sums of squares of what is centred about lose nothing
    n, sums = present.T @ present, away.T @ present
    mean = np.where(n > 0, near[:, None] + sums / np.maximum(n, 1.0), 0.0)
    return np.stack([n, mean, away.T @ away - sums * sums.T / np.maximum(n, 1.0)], axis=-1)


def merge(a: Floats, b: Floats) -> Floats:
    """Merge two arrays of co-moments of one shape (Chan, Golub and LeVeque 1979)."""
    n = a[..., 0] + b[..., 0]
    whole = np.maximum(n, 1.0)
    step = b[..., 1] - a[..., 1]
    mean = (a[..., 0] * a[..., 1] + b[..., 0] * b[..., 1]) / whole
    between = step * np.swapaxes(step, -1, -2) * a[..., 0] * b[..., 0] / whole
    return np.stack([n, mean, a[..., 2] + b[..., 2] + between], axis=-1)


def covariances(moments: Floats) -> Floats:
    """Give the covariances, shape (k, k), of co-moments; NaN where fewer than two have both."""
    n = moments[..., 0]
    return np.where(n > 1, moments[..., 2] / np.maximum(n - 1, 1.0), np.nan)
