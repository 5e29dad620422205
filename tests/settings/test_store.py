"""Write keys, single values, and the database file itself."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from obverse.errors import DataError, NotFoundError, QuestionError
from obverse.settings import database
from obverse.settings.store import Settings
from obverse.settings.tables import metadata


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.db"


@pytest.fixture
def settings(file: Path) -> Iterator[Settings]:
    with Settings.open(file) as opened:
        yield opened


def _becomes(ask: object, expected: object, within_s: float = 5) -> bool:
    assert callable(ask)
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if ask() == expected:
            return True
    return False


def test_a_write_key_stands_for_its_source(settings: Settings) -> None:
    key = settings.create_key("till", touchpoint="store")
    source = settings.source_of(key)
    assert source is not None
    assert (source.name, source.touchpoint) == ("till", "store")
    assert settings.source_of(key + "x") is None


def test_two_write_keys_never_have_one_name(settings: Settings) -> None:
    settings.create_key("site")
    with pytest.raises(QuestionError, match="'site' exists"):
        settings.create_key("site")


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb"])
def test_a_write_key_needs_a_name_that_prints(settings: Settings, name: str) -> None:
    with pytest.raises(QuestionError, match="name"):
        settings.create_key(name)


def test_a_revoked_key_stands_for_nothing_and_is_still_listed(settings: Settings) -> None:
    key = settings.create_key("site")
    settings.revoke_key("site")
    assert settings.source_of(key) is None
    assert [(k.name, k.revoked_at is None) for k in settings.write_keys()] == [("site", False)]
    with pytest.raises(NotFoundError):
        settings.revoke_key("site")


def test_a_key_made_or_revoked_elsewhere_counts_within_seconds(settings: Settings, file: Path) -> None:
    assert settings.source_of("unknown") is None
    with Settings.open(file) as other:
        key = other.create_key("site")
        assert _becomes(lambda: settings.source_of(key) is not None, True)
        other.revoke_key("site")
        assert _becomes(lambda: settings.source_of(key), None)


def test_keys_outlive_the_process_that_made_them(file: Path) -> None:
    with Settings.open(file) as first:
        key = first.create_key("site")
    with Settings.open(file) as second:
        assert second.source_of(key) is not None


def test_looking_a_key_up_is_a_look_in_memory(settings: Settings) -> None:
    key = settings.create_key("site")
    settings.source_of(key)
    begin = time.perf_counter()
    for _ in range(10_000):
        settings.source_of(key)
    assert (time.perf_counter() - begin) / 10_000 < 50e-6


def test_values_never_set_have_safe_defaults(settings: Settings) -> None:
    values = settings.values()
    assert (values.event_bytes, values.batch_bytes) == (32 * 1024, 500 * 1024)
    assert values.conversion_event == "Order Completed"


def test_a_value_that_is_set_is_kept_and_one_set_to_nothing_is_the_default_again(file: Path) -> None:
    with Settings.open(file) as settings:
        settings.set_value("session_days", 7)
        settings.set_value("conversion_event", "Signed Up")
    with Settings.open(file) as settings:
        assert settings.values().session_days == 7
        assert settings.set_value("session_days", None).session_days == 30
        assert settings.values().conversion_event == "Signed Up"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("sesion_days", 7, "did you mean 'session_days'"),
        ("session_days", 0, "session_days"),
        ("session_days", "7", "session_days"),
        ("currency", "euro", "currency"),
        ("time_zone", "Europe/Berlim", "did you mean 'Europe/Berlin'"),
        ("public_url", "ftp://x", "public_url"),
        ("public_url", "https://x/path", "public_url"),
        ("trusted_proxies", ["10.0.0.0/33"], "trusted_proxies"),
    ],
)
def test_a_wrong_value_is_refused_and_changes_nothing(
    settings: Settings, name: str, value: object, says: str
) -> None:
    before = settings.values()
    with pytest.raises(QuestionError, match=says):
        settings.set_value(name, value)
    assert settings.values() == before


def test_a_database_of_a_newer_version_is_refused_and_left_alone(file: Path) -> None:
    Settings.open(file).close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'r9999'")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(DataError, match="r9999"):
        Settings.open(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("garbage", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_database_is_refused_and_left_alone(file: Path, garbage: bytes) -> None:
    file.write_bytes(garbage)
    with pytest.raises(DataError, match="cannot be read"):
        Settings.open(file)
    assert file.read_bytes() == garbage


def test_a_database_of_another_program_is_refused_and_left_alone(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(DataError, match="not one of Obverse's"):
        Settings.open(file)
    assert file.read_bytes() == before


def test_the_migrations_lead_to_the_tables(file: Path) -> None:
    Settings.open(file).close()
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == database.HEAD
    engine.dispose()
    assert ScriptDirectory(str(database.MIGRATIONS)).get_current_head() == database.HEAD


def test_nothing_in_the_store_is_sql_of_one_engine_only() -> None:
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateTable

    for table in metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
