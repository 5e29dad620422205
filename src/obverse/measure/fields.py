"""The kinds of fields that questions are made of, so that pages and the command line can ask for each.

A field's type says what it holds; its `widget` says how a person fills it in. What it means stands in the
question's docstring, under ``Attributes``, and nowhere else: `field_help` reads it from there.
"""

from __future__ import annotations

import inspect
import re
from functools import lru_cache
from typing import Annotated

import msgspec

from obverse.errors import QuestionError
from obverse.measure.funnel_text import Step, can_spell, parse_steps
from obverse.measure.question import duration_us
from obverse.tape.layout import Selection


def _widget(name: str) -> msgspec.Meta:
    return msgspec.Meta(extra={"widget": name})


Events = Annotated[str, _widget("events")]
"""Which events, as text: ``Product Viewed [properties.price > 50] or Cart Viewed``; ``*`` for any."""

Condition = Annotated[str, _widget("condition")]
"""An expression that events must pass: ``country = 'DE' and properties.price > 50``."""

FieldName = Annotated[str, _widget("field")]
"""A field or expression whose value is read: ``context.device.type``, ``properties.price``."""

Duration = Annotated[str, _widget("duration")]
"""A number and ms, s, m, h, d or w: ``30m``, ``7d``."""

Day = Annotated[str, _widget("day")]
"""A day or an instant: ``2026-03-01``, ``2026-03-01T12:00``."""

Zone = Annotated[str, _widget("zone")]
"""The name of a time zone: ``Europe/Berlin``."""

_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*?)(?=^ {4}\w+: |^\S|\Z)", re.MULTILINE | re.DOTALL)


def selection(text: str, field: str, everywhere: str | None = None) -> Selection:
    """Read which events are meant.

    Args:
        text: names, alternatives between `` or ``, a filter in square brackets; ``*`` for any event.
        field: name of the question's field, for the message.
        everywhere: a filter that all events of the question must pass as well; None for none.

    Raises:
        QuestionError: it cannot be read, or has several steps.

    >>> selection("A or B [value > 5]", "first", "country = 'DE'").where
    "(country = 'DE') and (value > 5)"
    """
    step = one_step(text, field)
    filters = [one for one in (everywhere, step.where) if one is not None]
    joined = " and ".join(map(enclosed, filters)) if len(filters) > 1 else None
    return Selection(step.events, joined or (filters[0] if filters else None))


@lru_cache(maxsize=256)
def enclosed(where: str) -> str:
    """Put a filter in parentheses, to stand among others.

    It is read by itself first, so what is wrong with it is said of what was typed, and its own parentheses
    cannot reach beyond it.

    Raises:
        QuestionError: it is no condition.

    >>> enclosed("country = 'DE' or value > 5")
    "(country = 'DE' or value > 5)"
    """
    from obverse.tape.expression import parse  # the parser takes long to import, and most questions need none

    parse(where)
    return f"({where})"


def one_step(text: str, field: str) -> Step:
    """Read one selection of events with its own name, as a funnel's step is written.

    Raises:
        QuestionError: it cannot be read, or has several steps.
    """
    try:
        steps = parse_steps(text)
    except QuestionError as error:
        raise QuestionError(str(error).replace("steps:", f"{field}:", 1)) from None
    if len(steps) != 1:
        raise QuestionError(f"{field}: {text!r} has {len(steps)} steps; name alternatives with ' or '")
    return steps[0]


def check_filter(where: str | None, field: str = "where") -> None:
    """Refuse a filter that is blank or has an open quote or bracket.

    Raises:
        QuestionError: it is.
    """
    if where is not None and not can_spell(where):
        raise QuestionError(
            f"{field}: {where!r} is blank, begins or ends blank, or has an open quote or bracket"
        )


def check_duration(text: str, field: str, least: str = "1ms", most: str = "7305d") -> int:
    """Read a duration in µs.

    Raises:
        QuestionError: it is none, or out of range.
    """
    found = duration_us(text, field)
    if not duration_us(least, field) <= found <= duration_us(most, field):
        raise QuestionError(f"{field}: {text!r} is not between {least} and {most}")
    return found


def check_number(number: int, field: str, least: int, most: int) -> None:
    """Refuse a number that is out of range.

    Raises:
        QuestionError: it is.
    """
    if not least <= number <= most:
        raise QuestionError(f"{field}: {number} is not between {least} and {most}")


def field_help(question: type[msgspec.Struct]) -> dict[str, str]:
    """Say what each field of a question, or of any struct, means, from its docstring and those of its bases.

    >>> from obverse.measure.question import Question
    >>> field_help(Question)["segment"]
    'name of a saved segment: only its people count; None for everyone.'
    """
    found: dict[str, str] = {}
    for one in reversed(question.__mro__):
        _, _, attributes = inspect.cleandoc(one.__dict__.get("__doc__") or "").partition("Attributes:\n")
        found |= {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(attributes)}
    return {name: found[name] for name in question.__struct_fields__ if name in found}
