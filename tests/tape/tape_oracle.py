"""A lake small enough to check by eye, and what the tape should make of it, in plain Python.

Nothing here but the writing of the lake uses the package.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path

import pyarrow as pa

from obverse.lake.table import EventTable

MINUTE = 60_000_000
BASE = 1_780_000_000_000_000
RECEIVED = BASE + 40 * 86_400_000_000


@dataclass(frozen=True)
class Sent:
    """One event as a client sent it; `at` is in minutes."""

    event: str
    at: int
    user: str | None = None
    anonymous: str | None = None
    type: str = "track"
    touchpoint: str = "web"
    account: str | None = None
    session: str | None = None
    value: float | None = None
    properties: dict[str, object] = field(default_factory=dict, hash=False)

    @property
    def time(self) -> int:
        return BASE + self.at * MINUTE


def append(table: EventTable, events: Sequence[Sent], day: int = 0) -> None:
    """Append events in this order."""
    n = len(events)
    first = table.snapshot.last_seq
    instant = pa.timestamp("us", tz="UTC")
    rows = pa.table(
        {
            "event": pa.array([one.event for one in events], pa.string()),
            "time": pa.array([one.time for one in events], instant),
            "received_at": pa.array([RECEIVED + day * 86_400_000_000] * n, instant),
            "type": pa.array([one.type for one in events], pa.string()),
            "message_id": pa.array([f"m{first + i}" for i in range(n)], pa.string()),
            "touchpoint": pa.array([one.touchpoint for one in events], pa.string()),
            "source": pa.array(["test"] * n, pa.string()),
            "anonymous_id": pa.array([one.anonymous for one in events], pa.string()),
            "user_id": pa.array([one.user for one in events], pa.string()),
            "account_id": pa.array([one.account for one in events], pa.string()),
            "session_id": pa.array([one.session for one in events], pa.string()),
            "value": pa.array([one.value for one in events], pa.float64()),
            "currency": pa.array([None] * n, pa.string()),
            "properties": pa.array([json.dumps(one.properties) for one in events], pa.string()),
            "context": pa.array(["{}"] * n, pa.string()),
        }
    )
    table.append(rows, "test", table.committed("test") + 1)


def lake(path: Path, *batches: Sequence[Sent]) -> EventTable:
    """Make a lake of batches of events."""
    table = EventTable.open(path, create=True)
    for batch in batches:
        append(table, batch)
    return table


def key(user: str | None, anonymous: str | None) -> int:
    text = f"u:{user}" if user is not None else f"a:{anonymous}"
    return int.from_bytes(md5(text.encode()).digest()[8:], "little") >> 1


Numbered = tuple[int, Sent]
Keep = Callable[[Sent], bool]


@dataclass(frozen=True)
class Ask:
    """A selection: names (none for all) and a filter."""

    names: tuple[str, ...] = ()
    keep: Keep = lambda one: True


Event = tuple[int, int, float, str | None]
Unit = tuple[int | str | None, tuple[tuple[Event, ...], ...]]


class Oracle:
    """Answers by going through all events one by one."""

    def __init__(self, events: Sequence[Sent]) -> None:
        self.events: list[Numbered] = list(enumerate(events, start=1))
        self.claims: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for one in events:
            if one.type in ("identify", "alias") and one.user is not None and one.anonymous is not None:
                self.claims[one.anonymous].append((one.time, key(one.user, None)))
        self.groups: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for one in events:
            if one.type == "group" and one.account is not None:
                self.groups[self.person(one)].append((one.time, one.account))

    def person(self, one: Sent) -> int:
        if one.user is not None:
            return key(one.user, None)
        claims = self.claims.get(one.anonymous or "", [])
        later = [claim for claim in claims if claim[0] >= one.time]
        if later:
            return min(later)[1]
        if claims:
            last = max(time for time, _ in claims)
            return min(user for time, user in claims if time == last)
        return key(None, one.anonymous)

    def account(self, one: Sent) -> str | None:
        if one.account is not None:
            return one.account
        groups = sorted(self.groups.get(self.person(one), []), key=lambda pair: pair[0])
        before = [account for time, account in groups if time <= one.time]
        return before[-1] if before else groups[0][1] if groups else None

    def sessions(self) -> dict[int, str]:
        """Session of every event, by number."""
        found: dict[int, str] = {}
        last: dict[tuple[int, str], tuple[int, str]] = {}
        for number, one in sorted(self.events, key=lambda pair: (pair[1].time, pair[0])):
            whose = (self.person(one), one.touchpoint)
            if whose in last and one.time - last[whose][0] <= 30 * MINUTE:
                name = last[whose][1]
            else:
                name = f"derived {number}"
            last[whose] = (one.time, name)
            found[number] = f"client {one.session}" if one.session is not None else name
        return found

    def units(
        self,
        asks: Sequence[Ask],
        unit: str = "person",
        same: Callable[[Sent], str | None] | None = None,
        label: Callable[[Sent], str | None] | None = None,
        by_track: int = 0,
    ) -> Counter[Unit]:
        """What a layout should hold: each unit with its person and its tracks' events."""
        sessions = self.sessions() if unit == "session" else {}
        tracks: dict[tuple[int | str, str | None, str | None], list[list[Event]]] = defaultdict(
            lambda: [[] for _ in asks]
        )
        for track, ask in enumerate(asks):
            for number, one in self.events:
                if (ask.names and one.event not in ask.names) or not ask.keep(one):
                    continue
                whole: int | str | None = self.account(one) if unit == "account" else self.person(one)
                value = same(one) if same else None
                if whole is None or (same and value is None):
                    continue
                text = label(one) if label and track == by_track else None
                tracks[whole, sessions.get(number), value][track].append(
                    (one.time, number, one.value or 0.0, text)
                )
        return Counter(
            (name[0] if unit != "account" else None, tuple(tuple(sorted(events)) for events in mine))
            for name, mine in tracks.items()
        )
