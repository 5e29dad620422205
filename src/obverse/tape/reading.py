"""Reads of the lake's Parquet files with DuckDB: only the columns, names and new rows that are asked for."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obverse.errors import DataError
from obverse.lake.snapshot import DataFile, Snapshot
from obverse.lake.table import EventTable
from obverse.tape.few import Column, joined
from obverse.tape.layout import Int64s
from obverse.tape.memory import give_back
from obverse.tape.reel import Kind

Chunk = Mapping[str, NDArray[Any]]
Columns = dict[str, Column]
Narrow = Callable[[Chunk], Columns]
T = TypeVar("T")

CHUNK_ROWS = 1 << 23
"""Rows of the lake that one query looks at: what bounds the memory of a read."""

MANY_ROWS = 1_000_000
"""Rows read that leave enough behind to give memory back."""

_PREDICATES = {"event": "event = $kind", "type": "type = $kind", "": "true"}


class Reader:
    """Reads rows by kind and seq from whatever files hold them now.

    Files may be replaced at any time, rows keep their seq; where a file has vanished, the read is done once
    more on a fresh snapshot.
    """

    def __init__(self, table: EventTable, threads: int = 2) -> None:
        self.table = table
        self._con = duckdb.connect(config={"threads": threads, "enable_external_file_cache": False})
        self._con.execute("SET TimeZone = 'UTC'")
        self._opening = threading.Lock()

    def close(self) -> None:
        """Give the memory back."""
        self._con.close()

    def columns(
        self,
        wanted: Mapping[str, str],
        kind: Kind,
        after: int,
        upto: int,
        params: Mapping[str, object],
        narrow: Narrow = dict,
    ) -> tuple[Int64s, Columns]:
        """Read columns of events of one kind, ascending in seq.

        Args:
            wanted: name and SQL of each column; never null.
            kind: which events.
            after: only events numbered above this,
            upto: and at most this.
            params: values of the parameters in the SQL.
            narrow: gives the columns of some rows as they are to be held, chunk by chunk, so that all of them
                never lie in memory as they are read; chunks come in any order of seq.

        Returns:
            The seqs, and the columns by name.
        """
        listed = ", ".join(f"{sql} AS {name}" for name, sql in wanted.items())
        select = f"SELECT seq, {listed}" if wanted else "SELECT seq"
        bound: dict[str, object] = {**params, **({"kind": kind.value} if kind.column else {})}
        sql = f"{select} FROM {_SOURCE} WHERE {_PREDICATES[kind.column]} AND {_RANGE}"

        def read(snapshot: Snapshot) -> list[Columns]:
            chunks = _chunks(_between(snapshot, after, upto))
            rows = (_sorted(self._fetch(sql, files, bound, after, upto)) for files in chunks)
            return [{**narrow(chunk), "seq": chunk["seq"]} for chunk in rows]

        found = _joined(self.trying(read), ["seq", *wanted])
        if len(found[0]) >= MANY_ROWS:
            give_back()
        return found

    def arrow(
        self, sql: str, params: Mapping[str, object], after: int = 0, upto: int | None = None
    ) -> pa.Table:
        """Run a query with ``{source}`` for the lake's rows after one seq up to another; `Kind` left out.

        The SQL comes from the program itself, never from a user.
        """

        def read(snapshot: Snapshot) -> pa.Table:
            last = snapshot.last_seq if upto is None else upto
            files = _between(snapshot, after, last)
            source = f"(FROM {_SOURCE} WHERE {_RANGE})" if files else _NOTHING
            bound = {
                **params,
                **({"files": _paths(files), "seq_after": after, "seq_upto": last} if files else {}),
            }
            return self._cursor().sql(sql.format(source=source), params=bound).to_arrow_table()

        return self.trying(read)

    def texts(self, seqs: Sequence[int], sql: str, params: Mapping[str, object]) -> dict[int, str | None]:
        """Compute a text for a few events, by seq."""
        wanted = sorted(seqs)

        def read(snapshot: Snapshot) -> list[tuple[int, str | None]]:
            files = [file for file in snapshot.files if _holds(file, wanted)]
            query = f"SELECT seq, {sql} FROM {_SOURCE} WHERE seq IN (FROM unnest($seqs))"  # noqa: S608 - checked
            bound = {**params, "files": _paths(files), "seqs": wanted}
            return self._cursor().execute(query, bound).fetchall()

        return dict(self.trying(read)) if wanted else {}

    def trying(self, read: Callable[[Snapshot], T]) -> T:
        """Run a read on the snapshot last loaded; where a file of it is gone, on a fresh one.

        Raises:
            DataError: the lake cannot be read.
        """
        try:
            return read(self.table.snapshot)
        except (duckdb.IOException, FileNotFoundError):
            snapshot = self.table.refresh()
        try:
            return read(snapshot)
        except (duckdb.IOException, FileNotFoundError) as error:
            raise DataError(f"the lake cannot be read: {error}") from error

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._opening:
            return self._con.cursor()

    def _fetch(
        self, sql: str, files: Sequence[DataFile], params: Mapping[str, object], after: int, upto: int
    ) -> Chunk:
        bound = {**params, "files": _paths(files), "seq_after": after, "seq_upto": upto}
        try:
            found = self._cursor().execute(sql, bound).fetchnumpy()
        except duckdb.InvalidInputException as error:
            raise DataError(f"an event in the lake cannot be read: {error}") from error
        return {name: np.ma.getdata(column) for name, column in found.items()}


_SOURCE = "read_parquet($files, hive_partitioning = false)"
_RANGE = "seq > $seq_after AND seq <= $seq_upto"
_NOTHING = (
    "(SELECT NULL::BIGINT AS seq, NULL::BIGINT AS stream, NULL::VARCHAR AS event, NULL::TIMESTAMPTZ AS time,"
    " NULL::TIMESTAMPTZ AS received_at, NULL::VARCHAR AS type, NULL::VARCHAR AS message_id,"
    " NULL::VARCHAR AS touchpoint, NULL::VARCHAR AS source, NULL::VARCHAR AS anonymous_id,"
    " NULL::VARCHAR AS user_id, NULL::VARCHAR AS account_id, NULL::VARCHAR AS session_id,"
    " NULL::DOUBLE AS value, NULL::VARCHAR AS currency, NULL::VARCHAR AS properties,"
    " NULL::VARCHAR AS context WHERE false)"
)


def _between(snapshot: Snapshot, after: int, upto: int) -> list[DataFile]:
    files = [file for file in snapshot.files if file.max_seq > after and file.min_seq <= upto]
    return sorted(files, key=lambda file: file.min_seq)


def _holds(file: DataFile, seqs: Sequence[int]) -> bool:
    at = bisect_left(seqs, file.min_seq)
    return at < len(seqs) and seqs[at] <= file.max_seq


def _paths(files: Sequence[DataFile]) -> list[str]:
    return [file.path for file in files]


def _chunks(files: Sequence[DataFile]) -> Iterator[list[DataFile]]:
    chunk: list[DataFile] = []
    n_rows = 0
    for file in files:
        if chunk and n_rows + file.n_rows > CHUNK_ROWS:
            yield chunk
            chunk, n_rows = [], 0
        chunk.append(file)
        n_rows += file.n_rows
    if chunk:
        yield chunk


def _sorted(chunk: Chunk) -> Chunk:
    """Sort by seq; files merged or sealed are in another order."""
    seq = chunk["seq"]
    if len(seq) < 2 or bool(np.all(seq[1:] > seq[:-1])):
        return chunk
    order = np.argsort(seq)
    return {name: column[order] for name, column in chunk.items()}


def _joined(chunks: list[Columns], names: Sequence[str]) -> tuple[Int64s, Columns]:
    """Put sorted chunks together, ascending in seq; each is given up on the way, to hold it only once."""
    whole: Columns = {name: np.zeros(0, np.int64) for name in names}
    for name in names if chunks else ():
        whole[name] = joined([chunk.pop(name) for chunk in chunks])
    seq: Int64s = np.asarray(whole.pop("seq"))
    if len(seq) > 1 and not bool(np.all(seq[1:] > seq[:-1])):  # the chunks' ranges overlap
        order = np.argsort(seq, kind="stable")  # quick on sorted runs
        seq = seq[order]
        for name in whole:
            whole[name] = whole[name][order]
    return seq, whole
