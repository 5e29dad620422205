"""A funnel's steps as one line of text, for the command line and for addresses of pages.

    Product Viewed [properties.price > 50] > Product Added > Checkout Started or Cart Viewed as Near > *

Steps stand between ` > `; alternatives between ` or `; a filter in square brackets; a step's own name after
` as `; `*` is any event. A name of an event that would be misread stands in double quotes, a double quote
within it doubled: `"Plan > Upgrade"`.
"""

from __future__ import annotations

import re
from typing import NoReturn

import msgspec

from obverse.errors import QuestionError

ANY_EVENT = "*"
_JOINT = r"(?:>|or|as)"
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_BARE = re.compile(
    rf'(?!{_JOINT}(?:\s|$))[^\s"\[\]](?:[^"\[\]]*?[^\s"\[\]])??(?=\s+{_JOINT}(?:\s|$)|\s*\[|\s*$)'
)
_NEXT = re.compile(rf"\s+({_JOINT})\s+|\s*(\[)|\s*($)")
_FILTER_PART = re.compile(r"""'[^']*'|"[^"]*"|[^\[\]'"]+|\[|\]""")


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step of a funnel.

    Attributes:
        events: names of events, any of which takes the step; empty for any event at all.
        where: filter on those events (`obverse.tape.expression`).
        name: what to call the step; the names of its events by default.
    """

    events: tuple[str, ...] = ()
    where: str | None = None
    name: str | None = None

    @property
    def label(self) -> str:
        """What to call the step."""
        return self.name or " or ".join(self.events) or "any event"


def parse_steps(text: str) -> tuple[Step, ...]:
    """Read steps from their text.

    Raises:
        QuestionError: with the column at which it cannot be read.

    >>> [step.label for step in parse_steps("A > B or C [value > 5] as Paid")]
    ['A', 'Paid']
    """
    reader = _Reader(text)
    steps = [reader.step()]
    while reader.joint == ">":
        steps.append(reader.step())
    return tuple(steps)


def spell_steps(steps: tuple[Step, ...]) -> str:
    """Write steps as text that `parse_steps` reads back.

    >>> spell_steps((Step(events=("A > B",)), Step(events=("C", "D"), where="value > 5")))
    '"A > B" > C or D [value > 5]'
    """
    return " > ".join(_spell(step) for step in steps)


class _Reader:
    """Reads a text from left to right; `joint` is what stood after the last thing read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = len(text) - len(text.lstrip())
        self.joint = ""

    def step(self) -> Step:
        if self.text.startswith(ANY_EVENT, self.at) and _NEXT.match(self.text, self.at + 1):
            self.at += 1
            events: list[str] = []
            self._join()
        else:
            events = [self._name()]
            while self.joint == "or":
                events.append(self._name())
        where = self._filter() if self.joint == "[" else None
        name = self._name() if self.joint == "as" else None
        if self.joint not in (">", ""):
            self._refuse(f"{self.joint!r} is out of place")
        return Step(events=tuple(events), where=where, name=name)

    def _name(self) -> str:
        if found := _QUOTED.match(self.text, self.at):
            name = found[1].replace('""', '"')
        elif found := _BARE.match(self.text, self.at):
            name = found[0]
        else:
            self._refuse("an event's name is missing; put double quotes around an unusual one")
        self.at = found.end()
        self._join()
        return name

    def _filter(self) -> str:
        depth, start = 1, self.at
        while depth:
            part = _FILTER_PART.match(self.text, self.at)
            if not part:
                self._refuse("a filter or a quote is not closed")
            depth += {"[": 1, "]": -1}.get(part[0], 0)
            self.at = part.end()
        where = self.text[start : self.at - 1].strip()
        if not where:
            self._refuse("the filter is empty")
        self._join()
        return where

    def _join(self) -> None:
        found = _NEXT.match(self.text, self.at)
        if not found:
            self._refuse("expected ' > ', ' or ', ' as ', a filter in [ ] or the end")
        self.joint = found[1] or found[2] or ""
        self.at = found.end()

    def _refuse(self, why: str) -> NoReturn:
        raise QuestionError(f"steps: {why}, at column {self.at + 1} of {self.text!r}")


def _spell(step: Step) -> str:
    text = " or ".join(_spell_name(event) for event in step.events) or ANY_EVENT
    if step.where is not None:
        text += f" [{step.where}]"
    if step.name is not None:
        text += f" as {_spell_name(step.name)}"
    return text


def _spell_name(name: str) -> str:
    whole = _BARE.match(name)
    if whole and whole[0] == name != ANY_EVENT:
        return name
    return '"' + name.replace('"', '""') + '"'


def can_spell(where: str) -> bool:
    """Say whether a filter can stand in square brackets: its quotes and brackets are closed."""
    try:
        return _Reader("x [" + where + "]").step().where == where
    except QuestionError:
        return False
