"""What measures of surveys have in common: which events of which survey they read, under which names.

The names stand here since a measure knows events by their names alone; `obverse.surveys.events` says what
each of them means, and a test holds the two together.
"""

from __future__ import annotations

import re

from obverse.errors import QuestionError
from obverse.measure.fields import enclosed, selection
from obverse.tape.layout import Key, Selection

SHOWN = "Survey Shown"
STARTED = "Survey Started"
PARTLY_ANSWERED = "Survey Partly Answered"
ANSWERED = "Survey Answered"
ABANDONED = "Survey Abandoned"
DISMISSED = "Survey Dismissed"

STATES = (SHOWN, STARTED, PARTLY_ANSWERED, ANSWERED, ABANDONED, DISMISSED)
"""The events of one time of asking; each one's place here is its bit in `obverse.measure.submissions`."""

ANSWERS = f"{ANSWERED} or {PARTLY_ANSWERED}"
"""The events that carry answers."""

SUBMISSION = "properties.submission_id"

_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")


def of_survey(
    survey: str | None, version: int | None, place: str | None, moment: str | None, where: str | None
) -> str | None:
    """Write the filter on the events of a survey; None where all are meant.

    >>> of_survey("it's", 2, None, None, "country = 'DE'")
    "properties.survey_id = 'it''s' and properties.version = 2 and (country = 'DE')"
    """
    parts = {"survey_id": survey, "version": version, "place": place, "moment": moment}
    found = [f"properties.{name} = {_literal(value)}" for name, value in parts.items() if value is not None]
    return " and ".join([*found, *([] if where is None else [enclosed(where)])]) or None


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def check_question(name: str) -> None:
    """Refuse what cannot be a question's id.

    Raises:
        QuestionError: it is none.
    """
    if not _ID.fullmatch(name):
        raise QuestionError(
            f"question: {name!r} is no question's id: a small letter, then small letters, digits and _"
        )


def states(where: str | None) -> Selection:
    """Give all events of a survey's life."""
    return Selection(STATES, where)


def answers(events: str, where: str | None) -> Selection:
    """Give the events that carry answers."""
    return selection(events, "events", where)


def strangers(words: tuple[str, ...]) -> list[str]:
    """Leave out what is said of a survey's own events: that nobody dismissed one yet is no mistake.

    >>> strangers(("unknown event 'Survey Dismissed'; did you mean 'X'?", "unknown event 'Ordr'"))
    ["unknown event 'Ordr'"]
    """
    return [one for one in words if not any(f"'{name}'" in one.partition(";")[0] for name in STATES)]


EVENT_KEY = Key("event", (0,), len(STATES))
"""Tells a track's events apart by name."""

SUBMISSION_KEY = Key(SUBMISSION, (0,), named=False, optional=True)
"""Tells which events are of the same time of asking."""
