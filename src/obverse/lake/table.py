"""The lake itself: one Delta table of events, appended to exactly once, sorted while others read it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.exceptions import DeltaError
from deltalake.transaction import RemoveAction

from obverse.errors import DataError
from obverse.event import SCHEMA
from obverse.lake import hashing
from obverse.lake.datafile import FILE_SCHEMA, Written, write
from obverse.lake.deltalog import DeltaLog
from obverse.lake.merging import MEMORY, Sorter, due_for_merge, due_for_sealing
from obverse.lake.snapshot import MERGED, PART, SEALED, DataFile, Snapshot, load

MAX_FILE_ROWS = 1 << 23
MAX_FILE_BYTES = 512 << 20
"""A sorted file that reaches either is closed and another begun."""

CHECKPOINT_EVERY = 32
"""Commits between two checkpoints of the log: opening and refreshing read no more commits than that."""

_ASSIGNED = ("seq", "day", "stream")
_SEQ = "obverse.seq"
_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


class EventTable:
    """The table of events in a data folder.

    One process writes (the folder's lock sees to that), with as many threads as it likes; any number of
    processes, of Obverse and of others, read. Rows are addressed by `seq`, so files may be rewritten at any
    time: a rewrite is one commit that adds the new files and removes the old ones, whose bytes stay on disk
    until `vacuum`.
    """

    def __init__(self, log: DeltaLog, delta: DeltaTable, clock: Callable[[], float]) -> None:
        self.root = log.root
        self._log = log
        self._clock = clock
        self._delta = delta
        self._schema = delta.schema()
        self._snapshot = load(delta, self.root)
        self._lock = threading.RLock()  # whoever holds it may commit
        self._upkeep = threading.Lock()  # whoever holds it may rewrite files
        self.scratch = self.root.parent / "scratch"
        self._sorter = Sorter(self.scratch)
        self._con = duckdb.connect(config={"threads": 1})  # for keys of appended rows, under _lock

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], create: bool = False, clock: Callable[[], float] = time.time
    ) -> EventTable:
        """Open the table.

        Args:
            path: its directory.
            create: open it to write: make it where there is none, mend what a power cut left of the last
                commit. Without, nothing is written.
            clock: seconds since 1970, for the times in the log.

        Raises:
            DataError: there is none (without `create`), it is damaged, or of a later format.
        """
        log = DeltaLog(Path(path).absolute())
        if create:
            log.set_torn_aside()
            if not log.exists():
                log.create()
        delta = log.open()
        if create:
            log.sync(delta.version())
        return cls(log, delta, clock)

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot last loaded; `refresh` looks for a newer one."""
        return self._snapshot

    def refresh(self) -> Snapshot:
        """Load what was committed since, by any process. When nothing was, this looks up two file names."""
        if not self._log.moved(self._snapshot.version):
            return self._snapshot
        with self._lock:
            if self._log.moved(self._delta.version()):
                try:
                    self._delta.update_incremental()
                except DeltaError:  # the commits in between are cleaned away
                    self._delta = self._log.open()
            if self._delta.version() != self._snapshot.version:
                self._snapshot = load(self._delta, self.root)
            return self._snapshot

    def committed(self, app_id: str) -> int:
        """Give the last position that was appended under `app_id`; 0 if none."""
        with self._lock:
            return self._delta.transaction_version(app_id) or 0

    def append(self, rows: pa.Table, app_id: str, position: int) -> Snapshot:
        """Append rows, unless this position of `app_id` is in already; durable on return.

        Rows get ascending `seq` in their order, `day` from `received_at`, and `stream`.

        Args:
            rows: columns of `obverse.event.SCHEMA` but `seq`, `day` and `stream`; what may be null may be
                missing.
            app_id: what the rows come from: the inbox, one imported file.
            position: ascending with each append of one `app_id`; at or below `committed`, nothing is added.

        Raises:
            DataError: a column that must not be null is, or has the wrong type; nothing was appended.
            OSError: no room; nothing was appended.
            deltalake.exceptions.DeltaError: the commit failed; nothing was appended. The same append may be
                tried again after any of these.
        """
        if rows.num_rows == 0:
            return self._snapshot
        with self._lock:
            self.refresh()
            if position > self.committed(app_id):
                self._append(rows, app_id, position)
            self.sync()
            return self._snapshot

    def sync(self) -> None:
        """Wait until all that is committed is on disk, as `append` does; for use after it failed there."""
        with self._lock:
            self._log.sync(self._snapshot.version)

    def _completed(self, rows: pa.Table) -> pa.Table:
        """Give rows the columns that the lake assigns, and the lake's types."""
        first = max(self._snapshot.last_seq, self.committed(_SEQ)) + 1
        columns: dict[str, pa.Array] = {
            name: rows[name]
            if name in rows.column_names
            else pa.nulls(rows.num_rows, SCHEMA.field(name).type)
            for name in SCHEMA.names
            if name not in _ASSIGNED
        }
        columns["seq"] = pa.array(range(first, first + rows.num_rows), pa.int64())
        columns["stream"] = hashing.streams(self._con, pa.table(columns))
        columns["day"] = pc.cast(columns["received_at"], pa.date32(), safe=False)
        return conform(pa.table({name: columns[name] for name in SCHEMA.names}), SCHEMA)

    def _append(self, rows: pa.Table, app_id: str, position: int) -> None:
        rows = self._completed(rows)
        files: list[Written] = []
        try:
            for day in sorted(pc.unique(rows["day"]).to_pylist()):
                of_day = rows.filter(pc.equal(rows["day"], pa.scalar(day))).select(FILE_SCHEMA.names)
                files += write(self.root, PART, day, [of_day], MAX_FILE_ROWS, MAX_FILE_BYTES)
        except BaseException:
            _discard(files)
            raise
        last = rows["seq"][-1].as_py()
        self._commit(files, [], [Transaction(app_id, position), Transaction(_SEQ, last)], data_change=True)

    def _commit(
        self,
        added: Sequence[Written],
        removed: Sequence[DataFile],
        transactions: list[Transaction],
        data_change: bool,
    ) -> None:
        """Commit on top of the loaded version, or fail and leave nothing; called with the lock held."""
        now = self._clock()
        actions = [file.action(now, data_change) for file in added]
        removals = [self._removal(file, now, data_change) for file in removed]
        try:
            self._delta.create_write_transaction(
                [*actions, *removals],
                "append",
                self._schema,
                ["day"],
                commit_properties=CommitProperties(max_commit_retries=0, app_transactions=transactions),
                post_commithook_properties=_NO_HOOKS,
            )
        except Exception:
            if not self._went_in(added):
                _discard(added)
                raise
        self._settle()

    def _removal(self, file: DataFile, now: float, data_change: bool) -> RemoveAction:
        path = os.path.relpath(file.path, self.root)
        return RemoveAction(path, data_change, int(now * 1000), file.n_bytes, {"day": file.day.isoformat()})

    def _went_in(self, added: Sequence[Written]) -> bool:
        """Find out whether a commit that reported an error took effect."""
        known = {file.path for file in self.refresh().files}
        return all(str(self.root / file.path) in known for file in added)

    def _settle(self) -> None:
        """Load the version just committed, sync it, and make a checkpoint when one is due."""
        self.refresh()
        version = self._snapshot.version
        self._log.sync(version)
        if version % CHECKPOINT_EVERY == 0:
            self._delta.create_checkpoint()
            self._log.sync_checkpoint(version)
            self._delta = self._log.open()  # its list of commits starts at the checkpoint

    def compact(self) -> int:
        """Merge small files until none are due, and say how many merges that took.

        Reads and appends go on meanwhile.
        """
        return self._rewrite_all(MERGED, due_for_merge)

    def seal(self, before: date) -> int:
        """Sort the days before `before` that have unsorted rows, and say how many rewrites that took."""
        return self._rewrite_all(SEALED, lambda files: due_for_sealing(files, before))

    def _rewrite_all(self, kind: str, choose: Callable[[Sequence[DataFile]], list[DataFile]]) -> int:
        n_rewrites = 0
        with self._upkeep:
            while files := choose(self.refresh().files):
                self._rewrite(kind, files)
                n_rewrites += 1
        return n_rewrites

    def _rewrite(self, kind: str, files: Sequence[DataFile]) -> None:
        written = self._sorted(kind, files, *MEMORY)
        rows_in, rows_out = sum(file.n_rows for file in files), sum(file.n_rows for file in written)
        if rows_in != rows_out:
            _discard(written)
            raise DataError(
                f"rewriting {len(files)} files of {files[0].day} gave {rows_out} rows, not {rows_in}"
            )
        with self._lock:
            if set(files) <= set(self.refresh().files):
                self._commit(written, files, [], data_change=False)
            else:
                _discard(written)

    def _sorted(self, kind: str, files: Sequence[DataFile], memory: str, *more: str) -> list[Written]:
        try:
            with self._sorter.batches(files, memory) as batches:
                return write(self.root, kind, files[0].day, batches, MAX_FILE_ROWS, MAX_FILE_BYTES)
        except duckdb.OutOfMemoryException:
            if not more:
                raise
        return self._sorted(kind, files, *more)

    def interrupt(self) -> None:
        """End a running `compact` or `seal`, and any later one, with `duckdb.InterruptException`."""
        self._sorter.interrupt()

    def vacuum(self, retention_hours: int = 1) -> int:
        """Delete files that left the table this long ago, or never came to be part of it; count them.

        A reader may go on with a snapshot for as long. Expired commits of the log are deleted too.
        """
        with self._upkeep, self._lock:
            self.refresh()
            gone = self._vacuum(retention_hours, dry_run=True)
            if gone:
                self._vacuum(retention_hours, dry_run=False)
                self._settle()
            self._delta.cleanup_metadata()
            return len(gone)

    def _vacuum(self, retention_hours: int, dry_run: bool) -> list[str]:
        return self._delta.vacuum(
            retention_hours,
            dry_run,
            enforce_retention_duration=False,
            full=True,
            post_commithook_properties=_NO_HOOKS,
        )

    def read(
        self, columns: Sequence[str], where: str | None = None, params: Sequence[object] = ()
    ) -> pa.Table:
        """Read columns of the snapshot last loaded.

        Args:
            columns: names of `obverse.event.SCHEMA`.
            where: condition in DuckDB's SQL, from the program itself and never from a user; ``?`` for values.
            params: the values.
        """
        wanted = pa.schema([SCHEMA.field(name) for name in columns])
        files = [file.path for file in self._snapshot.files]
        if not files:
            return wanted.empty_table()
        query = (
            f"SELECT {', '.join(columns)} FROM read_parquet(?, hive_partitioning = true, "  # noqa: S608 - see `where`
            f"hive_types = {{'day': DATE}}) WHERE {where or 'true'}"
        )
        with duckdb.connect() as con:
            return con.sql(query, params=[files, *params]).to_arrow_table().cast(wanted)


def conform(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give rows exactly the types of a schema.

    Raises:
        DataError: naming the column that does not fit.
    """
    for field in [*schema][::-1]:  # a day follows from received_at: name the cause
        if not field.nullable and rows[field.name].null_count:
            missing = rows[field.name].null_count
            what = "a user or anonymous id" if field.name == "stream" else field.name
            raise DataError(f"{missing} of {rows.num_rows} events have no {what}")
    try:
        return rows.cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"events do not fit the lake's columns: {error}") from error


def _discard(files: Iterable[Written]) -> None:
    for file in files:
        file.discard()
