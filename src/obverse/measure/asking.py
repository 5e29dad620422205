"""How each field of a question is asked for: what it holds, what may stand in it, what it is unless told.

Read from the question's own types, so that pages and the command line need not know any measure. What a
person types is text; `question_from` makes the question of it and says at which field it is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import inspect

from obverse.errors import QuestionError, unknown
from obverse.measure.fields import field_help
from obverse.measure.question import Question

Kind = Literal["text", "choice", "whole", "number", "yes", "other"]
Q = TypeVar("Q", bound=Question)

_FIELD = re.compile(r"\$\.(\w+)")
_NAMED = re.compile(r"(\w+)(?:\[\d+\])?(?: \d+)?(?:, \w+)?:")


@dataclass(frozen=True)
class FieldSpec:
    """One field of a question.

    Attributes:
        name: as JSON, addresses and flags spell it.
        kind: what it holds: text, one of some choices, a whole number, a number, yes or no; ``other`` is what
            only JSON can spell.
        widget: what the text is: ``events``, ``condition``, ``field``, ``duration``, ``day``, ``zone``,
            ``segment``; empty for plain text.
        help: what it means.
        choices: what it may be, where it is a choice.
        several: it holds any number of these.
        required: it has no default.
        optional: it may be left empty.
        default: what it is unless told, as text; one for each where it holds several.
        own: the measure's own field, not one that it shares with others.
    """

    name: str
    kind: Kind
    widget: str
    help: str
    choices: tuple[str, ...]
    several: bool
    required: bool
    optional: bool
    default: tuple[str, ...]
    own: bool

    @property
    def flag(self) -> str:
        """Its name as a flag of the command line has it."""
        return self.name.replace("_", "-")

    @property
    def positional(self) -> bool:
        """Whether the command line takes it without a flag: what a question cannot do without.

        Those are events, and texts that have no default.
        """
        needed = self.required or (self.several and self.widget == "events")
        return self.own and self.kind == "text" and self.widget in ("", "events") and needed


@lru_cache(maxsize=128)
def fields_of(question: type[Question]) -> tuple[FieldSpec, ...]:
    """List the fields of a question, its own first, as they are declared."""
    info = inspect.type_info(question)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - every question is a struct
    help_of = field_help(question)
    own = set(question.__annotations__)
    hints = get_type_hints(question, include_extras=True)
    specs = [
        _spec(field, help_of.get(field.name, ""), field.name in own, choices_of(hints[field.name]))
        for field in info.fields
    ]
    return tuple(sorted(specs, key=lambda spec: not spec.own))


def choices_of(hint: Any) -> tuple[str, ...]:
    """List the choices of a type in the order in which they are declared."""
    if get_origin(hint) is Literal:
        return tuple(str(one) for one in get_args(hint))
    return next((found for one in get_args(hint) if (found := choices_of(one))), ())


def _spec(field: inspect.Field, help_text: str, own: bool, choices: tuple[str, ...]) -> FieldSpec:
    found, optional, several, widget = field.type, False, False, ""
    while True:
        if isinstance(found, inspect.Metadata):
            widget, found = (found.extra or {}).get("widget", widget), found.type
        elif isinstance(found, inspect.UnionType):
            optional = found.includes_none
            (found, *_) = (one for one in found.types if not isinstance(one, inspect.NoneType))
        elif isinstance(found, inspect.VarTupleType):
            several, found = True, found.item_type
        else:
            break
    default = () if field.required or field.default is msgspec.NODEFAULT else as_texts(field.default)
    return FieldSpec(
        field.encode_name,
        _kind(found),
        widget,
        help_text,
        choices,
        several,
        field.required,
        optional,
        default,
        own,
    )


def _kind(found: inspect.Type) -> Kind:
    kinds: tuple[tuple[type[inspect.Type], Kind], ...] = (
        (inspect.LiteralType, "choice"),
        (inspect.StrType, "text"),
        (inspect.BoolType, "yes"),
        (inspect.IntType, "whole"),
        (inspect.FloatType, "number"),
    )
    return next((kind for one, kind in kinds if isinstance(found, one)), "other")


def as_texts(value: Any) -> tuple[str, ...]:
    """Write a field's value as text, one for each where there are several.

    >>> as_texts(None), as_texts(True), as_texts((1, 2.5))
    ((), ('true',), ('1', '2.5'))
    """
    if value is None:
        return ()
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, list | tuple):
        return tuple(text for one in value for text in as_texts(one))
    return (str(value),)


def texts_of(question: Question) -> dict[str, tuple[str, ...]]:
    """Write a question as text, field by field; what has its default is left out."""
    values = {spec.name: as_texts(getattr(question, spec.name)) for spec in fields_of(type(question))}
    return {
        spec.name: values[spec.name]
        for spec in fields_of(type(question))
        if values[spec.name] != spec.default
    }


def question_from(question: type[Q], texts: Mapping[str, Sequence[str]]) -> Q:
    """Make a question of text.

    Args:
        question: its type.
        texts: for each field that was given what was typed; blank is as if it was not, except in a field that
            may be empty and is not so by default.

    Raises:
        QuestionError: a field is unknown, missing or wrong; the message begins with its name.
    """
    specs = {spec.name: spec for spec in fields_of(question)}
    if wrong := [name for name in texts if name not in specs]:
        raise QuestionError(unknown("field", wrong[0], specs))
    given: dict[str, Any] = {"type": question.__struct_config__.tag}
    for name, spec in specs.items():
        typed = [text.strip() for text in texts.get(name, ()) if text.strip()]
        if typed:
            given[name] = typed if spec.several else _whole(typed[-1], spec)
        elif name in texts and spec.optional and spec.default:
            given[name] = None
        elif spec.required:
            raise QuestionError(f"{name}: nothing is given; it is {spec.help or 'needed'}")
    try:
        return msgspec.convert(given, question, strict=False)
    except msgspec.ValidationError as error:
        raise QuestionError(_worded(str(error), given)) from error


def _whole(text: str, spec: FieldSpec) -> str:
    """Check a number here, where the message can say what was typed."""
    if spec.kind == "whole" and not re.fullmatch(r"[+-]?\d{1,15}", text):
        raise QuestionError(f"{spec.name}: {text!r} is not a whole number")
    if spec.kind == "choice" and text not in spec.choices:
        raise QuestionError(f"{spec.name}: {text!r} is none of {', '.join(spec.choices)}")
    return text


def _worded(message: str, given: Mapping[str, Any]) -> str:
    """Begin a message of the decoder with the field's name."""
    found = _FIELD.search(message)
    if not found:
        return message
    return f"{found[1]}: {message.split(' - at ')[0]}, got {given.get(found[1])!r}"


def field_of(message: str, question: type[Question]) -> str | None:
    """Say which field a message is about; None where it names none.

    >>> from obverse.measure.overview import Overview
    >>> field_of("grain: 'x' is none of day, week, month", Overview)
    'grain'
    """
    names = {spec.name for spec in fields_of(question)}
    for pattern in (_NAMED, _FIELD):
        found = pattern.match(message) or (pattern.search(message) if pattern is _FIELD else None)
        if found and found[1] in names:
            return found[1]
    return None
