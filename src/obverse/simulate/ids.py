"""Ids by number: version 4 UUIDs that follow from a seed, so that none need be kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from obverse.simulate.model import Ints

MESSAGE, ANONYMOUS, SUBMISSION, ACT = 1, 2, 3, 4
"""Kinds of ids: no number has the same id in two kinds."""

_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), dtype=np.uint8).reshape(256, 2)
_PLACES = [place for place in range(36) if place not in (8, 13, 18, 23)]


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix 64-bit words: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def uuids(seed: int, kind: int, numbers: Ints) -> NDArray[np.bytes_]:
    """Give the UUID of each number, as ASCII of 36 bytes, shape (n,)."""
    start = _mixed(np.array([seed * 8 + kind], dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15))
    lane = numbers.astype(np.uint64) * np.uint64(2)
    words = np.stack([_mixed(start + lane), _mixed(start + lane + np.uint64(1))], axis=1)
    octets = words.astype("<u8").view(np.uint8).reshape(len(numbers), 16)
    octets[:, 6] = octets[:, 6] & 0x0F | 0x40
    octets[:, 8] = octets[:, 8] & 0x3F | 0x80
    text = np.full((len(numbers), 36), ord("-"), dtype=np.uint8)
    text[:, _PLACES] = _HEX[octets].reshape(len(numbers), 32)
    return text.view("S36")[:, 0]


def texts(of: NDArray[np.bytes_]) -> list[str]:
    """Turn ids into strings."""
    whole = of.tobytes().decode("ascii")
    return [whole[at : at + 36] for at in range(0, len(whole), 36)]
