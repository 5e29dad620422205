"""Rows of an answer over time: days, weeks or months of a period, as far as anything is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.calendar import FIRST_DAY, Grain, edges, local_day, midnight_us, next_start, start_of
from obverse.measure.period import zone_of
from obverse.measure.scope import FOREVER, Scope
from obverse.tape.layout import Int64s

MAX_ROWS = 2_000
"""More rows than a chart or a table can show: weeks since 1990, or five years of days."""

_DAYS = {"day": 1, "week": 7, "month": 28}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Rows:
    """The rows of a period. All slices of a layout have the same.

    Attributes:
        edges: shape (n + 1,), instants that part the rows, µs since 1970 UTC; the last is no later than
            right after the newest event.
        before: first instant of the day, week or month before the first row.
        grain: what a row is.
        zone: whose days.
        newest: time of the newest event, µs.
    """

    edges: Int64s
    before: int
    grain: Grain
    zone: ZoneInfo
    newest: int

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.edges) - 1

    def name(self, row: int) -> str:
        """Give a row's name: its first day, such as ``2026-03-01``."""
        return local_day(int(self.edges[row]), self.zone).isoformat()

    def start(self, row: int) -> str:
        """Write a row's first instant with the zone's offset."""
        moment = _EPOCH + timedelta(microseconds=int(self.edges[row]))
        return moment.astimezone(self.zone).isoformat()

    def complete(self, row: int) -> bool:
        """Say whether a row is a whole day, week or month, and over when the newest event happened."""
        start, end = int(self.edges[row]), int(self.edges[row + 1])
        first = start_of(local_day(start, self.zone), self.grain)
        last = midnight_us(next_start(first, self.grain), self.zone)
        return start == midnight_us(first, self.zone) and end == last and end <= self.newest

    def whole(self) -> tuple[int, int]:
        """Give the first row that is complete and the row after the last; (0, 0) where none is.

        Only the first and the last can be incomplete.
        """
        first = 0 if self.n and self.complete(0) else 1
        last = self.n if self.n and self.complete(self.n - 1) else self.n - 1
        return (first, last) if first < last else (0, 0)

    def number(self, name: str) -> int:
        """Find a row by its name.

        Raises:
            QuestionError: there is none.
        """
        names = {self.name(row): row for row in range(self.n)}
        if name not in names:
            raise QuestionError(unknown("row", name, names))
        return names[name]


def rows_of(question: Scope, grain: Grain, newest: int) -> Rows:
    """Part a question's period into rows, from its start to its end or the newest event, if that is earlier.

    Args:
        question: whose period; without a start, the last `MAX_ROWS` rows are meant.
        grain: what a row is.
        newest: time of the newest event in the lake, µs; 0 in an empty lake, which has no rows.

    Raises:
        QuestionError: there are more than `MAX_ROWS`.
    """
    zone = zone_of(question.zone)
    start, end = question.period_us
    end = min(end, newest + 1)
    if start == -FOREVER:
        start = midnight_us(_earliest(newest, grain, zone), zone)
    if newest == 0 or end <= start:
        return Rows(np.array([start], dtype=np.int64), start, grain, zone, newest)
    found = (
        None
        if end - start > (MAX_ROWS + 2) * _DAYS[grain] * 1.12 * 86_400e6
        else edges(start, end, zone, grain)
    )
    if found is None or len(found) - 1 > MAX_ROWS:
        raise QuestionError(f"start: more than {MAX_ROWS} rows of a {grain} each; choose a later one")
    natural = start_of(local_day(start, zone), grain)
    before = start_of(natural - timedelta(days=1), grain)
    return Rows(found, midnight_us(before, zone), grain, zone, newest)


def _earliest(newest: int, grain: Grain, zone: ZoneInfo) -> date:
    """Give the first day of the first of `MAX_ROWS` rows that end with the newest event."""
    last = start_of(local_day(newest, zone), grain)
    if grain == "month":
        return FIRST_DAY
    return max(FIRST_DAY, last - timedelta(days=(MAX_ROWS - 1) * _DAYS[grain]))
