"""Answers to anonymous surveys: none reaches the lake alone, and none is lost on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from obverse.collect.batch import Batch
from obverse.collect.inbox import Inbox
from obverse.event import Event
from obverse.surveys.recording import DAY_US
from obverse.web.surveys.mixing import LEAST, Mixing

NOON = 20_000 * DAY_US + DAY_US // 2


class Rig:
    """Mixing between two real inboxes, at a time that the test sets."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, NOON
        self.inbox = Inbox.open(folder / "inbox.db")
        self.start()

    def start(self) -> None:
        self.held = Inbox.open(self.folder / "anonymous.db")
        self.mixing = Mixing(self.held, self.inbox, lambda: self.now)

    def stop(self) -> None:
        self.mixing.close()
        self.held.close()

    def put(self, survey: str, submission: int, *names: str) -> None:
        day = self.now - self.now % DAY_US
        made = [
            Event(
                event=name,
                type="track",
                message_id=f"{survey}-{submission}-{name}",
                time=day,
                received_at=day,
                touchpoint="web",
                source="surveys",
                anonymous_id=f"{survey}-{submission}",
                properties=msgspec.json.encode({"survey_id": survey}).decode(),
            )
            for name in names
        ]
        asyncio.run(self.mixing.put(Batch(source="surveys", received_at=self.now, events=made)))

    def through(self, n: int) -> list[Event]:
        """Wait until so many events are through; there are never more."""
        until = time.monotonic() + 20
        decoder = msgspec.json.Decoder(Event)
        while True:
            rows = self.inbox.read(0, 1 << 20)
            found = [event for row in rows for event in decoder.decode_lines(row.body)]
            if len(found) >= n or time.monotonic() > until:
                assert len(found) == n
                return found

    def waiting(self) -> int:
        return self.held.stats().n_events


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.stop()
    made.inbox.close()


def test_answers_wait_for_others_to_the_same_survey(rig: Rig) -> None:
    rig.put("rare", 0, "shown", "answered")
    for n in range(LEAST - 1):
        rig.put("often", n, "shown", "answered")
    assert rig.through(0) == []
    assert rig.waiting() == 2 * LEAST
    rig.put("often", LEAST, "shown", "answered")
    found = rig.through(2 * LEAST)
    assert len({event.anonymous_id for event in found}) == LEAST
    assert {event.received_at for event in found} == {NOON}
    assert [event.event for event in found] == ["shown", "answered"] * LEAST
    until = time.monotonic() + 20
    while rig.waiting() != 2:
        assert time.monotonic() < until


def test_the_end_of_the_day_sends_on_what_is_left(rig: Rig) -> None:
    rig.put("rare", 0, "answered")
    rig.now += DAY_US
    rig.put("other", 0, "answered")
    assert [event.anonymous_id for event in rig.through(1)] == ["rare-0"]


def test_what_waits_outlives_the_server(rig: Rig) -> None:
    for n in range(LEAST - 1):
        rig.put("often", n, "answered")
    rig.stop()
    rig.start()
    rig.put("often", LEAST, "answered")
    assert {event.message_id for event in rig.through(LEAST)} == {
        f"often-{n}-answered" for n in (*range(LEAST - 1), LEAST)
    }


def test_a_full_inbox_holds_them_up_and_loses_none(rig: Rig) -> None:
    full, rig.inbox.max_bytes = rig.inbox.max_bytes, 1
    for n in range(LEAST):
        rig.put("often", n, "answered")
    assert rig.through(0) == []
    rig.inbox.max_bytes = full
    for n in range(LEAST, 2 * LEAST):
        rig.put("often", n, "answered")
    rig.now += DAY_US  # those that came when the first had gone wait for others, or for the day's end
    rig.put("other", 0, "answered")
    found = rig.through(2 * LEAST)
    assert {event.message_id for event in found} == {f"often-{n}-answered" for n in range(2 * LEAST)}


def test_the_order_of_arrival_is_not_that_of_answering(rig: Rig) -> None:
    orders = set()
    for many in range(8):
        for n in range(LEAST):
            rig.put(f"s{many}", n, "answered")
        found = rig.through((many + 1) * LEAST)[-LEAST:]
        orders.add(tuple((event.anonymous_id or "").partition("-")[2] for event in found))
    assert len(orders) > 1
