"""The scan of a plain funnel: steps that no event can share, nothing excluded, each unit counted once.

It takes units in blocks, and each block in passes. A pass decides one thing for all units and hands on a list
of those that go further; next to nothing that it does depends on how a unit turned out, so that the processor
has little to guess. Few units get far: the last pass, which follows them step by step, has few to follow.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from obverse.measure.columns import AT_ONCE, item, offsets, times
from obverse.measure.funnel_paths import best_disjoint, open_unit, seek
from obverse.measure.funnel_question import FOREVER
from obverse.measure.funnel_state import Walk, add_count
from obverse.measure.funnel_tally import settle
from obverse.measure.lanes import all_if, fetch_offset, fetch_time, lowest, seek_by_lanes, within
from obverse.tape.layout import Int64s

BLOCK = 2048
"""Units of a block: few enough that what one pass has read is still at hand for the next."""

BUSY = 4096
"""With more pairs of events than this a unit is gone through event by event, in time linear in events."""

FEW_SECONDS, FEW_THIRDS = 4, 2
"""So many events of the second and the third step are looked at before asking whether there are more, the
last again where there are less: that costs less than a wrong guess. Measured."""

UNIT, PAIR, STOP, ENTRY = range(4)
"""Rows of a list: units; the first entry of each that reaches the second step; the index after its last
entry; the first entry that may have the most steps. Before it is known that one does, PAIR is the first."""


@njit(nogil=True)
def scan_plain(w: Walk, low: int, high: int) -> None:
    """Scan units low … high - 1 as `obverse.measure.funnel_scan.scan` does, for at least two steps."""
    going = np.empty((4, BLOCK), dtype=np.int64)
    further = np.empty((4, BLOCK), dtype=np.int64)
    for start in range(low, high, BLOCK):
        n = _list_units(w, start, min(start + BLOCK, high), going)
        n = _keep_pairs(w, going, n)
        if w.n_steps > 2:
            n_left = _part_by_third(w, going, n, further)
            n_further = _keep_further(w, further, n - n_left, going, n_left)
            n -= n_further
            _fetch_later_steps(w, further, n_further)
            for x in range(n_further):
                _settle_further(w, further, x)
        for x in range(n):
            _settle_pair(w, going[UNIT, x], going[PAIR, x], going[STOP, x])


@njit(nogil=True)
def _list_units(w: Walk, low: int, high: int, going: Int64s) -> int:
    """List the units with an entry and an event of the second step; settle those with an entry alone."""
    first, firsts, seconds = times(w.tracks, 0), offsets(w.tracks, 0), offsets(w.tracks, 1)
    always = w.start == -FOREVER and w.end == FOREVER
    bare, open_from = _is_bare(w), w.newest - w.within
    n = n_alone = n_open = 0
    for unit in range(low, high):
        entry, stop = item(firsts, unit), item(firsts, unit + 1)
        if not always:
            entry = seek_by_lanes(w.tracks, 0, entry, stop, w.start)
            stop = seek_by_lanes(w.tracks, 0, entry, stop, w.end)
        enters, goes = entry < stop, item(seconds, unit) < item(seconds, unit + 1)
        going[UNIT, n], going[PAIR, n], going[STOP, n] = unit, entry, stop
        n += enters & goes
        alone = enters & (not goes)
        if bare:
            n_alone += alone
            n_open += alone & (item(first, max(stop - 1, 0)) >= open_from)
        elif alone:
            _settle_alone(w, unit, entry, stop)
    _count_alone(w, n_alone, n_open)
    return n


@njit(nogil=True)
def _keep_pairs(w: Walk, going: Int64s, n: int) -> int:
    """Keep the units of which an entry reaches the second step, with the first such; settle the others."""
    first, second, seconds = times(w.tracks, 0), times(w.tracks, 1), offsets(w.tracks, 1)
    before, span = w.within, w.within + w.grace
    bare, open_from = _is_bare(w), w.newest - w.within
    kept = n_alone = n_open = 0
    for x in range(n):
        unit, entry, stop = going[UNIT, x], going[PAIR, x], going[STOP, x]
        since, until = item(seconds, unit), item(seconds, unit + 1)
        if (stop - entry > AT_ONCE) | (until - since > FEW_SECONDS):
            pair = _first_pair(w, entry, stop, since, until)
        else:
            found = 0
            for k in range(FEW_SECONDS):
                low = item(second, min(since + k, until - 1)) - before
                found |= within(w.tracks, 0, entry, stop, low, span)
            pair = entry + lowest(found)
        alone = pair >= stop
        going[UNIT, kept], going[PAIR, kept], going[STOP, kept] = unit, pair, stop
        kept += pair < stop
        if bare:
            n_alone += alone
            n_open += alone & (item(first, stop - 1) >= open_from)
        elif alone:
            _settle_alone(w, unit, entry, stop)
    _count_alone(w, n_alone, n_open)
    return kept


@njit(nogil=True)
def _first_pair(w: Walk, entry: int, stop: int, since: int, until: int) -> int:
    """Give the first entry of a unit that reaches the second step, `stop` or more where none does."""
    if (stop - entry) * (until - since) > BUSY:
        return int(_first_pair_by_cursors(w, entry, stop, since, until))
    second = times(w.tracks, 1)
    while entry < stop:
        found, i = 0, since
        while i < until:
            for k in range(FEW_SECONDS):
                low = item(second, min(i + k, until - 1)) - w.within
                found |= within(w.tracks, 0, entry, stop, low, w.within + w.grace)
            i += FEW_SECONDS
        if found != 0:
            return entry + lowest(found)
        entry += AT_ONCE
    return entry


@njit(nogil=True)
def _first_pair_by_cursors(w: Walk, entry: int, stop: int, i: int, until: int) -> int:
    first, second = times(w.tracks, 0), times(w.tracks, 1)
    while entry < stop:
        i = seek(second, i, until, first[entry] - w.grace)
        if i == until:
            return stop
        if second[i] <= first[entry] + w.within:
            break
        entry = seek(first, entry + 1, stop, second[i] - w.within)
    return entry


@njit(nogil=True)
def _part_by_third(w: Walk, going: Int64s, n: int, further: Int64s) -> int:
    """Move the units with an event of the third step to the other list; give how many are left."""
    thirds = offsets(w.tracks, 2)
    left = moved = 0
    for x in range(n):
        unit, pair, stop = going[UNIT, x], going[PAIR, x], going[STOP, x]
        low, high = item(thirds, unit), item(thirds, unit + 1)
        fetch_time(w.tracks, 2, low)
        further[UNIT, moved], further[PAIR, moved], further[STOP, moved] = unit, pair, stop
        going[UNIT, left], going[PAIR, left], going[STOP, left] = unit, pair, stop
        moved += low < high
        left += low >= high
    return left


@njit(nogil=True)
def _keep_further(w: Walk, further: Int64s, n: int, going: Int64s, n_going: int) -> int:
    """Keep the units that may reach the third step; put the others back on their list.

    For an event of that step, the first entry in whose window it lies has the most events of the second step
    after it, of all that it could follow. So it is enough to look for one between these two; without grace
    it is sure then that the step is reached.
    """
    seconds, thirds = offsets(w.tracks, 1), offsets(w.tracks, 2)
    kept = 0
    for x in range(n):
        unit, pair, stop = further[UNIT, x], further[PAIR, x], further[STOP, x]
        since, until = item(seconds, unit), item(seconds, unit + 1)
        low, high = item(thirds, unit), item(thirds, unit + 1)
        if (stop - pair > AT_ONCE) | (until - since > AT_ONCE):
            entry = _first_to_third(w, pair, stop, since, until, low, high)
        else:
            found = 0
            while found == 0 and low < high:
                for k in range(FEW_THIRDS):
                    i = min(low + k, high - 1)
                    found |= _first_before(w, pair, stop, since, until, i)
                low += FEW_THIRDS
            entry = pair + lowest(found)
        further[UNIT, kept], further[PAIR, kept], further[STOP, kept] = unit, pair, stop
        further[ENTRY, kept] = entry
        going[UNIT, n_going], going[PAIR, n_going], going[STOP, n_going] = unit, pair, stop
        kept += entry < stop
        n_going += entry >= stop
    return kept


@njit(nogil=True, inline="always")
def _first_before(w: Walk, pair: int, stop: int, since: int, until: int, i: int) -> int:
    """Give the first entry that event i of the third step may follow, as a bit from `pair` on; none, no bit.

    Looks at 16 entries and 16 events of the second step, no more.
    """
    at_time = item(times(w.tracks, 2), i)
    entries = within(w.tracks, 0, pair, stop, at_time - w.within, w.within + w.grace)
    begin = item(times(w.tracks, 0), min(pair + lowest(entries), stop - 1)) - w.grace
    between = within(w.tracks, 1, since, until, begin, at_time + w.grace - begin)
    return entries & -entries & all_if(between)


@njit(nogil=True)
def _first_to_third(w: Walk, pair: int, stop: int, since: int, until: int, low: int, high: int) -> int:
    """Give the first entry that may reach the third step, `stop` if none, whatever the number of events."""
    if (stop - pair + until - since) * (high - low) > BUSY:
        return pair
    first, third = times(w.tracks, 0), times(w.tracks, 2)
    for i in range(low, high):
        latest = third[i] + w.grace
        entry = seek_by_lanes(w.tracks, 0, pair, stop, third[i] - w.within)
        if entry < stop and first[entry] <= latest:
            begin = first[entry] - w.grace
            for j in range(since, until, AT_ONCE):
                if within(w.tracks, 1, j, until, begin, latest - begin) != 0:
                    return entry
    return stop


@njit(nogil=True)
def _fetch_later_steps(w: Walk, further: Int64s, n: int) -> None:
    """Have what is needed of the steps after the third brought nearer, for all units at once."""
    for row in range(3, w.n_steps):
        for x in range(n):
            fetch_offset(w.tracks, row, further[UNIT, x])
    for row in range(3, w.n_steps):
        bounds = offsets(w.tracks, row)
        for x in range(n):
            fetch_time(w.tracks, row, item(bounds, further[UNIT, x]))


@njit(nogil=True, inline="always")
def _is_bare(w: Walk) -> bool:
    """Say whether of those who take one step nothing but their number is asked for."""
    return w.by_row < 0 and not w.valued and w.n_depths == 0


@njit(nogil=True)
def _count_alone(w: Walk, n_alone: int, n_open: int) -> None:
    add_count(w, 0, 0, 1, n_alone)
    add_count(w, 1, 0, 1, n_open)


@njit(nogil=True)
def _settle_alone(w: Walk, unit: int, entry: int, stop: int) -> None:
    """Count a unit that takes the first step alone."""
    first = times(w.tracks, 0)
    w.best.at[0], w.best.reached[0] = entry, first[entry]
    settle(w, w.best, unit, 1, first[stop - 1])


@njit(nogil=True)
def _settle_pair(w: Walk, unit: int, pair: int, stop: int) -> None:
    """Count a unit that takes the first two steps."""
    first, second, seconds = times(w.tracks, 0), times(w.tracks, 1), offsets(w.tracks, 1)
    at_time = item(first, pair)
    i = seek_by_lanes(w.tracks, 1, item(seconds, unit), item(seconds, unit + 1), at_time - w.grace)
    w.best.at[0], w.best.reached[0] = pair, at_time
    w.best.at[1], w.best.reached[1] = i, max(at_time, item(second, i))
    settle(w, w.best, unit, 2, item(first, stop - 1))


@njit(nogil=True)
def _settle_further(w: Walk, further: Int64s, x: int) -> None:
    """Count a unit that may take more than two steps, by its best entry."""
    unit, pair, entry = further[UNIT, x], further[PAIR, x], further[ENTRY, x]
    depth = best_disjoint(w, open_unit(w, unit), entry)
    if depth < 3 and entry > pair:  # with grace, what may be need not be
        depth = best_disjoint(w, open_unit(w, unit), pair)
    settle(w, w.best, unit, depth, item(times(w.tracks, 0), further[STOP, x] - 1))
