"""A ranking: a bar a row, from 0 or from what it is read against, its interval and its number beside it."""

from __future__ import annotations

from dataclasses import dataclass

from obverse.measure.picture import Bar, Bars
from obverse.web.pages.drawing.grid import MOST_ROWS, Cell, Grid, Row
from obverse.web.pages.drawing.scale import WILD, Axis
from obverse.web.pages.drawing.writing import Hand
from obverse.web.pages.figures import short

MOST_BARS = 30
"""Rows that are drawn; the table beneath has the rest."""


@dataclass(frozen=True)
class DrawnBar:
    """A row: its words, and its bar in per cent across.

    Attributes:
        name: of the row.
        text: its number.
        title: its number in full, with its interval.
        between: its interval; empty for none.
        note: a remark, or why there is no number.
        href: address of the people behind it.
        left: where the bar begins; None where there is none.
        width: how long it is.
        low: lower end of its interval.
        high: upper end.
        below: it runs to the left of what it is read against.
    """

    name: str
    text: str
    title: str
    between: str
    note: str
    href: str
    left: float | None
    width: float
    low: float | None
    high: float | None
    below: bool


@dataclass(frozen=True)
class BarGroup:
    """Bars that stand together; the name is empty where there are no groups."""

    name: str
    rows: tuple[DrawnBar, ...]


@dataclass(frozen=True, kw_only=True)
class DrawnBars:
    """A ranking, laid out.

    Attributes:
        title: what is shown.
        number_title: what the number of a row is.
        groups: the bars.
        base: where bars begin, in per cent across.
        reference: what they are read against, in words; empty for 0.
        any_note: some row has a remark.
        any_band: an interval is drawn.
        left_out: how many rows are not drawn.
        grid: the numbers, of all rows; None where the picture has them all.
    """

    title: str
    number_title: str
    groups: tuple[BarGroup, ...]
    base: float
    reference: str
    any_note: bool
    any_band: bool
    left_out: int
    grid: Grid | None

    kind = "bars"
    any_before = False
    any_open = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.groups


NUMBER_TITLES = {
    "people": "People",
    "count": "Number",
    "share": "Share",
    "money": "Value",
    "number": "Number",
    "seconds": "Time",
}


def draw_bars(picture: Bars, hand: Hand) -> DrawnBars:
    """Lay out a ranking."""
    shown = picture.rows[:MOST_BARS]
    axis = _axis(picture, shown)
    names = dict.fromkeys(bar.group for bar in shown)
    return DrawnBars(
        title=picture.title,
        number_title=_titled(NUMBER_TITLES[picture.of], picture, hand),
        groups=tuple(
            BarGroup(name, tuple(_bar(bar, picture, hand, axis) for bar in shown if bar.group == name))
            for name in names
        ),
        base=_across(axis, picture.reference or 0.0),
        reference=_reference(picture, hand),
        any_note=any(bar.note for bar in shown),
        any_band=any(bar.low is not None for bar in shown),
        left_out=len(picture.rows) - len(shown),
        grid=_grid(picture, hand) if len(picture.rows) > len(shown) else None,
    )


def _titled(title: str, picture: Bars, hand: Hand) -> str:
    return f"{title}, {hand.currency}" if picture.of == "money" and hand.currency else title


def _axis(picture: Bars, shown: tuple[Bar, ...]) -> Axis:
    """Choose the axis: what bars begin at is on it, wild ends of intervals are off it."""
    at = picture.reference or 0.0
    bars = [bar for bar in shown if bar.value is not None]
    sure = [(bar.value or 0.0) - at for bar in bars]
    reach = WILD * max(map(abs, sure), default=0.0)
    bounds = [bound - at for bar in bars for bound in (bar.low, bar.high) if bound is not None]
    ends = [0.0, *sure, *(min(max(bound, -reach), reach) for bound in bounds)]
    return Axis(at + min(ends), at + max(ends) if max(ends) > min(ends) else at + 1.0)


def _across(axis: Axis, value: float) -> float:
    return round(axis.share(value) * 100, 3)


def _reference(picture: Bars, hand: Hand) -> str:
    if picture.reference is None:
        return ""
    number = hand.brief(picture.reference, picture.of)
    return f"{picture.reference_name}, {number}" if picture.reference_name else number


def _bar(bar: Bar, picture: Bars, hand: Hand, axis: Axis) -> DrawnBar:
    start = _across(axis, picture.reference or 0.0)
    end = start if bar.value is None else _across(axis, bar.value)
    return DrawnBar(
        name=bar.name,
        text=_text(bar, picture, hand),
        title=hand.told(bar.value, bar.low, bar.high, picture.of) if bar.value is not None else bar.note,
        between=hand.between(bar.low, bar.high, picture.of),
        note=bar.note,
        href=hand.href(bar.pick),
        left=None if bar.value is None else min(start, end),
        width=round(abs(end - start), 3),
        low=None if bar.low is None or bar.value is None else _across(axis, bar.low),
        high=None if bar.high is None or bar.value is None else _across(axis, bar.high),
        below=end < start,
    )


def _text(bar: Bar, picture: Bars, hand: Hand) -> str:
    if picture.reference == 1 and picture.of == "number" and bar.value is not None:
        return f"×\u202f{short(bar.value)}"
    return hand.brief(bar.value, picture.of)


def _grid(picture: Bars, hand: Hand) -> Grid:
    rows = tuple(
        Row(
            f"{bar.group}: {bar.name}" if bar.group else bar.name,
            (
                Cell(
                    hand.cell(bar.value, picture.of),
                    hand.href(bar.pick) if bar.value else "",
                    hand.between(bar.low, bar.high, picture.of),
                ),
                Cell(bar.note),
            ),
        )
        for bar in picture.rows[:MOST_ROWS]
    )
    columns = ("", NUMBER_TITLES[picture.of], "")
    return Grid(columns, rows, max(0, len(picture.rows) - MOST_ROWS))
