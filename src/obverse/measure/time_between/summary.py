"""What a scan of time between two events leaves, and how two of them merge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from obverse.measure import moments
from obverse.measure.pairs import merge_pairs
from obverse.measure.time_between.state import Tally


@dataclass(frozen=True)
class TimeBetweenSummary:
    """Counts, histograms of times and moments of money by group and by row; a few megabytes at most.

    Attributes:
        tally: the numbers; see `Tally` for their shapes.
        newest: time of the newest event in the lake, µs.
    """

    tally: Tally
    newest: int

    @classmethod
    def zero(cls, n_groups: int, n_rows: int, n_bins: int, newest: int) -> Self:
        """Give the summary of nothing."""
        return cls(
            Tally(
                counts=np.zeros((n_groups, 4), dtype=np.int64),
                times=np.zeros((n_groups, n_bins), dtype=np.int64),
                came=np.zeros((n_groups, n_bins), dtype=np.int64),
                censored=np.zeros((n_groups, n_bins + 1), dtype=np.int64),
                seconds=np.zeros((n_groups + 1, 6)),
                persons=np.zeros((n_groups + 1, 6), dtype=np.int64),
                reached=np.zeros((n_groups, 3)),
                waiting=np.zeros((n_groups, 3)),
                money=np.zeros(n_bins),
                row_counts=np.zeros((n_rows, 4), dtype=np.int64),
                row_times=np.zeros((n_rows, n_bins), dtype=np.int64),
                row_reached=np.zeros((n_rows, 3)),
                row_waiting=np.zeros((n_rows, 3)),
            ),
            newest,
        )

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        pairs: Iterable[tuple[str, Any, Any]] = zip(Tally._fields, self.tally, other.tally, strict=True)
        merged = (_MERGE.get(name, np.add)(a, b) for name, a, b in pairs)
        return type(self)(Tally._make(merged), max(self.newest, other.newest))


_MERGE: dict[str, Any] = {
    "seconds": merge_pairs,
    **dict.fromkeys(("reached", "waiting", "row_reached", "row_waiting"), moments.merge),
}
