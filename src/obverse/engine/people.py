"""The people behind a number: which bar of a funnel is meant, and a page of who is behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from obverse.errors import QuestionError, unknown
from obverse.measure.funnel import Funnel
from obverse.measure.funnel_answer import NO_VALUE, OTHER
from obverse.tape.layout import Layout
from obverse.tape.people import Person

Outcome = Literal["converted", "dropped"]


@dataclass(frozen=True)
class PeoplePage:
    """Some of the people behind a number.

    Attributes:
        n: how many there are in all.
        people: those of this page.
    """

    n: int
    people: tuple[Person, ...]


def bits_wanted(n_steps: int, step: int, outcome: str) -> int:
    """Give the depths wanted as bits: bit d for d steps taken.

    Raises:
        QuestionError: there is no such step or outcome.

    >>> bin(bits_wanted(4, 2, "converted")), bin(bits_wanted(4, 2, "dropped"))
    ('0b11100', '0b100')
    """
    if not 1 <= step <= n_steps:
        raise QuestionError(f"step: {step} is not one of the {n_steps} steps")
    if outcome == "dropped":
        if step == n_steps:
            raise QuestionError(f"outcome: nobody drops after the last step, {step}")
        return 1 << step
    if outcome == "converted":
        return (1 << (n_steps + 1)) - (1 << step)
    raise QuestionError(unknown("outcome", outcome, ("converted", "dropped")))


def group_number(question: Funnel, layout: Layout, name: str | None) -> int:
    """Find the number that a scan gives a group of the split; -1 for all groups.

    Raises:
        QuestionError: the funnel has no split, or no such group.
    """
    if name is None:
        return -1
    if question.by is None:
        raise QuestionError(f"group: {name!r} was asked for, but the funnel has no split")
    if name == OTHER:
        return len(layout.labels)
    if name == NO_VALUE:
        return layout.labels.index(None) if None in layout.labels else len(layout.labels) + 1
    if name not in layout.labels:
        raise QuestionError(unknown("group", name, (one for one in layout.labels if one is not None)))
    return layout.labels.index(name)
