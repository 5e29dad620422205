"""Answers that hold, beside the whole, the same answer for each group of a split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Generic, TypeVar

import msgspec
import pyarrow as pa

from obverse.measure.grouping import GroupKind
from obverse.measure.picture import Bar, Bars, Of, Picture, Side
from obverse.measure.question import Answer
from obverse.measure.scope import SplitScope
from obverse.measure.split_figures import Figure, GroupFigure, worded
from obverse.measure.tabled import cells, estimated

A = TypeVar("A")

EVERYONE = "(all)"
"""What the whole is called beside groups."""

CLEAR = 0.05
"""Share of false discoveries that is put up with among differences that are called clear."""

_COMPARED = 8
"""Rows of a ranking that groups are compared in."""


class AnswerGroup(msgspec.Struct, Generic[A], frozen=True, kw_only=True):
    """One group of a split.

    Attributes:
        name: the value that its people have.
        kind: ``value``, ``other`` for all values without a group of their own, ``none`` for no value.
        people: who are in it.
        answer: to the same question, asked of them alone.
        figures: its shares and means, beside those of all other groups together.
    """

    name: str
    kind: GroupKind
    people: int
    answer: A
    figures: tuple[GroupFigure, ...] = ()


class SplitAnswer(Answer, frozen=True, kw_only=True):
    """Base of answers that can be split: the groups of a split stand beside the whole.

    Attributes:
        groups: largest first; empty without a split.
    """

    question: SplitScope
    groups: tuple[AnswerGroup[Any], ...] = ()

    def sentence(self) -> str:
        """Say the answer for everyone, and under a split where groups differ most clearly."""
        told = self._sentence()
        if not self.groups:
            return told
        found = [
            (one.versus_rest.p_value, group.name, one)
            for group in self.groups
            for one in group.figures
            if one.versus_rest.p_value is not None
        ]
        if not found:
            return f"Everyone: {told}"
        p_value, name, one = min(found, key=lambda each: each[0])
        if p_value >= CLEAR:
            return f"Everyone: {told} By {self.question.by}, no group differs clearly from the others."
        own, rest = (self._worded(each.value, one.of) for each in (one.value, one.rest))
        what = f"{one.what}: {one.name}" if one.name else one.what
        return (
            f"Everyone: {told} By {self.question.by}, {name} stands out most: {what}, {own} against {rest}."
        )

    def _worded(self, value: float | None, of: Of) -> str:
        return worded(value or 0.0, of, getattr(self, "currency", None))

    def table(self) -> pa.Table:
        """Give the answer's rows; those of a split with their group, everyone's first."""
        if self.question.by is None:
            return self._table()
        parts = [(EVERYONE, self._table()), *((group.name, group.answer.table()) for group in self.groups)]
        return pa.concat_tables([_named(table, name) for name, table in parts])

    def groups_table(self) -> pa.Table:
        """Give a row for each figure of each group, beside that of all other groups together."""
        rows = [_figure_row(group.name, one) for group in self.groups for one in group.figures]
        return pa.Table.from_pylist(rows, schema=_FIGURES)

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Show one side: everyone, groups beside each other, and how they differ from all others."""
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
            shown += [*beside, whole] if _is_plain(whole) else [whole, *beside]
        return (*shown, *self._differences(side))

    def _differences(self, side: Side) -> list[Bars]:
        """Show how much the shares and means of groups are above those of all others, figure by figure."""
        meant = [one for one in self.figures() if (one.of == "money") == (side == "value")]
        found = []
        for what, of in dict.fromkeys((one.what, one.of) for one in meant):
            names = [one.name for one in meant if one.what == what][:_COMPARED]
            rows = [
                self._difference(group.name, one)
                for name in names
                for group in self.groups
                for one in group.figures
                if (one.what, one.name) == (what, name) and one.versus_rest.difference is not None
            ]
            if rows:
                title = f"{what}: each group less all others"
                found.append(Bars(title, of, tuple(rows), 0.0, "no difference"))
        return found

    def _difference(self, group: str, one: GroupFigure) -> Bar:
        own, rest = (self._worded(each.value, one.of) for each in (one.value, one.rest))
        versus, pick = one.versus_rest, with_group(one.pick, group)
        clear = "" if (versus.p_value or 0.0) < CLEAR else ", may be chance"
        return Bar(
            group, versus.difference, versus.low, versus.high, f"{own} against {rest}{clear}", pick, one.name
        )

    def figures(self) -> tuple[Figure, ...]:
        """Give the shares and means of everyone that groups are compared by, the most important first."""
        raise NotImplementedError

    def _sentence(self) -> str:
        """Say the answer for everyone."""
        raise NotImplementedError

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


def _is_plain(shown: Picture) -> bool:
    """Say whether a picture is a ranking whose rows are not compared with each other already."""
    return isinstance(shown, Bars) and not any(row.group for row in shown.rows)


def _figure_row(group: str, one: GroupFigure) -> dict[str, object]:
    row: dict[str, object] = {"group": group, "what": one.what, "name": one.name, "people": one.people}
    row |= cells("value", one.value) | cells("rest", one.rest) | cells("difference", one.versus_rest)
    return row | {"p_value": one.versus_rest.p_value}


_FIGURES = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("group", "what", "name")),
        pa.field("people", pa.int64()),
        *estimated("value", "rest", "difference"),
        pa.field("p_value", pa.float64()),
    ]
)


def _named(table: pa.Table, name: str) -> pa.Table:
    return table.add_column(0, "group", pa.array([name] * table.num_rows, pa.string()))


def _beside(whole: Picture, parts: Sequence[tuple[str, Picture]], by: str) -> list[Picture]:
    """Show groups: in a ranking row by row, so that they can be compared; else one picture a group."""
    if not (isinstance(whole, Bars) and _is_plain(whole)):
        return [replace(one, title=f"{name}: {one.title}") for name, one in parts]
    rows = [
        replace(row, name=name, group=meant.name)
        for meant in whole.rows[:_COMPARED]
        for name, one in parts
        if isinstance(one, Bars)
        for row in one.rows
        if row.name == meant.name
    ]
    return [replace(whole, title=f"{whole.title}, by {by}", rows=tuple(rows))] if rows else []
