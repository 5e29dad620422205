"""What a scan of retention leaves, and how two of them merge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from obverse.measure import moments
from obverse.measure.retention.state import Tally


@dataclass(frozen=True)
class RetentionSummary:
    """Counts of people and moments of money by group, cohort and column, and of days to the first return.

    Some hundred kilobytes for usual questions, a few megabytes with many groups, whatever the number of
    people.

    Attributes:
        tally: the numbers; see `Tally` for their shapes.
        newest: time of the newest event in the lake, µs.
    """

    tally: Tally
    newest: int

    @classmethod
    def zero(
        cls, n_groups: int, n_rows: int, n_columns: int, n_days: int, newest: int, *, previous: bool
    ) -> Self:
        """Give the summary of nobody; `previous` where shares are of those who returned before."""
        cells = (n_groups, n_rows, n_columns)
        return cls(
            Tally(
                observed=np.zeros((n_groups, n_rows, n_columns + 1), dtype=np.int64),
                returned=np.zeros((*cells, 2), dtype=np.int64),
                among=np.zeros((n_groups, n_rows, n_columns if previous else 0, 2), dtype=np.int64),
                value=np.zeros((*cells, 3)),
                value_until=np.zeros((*cells, 3)),
                start_value=np.zeros((n_groups, n_rows, 3)),
                came=np.zeros((n_groups, n_days), dtype=np.int64),
                censored=np.zeros((n_groups, n_days + 1), dtype=np.int64),
                persons=np.zeros((n_groups + 1, n_columns, 6), dtype=np.int64),
                aside=np.zeros(1, dtype=np.int64),
            ),
            newest,
        )

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        pairs: Iterable[tuple[Any, Any]] = zip(self.tally, other.tally, strict=True)
        merged = (moments.merge(a, b) if a.dtype == np.float64 else a + b for a, b in pairs)
        return type(self)(Tally._make(merged), max(self.newest, other.newest))
