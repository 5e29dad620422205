"""The newest events in the lake, as the home page's ticker and the list of people need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from obverse.web.pages.timeline import RowOf, rows_of

if TYPE_CHECKING:
    from obverse.lake.table import EventTable

_COLUMNS = ("seq", "event", "time", "touchpoint", "user_id", "anonymous_id", "value", "currency")


def latest(table: EventTable, n: int) -> list[RowOf]:
    """Give the n events that arrived last, newest first.

    Args:
        table: the lake.
        n: at most so many.
    """
    last = table.refresh().last_seq
    rows = rows_of(table.read(_COLUMNS, "seq > ?", [last - n]))
    return sorted(rows, key=lambda row: -int(row["seq"]))
