"""How the builder asks for each part of a survey: a field for every attribute of the structs it is made of.

What a field means stands in the struct's docstring; what it is called, here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_type_hints

import msgspec
from msgspec import inspect

from obverse.measure.asking import choices_of
from obverse.measure.fields import field_help
from obverse.web.pages.surveys.draft import DURATIONS, PERCENTS, SEVERAL, Draft, Problems

Control = Literal["line", "text", "number", "tick", "choice", "several", "day", "colour"]

_LABELS = {
    "agree": "What one agrees to",
    "at_least": "is at least",
    "at_most": "At most so many",
    "a_day": "At most so many a day",
    "after": "After this event",
    "after_days": "Days between two times",
    "anonymous": "Anonymous: answers keep no link to the person",
    "any_of": "was one of",
    "contains": "contains",
    "none_of": "was none of",
    "delay_s": "Wait before asking",
    "element": "CSS selector of the element",
    "ends": "To before",
    "help": "A line below it",
    "high": "Words at the high end",
    "id": "Name in answers",
    "intro": "Before the first question",
    "low": "Words at the low end",
    "max_length": "At most so many characters",
    "other": "An option to fill in",
    "page": "Only on pages like",
    "product": "What “the system” is called",
    "required": "An answer is needed",
    "rests": "Keep to the rest period between any two surveys",
    "scheme": "Light or dark",
    "seconds": "In view for",
    "share": "Share of these people, in per cent",
    "shuffled": "In another order for each person",
    "starts": "From",
    "step": "This step was not taken",
    "style": "Shown as",
    "text": "Question",
    "thanks": "After the last question",
    "touchpoint": "Touchpoint that the answers are about",
    "wanted": "Answers wanted in all",
    "where": "Only where",
    "within_s": "Within",
}
_CHOICES = {
    "api": "Through the API",
    "auto": "As the reader's device says",
    "cart": "a cart",
    "form": "a form",
    "kiosk": "On a device that stands there",
    "link": "At an address of its own",
    "once": "once, never again",
    "page": "Over a page",
    "phone": "Read out by an agent",
    "until_answered": "until they answer",
    "always": "again and again",
}
_ANSWERED = {"": "", "on": "was answered", "no": "was left out"}
_ON = {
    "branches.at_most": "is at most",
    "branches.answered": "or",
    "branches.to": "then go to",
    "moments.event": "Event",
    "moments.id": "Name in answers",
}
_ROWS = frozenset({"text", "thanks", "agree"})
_LISTED = {"event": "events", "after": "events", "step": "events", "segment": "segments"}


@dataclass(frozen=True)
class Choice:
    """Something to choose."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Field:
    """A field of the form.

    Attributes:
        path: its name.
        name: the last part of it.
        label: what it is called.
        control: what one fills in.
        value: what was filled in.
        choices: what may be chosen.
        hint: what it means.
        problem: what is wrong with it.
        limits: attributes of the control that hold it: ``min``, ``max``, ``step``, ``maxlength``.
        list: id of the list of names that it proposes.
    """

    path: str
    name: str
    label: str
    control: Control
    value: str
    choices: tuple[Choice, ...]
    hint: str
    problem: str
    limits: tuple[tuple[str, str], ...]
    list: str

    @property
    def key(self) -> str:
        """Its id in the page."""
        return f"f-{self.path.replace('.', '-').replace(':', '-')}"


@lru_cache(maxsize=64)
def _inspected(struct: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - that is what it was asked for
    return info.fields


def fields_of(
    struct: type[msgspec.Struct],
    draft: Draft,
    path: str,
    problems: Problems,
    names: Iterable[str] | None = None,
    hints: bool = False,
    options: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[Field, ...]:
    """Ask for the plain attributes of a struct.

    Args:
        struct: what is asked for.
        draft: what was filled in.
        path: where the struct stands, with a dot at its end unless it is the survey.
        problems: what is wrong, by path.
        names: which attributes, in this order; all that are plain unless given.
        hints: say what each means.
        options: what may be chosen for a field, by its name, where the struct does not say.
    """
    known = {one.name: one for one in _inspected(struct)}
    hinted = get_type_hints(struct, include_extras=True)
    help_of = field_help(struct) if hints else {}
    made = []
    for name in names if names is not None else known:
        control, limits = _control(name, known[name].type)
        if control is None:
            continue
        chosen = _chosen(draft.get(name, ""))
        given = _ANSWERED if name == "answered" else (options or {}).get(name, {})
        labels = {one: _CHOICES.get(one, one.replace("-", " ")) for one in choices_of(hinted[name])} | dict(
            given
        )
        if labels and control != "several":
            control = "choice"
        made.append(
            Field(
                path=f"{path}{name}",
                name=name,
                label=_called(name, path),
                control=control,
                value="" if isinstance(draft.get(name), list | dict) else str(draft.get(name, "") or ""),
                choices=tuple(Choice(one, text, one in chosen) for one, text in labels.items()),
                hint=help_of.get(name, ""),
                problem=problems.get(f"{path}{name}", ""),
                limits=limits,
                list=_LISTED.get(name, ""),
            )
        )
    return tuple(made)


def _chosen(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (str(value),)


def _called(name: str, path: str) -> str:
    kind = path.rstrip(".").rpartition(".")[0].rpartition(".")[2]
    found = _ON.get(f"{kind}.{name}") or _LABELS.get(name)
    return found or name.replace("_", " ").capitalize()


Limits = tuple[tuple[str, str], ...]


def _control(name: str, found: inspect.Type) -> tuple[Control | None, Limits]:
    """Say how a type is asked for; None for what has a form of its own."""
    while isinstance(found, inspect.Metadata | inspect.UnionType):
        if isinstance(found, inspect.Metadata):
            found = found.type
        else:
            found = next(one for one in found.types if not isinstance(one, inspect.NoneType))
    if name in SEVERAL:
        return "several", ()
    if isinstance(found, inspect.BoolType):
        return "tick", ()
    if isinstance(found, inspect.LiteralType):
        return "choice", ()
    if name in PERCENTS:
        return "number", (("min", "0.1"), ("max", "100"), ("step", "any"))
    if name in DURATIONS:
        return "line", (("maxlength", "20"),)
    if isinstance(found, inspect.IntType | inspect.FloatType):
        ends = {"min": found.ge, "max": found.le}
        kept = ((key, f"{value:g}") for key, value in ends.items() if value is not None)
        return "number", (*kept, ("step", "1" if isinstance(found, inspect.IntType) else "any"))
    if not isinstance(found, inspect.StrType):
        return None, ()
    longest = (("maxlength", str(found.max_length)),) if found.max_length else ()
    return "colour" if name == "accent" else "text" if name in _ROWS else "line", longest
