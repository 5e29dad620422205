"""Surveys for tests, and answers to them with known truth, as the server writes them down."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import obverse

if TYPE_CHECKING:
    from tests.conftest import Server

NPS: dict[str, Any] = {
    "name": "After the order",
    "questions": [
        {"type": "nps", "id": "recommend", "text": "How likely are you to recommend us?", "required": True},
        {
            "type": "single",
            "id": "reason",
            "text": "What matters most to you?",
            "options": [{"id": "price", "text": "The price"}, {"id": "speed", "text": "Speed"}],
            "other": "Something else",
        },
        {"type": "long_text", "id": "why", "text": "Why do you say so?"},
    ],
    "moments": [{"on": "event", "id": "bought", "event": "Order Completed", "where": "value > 50"}],
}


def told(
    survey_id: str, person: str, score: int | None, at: datetime, *, reason: str = "price", why: str = ""
) -> list[dict[str, Any]]:
    """Write down one time of asking somebody; without a score the survey was closed at once."""
    submission = f"{survey_id}-{person}"
    common = {"survey_id": survey_id, "survey": NPS["name"], "version": 1, "submission_id": submission}
    common |= {"place": "page", "moment": "bought", "language": "en", "share": 1.0}
    answers = {"recommend": score, "reason": reason} | ({"why": why} if why else {})
    said = {"answers": answers, "scores": {"recommend": score}, "others": {}, "seconds": 12.5}
    steps: list[tuple[str, dict[str, Any]]] = [("Survey Shown", {})]
    if score is None:
        steps.append(("Survey Dismissed", {}))
    else:
        steps += [("Survey Started", {}), ("Survey Answered", said)]
    return [
        {
            "type": "track",
            "userId": person,
            "event": event,
            "messageId": f"survey:{submission}:{event}",
            "timestamp": (at + timedelta(seconds=10 * step)).isoformat(),
            "properties": common | more,
        }
        for step, (event, more) in enumerate(steps)
    ]


def send(server: Server, events: list[dict[str, Any]], key: str = "surveys") -> None:
    """Send events as the server's own routes would, and wait until they are in the lake."""
    with server.settings() as settings:
        found = [one.key for one in settings.write_keys() if one.name == key]
        write_key = found[0] if found else settings.create_key(key)
    with obverse.open(server.data) as lake, server.anyone() as sender:
        before = lake.table.refresh().n_events
        for at in range(0, len(events), 500):
            sent = sender.post("/v1/batch", json={"batch": events[at : at + 500]}, auth=(write_key, ""))
            assert sent.json()["refused"] == []
        until = time.monotonic() + 60
        while lake.table.refresh().n_events < before + len(events):
            assert time.monotonic() < until, "the events did not get into the lake"
            time.sleep(0.1)


def now() -> datetime:
    """Give the present."""
    return datetime.now(UTC)
