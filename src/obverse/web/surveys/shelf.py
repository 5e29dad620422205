"""Shelf: surveys at hand while people answer, so that a burst of answers does not wait for the settings."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from obverse.settings.surveys import SavedSurvey, Surveys
from obverse.surveys.survey import Survey

STALE_S = 1.0
"""A change of a survey's state is heeded this much later."""
_MOST = 256
K = TypeVar("K")
V = TypeVar("V")


class Shelf:
    """Keeps the newest surveys that were asked for. For one event loop.

    Args:
        surveys: of the settings.
        clock: tells seconds that only go on.
    """

    def __init__(self, surveys: Surveys, clock: Callable[[], float] = time.monotonic) -> None:
        self._surveys = surveys
        self._clock = clock
        self._saved: OrderedDict[str, tuple[float, SavedSurvey]] = OrderedDict()
        self._versions: OrderedDict[tuple[str, int], Survey] = OrderedDict()

    async def saved(self, key: str) -> SavedSurvey:
        """Give a survey as it is now, or was a second ago.

        Raises:
            NotFoundError: there is none.
        """
        at, found = self._saved.get(key, (0.0, None))
        if found is None or self._clock() - at >= STALE_S:
            found = await asyncio.to_thread(self._surveys.get, key)
            _put(self._saved, key, (self._clock(), found))
        return found

    async def version(self, key: str, version: int) -> Survey:
        """Give a version, which never changes.

        Raises:
            NotFoundError: there is none.
        """
        found = self._versions.get((key, version))
        if found is None:
            found = Survey.from_json(await asyncio.to_thread(self._surveys.version, key, version))
            _put(self._versions, (key, version), found)
        return found


def _put(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _MOST:
        kept.popitem(last=False)
