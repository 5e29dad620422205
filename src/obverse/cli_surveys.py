"""`obverse survey`: make surveys, publish them, and take their answers out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from obverse.cli_printing import data_option, json_option, print_table
from obverse.folder import Folder

if TYPE_CHECKING:
    from obverse.settings.store import Settings
    from obverse.settings.surveys import State
    from obverse.surveys.survey import Survey


@click.group()
def survey() -> None:
    """Make surveys, publish them, and take their answers out."""


@survey.command("list")
@data_option
@json_option
def survey_list(data: Path, as_json: bool) -> None:
    """List the surveys, the newest first."""
    import pyarrow as pa

    with _settings(data) as settings:
        names = ("id", "name", "state", "version", "changed_at")
        rows = [{name: getattr(one, name) for name in names} for one in settings.surveys.all()]
    for row in rows:
        row["changed_at"] = _instant(row["changed_at"])
    schema = pa.schema([(name, pa.int64() if name == "version" else pa.string()) for name in names])
    print_table(pa.Table.from_pylist(rows, schema=schema), as_json)


@survey.command("show")
@data_option
@click.argument("key", metavar="ID")
@click.option("--version", type=click.IntRange(1), default=None, help="The newest unless given.")
def survey_show(data: Path, key: str, version: int | None) -> None:
    """Print the survey ID as JSON, as `create` and `edit` take it."""
    import msgspec

    with _settings(data) as settings:
        body = settings.surveys.get(key).body if version is None else settings.surveys.version(key, version)
    click.echo(msgspec.json.format(body))


@survey.command("create")
@data_option
@click.argument("file", type=click.File("rb"))
def survey_create(data: Path, file: Any) -> None:
    """Make a survey of the JSON in FILE, as a draft, and print its id; - reads standard input."""
    from obverse.surveys import keeping

    with _settings(data, create=True) as settings:
        made = _read(file)
        click.echo(keeping.create(settings, made).id)
        _warn(settings, made)


@survey.command("edit")
@data_option
@click.argument("key", metavar="ID")
@click.argument("file", type=click.File("rb"))
def survey_edit(data: Path, key: str, file: Any) -> None:
    """Make another version of the survey ID of the JSON in FILE; answers keep theirs."""
    from datetime import UTC, datetime

    from obverse.surveys import keeping

    with _settings(data) as settings:
        new = _read(file)
        click.echo(f"version {keeping.edit(settings, key, new, datetime.now(UTC)).version}", err=True)
        _warn(settings, new)


@survey.command("publish")
@data_option
@click.argument("key", metavar="ID")
def survey_publish(data: Path, key: str) -> None:
    """Begin to ask the survey ID, or go on with it."""
    _become(data, key, "live")


@survey.command("pause")
@data_option
@click.argument("key", metavar="ID")
def survey_pause(data: Path, key: str) -> None:
    """Ask nobody else the survey ID for now; who has it open may answer."""
    _become(data, key, "paused")


@survey.command("close")
@data_option
@click.argument("key", metavar="ID")
def survey_close(data: Path, key: str) -> None:
    """Take no more answers to the survey ID."""
    _become(data, key, "closed")


@survey.command("delete")
@data_option
@click.argument("key", metavar="ID")
def survey_delete(data: Path, key: str) -> None:
    """Forget the survey ID, which must be a draft."""
    with _settings(data) as settings:
        settings.surveys.delete(key)


@survey.command("answers")
@data_option
@json_option
@click.argument("key", metavar="ID")
def survey_answers(data: Path, as_json: bool, key: str) -> None:
    """Print the answers to the survey ID, a row a submission, as CSV or as JSON lines."""
    import obverse
    from obverse.surveys import keeping
    from obverse.surveys.answers import EVER, as_table, submissions
    from obverse.web.exporting import as_csv

    with _settings(data) as settings:
        asked = keeping.read(settings.surveys.get(key))
    with obverse.open(data) as lake:
        table = as_table(asked, submissions(lake.table, key, *EVER))
    if as_json:
        print_table(table, as_json)
    else:
        sys.stdout.write(as_csv(table).decode())


def _become(data: Path, key: str, state: State) -> None:
    from datetime import UTC, datetime

    from obverse.surveys import keeping

    with _settings(data) as settings:
        found = keeping.set_state(settings, key, state, datetime.now(UTC))
        _warn(settings, keeping.read(found))


def _read(file: Any) -> Survey:
    from obverse.surveys.survey import Survey

    return Survey.from_json(file.read())


def _warn(settings: Settings, made: Survey) -> None:
    from obverse.surveys import keeping

    for one in keeping.looked_over(settings, made):
        place = f"{one.field}: " if one.field else ""
        click.echo(f"{one.level}: {place}{one.text}", err=True)


def _instant(micros: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(micros / 1e6, UTC).isoformat(timespec="seconds")


@contextmanager
def _settings(data: Path, create: bool = False) -> Iterator[Settings]:
    from obverse.settings.store import Settings

    with Settings.open(Folder.open(data, create=create).settings) as settings:
        yield settings
