"""Surveys by plain counting: events of one submission put together, and looked at one after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

ID = "properties.submission_id"
PARTLY, FINAL = "Survey Partly Answered", "Survey Answered"


class Event(Protocol):
    """What is read of an event."""

    @property
    def unit(self) -> int: ...
    @property
    def time(self) -> int: ...
    @property
    def seq(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def fields(self) -> Mapping[str, str | float]: ...


@dataclass(frozen=True)
class Submission:
    """One time of asking: its events by time and arrival."""

    unit: int
    events: Sequence[Event]

    def has(self, *names: str) -> bool:
        return any(one.name in names for one in self.events)

    @property
    def responded(self) -> bool:
        return self.has(PARTLY, FINAL)

    @property
    def authority(self) -> Event | None:
        """The event whose answers count."""
        for name in (FINAL, PARTLY):
            found = [one for one in self.events if one.name == name]
            if found:
                return found[-1]
        return None

    def answer(self, field: str) -> str | float | None:
        said = self.authority
        return None if said is None else said.fields.get(field)

    def group(self, field: str) -> str | float | None:
        found = [one.fields[field] for one in self.events if field in one.fields]
        return found[-1] if found else None


def submissions(events: Sequence[Event], names: Sequence[str]) -> list[Submission]:
    """Put events of these names together; one without an id stands alone."""
    found: dict[tuple[int, object], list[Event]] = defaultdict(list)
    for one in sorted(events, key=lambda one: (one.time, one.seq)):
        if one.name in names:
            found[one.unit, one.fields.get(ID, one.seq)].append(one)
    return [Submission(unit, mine) for (unit, _), mine in found.items()]


def money(events: Sequence[Event], unit: int, after: int, until: int) -> tuple[int, float]:
    """Count a person's conversions after an instant and not after another, and add them up."""
    mine = [
        one.value
        for one in events
        if one.unit == unit and one.name == "Order Completed" and after < one.time <= until
    ]
    return len(mine), sum(mine)
