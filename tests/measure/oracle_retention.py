"""Retention in plain Python: each entry is held against each return event. It imports nothing of the package.

An event is anything with `unit`, `time` (µs), `seq`, `value` and `label`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Event = Any
Match = Callable[[Event], bool]

DAY = 86_400_000_000
ROLLING = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY}


@dataclass
class Asked:
    starts: Match
    returns: Match
    entry: str
    interval: str
    columns: Sequence[tuple[int, int]]
    returning: str
    clock: str
    cohort: str
    zone: ZoneInfo
    start: int
    end: int
    newest: int
    match: bool = False
    previous: bool = False


@dataclass
class Entry:
    """What came of one start event."""

    unit: int
    cohort: date
    label: Any
    worth: float
    over: list[bool]
    among: list[bool]
    hit: list[bool]
    money: list[float]
    money_until: list[float]
    first: int | None
    watched: int


def local(time: int, zone: ZoneInfo) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)).astimezone(zone).date()


def number(day: date, grain: str) -> int:
    """Number days, weeks from Monday, or months."""
    if grain == "month":
        return day.year * 12 + day.month - 1
    return day.toordinal() - 1 if grain == "day" else (day.toordinal() - 1) // 7


def first_day(n: int, grain: str) -> date:
    if grain == "month":
        return date(n // 12, n % 12 + 1, 1)
    return date.fromordinal(n + 1 if grain == "day" else 7 * n + 1)


def midnight(day: date, zone: ZoneInfo) -> int:
    moment = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    return round(moment.timestamp()) * 1_000_000


def entries(events: Sequence[Event], asked: Asked) -> list[Entry]:
    found = []
    for unit in sorted({event.unit for event in events}):
        own = sorted((e for e in events if e.unit == unit), key=lambda e: (e.time, e.seq))
        found += [follow(start, own, asked) for start in entering([e for e in own if asked.starts(e)], asked)]
    return found


def entering(starts: list[Event], asked: Asked) -> list[Event]:
    """The start events that are entries, of one person's in order."""
    inside = [event for event in starts if asked.start <= event.time < asked.end]
    if asked.entry == "first_ever":
        return [event for event in starts[:1] if event in inside]
    if asked.entry == "first_in_period":
        return inside[:1]
    cohorts: dict[int, Event] = {}
    for event in inside:
        cohorts.setdefault(number(local(event.time, asked.zone), asked.cohort), event)
    return list(cohorts.values())


def begin(start: Event, n: int, asked: Asked) -> int:
    """When the n-th interval after a start begins."""
    if asked.clock == "rolling":
        return int(start.time + n * ROLLING[asked.interval])
    base = number(local(start.time, asked.zone), asked.interval)
    return max(midnight(first_day(base + n, asked.interval), asked.zone), start.time if n == 0 else 0)


def follow(start: Event, own: list[Event], asked: Asked) -> Entry:
    returns = [
        event
        for event in own
        if asked.returns(event)
        and event.seq != start.seq
        and event.time >= start.time
        and (not asked.match or event.label == start.label)
    ]
    spans = [(begin(start, low, asked), begin(start, high + 1, asked)) for low, high in asked.columns]
    there = [[e for e in returns if low <= e.time < high] for low, high in spans]
    hits = {
        "on": [bool(some) for some in there],
        "on_or_after": [any(e.time >= low for e in returns) for low, _ in spans],
        "on_or_before": [any(e.time < high for e in returns) for _, high in spans],
    }
    mine = [n for n, one in enumerate(asked.columns) if one != (0, 0)]
    hits["streak"] = [
        bool(some) if n not in mine else all(there[m] for m in mine if m <= n) for n, some in enumerate(there)
    ]
    hit = hits[asked.returning]
    among = [True] * len(hit)
    if asked.previous:
        among = [n == 0 or asked.columns[n - 1] == (0, 0) or hit[n - 1] for n in range(len(hit))]
        hit = [one and counts for one, counts in zip(hit, among, strict=True)]
    cohort = number(local(start.time, asked.zone), asked.cohort)
    return Entry(
        unit=start.unit,
        cohort=max(first_day(cohort, asked.cohort), local(asked.start, asked.zone)),
        label=start.label,
        worth=start.value,
        over=[high <= asked.newest for _, high in spans],
        among=among,
        hit=hit,
        money=[sum(e.value for e in some) for some in there],
        money_until=[sum(e.value for e in returns if e.time < high) for _, high in spans],
        first=min((e.time - start.time for e in returns), default=None),
        watched=(asked.newest - start.time) // DAY,
    )


def returned_by(found: Sequence[Entry], days: int) -> tuple[list[int], list[bool]]:
    """Whole days until each first return or until watching ended, and which of them it was; for lifelines."""
    durations, came = [], []
    for entry in found:
        watched = min(entry.watched, days)
        day = None if entry.first is None else entry.first // DAY + 1
        came.append(day is not None and day <= watched)
        durations.append(day if day is not None and day <= watched else watched)
    return durations, came
