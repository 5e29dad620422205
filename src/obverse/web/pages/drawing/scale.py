"""Where values go: an axis with round ends, and the paths of what runs along it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from obverse.measure.picture import Numbers
from obverse.web.pages.chart import WIDTH, nice_ceiling

WILD = 1.7
"""An interval may raise the top of an axis to so much of the largest value; what is above is cut off."""

Mark = Literal["line", "step"]


@dataclass(frozen=True)
class Axis:
    """An axis of values: from `floor` to `top`, both round, 0 always on it.

    Attributes:
        floor: its lower end; 0 or negative.
        top: its upper end.
    """

    floor: float
    top: float

    @property
    def ticks(self) -> tuple[float, ...]:
        """The values that are written at it: its ends, and what is in between."""
        if self.floor < 0:
            return tuple(dict.fromkeys((self.floor, 0.0, self.top)))
        return (0.0, self.top / 2, self.top)

    def share(self, value: float) -> float:
        """Say how far along the axis a value is, from 0 to 1; what is off the axis stands at its end."""
        return min(max((value - self.floor) / (self.top - self.floor), 0.0), 1.0)


def axis_of(
    values: Sequence[Numbers], bounds: Sequence[Numbers] = (), most_of_all: float | None = None
) -> Axis:
    """Choose the axis for some values; wild ends of intervals do not flatten what is sure.

    Args:
        values: what stands on it.
        bounds: ends of intervals.
        most_of_all: a value that nothing can exceed; None for none.

    >>> axis_of([(1.0, None, 7.5)]), axis_of([(0.02,)], [(0.95,)])
    (Axis(floor=0.0, top=8.0), Axis(floor=0.0, top=0.04))
    >>> axis_of([(-3.0, 10.0)])
    Axis(floor=-3.0, top=10.0)
    """
    sure = [value for one in values for value in one if value is not None and math.isfinite(value)]
    wide = [value for one in bounds for value in one if value is not None and math.isfinite(value)]
    most, least = max(sure, default=0.0), min(sure, default=0.0)
    reach = WILD * max(abs(most), abs(least))
    high, low = max([most, *(min(v, reach) for v in wide)]), min([least, *(max(v, -reach) for v in wide)])
    floor = -nice_ceiling(-low) if low < 0 else 0.0
    top = nice_ceiling(high) if high > 0 or floor == 0 else 0.0
    return Axis(floor, most_of_all if most_of_all is not None and high <= most_of_all < top else top)


@dataclass(frozen=True)
class Field:
    """A stretched box in which series run: places across, an axis upwards.

    Attributes:
        n: number of places.
        axis: of the values.
        head: units down to the axis's upper end.
        foot: units down to its lower end.
    """

    n: int
    axis: Axis
    head: float
    foot: float

    def x(self, index: int) -> float:
        """Units across to the middle of a place."""
        return round((index + 0.5) / max(self.n, 1) * WIDTH, 2)

    def y(self, value: float) -> float:
        """Units down to a value."""
        return round(self.foot - self.axis.share(value) * (self.foot - self.head), 2)

    def at(self, index: int) -> float:
        """Per cent across to the middle of a place."""
        return round((index + 0.5) / max(self.n, 1) * 100, 3)

    def path(self, values: Numbers, mark: Mark, drawn: Sequence[bool] | None = None) -> str:
        """Draw a series; gaps stay open.

        Args:
            values: one a place.
            mark: ``line``, or ``step``: each value holds until the next.
            drawn: for each piece, by its end, whether it is drawn here; all of them unless given.
        """
        parts: list[str] = []
        before: int | None = None
        down = False
        for i, value in enumerate(values):
            if value is None:
                before, down = None, False
                continue
            if before is None or (drawn is not None and not drawn[i]):
                down = False
            else:
                if not down:
                    parts.append(f"M{self.x(before)} {self.y(values[before] or 0.0)}")
                parts.append(f"{f'H{self.x(i)}V' if mark == 'step' else f'L{self.x(i)} '}{self.y(value)}")
                down = True
            before = i
        return "".join(parts)

    def band(self, low: Numbers, high: Numbers, mark: Mark) -> str:
        """Draw the area between two ends; where either is missing there is none."""
        parts = []
        for run in _runs([None if a is None or b is None else b for a, b in zip(low, high, strict=True)]):
            there = self._edge(run, high, mark)
            back = list(reversed(self._edge(run, low, mark)))
            parts.append("M" + "L".join(f"{x} {y}" for x, y in (*there, *back)) + "Z")
        return "".join(parts)

    def _edge(self, run: list[int], values: Numbers, mark: Mark) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        for i in run:
            x, y = self.x(i), self.y(values[i] or 0.0)
            if mark == "step" and points:
                points.append((x, points[-1][1]))
            points.append((x, y))
        return points


def _runs(values: Sequence[float | None]) -> list[list[int]]:
    """Split the indices of what is there into runs without a gap."""
    runs: list[list[int]] = []
    for index, value in enumerate(values):
        if value is not None:
            if runs and runs[-1][-1] == index - 1:
                runs[-1].append(index)
            else:
                runs.append([index])
    return runs


def spread(wanted: Sequence[float], apart: float, head: float, foot: float) -> list[float]:
    """Move labels off each other, as little as need be, in the order of where they would like to be.

    Args:
        wanted: where each would like to stand.
        apart: least distance between two.
        head: least place.
        foot: greatest place, overstepped only where there is no room.

    >>> spread([50, 52, 10], 20, 0, 100), spread([90, 95], 20, 0, 100)
    ([50, 70, 10], [80, 100])
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    found = list(wanted)
    least = head
    for i in order:
        found[i] = max(wanted[i], least)
        least = found[i] + apart
    most = max(foot, head + apart * (len(wanted) - 1))
    for i in reversed(order):
        found[i] = min(found[i], most)
        most = found[i] - apart
    return found
