"""Each measure has a command, made of its question's fields, that asks the question that its flags say."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import click
import pytest
from click.testing import CliRunner

from obverse import cli_measures
from obverse.cli import cli
from obverse.measure import MEASURES
from obverse.measure.asking import FieldSpec, fields_of, texts_of
from obverse.measure.question import Question
from obverse.web.pages.spelling import spellings

NEEDED: dict[str, dict[str, Any]] = {
    "reliability": {"items": ("properties.a", "properties.b")},
    "score": {"field": "properties.rating"},
}
"""What measures need that can be asked in several ways, none of which is always given."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Question]:
    """The questions that commands ask, in place of asking them."""
    found: list[Question] = []
    monkeypatch.setattr(cli_measures, "print_answer", lambda _, question, __: found.append(question))
    return found


def run(*words: str) -> Any:
    return CliRunner().invoke(cli, list(words))


@pytest.mark.parametrize("name", cli_measures.names())
def test_a_measure_has_a_command_that_explains_each_field(name: str) -> None:
    shown = run(name, "--help")
    assert shown.exit_code == 0, shown.output
    for spec in fields_of(MEASURES[name.replace("-", "_")].question):
        assert spec.help, f"{name}: {spec.name} has no help"
        assert (spec.name.upper() if spec.positional else f"--{spec.flag}") in shown.output


@pytest.mark.parametrize("name", cli_measures.names())
def test_a_command_without_flags_asks_the_question_without_fields(name: str, asked: list[Question]) -> None:
    question = MEASURES[name.replace("-", "_")].question
    if any(spec.required for spec in fields_of(question)) or name in NEEDED:
        assert run(name).exit_code == 2
        return
    result = run(name)
    assert result.exit_code == 0, result.output
    assert asked == [question()]


def test_flags_events_and_switches_make_the_question(asked: list[Question]) -> None:
    run(
        "trend",
        "people: A",
        "B [value > 5]",
        "--grain",
        "week",
        "--compare",
        "--start",
        "2026-01-01",
        "--by",
        "touchpoint",
    )
    (question,) = asked
    assert texts_of(question) == {
        "series": ("people: A", "B [value > 5]"),
        "grain": ("week",),
        "compare": ("true",),
        "start": ("2026-01-01",),
        "by": ("touchpoint",),
    }


def test_a_switch_can_be_put_out(asked: list[Question]) -> None:
    run("sessions", "--no-client-ids", "--own-sites", "a.example", "--own-sites", "b.example")
    assert texts_of(asked[0]) == {"client_ids": ("false",), "own_sites": ("a.example", "b.example")}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("stages", "--lapse", "soon"), "lapse: 'soon' is not a duration"),
        (("stages", "--engaged-after", "x"), "engaged_after: 'x' is not a whole number"),
        (("stages", "--grain", "year"), "'year' is not one of"),
        (("stages", "--nonsense", "1"), "No such option"),
        (("no-such-measure",), "No such command"),
    ],
)
def test_a_wrong_question_is_named_with_its_field_and_status_2(words: tuple[str, ...], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize("name", sorted(set(MEASURES) - {"funnel"}))
def test_what_a_page_spells_for_the_command_line_asks_the_same(
    name: str, asked: list[Question], monkeypatch: pytest.MonkeyPatch
) -> None:
    import shlex

    monkeypatch.setattr("obverse.cli.print_answer", lambda _, question, __: asked.append(question))
    question = MEASURES[name].question
    made = question(**_other_values(question))
    spelled = {one.name: one.text for one in spellings(made, "http://x", "folder")}
    words = shlex.split(spelled["Command line"])
    assert words[:1] == ["obverse"]
    result = run(*words[1:])
    assert result.exit_code == 0, result.output
    assert asked == [made]


def _other_values(question: type[Question]) -> dict[str, Any]:
    """Give values that no field has by itself, for fields that go with any others."""
    plain = {"start": "2026-01-01", "end": "2026-02-01", "zone": "Europe/Berlin", "where": "value > 1"}
    names = {spec.name for spec in fields_of(question)}
    required = {spec.name: _value(spec) for spec in fields_of(question) if spec.required}
    required |= NEEDED.get(str(question.__struct_config__.tag), {})
    return {name: value for name, value in plain.items() if name in names} | required


def _value(spec: FieldSpec) -> Any:
    text = "did A at least 1 times" if spec.name == "rules" else "A"
    return (text,) if spec.several else text


def test_help_of_a_command_that_asks_nothing_imports_no_measure() -> None:
    code = (
        "import sys; from obverse.cli import main\n"
        "try: main(['serve', '--help'])\n"
        "except SystemExit: pass\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip().endswith("False")


def test_all_commands_are_listed() -> None:
    listed = cli.list_commands(click.Context(cli))
    assert {"serve", "funnel", "overview", "trend"} <= set(listed)
    assert listed == sorted(set(listed))


def test_the_command_of_the_funnel_has_every_field() -> None:
    command = cli.get_command(click.Context(cli), "funnel")
    assert command is not None
    assert {spec.name for spec in fields_of(MEASURES["funnel"].question)} <= {
        one.name for one in command.params
    }
