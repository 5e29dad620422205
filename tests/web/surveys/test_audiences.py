"""Audiences: who is in a segment or a moment elsewhere is found out beside, and looked up at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

import obverse
from obverse.measure.trend.question import Trend
from obverse.surveys.moment import Elsewhere, NotTaken
from obverse.surveys.reasons import Reason
from obverse.web.surveys.askings_rows import Who
from obverse.web.surveys.audiences import Audiences
from tests.engine.lakes import MINUTE, NOON, add, fill, row, spread

T = TypeVar("T")
NOT_YET = (Reason.SEGMENT_NOT_READY, Reason.MOMENT_NOT_READY)


def soon(look: Callable[[], T]) -> T:
    """Look until it is found out."""
    until = time.monotonic() + 60
    found = look()
    while found in NOT_YET and time.monotonic() < until:
        time.sleep(0.01)
        found = look()
    return found


def device(user: str | None, event: str, minute: float, name: str, **fields: object) -> dict[str, object]:
    """Make an event of a device."""
    return row(user, event, minute, anonymous_id=name, **fields)


ROWS = [
    device(None, "Product Viewed", 0, "d1"),
    device("anna", "Identified", 1, "d1", type="identify"),
    row("anna", "Support Called", 2, touchpoint="phone", properties={"topic": "refund"}),
    row("ben", "Support Called", 3, touchpoint="phone", properties={"topic": "praise"}),
    row("ben", "Support Called", -9_000, touchpoint="phone", properties={"topic": "refund"}),
    device(None, "Product Added", 4, "d2"),
    device(None, "Product Added", 4, "d3"),
    device(None, "Order Completed", 6, "d3"),
    device(None, "Product Added", 30, "d4"),
]


@pytest.fixture
def audiences(tmp_path: Path) -> Iterator[Audiences]:
    """Audiences of a lake, 40 minutes after noon."""
    lake = obverse.open(fill(tmp_path / "data", spread(ROWS)))
    lake.save_segment("callers", Trend(series=("people: Support Called",), start="2026-03-01"))
    made = Audiences(lake, lambda: NOON + 40 * MINUTE)
    yield made
    made.close()
    lake.close()


def test_a_segment_holds_people_on_each_of_their_devices(audiences: Audiences) -> None:
    assert audiences.holds("callers", Who.of("anna", None)) is Reason.SEGMENT_NOT_READY
    assert soon(lambda: audiences.holds("callers", Who.of("anna", None))) is True
    assert audiences.holds("callers", Who.of(None, "d1")) is True, "hers since she logged in there"
    assert audiences.holds("callers", Who.of("ben", "d9")) is True
    assert audiences.holds("callers", Who.of(None, "d2")) is False
    assert audiences.holds("callers", Who.of("nobody yet", None)) is False
    assert audiences.holds("callers", Who()) is False


def test_a_segment_that_is_not_there_is_said(audiences: Audiences) -> None:
    assert soon(lambda: audiences.holds("gone", Who.of("anna", None))) is Reason.SEGMENT_UNKNOWN


def test_somebody_who_joins_a_segment_is_found_soon(audiences: Audiences, tmp_path: Path) -> None:
    carla = Who.of("carla", None)
    assert soon(lambda: audiences.holds("callers", carla)) is False
    add(tmp_path / "data", [row("carla", "Support Called", 5)], 9)
    until = time.monotonic() + 60
    while audiences.holds("callers", carla) is False and time.monotonic() < until:
        time.sleep(0.05)
    assert audiences.holds("callers", carla) is True


def test_an_event_elsewhere_is_known_with_its_time(audiences: Audiences) -> None:
    moment = Elsewhere(id="m1", event="Support Called", where="properties.topic = 'refund'", within_s=86_400)
    assert soon(lambda: audiences.came(moment, Who.of("anna", None))) == NOON + 2 * MINUTE
    assert audiences.came(moment, Who.of(None, "d1")) == NOON + 2 * MINUTE
    for who in (Who.of("anna", None), Who.of(None, "d1")):
        assert audiences.properties(moment, who, NOON + 2 * MINUTE) == b'{"topic":"refund"}'
    assert audiences.came(moment, Who.of("ben", None)) is Reason.NO_MOMENT, "too long ago"
    wrong = Elsewhere(id="m1", event="Support Called", where="properties.topic >")
    assert soon(lambda: audiences.came(wrong, Who.of("anna", None))) is Reason.FILTER_FAILED


def test_a_step_that_was_not_taken_in_time_is_known(audiences: Audiences) -> None:
    moment = NotTaken(id="m1", after="Product Added", step="Order Completed", within_s=1200)
    found = soon(lambda: audiences.came(moment, Who.of(None, "d2")))
    assert found == NOON + 24 * MINUTE
    assert audiences.came(moment, Who.of(None, "d3")) is Reason.NO_MOMENT, "it was taken"
    assert audiences.came(moment, Who.of(None, "d4")) is Reason.NO_MOMENT, "there is time left"
    brief = NotTaken(id="m1", after="Product Added", step="Order Completed", within_s=60)
    assert soon(lambda: audiences.came(brief, Who.of(None, "d3"))) == NOON + 5 * MINUTE, "taken too late"
