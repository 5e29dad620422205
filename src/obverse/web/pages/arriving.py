"""What has arrived and what was refused in the last minutes, by client: does what was just installed work?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

import msgspec

from obverse.collect.refusal import Refusal
from obverse.web.pages.figures import instant, span
from obverse.web.pages.timeline import RowOf, rows_of

if TYPE_CHECKING:
    from obverse.collect.ledger import Example
    from obverse.lake.table import EventTable

MINUTES = 15
"""How far back is looked."""

_MOST_EVENTS = 1000
_MOST_CLIENTS = 8
_MOST_REFUSED = 4
_COLUMNS = ("seq", "event", "received_at", "source", "context")
_UNNAMED = "A program that does not say its name"


@dataclass(frozen=True)
class Arrived:
    """What one client sent with one write key.

    Attributes:
        client: its name and version, as it says them.
        source: name of the write key.
        event: name of the last event.
        at: when that arrived, ISO 8601.
        ago: how long ago, in words.
        n: how many events it sent; at most as many as are looked at.
    """

    client: str
    source: str
    event: str
    at: str
    ago: str
    n: int


@dataclass(frozen=True)
class TurnedAway:
    """Something that was refused.

    Attributes:
        source: name of the write key; empty where it is not known.
        reason: from the closed list.
        meaning: what that means.
        detail: what exactly was wrong.
        at: when, ISO 8601.
        ago: how long ago, in words.
    """

    source: str
    reason: str
    meaning: str
    detail: str
    at: str
    ago: str


class _Library(msgspec.Struct):
    name: Any = None
    version: Any = None


class _Context(msgspec.Struct):
    library: _Library | None = None


def arrived(table: EventTable, now: datetime, zone: tzinfo) -> tuple[Arrived, ...]:
    """Tell what arrived, client by client, the one that sent last first.

    Args:
        table: the lake.
        now: the present.
        zone: of the times.
    """
    last = table.refresh().last_seq
    since = int((now.timestamp() - MINUTES * 60) * 1e6)
    rows = rows_of(table.read(_COLUMNS, "seq > ?", [last - _MOST_EVENTS]))
    rows = [row for row in rows if row["received_at"] >= since]
    groups: dict[tuple[str, str], list[RowOf]] = {}
    for row in sorted(rows, key=lambda row: -int(row["seq"])):
        groups.setdefault((_name(row["context"]), row["source"]), []).append(row)
    return tuple(
        Arrived(client, source, of[0]["event"], *_when(of[0]["received_at"], now, zone), len(of))
        for (client, source), of in list(groups.items())[:_MOST_CLIENTS]
    )


def turned_away(examples: Sequence[Example], now: datetime, zone: tzinfo) -> tuple[TurnedAway, ...]:
    """Tell what was refused, the newest first.

    Args:
        examples: of the ledger, newest first.
        now: the present.
        zone: of the times.
    """
    since = int((now.timestamp() - MINUTES * 60) * 1e6)
    return tuple(
        TurnedAway(
            one.source,
            one.reason,
            Refusal(one.reason).meaning,
            one.detail,
            *_when(one.received_at, now, zone),
        )
        for one in [one for one in examples if one.received_at >= since][:_MOST_REFUSED]
    )


def _when(micros: int, now: datetime, zone: tzinfo) -> tuple[str, str]:
    moment = instant(micros, zone)
    return moment.isoformat(timespec="seconds"), span(max(0, round((now - moment).total_seconds())))


def _name(context: str) -> str:
    """Name a client by what its context says of its library."""
    try:
        library = msgspec.json.decode(context, type=_Context).library
    except msgspec.DecodeError:
        return _UNNAMED
    if library is None or not isinstance(library.name, str) or not library.name:
        return _UNNAMED
    version = library.version if isinstance(library.version, str) else ""
    return f"{library.name} {version}".strip()[:80]
