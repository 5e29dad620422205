"""What labels of answers say: an option, several, one a row, or an order; and how many chose each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from obverse.measure.estimate import Estimate, scaled, share, total
from obverse.measure.responses.answer import Chosen
from obverse.measure.responses.question import Shape
from obverse.tape.layout import Int64s

MAX_SHOWN = 200
"""Options that an answer lists, the most frequent; more are left out."""


@dataclass(frozen=True)
class Part:
    """One thing that an answer chooses.

    Attributes:
        row: of a matrix; empty for others.
        name: of the option.
        rank: its place in a ranking, from 1; 0 for others.
    """

    row: str
    name: str
    rank: int = 0


@lru_cache(maxsize=20_000)
def parts_of(label: str, shape: Shape) -> tuple[Part, ...]:
    """Read the label of an answer; an empty list, object or text chooses nothing.

    >>> [part.name for part in parts_of('["price","range"]', "choice")]
    ['price', 'range']
    >>> parts_of('{"speed": "good"}', "choice")
    (Part(row='speed', name='good', rank=0),)
    """
    if label[:1] in "[{":
        try:
            value = msgspec.json.decode(label)
        except msgspec.DecodeError:
            value = label
        if isinstance(value, dict):
            return tuple(Part(row, _text(one)) for row, one in value.items() if one is not None)
        if isinstance(value, list):
            unique = dict.fromkeys(_text(one) for one in value if one is not None)
            return tuple(Part("", one, (at + 1) * (shape == "ranking")) for at, one in enumerate(unique))
    if shape == "number":
        try:
            return (Part("", f"{float(label):.10g}"),)
        except ValueError:
            return (Part("", label),)
    return (Part("", label),) if label.strip() else ()


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


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


def count_options(labels: tuple[str | None, ...], counts: Int64s, shape: Shape) -> Counted:
    """Count what was chosen.

    Args:
        labels: of the answers; None stands for none.
        counts: shape (labels + 1,), submissions by label; the last place is of those without one.
        shape: what answers are.
    """
    answers, chosen = 0, defaultdict[Part, int](int)
    of_row, ranks = defaultdict[str, int](int), defaultdict[Part, list[tuple[int, int]]](list)
    for label, n in zip(labels, counts.tolist(), strict=False):
        parts = parts_of(label, shape) if label is not None and n else ()
        answers += n if parts else 0
        for row in {part.row for part in parts}:
            of_row[row] += n
        for part in parts:
            chosen[Part(part.row, part.name)] += n
            ranks[Part(part.row, part.name)].append((part.rank, n))
    rest = int(counts[-1]) if len(counts) else 0
    answers += rest
    if rest:
        of_row[""] += rest
    found = [
        Chosen(
            name=part.name,
            row=part.row,
            answers=n,
            share=share(n, of_row[part.row]),
            mean_rank=_mean_rank(ranks[part]) if shape == "ranking" else None,
        )
        for part, n in chosen.items()
    ]
    found = _ordered(found, shape)
    return Counted(answers, tuple(found[:MAX_SHOWN]), max(len(found) - MAX_SHOWN, 0))


def _mean_rank(ranks: list[tuple[int, int]]) -> Estimate:
    n = sum(many for _, many in ranks)
    mean = sum(rank * many for rank, many in ranks) / n
    found = total(n, mean, sum(many * (rank - mean) ** 2 for rank, many in ranks))
    return scaled(found, 1 / n)


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
