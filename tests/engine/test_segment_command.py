"""Segments on the command line."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from obverse.cli import cli
from tests.engine.lakes import fill, row, table_of

QUESTION = '{"type":"funnel","steps":[{"events":["View"]},{"events":["Buy"]}]}'
ROWS = [row("ann", "View", 0), row("ann", "Buy", 1), row("ben", "View", 0)]


def run(root: Path, *arguments: str) -> str:
    ran = CliRunner().invoke(cli, [*arguments[:2], "--data", str(root), *arguments[2:]])
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_a_segment_is_saved_used_listed_and_forgotten(tmp_path: Path) -> None:
    root = fill(tmp_path / "data", [table_of(ROWS)])
    assert "1 people" in run(root, "segment", "save", "Buyers", QUESTION, "--pick", "step=2")
    assert '"pick":{"step":"2"}' in run(root, "segment", "list")
    asked = QUESTION[:-1] + ',"segment":"Buyers"}'
    ran = CliRunner().invoke(cli, ["ask", "--data", str(root), "--json", asked])
    assert '"people":1' in ran.output
    run(root, "segment", "delete", "Buyers")
    assert run(root, "segment", "list") == ""


def test_a_segment_is_renamed_with_those_that_use_it_and_stays_while_they_do(tmp_path: Path) -> None:
    root = fill(tmp_path / "data", [table_of(ROWS)])
    run(root, "segment", "save", "Buyers", QUESTION, "--pick", "step=2")
    run(root, "segment", "save", "Lookers", QUESTION[:-1] + ',"segment":"Buyers"}')
    run(root, "segment", "rename", "Buyers", "Customers")
    assert '"segment":"Customers"' in run(root, "segment", "list")
    ran = CliRunner().invoke(cli, ["segment", "delete", "--data", str(root), "Customers"])
    assert ran.exit_code == 1
    assert "is used by the segment 'Lookers'" in ran.output


def test_a_wrong_part_of_an_answer_is_a_wrong_question(tmp_path: Path) -> None:
    root = fill(tmp_path / "data", [table_of(ROWS)])
    ran = CliRunner().invoke(
        cli, ["segment", "save", "--data", str(root), "Nobody", QUESTION, "--pick", "step=9"]
    )
    assert ran.exit_code == 2
    assert "step: 9 is not one of the 2 steps" in ran.output
