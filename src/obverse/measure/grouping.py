"""Groups of a split, by name and by number."""

from __future__ import annotations

from typing import Literal

from obverse.errors import QuestionError, unknown
from obverse.measure.scope import NO_VALUE, OTHER, group_names

GroupKind = Literal["value", "other", "none"]
"""What a group is of: one value, all values without a group of their own, no value."""


def kind_of(labels: tuple[str | None, ...], code: int) -> GroupKind:
    """Say what a group is of.

    >>> [kind_of(("DE", None), code) for code in range(3)]
    ['value', 'none', 'other']
    """
    if code == len(labels):
        return "other"
    return "none" if labels[code] is None else "value"


def code_of(labels: tuple[str | None, ...], name: str) -> int:
    """Find a group's code by its name.

    Raises:
        QuestionError: there is no such group.

    >>> code_of(("DE", None), "(no value)")
    1
    """
    if name == NO_VALUE and None in labels:
        return labels.index(None)
    if name in labels:
        return labels.index(name)
    if name == OTHER:
        return len(labels)
    raise QuestionError(unknown("group", name, group_names(labels)))
