"""Deciding: whom to ask what, now. A pure function of the facts: nothing is looked up, drawn or timed here.

The gates, in this order, which is that of Formbricks with the survey's own state before it:

1. the survey: live, begun, not ended, not enough answers, asked over a page;
2. this person and this survey: ``once``, ``until_answered``, days since the last time;
3. this person and any survey: the rest period, and what was given to them just now and may come into view;
4. who is asked: the segment;
5. the moment: its page and its filter;
6. how many are asked: the share, the day's limit;
7. of all that got here the one of the highest priority; where several have it, the same of them for the
   same person, so that none is starved by another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import msgspec

from obverse.surveys.facts import NEVER, Call, Person, Progress, Running
from obverse.surveys.pacing import share_needed
from obverse.surveys.reasons import Reason

DAY_US = 86_400_000_000
_NEW = Progress()
_STATES = {"live": None, "paused": Reason.PAUSED, "closed": Reason.CLOSED}


class Decision(msgspec.Struct, frozen=True):
    """What was decided for one person in one instant.

    Attributes:
        reasons: for each survey that was called for, by its id.
        shown: what to show; None for nothing.
        share: of people in this moment who are picked to be shown it.
        reached: surveys for which only number and rank were left to ask: their people pace them.
    """

    reasons: Mapping[str, Reason]
    shown: Call | None = None
    share: float = 1.0
    reached: tuple[str, ...] = ()


def decide(
    calls: Sequence[Call], person: Person, progress: Mapping[str, Progress], rest_days: float, now: int
) -> Decision:
    """Decide which survey to show.

    Args:
        calls: what moments call for; of several calls of one survey the first that no gate stops counts.
        person: who is there.
        progress: of each survey, by its id; one that is missing has not begun.
        rest_days: days between any two surveys that keep to them.
        now: µs since 1970 UTC.
    """
    reasons: dict[str, Reason] = {}
    passed: dict[str, Call] = {}
    reached: dict[str, None] = {}
    for call in calls:
        key = call.running.id
        if key in passed:
            continue
        so_far = progress.get(key, _NEW)
        stopped = first_gate(call, person, so_far, rest_days, now)
        if stopped in _PACED:
            reached[key] = None
        if stopped is None:
            passed[key] = call
        else:
            reasons.setdefault(key, stopped)
    if not passed:
        return Decision(reasons, reached=tuple(reached))
    shown = max(passed.values(), key=lambda call: _rank(call.running, person.unit))
    reasons |= dict.fromkeys(passed, Reason.OUTRANKED) | {shown.running.id: Reason.SHOWN}
    share = share_of(shown.running, progress.get(shown.running.id, _NEW), now)
    return Decision(reasons, shown, share, tuple(reached))


def first_gate(call: Call, person: Person, progress: Progress, rest_days: float, now: int) -> Reason | None:
    """Name the first gate that stops a survey for a person, apart from its rank; None where none does."""
    return (
        _of_survey(call.running, progress, now)
        or _of_person(call, person, rest_days, now)
        or _of_segment(call.running, person)
        or call.stopped
        or _of_number(call.running, person, progress, now)
    )


def share_of(running: Running, progress: Progress, now: int) -> float:
    """Give the share of people who are picked now: as the survey says, or less where that is enough.

    Without an end, or a number wanted, it is the survey's own.
    """
    audience = running.survey.audience
    if not audience.wanted or running.ends_at == NEVER:
        return audience.share
    return min(audience.share, share_needed(audience.wanted, progress, (running.ends_at - now) / 1e6))


def lot(survey_id: str, unit: int) -> float:
    """Give a person's number for a survey, evenly spread over 0 … 1 and always the same.

    >>> lot("s1", 7) == lot("s1", 7), lot("s1", 7) == lot("s2", 7)
    (True, False)
    """
    drawn = blake2b(f"{survey_id}\0{unit}".encode(), digest_size=8).digest()
    return (int.from_bytes(drawn, "big") >> 11) / (1 << 53)


def _of_survey(running: Running, progress: Progress, now: int) -> Reason | None:
    state = _STATES.get(running.state, Reason.NOT_LIVE)
    if state is not None:
        return state
    if now < running.starts_at:
        return Reason.NOT_STARTED
    if running.ends_at != NEVER and now >= running.ends_at:
        return Reason.ENDED
    if 0 < running.survey.audience.wanted <= progress.answered:
        return Reason.ENOUGH
    return None if "page" in running.survey.places else Reason.WRONG_PLACE


def _of_person(call: Call, person: Person, rest_days: float, now: int) -> Reason | None:
    repeat = call.running.survey.repeat
    last = person.asked.get(call.running.id)
    if last is not None:
        # Who answered an anonymous survey is not known, so asking until answered would never end.
        if repeat.how == "once" or (repeat.how == "until_answered" and call.running.survey.anonymous):
            return Reason.ALREADY_SHOWN
        if repeat.how == "until_answered" and last.answered_at != NEVER:
            return Reason.ALREADY_ANSWERED
        if _since(last.asked_at, now) < repeat.after_days * DAY_US:
            return Reason.ASKED_RECENTLY
        if NEVER != call.came_at <= last.asked_at:  # asked about it already
            return Reason.NO_MOMENT
    newest = max((one.asked_at for one in person.asked.values()), default=NEVER)
    if repeat.rests and newest != NEVER and _since(newest, now) < rest_days * DAY_US:
        return Reason.RESTING
    reserved = person.reserved if repeat.rests else person.reserved & {call.running.id}
    return Reason.RESERVED if reserved else None


def _since(at: int, now: int) -> int:
    return max(0, now - at)  # an anonymous survey's day may not be over yet


def _of_segment(running: Running, person: Person) -> Reason | None:
    name = running.survey.audience.segment
    inside = person.segments.get(name, Reason.SEGMENT_NOT_READY) if name else True
    if isinstance(inside, Reason):
        return inside
    return None if inside else Reason.NOT_IN_SEGMENT


def _of_number(running: Running, person: Person, progress: Progress, now: int) -> Reason | None:
    if lot(running.id, person.unit) >= share_of(running, progress, now):
        return Reason.NOT_PICKED
    if 0 < running.survey.audience.a_day <= progress.today:
        return Reason.DAILY_LIMIT
    return None


def _rank(running: Running, unit: int) -> tuple[int, float, str]:
    return running.survey.priority, lot(running.id, unit), running.id


_PACED = (None, Reason.NOT_PICKED, Reason.DAILY_LIMIT)
"""What becomes of people whom only number and rank could stop."""
