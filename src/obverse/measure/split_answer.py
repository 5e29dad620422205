"""Answers that hold, beside the whole, the same answer for each group of a split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Generic, TypeVar

import msgspec
import pyarrow as pa

from obverse.measure.grouping import GroupKind
from obverse.measure.picture import Bars, Picture, Side
from obverse.measure.question import Answer
from obverse.measure.scope import SplitScope

A = TypeVar("A")

EVERYONE = "(all)"
"""What the whole is called beside groups."""

_COMPARED = 8
"""Rows of a ranking that groups are compared in."""


class AnswerGroup(msgspec.Struct, Generic[A], frozen=True, kw_only=True):
    """One group of a split.

    Attributes:
        name: the value that its people have.
        kind: ``value``, ``other`` for all values without a group of their own, ``none`` for no value.
        people: who are in it.
        answer: to the same question, asked of them alone.
    """

    name: str
    kind: GroupKind
    people: int
    answer: A


class SplitAnswer(Answer, frozen=True, kw_only=True):
    """Base of answers that can be split: the groups of a split stand beside the whole.

    Attributes:
        groups: largest first; empty without a split.
    """

    question: SplitScope
    groups: tuple[AnswerGroup[Any], ...] = ()

    def table(self) -> pa.Table:
        """Give the answer's rows; those of a split with their group, everyone's first."""
        if self.question.by is None:
            return self._table()
        parts = [(EVERYONE, self._table()), *((group.name, group.answer.table()) for group in self.groups)]
        return pa.concat_tables([_named(table, name) for name, table in parts])

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Show one side: groups beside each other, before each ranking of everyone, after other pictures."""
        groups = [(group.name, group.answer.pictures(side)) for group in self.groups]
        shown: list[Picture] = []
        for whole in self._pictures(side):
            parts = [
                (name, with_group(one, name))
                for name, some in groups
                for one in some
                if one.title == whole.title
            ]
            beside = _beside(whole, parts, self.question.by or "")
            shown += [*beside, whole] if isinstance(whole, Bars) else [whole, *beside]
        return tuple(shown)

    def _table(self) -> pa.Table:
        """Give everyone's rows."""
        raise NotImplementedError

    def _pictures(self, side: Side) -> tuple[Picture, ...]:
        """Show everyone."""
        raise NotImplementedError


def with_group(shown: Any, name: str) -> Any:
    """Give a picture, or a part of one, whose picks mean the people of a group alone.

    >>> from obverse.measure.picture import Bar
    >>> with_group(Bar("Search", 1.0, pick={"place": "Search"}), "DE").pick
    {'place': 'Search', 'group': 'DE'}
    """
    if isinstance(shown, Mapping):
        return {**shown, "group": name}
    if isinstance(shown, tuple):
        return tuple(with_group(one, name) for one in shown)
    if is_dataclass(shown) and not isinstance(shown, type):
        return replace(
            shown, **{one.name: with_group(getattr(shown, one.name), name) for one in fields(shown)}
        )
    return shown


def _named(table: pa.Table, name: str) -> pa.Table:
    return table.add_column(0, "group", pa.array([name] * table.num_rows, pa.string()))


def _beside(whole: Picture, parts: Sequence[tuple[str, Picture]], by: str) -> list[Picture]:
    """Show groups: in a ranking row by row, so that they can be compared; else one picture a group."""
    if not isinstance(whole, Bars):
        return [replace(one, title=f"{name}: {one.title}") for name, one in parts]
    if any(row.group for row in whole.rows):  # rows that are compared with each other already
        return []
    rows = [
        replace(row, name=name, group=meant.name)
        for meant in whole.rows[:_COMPARED]
        for name, one in parts
        if isinstance(one, Bars)
        for row in one.rows
        if row.name == meant.name
    ]
    return [replace(whole, title=f"{whole.title}, by {by}", rows=tuple(rows))] if rows else []
