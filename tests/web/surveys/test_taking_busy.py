"""Answers that cannot be kept: nobody is thanked for what is not on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from obverse.collect.batch import Batch
from obverse.collect.limits import Limits
from obverse.errors import BusyError, DataError
from obverse.settings.store import Settings
from obverse.surveys.recording import Kind
from obverse.surveys.ticket import LASTS_S, sign
from obverse.web.surveys.app import SurveyRoutes
from obverse.web.surveys.shelf import Shelf
from obverse.web.surveys.taking import Taking
from tests.surveys.samples import all_kinds

NOW = 1_790_000_000_000_000


class Kept:
    """A keeper that fails while it is told to."""

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.names: list[str] = []

    async def put(self, batch: Batch) -> None:
        if self.fails is not None:
            raise self.fails
        self.names += [event.event for event in batch.events]

    def note(self, batch: Batch) -> None:
        raise AssertionError("surveys note nothing")


class Rig:
    """The routes of surveys without a server around them."""

    def __init__(self, settings: Settings) -> None:
        self.kept, self.now = Kept(), NOW
        self.heard: list[Kind] = []
        survey = all_kinds()
        self.key = settings.surveys.create(survey.name, survey.to_json()).id
        settings.surveys.set_state(self.key, "live")
        self.taking = Taking(
            Shelf(settings.surveys),
            self.kept,
            self.kept,
            b"s" * 32,
            lambda: self.now,
            heard=lambda ticket, survey, kind: self.heard.append(kind),
        )
        self.routes = SurveyRoutes(self.taking, "/obverse", Limits(max_requests=1))
        made = self.taking.ticket(self.key, 1, survey, "link")
        self.ticket = sign(made, b"s" * 32)

    def ask(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request and give status, header fields and body."""
        sent: list[Any] = []
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.routes(scope, receive, send))
        fields = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], fields, sent[1]["body"]

    def answer(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Answer the first question."""
        return self.ask(
            "POST", path, urlencode({"ticket": self.ticket, "step": 1, "q.nps": 9}).encode(), **headers
        )


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Settings.open(tmp_path / "settings.db") as settings:
        yield Rig(settings)


@pytest.mark.parametrize("fails", [BusyError("full", 7), DataError("damaged")])
def test_what_cannot_be_kept_is_sent_again_later(rig: Rig, fails: Exception) -> None:
    rig.kept.fails = fails
    status, fields, body = rig.answer("/obverse/surveys/answer", accept="application/json")
    assert (status, msgspec.json.decode(body)["code"]) == (503, "busy")
    assert fields["retry-after"] == ("7" if isinstance(fails, BusyError) else "5")
    assert fields["access-control-allow-origin"] == "*"
    status, fields, body = rig.answer(f"/s/{rig.key}")
    assert status == 503
    assert "retry-after" in fields
    assert b"could not be kept just now" in body
    assert rig.heard == []
    assert rig.ask("GET", f"/s/{rig.key}")[0] == 200  # the first answer will say that it was shown
    rig.kept.fails = None
    status, fields, body = rig.answer("/obverse/surveys/answer")
    assert (status, fields["content-type"]) == (200, "text/html; charset=utf-8")
    assert b'data-step="2"' in body
    assert rig.kept.names == ["Survey Shown", "Survey Started", "Survey Partly Answered"]
    assert rig.heard == ["partly"]


def test_a_ticket_that_is_too_old_is_refused(rig: Rig) -> None:
    rig.now += LASTS_S * 1_000_000 + 1
    status, _, body = rig.answer("/obverse/surveys/answer", accept="application/json")
    assert (status, msgspec.json.decode(body)["code"]) == (403, "bad_ticket")
    assert rig.kept.names == []


def test_a_ticket_of_another_survey_does_not_answer_this_one(rig: Rig) -> None:
    assert rig.answer("/s/another")[0] == 410
    assert rig.kept.names == []


def test_a_defect_is_told_without_what_it_was(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.kept.fails = RuntimeError("secret")
    for path in ("/obverse/surveys/answer", f"/s/{rig.key}"):
        status, _, body = rig.answer(path)
        assert status == 500
        assert b"secret" not in body
    assert {record.exc_info[1] for record in caplog.records if record.exc_info} == {rig.kept.fails}
