"""The answer of reliability: alpha of everyone and of groups, and what each item adds."""

from __future__ import annotations

from typing import ClassVar

import msgspec
import pyarrow as pa

from obverse.measure.estimate import Estimate
from obverse.measure.grouping import GroupKind
from obverse.measure.picture import Bar, Bars, Picture, Side
from obverse.measure.question import Answer
from obverse.measure.reliability.question import Reliability
from obverse.measure.wording import count


class ReliabilityItem(msgspec.Struct, frozen=True, kw_only=True):
    """One of the items.

    Attributes:
        name: its field.
        reversed: it was turned round.
        answers: how many answered it (listwise: it and all others).
        mean: of the numbers, turned round where it is reversed; None where nobody answered.
        deviation: their standard deviation; None below two answers.
        item_total: correlation with the sum of the other items; None where there is none.
        alpha_without: alpha of the other items; where it is higher than alpha, this one does not belong.
    """

    name: str
    reversed: bool
    answers: int
    mean: float | None
    deviation: float | None
    item_total: float | None
    alpha_without: float | None


class ReliabilityGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of one group of a split, or all.

    Attributes:
        name: the field's value, ``(other)`` or ``(no value)``; ``(all)`` for everyone.
        kind: whether it is a ``value``, all ``other`` values, or ``none``.
        answers: submissions with any of the items.
        complete: those with all of them.
        people: who gave them.
        alpha: Cronbach's alpha, with Feldt's interval.
        standardized: alpha of the correlations; None where an item does not vary.
        mean_correlation: between two items, on average.
        items: in the order asked.
    """

    name: str
    kind: GroupKind
    answers: int
    complete: int
    people: int
    alpha: Estimate
    standardized: float | None
    mean_correlation: float | None
    items: tuple[ReliabilityItem, ...]


class ReliabilityAnswer(Answer, frozen=True, kw_only=True):
    """The answer to a `Reliability`.

    Attributes:
        question: what was asked.
        everyone: all answers.
        groups: one a group of the split, the one with most answers first; empty without a split.
    """

    measure: ClassVar[str] = "reliability"

    question: Reliability
    everyone: ReliabilityGroup
    groups: tuple[ReliabilityGroup, ...] = ()

    def sentence(self) -> str:
        """Say alpha, of how many answers, and which item does not belong."""
        group = self.everyone
        if group.alpha.value is None:
            some = (
                f"{count(group.answers)} answers do not give an alpha" if group.answers else "Nobody answered"
            )
            return f"{some} in the period."
        text = f"Cronbach's alpha is {group.alpha.value:.2f}"
        if group.alpha.low is not None and group.alpha.high is not None:
            text += f" ({group.alpha.low:.2f}\u2013{group.alpha.high:.2f})"
        text += f" of {len(group.items)} items and {count(group.answers)} answers"
        worst = max(group.items, key=lambda item: item.alpha_without or 0)
        if worst.alpha_without is not None and worst.alpha_without > group.alpha.value + 0.005:
            text += f"; without {worst.name} it would be {worst.alpha_without:.2f}"
        return text + "."

    def table(self) -> pa.Table:
        """Give a row for each item of everyone, then of each group."""
        rows = [_row(group, item) for group in (self.everyone, *self.groups) for item in group.items]
        return pa.Table.from_pylist(rows, schema=_TABLE)

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Give alpha by group, each item's correlation with the others, and alpha without it.

        There is no money in it: both sides are the same.
        """
        found: list[Picture] = [_by_group(self)] if self.groups else []
        return (*found, _items(self, "Correlation with the sum of the others", "item_total"), _without(self))


def _parts(answer: ReliabilityAnswer) -> list[tuple[ReliabilityGroup, dict[str, str]]]:
    return [(one, {"group": one.name}) for one in answer.groups] or [(answer.everyone, {})]


def _items(answer: ReliabilityAnswer, title: str, field: str) -> Bars:
    return Bars(
        title=title,
        of="number",
        rows=tuple(
            Bar(
                name=item.name + (" (reversed)" if item.reversed else ""),
                value=getattr(item, field),
                note=f"{count(item.answers)} answers",
                pick=pick | {"item": item.name},
                group=group.name if answer.groups else "",
            )
            for group, pick in _parts(answer)
            for item in group.items
        ),
    )


def _without(answer: ReliabilityAnswer) -> Bars:
    found = _items(answer, "Alpha without the item", "alpha_without")
    return Bars(found.title, found.of, found.rows, answer.everyone.alpha.value, "alpha of all items")


def _by_group(answer: ReliabilityAnswer) -> Bars:
    return Bars(
        title=f"Alpha by {answer.question.by}",
        of="number",
        rows=tuple(
            Bar(
                name=group.name,
                value=group.alpha.value,
                low=group.alpha.low,
                high=group.alpha.high,
                note=f"{count(group.answers)} answers",
                pick={"group": group.name},
            )
            for group in answer.groups
        ),
    )


_NUMBERS = ("mean", "deviation", "item_total", "alpha_without")
_TABLE = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("group", "item")),
        *(pa.field(f"alpha{end}", pa.float64()) for end in ("", "_low", "_high")),
        pa.field("reversed", pa.bool_()),
        pa.field("answers", pa.int64()),
        *(pa.field(name, pa.float64()) for name in _NUMBERS),
    ]
)


def _row(group: ReliabilityGroup, item: ReliabilityItem) -> dict[str, object]:
    found = group.alpha
    row: dict[str, object] = {"group": group.name, "item": item.name, "reversed": item.reversed}
    row |= {"alpha": found.value, "alpha_low": found.low, "alpha_high": found.high, "answers": item.answers}
    return row | {name: getattr(item, name) for name in _NUMBERS}
