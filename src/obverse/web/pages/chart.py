"""Where the lines and bars of a picture go: numbers in, places in an SVG out.

Pictures are drawn on the server, so that a page is whole without JavaScript. Shapes live in a box of
`WIDTH` units that the browser stretches to the column's width; text and dots stand outside that box at
places in per cent, so that they keep their size on a phone and on a wall.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000
"""Units across a stretched box."""
_TOP = 22
_BOTTOM = 26
_AXIS_LABELS = 6


@dataclass(frozen=True)
class Tick:
    """A label on an axis and where it stands: per cent across, or units down."""

    at: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Point:
    """One value of a series as the reader's pointer finds it.

    Attributes:
        at: middle, in per cent across.
        left: left edge, in per cent.
        width: in per cent.
        y: units down; None where there is no value.
        title: what it says in full.
    """

    at: float
    left: float
    width: float
    y: float | None
    title: str


@dataclass(frozen=True)
class LineChart:
    """A line over time with the interval it is sure of, and the period before behind it.

    Attributes:
        height: units, of the whole picture.
        base: units down to the axis.
        line: path of the series; whole steps only.
        tail: path of its last piece, where that is not over yet.
        area: path between the series and the axis.
        band: path of the interval; empty where none was given.
        before: path of the series of comparison; empty where none was given.
        points: one a value.
        last: the last value there is.
        ticks_y: labels of the values.
        ticks_x: labels of the time.
    """

    height: float
    base: float
    line: str
    tail: str
    area: str
    band: str
    before: str
    points: tuple[Point, ...]
    last: Point | None
    ticks_y: tuple[Tick, ...]
    ticks_x: tuple[Tick, ...]


Values = Sequence[float | None]


def nice_ceiling(top: float) -> float:
    """Give the next round number at or above, as an axis ends on.

    >>> [nice_ceiling(n) for n in (0, 7, 11, 240, 0.034)]
    [1.0, 8.0, 12.0, 250.0, 0.04]
    """
    if not math.isfinite(top) or top < 1e-100:
        return 1.0
    power = 10.0 ** math.floor(math.log10(top))
    for factor in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10):
        if factor * power >= top * (1 - 1e-9):
            return float(f"{factor * power:.6g}")
    return float(f"{10 * power:.6g}")


def line_chart(
    values: Values,
    *,
    titles: Sequence[str],
    labels: Sequence[str],
    low: Values = (),
    high: Values = (),
    before: Values = (),
    unfinished: bool = False,
    height: float = 240,
    axis: bool = True,
    words: Sequence[str] = (),
    ceiling: float | None = None,
) -> LineChart:
    """Lay out a line over time.

    Args:
        values: one a day; None leaves a gap.
        titles: what each value says in full.
        labels: the day of each value, short.
        low: lower ends of the intervals, one a value, or none at all.
        high: upper ends.
        before: values of the period before, one a value, or none at all.
        unfinished: the last value's day is not over.
        height: units.
        axis: leave room for labels above and below.
        words: how to write the ticks of the value axis (0, half, full), as the caller formats them.
        ceiling: the axis's top, where several pictures share one.
    """
    top = ceiling if ceiling is not None else axis_top(values, high, before)
    head, foot = (_TOP, height - _BOTTOM) if axis else (5.0, height - 5.0)
    scale = _Scale(len(values), head, foot, top)
    cut = len(values) - 1 if unfinished and len(values) > 1 else len(values)
    points = scale.points(values, titles)
    return LineChart(
        height=height,
        base=foot,
        line=scale.path(values[:cut]),
        tail=scale.path(values[cut - 1 :], start=cut - 1) if cut < len(values) else "",
        area=scale.area(values),
        band=scale.band(low, high),
        before=scale.path(before),
        points=points,
        last=next((point for point in reversed(points) if point.y is not None), None),
        ticks_y=tuple(Tick(scale.y(top * i / 2), word) for i, word in enumerate(words)),
        ticks_x=day_ticks(labels) if axis else (),
    )


def axis_top(*series: Values) -> float:
    """Give the round number at which an axis for all these values ends."""
    return nice_ceiling(max((v for one in series for v in one if v is not None), default=0.0))


@dataclass(frozen=True)
class _Scale:
    """From (index, value) to (units across, units down)."""

    n: int
    head: float
    foot: float
    top: float

    def x(self, index: int) -> float:
        return (index + 0.5) / max(self.n, 1) * WIDTH

    def y(self, value: float) -> float:
        share = min(max(value / self.top, 0.0), 1.0)
        return round(self.foot - share * (self.foot - self.head), 2)

    def path(self, values: Values, start: int = 0) -> str:
        """Move to where a run of values begins, draw to its end, leave gaps open."""
        parts = []
        pen_down = False
        for index, value in enumerate(values, start):
            if value is not None:
                parts.append(f"{'L' if pen_down else 'M'}{self.x(index):.2f} {self.y(value)}")
            pen_down = value is not None
        return "".join(parts)

    def area(self, values: Values) -> str:
        return "".join(
            f"M{self.x(run[0]):.2f} {self.foot}"
            + "".join(f"L{self.x(i):.2f} {self.y(values[i] or 0.0)}" for i in run)
            + f"L{self.x(run[-1]):.2f} {self.foot}Z"
            for run in _runs(values)
        )

    def band(self, low: Values, high: Values) -> str:
        both = [None if a is None or b is None else b for a, b in zip(low, high, strict=True)]
        parts = []
        for run in _runs(both):
            there = "L".join(f"{self.x(i):.2f} {self.y(high[i] or 0.0)}" for i in run)
            back = "L".join(f"{self.x(i):.2f} {self.y(low[i] or 0.0)}" for i in reversed(run))
            parts.append(f"M{there}L{back}Z")
        return "".join(parts)

    def points(self, values: Values, titles: Sequence[str]) -> tuple[Point, ...]:
        wide = 100 / max(self.n, 1)
        return tuple(
            Point(
                at=round((i + 0.5) * wide, 3),
                left=round(i * wide, 3),
                width=round(wide, 3),
                y=None if value is None else self.y(value),
                title=title,
            )
            for i, (value, title) in enumerate(zip(values, titles, strict=True))
        )


def _runs(values: Values) -> list[list[int]]:
    """Split the indices of what is there into runs without a gap."""
    runs: list[list[int]] = []
    for index, value in enumerate(values):
        if value is None:
            continue
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def day_ticks(labels: Sequence[str], most: int = _AXIS_LABELS) -> tuple[Tick, ...]:
    """Choose which of many labels to write, evenly spaced, and where.

    >>> [tick.label for tick in day_ticks([str(i) for i in range(10)], most=4)]
    ['0', '3', '6', '9']
    """
    n = len(labels)
    if not n:
        return ()
    step = max(1, math.ceil((n - 1) / (most - 1))) if n > most else 1
    chosen = range(0, n, step)
    return tuple(
        Tick(
            at=round((i + 0.5) / n * 100, 3),
            label=labels[i],
            anchor="start" if i == 0 and n > 2 else "end" if i >= n - 1 and n > 2 else "middle",
        )
        for i in chosen
    )


@dataclass(frozen=True)
class Bar:
    """A bar from the left, or up from the axis; lengths in per cent, heights in units."""

    left: float
    width: float
    y: float
    height: float
    title: str


def columns(
    values: Values, titles: Sequence[str], height: float, top: float | None = None
) -> tuple[Bar, ...]:
    """Stand columns side by side, the highest as high as the picture.

    A value that is there but too small to see is drawn one unit high.
    """
    limit = top or max((value for value in values if value is not None), default=0.0) or 1.0
    wide = 100 / max(len(values), 1)
    bars = []
    for i, (value, title) in enumerate(zip(values, titles, strict=True)):
        share = min((value or 0.0) / limit, 1.0)
        tall = max(round(share * height, 2), 1.0) if value else 0.0
        bars.append(Bar(round(i * wide, 3), round(wide, 3), round(height - tall, 2), tall, title))
    return tuple(bars)


def across(share: float | None) -> float:
    """Turn a share into units across a stretched box, held between its edges.

    >>> across(0.5), across(1.7), across(None)
    (500.0, 1000.0, 0.0)
    """
    if share is None or not math.isfinite(share):
        return 0.0
    return round(min(max(share, 0.0), 1.0) * WIDTH, 2)


def narrowing(share: float, next_share: float, height: float) -> tuple[str, str]:
    """Draw what goes on from one bar to the next, and the wedge of what is lost between them.

    Returns:
        Paths of both, `height` units high; the wedge is empty where nothing is lost.
    """
    wide, narrow = across(share), across(next_share)
    kept = min(wide, narrow)
    through = (
        f"M0 0L{kept} 0L{narrow} {height}L0 {height}Z"
        if narrow > wide
        else (f"M0 0L{wide} 0L{narrow} {height}L0 {height}Z")
    )
    lost = f"M{wide} 0L{wide} {height}L{narrow} {height}Z" if narrow < wide else ""
    return through, lost
