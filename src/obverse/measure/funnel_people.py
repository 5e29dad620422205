"""Which bar of a funnel is meant, as its scan knows it: depths as bits, groups as numbers."""

from __future__ import annotations

from obverse.errors import QuestionError, unknown
from obverse.measure.funnel_answer import NO_VALUE, OTHER
from obverse.measure.funnel_question import Funnel
from obverse.tape.layout import Layout


def bits_wanted(n_steps: int, step: str, outcome: str) -> int:
    """Give the depths wanted as bits: bit d for d steps taken.

    Raises:
        QuestionError: there is no such step or outcome.

    >>> bin(bits_wanted(4, "2", "converted")), bin(bits_wanted(4, "2", "dropped"))
    ('0b11100', '0b100')
    """
    if not (step.isdecimal() and 1 <= int(step) <= n_steps):
        raise QuestionError(f"step: {step} is not one of the {n_steps} steps")
    number = int(step)
    if outcome == "dropped":
        if number == n_steps:
            raise QuestionError(f"outcome: nobody drops after the last step, {step}")
        return 1 << number
    if outcome == "converted":
        return (1 << (n_steps + 1)) - (1 << number)
    raise QuestionError(unknown("outcome", outcome, ("converted", "dropped")))


def group_number(question: Funnel, layout: Layout, name: str) -> int:
    """Find the number that a scan gives a group of the split.

    Raises:
        QuestionError: the funnel has no split, or no such group.
    """
    if question.by is None:
        raise QuestionError(f"group: {name!r} was asked for, but the funnel has no split")
    labels = layout.labels[0]
    if name == OTHER:
        return len(labels)
    if name == NO_VALUE:
        return labels.index(None) if None in labels else len(labels) + 1
    if name not in labels:
        raise QuestionError(unknown("group", name, (one for one in labels if one is not None)))
    return labels.index(name)
