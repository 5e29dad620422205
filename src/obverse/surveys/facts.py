"""Facts: all that a decision to ask somebody rests on. Whoever decides looks nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from obverse.errors import QuestionError
from obverse.settings.surveys import SavedSurvey, State
from obverse.surveys.moment import AnyMoment
from obverse.surveys.reasons import Reason
from obverse.surveys.survey import Survey

NEVER = -1
"""An instant that has not come."""


class Running(msgspec.Struct, frozen=True):
    """A survey as it stands: what its newest version says, and whether it is asked.

    Attributes:
        id: of the survey.
        version: of `survey`.
        state: see `obverse.settings.surveys.STATES`.
        survey: what is asked.
        starts_at: first instant, µs since 1970 UTC; `NEVER` for no beginning.
        ends_at: instant after the last; `NEVER` for no end.
    """

    id: str
    version: int
    state: State
    survey: Survey
    starts_at: int = NEVER
    ends_at: int = NEVER

    @classmethod
    def of(cls, saved: SavedSurvey) -> Running:
        """Read a survey as it is kept.

        Raises:
            QuestionError: its version is none that can be read.
        """
        survey = Survey.from_json(saved.body)
        starts, ends = _instant(survey.starts), _instant(survey.ends)
        return cls(saved.id, saved.version, saved.state, survey, starts, ends)

    def moment(self, name: str) -> AnyMoment | None:
        """Find a moment by its id."""
        return next((one for one in self.survey.moments if one.id == name), None)


class Call(msgspec.Struct, frozen=True):
    """A survey that a moment calls for.

    Attributes:
        running: the survey.
        moment: id of the moment.
        stopped: why the moment does not count after all; None where it does.
        came_at: when it came, for a moment that came elsewhere, µs since 1970 UTC; `NEVER` for one of now.
    """

    running: Running
    moment: str
    stopped: Reason | None = None
    came_at: int = NEVER


class Asking(msgspec.Struct, frozen=True):
    """That a person was asked a survey.

    Attributes:
        asked_at: when what came into view was given out, the last time, µs since 1970 UTC; of an anonymous
            survey the end of the day on which it was given out.
        n: how often.
        answered_at: the last answer; `NEVER` for none, and always for an anonymous survey.
        share: share of people who were picked, the last time; of an anonymous survey 1.
    """

    asked_at: int
    n: int = 1
    answered_at: int = NEVER
    share: float = 1.0


class Person(msgspec.Struct, frozen=True):
    """What is known of who is there.

    Attributes:
        unit: number by which chance picks them: the same as long as they can be told to be the same.
        asked: what they were asked, by id of the survey.
        segments: whether they are in a segment, or the reason why that cannot be said, by its name.
        reserved: surveys that were given out to them just now, and may come into view.
    """

    unit: int
    asked: Mapping[str, Asking]
    segments: Mapping[str, bool | Reason]
    reserved: frozenset[str] = frozenset()


class Progress(msgspec.Struct, frozen=True):
    """How far a survey has come.

    Attributes:
        asked: times that it came into view over a page.
        answered: answers, wherever they were given.
        answered_here: of those, over a page.
        today: times that it was given out today (UTC) and came into view, or may still.
        people: different people whom its moments called for so far, about.
        watched_s: seconds over which those were counted.
    """

    asked: int = 0
    answered: int = 0
    answered_here: int = 0
    today: int = 0
    people: float = 0.0
    watched_s: float = 0.0


def _instant(text: str | None) -> int:
    """Read a day or an instant of a survey (UTC) as µs since 1970."""
    if text is None:
        return NEVER
    try:
        at = datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        raise QuestionError(f"starts, ends: {text!r} is no day of the calendar") from None
    return int(at.timestamp()) * 1_000_000
