"""Scales: which numbers are answers, and what each counts as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from obverse.errors import QuestionError
from obverse.measure.fields import check_number
from obverse.tape.layout import Bools, Floats, Int64s

Kind = Literal["nps", "csat", "ces", "rating", "seq", "sus", "umux_lite", "mean"]

_POINTS = {"csat": 5, "ces": 7, "rating": 5, "seq": 7}
_MAX_POINTS = 100


@dataclass(frozen=True)
class Level:
    """Answers that count alike.

    Attributes:
        name: such as ``promoters``.
        least: the lowest number of them.
        below: the next level's lowest.
    """

    name: str
    least: float
    below: float


@dataclass(frozen=True)
class Scale:
    """Which numbers are answers.

    Attributes:
        kind: of the score.
        low: the lowest number; None for any.
        high: the highest.
        step: numbers are `low` and so many steps more; 0 for any in between.
        levels: what numbers count as, the lowest first; one where they only have a mean.
    """

    kind: Kind
    low: float | None
    high: float | None
    step: float
    levels: tuple[Level, ...]

    @property
    def n_values(self) -> int:
        """How many numbers can be answers; 0 for any number."""
        if self.low is None or self.high is None or self.step == 0:
            return 0
        return round((self.high - self.low) / self.step) + 1

    def takes(self, numbers: Floats) -> Bools:
        """Say which numbers are answers."""
        low = float("-inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        whole = numbers == np.floor(numbers) if self.step == 1 else np.isfinite(numbers)
        found: Bools = (numbers >= low) & (numbers <= high) & whole
        return found

    def level_of(self, numbers: Floats) -> Int64s:
        """Give the place of each number's level."""
        return np.searchsorted([level.least for level in self.levels], numbers, side="right") - 1

    def points_of(self, numbers: Floats) -> Floats:
        """Give what each number counts with in the score: NPS -1, 0 or 1, CSAT 0 or 1, else itself."""
        if self.kind == "nps":
            return (self.level_of(numbers) - 1).astype(np.float64)
        if self.kind == "csat":
            best: Bools = self.level_of(numbers) == len(self.levels) - 1
            return best.astype(np.float64)
        return numbers

    def place_of(self, numbers: Floats) -> Int64s:
        """Give the place of each number on the scale; of one in between that of the nearest."""
        return np.rint((numbers - (self.low or 0)) / (self.step or 1)).astype(np.int64)

    def value(self, place: int) -> float:
        """Give the number at a place of the scale, from 0."""
        return (self.low or 0) + place * self.step


def scale_of(kind: Kind, points: int | None) -> Scale:
    """Give the scale of a kind of score.

    Args:
        kind: of the score.
        points: how many the scale has, where it may differ; None for the usual.

    Raises:
        QuestionError: this kind has no such number of points.

    >>> [level.name for level in scale_of("nps", None).levels]
    ['detractors', 'passives', 'promoters']
    """
    if points is not None:
        if kind not in _POINTS:
            raise QuestionError(f"points: a scale of kind {kind!r} has none to choose")
        check_number(points, "points", 2, _MAX_POINTS)
    if kind == "nps":
        names = (("detractors", 0.0), ("passives", 7.0), ("promoters", 9.0))
        return Scale(kind, 0.0, 10.0, 1.0, _levels(names))
    if kind == "sus":
        return Scale(kind, 0.0, 100.0, 2.5, _levels(_GRADES))
    if kind == "umux_lite":
        return Scale(kind, 0.0, 100.0, 100 / 12, _levels(_THIRDS))
    if kind == "mean":
        return Scale(kind, None, None, 0.0, _levels((("answered", float("-inf")),)))
    top = float(points or _POINTS[kind])
    return Scale(kind, 1.0, top, 1.0, _levels(_boxes(kind, top)))


_GRADES = (("F", 0.0), ("D", 51.7), ("C", 62.7), ("B", 72.6), ("A", 78.9))
"""Letters of the curved grading scale, without their signs (Sauro and Lewis 2016, table 8.6)."""

_THIRDS = (("low", 0.0), ("middle", 33.4), ("high", 66.6))


def _boxes(kind: Kind, top: float) -> tuple[tuple[str, float], ...]:
    """Part a scale into its best two, its worst two where there are, and what is between."""
    names = {"csat": ("dissatisfied", "neutral", "satisfied"), "seq": ("difficult", "neutral", "easy")}
    low, middle, high = names.get(kind, ("low", "middle", "high"))
    if top <= 2:
        return ((low, 1.0), (high, 2.0))
    if top < 5:
        return ((low, 1.0), (high, top - 1))
    return ((low, 1.0), (middle, 3.0), (high, top - 1))


def _levels(names: tuple[tuple[str, float], ...]) -> tuple[Level, ...]:
    ends = (*(least for _, least in names[1:]), float("inf"))
    return tuple(Level(name, least, below) for (name, least), below in zip(names, ends, strict=True))
