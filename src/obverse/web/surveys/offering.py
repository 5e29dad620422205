"""Offering: a browser tells which moments have come; it gets at most one survey, and why not the others.

The steps: body, write key, the surveys that the moments call for, whether each moment counts (its page, its
filter, what happened elsewhere), who is there, the decision (`obverse.surveys.deciding`), and where one is
shown: that is kept (`askings`), then the ticket, then the form. Nothing here waits for the lake
(`audiences`).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from obverse.collect.refusal import Refusal, RefusedError
from obverse.collect.reply import Reply
from obverse.collect.source import Source, SourceOf
from obverse.errors import ObverseError
from obverse.surveys.checking import Fields
from obverse.surveys.deciding import Decision, decide
from obverse.surveys.facts import Call, Person
from obverse.surveys.languages import languages, negotiate
from obverse.surveys.moment import Elsewhere
from obverse.surveys.sheet import first
from obverse.surveys.ticket import Ticket, sign
from obverse.surveys.variants import of_exposures
from obverse.surveys.words import is_rtl, words
from obverse.web.surveys import replies
from obverse.web.surveys.app import Headers
from obverse.web.surveys.askings import Askings
from obverse.web.surveys.askings_rows import DAY_US, Who
from obverse.web.surveys.audiences import Audiences
from obverse.web.surveys.judging import Judging
from obverse.web.surveys.live import Live
from obverse.web.surveys.taking import KNOWN_S, Taking
from obverse.web.surveys.told import Plain, Told, filling, read

_WORDS = ("survey", "close", "offline")
"""What the browser says by itself, around the form."""
_KEPT = (b"cache-control", b"public, max-age=60")


@dataclass(frozen=True)
class Offering:
    """Decides what to show and gives it out. Used from one event loop.

    Attributes:
        surveys: as they stand.
        askings: who was asked what.
        audiences: who is in segments and in moments elsewhere.
        judging: judges moments.
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
    judging: Judging
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
        if self.surveys.running():
            self.audiences.variants(Who())  # so that they are found out before the first offer
        made = replies.json(await self.surveys.told())
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
        told = read(body)
        made = await self._offered(told, self._source(told.write_key))
        return replies.json(msgspec.json.encode(made))

    def _source(self, key: str) -> Source:
        source = self.source_of(key) if key else None
        if source is None:
            reason = Refusal.UNKNOWN_KEY if key else Refusal.NO_KEY
            raise RefusedError(reason, f"writeKey: {'no source has it' if key else 'it is missing'}")
        return source

    async def _offered(self, told: Told, source: Source) -> dict[str, Any]:
        now = self.clock()
        who = Who.of(told.user_id, told.anonymous_id)
        calls, gone = await self.judging.calls(told, source, who, self.surveys.running(), now)
        person = self._person(who, calls)
        decision = decide(calls, person, self.askings.progress(now), self.rest_days, now)
        self.askings.met(decision.reached, person.unit, now)
        offer = None
        if decision.shown is not None:
            offer = await self._give(decision, told, source, who, now)
        self._note(who, calls, decision, now)
        return {"offer": offer, "reasons": {**decision.reasons, **gone}}

    def _person(self, who: Who, calls: list[Call]) -> Person:
        unit = self.askings.unit(who, int.from_bytes(self.draw(8), "big"))
        names = {call.running.survey.audience.segment for call in calls} - {""}
        segments = {name: self.audiences.holds(name, who) for name in names}
        return Person(unit, self.askings.asked(who), segments, self.askings.reserved(who))

    async def _give(
        self, decision: Decision, told: Told, source: Source, who: Who, now: int
    ) -> dict[str, Any]:
        """Keep that somebody is given a survey, then give out the form."""
        call, submission = decision.shown, self.draw(16).hex()
        assert call is not None  # noqa: S101 - for the type checker
        running, survey = call.running, call.running.survey
        if survey.anonymous:
            await asyncio.wrap_future(self.askings.ask(who, running.id, call.moment, now))
        else:
            await asyncio.wrap_future(self.askings.reserve(who, running.id, call.moment, submission, now))
        event = {} if survey.anonymous else await self._filled(call, told, who)
        variants = {} if survey.anonymous else self.audiences.variants(who)
        ticket = self._ticket(call, told, source, submission, decision.share, event, variants, now)
        said = words(survey, ticket.language)
        return {
            "survey": running.id,
            "ticket": sign(ticket, self.taking.secret),
            "html": self.taking.first(ticket, survey, self.action).html,
            "theme": survey.theme,
            "language": ticket.language,
            "rtl": is_rtl(ticket.language),
            "words": {name: said[name] for name in _WORDS},
        }

    async def _filled(self, call: Call, told: Told, who: Who) -> dict[str, Plain]:
        """Give what words are filled with: the event's, or of one elsewhere what the lake says in time."""
        moment = call.running.moment(call.moment)
        if isinstance(moment, Elsewhere):
            reading = asyncio.to_thread(self.audiences.properties, moment, who, call.came_at)
            try:
                return filling(await asyncio.wait_for(reading, KNOWN_S))
            except (TimeoutError, ObverseError):
                return {}  # the words say what stands there then
        asked = (call.running.id, call.moment)
        event = next(one.event for one in told.moments if (one.survey, one.moment) == asked)
        return {} if event is None else filling(bytes(event.properties))

    def _ticket(
        self,
        call: Call,
        told: Told,
        source: Source,
        submission: str,
        share: float,
        event: dict[str, Plain],
        variants: dict[str, str],
        now: int,
    ) -> Ticket:
        """Make the ticket; of an anonymous survey nothing of who, where and when goes into it."""
        survey = call.running.survey
        known: dict[str, Any] = {}
        if survey.anonymous:
            share = float(f"{share:.2g}")  # one that follows the answers so far would tell when
        else:
            known = {
                "anonymous_id": told.anonymous_id or None,
                "user_id": told.user_id or None,
                "session_id": told.session_id or None,
                "page": msgspec.to_builtins(told.page),
                "event": event,
                "variants": variants | of_exposures(told.exposures),
            }
        return Ticket(
            survey_id=call.running.id,
            version=call.running.version,
            submission_id=submission,
            asked_at=now - now % DAY_US if survey.anonymous else now,
            place="page",
            moment=call.moment,
            language=negotiate(languages(survey), [told.language] if told.language else []),
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
