"""The table beneath a picture: the same numbers, exact, each with its interval and its people."""

from __future__ import annotations

from dataclasses import dataclass

MOST_ROWS = 400
"""Rows of a table on a page; the exports have all."""


@dataclass(frozen=True)
class Cell:
    """A number in a table.

    Attributes:
        text: as it reads.
        href: address of the people behind it; empty for none.
        between: its interval; empty for none.
        open: it is still growing.
    """

    text: str
    href: str = ""
    between: str = ""
    open: bool = False


@dataclass(frozen=True)
class Row:
    """A row: what it is about, then its numbers."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        columns: what each column is, that of the names first.
        rows: at most `MOST_ROWS`.
        left_out: how many rows more there are.
        n_text: how many columns after the names hold words rather than numbers.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    left_out: int = 0
    n_text: int = 0

    @property
    def any_open(self) -> bool:
        """Whether any number is still growing."""
        return any(cell.open for row in self.rows for cell in row.cells)
