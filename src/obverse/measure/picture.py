"""Pictures: what an answer shows, said once and drawn twice: by Altair for notebooks, as SVG on pages.

A picture holds numbers, names and what they are of; how it looks is the business of who draws it. Everything
that stands for people carries a `pick`: what to ask `Lake.people` for, to see who is behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from obverse.errors import QuestionError, unknown

Side = Literal["people", "value"]
"""The two sides of the coin: how many people, or how much money."""

Of = Literal["people", "count", "share", "money", "number", "seconds"]
"""What a number is of: people; things counted; a part of 1; money; a plain number; a duration in seconds."""

Pick = Mapping[str, str]
"""Which part of an answer is meant, such as ``{"row": "2026-03-02", "group": "DE"}``."""

Numbers = tuple[float | None, ...]


@dataclass(frozen=True)
class Line:
    """One series of a picture over an axis.

    Attributes:
        name: of the series.
        values: one for each place on the axis; None where there is none.
        low: lower ends of the intervals, as many; empty where there are none.
        high: upper ends.
        open: for each value, whether it is still growing (an unfinished day, people who may yet come back);
            empty for none.
        picks: for each value who is behind it; empty for none.
        before: the series is what others are compared with (the period before) and stands back.
    """

    name: str
    values: Numbers
    low: Numbers = ()
    high: Numbers = ()
    open: tuple[bool, ...] = ()
    picks: tuple[Pick | None, ...] = ()
    before: bool = False


@dataclass(frozen=True)
class Lines:
    """Series over a common axis.

    Attributes:
        title: what is shown.
        of: what the values are of.
        axis: names of the places on the axis, in order: first days of periods, numbers, categories.
        axis_title: what the axis is.
        series: one a line, most important first.
        mark: ``line``, ``step`` (a curve that holds between its steps) or ``column``.
    """

    title: str
    of: Of
    axis: tuple[str, ...]
    axis_title: str
    series: tuple[Line, ...]
    mark: Literal["line", "step", "column"] = "line"


@dataclass(frozen=True)
class Bar:
    """One row of a ranking.

    Attributes:
        name: of the row.
        value: its number; None where `note` says why not.
        low: lower end of its interval; None for none.
        high: upper end.
        note: a short remark: a second number, a reason.
        pick: who is behind it.
        group: bars of the same group stand together under its name; empty for no groups.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    pick: Pick | None = None
    group: str = ""


@dataclass(frozen=True)
class Bars:
    """A ranking, a bar a row.

    Attributes:
        title: what is shown.
        of: what the values are of.
        rows: in order.
        reference: a value that bars are read against, such as a lift of 1 or an average; None for none. Where
            it is given, bars begin at it.
        reference_name: what it is.
    """

    title: str
    of: Of
    rows: tuple[Bar, ...]
    reference: float | None = None
    reference_name: str = ""


@dataclass(frozen=True)
class Heat:
    """Numbers in rows and columns, darker for more.

    Attributes:
        title: what is shown.
        of: what the values are of.
        rows: names of the rows.
        columns: names of the columns.
        values: a row of numbers for each row; None where there is none (yet).
        row_title: what a row is.
        column_title: what a column is.
        sizes: number of people of each row; empty for none.
        open: for each value whether it is still growing; empty for none.
        picks: for each value who is behind it; empty for none.
    """

    title: str
    of: Of
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[Numbers, ...]
    row_title: str = ""
    column_title: str = ""
    sizes: tuple[int, ...] = ()
    open: tuple[tuple[bool, ...], ...] = ()
    picks: tuple[tuple[Pick | None, ...], ...] = ()


@dataclass(frozen=True)
class Node:
    """A place that a flow passes: a name in a column.

    Attributes:
        column: number of its column, from 0.
        name: what it is.
        value: how many pass it.
        pick: who.
    """

    column: int
    name: str
    value: float
    pick: Pick | None = None


@dataclass(frozen=True)
class Edge:
    """A stream from one node to another, both by their index in `Flow.nodes`."""

    source: int
    target: int
    value: float
    pick: Pick | None = None


@dataclass(frozen=True)
class Flow:
    """Streams between places, column by column.

    Attributes:
        title: what is shown.
        of: what the values are of.
        columns: names of the columns, from left to right.
        nodes: the places; within a column the first stands on top.
        edges: the streams, each from one column to a later one.
    """

    title: str
    of: Of
    columns: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


Picture = Lines | Bars | Heat | Flow


def check_pick(pick: Pick, parts: Sequence[str]) -> None:
    """Refuse a pick that names what an answer has not.

    Args:
        pick: which part of an answer is meant.
        parts: what it may name.

    Raises:
        QuestionError: it names something else; the nearest is named.

    >>> check_pick({"row": "2026-03-02"}, ("row", "group"))
    """
    for part in pick:
        if part not in parts:
            raise QuestionError(unknown("part of the answer", part, parts))
