"""A cache within a byte budget: what was used longest ago goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class Cache:
    """Keeps values by key, up to a number of bytes in all. Safe to use from many threads.

    A value larger than the whole budget is kept alone until another comes.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._n_bytes = 0
        self._lock = threading.Lock()

    @property
    def n_bytes(self) -> int:
        """Bytes held."""
        return self._n_bytes

    def get(self, key: Hashable) -> Any:
        """Give what is kept under a key, None where nothing is."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def put(self, key: Hashable, value: Any, n_bytes: int) -> None:
        """Keep a value, in place of an earlier one under its key."""
        with self._lock:
            self._drop(key)
            self._held[key] = (value, n_bytes)
            self._n_bytes += n_bytes
            while self._n_bytes > self.budget_bytes and len(self._held) > 1:
                self._drop(next(iter(self._held)))

    def items(self) -> list[tuple[Any, Any]]:
        """List keys and values, the one used longest ago first."""
        with self._lock:
            return [(key, value) for key, (value, _) in self._held.items()]

    def discard(self, chosen: Callable[[Hashable], bool]) -> None:
        """Drop what is kept under the chosen keys."""
        with self._lock:
            for key in [key for key in self._held if chosen(key)]:
                self._drop(key)

    def _drop(self, key: Hashable) -> None:
        if key in self._held:
            self._n_bytes -= self._held.pop(key)[1]
