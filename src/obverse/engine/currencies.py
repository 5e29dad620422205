"""Which currencies the lake's values are in, from the files' own statistics."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import pyarrow.parquet as pq

from obverse.lake.snapshot import DataFile


def currencies(files: Iterable[DataFile]) -> tuple[str, ...]:
    """List the currencies in some files, sorted.

    A file is looked at once, as it never changes: where the footer says that a row group has one currency,
    its rows need not be read.
    """
    found: set[str] = set()
    for file in files:
        found |= _of(file.path)
    return tuple(sorted(found))


@lru_cache(maxsize=1 << 16)
def _of(path: str) -> frozenset[str]:
    found: set[str] = set()
    try:
        with pq.ParquetFile(path) as file:
            column = file.schema_arrow.get_field_index("currency")
            for group in range(file.num_row_groups):
                kept = file.metadata.row_group(group).column(column).statistics
                if kept is not None and kept.has_min_max and kept.min == kept.max:
                    found.add(kept.min)
                elif (
                    kept is None
                    or not kept.has_null_count
                    or kept.null_count < kept.num_values + kept.null_count
                ):
                    rows = file.read_row_group(group, columns=["currency"])["currency"]
                    found.update(one for one in rows.unique().to_pylist() if one is not None)
    except FileNotFoundError:  # merged into another meanwhile, which the next look takes in
        pass
    return frozenset(found)
