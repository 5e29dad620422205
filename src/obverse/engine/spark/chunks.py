"""Cuts sorted batches into chunks of bounded size, with all rows of one unit in the same chunk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obverse.tape.arrange import frozen

CHUNK_ROWS = 1 << 19
"""Rows that are laid out at a time: some 100 MB in Python. A unit that has more is one chunk all the same."""

Rows = dict[str, NDArray[Any]]


def chunks(batches: Iterable[pa.RecordBatch], n_rows: int = CHUNK_ROWS) -> Iterator[Rows]:
    """Cut batches sorted by ``unit`` into chunks of about `n_rows`, as arrays by column; none is empty.

    >>> batches = [pa.record_batch({"unit": part}) for part in ([1, 1], [1, 2], [3])]
    >>> [chunk["unit"].tolist() for chunk in chunks(batches, 2)]
    [[1, 1, 1], [2], [3]]
    """
    held: list[pa.RecordBatch] = []
    n, enough = 0, n_rows
    for batch in batches:
        if batch.num_rows:
            held.append(batch)
            n += batch.num_rows
        if n < enough:
            continue
        rows = pa.Table.from_batches(held)
        unit = rows["unit"].to_numpy()
        whole = int(np.searchsorted(unit, unit[-1]))
        if whole:
            yield _arrays(rows.slice(0, whole))
            held = rows.slice(whole).to_batches()
        n -= whole
        enough = max(n_rows, 2 * n)  # of a unit that is larger than a chunk, look for its end less often
    if held:
        yield _arrays(pa.Table.from_batches(held))


def _arrays(rows: pa.Table) -> Rows:
    return {name: frozen(rows[name].to_numpy()) for name in rows.column_names}
