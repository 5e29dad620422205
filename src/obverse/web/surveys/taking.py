"""Taking: a person's way through a survey, one step a request, with nothing kept in between but events.

Who was asked what is in the ticket that the form carries; what was answered before is in the form. A step
that is accepted is durable before it is answered.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from obverse.collect.asgi import Keeper
from obverse.collect.batch import Batch
from obverse.collect.privacy import Privacy
from obverse.errors import BusyError, DataError, NotFoundError, ObverseError
from obverse.event import Event
from obverse.surveys.checking import Fields
from obverse.surveys.recording import DAY_US, SOURCE, Kind, Recorder
from obverse.surveys.rendering import Form, render
from obverse.surveys.sheet import Answers, Sheet, begin, first, turn
from obverse.surveys.survey import Place, Survey
from obverse.surveys.ticket import Ticket, read, sign
from obverse.surveys.words import said_of, words
from obverse.web.surveys.shelf import Shelf

Variants = Callable[[str | None, str | None], dict[str, str]]
"""Gives the variant of each experiment that a user or a device was last seen in."""
Heard = Callable[[Ticket, Survey, Kind], Future[None] | None]
"""Is told what became of each time of asking, once that is durable; gives when its own note of it is kept."""
_RETRY_S = 5
KNOWN_S = 1.0
"""Nobody waits longer than this for what is known of them."""


class ClosedError(ObverseError):
    """The survey takes no more answers."""

    status = 410
    code = "survey_closed"


@dataclass(frozen=True)
class Step:
    """A step of a survey, as it is to be shown.

    Attributes:
        survey: in the version that is answered.
        ticket: of who answers.
        sheet: what was filled in so far.
        html: the form, or the thanks.
        again: address to begin anew at, on a device that stands there.
    """

    survey: Survey
    ticket: Ticket
    sheet: Sheet
    html: str
    again: str | None = None

    @property
    def done(self) -> bool:
        """Whether all is answered."""
        return self.sheet.question is None


@dataclass(frozen=True)
class Taking:
    """Takes answers.

    Attributes:
        shelf: has the surveys.
        keeper: keeps events.
        mixing: keeps those of anonymous surveys.
        secret: that tickets are signed with.
        clock: tells the time, µs since 1970 UTC.
        privacy: what is not kept.
        heard: is told what became of each time of asking.
        variants: tells what experiments somebody is in; this may take a while.
    """

    shelf: Shelf
    keeper: Keeper
    mixing: Keeper
    secret: bytes
    clock: Callable[[], int]
    privacy: Privacy = field(default_factory=Privacy)
    heard: Heard = lambda ticket, survey, kind: None
    variants: Variants = lambda user_id, anonymous_id: {}

    async def open(self, text: str) -> tuple[Ticket, Survey]:
        """Read a ticket and find what it asks.

        Raises:
            TicketError: it is none of ours, or too old.
            ClosedError: the survey takes no more answers.
        """
        ticket = read(text, self.secret, self.clock())
        try:
            state = (await self.shelf.saved(ticket.survey_id)).state
            survey = await self.shelf.version(ticket.survey_id, ticket.version)
        except NotFoundError:
            state = "draft"
        if state not in ("live", "paused"):
            raise ClosedError("survey: it takes no more answers")
        return ticket, survey

    def first(
        self, ticket: Ticket, survey: Survey, action: str, fields: Fields | None = None, **hidden: str
    ) -> Step:
        """Show the first question.

        Args:
            ticket: of who is asked.
            survey: what.
            action: where the form is sent.
            fields: what a link has put into questions.
            hidden: fields that the form carries along.
        """
        return self._step(ticket, survey, begin(survey, fields), action, **hidden)

    async def answer(self, fields: Fields, action: str, of: str | None = None, **hidden: str) -> Step:
        """Take a step; what is accepted is durable on return.

        Args:
            fields: of the form.
            action: where the next form is sent.
            of: id of the survey that it has to be of, if one.
            hidden: fields that the next form carries along.

        Raises:
            TicketError: the ticket is none of ours, or too old, or of another survey.
            ClosedError: the survey takes no more answers.
            BusyError: nothing could be kept just now.
        """
        ticket, survey = await self.open(first(fields, "ticket"))
        if of is not None and ticket.survey_id != of:
            raise ClosedError("survey: the form is of another survey")
        sheet, now = turn(survey, fields), self.clock()
        if sheet.accepted is not None:
            seconds = None if survey.anonymous else round(max(0, now - ticket.asked_at) / 1e6, 1)
            await self._keep(survey, Recorder(survey, ticket, self.privacy).of_step(sheet, now, seconds), now)
            await self._tell(ticket, survey, "answered" if sheet.question is None else "partly")
        return self._step(ticket, survey, sheet, action, **hidden)

    async def take(self, ticket: Ticket, survey: Survey, answers: Answers) -> None:
        """Keep all answers at once; durable on return.

        Raises:
            BusyError: nothing could be kept just now.
        """
        recorder, now = Recorder(survey, ticket, self.privacy), self.clock()
        begun = [recorder.of("shown", now), recorder.of("started", now)]
        await self._keep(survey, [*begun, recorder.of_answers(answers, now)], now)
        await self._tell(ticket, survey, "answered")

    async def note(
        self,
        ticket: Ticket,
        survey: Survey,
        kind: Kind,
        question: str | None = None,
        seconds: float | None = None,
    ) -> None:
        """Write down that a survey was shown, started, dismissed or abandoned; durable on return.

        Raises:
            BusyError: nothing could be kept just now.
        """
        now = self.clock()
        await self._keep(
            survey, [Recorder(survey, ticket, self.privacy).of(kind, now, question, seconds)], now
        )
        await self._tell(ticket, survey, kind)

    async def variants_of(self, user_id: str | None, anonymous_id: str | None = None) -> dict[str, str]:
        """Give the variant of each experiment that somebody is in; none where that is not known in time."""
        if not user_id and not anonymous_id:
            return {}
        reading = asyncio.to_thread(self.variants, user_id, anonymous_id)
        with suppress(TimeoutError):
            return await asyncio.wait_for(reading, KNOWN_S)
        return {}

    def ticket(self, survey_id: str, version: int, survey: Survey, place: Place, **known: object) -> Ticket:
        """Make the ticket of somebody who asks to be asked, as at an address of its own.

        Args:
            survey_id: of the survey.
            version: of it.
            survey: that version.
            place: where.
            known: other fields of the ticket; of an anonymous survey what leads to a person is left out.
        """
        now = self.clock()
        if survey.anonymous:
            now -= now % DAY_US
            known = {name: value for name, value in known.items() if name in ("language", "touchpoint")}
        fields = {"submission_id": secrets.token_hex(16), "moment": place, "place": place} | known
        return Ticket(survey_id=survey_id, version=version, asked_at=now, **fields)  # type: ignore[arg-type]  # as the callers name them

    def _step(self, ticket: Ticket, survey: Survey, sheet: Sheet, action: str, **hidden: str) -> Step:
        again = f"{action}?kiosk=1&lang={ticket.language}" if ticket.place == "kiosk" else None
        form = Form(
            action=action,
            language=ticket.language,
            event=ticket.event,
            hidden={"ticket": sign(ticket, self.secret), **hidden},
            seed=ticket.submission_id,
            again=again,
        )
        return Step(survey, ticket, sheet, render(survey, sheet, form), again)

    async def _tell(self, ticket: Ticket, survey: Survey, kind: Kind) -> None:
        kept = self.heard(ticket, survey, kind)
        if kept is not None:
            with suppress(BusyError, DataError):  # which is logged; the events themselves are kept
                await asyncio.wrap_future(kept)

    async def _keep(self, survey: Survey, events: list[Event], now: int) -> None:
        keeper = self.mixing if survey.anonymous else self.keeper
        try:
            await keeper.put(Batch(source=SOURCE, received_at=now, events=events))
        except DataError:
            raise BusyError("server: cannot keep answers just now; send it later", _RETRY_S) from None


def shown_as(step: Step) -> bytes:
    """Write a step as the JSON that a widget takes."""
    error = step.sheet.error
    made: dict[str, object] = {"done": step.done, "html": step.html}
    if error is not None:
        made["errors"] = {error.question: said_of(words(step.survey, step.ticket.language), error)}
    return msgspec.json.encode(made)
