"""Audiences: who is in a segment, a moment elsewhere or a variant, found out ahead of time.

An offer never waits for the lake. A thread finds who a segment holds, whom support called back, who did not
take a step in time, who was seen in an experiment; an offer only looks up whether somebody is among them.
What is looked up is some seconds old, as the thread rests ten times as long as it worked, and at least
`REST_S`. What nobody looked up for ten minutes is dropped.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np

from obverse.engine.local import Lake
from obverse.errors import ObverseError
from obverse.surveys.facts import NEVER
from obverse.surveys.moment import NOTICE_S, Elsewhere, NotTaken
from obverse.surveys.reasons import Reason
from obverse.tape.layout import Int32s, Int64s, Layout, Selection
from obverse.web.surveys.askings_rows import Who
from obverse.web.surveys.exposed import Exposed, exposed

_LOG = logging.getLogger(__name__)
REST_S = 2.0
_NOTICE_US = round(NOTICE_S * 1e6)
_WANTED_S = 600.0
_IDLE = 10

Timed = str | Elsewhere | NotTaken
Wanted = Timed | type[Exposed]
"""What is found out: a segment by its name, a moment, or who is in which variants."""


@dataclass(frozen=True)
class _Found:
    """Keys of ids, ascending, and for each when the moment came, or its kind of `exposed`."""

    keys: Int64s
    values: Int64s
    version: int
    exposed: Exposed | None = None


class Audiences:
    """Tells whether somebody is in a segment, or in a moment that came elsewhere.

    Args:
        lake: where that is found out.
        clock: gives the time, µs since 1970 UTC.
    """

    def __init__(self, lake: Lake, clock: Callable[[], int]) -> None:
        self._lake = lake
        self._clock = clock
        self._wanted: dict[Wanted, float] = {}
        self._found: dict[Wanted, _Found | Reason] = {}
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audiences", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closing.set()
        self._wake.set()
        self._thread.join()

    def holds(self, segment: str, who: Who, *, wait: bool = False) -> bool | Reason:
        """Tell whether somebody is in a segment, or why that cannot be said.

        Args:
            segment: its name.
            who: is there.
            wait: find it out now if it was not yet, as a page may and an offer must not.
        """
        if wait and segment not in self._found:
            self._refresh(segment)
        found = self._look(segment)
        if isinstance(found, Reason):
            return Reason.SEGMENT_UNKNOWN if found is Reason.FILTER_FAILED else Reason.SEGMENT_NOT_READY
        return _at(found, who) != NEVER

    def came(self, moment: Elsewhere | NotTaken, who: Who) -> int | Reason:
        """Tell when a moment came for somebody, µs since 1970 UTC, or why it cannot be said or did not."""
        found = self._look(moment)
        if isinstance(found, Reason):
            return found
        at = _at(found, who)
        return Reason.NO_MOMENT if at == NEVER else at

    def variants(self, who: Who, *, wait: bool = False) -> dict[str, str]:
        """Give the variant that somebody was last seen in, by experiment; none before that was found out.

        Args:
            who: is there.
            wait: as in `holds`.
        """
        if wait and Exposed not in self._found:
            self._refresh(Exposed)
        found = self._look(Exposed)
        if isinstance(found, Reason) or found.exposed is None:
            return {}
        kind = _at(found, who)
        return {} if kind == NEVER else found.exposed.of_kind(kind)

    def properties(self, moment: Elsewhere, who: Who, came_at: int) -> bytes:
        """Read the properties of the event that made a moment, as JSON; this asks the lake and takes a while.

        Args:
            moment: that came.
            who: for whom.
            came_at: when, as `came` told it.
        """
        if who.key is None:
            return b"{}"
        tape = self._lake.tape
        rows = tape.timeline(tape.people_behind([who.key])[0].key, limit=1, before=came_at + 1)
        found = [row["properties"] for row in rows.to_pylist() if row["event"] == moment.event]
        return found[0].encode() if found else b"{}"

    def _look(self, wanted: Wanted) -> _Found | Reason:
        fresh = wanted not in self._wanted
        self._wanted[wanted] = time.monotonic()
        if fresh:
            self._wake.set()
        return self._found.get(wanted, Reason.MOMENT_NOT_READY)

    # -- finding out ------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.clear()
            began = time.monotonic()
            for wanted, asked_at in tuple(self._wanted.items()):
                if self._closing.is_set():
                    return
                if began - asked_at > _WANTED_S:
                    self._wanted.pop(wanted, None)
                    self._found.pop(wanted, None)
                else:
                    self._refresh(wanted)
            rest = max(REST_S, _IDLE * (time.monotonic() - began)) if self._wanted else None
            self._wake.wait(rest)  # what is wanted for the first time is found out at once

    def _refresh(self, wanted: Wanted) -> None:
        known = self._found.get(wanted)
        now = self._clock()
        try:
            version = self._lake.table.refresh().version
            moves = isinstance(wanted, Elsewhere | NotTaken)  # with time, too
            if isinstance(known, _Found) and known.version == version and not moves:
                return
            seen = exposed(self._lake.tape) if isinstance(wanted, type) else None
            persons, values = (seen.persons, seen.kinds) if seen else self._find(cast("Timed", wanted), now)
            keys, whose = self._lake.tape.streams(persons)
            self._found[wanted] = _Found(keys, values[whose], version, seen)
        except Exception as error:
            if known is not Reason.FILTER_FAILED:  # said once
                told = None if isinstance(error, ObverseError) else error
                _LOG.warning("%s: cannot be found out for surveys: %s", wanted, error, exc_info=told)
            self._found[wanted] = Reason.FILTER_FAILED

    def _find(self, wanted: Timed, now: int) -> tuple[Int32s, Int64s]:
        """Give the people and when the moment came for each; 0 for a segment."""
        if isinstance(wanted, str):
            persons = self._lake.members(wanted)
            return persons, np.zeros(len(persons), np.int64)
        if isinstance(wanted, Elsewhere):
            selection = Selection((wanted.event,), wanted.where or None)
            return _lately(self._lake.tape.lay([selection]), now - round(wanted.within_s * 1e6), now)
        layout = self._lake.tape.lay([Selection((wanted.after,)), Selection((wanted.step,))])
        return _not_taken(layout, round(wanted.within_s * 1e6), now)


def _at(found: _Found, who: Who) -> int:
    key = who.key
    if key is None:
        return NEVER
    at = int(np.searchsorted(found.keys, key))
    return int(found.values[at]) if at < len(found.keys) and found.keys[at] == key else NEVER


def _lately(layout: Layout, first: int, now: int) -> tuple[Int32s, Int64s]:
    """Give the people with an event since an instant, and the time of their last."""
    track = layout.tracks[0]
    persons = np.flatnonzero(np.diff(track.offsets)).astype(np.int32)
    last = track.time[track.offsets[1:][persons] - 1]
    late = (last >= first) & (last <= now)
    return persons[late], last[late]


def _not_taken(layout: Layout, within: int, now: int) -> tuple[Int32s, Int64s]:
    """Give the people who did not take the step in time after the last time before it, and since when."""
    persons, began = _lately(layout, now - within - _NOTICE_US, now - within)
    steps = layout.tracks[1]
    taken = [
        _has(steps.time[start:end], at, at + within)
        for (start, end), at in zip(_slices(steps.offsets, persons), began.tolist(), strict=True)
    ]
    missed = ~np.array(taken, dtype=np.bool_)
    return persons[missed], began[missed] + within


def _slices(offsets: Int64s, persons: Int32s) -> list[tuple[int, int]]:
    return list(zip(offsets[persons].tolist(), offsets[persons + 1].tolist(), strict=True))


def _has(times: Int64s, after: int, until: int) -> bool:
    """Tell whether one of some times, ascending, is after an instant and not after another."""
    at = int(np.searchsorted(times, after, side="right"))
    return at < len(times) and int(times[at]) <= until
