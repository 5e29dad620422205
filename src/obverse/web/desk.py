"""The desk where questions queue: few at a time, not too many waiting, none for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, TypeVar

from obverse.errors import BusyError

T = TypeVar("T")


class Desk:
    """Runs what takes long in a few threads, so that the event loop stays free to take events in.

    Args:
        at_once: number of threads.
        waiting: how many may queue behind those.
        limit_s: seconds, waiting included, after which the asker is told to try again.
    """

    def __init__(self, at_once: int, waiting: int, limit_s: float) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="question")
        self._room = at_once + waiting
        self._limit_s = limit_s
        self._lock = Lock()
        self._taken = 0

    async def run(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run `work` with its arguments in a thread and give its result.

        Work that outlives its limit keeps its place until it ends: the desk never runs more at once.

        Raises:
            BusyError: there is no room, or it took too long.
        """
        future = self._queue(work, *args, **kwargs)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._limit_s)
        except TimeoutError:
            if future.done() and not future.cancelled():
                raise  # the work's own
            raise BusyError(
                f"the question took longer than {self._limit_s:g} s; ask again, or for a shorter period",
                retry_after_s=10,
            ) from None

    def _queue(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
        with self._lock:
            if self._taken >= self._room:
                raise BusyError(f"{self._taken} questions are waiting already; try again", retry_after_s=2)
            self._taken += 1
        future = self._pool.submit(work, *args, **kwargs)
        future.add_done_callback(self._leave)
        return future

    def _leave(self, _: Future[Any]) -> None:
        with self._lock:
            self._taken -= 1

    def close(self) -> None:
        """Take no more; what waits is dropped, what runs may end."""
        self._pool.shutdown(wait=False, cancel_futures=True)
