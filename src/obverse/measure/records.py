"""All that a scan works on as one record, which reaches a kernel as one pointer.

Arrays, tuples of arrays and named tuples of them do not: Numba counts references to each of them at each
call, and threads that scan the same arrays wait for each other's counting. A record has numbers, and for each
array its address and length; `ints`, `codes` and `floats` read it inside a kernel at no cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from obverse.measure.columns import floats_at, integers_at, small_integers_at
from obverse.tape.layout import Floats, Int32s, Int64s

Record: TypeAlias = Any
"""A record as a kernel sees it."""


def record_type(
    numbers: Sequence[str], arrays: Sequence[str], scratch: Mapping[str, int] | None = None
) -> np.dtype[np.void]:
    """Describe a record.

    Args:
        numbers: names of its whole numbers.
        arrays: names of the arrays that it points to.
        scratch: names and lengths of small arrays of whole numbers that stand in the record itself.
    """
    fields: list[Any] = [(name, np.int64) for name in numbers]
    fields += [(name, np.int64, 2) for name in arrays]
    fields += [(name, np.int64, n) for name, n in (scratch or {}).items()]
    return np.dtype(fields)


class Held:
    """A record and the arrays that it points to, which live as long as this does.

    Attributes:
        record: what a kernel gets; the scan alone writes to it.
    """

    def __init__(self, kind: np.dtype[np.void], **fields: int | NDArray[Any]) -> None:
        self._arrays: list[NDArray[Any]] = []
        self.record: Record = np.zeros(1, dtype=kind).view(np.recarray)[0]
        for name, value in fields.items():
            self.record[name] = self._pointed(value) if isinstance(value, np.ndarray) else value

    def _pointed(self, array: NDArray[Any]) -> tuple[int, int]:
        if not array.flags.c_contiguous:
            raise ValueError("a record points to contiguous arrays only")
        self._arrays.append(array)
        return array.ctypes.data, array.size


@njit(nogil=True, inline="always")
def ints(pointed: Int64s) -> Int64s:
    """Read an array of 64-bit integers that a record points to."""
    return integers_at(pointed[0], pointed[1])


@njit(nogil=True, inline="always")
def codes(pointed: Int64s) -> Int32s:
    """Read an array of 32-bit integers that a record points to."""
    return small_integers_at(pointed[0], pointed[1])


@njit(nogil=True, inline="always")
def floats(pointed: Int64s) -> Floats:
    """Read an array of floats that a record points to."""
    return floats_at(pointed[0], pointed[1])
