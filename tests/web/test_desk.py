"""Questions queue: few at once, not too many waiting, none for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from threading import Event

import pytest

from obverse.errors import BusyError, QuestionError
from obverse.web.desk import Desk


@pytest.fixture
def gate() -> Iterator[Event]:
    made = Event()
    yield made
    made.set()


def test_the_result_and_the_error_of_the_work_come_back() -> None:
    desk = Desk(1, 0, 10)
    assert asyncio.run(desk.run(lambda n: n + 1, 41)) == 42
    with pytest.raises(QuestionError, match="no"):
        asyncio.run(desk.run(_refuse))
    with pytest.raises(TimeoutError, match="mine"):
        asyncio.run(desk.run(_time_out))
    desk.close()


def _refuse() -> None:
    raise QuestionError("no")


def _time_out() -> None:
    raise TimeoutError("mine")


def test_whoever_finds_no_room_is_told_to_come_again(gate: Event) -> None:
    desk = Desk(1, 1, 10)

    async def crowd() -> list[object]:
        asks = [asyncio.create_task(desk.run(gate.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError) as caught:
            await desk.run(gate.wait)
        assert caught.value.retry_after_s > 0
        gate.set()
        return [*(await asyncio.gather(*asks)), await desk.run(gate.wait)]

    assert asyncio.run(crowd()) == [True, True, True]
    desk.close()


def test_work_that_takes_too_long_keeps_its_place_until_it_ends(gate: Event) -> None:
    desk = Desk(1, 0, 0.05)

    async def crowd() -> None:
        with pytest.raises(BusyError, match="took longer"):
            await desk.run(gate.wait)
        with pytest.raises(BusyError, match="waiting already"):
            await desk.run(gate.wait)
        gate.set()
        while True:
            try:
                assert await desk.run(gate.wait)
            except BusyError:
                continue
            return

    asyncio.run(asyncio.wait_for(crowd(), 10))
    desk.close()
