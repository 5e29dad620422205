"""Small shops for the tests, made once, and their bodies read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

from obverse.simulate import Simulation, shop

END = datetime(2026, 5, 11, tzinfo=UTC)
"""Summer time began within the period: in Europe on 29 March 2026, in America three weeks before."""


@cache
def small() -> Simulation:
    """A shop of 300 people."""
    return shop(3, n_people=300, end=END)


@cache
def large() -> Simulation:
    """A shop of 12 000 people: enough to see its rates."""
    return shop(5, n_people=12_000, end=END)


def micros(text: str) -> int:
    """Read a client's time in µs since 1970 UTC."""
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@cache
def messages() -> list[dict[str, Any]]:
    """The small shop's messages as they arrive, each with its batch's context, `received_at` and true `time`.

    The time is put right as Segment's spec says: receivedAt - (sentAt - timestamp).
    """
    found = []
    for body in small().bodies():
        batch = json.loads(body)
        skew = body.received_at - micros(batch["sentAt"]) if "sentAt" in batch else 0
        for message in batch["batch"]:
            message["context"] = batch["context"] | message["context"]
            message["received_at"] = body.received_at
            message["skewed"] = skew != 0
            message["time"] = micros(message["timestamp"]) + skew
            found.append(message)
    return found


def name_of(message: dict[str, Any]) -> str:
    """Name a message's event, as Obverse does."""
    named = {"page": "Page Viewed", "screen": "Screen Viewed", "identify": "Identified", "group": "Grouped"}
    return named.get(message["type"]) or message["event"]


@cache
def once() -> dict[str, dict[str, Any]]:
    """The small shop's messages by message id, each once, in the order of true time."""
    by_id: dict[str, dict[str, Any]] = {}
    for message in messages():
        by_id.setdefault(message["messageId"], message)
    return dict(sorted(by_id.items(), key=lambda item: item[1]["time"]))
