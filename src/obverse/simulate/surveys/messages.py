"""The events of surveys as Segment's calls, in the shape that Obverse writes them down itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from obverse.simulate.catalogue import SITE, pages
from obverse.simulate.clients import TOUCHPOINTS, anonymous_ids
from obverse.simulate.happenings import World
from obverse.simulate.model import stream
from obverse.simulate.people import user_id
from obverse.simulate.surveys.asking import (
    ABANDONED,
    ANSWERED,
    CART,
    CSAT,
    DISMISSED,
    IGNORED,
    NPS,
    PARCEL,
    PLANS,
    REASONS,
    SURVEY_NAMES,
    Asked,
)
from obverse.simulate.wire import Body

SURVEY_IDS = ("after-order", "after-support", "left-cart", "after-delivery")
"""By number of the survey; they stand in the events, so they never change."""
MOMENTS = ("ordered", "solved", "leaving", "delivered")
BY_MAIL = {CSAT: "support", PARCEL: "delivery"}
"""The surveys that are sent by e-mail, and the touchpoint that they are about."""
SCALE_OF = {NPS: "recommend", CSAT: "satisfied", PARCEL: "satisfied"}
"""The question on a scale, which has a score."""
LANGUAGE = "en"
_BATCH = 200
_LIBRARY = {"library": {"name": "obverse-surveys", "version": "1"}}


class Writer:
    """Writes the events of all times that somebody was asked.

    Args:
        made: the shop.
        asked: who was asked, and what became of it.
        seed: of the simulation.
    """

    def __init__(self, made: World, asked: Asked, seed: int) -> None:
        self._made = made
        self._asked = asked
        self._anonymous = anonymous_ids(made, seed)
        self._pages = [
            {"path": path, "url": SITE + path, "title": title} for _, path, title in pages(made.stock)
        ]
        self._pace_s = 3.0 + stream(seed, "survey pace").exponential(8.0, (asked.n, 4)).clip(0, 90)

    def bodies(self) -> Iterator[Body]:
        """Yield the bodies of Segment's batch call, in the order of arrival."""
        events = [event for number in range(self._asked.n) for event in self._events(number)]
        events.sort(key=lambda event: event[0])
        for start in range(0, len(events), _BATCH):
            some = events[start : start + _BATCH]
            body = msgspec.json.encode({"batch": [message for _, message in some], "context": _LIBRARY})
            yield Body(body, some[-1][0] * 1000, len(some))

    def _events(self, number: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Give the events of one time, each with its instant in ms."""
        asked, outcome = self._asked, int(self._asked.outcome[number])
        at = int(asked.shown_ms[number])
        pace = (1000 * self._pace_s[number]).astype(np.int64).tolist()
        yield at, self._message(number, "Survey Shown", "shown", at, {})
        if outcome == IGNORED:
            return
        if outcome == DISMISSED:
            later = at + pace[0]
            told: dict[str, Any] = {"seconds": pace[0] / 1000}
            yield later, self._message(number, "Survey Dismissed", "dismissed", later, told)
            return
        at += pace[0]
        yield at, self._message(number, "Survey Started", "started", at, {})
        yield from self._steps(number, outcome, at, pace)

    def _steps(
        self, number: int, outcome: int, at: int, pace: list[int]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Give the steps of an answer up to where it ends, and its end."""
        asked = self._asked
        answers = self._answers(number)
        steps = list(QUESTIONS[int(asked.survey[number])])
        goes = len(steps) - 1 if outcome == ANSWERED else 1 if pace[3] % 2 else 0
        said: dict[str, Any] = {}
        for step, question in enumerate(steps[:goes], start=1):
            at += pace[step]
            said |= {question: answers[question]}
            told = self._told(number, said) | {"question": question}
            yield at, self._message(number, "Survey Partly Answered", f"partly:{step}", at, told)
        at += pace[3]
        seconds = {"seconds": (at - int(asked.shown_ms[number])) / 1000}
        if outcome == ABANDONED:
            told = {"question": steps[goes]} | seconds
            yield at, self._message(number, "Survey Abandoned", "abandoned", at, told)
        else:
            told = self._told(number, answers) | seconds
            yield at, self._message(number, "Survey Answered", "answered", at, told)

    def _answers(self, number: int) -> dict[str, Any]:
        """Give all that is answered, in the order of the questions."""
        asked = self._asked
        survey, score = int(asked.survey[number]), int(asked.score[number])
        first: Any = REASONS[int(asked.reason[number])] if survey == CART else score
        found: dict[str, Any] = {QUESTIONS[survey][0]: first}
        if survey == CSAT:
            found["solved"] = "yes" if score >= 3 else "no"
        if asked.text[number]:
            found[QUESTIONS[survey][-1]] = asked.text[number]
        return found

    def _told(self, number: int, answers: dict[str, Any]) -> dict[str, Any]:
        scale = SCALE_OF.get(int(self._asked.survey[number]))
        told: dict[str, Any] = {"answers": dict(answers)}
        return told | ({"scores": {scale: answers[scale]}} if scale in answers else {})

    def _message(self, number: int, event: str, mark: str, at: int, told: dict[str, Any]) -> dict[str, Any]:
        asked, happened = self._asked, self._made.events
        survey, row = int(asked.survey[number]), int(asked.event[number])
        device, by_mail = int(happened.device[row]), survey in BY_MAIL
        said: dict[str, Any] = {
            "type": "track",
            "event": event,
            "messageId": f"survey:{asked.submission[number]}:{mark}",
            "timestamp": f"{np.datetime64(at, 'ms')}Z",
            "properties": {
                "survey_id": SURVEY_IDS[survey],
                "survey": SURVEY_NAMES[survey],
                "version": 1,
                "submission_id": asked.submission[number],
                "place": "link" if by_mail else "page",
                "moment": "link" if by_mail else MOMENTS[survey],
                "language": LANGUAGE,
                "share": PLANS[survey].share,
            }
            | told,
            "context": {"touchpoint": BY_MAIL.get(survey, TOUCHPOINTS[int(happened.client[row])])},
        }
        page = int(happened.page[row])
        if page >= 0 and not by_mail:
            said["context"]["page"] = self._pages[page]
        if device >= 0:
            said["anonymousId"] = self._anonymous[device]
        if happened.user[row]:
            said["userId"] = user_id(int(asked.person[number]))
        return said


QUESTIONS = (
    ("recommend", "why"),
    ("satisfied", "solved", "comment"),
    ("reason", "more"),
    ("satisfied", "comment"),
)
"""Ids of the questions of each survey, in order; the last is a text that may be left empty."""
