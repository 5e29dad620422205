"""What the scan of attribution leaves: credits by channel, and the steps between channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from obverse.measure.attribution.scan import N_COUNTS, N_FOLDS, N_RULES
from obverse.measure.moments import merge
from obverse.tape.layout import Floats, Int64s


@dataclass(frozen=True)
class AttributionSummary:
    """Credits and steps of some people.

    Attributes:
        counts: shape (N_COUNTS,): conversions, those without a touch, open and lost journeys.
        credits: shape (N_RULES, C, 3): moments over converting people of the conversions owed to a channel.
        worths: shape (N_RULES, C, 3): the same of their value.
        steps: shape (N_FOLDS, C + 1, C + 2): steps from a channel (last: the start) to a channel, a
            conversion or a loss, by fold of people.
        value: shape (N_FOLDS,): value of the conversions that had a touch.
    """

    counts: Int64s
    credits: Floats
    worths: Floats
    steps: Floats
    value: Floats

    @classmethod
    def zero(cls, n_channels: int) -> Self:
        """Give the summary of nobody."""
        return cls(
            counts=np.zeros(N_COUNTS, dtype=np.int64),
            credits=np.zeros((N_RULES, n_channels, 3)),
            worths=np.zeros((N_RULES, n_channels, 3)),
            steps=np.zeros((N_FOLDS, n_channels + 1, n_channels + 2)),
            value=np.zeros(N_FOLDS),
        )

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        return type(self)(
            counts=self.counts + other.counts,
            credits=merge(self.credits, other.credits),
            worths=merge(self.worths, other.worths),
            steps=self.steps + other.steps,
            value=self.value + other.value,
        )
