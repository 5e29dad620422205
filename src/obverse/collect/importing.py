"""File import: rows of CSV, JSON lines or Parquet become events, by the rules of collect.

`plan` looks at a file, guesses what is not said, and shows the first events that would come out. `run`
streams the file in chunks through DuckDB; what it refuses is counted by reason, with rows and examples.

**The same rows once.** A row's message id is made of the digest of the file's content and of the choices,
and of the row's number. So the same content under another name, packed or not, gives the same events, and
an import that was cut off goes on where it stopped. The same content with other choices is another import,
whose events are new ones; `obverse.collect.importing_history` asks before it lets that happen. Where a
column is mapped to ``message_id``, its ids take the place of made ones, across files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obverse.collect.importing_map import RefusedRows, map_rows, merged
from obverse.collect.importing_plan import ImportMapping, ImportPlan, connect, plan
from obverse.collect.importing_survey import MARK, TOO_LONG
from obverse.collect.refusal import Refusal
from obverse.errors import DataError

__all__ = ["Append", "ImportMapping", "ImportPlan", "ImportReport", "RefusedRows", "plan", "run"]

CHUNK_ROWS = 100_000
"""Rows that are worked on at a time."""

CHUNK_BYTES = 48 << 20
"""A chunk of long rows is worked on once it has this size."""

Append = Callable[[pa.Table, int], tuple[int, int]]
"""Takes rows of `EVENT_FIELDS` and the number of file rows read so far; gives how many were new, and known.

When it returns, the events are durable; else it raises.
"""

Progress = Callable[[int], None]
"""Is told how many rows of the file have been read so far."""


@dataclass(frozen=True)
class ImportReport:
    """What became of a file's rows: every row is counted once.

    Attributes:
        n_rows: rows read, without those of an earlier run.
        n_new: events that the lake did not have.
        n_known: events that it had already.
        refused: rows that were refused, by reason.
        done: rows of the file dealt with, those of earlier runs too.
    """

    n_rows: int
    n_new: int
    n_known: int
    refused: tuple[RefusedRows, ...]
    done: int

    @property
    def n_refused(self) -> int:
        """Count the refused rows."""
        return sum(one.n for one in self.refused)


def run(
    plan: ImportPlan,
    append: Append,
    *,
    done: int = 0,
    progress: Progress | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> ImportReport:
    """Import a file, in bounded memory.

    Args:
        plan: of `plan`.
        append: takes the events of each chunk.
        done: rows that an earlier run of the same plan has dealt with.
        progress: is told after each chunk.
        chunk_rows: rows that are worked on at a time.

    Raises:
        DataError: the file turned out to be damaged; what was appended before stays, and is not added again.
    """
    n_read = n_rows = n_new = n_known = 0
    refused: list[RefusedRows] = []
    with connect(plan.mapping.zone) as scanner, connect(plan.mapping.zone) as worker:
        for chunk in _chunks(plan, scanner, chunk_rows):
            start, n_read = n_read, n_read + chunk.num_rows
            chunk = chunk.slice(max(done - start, 0))
            if chunk.num_rows:
                mapped = map_rows(worker, plan.terms, chunk, n_read - chunk.num_rows + 1, plan.received_at)
                new, known = append(mapped.events, n_read) if mapped.events.num_rows else (0, 0)
                n_rows, n_new, n_known = n_rows + chunk.num_rows, n_new + new, n_known + known
                refused += mapped.refused
            if progress is not None:
                progress(n_read)
        rejected = _Rejected(plan, scanner, done)
    parts = [*rejected.rows, *(rejected.renumbered(part) for part in merged(refused))]
    return ImportReport(
        n_rows=n_rows + rejected.n,
        n_new=n_new,
        n_known=n_known,
        refused=merged(parts),
        done=n_read,
    )


def _chunks(plan: ImportPlan, scanner: duckdb.DuckDBPyConnection, chunk_rows: int) -> Iterator[pa.Table]:
    """Give the file's rows in order, so many at a time, and not too many bytes."""
    held: list[pa.RecordBatch] = []
    n_held = n_bytes = 0
    try:
        for batch in scanner.sql(_scan(plan)).to_arrow_reader(min(chunk_rows, 50_000)):
            held.append(batch)
            n_held, n_bytes = n_held + batch.num_rows, n_bytes + batch.nbytes
            if n_held >= chunk_rows or n_bytes >= CHUNK_BYTES:
                yield pa.Table.from_batches(held)
                held, n_held, n_bytes = [], 0, 0
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        message = str(error).splitlines()[0]
        raise DataError(
            f"{plan.file.path.name} cannot be read to its end: {message}; what came before is kept"
        ) from error
    if n_held:
        yield pa.Table.from_batches(held)


def _scan(plan: ImportPlan) -> str:
    scan = plan.terms.reading.scan
    if plan.mapping.order is None:
        return scan
    by = plan.terms.reading.text(plan.mapping.order)
    return (
        f"SELECT * FROM (SELECT *, row_number() OVER () AS row FROM ({scan})) "  # noqa: S608  # of quoted literals
        f"ORDER BY TRY_CAST({by} AS DOUBLE) NULLS LAST, {by} NULLS LAST, row"
    )


class _Rejected:
    """The rows that the CSV reader itself turned away, and where they stood.

    Rows that it lets through are numbered without those; their numbers in the file follow from both.
    """

    _DETAILS = {  # noqa: RUF012  # never changed
        "MISSING COLUMNS": "fewer cells than columns",
        "TOO MANY COLUMNS": "more cells than columns",
        "UNQUOTED VALUE": "a quote inside a quoted cell",
        "INVALID ENCODING": "not UTF-8",
    }

    def __init__(self, plan: ImportPlan, scanner: duckdb.DuckDBPyConnection, done: int) -> None:
        self.header = int(plan.file.header and plan.file.format in ("csv", "words"))
        self.before: NDArray[np.int64] = np.empty(0, np.int64)  # rows let through before each, header counted
        self.rows: tuple[RefusedRows, ...] = ()
        self.n = 0
        if plan.terms.reading.rejects:
            self._read(scanner, done)

    def _read(self, scanner: duckdb.DuckDBPyConnection, done: int) -> None:
        found = scanner.sql(
            "SELECT line, min(error_type::VARCHAR) AS kind, min(csv_line) AS text "
            "FROM rejected GROUP BY line ORDER BY line"
        ).to_arrow_table()
        lines = found.column("line").to_numpy().astype(np.int64)
        self.before = lines - np.arange(len(lines))
        parts = []
        for at in np.flatnonzero(self.before > done + self.header):
            kind, text = found.column("kind")[int(at)].as_py(), found.column("text")[int(at)].as_py() or ""
            parts.append(_rejected_row(self._DETAILS, int(lines[at]), kind, text))
        self.rows, self.n = merged(parts), len(parts)

    def renumbered(self, part: RefusedRows) -> RefusedRows:
        """Give the rows' numbers in the file, the header counted as a spreadsheet does."""
        examples = tuple((self._in_file(row), text) for row, text in part.examples)
        return replace(part, examples=examples)

    def _in_file(self, row: int) -> int:
        number = row + self.header
        return number + int(np.searchsorted(self.before, number, side="right"))


def _rejected_row(details: dict[str, str], line: int, kind: str, text: str) -> RefusedRows:
    if text.startswith(MARK):
        _, why, text = text.split(MARK, 2)
        if why == TOO_LONG:
            return RefusedRows(Refusal.EVENT_TOO_LARGE, "the line is too long", 1, ((line, text),))
        return RefusedRows(Refusal.BAD_ROW, "a quote is opened and never closed", 1, ((line, text),))
    reason = Refusal.EVENT_TOO_LARGE if kind == "LINE SIZE OVER MAXIMUM" else Refusal.BAD_ROW
    detail = "the row is too long" if reason is Refusal.EVENT_TOO_LARGE else details.get(kind, kind.lower())
    return RefusedRows(reason, detail, 1, ((line, text[:200]),))
