"""The guides' examples run, on a lake of the simulated shop that came in through a server."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
import pytest
from click.testing import CliRunner

import obverse
from obverse.cli import cli
from obverse.demo import load
from tests.conftest import Server
from tests.simulate.shops import small

DOCS = Path(__file__).parents[1] / "docs"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks(page: Path, *, language: str, begin: str = "") -> list[str]:
    found = FENCE.findall(page.read_text())
    return [text for kind, text in found if kind == language and text.startswith(begin)]


@pytest.fixture(scope="module")
def loaded(server: Server) -> Server:
    """A server whose lake has the small shop."""
    with obverse.open(server.data) as lake:
        load(
            server.address,
            server.write_key,
            small(),
            lambda sent, visible: None,
            lambda: lake.table.refresh().n_events,
        )
    return server


@pytest.fixture(scope="module")
def lake(loaded: Server) -> Iterator[obverse.Lake]:
    with obverse.open(loaded.data) as lake:
        yield lake


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_the_python_of_a_guide_runs(page: Path, lake: obverse.Lake) -> None:
    names: dict[str, object] = {"lake": lake}
    for block in _blocks(page, language="python"):
        exec(compile(block, str(page), "exec"), names)


@pytest.mark.parametrize("command", _blocks(DOCS / "funnel.md", language="", begin="obverse "))
def test_a_command_of_the_guide_runs(command: str, loaded: Server) -> None:
    _, name, *arguments = shlex.split(command)
    ran = CliRunner().invoke(cli, [name, "--data", str(loaded.data), *arguments])
    assert ran.exit_code == 0, ran.output
    assert "Order Completed" in ran.output


@pytest.mark.parametrize(
    "command",
    [
        line
        for block in _blocks(DOCS / "measures.md", language="", begin="obverse ")
        for line in block.splitlines()
    ],
)
def test_a_command_of_the_measures_is_understood(command: str) -> None:
    _, name, *arguments = shlex.split(command)
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    found.make_context(name, ["--data", str(DOCS), *arguments])  # refuses what it has not


@pytest.mark.parametrize("request_", _blocks(DOCS / "funnel.md", language="", begin="POST /api/ask"))
def test_a_request_of_the_guide_is_answered_as_in_python(
    request_: str, loaded: Server, lake: obverse.Lake
) -> None:
    body = request_.partition("\n")[2]
    with loaded.settings() as settings:
        token = settings.access.create_token("guide")
    reply = httpx.post(
        f"{loaded.address}/api/ask",
        content=body,
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )
    assert reply.status_code == 200, reply.text
    mine = lake.ask(obverse.Funnel.from_json(body))
    assert [step["people"] for step in reply.json()["steps"]] == [step.people for step in mine.steps]
    assert mine.steps[0].people > 0
