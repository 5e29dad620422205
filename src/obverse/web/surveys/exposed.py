"""Exposed: in which variants of experiments people were last seen, found for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obverse.surveys.variants import EXPOSURES, capped
from obverse.tape.catalogue import written
from obverse.tape.layout import Int32s, Int64s, Key, Layout, Selection
from obverse.tape.tape import Tape

MOST_EXPERIMENTS, MOST_VARIANTS = 40, 100
"""The most frequent ones; of others nothing is known."""
_SIDES = tuple(dict.fromkeys(name for names in EXPOSURES.values() for name in names[side]) for side in (0, 1))
_KEYS = tuple(
    Key(written(("properties", name)), n_labels=most, optional=True)
    for names, most in zip(_SIDES, (MOST_EXPERIMENTS, MOST_VARIANTS), strict=True)
    for name in names
)


@dataclass(frozen=True)
class Exposed:
    """Who was seen in an experiment.

    Attributes:
        persons: shape (n,), their numbers in a layout, ascending.
        kinds: shape (n,), the row of `variants` that is theirs: people are many, rows few.
        variants: shape (n_kinds, n_experiments), places in `labels`; -1 where they are not in it.
        experiments: name by column.
        labels: names of variants.
    """

    persons: Int32s
    kinds: Int64s
    variants: NDArray[np.int16]
    experiments: tuple[str, ...]
    labels: tuple[str, ...]

    def of_kind(self, kind: int) -> dict[str, str]:
        """Give variant by experiment."""
        row = zip(self.experiments, self.variants[kind].tolist(), strict=True)
        return capped((name, self.labels[place]) for name, place in row if place >= 0)


def exposed(tape: Tape) -> Exposed:
    """Find in which variant of each experiment each person was seen last."""
    layout = tape.lay([Selection(tuple(EXPOSURES))], keys=_KEYS)
    n = len(_SIDES[0])
    experiment, experiments = _first(layout, range(n))
    variant, labels = _first(layout, range(n, len(_KEYS)))
    offsets = layout.tracks[0].offsets
    persons = np.flatnonzero(np.diff(offsets)).astype(np.int32)
    who = np.repeat(np.arange(len(persons)), np.diff(offsets)[persons])
    told = (experiment >= 0) & (variant >= 0)
    kinds, variants = np.zeros(len(persons), np.int64), np.empty((1, 0), np.int16)
    for column in range(len(experiments)):
        at = np.flatnonzero(told & (experiment == column))
        last = np.full(len(persons), -1)
        last[who[at]] = variant[at]  # in the order of time: of a person's events the last stays
        both, kinds = np.unique(kinds * (len(labels) + 1) + last + 1, return_inverse=True)
        before, now = np.divmod(both, len(labels) + 1)
        variants = np.column_stack((variants[before], (now - 1).astype(np.int16)))
    return Exposed(persons, kinds, variants, experiments, labels)


def _first(layout: Layout, keys: Iterable[int]) -> tuple[Int64s, tuple[str, ...]]:
    """Give, for each event, the place of the first of some keys' values; -1 for none or a rare one."""
    places: dict[str, int] = {}
    found = np.full(len(layout.tracks[0].time), -1)
    for key in reversed([*keys]):
        labels, codes = layout.labels[key], layout.tracks[0].codes[key]
        if codes is not None:
            table = [-2 if one is None else places.setdefault(one, len(places)) for one in labels]
            mine = np.array([*table, -1])[codes]
            found = np.where(mine == -2, found, mine)
    return found, tuple(places)
