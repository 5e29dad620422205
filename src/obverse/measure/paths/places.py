"""The places of a layout's events: what each step of a path is called, by number."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from obverse.measure.frequent import LANE
from obverse.measure.pages import Patterns, folded
from obverse.measure.paths.question import EVENT, Paths
from obverse.measure.scope import NO_VALUE
from obverse.tape.layout import Int64s

N_LABELS = 10_000
"""Values of a field that can be places; events with any other are at one place, `REST`."""

NOWHERE = -1
"""What an event has for a place that is never a step."""

REST = "(rarer places)"
MORE = "(more steps)"
LEFT = "(left)"
OPEN = "(not over yet)"
BEGAN = "(began)"
CUT = "(cut)"
SPECIAL = (MORE, LEFT, OPEN, BEGAN, CUT)
"""Numbered after the places: steps left out; where a path ends, begins, or is shown no further."""


@dataclass(frozen=True)
class Places:
    """What places there are. Every slice of a layout has the same.

    Attributes:
        names: by number.
        of_code: place by code of the event; `NOWHERE` for none. Of steps.
        of_pin: the same for the events of `after` and `before` that are no steps otherwise.
        hashes: shape (places + special, 2), two numbers below 2**31 - 1 from each name.
        rest: number of the place of values that have no label; -1 where there is none.
    """

    names: tuple[str, ...]
    of_code: Int64s
    of_pin: Int64s
    hashes: Int64s
    rest: int

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.names)

    def special(self, name: str) -> int:
        """Give the number of one of `SPECIAL`."""
        return self.n + SPECIAL.index(name)


def places_of(question: Paths, labels: tuple[tuple[str | None, ...], ...]) -> Places:
    """Name the places of a layout.

    Args:
        question: what is asked.
        labels: `Layout.labels`: those of the place, then, where it is a field, those of the names of
            `after` and `before`.
    """
    numbers: dict[str, int] = {}
    excluded = question.excluded_names() or frozenset()
    patterns = Patterns(question.patterns)

    def named(label: str | None, fold: bool) -> int:
        if label is None:
            return numbers.setdefault(NO_VALUE, len(numbers))
        if label in excluded:
            return NOWHERE
        name = patterns.name_of(label) or (folded(label) if fold else label)
        return numbers.setdefault(name, len(numbers))

    is_field = question.place != EVENT
    of_code = [named(label, is_field and question.pages) for label in labels[0]]
    pin_labels = labels[1] if len(labels) > 1 else labels[0]
    of_pin = (
        [numbers.setdefault(label or NO_VALUE, len(numbers)) for label in pin_labels] if is_field else of_code
    )
    rest = numbers.setdefault(REST, len(numbers))
    return Places(
        names=tuple(numbers),
        of_code=np.array([*of_code, rest], dtype=np.int64),
        of_pin=np.array([*of_pin, rest], dtype=np.int64),
        hashes=np.array([_lanes(name) for name in (*numbers, *SPECIAL)], dtype=np.int64),
        rest=rest,
    )


def _lanes(name: str) -> tuple[int, int]:
    whole = int.from_bytes(blake2b(name.encode(), digest_size=16).digest(), "little")
    return 1 + whole % (LANE - 1), 1 + (whole >> 64) % (LANE - 1)
