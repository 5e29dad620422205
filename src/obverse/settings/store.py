"""The settings database, opened: write keys and single values.

`Settings.access` has users and sessions, `Settings.segments` the saved groups of people,
`Settings.dashboards` the saved questions, `Settings.surveys` the surveys.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import msgspec
from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from obverse.errors import DataError, NotFoundError, QuestionError, unknown
from obverse.settings.access import Access
from obverse.settings.dashboards import Dashboards
from obverse.settings.database import connect, writing
from obverse.settings.segments import Segments
from obverse.settings.surveys import Surveys
from obverse.settings.tables import setting, write_key
from obverse.settings.values import ServerSettings, checked

_STALE_S = 1.0
_MAX_NAME = 100


class WriteKey(msgspec.Struct, frozen=True):
    """A write key as the operator sees it; instants are µs since 1970 UTC.

    Attributes:
        key: the text that clients send along; it is public, as it stands in every page that sends events.
        name: what sends with it; each of its events carries this name.
        touchpoint: where its events happen unless they say so themselves; None to go by the event.
        created_at: when it was made.
        revoked_at: since when its events are refused.
    """

    key: str
    name: str
    touchpoint: str | None
    created_at: int
    revoked_at: int | None = None


def now_us() -> int:
    """Tell the time in microseconds since 1970 UTC."""
    return time.time_ns() // 1000


class Settings:
    """What the operator has decided. May be open in several processes; safe to use from several threads.

    Attributes:
        access: users, sessions and tokens.
        segments: saved groups of people.
        dashboards: rows of saved questions.
        surveys: what is asked of people.
    """

    def __init__(self, engine: Engine, clock: Callable[[], int]) -> None:
        self._engine = engine
        self._clock = clock
        self._sources: dict[str, WriteKey] = {}
        self._sources_at = -_STALE_S
        self.access = Access(engine, clock)
        self.segments = Segments(engine, clock)
        self.dashboards = Dashboards(engine, clock)
        self.surveys = Surveys(engine, clock)

    @classmethod
    def open(cls, at: Path | str, clock: Callable[[], int] = now_us) -> Settings:
        """Open the settings, making or migrating them where need be.

        Args:
            at: a file, or an SQLAlchemy URL such as ``postgresql+psycopg://…``.
            clock: tells the time in µs since 1970 UTC.

        Raises:
            DataError: the database is damaged or of a newer version; nothing was overwritten.
        """
        url = at if isinstance(at, str) else f"sqlite:///{at}"
        return cls(connect(url, "the settings database" if isinstance(at, str) else str(at)), clock)

    def close(self) -> None:
        """Close the database's connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Write keys

    def create_key(self, name: str = "default", touchpoint: str | None = None) -> str:
        """Make a write key.

        Args:
            name: what sends with it; no other key, not even a revoked one, has this name.
            touchpoint: where its events happen, unless they say so themselves.

        Raises:
            QuestionError: the name is taken, empty or too long.
        """
        _check_name("name", name)
        if touchpoint is not None:
            _check_name("touchpoint", touchpoint)
        key = f"wk_{secrets.token_urlsafe(24)}"
        row = {"key": key, "name": name, "touchpoint": touchpoint, "created_at": self._clock()}
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(write_key).values(row))
        except IntegrityError:
            raise QuestionError(
                f"name: a write key named {name!r} exists already; choose another name"
            ) from None
        self._sources_at = -_STALE_S
        return key

    def revoke_key(self, name: str) -> None:
        """Refuse a key's events from now on (within a second in other processes).

        Raises:
            NotFoundError: no key in use has this name.
        """
        with writing(self._engine) as connection:
            in_use = write_key.c.name == name, write_key.c.revoked_at.is_(None)
            done = connection.execute(update(write_key).where(*in_use).values(revoked_at=self._clock()))
        if not done.rowcount:
            names = [key.name for key in self.write_keys() if key.revoked_at is None]
            raise NotFoundError(unknown("write key", name, names))
        self._sources_at = -_STALE_S

    def write_keys(self) -> list[WriteKey]:
        """List all write keys, oldest first, revoked ones too."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(write_key).order_by(write_key.c.created_at, write_key.c.name))
            return [WriteKey(**row) for row in rows.mappings()]

    def source_of(self, key: str) -> WriteKey | None:
        """Look up a write key, the source that events come from; None for one that is unknown or revoked.

        A look-up in memory. The memory is read again when it is older than a second, so what another
        process changes counts soon; while the database cannot be read, the last that was known holds.
        """
        if time.monotonic() - self._sources_at >= _STALE_S:
            self._read_sources()
        return self._sources.get(key)

    def _read_sources(self) -> None:
        try:
            keys = self.write_keys()
        except SQLAlchemyError:
            if not self._sources:
                raise
        else:
            self._sources = {key.key: key for key in keys if key.revoked_at is None}
        self._sources_at = time.monotonic()

    # Single values

    def values(self) -> ServerSettings:
        """Read all single values; those never set have their defaults.

        Raises:
            DataError: a value in the database is not what this version understands.
        """
        with self._engine.connect() as connection:
            rows = connection.execute(select(setting.c.name, setting.c.value)).all()
        try:
            return checked({name: msgspec.json.decode(value) for name, value in rows})
        except (QuestionError, msgspec.DecodeError) as error:
            raise DataError(f"the settings cannot be used: {error}") from error

    def set_value(self, name: str, value: Any) -> ServerSettings:
        """Set one value, given as what JSON would give; None brings back the default.

        Raises:
            QuestionError: the name is not known, or the value breaks the rule of its field.
        """
        if value is not None:
            checked({name: value})
        elif name not in ServerSettings.__struct_fields__:
            raise QuestionError(unknown("setting", name, ServerSettings.__struct_fields__))
        with writing(self._engine) as connection:
            connection.execute(delete(setting).where(setting.c.name == name))
            if value is not None:
                text = msgspec.json.encode(value).decode()
                connection.execute(insert(setting).values(name=name, value=text))
        return self.values()


def _check_name(field: str, name: str) -> None:
    if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise QuestionError(f"{field}: {name!r} must have 1 to {_MAX_NAME} characters that print")
