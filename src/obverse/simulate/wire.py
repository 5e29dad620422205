"""How events travel: in batches of one client each, some late, some twice, some from wrong clocks.

A body arrives when its last event has. Most bodies do not say when they were sent, as an import of history
does not, so that their times are taken as they are. Devices with a wrong clock send a body a visit, with
`sentAt` by that same clock, and their times can be put right from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from obverse.simulate.calendar import DAY_MS, HOUR_MS
from obverse.simulate.clients import TOUCHPOINTS, Author, batch_context
from obverse.simulate.happenings import World
from obverse.simulate.model import Bools, Codes, Ints, begins, stream
from obverse.simulate.moments import APP_CLIENT, KIOSK_CLIENT, TILL_CLIENT, WEB_CLIENT


class Body(bytes):
    """The body of one `POST /v1/batch`.

    Attributes:
        received_at: when it arrives in the simulation, µs since 1970 UTC.
        n_events: how many messages it holds.
        ahead_us: how far the client's clock is ahead, where the body says when it was sent; else None.
    """

    received_at: int
    n_events: int
    ahead_us: int | None

    def __new__(cls, data: bytes, received_at: int, n_events: int, ahead_us: int | None = None) -> Body:
        """Join a body's text with what is known of it."""
        body = super().__new__(cls, data)
        body.received_at, body.n_events, body.ahead_us = received_at, n_events, ahead_us
        return body

    def at(self, now: int) -> Body:
        """Give the body as its client would send it at another instant, µs since 1970 UTC.

        Over a real connection the server receives at its own present, not the simulation's. What says when
        it was sent must then say so by the client's clock at that present, as an offline queue does; sent
        as it is, its events would be moved by the years between. Other bodies are the same at any instant.
        """
        if self.ahead_us is None:
            return self
        data = self[: -len(_sent(0))] + _sent(now + self.ahead_us)
        return Body(data, now, self.n_events, self.ahead_us)


def _sent(at_us: int) -> bytes:
    """Write the end of a body that says when it was sent."""
    said = datetime.fromtimestamp(at_us / 1e6, UTC).isoformat(timespec="milliseconds")[:23]
    return f',"sentAt":"{said}Z"}}'.encode()


@dataclass(frozen=True)
class _Batches:
    """Which events each body holds: body b has numbers[starts[b]:ends[b]]."""

    numbers: Ints
    starts: Ints
    ends: Ints
    client: Codes
    received_ms: Ints
    ahead_ms: Ints


def bodies(made: World, seed: int) -> Iterator[Body]:
    """Yield all bodies in the order of arrival, each written when it is asked for."""
    chance = stream(seed, "wire")
    author = Author(made, seed)
    arrived = _arrivals(chance, made)
    wrong: Bools = made.ahead_ms(np.arange(made.events.n)) != 0
    batches = _together([*_ordinary(chance, made, arrived, ~wrong), _skewed(chance, made, arrived, wrong)])
    for number in np.argsort(batches.received_ms, kind="stable").tolist():
        start, end = int(batches.starts[number]), int(batches.ends[number])
        messages = ",".join(author.messages(batches.numbers[start:end]))
        head = f'{{"batch":[{messages}],"context":{batch_context(int(batches.client[number]))}'
        received = int(batches.received_ms[number]) * 1000
        ahead = int(batches.ahead_ms[number]) * 1000
        if ahead:
            yield Body(head.encode() + _sent(received + ahead), received, end - start, ahead)
        else:
            yield Body(head.encode() + b"}", received, end - start)


def _arrivals(chance: np.random.Generator, made: World) -> Ints:
    """Draw when each event arrives: at once, with the app's next flush or the till's; some from a queue."""
    events, wire = made.events, made.shop.wire
    n = events.n
    soon = events.at_ms + (chance.exponential(900, n) + 30).astype(np.int64)
    soon = np.where(events.client == APP_CLIENT, -(-soon // 30_000) * 30_000, soon)
    soon = np.where(events.client == TILL_CLIENT, -(-soon // HOUR_MS) * HOUR_MS, soon)
    share = np.zeros(len(TOUCHPOINTS))
    share[[WEB_CLIENT, APP_CLIENT, KIOSK_CLIENT]] = wire.offline_web, wire.offline_app, wire.offline_web
    late = chance.exponential(wire.offline_h * HOUR_MS, made.seen.n)
    late += np.where(chance.random(made.seen.n) < 0.06, chance.uniform(1, 9, made.seen.n) * DAY_MS, 0)
    queued = (events.visit >= 0) & (chance.random(made.seen.n)[events.visit] < share[events.client])
    arrived: Ints = soon + np.where(queued, late[events.visit], 0).astype(np.int64)
    return arrived


def _ordinary(chance: np.random.Generator, made: World, arrived: Ints, among: Bools) -> list[_Batches]:
    """Fill batches client by client in the order of arrival; some messages come again later."""
    numbers = np.flatnonzero(among)
    twice = numbers[chance.random(len(numbers)) < made.shop.wire.resent]
    again = arrived[twice] + 1_000 + chance.exponential(20 * 60_000, len(twice)).astype(np.int64)
    number = np.concatenate((numbers, twice))
    at = np.concatenate((arrived[numbers], again))
    client = made.events.client[number]
    parts = []
    for kind in np.unique(client).tolist():
        own = np.flatnonzero(client == kind)
        own = own[np.argsort(at[own], kind="stable")]
        parts.append(_cut(number[own], at[own], kind, made.shop.wire.batch))
    return parts


def _cut(numbers: Ints, at: Ints, client: int, size: int) -> _Batches:
    starts = np.arange(0, len(numbers), size)
    ends = np.minimum(starts + size, len(numbers))
    none = np.zeros(len(starts), dtype=np.int64)
    return _Batches(numbers, starts, ends, none.astype(np.int32) + client, at[ends - 1], none)


def _skewed(chance: np.random.Generator, made: World, arrived: Ints, among: Bools) -> _Batches:
    """Send each visit from a device with a wrong clock as a body of its own; some bodies come again."""
    events = made.events
    numbers = np.flatnonzero(among)
    numbers = numbers[np.argsort(events.visit[numbers], kind="stable")]
    starts = np.flatnonzero(begins(events.visit[numbers]))
    ends = np.append(starts[1:], len(numbers))[: len(starts)]
    received = np.maximum.reduceat(arrived[numbers], starts) if len(starts) else starts
    again = np.flatnonzero(chance.random(len(starts)) < 4 * made.shop.wire.resent)
    which = np.concatenate((np.arange(len(starts)), again))
    first = numbers[starts[which]]
    return _Batches(
        numbers=numbers,
        starts=starts[which],
        ends=ends[which],
        client=events.client[first],
        received_ms=np.concatenate((received, received[again] + 45_000)),
        ahead_ms=made.ahead_ms(first),
    )


def _together(parts: list[_Batches]) -> _Batches:
    shift = np.cumsum([0] + [len(part.numbers) for part in parts])
    return _Batches(
        numbers=np.concatenate([part.numbers for part in parts]),
        starts=np.concatenate([part.starts + by for part, by in zip(parts, shift, strict=False)]),
        ends=np.concatenate([part.ends + by for part, by in zip(parts, shift, strict=False)]),
        client=np.concatenate([part.client for part in parts]),
        received_ms=np.concatenate([part.received_ms for part in parts]),
        ahead_ms=np.concatenate([part.ahead_ms for part in parts]),
    )
