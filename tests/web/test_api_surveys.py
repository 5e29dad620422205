"""Surveys over the JSON API and on the command line, as a program keeps them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from click.testing import CliRunner, Result

from obverse.cli import cli
from tests.surveys.asked import NPS, now, send, told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Server


@pytest.fixture
def program(server: Server) -> Iterator[httpx.Client]:
    """A client with an API token."""
    with server.settings() as settings:
        token = settings.access.create_token("surveys")
    with server.anyone() as made:
        made.headers["authorization"] = f"Bearer {token}"
        yield made
    with server.settings() as settings:
        settings.access.revoke_token("surveys")


def made(program: httpx.Client, name: str, **more: Any) -> dict[str, Any]:
    answer = program.post("/api/surveys", json=NPS | {"name": name} | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def problem(answer: httpx.Response, status: int) -> str:
    """Give what an answer says is wrong."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


def test_a_survey_is_made_edited_published_and_closed(program: httpx.Client) -> None:
    draft = made(program, "Made over the API")
    assert (draft["state"], draft["version"], draft["findings"]) == ("draft", 1, [])
    at = f"/api/surveys/{draft['id']}"
    assert program.put(at, json=draft["survey"]).json()["version"] == 1, "the same words make no version"
    edited = program.put(at, json=draft["survey"] | {"thanks": "Thanks!"}).json()
    assert [one["version"] for one in edited["versions"]] == [2, 1]
    assert edited["versions"][1]["survey"] == draft["survey"]
    assert program.patch(at, json={"state": "live"}).json()["state"] == "live"
    assert draft["id"] in [one["id"] for one in program.get("/api/surveys").json()["surveys"]]
    assert "close it" in problem(program.delete(at), 409)
    assert program.patch(at, json={"state": "closed"}).json()["state"] == "closed"
    assert "can become live, not paused" in problem(program.patch(at, json={"state": "paused"}), 409)


def test_a_draft_is_deleted(program: httpx.Client) -> None:
    at = f"/api/surveys/{made(program, 'Soon gone')['id']}"
    assert program.delete(at).status_code == 204
    assert "unknown survey" in problem(program.get(at), 404)


def test_what_cannot_be_asked_is_kept_as_a_draft_and_not_published(program: httpx.Client) -> None:
    draft = made(program, "No moment", moments=[])
    assert [(one["field"], one["level"]) for one in draft["findings"]] == [("moments", "error")]
    at = f"/api/surveys/{draft['id']}"
    assert problem(program.patch(at, json={"state": "live"}), 400).startswith("moments: ")
    linked = draft["survey"] | {"places": ["link"]}
    assert program.put(at, json=linked).status_code == 200
    assert program.patch(at, json={"state": "live"}).status_code == 200
    assert problem(program.put(at, json=draft["survey"]), 400).startswith("moments: ")


def test_what_is_wrong_is_named_by_its_field(program: httpx.Client) -> None:
    wrong = [NPS["questions"][1] | {"options": []}]
    answer = program.post("/api/surveys", json=NPS | {"name": "Wrong", "questions": wrong})
    assert answer.status_code == 400
    assert "questions" in answer.text
    assert "options" in answer.text
    made(program, "Taken")
    assert "exists already" in problem(program.post("/api/surveys", json=NPS | {"name": "Taken"}), 400)


def test_anonymity_cannot_be_taken_back(program: httpx.Client) -> None:
    draft = made(program, "Nameless", anonymous=True)
    at = f"/api/surveys/{draft['id']}"
    named = {key: value for key, value in draft["survey"].items() if key != "anonymous"}
    assert program.put(at, json=named).status_code == 200, "nobody was asked yet"
    program.put(at, json=draft["survey"])
    program.patch(at, json={"state": "live"})
    assert "make a new survey" in problem(program.put(at, json=named), 409)
    program.patch(at, json={"state": "closed"})
    assert "make a new survey" in problem(program.put(at, json=named), 409)


def test_the_description_for_programs_has_the_survey(program: httpx.Client) -> None:
    schema = program.get("/api/schema").json()
    assert "/api/surveys/{key}/answers" in schema["paths"]
    taken = schema["paths"]["/api/surveys"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    fields = schema["components"]["schemas"][taken["$ref"].rpartition("/")[2]]["properties"]
    assert {"questions", "moments", "audience", "theme"} <= set(fields)


def test_answers_come_out_as_rows(program: httpx.Client, server: Server) -> None:
    key = made(program, "Answered")["id"]
    then = now() - timedelta(hours=2)
    events = [*told(key, "ann", 9, then, why="=cheap"), *told(key, "bob", 3, then, reason="speed")]
    send(server, [*events, *told(key, "cid", None, then)])
    rows = program.get(f"/api/surveys/{key}/answers").json()["answers"]
    assert {(row["user_id"], row["recommend"], row["reason"]) for row in rows} == {
        ("ann", 9, "price"),
        ("bob", 3, "speed"),
    }
    assert all(row["complete"] and row["seconds"] == 12.5 for row in rows)
    table = program.get(f"/api/surveys/{key}/answers?format=csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert "'=cheap" in [row["why"] for row in csv.DictReader(io.StringIO(table.text))]
    assert program.get(f"/api/surveys/{key}/answers?format=parquet").content[:4] == b"PAR1"
    assert "unknown format" in problem(program.get(f"/api/surveys/{key}/answers?format=xls"), 400)
    printed = CliRunner().invoke(cli, ["survey", "answers", "--data", str(server.data), key])
    assert printed.stdout.replace("\r\n", "\n") == table.text.replace("\r\n", "\n")


def _run(data: Path, *arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["survey", arguments[0], "--data", str(data), *arguments[1:]], input=given)


def test_the_command_line_does_the_same(tmp_path: Path) -> None:
    data = tmp_path / "data"
    created = _run(data, "create", "-", given=msgspec.json.encode(NPS | {"moments": []}))
    assert created.exit_code == 0, created.output
    key = created.stdout.strip()
    assert "error: moments: " in created.stderr
    refused = _run(data, "publish", key)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "obverse: moments: " in refused.stderr
    assert "version 2" in _run(data, "edit", key, "-", given=msgspec.json.encode(NPS)).stderr
    assert msgspec.json.decode(_run(data, "show", key).stdout) == NPS
    assert msgspec.json.decode(_run(data, "show", key, "--version", "1").stdout)["name"] == NPS["name"]
    for verb, state in (("publish", "live"), ("pause", "paused"), ("close", "closed")):
        assert _run(data, verb, key).exit_code == 0
        assert msgspec.json.decode(_run(data, "list", "--json").stdout)["state"] == state
    assert _run(data, "delete", key).exit_code == 1
