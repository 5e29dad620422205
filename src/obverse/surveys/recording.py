"""Recording: the events of one time of asking somebody.

Their message ids are made of the submission and the step, so what is sent twice is kept once. Of an
anonymous survey all instants are the day's first: the minute of an answer beside the minutes of page views
would name who gave it (`obverse.web.surveys.mixing` sees to the order of arrival).
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Literal

import msgspec

from obverse.collect.privacy import Privacy
from obverse.event import Event
from obverse.surveys.events import ABANDONED, ANSWERED, DISMISSED, PARTLY_ANSWERED, SHOWN, STARTED
from obverse.surveys.scoring import scores
from obverse.surveys.sheet import Answers, Sheet
from obverse.surveys.survey import Survey
from obverse.surveys.ticket import Ticket

SOURCE = "surveys"
"""The source of these events."""
DAY_US = 86_400_000_000

Kind = Literal["shown", "started", "partly", "answered", "abandoned", "dismissed"]
EVENTS: dict[Kind, str] = {
    "shown": SHOWN,
    "started": STARTED,
    "partly": PARTLY_ANSWERED,
    "answered": ANSWERED,
    "abandoned": ABANDONED,
    "dismissed": DISMISSED,
}


class Recorder:
    """Makes the events of one time of asking.

    Args:
        survey: in the version that was asked.
        ticket: of who was asked.
        privacy: what is not kept.
    """

    def __init__(self, survey: Survey, ticket: Ticket, privacy: Privacy) -> None:
        self._survey = survey
        self._ticket = ticket
        self._privacy = privacy

    def of_step(self, sheet: Sheet, now: int, seconds: float | None = None) -> list[Event]:
        """Make the events of a step that was accepted.

        The first says as well that the survey was shown and begun: a page without JavaScript does not, and
        what a browser sends on the side may be lost.

        Args:
            sheet: as it is after the step.
            now: the time, µs since 1970 UTC.
            seconds: since the survey was shown, where that is known.
        """
        made = []
        step = sheet.step if sheet.question is None else sheet.step - 1
        if step == 1:
            made = [self.of("shown", now), self.of("started", now)]
        if sheet.question is None:
            return [*made, self.of_answers(sheet.answers, now, seconds)]
        told = self._told(sheet.answers) | {"question": sheet.accepted}
        mark = blake2b(msgspec.json.encode(sheet.answers), digest_size=6).hexdigest()
        return [*made, self._event("partly", f"partly:{step}:{mark}", told, now)]

    def of_answers(self, answers: Answers, now: int, seconds: float | None = None) -> Event:
        """Make the event of all answers; there is one of a submission, whatever is sent again later."""
        told = self._told(answers)
        if seconds is not None:
            told["seconds"] = seconds
        return self._event("answered", "answered", told, now)

    def of(self, kind: Kind, now: int, question: str | None = None, seconds: float | None = None) -> Event:
        """Make the event that the survey was shown, started, dismissed or abandoned.

        Who comes back and leaves again further on has left each time: one event a question.
        """
        told: dict[str, Any] = {}
        if question is not None:
            told["question"] = question
        if seconds is not None:
            told["seconds"] = seconds
        mark = f"{kind}:{question}" if kind == "abandoned" and question else kind
        return self._event(kind, mark, told, now)

    def _told(self, answers: Answers) -> dict[str, Any]:
        made: dict[str, Any] = {"answers": answers.values}
        if answers.others:
            made["others"] = answers.others
        found = scores(self._survey, answers.values)
        return made | ({"scores": found} if found else {})

    def _event(self, kind: Kind, mark: str, told: dict[str, Any], now: int) -> Event:
        ticket, anonymous = self._ticket, self._survey.anonymous
        properties: dict[str, Any] = {
            "survey_id": ticket.survey_id,
            "survey": self._survey.name,
            "version": ticket.version,
            "submission_id": ticket.submission_id,
            "place": ticket.place,
            "moment": ticket.moment,
            "language": ticket.language,
            "share": ticket.share,
        }
        if ticket.variants and not anonymous:
            properties["variants"] = ticket.variants
        instant = now - now % DAY_US if anonymous else now
        known = {} if anonymous else self._who()
        page = {"page": ticket.page} if ticket.page and not anonymous else {}
        return Event(
            event=EVENTS[kind],
            type="track",
            message_id=f"survey:{ticket.submission_id}:{mark}",
            time=instant,
            received_at=instant,
            touchpoint=self._survey.touchpoint or ticket.touchpoint,
            source=SOURCE,
            properties=self._privacy.properties(_text(properties | told)),
            context=self._privacy.context(_text(page)),
            **known or {"anonymous_id": f"survey-{ticket.submission_id}"},
        )

    def _who(self) -> dict[str, Any]:
        ticket = self._ticket
        found = {"anonymous_id": ticket.anonymous_id, "user_id": ticket.user_id}
        found = {name: value for name, value in found.items() if value}
        return found | {"session_id": ticket.session_id} if found and ticket.session_id else found


def _text(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()
