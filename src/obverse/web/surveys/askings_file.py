"""The file of who was asked what: its tables, and opening it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from obverse.errors import BusyError, DataError

VERSION = 2
"""Version of the file's tables, kept as ``PRAGMA user_version``. A later one is refused."""
_APPLICATION = 0x4F425641  # "OBVA"
_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY})

# A person is the 63-bit key of a user id or of an anonymous one, as in the lake (`obverse.event.stream_key`).
# Rows lie by their keys, not in the order they came: of an anonymous survey that order would tell whose
# answers came first.
_CREATE = """
CREATE TABLE asking (person INTEGER NOT NULL, survey TEXT NOT NULL, asked_at INTEGER NOT NULL,
  n INTEGER NOT NULL, answered_at INTEGER NOT NULL, share REAL NOT NULL, is_users INTEGER NOT NULL,
  PRIMARY KEY (person, survey)) WITHOUT ROWID;
CREATE TABLE unit (person INTEGER PRIMARY KEY, unit INTEGER NOT NULL, day INTEGER NOT NULL);
CREATE TABLE submission (key INTEGER PRIMARY KEY, day INTEGER NOT NULL);
CREATE TABLE total (survey TEXT PRIMARY KEY, asked INTEGER NOT NULL, answered INTEGER NOT NULL,
  answered_here INTEGER NOT NULL, people REAL NOT NULL, since INTEGER NOT NULL,
  registers BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE tally (hour INTEGER NOT NULL, survey TEXT NOT NULL, moment TEXT NOT NULL, reason TEXT NOT NULL,
  n INTEGER NOT NULL, PRIMARY KEY (hour, survey, moment, reason)) WITHOUT ROWID;
CREATE TABLE decision (person INTEGER NOT NULL, survey TEXT NOT NULL, reason TEXT NOT NULL,
  moment TEXT NOT NULL, at INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (person, survey, reason)) WITHOUT ROWID;
CREATE INDEX decision_at ON decision (at);
CREATE INDEX decision_of ON decision (survey, at);
"""
_RESERVED = """
CREATE TABLE reserved (key INTEGER PRIMARY KEY, survey TEXT NOT NULL, moment TEXT NOT NULL,
  at INTEGER NOT NULL, user INTEGER, device INTEGER);
"""
_TO_2 = (
    _RESERVED
    + """
ALTER TABLE unit ADD COLUMN day INTEGER NOT NULL DEFAULT 0;
UPDATE unit SET day = CAST(strftime('%s', 'now') AS INTEGER) / 86400;
"""
)
"""From version 1, which did not know when a unit was last asked for; today, so that none is lost."""


def connect(path: Path) -> sqlite3.Connection:
    """Open the file for writing, making it where there is none, after checking all of it.

    Raises:
        DataError: it is damaged, something else, or of a later version; nothing was written.
    """
    if path.exists():
        _check(path)
    else:
        _create(path)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    # What was asked outlives this process, if not the power.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA busy_timeout = 5000")
    if connection.execute("PRAGMA user_version").fetchone()[0] < VERSION:
        _change(connection, path, _TO_2)
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open the file for reading beside the writer."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA cache_size = -16384")
    return connection


def explain(path: Path, error: sqlite3.Error) -> BusyError | DataError:
    """Word an error of SQLite: out of room, which passes, or damage, which does not."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _NO_ROOM:
        return BusyError(f"surveys: cannot write to {path.name} ({error}); ask again later")
    return DataError(f"{path} is damaged ({error})")


def _check(path: Path) -> None:
    advice = "nothing was written. Put back a copy; without one, move it away: people may then be asked again"
    try:
        with contextlib.closing(connect_reader(path)) as connection:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise DataError(f"{path} is damaged ({error}); {advice}") from error
    if application != _APPLICATION:
        raise DataError(f"{path} is not what Obverse keeps of who was asked what; {advice}")
    if version > VERSION:
        raise DataError(
            f"{path} has version {version}, this version of Obverse knows up to {VERSION}; nothing was "
            "written. Use the version that made it, or a later one."
        )
    if found != "ok":
        raise DataError(f"{path} is damaged ({found}); {advice}")


def _change(connection: sqlite3.Connection, path: Path, how: str) -> None:
    try:
        connection.executescript(f"BEGIN IMMEDIATE; {how} PRAGMA user_version = {VERSION}; COMMIT;")
    except sqlite3.Error as error:
        connection.close()
        raise explain(path, error) from error


def _create(path: Path) -> None:
    """Make the file in full beside its place, then move it there, so that there is never half of one."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.executescript(
            f"BEGIN; {_CREATE} {_RESERVED} PRAGMA application_id = {_APPLICATION}; "
            f"PRAGMA user_version = {VERSION}; COMMIT;"
        )
    new.rename(path)
