"""What the scan of drivers leaves: people by how they count, and by what they did early."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from obverse.measure.drivers.scan import N_STATES
from obverse.measure.moments import merge
from obverse.tape.layout import Floats, Int64s


@dataclass(frozen=True)
class DriversSummary:
    """Counts of some people.

    Attributes:
        states: shape (N_STATES,): people by how they count.
        did: shape (C, 2): who did a behaviour early, and who of them converted.
        worth_all: shape (3,): moments of the value of each who is compared.
        worth_did: shape (C, 3): the same of those who did it.
    """

    states: Int64s
    did: Int64s
    worth_all: Floats
    worth_did: Floats

    @classmethod
    def zero(cls, n_behaviours: int) -> Self:
        """Give the summary of nobody."""
        return cls(
            states=np.zeros(N_STATES, dtype=np.int64),
            did=np.zeros((n_behaviours, 2), dtype=np.int64),
            worth_all=np.zeros(3),
            worth_did=np.zeros((n_behaviours, 3)),
        )

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        return type(self)(
            states=self.states + other.states,
            did=self.did + other.did,
            worth_all=merge(self.worth_all, other.worth_all),
            worth_did=merge(self.worth_did, other.worth_did),
        )
