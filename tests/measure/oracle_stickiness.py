"""Stickiness by plain counting: for each person the set of intervals they are active in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tests.measure.oracle_trend import Event, name, names


@dataclass(frozen=True)
class Told:
    """What is expected: people and money by how often, and for each row who is in it and in its windows."""

    often: Mapping[int, int]
    group: Mapping[int, str | None]
    money: Mapping[int, float]
    rows: Sequence[tuple[set[int], set[int], set[int]]]

    def by_often(self) -> Counter[int]:
        return Counter(self.often.values())

    def money_by_often(self) -> dict[int, float]:
        found: dict[int, float] = {}
        for person, often in self.often.items():
            found[often] = found.get(often, 0.0) + self.money[person]
        return found

    def middle(self) -> float:
        """Give the lower median."""
        ordered = sorted(self.often.values())
        return ordered[(len(ordered) - 1) // 2]

    def average(self) -> float:
        return sum(self.often.values()) / len(self.often)


def told(
    events: Sequence[Event],
    orders: Sequence[Event],
    start: int,
    end: int,
    zone: ZoneInfo,
    grain: str,
    *,
    short: int,
    long: int,
    at_least: int = 1,
    times: bool = False,
) -> Told:
    """Count; `start` is the first instant of an interval, `end` any quarter of an hour."""
    rows = names(start, end, zone, grain)
    reach = {"hour": 1, "day": 25, "week": 170, "month": 750}[grain] * 3_600_000_000
    axis = names(start - (long + 1) * reach, end, zone, grain)
    place = {key: number for number, key in enumerate(axis)}
    first = place[rows[0]]
    seen: dict[int, Counter[int]] = {}
    for event in events:
        key = name(event.time, zone, grain)
        if event.time < end and place.get(key, -1) > first - long:
            seen.setdefault(event.unit, Counter())[place[key]] += 1
    active = {who: {at for at, n in seen[who].items() if n >= at_least} for who in seen}
    inside = {who: {at for at in active[who] if at >= first} for who in active}
    often = {
        who: sum(n for at, n in seen[who].items() if at >= first) if times else len(inside[who])
        for who in seen
        if inside[who]
    }
    money = {
        who: sum(one.value for one in orders if one.unit == who and start <= one.time < end) for who in often
    }

    def within(at: int, width: int) -> set[int]:
        return {who for who in active if active[who] & set(range(at - width + 1, at + 1))}

    windows = [(within(at, 1), within(at, short), within(at, long)) for at in range(first, len(axis))]
    known = [
        one for one in events if one.time < end and place.get(name(one.time, zone, grain), -1) > first - long
    ]
    ordered = sorted(known, key=lambda one: (one.time < start, one.time))
    group = {one.unit: one.label for one in reversed(ordered)}
    return Told(often, group, money, windows)
