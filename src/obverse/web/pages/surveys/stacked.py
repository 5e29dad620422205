"""A score made of shares, as one bar: how many detractors, passives and promoters stand behind an NPS."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from obverse.measure.score import ScoreAnswer
from obverse.measure.score.answer import ScoreGroup, ScoreLevel
from obverse.web.pages.drawing import Hand
from obverse.web.pages.drawing.grid import Cell, Grid, Row
from obverse.web.pages.figures import count, percent, percent_range


@dataclass(frozen=True)
class Layer:
    """A part of the bar, in per cent across; its share in words, and the address of who is behind it."""

    name: str
    text: str
    href: str
    left: float
    width: float


@dataclass(frozen=True)
class Stack:
    """One bar: its group where there is a split, and its parts from the lowest answers to the highest."""

    group: str
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Stacked:
    """All bars, and their numbers as a table."""

    stacks: tuple[Stack, ...]
    grid: Grid


def stacked(answer: ScoreAnswer, hand: Hand) -> Stacked:
    """Lay out what a score is made of: everyone, or each group of a split; who did not answer has no bar."""
    split = [(one.name, one) for one in answer.groups] or [("", answer.everyone)]
    groups = [(name, one) for name, one in split if one.answers]
    rows = tuple(_row(name, level, hand) for name, one in groups for level in reversed(one.levels))
    return Stacked(
        tuple(Stack(name, _layers(name, one, hand)) for name, one in groups),
        Grid(("", "Answers", "Share"), rows),
    )


def _layers(group: str, found: ScoreGroup, hand: Hand) -> tuple[Layer, ...]:
    widths = [100 * level.answers / found.answers for level in found.levels]
    lefts = accumulate(widths, initial=0.0)
    return tuple(
        Layer(level.name, percent(level.share.value), hand.href(_pick(group, level)), left, width)
        for level, left, width in zip(found.levels, lefts, widths, strict=False)
    )


def _row(group: str, level: ScoreLevel, hand: Hand) -> Row:
    share = level.share
    between = percent_range(share.low, share.high)
    cells = (
        Cell(count(level.answers), hand.href(_pick(group, level))),
        Cell(percent(share.value), "", between),
    )
    return Row(f"{group}: {level.name}" if group else level.name, cells)


def _pick(group: str, level: ScoreLevel) -> dict[str, str]:
    return ({"group": group} if group else {}) | {"level": level.name}
