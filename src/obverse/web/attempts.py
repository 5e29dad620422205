"""How often somebody may try a password."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from obverse.errors import BusyError

WINDOW_S = 300.0
_MAX_PLACES = 10_000
_ALL_PER_ONE = 20


class TooManyAttemptsError(BusyError):
    """Too many wrong passwords; wait."""

    status = 429
    code = "too_many_attempts"


class Attempts:
    """Counts tries of five minutes, by address and all together. For one thread.

    Args:
        limit: tries allowed for one address; all addresses together have twenty times as many.
        clock: tells the time in seconds.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._all: deque[float] = deque()
        self._by_place: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Count one try from an address, before it is tried.

        Raises:
            TooManyAttemptsError: it has no try left for now.
        """
        at, place = self._clock(), _place(address)
        mine = self._by_place.setdefault(place, deque())
        self._by_place.move_to_end(place)
        for tries, limit in ((mine, self._limit), (self._all, self._limit * _ALL_PER_ONE)):
            while tries and tries[0] <= at - WINDOW_S:
                tries.popleft()
            if len(tries) >= limit:
                wait_s = max(1, round(tries[0] + WINDOW_S - at))
                raise TooManyAttemptsError(f"too many attempts; try again in {wait_s} s", wait_s)
        mine.append(at)
        self._all.append(at)
        while len(self._by_place) > _MAX_PLACES:
            self._by_place.popitem(last=False)

    def forgive(self, address: str) -> None:
        """Forget an address's tries: the last one was right."""
        self._by_place.pop(_place(address), None)


def _place(address: str) -> str:
    """Give what counts as one address: of IPv6 a whole /64, which one household may have."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(int(found) >> 64) if isinstance(found, IPv6Address) else address
