"""What browsers are told is what holds, also after an hour in which nobody came."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from obverse.settings.store import Settings, now_us
from obverse.settings.surveys import Surveys
from obverse.surveys import keeping
from obverse.surveys.survey import Survey
from obverse.web.surveys import live
from obverse.web.surveys.live import Live
from tests.surveys.asked import NPS, now


def told(hub: Live) -> list[str]:
    async def ask() -> bytes:
        return await hub.told()

    return [one["id"] for one in msgspec.json.decode(asyncio.run(ask()))["surveys"]]


def test_the_first_browser_is_told_of_a_survey_that_was_just_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STALE_S", 0)
    with Settings.open(tmp_path / "settings.db") as settings:
        hub = Live(settings.surveys, now_us)
        survey = Survey.from_json(msgspec.json.encode(NPS | {"moments": [{"on": "page", "id": "open"}]}))
        key = keeping.create(settings, survey).id
        keeping.set_state(settings, key, "live", now())
        assert told(hub) == [key]
        keeping.set_state(settings, key, "paused", now())
        assert told(hub) == []


def test_what_was_known_holds_while_the_settings_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Surveys) -> None:
        raise OSError("no disk")

    monkeypatch.setattr(live, "STALE_S", 0)
    with Settings.open(tmp_path / "settings.db") as settings:
        survey = Survey.from_json(msgspec.json.encode(NPS | {"moments": [{"on": "page", "id": "open"}]}))
        key = keeping.create(settings, survey).id
        keeping.set_state(settings, key, "live", now())
        hub = Live(settings.surveys, now_us)
        monkeypatch.setattr(Surveys, "all", broken)
        assert told(hub) == [key]
    assert "what was known of them holds" in caplog.text
