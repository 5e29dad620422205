"""PostHog: a survey as its browser client shows it, and what the client sends of it as our events have it.

That client knows fewer kinds of question, moments and people than we do. What it cannot ask as it is meant is
not offered to it, and `unfit` says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from obverse.surveys.checking import check, check_other
from obverse.surveys.events import ABANDONED, ANSWERED, DISMISSED, PARTLY_ANSWERED, SHOWN
from obverse.surveys.facts import NEVER, Running
from obverse.surveys.moment import AnyMoment, Happened, Visited
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
    Value,
)
from obverse.surveys.scoring import scores
from obverse.surveys.survey import Survey
from obverse.surveys.theme import text_on
from obverse.surveys.variants import of_flags

EVENTS = {
    "survey shown": SHOWN,
    "survey sent": ANSWERED,
    "survey dismissed": DISMISSED,
    "survey abandoned": ABANDONED,
}
"""Our name of each event of the client's; one that was sent before its end is `PARTLY_ANSWERED`."""
_NAMES = {
    "Page Viewed": "$pageview",
    "Page Lingered": "$pageleave",
    "Element Clicked": "$autocapture",
    "Rage Clicked": "$rageclick",
    "Dead Clicked": "$dead_click",
    "Error Met": "$exception",
    "Identified": "$identify",
}
_VERSION = "version "
_CORNERS = {"bottom-right": "right", "bottom-left": "left", "center": "center"}
_SCHEMES = {"dark": {"backgroundColor": "#1b1d21", "textColor": "#eceef1", "inputBackground": "#25282d"}}
_PLACES = re.compile(r"\{(?:answers|event)\.")


class UnfitError(ValueError):
    """The client cannot ask a survey as it is meant; its words say why."""


def unfit(survey: Survey) -> str:
    """Say why PostHog's client cannot ask a survey; empty where it can."""
    try:
        _questions(survey)
        _conditions(survey, 0)
    except UnfitError as error:
        return str(error)
    return ""


def told(running: Running, rest_days: float) -> dict[str, Any] | None:
    """Write a survey as PostHog's API lists it; None where its client cannot ask it.

    Args:
        running: the survey, which is asked now.
        rest_days: days between any two surveys that keep to them.
    """
    survey = running.survey
    try:
        questions, conditions = _questions(survey), _conditions(survey, rest_days)
    except UnfitError:
        return None
    delay_s = _moments(survey)[0].delay_s
    return {
        "id": running.id,
        "name": survey.name,
        "description": survey.intro,
        "type": "popover",
        "questions": questions,
        "conditions": conditions,
        "appearance": _appearance(survey) | {"surveyPopupDelaySeconds": delay_s},
        "feature_flag_keys": None,
        "linked_flag_key": None,
        "targeting_flag_key": None,
        "internal_targeting_flag_key": None,
        "start_date": survey.starts or "2000-01-01T00:00:00Z",
        "end_date": None if running.ends_at == NEVER else survey.ends,
        "current_iteration": None,
        # The client hands this back with each event and does nothing else with it.
        "current_iteration_start_date": f"{_VERSION}{running.version}",
        "schedule": "always" if survey.repeat.how == "always" else "once",
        "enable_partial_responses": True,
    }


def version_of(fields: Mapping[str, Any]) -> int:
    """Read which version an event is of, from the client's properties.

    Raises:
        ValueError: they do not say.
    """
    return int(str(fields.get("$survey_iteration_start_date", "")).removeprefix(_VERSION))


def taken(name: str, survey: Survey, fields: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Turn an event of the client's into ours.

    Args:
        name: one of `EVENTS`.
        survey: in the version that was asked.
        fields: the event's properties.

    Returns:
        The event's name, and what it says of the answers.

    Raises:
        AnswerError: an answer breaks its question's rule.
    """
    values: dict[str, Value] = {}
    others: dict[str, str] = {}
    for question in survey.questions:
        given, other = _read(question, fields.get(f"$survey_response_{question.id}"))
        value = None if given is None else check(question, given)
        if value is not None:
            values[question.id] = value
            if text := check_other(question, value, other):
                others[question.id] = text
    event = EVENTS[name]
    if name == "survey sent" and fields.get("$survey_completed") is False:
        event = PARTLY_ANSWERED
    if name == "survey dismissed" and values:
        event = ABANDONED
    last = next((question.id for question in reversed(survey.questions) if question.id in values), None)
    made: dict[str, Any] = {"language": survey.language}
    if variants := of_flags(fields):
        made["variants"] = variants
    if event in (ANSWERED, PARTLY_ANSWERED):
        made["answers"] = values
        made |= {"others": others} if others else {}
        found = scores(survey, values)
        made |= {"scores": found} if found else {}
    if event in (PARTLY_ANSWERED, ABANDONED) and last is not None:
        made["question"] = last
    return event, made


def moment_of(survey: Survey) -> str:
    """Name the moment by which the client asks: it does not say which, so the first of its kind."""
    try:
        return _moments(survey)[0].id
    except UnfitError:
        return "page"


# -- questions ------------------------------------------------------------------------------------------


def _questions(survey: Survey) -> list[dict[str, Any]]:
    ids = [question.id for question in survey.questions]
    return [_question(question, ids) for question in survey.questions]


def _question(question: Question, ids: list[str]) -> dict[str, Any]:
    if any(_PLACES.search(text) for text in (question.text, question.help)):
        raise UnfitError(f"{question.id}: its words have places to fill")
    made = {
        "id": question.id,
        "question": question.text,
        "description": question.help or None,
        "descriptionContentType": "text",
        "optional": not question.required,
        **_kind(question),
    }
    return made | ({"branching": _branching(question, ids)} if question.branches else {})


def _kind(question: Question) -> dict[str, Any]:
    match question:
        case Nps() | Csat() | Ces() | Rating() | Seq():
            return {"type": "rating", **_scale(question)}
        case Single() | Multiple():
            return _choices(question)
        case ShortText() | LongText():
            most = {"type": "max_length", "value": question.max_length}
            return {"type": "open", "validation": [most]}
        case Sus() | UmuxLite() | Matrix() | Ranking() | Consent():
            raise UnfitError(f"{question.id}: the client has no question of this kind")


def _scale(question: Nps | Csat | Ces | Rating | Seq) -> dict[str, Any]:
    points = 10 if isinstance(question, Nps) else 7 if isinstance(question, Seq) else question.points
    faces = isinstance(question, Csat | Rating) and question.style == "emoji"
    has = (3, 5) if faces else (5, 7)
    if not isinstance(question, Nps) and points not in has:
        raise UnfitError(
            f"{question.id}: the client has no scale of {points} {'faces' if faces else 'points'}"
        )
    return {
        "display": "emoji" if faces else "number",
        "scale": points,
        "lowerBoundLabel": question.low,
        "upperBoundLabel": question.high,
    }


def _choices(question: Single | Multiple) -> dict[str, Any]:
    if isinstance(question, Multiple) and question.at_most is not None:
        raise UnfitError(f"{question.id}: the client cannot limit how many are chosen")
    texts = [option.text for option in question.options]
    if len({*texts, question.other}) <= len(texts):
        raise UnfitError(f"{question.id}: two options have the same words")
    return {
        "type": "single_choice" if isinstance(question, Single) else "multiple_choice",
        "choices": [*texts, question.other] if question.other else texts,
        "hasOpenChoice": bool(question.other),
        "shuffleOptions": question.shuffled,
    }


def _branching(question: Question, ids: list[str]) -> dict[str, Any]:
    """Write branches: by the option that was chosen, or whatever was answered."""
    responses: dict[str, int | str] = {}
    for branch in question.branches:
        step = "end" if branch.to == END else ids.index(branch.to)
        if branch == Branch(to=branch.to) and not responses:
            return {"type": "end"} if step == "end" else {"type": "specific_question", "index": step}
        if branch != Branch(to=branch.to, any_of=branch.any_of, none_of=branch.none_of) or not isinstance(
            question, Single
        ):
            raise UnfitError(f"{question.id}: the client cannot branch so")
        known = [option.id for option in question.options] + ([OTHER] if question.other else [])
        for one in (one for one in branch.any_of or known if one not in branch.none_of):
            responses.setdefault(str(known.index(one)), step)
    return {"type": "response_based", "responseValues": responses}


def _read(question: Question, given: Any) -> tuple[object, object]:
    """Read an answer and what was filled in, as `check` takes them: the client sends options' words."""
    if given is None or given == "":
        return None, None
    if isinstance(question, Single):
        return _option(question, given)
    if isinstance(question, Multiple) and isinstance(given, list):
        found = [_option(question, one) for one in given]
        return [one for one, _ in found] or None, next(
            (other for _, other in found if other is not None), None
        )
    return given, None


def _option(question: Single | Multiple, text: object) -> tuple[object, object]:
    for option in question.options:
        if option.text == text:
            return option.id, None
    return (OTHER, text) if question.other else (text, None)


# -- moments and people ---------------------------------------------------------------------------------


def _moments(survey: Survey) -> list[AnyMoment]:
    """Give the moments that the client can watch for together: events on the same pages, or one page."""
    events = [one for one in survey.moments if isinstance(one, Happened) and not one.where]
    for one in survey.moments:
        if isinstance(one, Visited):
            return [one]
        if one in events:
            return [each for each in events if (each.page, each.delay_s) == (one.page, one.delay_s)]
    raise UnfitError("none of its moments is a page, or an event without a filter")


def _conditions(survey: Survey, rest_days: float) -> dict[str, Any]:
    audience = survey.audience
    refusals: list[tuple[Callable[[], bool], str]] = [
        (lambda: "page" not in survey.places, "it is not asked over a page"),
        (lambda: survey.anonymous, "it is anonymous, and the client sends who answers"),
        (lambda: bool(audience.segment), "it is for a segment, and the client asks everyone"),
        (lambda: audience.share < 1, "it is for a share of people, and the client asks everyone"),
        (
            lambda: bool(audience.a_day or audience.wanted),
            "it is for so many people, and the client asks everyone",
        ),
        (lambda: survey.repeat.how == "until_answered", "the client cannot ask until somebody has answered"),
    ]
    for refused, why in refusals:
        if refused():
            raise UnfitError(why)
    moments = _moments(survey)
    values = [{"name": _NAMES.get(one.event, one.event)} for one in moments if isinstance(one, Happened)]
    days = [survey.repeat.after_days] if survey.repeat.how == "always" else []
    days += [rest_days] if survey.repeat.rests else []
    return {
        "events": {"repeatedActivation": survey.repeat.how == "always", "values": values} if values else None,
        "actions": None,
        "cancelEvents": None,
        **({"seenSurveyWaitPeriodInDays": max(days)} if any(days) else {}),
        **({"url": _url(moments[0].page), "urlMatchType": "regex"} if moments[0].page != "*" else {}),
    }


def _url(page: str) -> str:
    """Write which paths fit as a regular expression over whole addresses.

    >>> _url("/shoes/*")
    '^https?://[^/?#]+/shoes/.*([?#].*)?$'
    """
    path = ".*".join(re.escape(part) for part in page.split("*"))
    return f"^https?://[^/?#]+{path}([?#].*)?$"


def _appearance(survey: Survey) -> dict[str, Any]:
    theme = survey.theme
    return {
        "position": _CORNERS[theme.corner],
        "submitButtonColor": theme.accent,
        "submitButtonTextColor": text_on(theme.accent),
        "ratingButtonActiveColor": theme.accent,
        "displayThankYouMessage": True,
        "thankYouMessageHeader": survey.thanks,
        "whiteLabel": True,
        **_SCHEMES.get(theme.scheme, {}),
    }
