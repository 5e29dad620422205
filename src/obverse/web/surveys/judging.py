"""Judging: whether each moment that a browser tells of counts.

Its page and its filter are judged anew here, whatever the browser saw; what came elsewhere it cannot know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from msgspec import Raw

from obverse.collect.limits import Limits
from obverse.collect.privacy import Privacy
from obverse.collect.segment import judge
from obverse.collect.source import Source
from obverse.collect.wire import Call as TrackCall
from obverse.collect.wire import Envelope
from obverse.event import Event
from obverse.surveys.facts import NEVER, Call, Running
from obverse.surveys.moment import AnyMoment, Elsewhere, Happened, NotTaken
from obverse.surveys.paths import fits
from obverse.surveys.reasons import Reason
from obverse.web.surveys.askings_rows import Who
from obverse.web.surveys.audiences import Audiences
from obverse.web.surveys.filters import Filters
from obverse.web.surveys.told import Told, ToldEvent, ToldMoment


@dataclass(frozen=True)
class Judging:
    """Judges moments. Used from one event loop.

    Attributes:
        audiences: who is in moments elsewhere.
        filters: judges events.
    """

    audiences: Audiences
    filters: Filters

    async def calls(
        self, told: Told, source: Source, who: Who, running: Mapping[str, Running], now: int
    ) -> tuple[list[Call], dict[str, Reason]]:
        """Give what the moments call for, and a reason for each survey that is not there.

        Args:
            told: by the browser.
            source: of its write key.
            who: is there.
            running: all surveys, by id.
            now: µs since 1970 UTC.
        """
        there = [(running[one.survey], one) for one in told.moments if one.survey in running]
        gone = {one.survey: Reason.NOT_LIVE for one in told.moments if one.survey not in running}
        calls = [self._call(one, moment, told.page.path, who) for one, moment in there]
        filtered = [
            (at, where, event)
            for at, (call, (one, moment)) in enumerate(zip(calls, there, strict=True))
            if call.stopped is None
            and (where := _filter(one.moment(moment.moment)))
            and (event := moment.event) is not None
        ]
        if filtered:
            made = [(where, _event(event, told, source, now)) for _, where, event in filtered]
            found = await asyncio.gather(*(self._stopped(where, event) for where, event in made))
            for (at, _, _), stopped in zip(filtered, found, strict=True):
                calls[at] = msgspec.structs.replace(calls[at], stopped=stopped)
        return calls, gone

    def _call(self, running: Running, told: ToldMoment, path: str, who: Who) -> Call:
        moment = running.moment(told.moment)
        came = Reason.NO_MOMENT if moment is None else self._came(moment, told.event, path, who)
        stopped, at = (came, NEVER) if isinstance(came, Reason) else (None, came)
        return Call(running, told.moment, stopped, at)

    def _came(self, moment: AnyMoment, event: ToldEvent | None, path: str, who: Who) -> int | Reason:
        """Tell when a moment came, `NEVER` for now, or why it does not count; filters aside."""
        if not fits(moment.page, path):
            return Reason.WRONG_PAGE
        if isinstance(moment, Elsewhere) or (isinstance(moment, NotTaken) and event is None):
            return self.audiences.came(moment, who)
        if isinstance(moment, Happened | NotTaken):
            wanted = moment.event if isinstance(moment, Happened) else moment.after
            return NEVER if event is not None and event.event == wanted else Reason.NO_MOMENT
        return NEVER

    async def _stopped(self, where: str, event: Event | None) -> Reason | None:
        holds = None if event is None else await self.filters.holds(where, event)
        if holds is None:
            return Reason.FILTER_FAILED
        return None if holds else Reason.FILTER_NOT_MET


def _filter(moment: AnyMoment | None) -> str:
    return moment.where if isinstance(moment, Happened) else ""


def _event(told: ToldEvent, body: Told, source: Source, now: int) -> Event | None:
    """Make the event as collect would keep it; None where it would not."""
    call = TrackCall(
        type="track",
        event=told.event,
        user_id=body.user_id,
        anonymous_id=body.anonymous_id or "nobody",
        properties=told.properties,
        context=Raw(msgspec.json.encode({"page": body.page, "sessionId": body.session_id})),
    )
    made = judge(Envelope(calls=[(0, call)], refused=[]), source, now, Limits(), Privacy()).events
    return made[0] if made else None
