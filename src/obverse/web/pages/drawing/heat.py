"""Numbers in rows and columns: a table whose cells are darker for more, its numbers in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from obverse.measure.picture import Heat
from obverse.web.pages.drawing.days import full_names, short_names
from obverse.web.pages.drawing.writing import Hand
from obverse.web.pages.figures import count, cut, plural

LEVELS = 9
"""Shades between the paper and the darkest; `obverse.css` names one each."""
APART = 1.5
MOST_ROWS = 60
MOST_COLUMNS = 60

T = TypeVar("T")


@dataclass(frozen=True)
class HeatCell:
    """A number, its shade from 0 to `LEVELS`, and who is behind it; no text where there is none (yet)."""

    text: str
    level: int
    title: str
    href: str
    open: bool


@dataclass(frozen=True)
class HeatRow:
    """A row: what it is, of how many people, its numbers."""

    name: str
    title: str
    size: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, kw_only=True)
class DrawnHeat:
    """Numbers in rows and columns, laid out.

    Attributes:
        title: what is shown.
        row_title: what a row is.
        column_title: what a column is.
        columns: short names of the columns.
        column_titles: their names in full.
        sized: rows say of how many people they are.
        rows: at most `MOST_ROWS`.
        left_out: how many rows more there are.
        columns_left_out: how many columns more.
        percent: its numbers are per cent, without the sign.
        scale: the lightest and the darkest shade's numbers.
        any_open: something is still growing.
    """

    title: str
    row_title: str
    column_title: str
    columns: tuple[str, ...]
    column_titles: tuple[str, ...]
    sized: bool
    rows: tuple[HeatRow, ...]
    left_out: int
    columns_left_out: int
    percent: bool
    scale: tuple[str, str]
    any_open: bool

    kind = "heat"
    any_before = False
    any_band = False
    grid = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.rows or not self.columns


def draw_heat(picture: Heat, hand: Hand) -> DrawnHeat:
    """Lay out numbers in rows and columns."""
    floor, top = _ends(picture)
    writer = _Writer(picture, hand, floor, top, full_names(picture.rows), full_names(picture.columns))
    names = short_names(picture.rows)
    columns = picture.columns[:MOST_COLUMNS]
    return DrawnHeat(
        title=picture.title,
        row_title=picture.row_title,
        column_title=picture.column_title,
        columns=short_names(columns),
        column_titles=writer.columns[:MOST_COLUMNS],
        sized=bool(picture.sizes),
        rows=tuple(writer.row(i, _named(name, names[i])) for i, name in enumerate(picture.rows[:MOST_ROWS])),
        left_out=max(0, len(picture.rows) - MOST_ROWS),
        columns_left_out=max(0, len(picture.columns) - MOST_COLUMNS),
        percent=picture.of == "share",
        scale=(hand.brief(floor, picture.of), hand.brief(top, picture.of)),
        any_open=any(any(row) for row in picture.open),
    )


def _named(name: str, short_name: str) -> str:
    """Name a row: a day in short, whatever else as long as a row has room for."""
    return short_name if short_name not in (name, cut(name, 14)) else cut(name, 60)


def _ends(picture: Heat) -> tuple[float, float]:
    """Choose what the lightest and the darkest shade stand for.

    A first column that stands far above all others (those who start, where others are who came back) would
    leave no shade for them: it is as dark as the darkest of them.
    """
    values = [value for row in picture.values for value in row if value is not None]
    later = [value for row in picture.values for value in row[1:] if value is not None]
    first = [row[0] for row in picture.values if row and row[0] is not None]
    apart = bool(later and first) and min(first) > APART * max(later)
    telling = [value for value in later if value is not None] if apart else values
    if picture.of == "share":
        telling = [value for value in telling if value != 1.0] or telling
    top = max(telling, default=1.0)
    return min(0.0, *values) if values else 0.0, top if top > 0 else 1.0


@dataclass(frozen=True)
class _Writer:
    picture: Heat
    hand: Hand
    floor: float
    top: float
    rows: tuple[str, ...]
    columns: tuple[str, ...]

    def row(self, i: int, name: str) -> HeatRow:
        sizes = self.picture.sizes
        return HeatRow(
            name=name,
            title=self.rows[i],
            size=count(sizes[i]) if sizes else "",
            cells=tuple(self._cell(i, j) for j in range(min(len(self.columns), MOST_COLUMNS))),
        )

    def _cell(self, i: int, j: int) -> HeatCell:
        value, still = self.picture.values[i][j], _at(self.picture.open, i, j) or False
        if value is None:
            return HeatCell("", 0, "", "", still)
        exact = self.hand.exact(value, self.picture.of)
        growing = " (still growing)" if still else ""
        return HeatCell(
            text=self._text(value),
            level=self._level(value),
            title=f"{self.rows[i]}, {self.columns[j]}: {exact}{self._of(i)}{growing}",
            href=self.hand.href(_at(self.picture.picks, i, j)),
            open=still,
        )

    def _text(self, value: float) -> str:
        """Write a cell's number short: shares without decimals where two figures are left."""
        if self.picture.of == "share":
            points = value * 100
            return f"{points:.0f}" if points == 0 or points >= 9.95 else f"{points:.1f}"
        return self.hand.brief(value, self.picture.of)

    def _level(self, value: float) -> int:
        if value <= self.floor:
            return 0
        share = min((value - self.floor) / ((self.top - self.floor) or 1.0), 1.0)
        return max(1, round(share * LEVELS))

    def _of(self, i: int) -> str:
        if not self.picture.sizes or self.picture.of != "share":
            return ""
        n = self.picture.sizes[i]
        return f" of {count(n)} {plural(n, 'person', 'people')}"


def _at(grid: tuple[tuple[T, ...], ...], i: int, j: int) -> T | None:
    return grid[i][j] if i < len(grid) and j < len(grid[i]) else None
