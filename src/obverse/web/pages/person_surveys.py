"""The surveys of one person: for each that is asked, whether they would be shown it, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from obverse.settings.surveys import SavedSurvey
from obverse.surveys.deciding import first_gate
from obverse.surveys.facts import NEVER, Asking, Call, Person, Progress, Running
from obverse.surveys.reasons import Reason
from obverse.web.pages.figures import count, instant, plural, short_day
from obverse.web.surveys import noted
from obverse.web.surveys.askings_rows import Who

if TYPE_CHECKING:
    from obverse.tape.people import Person as KnownPerson
    from obverse.web.pages.asked import Asked
    from obverse.web.surveys.noted import Decided
    from obverse.web.surveys.offering import Offering


@dataclass(frozen=True)
class PersonSurvey:
    """A survey, and how this person stands to it.

    Attributes:
        name: what the team calls it.
        href: address of why it is shown or not.
        verdict: the reason why they would not be shown it if one of its moments came now, or ``shown``.
        meaning: the same in a sentence.
        asked: when they were asked, and whether they answered; empty where they were not.
        decided: what was decided for them, newest first: when, reason, how often.
    """

    name: str
    href: str
    verdict: str
    meaning: str
    asked: str
    decided: tuple[tuple[str, str, int], ...]


def surveys_of(asked: Asked, known: KnownPerson) -> tuple[PersonSurvey, ...]:
    """Tell of the surveys that are live, and of others that this person was asked.

    Args:
        asked: the request.
        known: the person.
    """
    asking: Offering = asked.state["asking"]
    who = Who(device=known.key) if known.user_id is None else Who(user=known.key)
    asked_before = asking.askings.asked(who)
    decided = noted.of_person(asking.askings, known.key)
    now = round(asked.now.timestamp() * 1e6)
    progress = asking.askings.progress(now)
    shown = [
        one
        for one in asked.settings.surveys.all()
        if one.state == "live" or one.id in asked_before or any(each.survey == one.id for each in decided)
    ]
    made = []
    for saved in shown:
        running = Running.of(saved)
        segment = running.survey.audience.segment
        segments = {segment: asking.audiences.holds(segment, who, wait=True)} if segment else {}
        person = Person(asking.askings.unit(who, 0), asked_before, segments, asking.askings.reserved(who))
        stopped = first_gate(
            Call(running, ""), person, progress.get(saved.id, Progress()), asking.rest_days, now
        )
        made.append(_told(saved, stopped, asked_before.get(saved.id), decided, asked))
    return tuple(made)


def _told(
    saved: SavedSurvey, stopped: Reason | None, before: Asking | None, decided: list[Decided], asked: Asked
) -> PersonSurvey:
    mine = [one for one in decided if one.survey == saved.id]
    return PersonSurvey(
        name=saved.name,
        href=f"/surveys/{saved.id}/why",
        verdict=(stopped or Reason.SHOWN).value,
        meaning="It would be shown at its next moment." if stopped is None else stopped.meaning,
        asked=_asked(before, asked) if before else "",
        decided=tuple((_day(one.at, asked), one.reason, one.n) for one in mine),
    )


def _asked(before: Asking, asked: Asked) -> str:
    times = "" if before.n == 1 else f", {count(before.n)} {plural(before.n, 'time')} so far"
    answered = "" if before.answered_at == NEVER else f", answered {_day(before.answered_at, asked)}"
    return f"asked {_day(before.asked_at, asked)}{times}{answered}"


def _day(at: int, asked: Asked) -> str:
    return short_day(instant(at, asked.view.zone))
