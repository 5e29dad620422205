"""`obverse import`: into a folder of its own, and into one that a server holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import obverse
from obverse.cli import cli
from tests.conftest import Server

ROWS = "customer,when,action,total\n" + "".join(
    f"c{n % 10},2026-03-0{n % 9 + 1} 10:00:00,{'Bought' if n % 3 else 'Looked'},{n}.5\n" for n in range(300)
)
COLUMNS = ("--person", "customer", "--time", "when", "--event", "action", "--value", "total")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(ROWS)
    return path


def _import(data: Path, file: Path, *more: str) -> Result:
    return CliRunner().invoke(cli, ["import", "--data", str(data), *COLUMNS, *more, str(file)])


def _n_events(data: Path) -> int:
    with obverse.open(data) as lake:
        return int(lake.sql("SELECT count(*) FROM events")[0][0].as_py())


def test_a_file_comes_in_once_and_a_dry_run_not_at_all(tmp_path: Path, file: Path) -> None:
    data = tmp_path / "data"
    dry = _import(data, file, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert not data.exists()
    first = _import(data, file)
    assert "300 events added" in first.output
    assert "nothing to add" in _import(data, file).output
    assert _n_events(data) == 300
    with obverse.open(data) as lake:
        assert lake.ask(obverse.Funnel.parse("Looked > Bought", within="30d")).steps[0].people == 10


def test_a_wrong_column_is_a_wrong_question(tmp_path: Path, file: Path) -> None:
    wrong = CliRunner().invoke(
        cli, ["import", "--data", str(tmp_path / "d"), "--person", "custmer", str(file)]
    )
    assert wrong.exit_code == 2
    assert "did you mean 'customer'?" in wrong.output


def test_a_running_server_takes_the_rows(new_server: Callable[..., Server], file: Path) -> None:
    server = new_server().start()
    assert "300 events added" in _import(server.data, file).output
    assert _n_events(server.data) == 300
    assert "nothing to add" in _import(server.data, file).output
    server.stop()
    assert _n_events(server.data) == 300
