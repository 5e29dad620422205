"""The inbox's file: opening it, telling damage from a full disk, and what stands in it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

from obverse.collect import ledger
from obverse.errors import BusyError, DataError

VERSION = 1
"""Version of the file's tables, kept as ``PRAGMA user_version``. A later one is refused."""
_APPLICATION = 0x4F425649  # "OBVI"
_SPARE_PAGES = 4096

_CREATE = (
    """CREATE TABLE batch (position INTEGER PRIMARY KEY AUTOINCREMENT, n_events INTEGER NOT NULL,
       n_bytes INTEGER NOT NULL, received_at INTEGER NOT NULL, body BLOB NOT NULL)""",
    "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    *ledger.CREATE,
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)

ENTER = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)"
"""Writes a row (its body None where there is none) and adds counts, in one statement: each step of a longer
transaction would wait for Python's lock, which the threads that answer requests hold."""
_ENTRY = (
    """CREATE TEMP VIEW entry AS SELECT 0 AS position, 0 AS n_events, 0 AS n_bytes, 0 AS received_at,
       x'' AS body, '[]' AS tallies""",
    f"""CREATE TEMP TRIGGER enter INSTEAD OF INSERT ON entry BEGIN
       INSERT INTO batch SELECT NEW.position, NEW.n_events, NEW.n_bytes, NEW.received_at, NEW.body
         WHERE NEW.body IS NOT NULL;
       {ledger.ADD.format("NEW.tallies")};
       END""",
)

# Codes of SQLite that say that there is no room, or that the disk did not do as it was told.
_NO_ROOM = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY}
)


def connect(path: Path, create: bool, after: int = 0) -> sqlite3.Connection:
    """Open the file for writing, checking all of it; with `create`, make it where there is none.

    One that is made has positions above `after`.

    Raises:
        DataError: it is missing (without `create`), damaged, no inbox, or of a later version.
    """
    if path.exists():
        _check(path)
    elif create:
        _create(path, after)
    else:
        raise DataError(f"no inbox at {path}; nothing was written")
    with data_errors(path, opening=True):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA wal_autocheckpoint = 2000")
        connection.execute(ledger.PRUNE)
        for statement in _ENTRY:
            connection.execute(statement)
    return connection


def _check(path: Path) -> None:
    """Look at a file without changing it."""
    with data_errors(path, opening=True), contextlib.closing(_read_only(path)) as connection:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if application != _APPLICATION:
            raise DataError(f"{path} is not an inbox of Obverse; nothing was written")
        if version > VERSION:
            raise DataError(
                f"{path} has version {version}, this version of Obverse knows up to {VERSION}; "
                "nothing was written. Use the version that made it, or a later one."
            )
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise DataError(f"{path} is damaged ({found}); nothing was written")


def _create(path: Path, after: int) -> None:
    """Make the file in full beside its place, then move it there, so that there is never half of one."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with (
        data_errors(path, opening=True),
        contextlib.closing(sqlite3.connect(new, isolation_level=None)) as made,
    ):
        made.execute("PRAGMA page_size = 8192")
        made.execute("PRAGMA auto_vacuum = INCREMENTAL")
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("BEGIN IMMEDIATE")
        for statement in _CREATE:
            made.execute(statement)
        made.execute("INSERT INTO about VALUES ('id', ?)", (uuid.uuid4().hex,))
        made.execute("INSERT INTO sqlite_sequence VALUES ('batch', ?)", (after,))
        made.execute("COMMIT")
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def set_aside(path: Path) -> Path | None:
    """Rename a file, and what SQLite keeps beside it; give its new name, None if there was none."""
    if not path.exists():
        return None
    aside = path.with_name(f"{path.name}.aside-{uuid.uuid4().hex[:8]}")
    for ending in ("-wal", "-shm", ""):
        old = path.with_name(path.name + ending)
        if old.exists():
            old.rename(aside.with_name(aside.name + ending))
    return aside


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open the file for reading beside the writer."""
    with data_errors(path, opening=True):
        return _read_only(path)


def _read_only(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


def fill(connection: sqlite3.Connection) -> tuple[int, int]:
    """Give the bytes that wait, and the last position ever used."""
    n_bytes = connection.execute("SELECT ifnull(sum(n_bytes), 0) FROM batch").fetchone()[0]
    last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'batch'").fetchone()
    return n_bytes, last[0] if last else 0


def identity(connection: sqlite3.Connection) -> str:
    """Give the id that the file got when it was made."""
    return str(connection.execute("SELECT value FROM about WHERE name = 'id'").fetchone()[0])


def size(path: Path) -> int:
    """Give the bytes of the file and its log."""
    parts = (path, path.with_name(path.name + "-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def trim(connection: sqlite3.Connection) -> None:
    """Give the file's free pages back to the disk, some at a time, but for those that are soon used again."""
    spare = connection.execute("PRAGMA freelist_count").fetchone()[0] - _SPARE_PAGES
    if spare > 0:
        connection.execute(f"PRAGMA incremental_vacuum({min(spare, _SPARE_PAGES)})").fetchall()


def explain(path: Path, error: sqlite3.Error, opening: bool = False) -> BusyError | DataError:
    """Word an error of SQLite: out of room, which passes, or damage, which does not."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _NO_ROOM and not (opening and code != sqlite3.SQLITE_FULL):
        return BusyError(f"inbox: cannot write to {path.name} ({error}); nothing was kept, send it later")
    return DataError(f"{path} is damaged or no inbox ({error})")


@contextlib.contextmanager
def data_errors(path: Path, opening: bool = False) -> Iterator[None]:
    """Turn errors of SQLite into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(path, error, opening) from error
