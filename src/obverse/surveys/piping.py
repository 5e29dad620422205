"""Piping: fills what was answered, and what happened, into words.

The result is plain text; whoever puts it into a page escapes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from obverse.surveys.question import OTHER, Matrix, Question, Value
from obverse.surveys.survey import Survey

_PLACE = re.compile(r"\{(answers|event)\.([^{}|]+)(?:\|([^{}]*))?\}")
_MAX_CHARS = 200
"""Of what is filled in: an answer of ten thousand characters makes no question."""


def filler(
    survey: Survey,
    answers: Mapping[str, Value],
    others: Mapping[str, str],
    event: Mapping[str, str | float | bool],
) -> Callable[[str], str]:
    """Make what fills a text.

    Args:
        survey: whose questions are named, in the language that is wanted.
        answers: by question.
        others: what was filled in, by question.
        event: properties of the event that called for the survey.
    """
    questions = {question.id: question for question in survey.questions}

    def word(found: re.Match[str]) -> str:
        kind, name, instead = found[1], found[2].strip(), found[3] or ""
        if kind == "event":
            value = event.get(name)
            said = "" if value is None else _plain(value)
        else:
            question = questions.get(name)
            said = said_in(question, answers.get(name), others.get(name, "")) if question else ""
        return said[:_MAX_CHARS] or instead

    return lambda text: _PLACE.sub(word, text)


def said_in(question: Question, value: Value | None, other: str = "") -> str:
    """Say an answer in the question's own words.

    >>> from obverse.surveys.question import Option, Single
    >>> said_in(Single(id="q", text="Why?", options=(Option("price", "The price"),)), "price")
    'The price'
    """
    texts = {option.id: option.text for option in getattr(question, "options", ())}
    texts[OTHER] = other or texts.get(OTHER) or getattr(question, "other", "")
    if value is None:
        return ""
    if isinstance(value, dict):
        rows = {row.id: row.text for row in question.rows} if isinstance(question, Matrix) else {}
        return "; ".join(f"{rows.get(row, row)}: {texts.get(one, one)}" for row, one in value.items())
    if isinstance(value, list):
        return ", ".join(texts.get(one, one) if isinstance(one, str) else _plain(one) for one in value)
    return texts.get(value, value) if isinstance(value, str) else _plain(value)


def _plain(value: str | float | bool | None) -> str:
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return "" if value is None else str(value)
