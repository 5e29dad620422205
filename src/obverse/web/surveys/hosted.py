"""Hosted: a survey at an address of its own, by link, e-mail, QR code or on a device that stands there.

Works without JavaScript and keeps nothing in the browser. ``?lang=`` names the language, ``?q.QUESTION=``
puts an answer in, ``?as=`` says who is invited, ``?v.EXPERIMENT=VARIANT`` in which variant they are,
``?kiosk=1`` begins anew after each person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from obverse.collect.refusal import RefusedError
from obverse.collect.reply import Reply
from obverse.errors import BusyError, ObverseError
from obverse.settings.surveys import SavedSurvey
from obverse.surveys import invitation
from obverse.surveys.checking import Fields
from obverse.surveys.languages import languages, negotiate, wanted
from obverse.surveys.rendering import render_note, render_page
from obverse.surveys.sheet import first
from obverse.surveys.survey import Place, Survey, Theme
from obverse.surveys.ticket import Ticket
from obverse.surveys.variants import capped
from obverse.surveys.words import WORDS, native, words
from obverse.web.surveys import replies
from obverse.web.surveys.taking import Step, Taking

PATH = "/s/"
_AGAIN_S, _LEFT_S = 8, 300
"""A kiosk begins anew so many seconds after the thanks, or after the last step that nobody went on from."""
_ROBOT = re.compile("bot|crawl|spider|preview|slurp|facebookexternalhit|whatsapp", re.IGNORECASE)
_WHY_NOT = {"early": 409, "paused": 409, "closed": 410, "unknown": 404}


@dataclass(frozen=True)
class Asked:
    """A request for a survey's page.

    Attributes:
        key: id of the survey; blank to take it from the ticket.
        path: of the page.
        fields: of the query, or of the form.
        headers: of the request.
        reading: the request only reads (GET), and shall be written down as shown.
    """

    key: str
    path: str
    fields: Fields
    headers: Mapping[bytes, bytes]
    reading: bool = True

    def header(self, name: bytes) -> str:
        """Give a header field; empty where it is not there."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def languages(self) -> list[str]:
        """Languages that are asked for, those preferred first."""
        return [one for one in (first(self.fields, "lang"),) if one] + wanted(self.header(b"accept-language"))

    @property
    def is_read_by_a_person(self) -> bool:
        """Whether it is likely that somebody sees the page, rather than a program that looks at links."""
        ahead = self.header(b"sec-purpose") + self.header(b"purpose")
        return "prefetch" not in ahead and not _ROBOT.search(self.header(b"user-agent"))


class Hosted:
    """Gives the pages of surveys.

    Args:
        taking: takes answers.
        sdk_path: below which the style sheet is.
    """

    def __init__(self, taking: Taking, sdk_path: str) -> None:
        self._taking = taking
        self._sdk_path = sdk_path

    async def show(self, asked: Asked) -> Reply:
        """Show the first question."""
        survey: Survey | None = None
        try:
            saved = await self._taking.shelf.saved(asked.key)
            survey = await self._taking.shelf.version(asked.key, saved.version)
            kiosk = first(asked.fields, "kiosk") == "1"
            why = why_not(saved, survey, "kiosk" if kiosk else "link", self._taking.clock())
            if why is not None:
                return self._note(survey, asked, why, _WHY_NOT[why])
            ticket = await self._ticket(saved, survey, asked, kiosk)
            step = self._taking.first(ticket, survey, asked.path, asked.fields)
        except ObverseError as error:
            return self.failed(error, survey, asked)
        if asked.reading and asked.is_read_by_a_person:
            with suppress(BusyError):  # the first answer says it again
                await self._taking.note(ticket, survey, "shown")
        return self._page(step, self._links(survey, asked, ticket.language))

    async def answer(self, asked: Asked) -> Reply:
        """Take a step."""
        survey: Survey | None = None
        try:
            step = await self._taking.answer(asked.fields, asked.path, asked.key or None)
        except ObverseError as error:
            return self.failed(error, survey, asked)
        return self._page(step)

    def failed(self, error: ObverseError, survey: Survey | None, asked: Asked) -> Reply:
        """Say on a page what went wrong."""
        wait = error.retry_after_s if isinstance(error, BusyError | RefusedError) else None
        return self._note(survey, asked, replies.word_of(error), error.status, wait or None)

    async def _ticket(self, saved: SavedSurvey, survey: Survey, asked: Asked, kiosk: bool) -> Ticket:
        known: dict[str, Any] = {"language": negotiate(languages(survey), asked.languages)}
        told = first(asked.fields, "as")
        if told and not kiosk and not survey.anonymous:
            found = invitation.read(saved.id, told, self._taking.secret)
            known |= {"user_id": found.user_id, "submission_id": found.submission_id}
        named = ((name[2:], texts[0]) for name, texts in asked.fields.items() if name.startswith("v."))
        variants = await self._taking.variants_of(known.get("user_id")) | capped(named)
        place: Place = "kiosk" if kiosk else "link"
        return self._taking.ticket(saved.id, saved.version, survey, place, variants=variants, **known)

    def _page(self, step: Step, links: Sequence[tuple[str, str, bool]] = ()) -> Reply:
        ticket, found = step.ticket, words(step.survey, step.ticket.language)
        begun = step.done or step.sheet.step > 1 or step.sheet.error is not None
        html = render_page(
            step.survey,
            ticket.language,
            step.html,
            style=replies.style_address(self._sdk_path, step.survey.theme.accent),
            title=found["error"] if step.sheet.error else "",
            refresh=(_AGAIN_S if step.done else _LEFT_S, step.again) if step.again and begun else None,
            links=links,
        )
        return replies.page(html, 422 if step.sheet.error else 200)

    def _note(
        self, survey: Survey | None, asked: Asked, word: str, status: int, retry_after_s: int | None = None
    ) -> Reply:
        language = negotiate(languages(survey) if survey else [*WORDS], asked.languages)
        again = asked.path if word == "bad_ticket" else None
        html = render_page(
            survey,
            language,
            render_note(survey, language, word, again),
            style=replies.style_address(self._sdk_path, (survey.theme if survey else Theme()).accent),
        )
        return replies.page(html, status, retry_after_s)

    def _links(self, survey: Survey, asked: Asked, language: str) -> list[tuple[str, str, bool]]:
        """Link to the survey in its other languages."""
        have = languages(survey)
        kept = [(name, text) for name, texts in asked.fields.items() if name != "lang" for text in texts]
        return [
            (f"{asked.path}?{urlencode([*kept, ('lang', one)])}", native(one), one == language)
            for one in (have if len(have) > 1 else ())
        ]


def why_not(saved: SavedSurvey, survey: Survey, place: str, now: int) -> str | None:
    """Say why a survey cannot be answered at an address of its own; None where it can.

    Returns:
        ``unknown``, ``closed``, ``paused`` or ``early``.
    """
    instant = datetime.fromtimestamp(now / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if saved.state == "draft" or place not in survey.places:
        return "unknown"
    if saved.state in ("closed", "imported") or (survey.ends and instant >= survey.ends.rstrip("Z")):
        return "closed"
    if saved.state == "paused":
        return "paused"
    return "early" if survey.starts and instant < survey.starts.rstrip("Z") else None
