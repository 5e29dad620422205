"""The server's health: what came in, what was refused and why, how far the lake is behind."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from obverse.collect.ledger import Example, Tally
from obverse.collect.refusal import Refusal


class Refused(msgspec.Struct, frozen=True):
    """How much was refused for one reason.

    Attributes:
        source: name of the write key; empty where it is not known.
        reason: a word from a closed list.
        meaning: what it means, in a sentence.
        count: events, or requests where a whole request was refused.
    """

    source: str
    reason: str
    meaning: str
    count: int


class InboxHealth(msgspec.Struct, frozen=True):
    """How much is accepted and not yet in the lake.

    Attributes:
        events: number of events.
        bytes: their size.
        max_bytes: at which the inbox takes no more.
        lag_s: how long the oldest has been waiting, in seconds; 0 where nothing waits.
    """

    events: int
    bytes: int
    max_bytes: int
    lag_s: float


class LakeHealth(msgspec.Struct, frozen=True):
    """How large the lake is."""

    events: int
    bytes: int
    files: int
    version: int


class WriterHealth(msgspec.Struct, frozen=True):
    """How what fills and tidies the lake fares; counts are since the server started.

    Attributes:
        problem: what stands in the way now and what to do about it; None while all is well.
        problem_at: since when, seconds since 1970.
        lag_s: how long the oldest event of the last append had waited until it was visible.
        appended: events appended.
        rejected: damaged lines set aside.
        upkeep_problem: why files are not merged or deleted; events come in all the same.
    """

    problem: str | None
    problem_at: float | None
    lag_s: float
    appended: int
    rejected: int
    upkeep_problem: str | None


class Health(msgspec.Struct, frozen=True):
    """All of it.

    Attributes:
        well: whether the server does its work.
        accepted: events accepted in the last 30 days.
        by_day: counts by day, source and reason (empty for accepted) of the last 30 days.
        refused: what was refused in the last 30 days, the most frequent first.
        examples: recent examples of that, newest first.
        duplicates: messages of the last 30 days that had come before, and were dropped.
        inbox: what waits.
        lake: what is in.
        writer: what brings it in.
    """

    well: bool
    accepted: int
    by_day: list[Tally]
    refused: list[Refused]
    examples: list[Example]
    duplicates: int
    inbox: InboxHealth
    lake: LakeHealth
    writer: WriterHealth


def _since(days: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - days * 86_400))


def look(state: Any) -> Health:
    """Look at the parts of a running server, given its state."""
    since = _since(30)
    tallies: list[Tally] = state.inbox.ledger.tallies(since)
    counts: dict[tuple[str, str], int] = {}
    for tally in tallies:
        if tally.reason:
            counts[tally.source, tally.reason] = counts.get((tally.source, tally.reason), 0) + tally.n
    refused = [
        Refused(source, reason, Refusal(reason).meaning, n)
        for (source, reason), n in sorted(counts.items(), key=lambda item: -item[1])
    ]
    return Health(
        well=state.is_well(),
        accepted=sum(tally.n for tally in tallies if not tally.reason),
        by_day=tallies,
        refused=refused,
        examples=state.inbox.ledger.examples(50),
        duplicates=sum(n for day, n in state.seen.duplicates().items() if day.isoformat() >= since),
        inbox=_inbox(state),
        lake=_lake(state),
        writer=_writer(state),
    )


def _inbox(state: Any) -> InboxHealth:
    stats = state.inbox.stats()
    oldest = stats.oldest_received_at
    lag_s = 0.0 if oldest is None else max(0.0, time.time() - oldest / 1e6)
    return InboxHealth(stats.n_events, stats.n_bytes, stats.max_bytes, round(lag_s, 3))


def _lake(state: Any) -> LakeHealth:
    snapshot = state.lake.table.refresh()
    return LakeHealth(snapshot.n_events, snapshot.n_bytes, len(snapshot.files), snapshot.version)


def _writer(state: Any) -> WriterHealth:
    status = state.writer.status
    return WriterHealth(
        problem=status.error,
        problem_at=status.error_at,
        lag_s=round(status.lag_s, 3),
        appended=status.n_appended,
        rejected=status.n_rejected,
        upkeep_problem=state.writer.upkeep.status.error,
    )
