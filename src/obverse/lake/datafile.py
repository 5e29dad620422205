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


class _Sink:
    """A file that is being written."""

    def __init__(self, file: Written) -> None:
        self.file = file
        self._sink = pa.OSFile(str(file.root / file.path), "wb")
        self._writer = pq.ParquetWriter(self._sink, FILE_SCHEMA, compression="zstd", write_page_index=True)

    def write(self, rows: pa.Table) -> None:
        self._writer.write_table(rows, row_group_size=2 * ROW_GROUP)
        self.file.note(rows)

    def is_full(self, max_rows: int, max_bytes: int) -> bool:
        return self.file.n_rows >= max_rows or self._sink.tell() >= max_bytes

    def close(self) -> None:
        self._writer.close()
        self._sink.close()
        target = self.file.root / self.file.path
        sync(target)
        self.file.n_bytes = target.stat().st_size

    def abandon(self) -> None:
        for each in (self._writer, self._sink):
            with suppress(OSError):
                each.close()


def write(
    root: Path, kind: str, day: date, batches: Iterable[pa.Table], max_rows: int, max_bytes: int
) -> list[Written]:
    """Write rows of one day in the order given, synced, as files of bounded size.

    Args:
        root: the table's directory.
        kind: how the names begin.
        day: partition of all rows.
        batches: rows of `FILE_SCHEMA`; some together become a row group.
        max_rows: a file of this many rows or more is closed and another begun.
        max_bytes: the same for bytes.

    Returns:
        The files; none for no rows. What was begun is deleted when it fails.
    """
    folder = root / f"day={day.isoformat()}"
    _make(folder)
    files: list[Written] = []
    sink: _Sink | None = None
    try:
        for rows in _row_groups(batches):
            if sink is None:
                files.append(Written(root, f"{folder.name}/{kind}-{uuid.uuid4().hex}.parquet", day))
                sink = _Sink(files[-1])
            sink.write(rows)
            del rows  # before the next are put together
            if sink.is_full(max_rows, max_bytes):
                sink.close()
                sink = None
        if sink is not None:
            sink.close()
        sync(folder)
    except BaseException:
        if sink is not None:
            sink.abandon()
        for file in files:
            file.discard()
        raise
    return files


def _row_groups(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Put small batches together. They come small, since what holds them takes most of a rewrite's memory."""
    parts: list[pa.Table] = []
    for batch in batches:
        parts.append(batch)
        if sum(part.num_rows for part in parts) >= ROW_GROUP:
            yield _together(parts)
    if parts:
        yield _together(parts)


def _together(parts: list[pa.Table]) -> pa.Table:
    rows = pa.concat_tables(parts)
    parts.clear()
    return rows


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
