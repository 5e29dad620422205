"""What the scan of retention sorts into: cohorts, intervals, columns; alike for all slices of a layout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

import numpy as np

from obverse.errors import QuestionError
from obverse.measure.calendar import Grain, edges, local_day, midnight_us, next_start, start_of
from obverse.measure.retention.question import Retention
from obverse.measure.rows import Rows, rows_of
from obverse.tape.layout import Int64s

MAX_COHORTS = 400
NEWEST_COHORTS = 100
"""So many are shown where the question names no start."""

DAY_US = 86_400_000_000

_ROLLING_DAYS: dict[Grain, int] = {"day": 1, "week": 7, "month": 30}
_CALENDAR_DAYS: dict[Grain, int] = {"day": 1, "week": 7, "month": 31}

MAX_CURVE_DAYS = 1_826
"""Days of the curve of time to the first return at most: five years."""


class Columns(NamedTuple):
    """The answer's columns, as tables by the number of an interval; the last place is for all later ones.

    Attributes:
        of: shape (longest + 2,), the column of each interval, -1 where it is in none.
        begun: shape (longest + 2,), how many columns begin with or before each interval.
        over: shape (longest + 2,), how many columns are over when so many intervals are.
        longest: number of the last interval of the last column.
        n: how many columns there are.
    """

    of: Int64s
    begun: Int64s
    over: Int64s
    longest: int
    n: int


def columns_of(question: Retention) -> Columns:
    """Make the tables of a question's columns."""
    first, last = np.array(question.columns, dtype=np.int64).T
    longest = int(last[-1])
    numbers = np.arange(longest + 2)
    begun = np.searchsorted(first, numbers, side="right")
    over = np.searchsorted(last, numbers, side="left")
    inside = (begun > over) & (numbers <= longest)
    return Columns(np.where(inside, begun - 1, -1), begun, over, longest, len(first))


@dataclass(frozen=True)
class Bins:
    """Cohorts and intervals.

    Attributes:
        rows: the cohorts.
        intervals: shape (m + 1,), instants that part calendar intervals, from that of the first start on; the
            newest event is before the last.
        rolling: length of a rolling interval in µs; 0 where the calendar's are meant.
        newest: time of the newest event, µs.
        curve_days: number of days of the curve of time to the first return.
    """

    rows: Rows
    intervals: Int64s
    rolling: int
    newest: int
    curve_days: int

    @property
    def newest_interval(self) -> int:
        """The number of the interval of the newest event."""
        return int(np.searchsorted(self.intervals, self.newest, side="right")) - 1

    def joinable(self, row: int, end: int) -> bool:
        """Say whether people may still join a cohort.

        Args:
            row: number of the cohort.
            end: first instant after the period in which people can start.
        """
        natural = midnight_us(
            next_start(local_day(int(self.rows.edges[row]), self.rows.zone), self.rows.grain), self.rows.zone
        )
        return min(natural, end) > self.newest + 1


def bins_of(question: Retention, newest: int) -> Bins:
    """Make the cohorts and intervals of a question.

    Args:
        question: what is asked.
        newest: time of the newest event in the lake, µs; 0 in an empty lake.

    Raises:
        QuestionError: there are more cohorts than `MAX_COHORTS`.
    """
    rows = rows_of(question, question.rows_grain, newest)
    if question.start is not None and rows.n > MAX_COHORTS:
        raise QuestionError(
            f"cohort: {rows.n} cohorts, one a {question.rows_grain}; at most {MAX_COHORTS} can be shown"
        )
    if question.start is None and rows.n > NEWEST_COHORTS:
        edges_ = rows.edges[-NEWEST_COHORTS - 1 :]
        rows = replace(rows, edges=edges_, before=int(rows.edges[-NEWEST_COHORTS - 2]))
    grain, zone = question.interval, rows.zone
    begin = _midnight(start_of(local_day(int(rows.edges[0]), zone), grain), rows)
    over = _midnight(next_start(local_day(max(newest, begin), zone), grain), rows)
    rolling = question.clock == "rolling"
    days = (_ROLLING_DAYS if rolling else _CALENDAR_DAYS)[grain]
    return Bins(
        rows=rows,
        intervals=edges(begin, over, zone, grain),
        rolling=days * DAY_US if rolling else 0,
        newest=newest,
        curve_days=min((question.columns[-1][1] + 1) * days, MAX_CURVE_DAYS),
    )


def _midnight(day: date, rows: Rows) -> int:
    return midnight_us(day, rows.zone)
