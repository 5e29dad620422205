"""Which files to rewrite together, and the sort that does it in bounded memory."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from obverse.lake.datafile import FILE_SCHEMA, ROW_GROUP
from obverse.lake.snapshot import DataFile

FAN_IN = 8
"""Files of about the same size in one day that are merged into one."""

MAX_MERGED_ROWS = 1 << 22
"""A file of more rows waits for its day to be sealed."""

MEMORY = "384MB"
"""What DuckDB may hold while it sorts; beyond that it writes to a temporary directory."""


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
            return tiers[key]
    return []


def _tier(n_rows: int) -> int:
    tier = 0
    while n_rows >= FAN_IN:
        n_rows //= FAN_IN
        tier += 1
    return tier


def due_for_sealing(files: Sequence[DataFile], before: date) -> list[DataFile]:
    """Choose the files of the oldest day before `before` that has rows not sealed yet; empty when none has.

    Rows that come late to a sealed day take along the sealed files up to `FAN_IN` times their size, so that
    a few late rows do not rewrite a large day.
    """
    days = sorted({file.day for file in files if not file.sealed and file.day < before})
    if not days:
        return []
    of_day = sorted(
        (file for file in files if file.day == days[0]), key=lambda file: (file.sealed, file.n_rows)
    )
    chosen: list[DataFile] = []
    for file in of_day:
        if file.sealed and file.n_rows > FAN_IN * sum(each.n_rows for each in chosen):
            break
        chosen.append(file)
    return chosen


class Sorter:
    """Sorts the rows of files by (event, stream, time, seq); one at a time, and it can be interrupted."""

    def __init__(self, scratch: Path, memory: str = MEMORY) -> None:
        self.scratch = scratch
        self.memory = memory
        self._lock = threading.Lock()
        self._con: duckdb.DuckDBPyConnection | None = None
        self._stopped = False

    @contextmanager
    def batches(self, files: Sequence[DataFile]) -> Iterator[Iterator[pa.Table]]:
        """Give the sorted rows of some files in batches of one row group."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.scratch, ignore_cleanup_errors=True) as spill:
            con = duckdb.connect(config={"threads": 1, "memory_limit": self.memory, "temp_directory": spill})
            try:
                self._begin(con)
                con.execute("SET preserve_insertion_order = false")
                columns = ", ".join(FILE_SCHEMA.names)
                rows = con.sql(
                    f"SELECT {columns} FROM read_parquet(?, hive_partitioning = false) "  # noqa: S608 - own names
                    "ORDER BY event, stream, time, seq",
                    params=[[file.path for file in files]],
                )
                reader = rows.to_arrow_reader(ROW_GROUP)
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
