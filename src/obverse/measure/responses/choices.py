"""What each person chose: sums of squares by option, from which the answers of one person weigh as alike.

How often an option was chosen follows from the counts of whole answers (`options`). How sure its share is
does not: several answers of one person are alike. So for each option the scan leaves sums over people of
products of x, how often they chose it, and y, how often they answered (that row); of a ranking also of s, the
sum of the places that they gave it. All are whole numbers, so they merge exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from obverse.measure.responses.options import Part, parts_of
from obverse.measure.responses.question import Shape
from obverse.tape.layout import Int64s

XX, XY, PEOPLE, SS, SX = range(5)
"""Columns of the sums of options: Σx², Σxy, people who chose it, Σs², Σsx."""
ANSWERED_BY, YY = range(2)
"""Columns of the sums of rows: people who answered it, Σy²."""


@dataclass(frozen=True)
class _Lists:
    """A list of numbers for each label: those of label i are `items[offsets[i]:offsets[i + 1]]`."""

    offsets: Int64s
    items: Int64s

    @classmethod
    def of(cls, lists: list[list[int]]) -> _Lists:
        ends = np.cumsum([0, *map(len, lists)], dtype=np.int64)
        return cls(ends, np.array([item for one in lists for item in one], dtype=np.int64))

    def take(self, labels: Int64s) -> tuple[Int64s, Int64s]:
        """Give the places in `labels` of all items of those, and where the items stand."""
        n = self.offsets[labels + 1] - self.offsets[labels]
        of = np.repeat(np.arange(len(labels)), n)
        first = np.repeat(self.offsets[labels] - (np.cumsum(n) - n), n)
        return of, np.arange(len(of)) + first


@dataclass(frozen=True)
class Choices:
    """What the labels of answers choose.

    Attributes:
        parts: all options, by number; of a ranking without rank.
        rows: all rows of a matrix by number, and ``""`` for other questions.
        row_of: shape (parts,), the row of each option.
        chooses: shape (labels + 1,), 1 for labels that choose anything, or are not told apart.
    """

    parts: tuple[Part, ...]
    rows: tuple[str, ...]
    row_of: Int64s
    chooses: Int64s
    _parts_of: _Lists
    _ranks: Int64s
    _rows_of: _Lists

    def totals(self, counts: Int64s) -> tuple[Int64s, Int64s, Int64s]:
        """Give for each option how often it was chosen and the sum of its places, for each row its answers.

        Args:
            counts: shape (labels + 1,), answers by label.
        """
        labels = np.arange(len(counts))
        of, at = self._parts_of.take(labels)
        part, n = self._parts_of.items[at], counts[of]
        row_of, row_at = self._rows_of.take(labels)
        return (
            _added(n[:, None], part, (len(self.parts), 1)).ravel(),
            _added((n * self._ranks[at])[:, None], part, (len(self.parts), 1)).ravel(),
            _added(counts[row_of][:, None], self._rows_of.items[row_at], (len(self.rows), 1)).ravel(),
        )

    def sums(self, unit: Int64s, group: Int64s, n_groups: int, label: Int64s) -> tuple[Int64s, Int64s]:
        """Add up what each person chose.

        Args:
            unit: shape (n,), whose each answer is.
            group: shape (n,), where it belongs.
            n_groups: how many places there are.
            label: shape (n,), of the answer.

        Returns:
            the sums of options, shape (n_groups, parts, 5), and of rows, shape (n_groups, rows, 2).
        """
        n_parts, n_rows, whose = len(self.parts), len(self.rows), unit * n_groups + group
        of, at = self._rows_of.take(label)
        keys, y = np.unique(whose[of] * n_rows + self._rows_of.items[at], return_counts=True)
        of, at = self._parts_of.take(label)
        chose, inverse, x = np.unique(
            whose[of] * n_parts + self._parts_of.items[at], return_inverse=True, return_counts=True
        )
        s = np.bincount(inverse, self._ranks[at], len(chose)).astype(np.int64)
        mine = np.searchsorted(keys, chose // n_parts * n_rows + self.row_of[chose % n_parts])
        options = np.stack([x * x, x * y[mine], np.ones_like(x), s * s, s * x], axis=-1)
        rows = np.stack([np.ones_like(y), y * y], axis=-1)
        return (
            _added(options, chose // n_parts % n_groups * n_parts + chose % n_parts, (n_groups, n_parts)),
            _added(rows, keys // n_rows % n_groups * n_rows + keys % n_rows, (n_groups, n_rows)),
        )


def _added(values: Int64s, place: Int64s, shape: tuple[int, int]) -> Int64s:
    found = np.zeros((shape[0] * shape[1], values.shape[1]), dtype=np.int64)
    np.add.at(found, place, values)
    return found.reshape(*shape, values.shape[1])


@lru_cache(maxsize=16)
def choices_of(labels: tuple[str | None, ...], shape: Shape) -> Choices:
    """Read all labels of answers; the last place, of answers beyond them, chooses nothing."""
    read = [() if label is None else parts_of(label, shape) for label in labels]
    bare = [[Part(part.row, part.name) for part in parts] for parts in read]
    number = {part: at for at, part in enumerate(dict.fromkeys(part for parts in bare for part in parts))}
    rows = {row: at for at, row in enumerate(dict.fromkeys(["", *(part.row for part in number)]))}
    return Choices(
        parts=tuple(number),
        rows=tuple(rows),
        row_of=np.array([rows[part.row] for part in number], dtype=np.int64),
        chooses=np.array([*(bool(parts) for parts in read), True], dtype=np.int64),
        _parts_of=_Lists.of([*([number[part] for part in parts] for parts in bare), []]),
        _ranks=np.array([part.rank for parts in read for part in parts], dtype=np.int64),
        _rows_of=_Lists.of([*(sorted({rows[part.row] for part in parts}) for parts in bare), [rows[""]]]),
    )
