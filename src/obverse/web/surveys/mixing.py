"""Mixing: events of anonymous surveys go on to the lake only together with others of the same survey.

The order in which events arrive in the lake never changes. An answer that stands there between two page views
of one person would name that person, whatever its own fields leave out. So such events wait in a file of
their own, durable like the inbox, until there are those of `LEAST` submissions to one survey, or until their
day is over, and then go on in random order, received in the same instant.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import defaultdict
from collections.abc import Callable

import msgspec

from obverse.collect.batch import Batch
from obverse.collect.inbox import Inbox
from obverse.errors import ObverseError
from obverse.event import Event
from obverse.surveys.recording import DAY_US, SOURCE

_LOG = logging.getLogger(__name__)
LEAST = 5
"""So many submissions to one survey go on together."""
EVERY_S = 60.0
"""Looks so often whether a day is over."""
_MAX_BYTES = 16 << 20

_lines = msgspec.json.Decoder(Event)


class _Of(msgspec.Struct):
    survey_id: str


_survey_of = msgspec.json.Decoder(_Of)


class Mixing:
    """A keeper of anonymous events. Safe to use from any event loop of one process.

    Args:
        held: where they wait.
        inbox: where they go on to.
        clock: tells the time, µs since 1970 UTC.
    """

    def __init__(self, held: Inbox, inbox: Inbox, clock: Callable[[], int]) -> None:
        self._held = held
        self._inbox = inbox
        self._clock = clock
        self._look = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="mixing", daemon=True)
        self._thread.start()

    async def put(self, batch: Batch) -> None:
        """Return once the batch is synced to disk.

        Raises:
            BusyError: there is no room; nothing of the batch was kept.
            DataError: the file is damaged; nothing of the batch was kept.
        """
        await self._held.put(batch)
        self._look.set()

    def note(self, batch: Batch) -> None:
        """Count a batch that has no event to keep."""
        self._inbox.note(batch)

    def close(self) -> None:
        """Stop; what waits is taken up at the next start."""
        self._closing = True
        self._look.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing:
            try:
                self._release()
            except ObverseError as error:
                _LOG.warning("answers to anonymous surveys wait for the next try: %s", error)
            self._look.wait(EVERY_S)
            self._look.clear()

    def _release(self) -> None:
        """Send on what is due. A crash in between sends it twice, and the lake keeps it once."""
        rows = self._held.read(0, _MAX_BYTES)
        if not rows:
            return
        now = self._clock()
        events = [event for row in rows for event in _lines.decode_lines(row.body)]
        due, rest = _due(events, now - now % DAY_US)
        if not due:
            return
        for event in due:
            event.received_at = now
        self._inbox.submit(Batch(source=SOURCE, received_at=now, events=due)).result()
        if rest:
            self._held.submit(Batch(source=SOURCE, received_at=now, events=rest)).result()
        self._held.forget(rows[-1].position)


def _due(events: list[Event], today: int) -> tuple[list[Event], list[Event]]:
    """Part events into those that may go on, shuffled by submission, and those that have to wait."""
    surveys: defaultdict[str, defaultdict[str, list[Event]]]
    surveys = defaultdict(lambda: defaultdict(list))
    for event in events:
        surveys[_survey_of.decode(event.properties).survey_id][event.anonymous_id or ""].append(event)
    due: list[list[Event]] = []
    rest: list[Event] = []
    for submissions in surveys.values():
        if len(submissions) >= LEAST or any(
            one.time < today for many in submissions.values() for one in many
        ):
            due += submissions.values()
        else:
            rest += (event for many in submissions.values() for event in many)
    secrets.SystemRandom().shuffle(due)
    return [event for submission in due for event in submission], rest
