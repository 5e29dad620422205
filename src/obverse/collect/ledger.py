"""Ledger: how much was accepted and refused, a day, a source and a reason, with recent examples.

It lives in the inbox's file, and its counts are written in the same transaction as the events they count.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, deque
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from obverse.collect.refusal import Refused

EXAMPLES_KEPT = 5
"""Examples kept of each source and reason; older ones make room."""
DAYS_KEPT = 400
"""Days that counts are kept."""

CREATE = (
    """CREATE TABLE tally (day TEXT, source TEXT, reason TEXT, n INTEGER NOT NULL,
       PRIMARY KEY (day, source, reason)) WITHOUT ROWID""",
    """CREATE TABLE example (id INTEGER PRIMARY KEY, source TEXT NOT NULL, reason TEXT NOT NULL,
       received_at INTEGER NOT NULL, message_id TEXT, detail TEXT NOT NULL, excerpt TEXT NOT NULL)""",
    "CREATE INDEX example_of ON example (source, reason, id)",
)

PRUNE = f"DELETE FROM tally WHERE day < (SELECT date(max(day), '-{DAYS_KEPT} days') FROM tally)"  # noqa: S608 - our number
ADD = """INSERT INTO tally SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),
    json_extract(value, '$[2]'), json_extract(value, '$[3]') FROM json_each({}) WHERE true
    ON CONFLICT DO UPDATE SET n = n + excluded.n"""
"""Adds counts, as `Counts.tallies` gives them, to those in the file."""
_SHOW = (
    "INSERT INTO example (source, reason, received_at, message_id, detail, excerpt) VALUES (?, ?, ?, ?, ?, ?)"
)
_TRIM = """DELETE FROM example WHERE source = ?1 AND reason = ?2 AND id NOT IN
    (SELECT id FROM example WHERE source = ?1 AND reason = ?2 ORDER BY id DESC LIMIT ?3)"""

_DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1).toordinal()


class Tally(msgspec.Struct, frozen=True):
    """One count.

    Attributes:
        day: the day received (UTC), as ``2024-05-06``.
        source: name of the write key; empty where it is not known.
        reason: a `Refusal`, or empty for what was accepted.
        n: events, or requests where a whole request was refused.
    """

    day: str
    source: str
    reason: str
    n: int


class Example(msgspec.Struct, frozen=True):
    """One thing that was refused, as the operator sees it."""

    source: str
    reason: str
    received_at: int
    message_id: str | None
    detail: str
    excerpt: str


class Counts:
    """Counts that wait for a transaction."""

    def __init__(self) -> None:
        self.n: Counter[tuple[str, str, str]] = Counter()
        self.examples: dict[tuple[str, str], deque[tuple[int, Refused]]] = {}

    def __bool__(self) -> bool:
        return bool(self.n)

    def add(self, source: str, received_at: int, n_events: int, refused: list[Refused]) -> None:
        """Count what one request came to."""
        day = _day(received_at // _DAY_US)
        if n_events:
            self.n[day, source, ""] += n_events
        for one in refused:
            reason = one.reason.value
            self.n[day, source, reason] += 1
            shown = self.examples.setdefault((source, reason), deque(maxlen=EXAMPLES_KEPT))
            shown.append((received_at, one))

    def merge(self, other: Counts) -> None:
        """Add the counts of another; its examples are the newer ones."""
        self.n.update(other.n)
        for key, shown in other.examples.items():
            self.examples.setdefault(key, deque(maxlen=EXAMPLES_KEPT)).extend(shown)

    def clear(self) -> None:
        """Forget all."""
        self.n.clear()
        self.examples.clear()

    def tallies(self) -> str:
        """Give the counts as JSON: lists of day, source, reason and number."""
        return msgspec.json.encode([(*key, n) for key, n in self.n.items()]).decode()

    def show(self, connection: sqlite3.Connection) -> None:
        """Write the examples within the connection's open transaction."""
        for (source, reason), shown in self.examples.items():
            connection.executemany(
                _SHOW,
                [(source, reason, at, one.message_id, one.detail, one.excerpt) for at, one in shown],
            )
            connection.execute(_TRIM, (source, reason, EXAMPLES_KEPT))


class Ledger:
    """Reads the counts.

    Args:
        rows: runs a query over the inbox's file.
    """

    def __init__(self, rows: Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]) -> None:
        self._rows = rows

    def tallies(self, since: str = "") -> list[Tally]:
        """Give the counts from a day on (``2024-05-06``), by day, source and reason."""
        query = "SELECT day, source, reason, n FROM tally WHERE day >= ? ORDER BY day, source, reason"
        return [Tally(*row) for row in self._rows(query, (since,))]

    def examples(self, limit: int = 100) -> list[Example]:
        """Give recent examples of what was refused, newest first."""
        query = f"SELECT {', '.join(Example.__struct_fields__)} FROM example ORDER BY id DESC LIMIT ?"  # noqa: S608 - names of our own columns
        return [Example(*row) for row in self._rows(query, (limit,))]


@lru_cache(maxsize=4)
def _day(number: int) -> str:
    """Give a day by its number since 1970: the same one for request after request."""
    return date.fromordinal(_EPOCH + number).isoformat()
