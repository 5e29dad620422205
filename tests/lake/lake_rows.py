"""Rows for the lake's tests, and what must hold of a lake whatever happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from obverse.event import Event

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = NOON.date()


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def us(at: datetime) -> int:
    return round(at.timestamp() * 1e6)


def event(message_id: str, at: datetime = NOON, **fields: object) -> Event:
    given: dict[str, object] = {
        "event": "Page Viewed",
        "type": "page",
        "time": us(at),
        "received_at": us(at),
        "touchpoint": "web",
        "source": "shop",
        "anonymous_id": "device-1",
    }
    return Event(message_id=message_id, **(given | fields))  # type: ignore[arg-type]


def rows(message_ids: list[str], at: datetime = NOON, **columns: Sequence[object]) -> pa.Table:
    """Rows as `EventTable.append` takes them; `columns` replace the defaults."""
    n = len(message_ids)
    instants = pa.array([at] * n, pa.timestamp("us", "UTC"))
    given: dict[str, object] = {
        "event": ["Page Viewed"] * n,
        "time": instants,
        "received_at": instants,
        "type": ["page"] * n,
        "message_id": message_ids,
        "touchpoint": ["web"] * n,
        "source": ["shop"] * n,
        "anonymous_id": [f"device-{i % 7}" for i in range(n)],
        "properties": ["{}"] * n,
        "context": ["{}"] * n,
    }
    return pa.table(given | columns)


def on_disk(path: Path) -> pa.Table:
    """All rows by (seq), read by other people's code from the files that the Delta log names."""
    delta = DeltaTable(str(path))
    return delta.to_pyarrow_dataset().to_table().sort_by("seq")


def ids(path: Path) -> list[str]:
    """Message ids in the order of seq; fails unless the numbers are 1, 2, 3, …"""
    found = on_disk(path)
    assert found["seq"].to_pylist() == list(range(1, found.num_rows + 1))
    return found["message_id"].to_pylist()  # type: ignore[no-any-return]


def files_under(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def row_groups(path: str, column: str) -> list[tuple[object, object]]:
    """The range of a column in each row group, from the file's statistics."""
    meta = pq.ParquetFile(path).metadata
    at = [meta.schema.column(i).name for i in range(meta.num_columns)].index(column)
    stats = [meta.row_group(i).column(at).statistics for i in range(meta.num_row_groups)]
    return [(each.min, each.max) for each in stats]


def a_day(n: int) -> date:
    return date.fromordinal(DAY.toordinal() + n)
