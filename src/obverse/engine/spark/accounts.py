"""Which account an event of a person is for; the next step counts by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from obverse.engine.spark.chunks import Rows, chunks
from obverse.engine.spark.recipe import GROUP_CALLS, Recipe
from obverse.tape.arrange import frozen
from obverse.tape.planning import ACCOUNT
from obverse.tape.units import account_keys


class Accounting:
    """Replaces the person of events by their account; events without one are left out. Sent to executors."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._group_calls = 1 << recipe.takes.index(GROUP_CALLS)
        self._own = f"c{recipe.columns.index(ACCOUNT)}"

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give the events of each chunk of persons with their account as ``unit``."""
        schema = self._recipe.row_schema()
        for rows in chunks(batches):
            account = self._accounts(rows)
            counted = (account != -1) & (rows["bits"] & ~self._group_calls != 0)
            named = rows | {"unit": account}
            yield from pa.table(
                [pa.array(named[name][counted]) for name in schema.names], schema=schema
            ).to_batches()

    def _accounts(self, rows: Rows) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        _, starts = np.unique(rows["unit"], return_index=True)
        offsets = np.append(starts, len(rows["unit"]))
        own = rows[self._own]
        calls = (rows["bits"] & self._group_calls != 0) & (own != -1)
        before = np.concatenate([[0], np.cumsum(calls)])
        return account_keys(
            *(frozen(offsets), rows["time"], own),
            *(frozen(before[offsets]), frozen(rows["time"][calls]), frozen(own[calls])),
        )
