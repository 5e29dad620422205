"""The laws that every summary keeps, as one kit for all measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np


def same(a: Any, b: Any) -> bool:
    """Say whether two summaries agree: whole numbers exactly, others to 9 digits."""
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray) and a.dtype.kind == "f":
        return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-9, atol=1e-9))
    return bool(np.array_equal(a, b))


def check_laws(scan: Callable[[range], Any], n_units: int, cuts: Sequence[int]) -> None:
    """Check a scan and the summaries that it leaves.

    Args:
        scan: gives the summary of a slice of units; of an empty slice it is the identity.
        n_units: how many there are.
        cuts: where the units may be cut, any numbers in 0 … n_units.
    """
    bounds = [0, *sorted(cuts), n_units]
    parts = [scan(range(low, high)) for low, high in pairwise(bounds)]
    whole, nobody = scan(range(n_units)), scan(range(0))
    assert same(whole.merge(nobody), whole), "identity"
    assert same(nobody.merge(whole), whole), "identity"
    assert same(reduce(lambda a, b: a.merge(b), parts), whole), "split anywhere = all at once"
    assert same(reduce(lambda a, b: b.merge(a), parts), whole), "commutativity"
    backwards = parts[-1]
    for part in reversed(parts[:-1]):
        backwards = part.merge(backwards)
    assert same(backwards, whole), "associativity"
