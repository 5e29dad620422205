"""Who behaved so, as plainly as can be: every rule is asked of every person's list of events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Told = Callable[[Any], bool | None]
"""Whether a condition is true on an event; None where it cannot be told."""


def within(acts: Sequence[Any], start: int, end: int) -> list[Any]:
    return sorted((act for act in acts if start <= act.time < end), key=lambda act: (act.time, act.seq))


def did(acts: Sequence[Any], names: Sequence[str], least: int, most: int | None) -> bool:
    n = sum(act.name in names for act in acts)
    return n >= least and (most is None or n <= most)


def spent(acts: Sequence[Any], names: Sequence[str] | None, least: float | None, most: float | None) -> bool:
    total = sum(act.value for act in acts if names is None or act.name in names)
    return (least is None or total >= least) and (most is None or total <= most)


def is_(acts: Sequence[Any], which: str, told: Told) -> bool:
    known = [found for act in acts if (found := told(act)) is not None]
    if not known:
        return False
    return {"first": known[0], "last": known[-1], "any": any(known)}[which]
