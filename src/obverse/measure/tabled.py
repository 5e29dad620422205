"""Estimates in tables: a column for the number, and one for either end of its interval."""

from __future__ import annotations

import pyarrow as pa

from obverse.measure.estimate import Comparison, Estimate


def estimated(*names: str) -> list[pa.Field]:
    """Give the columns of estimates.

    >>> [field.name for field in estimated("share")]
    ['share', 'share_low', 'share_high']
    """
    return [pa.field(f"{name}{end}", pa.float64()) for name in names for end in ("", "_low", "_high")]


def cells(name: str, found: Estimate | Comparison | None) -> dict[str, object]:
    """Give what stands in the columns of an estimate or of a difference; nothing for None.

    >>> cells("share", Estimate(0.5, 0.4, 0.6))
    {'share': 0.5, 'share_low': 0.4, 'share_high': 0.6}
    """
    found = found or Estimate()
    value = found.difference if isinstance(found, Comparison) else found.value
    return {name: value, f"{name}_low": found.low, f"{name}_high": found.high}
