"""What a scan of a funnel leaves, and how two of them merge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from obverse.measure import moments
from obverse.measure.columns import Columns
from obverse.measure.funnel_scan import scan
from obverse.measure.funnel_state import Tally, Walk, new_walk
from obverse.measure.histogram import n_bins
from obverse.tape.layout import Int64s


@dataclass(frozen=True)
class FunnelSummary:
    """Counts by group and number of steps, histograms of durations and moments of values.

    A few hundred kilobytes at most for usual questions, whatever the number of people.

    Attributes:
        tally: the numbers; see `Tally` for their shapes.
    """

    tally: Tally

    @classmethod
    def zero(cls, n_groups: int, n_steps: int, within_us: int) -> Self:
        """Give the summary of nobody."""
        groups, bins = (n_groups, n_steps), n_bins(within_us)
        return cls(
            Tally(
                people=np.zeros((n_groups, n_steps + 1), dtype=np.int64),
                still_open=np.zeros((n_groups, n_steps + 1), dtype=np.int64),
                since_first=np.zeros((*groups, bins), dtype=np.int64),
                since_previous=np.zeros((*groups, bins), dtype=np.int64),
                ms=np.zeros((*groups, 2), dtype=np.int64),
                reached=np.zeros((*groups, 3)),
                lost=np.zeros((*groups, 3)),
                aside=np.zeros(2, dtype=np.int64),
            )
        )

    def add(
        self, columns: Columns, rules: Walk, units: range, depths: Int64s | None = None, group: int = -1
    ) -> None:
        """Scan a slice of units into this summary, in place.

        Args:
            columns: the layout's arrays.
            rules: the question's numbers.
            units: which units.
            depths: shape (people,); bit d is set where a person counts with d steps. None to note nothing.
            group: note only those counted in this group; -1 for all.
        """
        walk = new_walk(rules, columns, self.tally)
        if depths is not None:
            walk.depths, walk.n_depths, walk.wanted = depths.ctypes.data, len(depths), group
        scan(walk, units.start, units.stop)

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        pairs: Iterable[tuple[Any, Any]] = zip(self.tally, other.tally, strict=True)
        return type(self)(
            Tally._make(moments.merge(a, b) if a.dtype == np.float64 else a + b for a, b in pairs)
        )
