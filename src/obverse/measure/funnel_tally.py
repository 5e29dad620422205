"""What a counted path adds to the tally of a funnel's scan."""

from __future__ import annotations

from numba import njit

from obverse.measure.columns import codes, has_values, values
from obverse.measure.funnel_state import (
    ANY,
    Path,
    Walk,
    add_count,
    add_duration,
    moments_of,
    note_depth,
)
from obverse.measure.histogram import US_PER_MS, bin_of
from obverse.measure.moments import push


@njit(nogil=True)
def settle(w: Walk, path: Path, whose: int, depth: int, latest: int) -> None:
    """Count a person by the best entry, if there is one."""
    if depth > 0:
        still_open = (depth < w.n_steps) & (latest + w.within >= w.newest)
        count(w, path, whose, depth, still_open)


@njit(nogil=True)
def count(w: Walk, path: Path, whose: int, depth: int, still_open: bool) -> None:
    """Add one counted path to the tally."""
    group = _group(w, path, depth)
    add_count(w, 0, group, depth, 1)
    add_count(w, 1, group, depth, still_open)
    note_depth(w, whose, group, depth)
    for step in range(1, depth):
        since_first = path.reached[step] - path.reached[0]
        where, ms = bin_of(since_first), (since_first + US_PER_MS // 2) // US_PER_MS
        add_duration(w, 2, group, step, where, ms)
        if step > 1:
            since_previous = path.reached[step] - path.reached[step - 1]
            where, ms = bin_of(since_previous), (since_previous + US_PER_MS // 2) // US_PER_MS
        add_duration(w, 3, group, step, where, ms)
    if w.valued:
        _count_value(w, path, group, depth)


@njit(nogil=True)
def _count_value(w: Walk, path: Path, group: int, depth: int) -> None:
    """Add the values of a path's events to its steps, and the last of them to what was lost."""
    carried = 0.0
    for step in range(depth):
        row = path.row[step]
        value = values(w.tracks, row)[path.at[step]] if has_values(w.tracks, row) else 0.0
        if value != 0.0:
            push(moments_of(w, 5, group, step), value)
            carried = value
    if depth < w.n_steps and carried != 0.0:
        push(moments_of(w, 6, group, depth - 1), carried)


@njit(nogil=True)
def _group(w: Walk, path: Path, depth: int) -> int:
    """Give the group that a path counts in."""
    if w.by_row < 0:
        return 0
    if w.how == ANY:
        i = path.by
    elif w.by_row == 0:
        i = path.at[0]
    else:
        i = path.at[w.by_row] if depth == w.n_steps else -1
    return int(codes(w.tracks, w.by_row)[i]) if i >= 0 else w.missing
