"""Sums by place over arrays of draws: moments and pairs of moments, centred, so that they merge.

For draws that are there as arrays, where a kernel would push them one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.tape.layout import Floats, Int64s


def places_of(group: Int64s, n_groups: int) -> Int64s:
    """Give the places of draws that `repeated` gave: 0 for everyone, then the groups of a split.

    Args:
        group: shape (n,), group of each draw.
        n_groups: of the split; 0 for no split.
    """
    everyone = np.zeros(len(group), dtype=np.int64)
    return np.concatenate([everyone, group + 1]) if n_groups else everyone


def repeated(draws: NDArray[Any], n_groups: int) -> NDArray[Any]:
    """Give draws twice where there is a split: once for everyone, once for their groups."""
    return np.concatenate([draws, draws]) if n_groups else draws


def moments_by(place: Int64s, n_places: int, x: Floats) -> Floats:
    """Give centred moments (n, mean, M2) of draws by place, shape (n_places, 3).

    Args:
        place: shape (n,), where each draw belongs, from 0.
        n_places: how many places there are.
        x: shape (n,), the draws.
    """
    n = np.bincount(place, minlength=n_places).astype(np.float64)
    mean = np.bincount(place, x, n_places) / np.maximum(n, 1.0)
    away = x - mean[place]
    return np.stack([n, mean, np.bincount(place, away * away, n_places)], axis=-1)


def pairs_by(place: Int64s, n_places: int, x: Floats, y: Floats) -> Floats:
    """Give centred moments of pairs by place, shape (n_places, 6), as `obverse.measure.pairs` has them."""
    a, b = moments_by(place, n_places, x), moments_by(place, n_places, y)
    both = (x - a[place, 1]) * (y - b[place, 1])
    cross = np.bincount(place, both, n_places)
    return np.stack([a[:, 0], a[:, 1], b[:, 1], a[:, 2], b[:, 2], cross], axis=-1)


def things_by(
    person: Int64s, place: Int64s, n_places: int, *draws: Floats
) -> tuple[Int64s, Int64s, list[Floats]]:
    """Add up what each person has at each place.

    Args:
        person: shape (n,), whose each thing is.
        place: shape (n,), where it belongs.
        n_places: how many places there are.
        draws: shape (n,) each, numbers of the things.

    Returns:
        the places of all (person, place) that have things, how many they have, and the sums of each of
        `draws`.
    """
    both, inverse, n = np.unique(person * n_places + place, return_inverse=True, return_counts=True)
    sums: list[Floats] = [np.bincount(inverse, one, len(both)).astype(np.float64) for one in draws]
    return both % n_places, n, sums
