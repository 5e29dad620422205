"""What a scan of the stages leaves, and how two of them merge."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from obverse.measure import moments
from obverse.measure.pairs import merge_pairs
from obverse.measure.stages.state import N_LIVES, N_MOVES, N_STAGES
from obverse.tape.layout import Floats, Int64s


@dataclass(frozen=True)
class StagesSummary:
    """Counts by group, row and stage; at most some ten megabytes, whatever the number of people.

    Attributes:
        stands: shape (groups, rows + 1, stages): by how many more people stand in the stage at the end of the
            row than at its start; entry 0 is who stands there at the start of the first row.
        flows: shape (rows, stages, stages): who stood in one stage at the row's start and in another at its
            end; the diagonal is 0.
        lives: shape (groups, rows, 4): new, returning, resurrected, dormant.
        worth: shape (groups, rows, stages): money of the row's conversions by the stage at its end.
        spent: shape (rows, stages, 3): moments of that for each person with conversions in the row.
        life_worth: shape (rows, 4): money of the row's conversions by lifecycle.
        so_far: shape (rows + 1, stages): by how much the money ever spent by who stands there grew.
        pairs: shape (groups, stages, moves, 6): moments, over people, of (how many complete rows moved them
            on, converted them, silenced them; how many began with them in the stage).
        names: shape (2, events + 1): who did an event in the period; not yet customers, customers.
        base: shape (2,): who was there in the period.
        touches: shape (touches + 2,): first conversions in the period by where the person was last.
        touch_worth: shape (touches + 2,): their money.
        newest: time of the newest event, µs.
    """

    stands: Int64s
    flows: Int64s
    lives: Int64s
    worth: Floats
    spent: Floats
    life_worth: Floats
    so_far: Floats
    pairs: Floats
    names: Int64s
    base: Int64s
    touches: Int64s
    touch_worth: Floats
    newest: int = 0

    @classmethod
    def zero(cls, n_groups: int, n_rows: int, n_names: int, n_touches: int, newest: int) -> Self:
        """Give the summary of nobody."""
        return cls(
            stands=np.zeros((n_groups, n_rows + 1, N_STAGES), dtype=np.int64),
            flows=np.zeros((n_rows, N_STAGES, N_STAGES), dtype=np.int64),
            lives=np.zeros((n_groups, n_rows, N_LIVES), dtype=np.int64),
            worth=np.zeros((n_groups, n_rows, N_STAGES)),
            spent=np.zeros((n_rows, N_STAGES, 3)),
            life_worth=np.zeros((n_rows, N_LIVES)),
            so_far=np.zeros((n_rows + 1, N_STAGES)),
            pairs=np.zeros((n_groups, N_STAGES, N_MOVES, 6)),
            names=np.zeros((2, n_names + 1), dtype=np.int64),
            base=np.zeros(2, dtype=np.int64),
            touches=np.zeros(n_touches + 2, dtype=np.int64),
            touch_worth=np.zeros(n_touches + 2),
            newest=newest,
        )

    def tallied(self) -> dict[str, NDArray[Any]]:
        """Give the arrays that the walk over people adds to, by name."""
        names = ("stands", "flows", "lives", "worth", "spent", "life_worth", "so_far", "pairs")
        return {name: getattr(self, name) for name in names}

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        summed = {
            field.name: getattr(self, field.name) + getattr(other, field.name)
            for field in fields(self)
            if field.name not in ("spent", "pairs", "newest")
        }
        return type(self)(
            **summed,
            spent=moments.merge(self.spent, other.spent),
            pairs=merge_pairs(self.pairs, other.pairs),
            newest=max(self.newest, other.newest),
        )
