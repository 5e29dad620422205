"""Review: what is wrong with a survey, or should be looked at, before anybody is asked.

A `Survey` that can be read is well formed; whether it makes sense to ask it here and now takes more: the
segments that there are, the time, and a look at all questions together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from obverse.errors import QuestionError, unknown
from obverse.surveys.items import items
from obverse.surveys.moment import AnyMoment, Elsewhere, Happened
from obverse.surveys.question import (
    END,
    OTHER,
    Branch,
    Ces,
    Consent,
    Csat,
    LongText,
    Matrix,
    Multiple,
    Nps,
    Question,
    Ranking,
    Rating,
    Seq,
    ShortText,
    Single,
    Sus,
    UmuxLite,
)
from obverse.surveys.survey import Survey
from obverse.tape.expression import parse

_NUMBERED = (Nps, Csat, Ces, Rating, Seq, Sus, UmuxLite)
_OPTIONED = (Single, Multiple, Matrix, Ranking)
_WORDED = (ShortText, LongText)
_WORDS = ("text", "help", "low", "high", "product", "other", "agree")
_LISTED = 3
"""So many texts that are missing are named."""


class Finding(msgspec.Struct, frozen=True):
    """Something about a survey that its maker should know.

    Attributes:
        field: where: its names and numbers with dots between, ``questions.0.branches.1.to``; empty for the
            whole.
        text: what is wrong, in a sentence.
        level: ``error``: it cannot be asked so; ``warning``: it can, but perhaps is not meant so.
    """

    field: str
    text: str
    level: Literal["error", "warning"] = "error"


def review(survey: Survey, segments: Collection[str], now: datetime) -> tuple[Finding, ...]:
    """Look a survey over, errors first.

    Args:
        survey: well formed.
        segments: names of the saved segments.
        now: the present, UTC.

    >>> from obverse.surveys.question import Nps
    >>> asked = Survey(name="NPS", questions=(Nps(id="q1", text="Would you recommend us?"),))
    >>> [(one.field, one.text) for one in review(asked, (), datetime(2026, 1, 1, tzinfo=UTC))]
    [('moments', 'it is to be asked over pages, and no moment calls for it: add one, or take the place away')]
    """
    found = [
        *_asked(survey, segments, now),
        *(one for at, moment in enumerate(survey.moments) for one in _moment(f"moments.{at}", moment)),
        *_questions(survey),
        *_reached(survey),
        *_translated(survey),
    ]
    return tuple(sorted(found, key=lambda one: one.level != "error"))


def first_error(found: Collection[Finding]) -> None:
    """Refuse a survey with errors.

    Raises:
        QuestionError: naming each.
    """
    wrong = [f"{one.field}: {one.text}" if one.field else one.text for one in found if one.level == "error"]
    if wrong:
        raise QuestionError("; ".join(wrong))


def words_of(survey: Survey) -> dict[str, str]:
    """List the words of a survey by the keys that `Survey.translations` has for them, in order."""
    found = {"intro": survey.intro, "thanks": survey.thanks}
    for question in survey.questions:
        for name in _WORDS:
            found[f"{question.id}.{name}"] = getattr(question, name, "")
        for option in (*getattr(question, "rows", ()), *getattr(question, "options", ())):
            found[f"{question.id}.{option.id}"] = option.text
        found |= _items(question)
    return {key: text for key, text in found.items() if text}


def _items(question: Question) -> dict[str, str]:
    """List the standard words of a question's items, in English, by their numbers."""
    standard = items(question) if isinstance(question, Sus | UmuxLite) else ()
    return {f"{question.id}.{number}": text for number, text in enumerate(standard, 1)}


def _asked(survey: Survey, segments: Collection[str], now: datetime) -> Iterator[Finding]:
    audience = survey.audience
    if not survey.places:
        yield Finding("places", "it is asked nowhere: choose a place at least")
    if "page" in survey.places and not survey.moments:
        yield Finding(
            "moments",
            "it is to be asked over pages, and no moment calls for it: add one, or take the place away",
        )
    if survey.moments and "page" not in survey.places:
        yield Finding("places", "moments call for it over pages only, which is none of its places", "warning")
    if audience.segment and audience.segment not in segments:
        yield Finding("audience.segment", unknown("segment", audience.segment, segments))
    if survey.ends is not None and _instant(survey.ends) <= now:
        yield Finding("ends", f"{survey.ends!r} is over already")
    if audience.wanted and survey.ends is None:
        yield Finding(
            "ends",
            "without an end there is no time to spread the wanted answers over: people are asked until they "
            "are there",
            "warning",
        )


def _instant(text: str) -> datetime:
    """Read a day or an instant, UTC; a day that there is not is far ahead, as the survey refuses it."""
    try:
        return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


def _moment(field: str, moment: AnyMoment) -> Iterator[Finding]:
    if isinstance(moment, Happened | Elsewhere) and moment.where:
        try:
            parse(moment.where)
        except QuestionError as error:
            yield Finding(f"{field}.where", str(error))
    if not moment.page.startswith(("/", "*")):
        yield Finding(f"{field}.page", f"{moment.page!r} fits no path: begin with '/' or '*'")


def _questions(survey: Survey) -> Iterator[Finding]:
    for at, question in enumerate(survey.questions):
        field = f"questions.{at}"
        for name in ("options", "rows"):
            ids = [one.id for one in getattr(question, name, ())]
            for index, id_ in enumerate(ids):
                if id_ in ids[:index]:
                    yield Finding(
                        f"{field}.{name}.{index}.id", f"the id {id_!r} is taken; each needs its own"
                    )
                elif id_ == OTHER and getattr(question, "other", ""):
                    yield Finding(f"{field}.{name}.{index}.id", f"{OTHER!r} is the id of what is filled in")
        for index, branch in enumerate(question.branches):
            yield from _branch(f"{field}.branches.{index}", question, branch)


def _branch(field: str, question: Question, branch: Branch) -> Iterator[Finding]:
    known: list[str] = [one.id for one in question.options] if isinstance(question, _OPTIONED) else []
    known += [OTHER] if getattr(question, "other", "") else []
    for name, ids in (("any_of", branch.any_of), ("none_of", branch.none_of)):
        for id_ in ids:
            if id_ not in known:
                yield Finding(f"{field}.{name}", unknown("option", id_, known))
    if branch.contains and not isinstance(question, _WORDED):
        yield Finding(f"{field}.contains", "the answer to this question is no text")
    if not isinstance(question, _NUMBERED) and (branch.at_least is not None or branch.at_most is not None):
        name = "at_least" if branch.at_least is not None else "at_most"
        yield Finding(f"{field}.{name}", "the answer to this question is no number")
    low, high = branch.at_least, branch.at_most
    if low is not None and high is not None and low > high:
        yield Finding(f"{field}.at_most", f"no number is at least {low:g} and at most {high:g}")


def _reached(survey: Survey) -> Iterator[Finding]:
    """Find questions to which no way leads, and branches that come after one that always fits."""
    ids = [question.id for question in survey.questions]
    reached = {ids[0]}
    for at, question in enumerate(survey.questions):
        always = next((i for i, one in enumerate(question.branches) if _always(one, question)), None)
        ways = [branch.to for branch in question.branches[: None if always is None else always + 1]]
        if always is None:
            ways += ids[at + 1 : at + 2]
        elif always + 1 < len(question.branches):
            late = f"questions.{at}.branches.{always + 1}"
            yield Finding(late, "it is never taken, as the one before it always fits", "warning")
        if question.id in reached:
            reached |= {way for way in ways if way != END}
        else:
            yield Finding(f"questions.{at}", "no way leads to this question", "warning")


def _always(branch: Branch, question: Question) -> bool:
    whenever_answered = msgspec.structs.replace(branch, answered=None) == Branch(to=branch.to)
    answered = branch.answered is True and question.required and not isinstance(question, Consent)
    return whenever_answered and (branch.answered is None or answered)


def _translated(survey: Survey) -> Iterator[Finding]:
    words = words_of(survey)
    for language, texts in survey.translations.items():
        own = language == survey.language
        wanted = {key for one in survey.questions for key in _items(one)} if own else words
        missing = [key for key in words if key in wanted and key not in texts]
        if missing:
            more = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
            listed = ", ".join(missing[:_LISTED])
            text = (
                f"not translated: {listed}{more}; these are shown in {'English' if own else survey.language}"
            )
            yield Finding(f"translations.{language}", text, "warning")
        for key in texts:
            if key not in words and not key.startswith("words."):
                text = f"translates {key!r}, of which there are no words here"
                yield Finding(f"translations.{language}", text, "warning")
