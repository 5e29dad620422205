"""Time between two events in plain Python: each from-event is held against each to-event.

It imports nothing of the package. An event is anything with `person`, `time` (µs), `seq`, `name`, `value`
and `fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

Event = Any
Match = Callable[[Event], bool]


@dataclass
class Asked:
    starts: Match
    stops: Match
    alike: bool
    pairs: str
    until: str
    before_next: bool
    same: str | None
    within: int
    start: int
    end: int
    newest: int


@dataclass
class Timed:
    """One from-event: how long it took, or None, and then whether it may yet be."""

    event: Event
    to: Event | None
    took: int | None
    what: str
    watched: int


def timed(events: Sequence[Event], asked: Asked) -> list[Timed]:
    units: dict[Any, list[Event]] = {}
    for event in sorted(events, key=place):
        value = event.fields.get(asked.same) if asked.same else ""
        if value is not None:
            units.setdefault((event.person, value), []).append(event)
    found = []
    for own in units.values():
        inside = [e for e in own if asked.starts(e) and asked.start <= e.time < asked.end]
        found += [one(e, own, asked) for e in (inside[:1] if asked.pairs == "first" else inside)]
    return found


def place(event: Event) -> tuple[int, int]:
    return event.time, event.seq


def one(start: Event, own: list[Event], asked: Asked) -> Timed:
    later = [e for e in own if asked.starts(e) and place(e) > place(start)]
    following = later[0] if later and asked.before_next else None
    fit = [e for e in own if asked.stops(e) and may_stop(start, e, following, asked)]
    watched = asked.newest - start.time
    if fit:
        to = min(fit, key=place) if asked.until == "next" else max(fit, key=place)
        return Timed(start, to, to.time - start.time, "there", watched)
    still = following is None and watched <= asked.within
    return Timed(start, None, None, "open" if still else "never", watched)


def may_stop(start: Event, event: Event, following: Event | None, asked: Asked) -> bool:
    if event.seq == start.seq or event.time > start.time + asked.within:
        return False
    if place(event) < place(start) if asked.alike else event.time < start.time:
        return False
    return following is None or event.seq == following.seq or event.time < following.time


# -- the histogram's bins, by their definition -----------------------------------------------------------


def bin_of(took: int) -> int:
    """The bin of a time in µs: one for less than a millisecond, then 64 alike in each doubling."""
    ms = took // 1_000
    if ms == 0:
        return 0
    octave = ms.bit_length() - 1
    return 1 + 64 * octave + ((64 * ms >> octave) - 64)


def end_of(number: int) -> Fraction:
    """Where a bin ends, in µs."""
    if number == 0:
        return Fraction(1_000)
    octave, part = divmod(number - 1, 64)
    return Fraction(64 + part + 1, 64) * (1 << octave) * 1_000


def bins_over(watched: int, most: int) -> int:
    """How many bins end before or with the watching: all shorter times than an end have been seen."""
    n = 0
    while n < most and end_of(n) <= watched + 1:
        n += 1
    return n


def local(time: int, zone: ZoneInfo) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)).astimezone(zone).date()
