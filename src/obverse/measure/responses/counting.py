"""How many chose each option, and how sure its share is: from what the scan left to what an answer lists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obverse.measure.clustered import share_of_things
from obverse.measure.estimate import Estimate, share
from obverse.measure.pairs import ratio
from obverse.measure.responses.answer import Chosen
from obverse.measure.responses.choices import ANSWERED_BY, PEOPLE, SS, SX, XX, XY, YY, choices_of
from obverse.measure.responses.question import Shape
from obverse.tape.layout import Floats, Int64s

MAX_SHOWN = 200
"""Options that an answer lists, the most frequent; more are left out."""


@dataclass(frozen=True)
class Counted:
    """What was answered to a question.

    Attributes:
        answers: submissions that answered it.
        options: what they chose.
        left_out: options that were chosen, but are not listed.
    """

    answers: int
    options: tuple[Chosen, ...]
    left_out: int


def count_options(
    labels: tuple[str | None, ...], counts: Int64s, of_options: Int64s, of_rows: Int64s, shape: Shape
) -> Counted:
    """Count what was chosen.

    Args:
        labels: of the answers; None stands for none.
        counts: shape (labels + 1,), submissions by label; the last place is of those without one.
        of_options: shape (options, 5), of `obverse.measure.responses.choices`.
        of_rows: shape (rows, 2), likewise.
        shape: what answers are.
    """
    choices = choices_of(labels, shape)
    chosen, places, answered = choices.totals(counts)
    found = [
        Chosen(
            name=part.name,
            row=part.row,
            answers=int(x),
            share=_share(int(x), int(answered[row]), sums, of_rows[row]),
            mean_rank=_mean_rank(int(x), int(s), sums) if shape == "ranking" else None,
        )
        for part, row, x, s, sums in zip(
            choices.parts, choices.row_of.tolist(), chosen, places, of_options, strict=True
        )
        if x
    ]
    found = _ordered(found, shape)
    answers = int(counts @ choices.chooses)
    return Counted(answers, tuple(found[:MAX_SHOWN]), max(len(found) - MAX_SHOWN, 0))


def _share(x: int, y: int, option: Int64s, row: Int64s) -> Estimate:
    """Estimate a share of answers; those of one person are alike."""
    people = int(row[ANSWERED_BY])
    if people == y:
        return share(x, y)
    return share_of_things(_moments(people, (x, y), option[XX], row[YY], option[XY]))


def _mean_rank(x: int, s: int, option: Int64s) -> Estimate:
    """Estimate the mean place of an option in a ranking."""
    return ratio(_moments(int(option[PEOPLE]), (s, x), option[SS], option[XX], option[SX]))


def _moments(n: int, sums: tuple[int, int], aa: int, bb: int, ab: int) -> Floats:
    """Give centred moments of pairs (a, b) of n people from their sums; see `obverse.measure.pairs`."""
    a, b = sums
    return np.array([n, a / n, b / n, aa - a * a / n, bb - b * b / n, ab - a * b / n])


def _ordered(found: list[Chosen], shape: Shape) -> list[Chosen]:
    """Put numbers in their order, rankings by mean rank, others by how often they were chosen."""
    if shape == "number":
        return sorted(found, key=_number)
    if shape == "ranking":
        return sorted(found, key=lambda one: (one.mean_rank.value if one.mean_rank else 0, one.name))
    rows = {row: place for place, row in enumerate(dict.fromkeys(one.row for one in found))}
    return sorted(found, key=lambda one: (rows[one.row], -one.answers, one.name))


def _number(one: Chosen) -> tuple[bool, float, str]:
    try:
        return False, float(one.name), one.name
    except ValueError:
        return True, 0.0, one.name
