"""How the groups of a split differ: each share and mean of a group beside that of all other groups together.

Each person is in one group, so a group and all others are independent: the interval of the difference comes
from both intervals (`obverse.measure.estimate.change`), and its p value from that. Groups and figures make
many comparisons, so p values are adjusted to keep false discoveries at 5 % (Benjamini and Hochberg 1995).
Money has an interval and no p value: a few people spend much of it, which far tails do not allow for.
Counts and sums are not compared: a larger group has more of everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import msgspec

from obverse.measure.estimate import (
    Comparison,
    Estimate,
    Reason,
    benjamini_hochberg,
    differ,
)
from obverse.measure.picture import Of
from obverse.measure.wording import duration, money, percent


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A share or a mean in an answer.

    Attributes:
        what: what is measured, such as ``Converting``.
        name: of whom or where; empty for all of the answer.
        of: what its values are of: a ``share``, ``money``, ``seconds``, a ``number``.
        people: how many people it is of.
        value: the figure.
        pick: who is behind it.
    """

    what: str
    name: str = ""
    of: Of = "share"
    people: int
    value: Estimate
    pick: dict[str, str] = {}


class GroupFigure(Figure, frozen=True, kw_only=True):
    """A figure of a group, and how it differs from that of all other groups together.

    Attributes:
        rest: the same figure of all others; NO_REST where they have none.
        versus_rest: the group's less theirs; p values are adjusted for all that is compared; money has none.
    """

    rest: Estimate
    versus_rest: Comparison


def rests(parts: Sequence[Any]) -> list[Any]:
    """Merge, for each of several summaries, all the others; None where there are no others."""
    before = [None, *accumulate(parts, merged)]
    after = [None, *accumulate(reversed(parts), merged)]
    return [merged(before[n], after[-2 - n]) for n in range(len(parts))]


def merged(one: Any, other: Any) -> Any:
    """Merge two summaries, either of which may be None for nobody."""
    if one is None or other is None:
        return other if one is None else one
    return one.merge(other)


def compared(
    groups: Sequence[Sequence[Figure]], others: Sequence[Sequence[Figure]]
) -> list[tuple[GroupFigure, ...]]:
    """Compare the figures of each group with those of the same name of all others.

    Args:
        groups: figures of each group.
        others: figures of all who are not in it, for each group.
    """
    found = [
        [_compared(one, {(other.what, other.name): other for other in rest}) for one in own]
        for own, rest in zip(groups, others, strict=True)
    ]
    tested = [one.versus_rest.p_value for own in found for one in own if one.versus_rest.p_value is not None]
    adjusted = iter(benjamini_hochberg(tested))
    return [
        tuple(one if one.versus_rest.p_value is None else _with(one, next(adjusted)) for one in own)
        for own in found
    ]


def _compared(own: Figure, others: dict[tuple[str, str], Figure]) -> GroupFigure:
    rest, versus = others.get((own.what, own.name)), Comparison(reason=Reason.NO_REST)
    if rest is not None:
        versus = differ(own.value, own.people, rest.value, rest.people)
        if own.of == "money":
            versus = msgspec.structs.replace(versus, p_value=None)
    return GroupFigure(
        **msgspec.structs.asdict(own),
        rest=Estimate(reason=Reason.NO_REST) if rest is None else rest.value,
        versus_rest=versus,
    )


def _with(figure: GroupFigure, p_value: float) -> GroupFigure:
    versus = msgspec.structs.replace(figure.versus_rest, p_value=p_value)
    return msgspec.structs.replace(figure, versus_rest=versus)


def worded(value: float, of: Of, currency: str | None) -> str:
    """Write a value as sentences do.

    >>> worded(90.0, "seconds", None)
    '1.5\u202fmin'
    """
    if of == "share":
        return percent(value)
    if of == "money":
        return money(value, currency)
    return duration(value) if of == "seconds" else f"{value:.2g}"
