"""The answer of a trend: its rows, and for each series and group a number in each of them."""

from __future__ import annotations

from typing import ClassVar

import msgspec
import pyarrow as pa

from obverse.measure.estimate import Estimate
from obverse.measure.picture import Of, Picture, Side
from obverse.measure.question import Answer
from obverse.measure.trend.pictures import pictures
from obverse.measure.trend.question import Trend
from obverse.measure.trend.telling import sentence

ALL = "(all)"
"""Name of the only group where nothing is split."""


class TrendRow(msgspec.Struct, frozen=True, kw_only=True):
    """An hour, day, week or month.

    Attributes:
        name: its first day, such as ``2026-03-01``; of an hour with its time.
        start: its first instant, with the zone's offset.
        complete: it is whole in the period, and was over when the newest event happened.
    """

    name: str
    start: str
    complete: bool


class TrendGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One line: a series in one group.

    Attributes:
        name: of the group; ``(all)`` where nothing is split.
        values: one for each row. What was counted or added up has no interval: it is what happened.
        total: of all rows together.
        before: in the rows of the period before; empty where it was not asked for.
        total_before: of the period before.
        worth: money of the events in each row; empty for a formula.
        total_worth: of all rows together.
    """

    name: str
    values: tuple[Estimate, ...]
    total: Estimate
    before: tuple[Estimate, ...] = ()
    total_before: Estimate | None = None
    worth: tuple[float, ...] = ()
    total_worth: float = 0.0


class TrendSeries(msgspec.Struct, frozen=True, kw_only=True):
    """A series, or a formula over series.

    Attributes:
        name: what its writer calls it, else as it was written.
        letter: what formulas call it; empty for a formula.
        counting: how it is counted; ``formula`` for one.
        of: what its numbers are of.
        groups: largest first.
        total: of all groups and rows together; people once.
        total_before: of the period before.
    """

    name: str
    letter: str
    counting: str
    of: Of
    groups: tuple[TrendGroup, ...]
    total: Estimate
    total_before: Estimate | None = None


class TrendAnswer(Answer, frozen=True, kw_only=True):
    """The answer to a `Trend`.

    Attributes:
        question: what was asked.
        start: first instant of the first row, with the zone's offset; None where there is no row.
        end: first instant after the last row.
        newest: when the newest event happened; None in an empty lake.
        rows: in order; those before the first event are left out where the question names no start.
        before_rows: of the period before.
        series: in the order asked, formulas last.
        currency: of the money; None where there is none or several.
    """

    measure: ClassVar[str] = "trend"

    question: Trend
    start: str | None
    end: str | None
    newest: str | None
    rows: tuple[TrendRow, ...]
    before_rows: tuple[TrendRow, ...]
    series: tuple[TrendSeries, ...]
    currency: str | None = None

    def sentence(self) -> str:
        """Say what each series comes to, and where the first was highest."""
        return sentence(self)

    def table(self) -> pa.Table:
        """Give a row for each row, series and group."""
        rows = [
            {
                self.question.grain: row.name,
                "series": one.name,
                "group": group.name,
                "value": group.values[at].value,
                "low": group.values[at].low,
                "high": group.values[at].high,
                "before": group.before[at].value if at < len(group.before) else None,
                "worth": group.worth[at] if group.worth else None,
                "complete": row.complete,
            }
            for one in self.series
            for group in one.groups
            for at, row in enumerate(self.rows)
        ]
        texts = (self.question.grain, "series", "group")
        numbers = ("value", "low", "high", "before", "worth")
        schema = [
            *(pa.field(name, pa.string()) for name in texts),
            *(pa.field(name, pa.float64()) for name in numbers),
            pa.field("complete", pa.bool_()),
        ]
        return pa.Table.from_pylist(rows, schema=pa.schema(schema))

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Give the lines of one side: what was asked, or the money of those events."""
        return pictures(self, side)
