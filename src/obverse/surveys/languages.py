"""Languages: which of a survey's suits a reader, and its words in that one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from obverse.surveys.items import items
from obverse.surveys.question import Question, Sus, UmuxLite
from obverse.surveys.survey import Survey
from obverse.surveys.words import base

_FIELDS = ("text", "help", "low", "high", "other", "product", "agree")
"""A question's fields that are words."""
_MAX_WANTED = 20
_RANGE = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")


def languages(survey: Survey) -> tuple[str, ...]:
    """Give the languages that a survey can be read in, its own first."""
    return (survey.language, *(one for one in survey.translations if one != survey.language))


def wanted(accept_language: str) -> list[str]:
    """Read an Accept-Language header field: languages, those preferred first (RFC 9110).

    >>> wanted("de-AT, en;q=0.5, fr;q=0.8, *;q=0.1")
    ['de-AT', 'fr', 'en']
    """
    found: list[tuple[float, int, str]] = []
    for at, one in enumerate(accept_language.split(",")[:_MAX_WANTED]):
        parts = _RANGE.fullmatch(one)
        quality = float(parts[2] or 1) if parts else 0.0
        if parts and parts[1] != "*" and 0 < quality <= 1:
            found.append((-quality, at, parts[1]))
    return [name for _, _, name in sorted(found)]


def negotiate(have: Sequence[str], asked: Iterable[str]) -> str:
    """Choose a language: the first that is asked for and there, else the first that is there.

    A region that is not there gives way to the language, and a language to one of its regions.

    >>> negotiate(["en", "pt-BR"], ["fr", "pt"])
    'pt-BR'
    """
    for one in asked:
        exact = (name for name in have if name.lower() == one.lower())
        near = (name for name in have if base(name) == base(one))
        found = next(exact, None) or next(near, None)
        if found is not None:
            return found
    return have[0]


def localized(survey: Survey, language: str) -> Survey:
    """Give a survey with its words in a language; what is not translated stays as it is."""
    there = survey.translations.get(language, {})
    if language == survey.language or not there:
        return survey
    return msgspec.structs.replace(
        survey,
        intro=there.get("intro", survey.intro),
        thanks=there.get("thanks", survey.thanks),
        questions=tuple(_question(question, there) for question in survey.questions),
    )


def _question(question: Question, there: dict[str, str]) -> Question:
    changed: dict[str, Any] = {}
    for field in _FIELDS:
        if hasattr(question, field) and f"{question.id}.{field}" in there:
            changed[field] = there[f"{question.id}.{field}"]
    for field in ("options", "rows"):
        if hasattr(question, field):
            changed[field] = tuple(
                msgspec.structs.replace(one, text=there.get(f"{question.id}.{one.id}", one.text))
                for one in getattr(question, field)
            )
    return msgspec.structs.replace(question, **changed)


def item_texts(survey: Survey, question: Sus | UmuxLite, language: str) -> tuple[str, ...]:
    """Give the words of a question's items in a language, the standard ones where it has none."""
    there = survey.translations.get(language, {})
    return tuple(there.get(f"{question.id}.{at + 1}", text) for at, text in enumerate(items(question)))
