"""Controls: what a question looks like, as plain values for the templates: labels, names, what is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from obverse.surveys.checking import OTHER_CHARS, Fields, Scale, bounds, items_of
from obverse.surveys.languages import item_texts
from obverse.surveys.question import (
    OTHER,
    Ces,
    Consent,
    Csat,
    LongText,
    Matrix,
    Multiple,
    Nps,
    Option,
    Question,
    Ranking,
    Rating,
    Seq,
    ShortText,
    Single,
    Sus,
    UmuxLite,
)
from obverse.surveys.sheet import first
from obverse.surveys.survey import Survey
from obverse.surveys.words import said


class Choice(msgspec.Struct, frozen=True):
    """One thing to choose.

    Attributes:
        value: that is sent.
        label: what is seen.
        chosen: it is.
        more: what a screen reader says as well, such as what the end of a scale means.
        mouth: of a face, how far its mouth bends, from -1 to 1.
    """

    value: str
    label: str
    chosen: bool = False
    more: str = ""
    mouth: float = 0.0


class Row(msgspec.Struct, frozen=True):
    """A row of choices with a name of its own."""

    name: str
    label: str
    choices: tuple[Choice, ...]


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """What a question is answered with.

    Attributes:
        look: which template draws it: ``scale``, ``rows``, ``options``, ``ranking``, ``line``, ``lines`` or
            ``tick``.
        name: of its field.
        style: of a scale.
        choices: to choose from.
        rows: of several fields.
        low: what the first choice of a scale means.
        high: what the last one means.
        many: several can be chosen.
        other: label of the text that fills in another option; its choice is the last.
        other_text: what is filled in.
        other_chars: how long it may be.
        text: what is written.
        max_length: how long that may be.
        hint: what else is to know.
    """

    look: str
    name: str
    style: str = "numbers"
    choices: tuple[Choice, ...] = ()
    rows: tuple[Row, ...] = ()
    low: str = ""
    high: str = ""
    many: bool = False
    other: str = ""
    other_text: str = ""
    other_chars: int = OTHER_CHARS
    text: str = ""
    max_length: int = 0
    hint: str = ""


def control(
    survey: Survey, question: Question, fields: Fields, language: str, words: dict[str, str], seed: str
) -> Control:
    """Lay out a question.

    Args:
        survey: that it is of; its translations have the words of items.
        question: with its words in the language and filled.
        fields: what is put in.
        language: of the items.
        words: the form's own.
        seed: orders options that are shuffled: the same seed, the same order.
    """
    name = f"q.{question.id}"
    given = first(fields, name)
    match question:
        case Nps() | Csat() | Ces() | Rating() | Seq():
            return _scale(question, name, given, words)
        case Sus() | UmuxLite():
            texts = item_texts(survey, question, language)
            rows = tuple(
                _item_row(question, f"{name}.{at + 1}", text, fields) for at, text in enumerate(texts)
            )
            return Control(
                look="rows", style="scale", name=name, rows=rows, low=question.low, high=question.high
            )
        case Matrix():
            rows = tuple(_matrix_row(question, f"{name}.{row.id}", row.text, fields) for row in question.rows)
            heads = tuple(Choice(one.id, one.text) for one in question.options)
            return Control(look="rows", style="matrix", name=name, rows=rows, choices=heads)
        case Single() | Multiple():
            return _options(question, name, fields, words, seed)
        case Ranking():
            places = range(1, len(question.options) + 1)
            rows = tuple(_rank_row(f"{name}.{one.id}", one, places, fields) for one in question.options)
            return Control(look="ranking", name=name, rows=rows, hint=words["place"])
        case ShortText():
            return Control(look="line", name=name, text=given, max_length=question.max_length)
        case LongText():
            hint = said(words, "characters", n=question.max_length)
            return Control(look="lines", name=name, text=given, max_length=question.max_length, hint=hint)
        case Consent():
            return Control(look="tick", name=name, choices=(Choice("true", question.agree, given == "true"),))


def _scale(question: Scale, name: str, given: str, words: dict[str, str]) -> Control:
    low, high = bounds(question)
    style = question.style if isinstance(question, Csat | Rating) else "numbers"
    choices = _numbers(low, high, given, question.low, question.high)
    if style != "numbers":
        choices = tuple(
            msgspec.structs.replace(
                one,
                label=said(words, "n_of_m", n=int(one.value), m=high),
                mouth=2 * (int(one.value) - low) / (high - low) - 1,
            )
            for one in choices
        )
    return Control(
        look="scale", name=name, style=style, choices=choices, low=question.low, high=question.high
    )


def _numbers(low: int, high: int, given: str, worst: str, best: str) -> tuple[Choice, ...]:
    ends = {low: worst, high: best}
    return tuple(
        Choice(str(number), str(number), given == str(number), ends.get(number, ""))
        for number in range(low, high + 1)
    )


def _item_row(question: Sus | UmuxLite, name: str, text: str, fields: Fields) -> Row:
    high = items_of(question)[1]
    return Row(name, text, _numbers(1, high, first(fields, name), question.low, question.high))


def _matrix_row(question: Matrix, name: str, text: str, fields: Fields) -> Row:
    given = first(fields, name)
    return Row(name, text, tuple(Choice(one.id, one.text, given == one.id) for one in question.options))


def _rank_row(name: str, option: Option, places: Sequence[int], fields: Fields) -> Row:
    given = first(fields, name)
    return Row(name, option.text, tuple(Choice(str(n), str(n), given == str(n)) for n in places))


def _options(
    question: Single | Multiple, name: str, fields: Fields, words: dict[str, str], seed: str
) -> Control:
    given = set(fields.get(name, ()))
    options = sorted(question.options, key=_shuffle(seed)) if question.shuffled else question.options
    choices = [Choice(one.id, one.text, one.id in given) for one in options]
    if question.other:
        choices.append(Choice(OTHER, question.other, OTHER in given))
    at_most = question.at_most if isinstance(question, Multiple) else None
    return Control(
        look="options",
        name=name,
        choices=tuple(choices),
        many=isinstance(question, Multiple),
        other=question.other,
        other_text=first(fields, f"{name}.{OTHER}"),
        hint=said(words, "most", n=at_most) if at_most is not None else "",
    )


def _shuffle(seed: str) -> Any:
    return lambda option: blake2b(f"{seed} {option.id}".encode(), digest_size=8).digest()
