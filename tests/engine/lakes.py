"""Data folders filled from plain lists, through the lake's own append."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from obverse.event import SCHEMA
from obverse.folder import Folder
from obverse.lake.table import EventTable

MINUTE = 60_000_000
NOON = 1_772_366_400_000_000  # 2026-03-01T12:00Z


def row(user: str | None, event: str, minute: float, **fields: Any) -> dict[str, Any]:
    """One event of a user, some minutes after noon; `properties` as a dict."""
    at = NOON + round(minute * MINUTE)
    given = {
        "event": event,
        "time": at,
        "received_at": at,
        "type": "track",
        "touchpoint": "web",
        "source": "test",
        "user_id": user,
        "context": "{}",
    }
    given |= fields
    given["properties"] = msgspec.json.encode(given.get("properties", {})).decode()
    return given


def table_of(rows: Iterable[dict[str, Any]]) -> pa.Table:
    listed = [{"message_id": f"m{number}"} | one for number, one in enumerate(rows)]
    names = sorted({name for one in listed for name in one})
    return pa.table({name: pa.array([one.get(name) for one in listed], _kind(name)) for name in names})


def _kind(name: str) -> pa.DataType:
    return SCHEMA.field(name).type


def spread(rows: Sequence[dict[str, Any]], n: int = 3) -> list[pa.Table]:
    """Part rows into n appends, so that people's events lie in several files; they arrive in their order."""
    size = -(-len(rows) // n)
    return [table_of(rows[at : at + size]) for at in range(0, len(rows), size or 1)]


def fill(root: Path, batches: Sequence[pa.Table]) -> Path:
    """Make a data folder with some appends of rows; give its path."""
    folder = Folder.open(root, create=True)
    table = EventTable.open(folder.events, create=True)
    for number, batch in enumerate(batches, 1):
        table.append(batch, "test", number)
    return root


def add(root: Path, rows: Iterable[dict[str, Any]], position: int) -> None:
    """Append to a folder that is there, as another process would."""
    EventTable.open(Folder.open(root).events, create=True).append(table_of(rows), "more", position)
