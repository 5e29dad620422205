"""Trends by plain counting: lists of events, sets of people, a calendar walked in quarters of hours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Protocol
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
QUARTER = 900_000_000


class Event(Protocol):
    @property
    def unit(self) -> int: ...
    @property
    def time(self) -> int: ...
    @property
    def value(self) -> float: ...
    @property
    def label(self) -> str | None: ...
    @property
    def number(self) -> float: ...


def local(instant: int, zone: ZoneInfo) -> datetime:
    return (EPOCH + timedelta(microseconds=instant)).astimezone(zone)


def instant(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def name(time: int, zone: ZoneInfo, grain: str) -> str:
    """Name the bucket that an instant is in."""
    here = local(time, zone)
    if grain == "hour":
        hour = here.strftime("%Y-%m-%dT%H:00")
        offset = here.strftime("%z")
        return f"{hour}{offset[:3]}:{offset[3:]}" if here.fold else hour
    day = here.date()
    if grain == "week":
        day -= timedelta(days=day.weekday())
    if grain == "month":
        day = day.replace(day=1)
    return day.isoformat()


def names(start: int, end: int, zone: ZoneInfo, grain: str) -> list[str]:
    """Name all buckets of [start, end), whose ends are whole quarters of hours."""
    return [key for key, _ in groupby(name(time, zone, grain) for time in range(start, end, QUARTER))]


def covered(rows: Sequence[str], row: int, rolling: int, cumulative: bool, first: int) -> Sequence[str]:
    """Name the buckets that a row covers: itself and those before, back to a number or to the first row."""
    return rows[first if cumulative else max(row - rolling + 1, 0) : row + 1]


def number(events: Sequence[Event], counting: str, share: float = 0.0) -> float | None:
    """Count, add up or average events."""
    known = sorted(event.number for event in events if math.isfinite(event.number))
    people = {event.unit for event in events}
    match counting:
        case "events":
            return len(events)
        case "people" | "accounts" | "sessions":
            return len(people)
        case "value":
            return sum(event.value for event in events)
        case "events per person":
            return len(events) / len(people) if people else None
        case "sum":
            return sum(known)
    if not known:
        return None
    match counting:
        case "average":
            return sum(known) / len(known)
        case "minimum":
            return known[0]
        case "maximum":
            return known[-1]
    return known[max(math.ceil(round(share * len(known), 9)), 1) - 1]


def mean_interval(draws: Sequence[tuple[float, float]], critical: float) -> tuple[float, float] | None:
    """Give the interval of sum x / sum y by the delta method, written out; None for fewer than two draws."""
    n = len(draws)
    if n < 2:
        return None
    x, y = (sum(draw[part] for draw in draws) / n for part in (0, 1))
    ratio = x / y
    variance = sum((a - ratio * b) ** 2 for a, b in draws) / (n - 1)
    half = critical * math.sqrt(variance / n) / y
    return ratio - half, ratio + half
