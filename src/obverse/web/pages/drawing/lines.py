"""Series over an axis: named at their ends where they are few, a small picture each where they are many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from obverse.measure.picture import Line, Lines, Numbers
from obverse.web.pages.chart import Tick, day_ticks
from obverse.web.pages.drawing.days import are_days, full_names, short_names
from obverse.web.pages.drawing.grid import MOST_ROWS, Cell, Grid, Row
from obverse.web.pages.drawing.scale import Axis, Field, Mark, axis_of, spread
from obverse.web.pages.drawing.writing import Hand

TOGETHER = 4
"""So many series share one picture; more of them get one each."""
MOST_PANELS = 12
MOST_HITS = 400
_MARKED = 40
"""Up to so many places each value has its mark; beyond, only the last."""
_HEIGHT = 260.0
_PANEL_HEIGHT = 92.0
_HEAD, _FOOT = 24.0, 28.0
_LABEL = 21.0
_CLUSTER = 0.78
"""How much of a place its columns fill."""

T = TypeVar("T")


@dataclass(frozen=True)
class Dot:
    """A value's mark, and the people behind it."""

    at: float
    y: float
    title: str
    href: str
    open: bool
    shown: bool


@dataclass(frozen=True)
class Column:
    """A value as a column: per cent across, units down."""

    left: float
    width: float
    y: float
    height: float
    middle: float
    low: float | None
    high: float | None
    open: bool
    title: str
    href: str


@dataclass(frozen=True)
class Series:
    """One series as it is drawn.

    Attributes:
        number: which of the strokes and marks it has, from 0.
        name: what it is.
        line: path of its whole pieces.
        tail: path of its pieces that are still growing.
        band: path of its interval.
        before: path of the series that it is compared with.
        dots: its values; the last is the one that names it.
        columns: its values, where they are columns.
        y: units down to its last value.
        label_y: units down to its name.
        last: its last value in words.
        last_open: that is still growing.
    """

    number: int
    name: str
    line: str
    tail: str
    band: str
    before: str
    dots: tuple[Dot, ...]
    columns: tuple[Column, ...]
    y: float | None
    label_y: float
    last: str
    last_open: bool


@dataclass(frozen=True)
class Hit:
    """A place that a pointer or the arrow keys read out: per cent across."""

    left: float
    width: float
    title: str
    href: str


@dataclass(frozen=True, kw_only=True)
class DrawnLines:
    """Series over an axis, laid out.

    Attributes:
        title: what is shown.
        axis_title: what the axis is; empty where its names say so.
        mark: how values are drawn.
        height: units, of each picture.
        base: units down to 0.
        head: units down to the axis's upper end.
        foot: units down to its lower end.
        ticks_y: labels of the values.
        ticks_x: labels of the places.
        series: drawn in one picture, or one a picture.
        panels: there is one a picture.
        left_out: how many series have none.
        everything: path of all series, to stand back in each small picture.
        hits: places to read out; empty where there are too many.
        named: names stand at the ends of the lines.
        any_before: something stands back to be compared with.
        any_open: something is still growing.
        any_band: an interval is drawn.
        grid: the numbers.
    """

    title: str
    axis_title: str
    mark: Literal["line", "step", "column"]
    height: float
    base: float
    head: float
    foot: float
    ticks_y: tuple[Tick, ...]
    ticks_x: tuple[Tick, ...]
    series: tuple[Series, ...]
    panels: bool
    left_out: int
    everything: str
    hits: tuple[Hit, ...]
    named: bool
    any_before: bool
    any_open: bool
    any_band: bool
    grid: Grid

    kind = "lines"

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(one.y is not None or one.columns for one in self.series)


def draw_lines(picture: Lines, hand: Hand) -> DrawnLines:
    """Lay out series over an axis."""
    main = [line for line in picture.series if not line.before]
    behind = [line for line in picture.series if line.before]
    panels = len(main) > (TOGETHER if picture.mark != "column" else 3)
    shown = main[:MOST_PANELS] if panels else main
    bounds = [one for line in shown for one in (_sure(line, line.low), _sure(line, line.high))]
    everything = [*(line.values for line in shown), *(line.values for line in behind)]
    axis = axis_of(everything, bounds, 1.0 if picture.of == "share" else None)
    height = _PANEL_HEIGHT if panels else _HEIGHT
    field = Field(len(picture.axis), axis, 6.0 if panels else _HEAD, height - (6.0 if panels else _FOOT))
    writer = _Writer(picture, hand, field, full_names(picture.axis), 1 if panels else len(shown))
    series = [writer.series(k, line, _partner(k, main, behind)) for k, line in enumerate(shown)]
    path_mark: Mark = "step" if picture.mark == "step" else "line"
    lines_drawn = picture.mark != "column"
    return DrawnLines(
        title=picture.title,
        axis_title="" if are_days(picture.axis) else picture.axis_title,
        mark=picture.mark,
        height=height,
        base=field.y(0.0),
        head=field.head,
        foot=field.foot,
        ticks_y=tuple(Tick(field.y(v), _tick(v, axis, picture, hand)) for v in axis.ticks),
        ticks_x=day_ticks(short_names(picture.axis), 3 if panels else 6),
        series=tuple(series if panels else _labelled(series, field)),
        panels=panels,
        left_out=len(main) - len(shown),
        everything="".join(field.path(line.values, path_mark) for line in shown)
        if panels and lines_drawn
        else "",
        hits=() if panels else writer.hits(shown),
        named=len(shown) > 1 and not panels,
        any_before=any(one.before for one in series),
        any_open=any(any(line.open) for line in shown),
        any_band=any(line.low for line in shown),
        grid=_grid(picture, hand, writer.places),
    )


def _sure(line: Line, bound: Numbers) -> Numbers:
    """Leave out the ends of intervals of what is still growing: they are wide, and would flatten the rest."""
    return tuple(None if _is(line.open, i) else value for i, value in enumerate(bound))


def _partner(k: int, main: Sequence[Line], behind: Sequence[Line]) -> Line | None:
    """Find what a series is compared with: the one with its number, or the only one there is."""
    if len(main) == len(behind):
        return behind[k]
    return behind[0] if len(behind) == 1 and k == 0 else None


def _is(flags: Sequence[bool], i: int) -> bool:
    return i < len(flags) and flags[i]


def _tick(value: float, axis: Axis, picture: Lines, hand: Hand) -> str:
    """Write a tick; none at 0, and none for half a person."""
    if value == 0:
        return "" if axis.floor == 0 else "0"
    if picture.of in ("people", "count") and value != round(value):
        return ""
    return hand.brief(value, picture.of).replace(".0\u202f", "\u202f")


@dataclass(frozen=True)
class _Writer:
    """Draws the series of one picture."""

    picture: Lines
    hand: Hand
    field: Field
    places: tuple[str, ...]
    beside: int

    def series(self, number: int, line: Line, partner: Line | None) -> Series:
        mark: Mark = "step" if self.picture.mark == "step" else "line"
        columns = self.picture.mark == "column"
        still = [_is(line.open, i) or (i > 0 and _is(line.open, i - 1)) for i in range(len(line.values))]
        whole = [not one for one in still]
        dots = self._dots(line)
        last = dots[-1] if dots else None
        end = next((i for i in reversed(range(len(line.values))) if line.values[i] is not None), 0)
        return Series(
            number=number,
            name=line.name,
            line="" if columns else self.field.path(line.values, mark, whole),
            tail="" if columns or not any(still) else self.field.path(line.values, mark, still),
            band=self.field.band(line.low, line.high, mark) if line.low and not columns else "",
            before=self.field.path(partner.values, mark) if partner else "",
            dots=() if columns else dots,
            columns=self._columns(number, line) if columns else (),
            y=last.y if last else None,
            label_y=last.y if last else self.field.foot,
            last=self.hand.brief(line.values[end], self.picture.of) if dots else "",
            last_open=_is(line.open, end),
        )

    def _dots(self, line: Line) -> tuple[Dot, ...]:
        there = [i for i, value in enumerate(line.values) if value is not None]
        marked = len(self.places) <= _MARKED and self.beside > 1
        linked = len(self.places) <= MOST_HITS and self.beside > 1
        made = []
        for i in there:
            shown = marked or i == there[-1] or _lonely(line.values, i)
            if shown or linked:
                made.append(self._dot(line, i, shown))
        return tuple(made)

    def _dot(self, line: Line, i: int, shown: bool) -> Dot:
        return Dot(
            at=self.field.at(i),
            y=self.field.y(line.values[i] or 0.0),
            title=f"{self.places[i]}: {self.said(line, i)}",
            href=self.hand.href(_at(line.picks, i)),
            open=_is(line.open, i),
            shown=shown,
        )

    def _columns(self, number: int, line: Line) -> tuple[Column, ...]:
        wide = 100 / max(len(self.places), 1)
        each = wide * _CLUSTER / self.beside
        start = wide * (1 - _CLUSTER) / 2 + (number if self.beside > 1 else 0) * each
        zero, made = self.field.y(0.0), []
        for i, value in enumerate(line.values):
            if value is None:
                continue
            y, low, high = self.field.y(value), _at(line.low, i), _at(line.high, i)
            top, tall = min(y, zero), abs(zero - y)
            made.append(
                Column(
                    left=round(i * wide + start, 3),
                    width=round(each, 3),
                    y=top if tall >= 1 or not value else zero - 1,
                    height=round(max(tall, 1.0) if value else 0.0, 2),
                    middle=round(i * wide + start + each / 2, 3),
                    low=None if low is None else self.field.y(low),
                    high=None if high is None else self.field.y(high),
                    open=_is(line.open, i),
                    title=f"{self.places[i]}: {self.said(line, i)}",
                    href=self.hand.href(_at(line.picks, i)),
                )
            )
        return tuple(made)

    def hits(self, shown: Sequence[Line]) -> tuple[Hit, ...]:
        n = len(self.places)
        if n > MOST_HITS:
            return ()
        wide, alone = 100 / max(n, 1), len(shown) == 1
        return tuple(
            Hit(
                left=round(i * wide, 3),
                width=round(wide, 3),
                title=f"{place}: {'; '.join(self.said(line, i, not alone) for line in shown)}",
                href=self.hand.href(_at(shown[0].picks, i)) if alone else "",
            )
            for i, place in enumerate(self.places)
        )

    def said(self, line: Line, i: int, named: bool = False) -> str:
        value = line.values[i]
        text = self.hand.told(value, _at(line.low, i), _at(line.high, i), self.picture.of)
        name = f"{line.name} " if named or self.beside > 1 else ""
        return f"{name}{text}{' (still growing)' if _is(line.open, i) and value is not None else ''}"


def _lonely(values: Numbers, i: int) -> bool:
    """Tell whether a value has no neighbour to draw a line to."""
    left = i > 0 and values[i - 1] is not None
    right = i + 1 < len(values) and values[i + 1] is not None
    return not left and not right


def _at(some: Sequence[T], i: int) -> T | None:
    return some[i] if i < len(some) else None


def _labelled(series: list[Series], field: Field) -> list[Series]:
    """Set the names at the ends of the lines apart."""
    places = spread([one.label_y for one in series], _LABEL, field.head - 8, field.foot)
    return [replace(one, label_y=round(place, 1)) for one, place in zip(series, places, strict=True)]


def _grid(picture: Lines, hand: Hand, places: Sequence[str]) -> Grid:
    shown = picture.series[:MOST_PANELS]
    rows = tuple(
        Row(
            name,
            tuple(
                Cell(
                    hand.cell(line.values[i], picture.of),
                    hand.href(_at(line.picks, i)) if line.values[i] else "",
                    hand.between(_at(line.low, i), _at(line.high, i), picture.of),
                    _is(line.open, i),
                )
                for line in shown
            ),
        )
        for i, name in enumerate(places[:MOST_ROWS])
    )
    columns = (picture.axis_title or "", *(line.name for line in shown))
    return Grid(columns, rows, max(0, len(places) - MOST_ROWS))
