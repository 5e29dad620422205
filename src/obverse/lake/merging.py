"""Which files to rewrite together, and the sort that does it in bounded memory."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from obverse.lake.datafile import FILE_SCHEMA
from obverse.lake.snapshot import DataFile

FAN_IN = 8
"""Files of about the same size in one day that are merged into one."""

MAX_MERGED_ROWS = 1 << 21
"""A file of more rows waits for its day to be sealed."""

MAX_SORTED_ROWS = 1 << 22
"""Rows of several files that are sorted together at most; a larger day becomes several sorted files."""

MEMORY = ("192MB", "512MB", "1GB", "2GB")
"""What DuckDB may hold while it sorts; beyond that it writes to a temporary directory.

The first is enough for `MAX_SORTED_ROWS` of usual width. It says so when it is not, and gets the next.
"""

_BATCH = 1 << 14


def due_for_merge(files: Sequence[DataFile]) -> list[DataFile]:
    """Choose the next files to merge; empty when none are due.

    Files of one day that are not sealed fall into tiers by their rows, each tier `FAN_IN` times the one
    below. A tier that has `FAN_IN` files becomes one file of the next. So a file a second leaves a few dozen
    files at any time, and an event is rewritten about seven times at most before its day is sealed.
    """
    tiers: dict[tuple[int, date], list[DataFile]] = defaultdict(list)
    for file in files:
        if not file.sealed and file.n_rows < MAX_MERGED_ROWS:
            tiers[_tier(file.n_rows), file.day].append(file)
    for key in sorted(tiers):
        if len(tiers[key]) >= FAN_IN:
            return _that_fit(_smallest_first(tiers[key]))
    return []


def _smallest_first(files: Iterable[DataFile]) -> list[DataFile]:
    return sorted(files, key=lambda file: file.n_rows)


def _that_fit(files: Sequence[DataFile]) -> list[DataFile]:
    """Take files in the order given, as many as may be sorted together, and at least one."""
    chosen: list[DataFile] = []
    for file in files:
        if chosen and sum(each.n_rows for each in chosen) + file.n_rows > MAX_SORTED_ROWS:
            break
        chosen.append(file)
    return chosen


def _tier(n_rows: int) -> int:
    tier = 0
    while n_rows >= FAN_IN:
        n_rows //= FAN_IN
        tier += 1
    return tier


def due_for_sealing(files: Sequence[DataFile], before: date) -> list[DataFile]:
    """Choose the files of the oldest day before `before` that has rows not sealed yet; empty when none has.

    Rows that come late to a sealed day take along sealed files of up to `FAN_IN` times their number, so that
    a few late rows do not rewrite a large day.
    """
    days = sorted({file.day for file in files if not file.sealed and file.day < before})
    if not days:
        return []
    of_day = [file for file in files if file.day == days[0]]
    fresh = _smallest_first(file for file in of_day if not file.sealed)
    chosen = _that_fit(fresh)
    if len(chosen) == len(fresh):
        n_rows = sum(file.n_rows for file in fresh)
        small = [file for file in of_day if file.sealed and file.n_rows <= FAN_IN * n_rows]
        chosen = _that_fit([*chosen, *_smallest_first(small)])
    return chosen


class Sorter:
    """Sorts the rows of files by (event, stream, time, seq); one at a time, and it can be interrupted."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self._lock = threading.Lock()
        self._con: duckdb.DuckDBPyConnection | None = None
        self._stopped = False

    @contextmanager
    def batches(self, files: Sequence[DataFile], memory: str) -> Iterator[Iterator[pa.Table]]:
        """Give the sorted rows of some files in batches.

        Raises:
            duckdb.OutOfMemoryException: here or from the batches, when `memory` is not enough.
        """
        self.scratch.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.scratch, ignore_cleanup_errors=True) as spill:
            con = duckdb.connect(config={"threads": 1, "memory_limit": memory, "temp_directory": spill})
            try:
                self._begin(con)
                con.execute("SET preserve_insertion_order = false")
                columns = ", ".join(FILE_SCHEMA.names)
                rows = con.sql(
                    f"SELECT {columns} FROM read_parquet(?, hive_partitioning = false) "  # noqa: S608 - own names
                    "ORDER BY event, stream, time, seq",
                    params=[[file.path for file in files]],
                )
                reader = rows.to_arrow_reader(_BATCH)
                yield (pa.Table.from_batches([batch]).cast(FILE_SCHEMA) for batch in reader if batch.num_rows)
            finally:
                self._con = None
                con.close()

    def _begin(self, con: duckdb.DuckDBPyConnection) -> None:
        with self._lock:
            if self._stopped:
                raise duckdb.InterruptException("stopped")
            self._con = con

    def interrupt(self) -> None:
        """End the sort that runs, and every later one, with an error; nothing of it is kept."""
        with self._lock:
            self._stopped = True
            if self._con is not None:
                self._con.interrupt()
