"""Checking: an answer, from a form's fields or from JSON, against its question.

A form's fields are named ``q.QUESTION``, and ``q.QUESTION.PART`` where an answer has parts: ``other`` for
what is filled in, a row's id, an option's id for its place in a ranking, an item's number from 1. `read`
turns them into the JSON that `check` takes; `spell` is the way back, for a form that shows an answer again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from obverse.errors import ObverseError
from obverse.surveys.question import (
    OTHER,
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

Fields = Mapping[str, Sequence[str]]
"""A form's fields as sent: all values of each name."""
Scale = Nps | Csat | Ces | Rating | Seq
"""Questions answered with one number."""

OTHER_CHARS = 500
"""The longest text that the option takes that is filled in."""
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class AnswerError(ObverseError):
    """An answer breaks its question's rule.

    Attributes:
        question: id of the question.
        rule: which one: ``required``, ``number``, ``choice``, ``at_most``, ``ranks``, ``too_long``, ``items``
            or ``consent``.
        numbers: of the rule: ``low`` and ``high``, or ``n``.
    """

    status = 422
    code = "wrong_answer"

    def __init__(self, question: str, rule: str, detail: str, **numbers: int) -> None:
        super().__init__(f"answers.{question}: {detail}")
        self.question = question
        self.rule = rule
        self.numbers = numbers


def bounds(question: Scale) -> tuple[int, int]:
    """Give the lowest and the highest number of a scale."""
    match question:
        case Nps():
            return 0, 10
        case Seq():
            return 1, 7
        case _:
            return 1, question.points


def items_of(question: Sus | UmuxLite) -> tuple[int, int]:
    """Give how many items there are, and the highest number of each; the lowest is 1."""
    return (10, 5) if isinstance(question, Sus) else (2, 7)


def check(question: Question, value: object) -> Value | None:
    """Check an answer.

    Args:
        question: that it answers.
        value: as JSON has it; None for no answer.

    Returns:
        The answer in its one spelling (choices in the order of the options, texts without blanks around
        them); None where there is none.

    Raises:
        AnswerError: it breaks a rule.
    """
    clean = None if value is None else _clean(question, value)
    if question.required:
        _check_complete(question, clean)
    return clean


def check_other(question: Question, value: Value | None, text: object) -> str:
    """Check what was filled in; empty unless `OTHER` is part of the answer.

    Raises:
        AnswerError: it is no text, or too long.
    """
    chosen = value == OTHER or (isinstance(question, Multiple) and isinstance(value, list) and OTHER in value)
    if not chosen or text is None or not getattr(question, "other", ""):
        return ""
    return _text(question, text, OTHER_CHARS, lines=False) or ""


def _check_complete(question: Question, value: Value | None) -> None:
    if isinstance(question, Consent):
        if value is not True:
            raise AnswerError(question.id, "consent", "has to be agreed to")
    elif value is None:
        raise AnswerError(question.id, "required", "an answer is required")
    elif (isinstance(question, Sus | UmuxLite) and isinstance(value, list) and None in value) or (
        isinstance(question, Matrix) and isinstance(value, dict) and len(value) < len(question.rows)
    ):
        raise AnswerError(question.id, "items", "each row needs an answer")


def _clean(question: Question, value: object) -> Value | None:
    match question:
        case Nps() | Csat() | Ces() | Rating() | Seq():
            return _number(question, value, *bounds(question))
        case Sus() | UmuxLite():
            return _items(question, value)
        case Single():
            return _choice(question, value, _choices(question))
        case Multiple():
            return _several(question, value)
        case Matrix():
            return _rows(question, value)
        case Ranking():
            return _order(question, value)
        case ShortText() | LongText():
            return _text(question, value, question.max_length, lines=isinstance(question, LongText))
        case Consent():
            if not isinstance(value, bool):
                raise AnswerError(question.id, "choice", f"{value!r:.60} is neither true nor false")
            return value


def _number(question: Question, value: object, low: int, high: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    detail = f"{value!r:.60} is no whole number from {low} to {high}"
    raise AnswerError(question.id, "number", detail, low=low, high=high)


def _items(question: Sus | UmuxLite, value: object) -> list[int | None] | None:
    n, high = items_of(question)
    if not isinstance(value, list) or len(value) != n:
        raise AnswerError(question.id, "items", f"has to be a list of {n} numbers, null for one left out")
    found = [None if one is None else _number(question, one, 1, high) for one in value]
    return found if any(one is not None for one in found) else None


def _choices(question: Single | Multiple) -> list[str]:
    ids = [option.id for option in question.options]
    return [*ids, OTHER] if question.other and OTHER not in ids else ids


def _choice(question: Question, value: object, choices: Collection[str]) -> str:
    if not isinstance(value, str) or value not in choices:
        detail = f"{value!r:.60} is none of {', '.join(list(choices)[:20])}"
        raise AnswerError(question.id, "choice", detail)
    return value


def _several(question: Multiple, value: object) -> list[str] | None:
    if not isinstance(value, list):
        raise AnswerError(question.id, "choice", f"{value!r:.60} is no list of options")
    choices = _choices(question)
    chosen = {_choice(question, one, choices) for one in value}
    if question.at_most is not None and len(chosen) > question.at_most:
        detail = f"{len(chosen)} are chosen, at most {question.at_most} may be"
        raise AnswerError(question.id, "at_most", detail, n=question.at_most)
    return [one for one in choices if one in chosen] or None


def _rows(question: Matrix, value: object) -> dict[str, str] | None:
    if not isinstance(value, dict):
        raise AnswerError(question.id, "choice", f"{value!r:.60} is no object of options by row")
    choices = [option.id for option in question.options]
    rows = [row.id for row in question.rows]
    for row in value:
        _choice(question, row, rows)
    return {row: _choice(question, value[row], choices) for row in rows if row in value} or None


def _order(question: Ranking, value: object) -> list[str]:
    ids = [option.id for option in question.options]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise AnswerError(question.id, "ranks", f"{value!r:.60} is no list of options", n=len(ids))
    if sorted(value) != sorted(ids):
        raise AnswerError(question.id, "ranks", f"has to name each of {', '.join(ids)} once", n=len(ids))
    return list(value)


def _text(question: Question, value: object, max_length: int, *, lines: bool) -> str | None:
    if not isinstance(value, str):
        raise AnswerError(question.id, "choice", f"{value!r:.60} is no text")
    text = _UNSEEN.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    text = text.strip() if lines else " ".join(text.split())
    if len(text) > max_length:
        detail = f"has {len(text)} characters, the limit is {max_length}"
        raise AnswerError(question.id, "too_long", detail, n=max_length)
    return text or None


def read(question: Question, fields: Fields) -> tuple[object, str]:
    """Read an answer out of a form's fields, as `check` takes it, and what was filled in.

    What cannot be read is left as it is, for `check` to refuse.
    """
    name = f"q.{question.id}"
    first = _first(fields, name)
    other = _first(fields, f"{name}.{OTHER}")
    match question:
        case Nps() | Csat() | Ces() | Rating() | Seq():
            return _maybe_number(first), ""
        case Sus() | UmuxLite():
            parts = [_maybe_number(_first(fields, f"{name}.{at + 1}")) for at in range(items_of(question)[0])]
            return parts, ""
        case Single():
            return first or (OTHER if other.strip() and question.other else None), other
        case Multiple():
            chosen = [one for one in fields.get(name, ()) if one]
            if other.strip() and question.other and OTHER not in chosen:
                chosen.append(OTHER)
            return chosen, other
        case Matrix():
            rows = {row.id: _first(fields, f"{name}.{row.id}") for row in question.rows}
            return {row: chosen for row, chosen in rows.items() if chosen}, ""
        case Ranking():
            return _read_ranks(question, fields), ""
        case ShortText() | LongText():
            return first, ""
        case Consent():
            return first == "true", ""


def _read_ranks(question: Ranking, fields: Fields) -> object:
    """Read the place of each option; options in order, or None where no place was given."""
    places = {one.id: _first(fields, f"q.{question.id}.{one.id}") for one in question.options}
    if not any(places.values()):
        return None
    wanted = [str(at + 1) for at in range(len(places))]
    if sorted(places.values()) != sorted(wanted):
        return []
    return sorted(places, key=lambda one: int(places[one]))


def _first(fields: Fields, name: str) -> str:
    return next(iter(fields.get(name, ())), "")


def _maybe_number(text: str) -> int | str | None:
    if text.isascii() and text.isdigit() and len(text) <= 3:
        return int(text)
    return text or None


def spell(question: Question, value: Value | None, other: str = "") -> dict[str, list[str]]:
    """Spell a checked answer as the fields of the form that gives it."""
    name = f"q.{question.id}"
    if value is None:
        return {}
    fields: dict[str, list[str]] = {f"{name}.{OTHER}": [other]} if other else {}
    if isinstance(question, Ranking) and isinstance(value, list):
        return {f"{name}.{one}": [str(at + 1)] for at, one in enumerate(value)}
    if isinstance(question, Sus | UmuxLite) and isinstance(value, list):
        return {f"{name}.{at + 1}": [str(one)] for at, one in enumerate(value) if one is not None}
    if isinstance(value, dict):
        return {f"{name}.{row}": [one] for row, one in value.items()}
    if isinstance(value, bool):
        return {name: ["true"]} if value else {}
    return fields | {name: _texts(value if isinstance(value, list) else [value])}


def _texts(values: Iterable[object]) -> list[str]:
    return [str(one) for one in values]
