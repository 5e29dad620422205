"""Answers as they were last given: a dashboard that many people open in the morning is worked out once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock

from obverse.measure.question import Answer


class Answers:
    """The last answers, and those that are being worked out. Safe to use from many threads.

    Args:
        most: how many are kept; 0 for none.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, Future[Answer]] = OrderedDict()
        self._lock = Lock()

    def get(self, asked: Hashable, work_out: Callable[[], Answer]) -> Answer:
        """Give the answer to what was asked; who asks while it is being worked out waits for it.

        Args:
            asked: all that the answer depends on.
            work_out: makes it. What it raises goes to all who wait, and is not kept.
        """
        if self._most == 0:
            return work_out()
        with self._lock:
            found = self._known.get(asked)
            mine: Future[Answer] = Future()
            if found is None:
                self._known[asked] = mine
            self._known.move_to_end(asked)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        if found is not None:
            return found.result()
        try:
            mine.set_result(work_out())
        except BaseException as error:
            with self._lock:
                self._known.pop(asked, None)
            mine.set_exception(error)
        return mine.result()
