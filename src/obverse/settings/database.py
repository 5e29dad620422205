"""Opening the settings database: its revision, its damage, and one transaction at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import QueuePool

from obverse.errors import DataError

HEAD = "r0003"
"""The revision that this version of Obverse reads and writes."""

MIGRATIONS = Path(__file__).parent / "migrations"


def connect(url: str, what: str) -> Engine:
    """Open the database at an SQLAlchemy URL and bring it to `HEAD`.

    Args:
        url: ``sqlite:////path/to/settings.db`` or any other that SQLAlchemy knows.
        what: the database's name in messages.

    Raises:
        DataError: it is damaged, is of a newer version, or is something else; nothing was written.
    """
    engine = create_engine(url, poolclass=QueuePool, pool_size=4, max_overflow=4)
    if engine.dialect.name == "sqlite":
        _tune_sqlite(engine)
    try:
        _prepare(engine, what)
    except DatabaseError as error:
        engine.dispose()
        raise DataError(f"{what} cannot be read ({error.orig}); nothing was written") from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def _tune_sqlite(engine: Engine) -> None:
    """Let SQLAlchemy say when a transaction begins, and let readers and a writer not wait for each other."""

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare(engine: Engine, what: str) -> None:
    with engine.connect() as connection:
        if _revision(connection, what) == HEAD:
            return
    if engine.dialect.name == "sqlite":
        raw = engine.raw_connection()  # outside of any transaction, as this pragma wants it
        raw.cursor().execute("PRAGMA journal_mode = WAL")
        raw.close()
    with writing(engine) as connection:
        if _revision(connection, what) != HEAD:  # another process may have been quicker
            migrate(connection)


def _revision(connection: Connection, what: str) -> str | None:
    """Read the revision; None where the database is empty."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise DataError(f"{what} is a database, but not one of Obverse's; nothing was written")
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and not re.fullmatch(r"r\d{4}", found):
        raise DataError(f"{what} is of another program (revision {found!r}); nothing was written")
    if found is not None and found > HEAD:
        raise DataError(
            f"{what} has revision {found!r}, this version of Obverse knows up to {HEAD!r}; nothing was "
            "written. Use the version that made it, or a later one."
        )
    return str(found) if found is not None else None


def migrate(connection: Connection) -> None:
    """Run the steps that the database has not seen yet, on a connection with a transaction begun."""
    from alembic import command  # 12 MiB that a database at its head never needs
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection inside a transaction that writes; it commits at the end, or takes all back."""
    with engine.connect() as connection:
        connection.execution_options(writes=True)
        with connection.begin():
            yield connection
