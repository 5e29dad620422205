"""Live: the surveys as they stand, and what browsers are told of those that are asked over a page.

``live.json`` has which moments to watch for, and nothing else: no question, no filter, no segment. How each
kind of moment is told (`obverse.surveys.moment`):

- what the browser sees by itself (``event``, ``page``, ``leaving``, ``lingering``, ``abandoning``), when it
  is there and has waited `delay_s`;
- ``not_taken``: when the browser saw the step before, with that event, and the time went by on the page. As
  the time may go by elsewhere, it is told without an event at each page that is opened, too: the server then
  looks whether it has;
- ``elsewhere``: without an event, at each page that is opened: the server knows whether it came.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

import msgspec

from obverse.errors import QuestionError
from obverse.settings.surveys import SavedSurvey, State, Surveys
from obverse.surveys.facts import NEVER, Running

_LOG = logging.getLogger(__name__)
STALE_S = 1.0
"""A change of a survey is heeded this much later."""
CART = {"added": "Product Added", "completed": "Order Completed"}
"""The events by which a browser knows a cart that was abandoned."""


class Live:
    """Has the surveys at hand. Made anywhere, used from one event loop.

    Args:
        surveys: of the settings.
        clock: gives the time, µs since 1970 UTC.
    """

    def __init__(self, surveys: Surveys, clock: Callable[[], int]) -> None:
        self._surveys = surveys
        self._clock = clock
        self._states: dict[str, State] = {}
        self._running: dict[str, Running] = {}
        self._read: dict[tuple[str, int, str], Running | None] = {}
        self._reading: asyncio.Task[None] | None = None
        self._take(surveys.all())

    def running(self) -> Mapping[str, Running]:
        """Give all surveys by id, as they are now or were a second ago."""
        self._renew()
        return self._running

    def is_ours(self, survey_id: str) -> bool:
        """Tell whether a survey is asked by this server, and so its events written by it alone."""
        self._renew()
        return self._states.get(survey_id, "imported") != "imported"

    async def told(self) -> bytes:
        """Write what browsers are told; they keep it for a while, so it is not that of an hour ago."""
        self._renew()
        if self._reading is not None:
            await asyncio.shield(self._reading)
        return msgspec.json.encode({"surveys": [_told(one) for one in self.asked()], "cart": CART})

    def asked(self) -> list[Running]:
        """Give those that are asked over a page now."""
        now = self._clock()
        return [one for one in self.running().values() if _is_asked(one, now)]

    def _renew(self) -> None:
        if time.monotonic() - self._at >= STALE_S and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(self._refresh())

    async def _refresh(self) -> None:
        try:
            self._take(await asyncio.to_thread(self._surveys.all))
        except Exception:
            _LOG.exception("the surveys cannot be read; what was known of them holds")
            self._at = time.monotonic()

    def _take(self, saved: list[SavedSurvey]) -> None:
        known, self._read = self._read, {}
        for one in saved:
            key = one.id, one.version, one.state
            self._read[key] = known[key] if key in known else _readable(one)
        self._running = {one.id: one for one in self._read.values() if one is not None}
        self._states = {one.id: one.state for one in saved}
        self._at = time.monotonic()


def _readable(saved: SavedSurvey) -> Running | None:
    try:
        return Running.of(saved)
    except QuestionError as error:
        _LOG.warning("the survey %s cannot be asked: %s", saved.id, error)
        return None


def _is_asked(running: Running, now: int) -> bool:
    begun = running.starts_at == NEVER or now >= running.starts_at
    over = running.ends_at != NEVER and now >= running.ends_at
    survey = running.survey
    return running.state == "live" and begun and not over and "page" in survey.places and bool(survey.moments)


def _told(running: Running) -> dict[str, object]:
    moments = [msgspec.to_builtins(one) for one in running.survey.moments]
    return {"id": running.id, "moments": [{k: v for k, v in one.items() if k != "where"} for one in moments]}
