"""From events to the people behind them: what `Measure.behind` is made of."""

from __future__ import annotations

import numpy as np

from obverse.tape.layout import Bools, Layout, Track


def units_with(track: Track, kept: Bools) -> Bools:
    """Say which units have an event that is kept.

    Args:
        track: whose events.
        kept: shape (n,), one for each event.

    Returns:
        shape (n_units,).
    """
    sums = np.concatenate([[0], np.cumsum(kept, dtype=np.int64)])
    found: Bools = sums[track.offsets[1:]] > sums[track.offsets[:-1]]
    return found


def during(track: Track, start: int, end: int) -> Bools:
    """Say which events are in a period, [start, end) in µs since 1970 UTC."""
    kept: Bools = (track.time >= start) & (track.time < end)
    return kept


def persons_of(layout: Layout, units: Bools) -> Bools:
    """Say who has a unit that is meant, where units are people or parts of people; shape (n_persons,)."""
    if layout.person is None:
        return units
    found = np.zeros(layout.n_persons, dtype=np.bool_)
    found[layout.person[units]] = True
    return found
