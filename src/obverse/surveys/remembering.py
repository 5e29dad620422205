"""Remembering: for how long it has to be known that somebody was asked a survey, to keep to each rule."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from obverse.surveys.facts import NEVER, Running
from obverse.surveys.moment import NOTICE_S, AnyMoment, Elsewhere, NotTaken
from obverse.surveys.survey import Survey

DAY_S = 86_400.0
REOPENED_DAYS = 365.0
"""A survey that is over may be taken up again within so many days, and asks nobody again whom it asked."""


class Memory(msgspec.Struct, frozen=True):
    """For how many days askings of a survey are needed: of people who have not answered, and who have."""

    unanswered: float
    answered: float


def memory(running: Running | None, rest_days: float, now: int) -> Memory:
    """Say how long askings of a survey are needed.

    Any survey's: as long as people rest from it. Of one that can ask again also as long as that forbids, or
    allows, to ask the same person: for good while it is asked, and `REOPENED_DAYS` once it is over.

    Args:
        running: the survey; None for one that cannot be read, or is not there any more.
        rest_days: days between any two surveys.
        now: µs since 1970 UTC.
    """
    if running is None or running.state in ("draft", "imported"):
        return Memory(rest_days, rest_days)
    over = running.state == "closed" or (running.ends_at != NEVER and now >= running.ends_at)
    most = REOPENED_DAYS if over else math.inf
    unanswered, answered = (min(one, most) for one in _rule(running.survey))
    return Memory(max(unanswered, rest_days), max(answered, rest_days))


def _rule(survey: Survey) -> tuple[float, float]:
    repeat = survey.repeat
    again = max(repeat.after_days, _longest(survey.moments))
    if repeat.how == "once" or (repeat.how == "until_answered" and survey.anonymous):
        return math.inf, math.inf
    return again, math.inf if repeat.how == "until_answered" else again


def _longest(moments: Iterable[AnyMoment]) -> float:
    """Give the days for which an event elsewhere that was asked about could call again."""
    found = [
        one.within_s if isinstance(one, Elsewhere) else NOTICE_S * isinstance(one, NotTaken)
        for one in moments
    ]
    return max(found, default=0.0) / DAY_S
