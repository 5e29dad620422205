"""The funnel in plain Python, by trying everything. It imports nothing of the package and is slow.

An event is anything with `time`, `seq`, `value` and `label`. A question is given as functions and numbers:
each step is a function that says whether it takes an event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

Event = Any
Match = Callable[[Event], bool]
FOREVER = 10**18


@dataclass
class Asked:
    """A funnel's question. Steps are numbered from 0."""

    steps: Sequence[Match]
    order: str = "ordered"
    within: int = FOREVER
    grace: int = 0
    count: str = "person"
    exclude: Sequence[tuple[Match, int, int]] = ()
    remove: bool = False
    start: int = -FOREVER
    end: int = FOREVER
    newest: int = 0
    everything: Match = lambda event: True
    by_step: int | None = None


@dataclass
class Counted:
    """One person, entry, session or account as it counts."""

    person: int
    depth: int
    reached: list[int]
    values: list[float]
    label: Any
    still_open: bool


@dataclass
class Found:
    counted: list[Counted] = field(default_factory=list)
    removed: int = 0


@dataclass
class Path:
    entry: int
    events: list[Event]
    reached: list[int]
    label: Any
    ended: int | None
    used: int


NOTHING = "nothing to read a label from"


def funnel(asked: Asked, units: Sequence[tuple[int, Sequence[Event]]]) -> Found:
    """Answer for units given as (person, events), persons ascending."""
    found = Found()
    best: dict[int, tuple[Path, int]] = {}
    for person, events in units:
        ordered = sorted(events, key=lambda event: (event.time, event.seq))
        if asked.count == "entry":
            _entries(asked, person, ordered, found)
            continue
        outcome = _best(asked, ordered)
        if isinstance(outcome, str):
            found.removed += 1
        elif outcome is not None:
            path, latest = outcome
            if asked.count != "person":
                found.counted.append(_counted(asked, person, path, latest + asked.within >= asked.newest))
            elif person not in best:
                best[person] = path, latest
            else:
                best[person] = min(best[person][0], path, key=_rank), max(best[person][1], latest)
    for person, (path, latest) in best.items():
        found.counted.append(_counted(asked, person, path, latest + asked.within >= asked.newest))
    return found


def _rank(path: Path) -> tuple[int, int]:
    return -len(path.events), path.entry


def _counted(asked: Asked, person: int, path: Path, still_open: bool) -> Counted:
    depth = len(path.events)
    return Counted(
        person=person,
        depth=depth,
        reached=path.reached,
        values=[event.value for event in path.events],
        label=path.label,
        still_open=still_open and depth < len(asked.steps),
    )


def _all_entries(asked: Asked, events: list[Event]) -> list[Event]:
    first = asked.steps if asked.order == "any" else asked.steps[:1]
    return [
        event
        for event in events
        if asked.start <= event.time < asked.end and any(takes(event) for takes in first)
    ]


def _best(asked: Asked, events: list[Event]) -> tuple[Path, int] | str | None:
    best: Path | None = None
    entries = _all_entries(asked, events)
    for entry in entries:
        path = _path(asked, events, entry, -FOREVER)
        if path.ended is not None and asked.remove:
            return "removed"
        if best is None or len(path.events) > len(best.events):
            best = path
        if len(best.events) == len(asked.steps):
            break
    return None if best is None else (best, entries[-1].time)


def _entries(asked: Asked, person: int, events: list[Event], found: Found) -> None:
    counted = []
    after, place = -FOREVER, 0
    for entry in _all_entries(asked, events):
        if entry.time < after or (asked.order == "strict" and events.index(entry) < place):
            continue
        path = _path(asked, events, entry, after)
        if path.ended is not None and asked.remove:
            found.removed += 1
            return
        last = entry.time + asked.within
        still_open = path.ended is None and last >= asked.newest
        counted.append(_counted(asked, person, path, still_open))
        if asked.order == "strict":
            place = _place_after(asked, events, entry, len(path.events))
        elif path.ended is not None:
            after = path.ended + 1
        elif len(path.events) == len(asked.steps):
            after = path.reached[-1] + 1
        else:
            after = last + 1
    found.counted += counted


def _place_after(asked: Asked, events: list[Event], entry: Event, depth: int) -> int:
    """Place among all of the unit's events of the first one after a strict path."""
    seen = [event for event in events if asked.everything(event)]
    rest = seen[seen.index(entry) + depth :]
    return events.index(rest[0]) if rest else len(events)


def _path(asked: Asked, events: list[Event], entry: Event, after: int) -> Path:
    follow = {"ordered": _ordered, "strict": _strict, "any": _any}[asked.order]
    taken, reached = follow(asked, events, entry, after)
    ended = _exclusion(asked, events, entry, reached)
    if ended is not None:
        reached = [time for time in reached if time <= ended]
    taken = taken[: len(reached)]
    return Path(entry.time, taken, reached, _label(asked, events, entry, taken), ended, 0)


def _ordered(asked: Asked, events: list[Event], entry: Event, after: int) -> tuple[list[Event], list[int]]:
    """Of all choices of different events the longest, of those the earliest."""

    def longest(taken: list[Event]) -> list[Event]:
        best = taken
        if len(taken) == len(asked.steps):
            return best
        for event in events:
            if (
                event not in taken
                and asked.steps[len(taken)](event)
                and event.time >= max(one.time for one in taken) - asked.grace
                and event.time >= after
                and event.time <= entry.time + asked.within
            ):
                further = longest([*taken, event])
                if len(further) > len(best):
                    best = further
        return best

    taken = longest([entry])
    return taken, [max(event.time for event in taken[: k + 1]) for k in range(len(taken))]


def _strict(asked: Asked, events: list[Event], entry: Event, _after: int) -> tuple[list[Event], list[int]]:
    seen = [event for event in events if asked.everything(event)]
    start = seen.index(entry)
    taken = [entry]
    for takes, event in zip(asked.steps[1:], seen[start + 1 :], strict=False):
        if not takes(event) or event.time > entry.time + asked.within:
            break
        taken.append(event)
    return taken, [event.time for event in taken]


def _any(asked: Asked, events: list[Event], entry: Event, _after: int) -> tuple[list[Event], list[int]]:
    """Step k is taken by the event with which k steps can first have different events."""
    window = [event for event in events if entry.time <= event.time <= entry.time + asked.within]
    window = [event for event in window if any(takes(event) for takes in asked.steps)]
    taken: list[Event] = []
    for k in range(1, len(window) + 1):
        if _most_steps(asked.steps, window[:k]) > len(taken):
            taken.append(window[k - 1])
    return taken, [event.time for event in taken]


def _most_steps(steps: Sequence[Match], events: list[Event]) -> int:
    """How many steps can have different events, by trying all assignments."""
    most = 0
    padded = [*events, *[None] * len(steps)]
    for choice in permutations(padded, len(steps)):
        most = max(
            most, sum(event is not None and takes(event) for takes, event in zip(steps, choice, strict=True))
        )
        if most == len(steps):
            break
    return most


def _exclusion(asked: Asked, events: list[Event], entry: Event, reached: list[int]) -> int | None:
    ends = []
    for takes, step_after, step_before in asked.exclude:
        if len(reached) <= step_after:
            continue
        until = reached[step_before] if step_before < len(reached) else entry.time + asked.within + 1
        ends += [event.time for event in events if takes(event) and reached[step_after] < event.time < until]
    return min(ends, default=None)


def _label(asked: Asked, events: list[Event], entry: Event, taken: list[Event]) -> Any:
    if asked.by_step is None:
        return None
    takes = asked.steps[asked.by_step]
    if asked.order == "any":
        inside = [e for e in events if takes(e) and entry.time <= e.time <= entry.time + asked.within]
        return inside[0].label if inside else NOTHING
    if asked.by_step == 0:
        return taken[0].label
    return taken[asked.by_step].label if len(taken) == len(asked.steps) else NOTHING
