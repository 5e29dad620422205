"""A cache within a byte budget: what is cheapest to make again goes first, then what was used longest ago."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any


class Worth(IntEnum):
    """How dear it is to make a value again: from arrays in memory, from disk, from the lake."""

    LAYOUT = 0
    REEL = 1
    COLUMN = 2


@dataclass(frozen=True)
class _Held:
    value: Any
    n_bytes: int
    worth: Worth


class Cache:
    """Keeps values by key, up to a number of bytes in all. Safe to use from many threads.

    What was put last stays, even where it is larger than the whole budget.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._held: OrderedDict[Hashable, _Held] = OrderedDict()
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
            return self._held[key].value

    def put(self, key: Hashable, value: Any, n_bytes: int, worth: Worth) -> None:
        """Keep a value, in place of an earlier one under its key."""
        with self._lock:
            self._drop(key)
            self._held[key] = _Held(value, n_bytes, worth)
            self._n_bytes += n_bytes
            if self._n_bytes > self.budget_bytes:
                self._make_room(key)

    def items(self, worth: Worth) -> list[tuple[Any, Any]]:
        """List keys and values of one worth, the one used longest ago first."""
        with self._lock:
            return [(key, held.value) for key, held in self._held.items() if held.worth == worth]

    def discard(self, chosen: Callable[[Hashable], bool]) -> None:
        """Drop what is kept under the chosen keys."""
        with self._lock:
            for key in [key for key in self._held if chosen(key)]:
                self._drop(key)

    def _make_room(self, newest: Hashable) -> None:
        droppable = [(held.worth, key) for key, held in self._held.items() if held.n_bytes and key != newest]
        for _, key in sorted(droppable, key=lambda pair: pair[0]):  # stable: longest ago first
            self._drop(key)
            if self._n_bytes <= self.budget_bytes:
                return

    def _drop(self, key: Hashable) -> None:
        if key in self._held:
            self._n_bytes -= self._held.pop(key).n_bytes
