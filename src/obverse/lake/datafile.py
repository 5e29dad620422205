"""Writing one Parquet file of the lake so that it is on disk before anything refers to it."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from obverse.event import SCHEMA

FILE_SCHEMA = pa.schema([field for field in SCHEMA if field.name != "day"])
"""Columns inside a file: all but the partition's."""

ROW_GROUP = 1 << 17
"""Rows a row group: small enough that one event of a sorted day is read without its neighbours."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Written:
    """A file on disk that no version of the table refers to yet."""

    root: Path
    path: str
    day: date
    n_rows: int = 0
    n_bytes: int = 0
    min_seq: int = 0
    max_seq: int = 0
    min_time: int = 0
    max_time: int = 0

    def note(self, rows: pa.Table) -> None:
        """Count rows in: their number and the ranges of seq and time."""
        seq, time = pc.min_max(rows["seq"]).as_py(), pc.min_max(rows["time"].cast(pa.int64())).as_py()
        first = self.n_rows == 0
        self.min_seq = seq["min"] if first else min(self.min_seq, seq["min"])
        self.max_seq = max(self.max_seq, seq["max"])
        self.min_time = time["min"] if first else min(self.min_time, time["min"])
        self.max_time = time["max"] if first else max(self.max_time, time["max"])
        self.n_rows += rows.num_rows

    def action(self, now: float, data_change: bool) -> AddAction:
        """Give the Delta action that adds it, with the statistics that readers prune by."""
        stats = {
            "numRecords": self.n_rows,
            "minValues": {"seq": self.min_seq, "time": _iso(self.min_time)},
            "maxValues": {"seq": self.max_seq, "time": _iso(self.max_time)},
            "nullCount": {"seq": 0, "time": 0},
        }
        return AddAction(
            path=self.path,
            size=self.n_bytes,
            partition_values={"day": self.day.isoformat()},
            modification_time=int(now * 1000),
            data_change=data_change,
            stats=json.dumps(stats),
        )

    def discard(self) -> None:
        """Delete it, where it is; `vacuum` takes what could not be deleted."""
        with suppress(OSError):
            (self.root / self.path).unlink()


def write(
    root: Path, kind: str, day: date, batches: Iterable[pa.Table], max_rows: int, max_bytes: int
) -> list[Written]:
    """Write rows of one day in the order given, synced, as files of bounded size.

    Args:
        root: the table's directory.
        kind: how the names begin.
        day: partition of all rows.
        batches: rows of `FILE_SCHEMA`; each becomes whole row groups.
        max_rows: a file of this many rows or more is closed and another begun.
        max_bytes: the same for bytes.

    Returns:
        The files; none for no rows. What was begun is deleted when it fails.
    """
    done: list[Written] = []
    folder = root / f"day={day.isoformat()}"
    _make(folder)
    try:
        pending = iter(batches)
        while (head := next(pending, None)) is not None:
            file = Written(root, f"{folder.name}/{kind}-{uuid.uuid4().hex}.parquet", day)
            done.append(file)
            _fill(file, head, pending, max_rows, max_bytes)
        sync(folder)
    except BaseException:
        for file in done:
            file.discard()
        raise
    return done


def _fill(file: Written, head: pa.Table, rest: Iterator[pa.Table], max_rows: int, max_bytes: int) -> None:
    target = file.root / file.path
    with (
        pa.OSFile(str(target), "wb") as sink,
        pq.ParquetWriter(sink, FILE_SCHEMA, compression="zstd", write_page_index=True) as writer,
    ):
        rows: pa.Table | None = head
        while rows is not None:
            writer.write_table(rows, row_group_size=ROW_GROUP)
            file.note(rows)
            full = file.n_rows >= max_rows or sink.tell() >= max_bytes
            rows = None if full else next(rest, None)
    sync(target)
    file.n_bytes = target.stat().st_size


def _make(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        sync(folder.parent)


def sync(path: Path) -> None:
    """Wait until a file's bytes, or a directory's entries, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _iso(us: int) -> str:
    return (_EPOCH + timedelta(microseconds=us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
