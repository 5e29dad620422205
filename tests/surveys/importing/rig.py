"""Import files by the command, and read the answers back out of the lake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner, Result

import obverse
from obverse.cli import cli
from obverse.folder import Folder
from obverse.settings.store import Settings
from obverse.surveys.importing.sheet import Sheet, read_sheet
from obverse.surveys.survey import Survey

MONDAY = "=2026-03-02"


def run(data: Path, *arguments: str | Path) -> Result:
    """Run the command."""
    return CliRunner().invoke(cli, ["survey", "import", "--data", str(data), *map(str, arguments)])


def bring_in(data: Path, *arguments: str | Path) -> str:
    """Run the command, which must succeed; gives what it said."""
    done = run(data, *arguments)
    assert done.exit_code == 0, done.output
    return done.output


def sql(data: Path, text: str) -> list[tuple[Any, ...]]:
    """Ask the lake."""
    with obverse.open(data) as lake:
        found = lake.sql(text)
    return [tuple(row.values()) for row in found.to_pylist()]


def events(data: Path) -> list[dict[str, Any]]:
    """Give all events, their properties decoded, by time and the number of their row."""
    with obverse.open(data) as lake:
        rows = lake.sql("SELECT * FROM events ORDER BY seq").to_pylist()
    return [row | {"properties": msgspec.json.decode(row["properties"])} for row in rows]


def answers(data: Path) -> list[dict[str, Any]]:
    """Give the answers of all events."""
    return [row["properties"]["answers"] for row in events(data)]


def survey(data: Path, name: str) -> Survey:
    """Give the newest version of a survey."""
    with Settings.open(Folder.open(data).settings) as settings:
        found = next(one for one in settings.surveys.all() if one.name == name)
    assert found.state == "imported"
    return Survey.from_json(found.body)


def csv(folder: Path, text: str, name: str = "answers.csv") -> Path:
    """Write a file of answers."""
    path = folder / name
    path.write_text(text)
    return path


def cells(path: Path) -> dict[str, list[str | None]]:
    """Read a file as columns of text."""
    read: Sheet = read_sheet(path)
    return {name: list(column.cells) for name, column in read.columns.items()}
