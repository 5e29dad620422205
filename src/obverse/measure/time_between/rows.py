"""The rows of time between two events: days, weeks or months of the from-events."""

from __future__ import annotations

from dataclasses import replace

from obverse.errors import QuestionError
from obverse.measure.rows import Rows, rows_of
from obverse.measure.time_between.question import TimeBetween

MAX_ROWS = 260
NEWEST_ROWS = 104
"""So many are shown where the question names no start."""


def time_rows(question: TimeBetween, newest: int) -> Rows:
    """Make the rows of a question; all slices of a layout have the same.

    Raises:
        QuestionError: there are more than `MAX_ROWS`.
    """
    rows = rows_of(question, question.grain, newest)
    if question.start is not None and rows.n > MAX_ROWS:
        raise QuestionError(
            f"grain: {rows.n} rows of a {question.grain} each; at most {MAX_ROWS} can be shown"
        )
    if question.start is None and rows.n > NEWEST_ROWS:
        edges = rows.edges[-NEWEST_ROWS - 1 :]
        rows = replace(rows, edges=edges, before=int(rows.edges[-NEWEST_ROWS - 2]))
    return rows
