"""Events as they arrive, to a bounded number of watchers at a bounded pace."""

from __future__ import annotations

import asyncio
import json

import pytest

from obverse.errors import BusyError
from obverse.event import Event
from obverse.web import live
from obverse.web.live import KEPT, PER_SECOND, Live


def _event(number: int = 0) -> Event:
    return Event(
        event="Product Viewed", type="track", message_id=f"m{number}", time=number, received_at=1,
        touchpoint="web", source="site", anonymous_id="a1", value=9.5, currency="EUR",
    )  # fmt: skip


class Clock:
    """A clock that goes when told."""

    now = 1.0

    def __call__(self) -> float:
        return self.now


def _data(chunk: bytes) -> list[dict[str, object]]:
    return [json.loads(part.removeprefix(b"data: ")) for part in chunk.split(b"\n\n") if part]


def test_a_watcher_sees_what_arrives_from_then_on() -> None:
    async def watch() -> None:
        hub = Live(2)
        hub.publish([_event()])
        stream = hub.watch()
        assert (await anext(stream)).startswith(b"retry:")
        hub.publish([_event(7)])
        assert _data(await anext(stream)) == [
            {
                "event": "Product Viewed",
                "touchpoint": "web",
                "time": 7,
                "who": "a1",
                "value": 9.5,
                "currency": "EUR",
            }
        ]

    asyncio.run(watch())


def test_only_so_many_may_watch_and_who_leaves_makes_room() -> None:
    async def watch() -> None:
        hub = Live(1)
        first = hub.watch()
        await anext(first)
        with pytest.raises(BusyError):
            hub.watch()
        await first.aclose()  # type: ignore[attr-defined]
        assert hub.n_clients == 0
        hub.watch()

    asyncio.run(watch())


def test_of_a_flood_some_events_a_second_are_shown_and_a_slow_watcher_misses_the_oldest() -> None:
    async def watch() -> None:
        clock = Clock()
        hub = Live(1, clock)
        stream = hub.watch()
        await anext(stream)
        hub.publish([_event(n) for n in range(1000)])
        hub.publish([_event(5000)])
        clock.now += 1
        hub.publish([_event(n) for n in range(2000, 3000)])
        times = [row["time"] for row in _data(await anext(stream))]
        assert len(times) == KEPT
        assert times[-1] == 2000 + PER_SECOND - 1
        assert 5000 not in times

    asyncio.run(watch())


def test_a_quiet_stream_says_that_it_is_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.01)

    async def watch() -> None:
        stream = Live(1).watch()
        await anext(stream)
        assert await anext(stream) == b": still here\n\n"

    asyncio.run(watch())


def test_the_server_s_end_ends_the_streams() -> None:
    async def watch() -> None:
        hub = Live(1)
        stream = hub.watch()
        await anext(stream)
        waiting = asyncio.ensure_future(stream.__anext__())
        await asyncio.sleep(0)
        hub.close()
        assert await waiting == b": still here\n\n"
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
        with pytest.raises(BusyError):
            hub.watch()

    asyncio.run(watch())
