"""Columns of few different keys, which take a byte or two an event instead of eight.

Most keys are of few values: touchpoints, countries, channels, pages, ids that nobody sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.tape.arrange import frozen
from obverse.tape.codes import Codes
from obverse.tape.layout import Int32s, Int64s

MANY_KEYS = 1 << 16
"""From so many different keys on a column is kept as they are."""

_BLOCK = 1 << 14


@dataclass(frozen=True)
class Few:
    """A column of few different keys.

    Attributes:
        keys: shape (fewer than `MANY_KEYS`,), each once.
        which: shape (n,), for each row the index of its key.
    """

    keys: Int64s
    which: NDArray[np.uint8 | np.uint16]

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, rows: slice | NDArray[Any]) -> Few:
        return Few(self.keys, self.which[rows])

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return self.keys.nbytes + self.which.nbytes

    def spelt(self) -> Int64s:
        """Give the key of each row."""
        return self.keys[self.which]

    def coded(self, codes: Codes, rows: Int32s) -> Int32s:
        """Give the codes of the keys of some rows, numbering those not seen before.

        Where all are 0, they take no memory until somebody writes to them.
        """
        numbers = codes.encode(frozen(self.keys))
        return numbers[self.which[rows]] if numbers.any() else np.zeros(len(rows), np.int32)

    @classmethod
    def of(cls, column: Int64s) -> Few | Int64s:
        """Give a column of few keys as such, another as it is."""
        codes, parts = Codes(), []
        for start in range(0, len(column), _BLOCK):
            numbers = codes.encode(frozen(column[start : start + _BLOCK]))
            if len(codes) >= MANY_KEYS:
                return column
            parts.append(_narrow(numbers, len(codes)))
        return cls(codes.keys.copy(), np.concatenate([np.zeros(0, np.uint8), *parts]))


Column = Few | NDArray[Any]


def joined(parts: Sequence[Column]) -> Column:
    """Put parts of a column, one or more, one after the other: of few keys as long as all have few."""
    few = [part for part in parts if isinstance(part, Few)]
    if len(few) == len(parts):
        codes = Codes()
        numbers = [codes.encode(frozen(part.keys)) for part in few]
        if len(codes) < MANY_KEYS:
            narrow = [_narrow(number, len(codes)) for number in numbers]
            which = [number[part.which] for number, part in zip(narrow, few, strict=True)]
            return Few(codes.keys.copy(), np.concatenate(which))
    return np.concatenate([part.spelt() if isinstance(part, Few) else part for part in parts])


def _narrow(numbers: Int32s, n: int) -> NDArray[np.uint8 | np.uint16]:
    """Give numbers below n in as few bytes as these take."""
    return numbers.astype(np.uint8) if n <= 1 << 8 else numbers.astype(np.uint16)
