"""What the tests of imports share: files made of text, and a lake of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from obverse.collect.importing import ImportMapping, ImportPlan, ImportReport, plan, run
from obverse.event import SCHEMA
from obverse.lake.seen import Seen, append_new
from obverse.lake.table import EventTable

NOW = 1_790_000_000_000_000  # 2026-09-21
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def data_set(name: str) -> Path:
    """Give the path of a public data set beside the repository; skip the test where it is not there."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the public data set {name} is not beside the repository")
    return path


def make(folder: Path, name: str, content: str | bytes) -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


class Rows:
    """Takes the place of a lake: keeps what is appended."""

    def __init__(self) -> None:
        self.tables: list[pa.Table] = []
        self.positions: list[int] = []

    def append(self, events: pa.Table, position: int) -> tuple[int, int]:
        self.tables.append(events)
        self.positions.append(position)
        return events.num_rows, 0

    @property
    def table(self) -> pa.Table:
        return pa.concat_tables(self.tables)

    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.table.to_pylist() if self.tables else []
        for row in rows:
            row["properties"] = msgspec.json.decode(row["properties"])
            row["context"] = msgspec.json.decode(row["context"])
        return rows


def plan_of(path: Path, **mapping: Any) -> ImportPlan:
    return plan(path, ImportMapping(**mapping), received_at=NOW)


def brought_in(path: Path, **mapping: Any) -> tuple[list[dict[str, Any]], ImportReport]:
    """Import a file; gives its events, with properties and context decoded, and the report."""
    rows = Rows()
    with plan_of(path, **mapping) as planned:
        report = run(planned, rows.append)
    return rows.rows(), report


def reasons(report: ImportReport) -> dict[str, list[int]]:
    """Give the rows refused, by reason and detail."""
    return {f"{part.reason}: {part.detail}": [row for row, _ in part.examples] for part in report.refused}


class Lake:
    """A lake in a folder, appended to as the command line does it."""

    def __init__(self, folder: Path) -> None:
        self.table = EventTable.open(folder / "lake" / "events", create=True)
        self.seen = Seen.open(folder / "seen.db", self.table)

    def append_to(self, events: pa.Table, app_id: str, position: int) -> tuple[int, int]:
        return append_new(self.table, self.seen, events, app_id, position)

    def bring_in(self, path: Path, **mapping: Any) -> ImportReport:
        with plan_of(path, **mapping) as planned:
            return run(planned, lambda rows, position: self.append_to(rows, planned.app_id, position))

    def read(self, *columns: str) -> pa.Table:
        self.table.refresh()
        return self.table.read(columns or tuple(SCHEMA.names))

    def counts(self) -> dict[str, int]:
        """Count events by name."""
        found = self.read("event").column("event").value_counts().to_pylist()
        return {row["values"]: row["counts"] for row in found}


@contextmanager
def lake_in(folder: Path) -> Iterator[Lake]:
    """Open a lake, and close what it holds."""
    lake = Lake(folder)
    try:
        yield lake
    finally:
        lake.seen.close()
