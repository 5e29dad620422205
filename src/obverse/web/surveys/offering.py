"""Offering: a browser tells which moments have come; it gets at most one survey, and why not the others.

The steps: body, write key, the surveys that the moments call for, whether each moment counts (its page, its
filter, what happened elsewhere), who is there, the decision (`obverse.surveys.deciding`), and where one is
shown: that is kept, then the ticket, then the form. Nothing here waits for the lake (`audiences`).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Raw

from obverse.collect.limits import Limits
from obverse.collect.privacy import Privacy
from obverse.collect.refusal import Refusal, RefusedError
from obverse.collect.reply import Reply
from obverse.collect.segment import judge
from obverse.collect.source import Source, SourceOf
from obverse.collect.wire import NOTHING, Envelope
from obverse.collect.wire import Call as TrackCall
from obverse.event import Event
from obverse.surveys.checking import Fields
from obverse.surveys.deciding import Decision, decide
from obverse.surveys.facts import NEVER, Call, Person, Running
from obverse.surveys.languages import languages, negotiate
from obverse.surveys.moment import AnyMoment, Elsewhere, Happened, NotTaken
from obverse.surveys.paths import fits
from obverse.surveys.reasons import Reason
from obverse.surveys.sheet import first
from obverse.surveys.ticket import Ticket, sign
from obverse.surveys.words import is_rtl
from obverse.web.surveys import replies
from obverse.web.surveys.app import Headers
from obverse.web.surveys.askings import Askings
from obverse.web.surveys.askings_rows import DAY_US, Who
from obverse.web.surveys.audiences import Audiences
from obverse.web.surveys.filters import Filters
from obverse.web.surveys.live import Live
from obverse.web.surveys.taking import Taking

MAX_BODY = 64 * 1024
MAX_MOMENTS = 100
_KEPT = (b"cache-control", b"public, max-age=60")
_MOST_FILLED = 50
"""Properties of an event that travel in a ticket, to fill words with."""
_LONGEST_FILLED = 200

Id = Annotated[str, msgspec.Meta(max_length=512)]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Line = Annotated[str, msgspec.Meta(max_length=4_000)]


class _Event(msgspec.Struct):
    event: Short
    properties: Raw = NOTHING


class _Told(msgspec.Struct):
    survey: Short
    moment: Short
    event: _Event | None = None


class _Page(msgspec.Struct, frozen=True, omit_defaults=True):
    path: Line = ""
    url: Line = ""
    title: Line = ""
    referrer: Line = ""


class _Body(msgspec.Struct, rename="camel"):
    write_key: str = ""
    anonymous_id: Id | None = None
    user_id: Id | None = None
    session_id: Id | None = None
    language: Short = ""
    moments: Annotated[list[_Told], msgspec.Meta(max_length=MAX_MOMENTS)] = []
    page: _Page = _Page()
    variants: Annotated[dict[Short, Short], msgspec.Meta(max_length=100)] = {}


_decoder = msgspec.json.Decoder(_Body)
_decode_properties = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True)
class Offering:
    """Decides what to show and gives it out. Used from one event loop.

    Attributes:
        surveys: as they stand.
        askings: who was asked what.
        audiences: who is in segments and in moments elsewhere.
        filters: judges events.
        source_of: gives the source of a write key.
        taking: takes the answers: has the form and the tickets' secret.
        action: where the form is sent.
        rest_days: between any two surveys.
        clock: gives the time, µs since 1970 UTC.
        draw: gives random bytes, for ids of submissions.
    """

    surveys: Live
    askings: Askings
    audiences: Audiences
    filters: Filters
    source_of: SourceOf
    taking: Taking
    action: str
    rest_days: float
    clock: Callable[[], int]
    draw: Callable[[int], bytes] = secrets.token_bytes

    async def live(self, query: Fields, headers: Headers) -> Reply:
        """Answer which moments to watch for.

        Args:
            query: of the address; ``key`` is the write key.
            headers: of the request.

        Raises:
            RefusedError: no source has the key.
        """
        self._source(first(query, "key"))
        made = replies.json(self.surveys.told())
        return Reply(made.status, made.body, [_KEPT if one[0] == _KEPT[0] else one for one in made.headers])

    async def offer(self, body: bytes, headers: Headers) -> Reply:
        """Answer what to show now, and why not the rest.

        Args:
            body: JSON, whatever its type says.
            headers: of the request.

        Raises:
            RefusedError: it is no such JSON, or no source has the key.
            BusyError: what was asked cannot be kept just now.
        """
        found = _read(body)
        made = await self._offered(found, self._source(found.write_key))
        return replies.json(msgspec.json.encode(made))

    def _source(self, key: str) -> Source:
        source = self.source_of(key) if key else None
        if source is None:
            reason = Refusal.UNKNOWN_KEY if key else Refusal.NO_KEY
            raise RefusedError(reason, f"writeKey: {'no source has it' if key else 'it is missing'}")
        return source

    async def _offered(self, body: _Body, source: Source) -> dict[str, Any]:
        now = self.clock()
        who = Who.of(body.user_id, body.anonymous_id)
        running = self.surveys.running()
        calls, gone = await self._calls(body, source, who, running, now)
        person = self._person(who, calls)
        decision = decide(calls, person, self.askings.progress(now), self.rest_days, now)
        self.askings.met(decision.reached, person.unit, now)
        offer = None
        if decision.shown is not None:
            offer = await self._give(decision, body, source, who, now)
        self._note(who, calls, decision, now)
        return {"offer": offer, "reasons": {**decision.reasons, **gone}}

    # -- who, and what calls ----------------------------------------------------------------------------

    def _person(self, who: Who, calls: list[Call]) -> Person:
        unit = self.askings.unit(who, int.from_bytes(self.draw(8), "big"))
        names = {call.running.survey.audience.segment for call in calls} - {""}
        segments = {name: self.audiences.holds(name, who) for name in names}
        return Person(unit, self.askings.asked(who), segments)

    async def _calls(
        self, body: _Body, source: Source, who: Who, running: Mapping[str, Running], now: int
    ) -> tuple[list[Call], dict[str, Reason]]:
        """Give what the moments call for, and why not for surveys that are not there."""
        calls: list[Call] = []
        gone: dict[str, Reason] = {}
        for told in body.moments:
            one = running.get(told.survey)
            if one is None:
                gone[told.survey] = Reason.NOT_LIVE
                continue
            moment = one.moment(told.moment)
            came = (
                Reason.NO_MOMENT if moment is None else await self._came(moment, told, body, source, who, now)
            )
            stopped, at = (came, NEVER) if isinstance(came, Reason) else (None, came)
            calls.append(Call(one, told.moment, stopped, at))
        return calls, gone

    async def _came(
        self, moment: AnyMoment, told: _Told, body: _Body, source: Source, who: Who, now: int
    ) -> int | Reason:
        """Tell when a moment came, `NEVER` for now, or why it does not count."""
        if not fits(moment.page, body.page.path):
            return Reason.WRONG_PAGE
        if isinstance(moment, Elsewhere) or (isinstance(moment, NotTaken) and told.event is None):
            return self.audiences.came(moment, who)
        if isinstance(moment, (Happened, NotTaken)):
            event = moment.event if isinstance(moment, Happened) else moment.after
            if told.event is None or told.event.event != event:
                return Reason.NO_MOMENT
        if isinstance(moment, Happened) and moment.where and told.event is not None:
            return await self._is_met(moment.where, told.event, body, source, now)
        return NEVER

    async def _is_met(self, where: str, told: _Event, body: _Body, source: Source, now: int) -> int | Reason:
        event = _event(told, body, source, now)
        holds = None if event is None else await self.filters.holds(where, event)
        if holds is None:
            return Reason.FILTER_FAILED
        return NEVER if holds else Reason.FILTER_NOT_MET

    # -- giving it out ----------------------------------------------------------------------------------

    async def _give(
        self, decision: Decision, body: _Body, source: Source, who: Who, now: int
    ) -> dict[str, Any]:
        """Keep that somebody is asked, then give out the form."""
        call, share = decision.shown, decision.share
        assert call is not None  # noqa: S101 - for the type checker
        running, survey = call.running, call.running.survey
        kept = self.askings.ask(who, running.id, call.moment, now, share, anonymous=survey.anonymous)
        await asyncio.wrap_future(kept)
        ticket = self._ticket(call, body, source, share, now)
        return {
            "survey": running.id,
            "ticket": sign(ticket, self.taking.secret),
            "html": self.taking.first(ticket, survey, self.action).html,
            "theme": survey.theme,
            "language": ticket.language,
            "rtl": is_rtl(ticket.language),
        }

    def _ticket(self, call: Call, body: _Body, source: Source, share: float, now: int) -> Ticket:
        """Make the ticket; of an anonymous survey nothing of who, where and when goes into it."""
        survey = call.running.survey
        told = next(
            (one for one in body.moments if (one.survey, one.moment) == (call.running.id, call.moment)), None
        )
        known: dict[str, Any] = {}
        if not survey.anonymous:
            page = msgspec.to_builtins(body.page)
            filling = _filling(told.event) if told is not None and told.event is not None else {}
            known = {
                "anonymous_id": body.anonymous_id or None,
                "user_id": body.user_id or None,
                "session_id": body.session_id or None,
                "page": page,
                "event": filling,
                "variants": body.variants,
            }
        return Ticket(
            survey_id=call.running.id,
            version=call.running.version,
            submission_id=self.draw(16).hex(),
            asked_at=now - now % DAY_US if survey.anonymous else now,
            place="page",
            moment=call.moment,
            language=negotiate(languages(survey), [body.language] if body.language else []),
            touchpoint=source.touchpoint or "web",
            share=share,
            **known,
        )

    def _note(self, who: Who, calls: list[Call], decision: Decision, now: int) -> None:
        moments = {call.running.id: call.moment for call in reversed(calls)}
        shown = decision.shown
        if shown is not None:
            moments[shown.running.id] = shown.moment
        reasons = {key: (moments[key], why) for key, why in decision.reasons.items()}
        # Beside an anonymous survey any instant that names somebody would tell whose its answers are.
        nameless = shown is not None and shown.running.survey.anonymous
        self.askings.note(who, reasons, now, nameless=nameless)


def _read(body: bytes) -> _Body:
    if len(body) > MAX_BODY:
        raise RefusedError(Refusal.BODY_TOO_LARGE, f"body: {len(body)} bytes, the limit is {MAX_BODY}")
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise RefusedError(Refusal.BAD_BODY, f"body: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(Refusal.BAD_JSON, f"body: {error}") from None


def _event(told: _Event, body: _Body, source: Source, now: int) -> Event | None:
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


def _filling(told: _Event) -> dict[str, str | float | bool]:
    """Give the properties of an event that words can be filled with: short texts and numbers."""
    try:
        found = _decode_properties(told.properties) if len(memoryview(told.properties)) else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    plain = {
        name[:_LONGEST_FILLED]: value[:_LONGEST_FILLED] if isinstance(value, str) else value
        for name, value in found.items()
        if isinstance(value, str | int | float)
    }
    return dict(list(plain.items())[:_MOST_FILLED])
