"""The kinds of questions and moments as the builder offers them, and how a new one of each begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, get_args

import msgspec

from obverse.surveys.moment import AnyMoment
from obverse.surveys.question import Question
from obverse.web.pages.surveys.draft import Draft, draft_of


@dataclass(frozen=True)
class Kind:
    """A kind of question or moment.

    Attributes:
        title: what it is called.
        group: kinds of the same group stand together.
        begins: how a new one begins, as JSON.
    """

    title: str
    group: str = ""
    begins: dict[str, Any] = field(default_factory=dict)


def _options(*texts: str) -> list[dict[str, str]]:
    return [{"id": f"o{number}", "text": text} for number, text in enumerate(texts, 1)]


_RECOMMEND = "How likely are you to recommend us to a friend or colleague?"
_SCORES, _CHOICES, _WORDS = "Scores", "Choices", "Words"
_TWO = _options("One", "Two")
QUESTIONS: dict[str, Kind] = {
    "nps": Kind("Recommendation, 0 to 10 (NPS)", _SCORES, {"text": _RECOMMEND}),
    "csat": Kind("Satisfaction (CSAT)", _SCORES, {"text": "How satisfied are you?"}),
    "ces": Kind("Effort (CES)", _SCORES, {"text": "It was easy to do what I came for."}),
    "rating": Kind("Rating: stars, faces, numbers", _SCORES, {"text": "How was it?"}),
    "seq": Kind("Ease of a task (SEQ)", _SCORES, {"text": "How easy or difficult was this task?"}),
    "sus": Kind("Usability, ten items (SUS)", _SCORES, {"text": "How much do you agree with each of these?"}),
    "umux_lite": Kind(
        "Usability, two items (UMUX-Lite)", _SCORES, {"text": "How much do you agree with each of these?"}
    ),
    "single": Kind("One of some options", _CHOICES, {"text": "Which one?", "options": _TWO}),
    "multiple": Kind("Any of some options", _CHOICES, {"text": "Which of these?", "options": _TWO}),
    "matrix": Kind(
        "Matrix: one option for each row",
        _CHOICES,
        {
            "text": "How was each of these?",
            "rows": _options("The choice", "The delivery"),
            "options": _options("Poor", "Fair", "Good"),
        },
    ),
    "ranking": Kind(
        "Ranking", _CHOICES, {"text": "What matters most to you?", "options": _options("Price", "Speed")}
    ),
    "short_text": Kind("A line of text", _WORDS, {"text": "What were you looking for?"}),
    "long_text": Kind("Text of several lines", _WORDS, {"text": "What could we do better?"}),
    "consent": Kind("Consent", _WORDS, {"text": "May we write to you about your answers?"}),
}
MOMENTS: dict[str, Kind] = {
    "event": Kind("After an event on the page", begins={"event": "Order Completed"}),
    "page": Kind("On a page", begins={"delay_s": 5}),
    "leaving": Kind("When leaving the page"),
    "lingering": Kind("When staying long", begins={"seconds": 60}),
    "abandoning": Kind("When giving up a cart or a form"),
    "not_taken": Kind(
        "When a step is not taken",
        begins={"after": "Checkout Started", "step": "Order Completed", "within_s": 1800},
    ),
    "elsewhere": Kind("After something elsewhere: a call, a delivery", begins={"event": "Call Ended"}),
}


def _types(union: Any) -> dict[str, type[msgspec.Struct]]:
    return {str(one.__struct_config__.tag): one for one in get_args(union)}


QUESTION_TYPES = _types(Question)
"""The struct of each kind of question."""
MOMENT_TYPES = _types(AnyMoment)
"""The struct of each kind of moment."""


def blank(kind: str) -> Draft:
    """Begin a new question or moment of a kind, as the form holds it, without an id.

    Raises:
        KeyError: there is no such kind.
    """
    if kind in QUESTIONS:
        begins, type_ = {"type": kind, **QUESTIONS[kind].begins}, QUESTION_TYPES[kind]
    else:
        begins, type_ = {"on": kind, **MOMENTS[kind].begins}, MOMENT_TYPES[kind]
    return draft_of(msgspec.convert({"id": "new", **begins}, type_)) | {"id": ""}
