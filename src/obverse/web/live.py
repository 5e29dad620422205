"""Events as they arrive, for whoever watches: server-sent events, bounded in clients, memory and pace."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from itertools import islice

import msgspec

from obverse.errors import BusyError
from obverse.event import Event

HEARTBEAT_S = 15.0
KEPT = 50
PER_SECOND = 40


class Arrival(msgspec.Struct, frozen=True):
    """One event in short.

    Attributes:
        event: its name.
        touchpoint: where it happened.
        time: when, µs since 1970 UTC.
        who: the user id, else the anonymous id.
        value: money that it stands for, if any.
        currency: of that money.
    """

    event: str
    touchpoint: str
    time: int
    who: str | None
    value: float | None = None
    currency: str | None = None


class Live:
    """Hands events on to those who watch. For the event loop's thread alone.

    Costs nothing while nobody watches. Of a flood only so many a second are shown, and a client that reads
    slowly misses the oldest.

    Args:
        max_clients: how many may watch at the same time.
        clock: tells the time in seconds.
    """

    def __init__(self, max_clients: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_clients = max_clients
        self._clock = clock
        self._clients: set[_Client] = set()
        self._second = 0
        self._shown = 0
        self._closed = False

    def publish(self, events: Iterable[Event]) -> None:
        """Show events that have just been accepted to all who watch."""
        if not self._clients:
            return
        second = int(self._clock())
        if second != self._second:
            self._second, self._shown = second, 0
        for event in islice(events, max(0, PER_SECOND - self._shown)):
            self._shown += 1
            line = _line(event)
            for client in self._clients:
                client.put(line)

    def watch(self) -> AsyncIterator[bytes]:
        """Watch from now on.

        Raises:
            BusyError: enough clients watch already.
        """
        if self._closed or len(self._clients) >= self._max_clients:
            raise BusyError(f"{len(self._clients)} browsers watch events arrive already", retry_after_s=30)
        return self._stream()

    async def _stream(self) -> AsyncIterator[bytes]:
        client = _Client()
        self._clients.add(client)
        try:
            yield b"retry: 3000\n\n"
            while not self._closed:
                lines = await client.take()
                yield b"".join(lines) or b": still here\n\n"
        finally:
            self._clients.discard(client)

    def close(self) -> None:
        """End all streams: the server stops."""
        self._closed = True
        for client in self._clients:
            client.wake()

    @property
    def n_clients(self) -> int:
        """How many watch."""
        return len(self._clients)


class _Client:
    """What one client has yet to be sent."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque(maxlen=KEPT)
        self._ready = asyncio.Event()

    def put(self, line: bytes) -> None:
        self._lines.append(line)
        self._ready.set()

    def wake(self) -> None:
        self._ready.set()

    async def take(self) -> list[bytes]:
        """Wait for something to send; nothing for long is an empty list."""
        try:
            await asyncio.wait_for(self._ready.wait(), HEARTBEAT_S)
        except TimeoutError:
            return []
        self._ready.clear()
        lines = list(self._lines)
        self._lines.clear()
        return lines


def _line(event: Event) -> bytes:
    arrival = Arrival(
        event=event.event,
        touchpoint=event.touchpoint,
        time=event.time,
        who=event.user_id or event.anonymous_id,
        value=event.value,
        currency=event.currency,
    )
    return b"data: " + msgspec.json.encode(arrival) + b"\n\n"
