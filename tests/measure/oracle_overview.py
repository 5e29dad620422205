"""What an overview must say, worked out in plain Python from lists of events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.measure.layouts import Happening


def instant(day: date, zone: ZoneInfo) -> int:
    """First instant of a day, µs."""
    moment = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    return round(moment.timestamp()) * 1_000_000


def day_of(time: int, zone: ZoneInfo) -> date:
    """The local day of an instant."""
    return datetime.fromtimestamp(time // 1_000_000, UTC).astimezone(zone).date()


def of_people(events: Iterable[Happening]) -> dict[int, list[Happening]]:
    """Everyone's events."""
    people: dict[int, list[Happening]] = {}
    for event in events:
        people.setdefault(event.unit, []).append(event)
    return people


def figures(
    events: Sequence[Happening], conversion: str, inside: Callable[[Happening], bool], end: int
) -> dict[str, Any]:
    """The figures of the events for which `inside` says yes, in a period that ends at `end`."""
    people = of_people(events)
    there = {who for who, own in people.items() if any(inside(event) for event in own)}
    customers = {
        who
        for who, own in people.items()
        if any(event.name == conversion and event.time < end for event in own)
    }
    orders = [event for event in events if event.name == conversion and inside(event)]
    first = {who: min(own, key=lambda event: (event.time, event.seq)) for who, own in people.items()}
    return {
        "people": len(there),
        "new_people": sum(inside(first[who]) for who in there),
        "customers": len(customers),
        "not_yet": len(there - customers),
        "converting": len({event.unit for event in orders}),
        "orders": len(orders),
        "value": sum(event.value for event in orders),
    }


def period(
    events: Sequence[Happening], conversion: str, first: date, last: date, zone: ZoneInfo
) -> dict[str, Any]:
    """The figures of the days from `first` to before `last`."""
    return figures(
        events, conversion, lambda event: first <= day_of(event.time, zone) < last, instant(last, zone)
    )


def days(
    events: Sequence[Happening], conversion: str, first: date, last: date, zone: ZoneInfo
) -> dict[str, dict[str, Any]]:
    """The figures of each day."""
    found = {}
    day = first
    while day < last:
        after = day + timedelta(days=1)
        found[day.isoformat()] = period(events, conversion, day, after, zone)
        day = after
    return found


def touchpoints(
    events: Sequence[Happening], conversion: str, first: date, last: date, zone: ZoneInfo
) -> dict[str | None, tuple[int, int, int, float]]:
    """People, events, orders and value of each touchpoint."""
    inside = [event for event in events if first <= day_of(event.time, zone) < last]
    found = {}
    for label in {event.label for event in inside}:
        here = [event for event in inside if event.label == label]
        orders = [event for event in here if event.name == conversion]
        worth = sum(event.value for event in orders)
        found[label] = (len({event.unit for event in here}), len(here), len(orders), worth)
    return found
