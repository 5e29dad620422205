"""The newest events in the lake, as the home page's ticker and the list of people need them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from obverse.web.pages.timeline import RowOf, rows_of

if TYPE_CHECKING:
    from obverse.lake.table import EventTable

_COLUMNS = ("seq", "event", "time", "touchpoint", "user_id", "anonymous_id", "value", "currency")

_known: WeakKeyDictionary[EventTable, dict[int, tuple[int, list[RowOf]]]] = WeakKeyDictionary()
"""For each lake, by number of events: the version that they were read at, and they."""


def latest(table: EventTable, n: int) -> list[RowOf]:
    """Give the n events that arrived last, newest first; read again only where the lake has changed since.

    Args:
        table: the lake.
        n: at most so many.
    """
    snapshot, known = table.refresh(), _known.setdefault(table, {})
    version, rows = known.get(n, (None, []))
    if version != snapshot.version:
        read = rows_of(table.read(_COLUMNS, "seq > ?", [snapshot.last_seq - n]))
        rows = sorted(read, key=lambda row: -int(row["seq"]))
        known[n] = snapshot.version, rows
    return rows.copy()
