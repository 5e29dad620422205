"""The docs say what is there: each command, endpoint, reason, setting and measure has its entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import obverse
from obverse.cli import cli
from obverse.collect.refusal import Refusal
from obverse.measure import MEASURES
from obverse.settings.values import ServerSettings
from obverse.surveys.reasons import Reason as Why

ROOT = Path(__file__).parents[1]
REFERENCE = (ROOT / "docs" / "reference.md").read_text()
DOCS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "bench" / "README.md"])


def _commands(group: click.Group, path: str) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


@pytest.mark.parametrize("command", sorted(_commands(cli, "obverse")))
def test_a_command_is_documented(command: str) -> None:
    assert f"| `{command}` |" in REFERENCE


def test_each_command_that_is_documented_is_there_and_says_the_same_of_itself() -> None:
    rows = dict(re.findall(r"^\| `obverse ([\w -]+)` \| (.+) \|$", REFERENCE, re.MULTILINE))
    assert len(rows) > 20
    for path, text in rows.items():
        command: click.Command | None = cli
        for name in path.split():
            assert isinstance(command, click.Group), path
            command = command.get_command(click.Context(command), name)
        assert command is not None, path
        assert text == " ".join((command.help or "").split("\n\n")[0].split()), path


@pytest.mark.parametrize("reason", Refusal)
def test_a_reason_is_documented_with_its_meaning(reason: Refusal) -> None:
    assert f"| `{reason.value}` | {reason.status} | {reason.meaning} |" in REFERENCE


@pytest.mark.parametrize("reason", Why)
def test_a_reason_of_a_survey_is_documented_with_its_meaning(reason: Why) -> None:
    assert f"| `{reason.value}` | {reason.meaning} |" in REFERENCE


@pytest.mark.parametrize("name", ServerSettings.__struct_fields__)
def test_a_setting_is_documented_with_its_default(name: str) -> None:
    default = getattr(ServerSettings(), name)
    shown = "none" if default in (None, ()) else default
    assert f"| `{name}` | {shown} |" in REFERENCE


def test_the_endpoints_of_the_api_are_documented() -> None:
    source = "".join(one.read_text() for one in sorted((ROOT / "src" / "obverse" / "web").glob("api*.py")))
    routes = re.findall(r'@(get|post|put|patch|delete)\(\s*"(/[^"]*)"', source)
    assert len(routes) > 15
    for method, route in routes:
        path = re.sub("_?:[a-z]+", "", route)
        assert re.search(rf"`{method.upper()} /api{re.escape(path)}[`?]", REFERENCE), f"{method} {path}"


def test_the_measures_that_can_be_asked_are_those_that_are_documented() -> None:
    row = re.search(r"\| `POST /api/ask` \| .*?: (.*) \|", REFERENCE)
    assert row
    assert re.findall(r"`(\w+)`", row[1]) == sorted(MEASURES)


@pytest.mark.parametrize("name", sorted(set(MEASURES) - {"funnel"}))  # which has a guide of its own
def test_a_measure_has_its_section(name: str) -> None:
    guide = (ROOT / "docs" / "measures.md").read_text()
    assert f"\n## {name.replace('_', ' ').capitalize()}" in guide


@pytest.mark.parametrize("name", sorted(obverse.__all__))
def test_a_public_name_has_a_docstring(name: str) -> None:
    assert (getattr(obverse, name).__doc__ or "").strip()


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target
