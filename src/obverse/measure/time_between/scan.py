"""The scan of time between two events: pairs each from-event with a to-event and tallies the times.

From-events go through the steps of the work in blocks, each step a loop of its own: Numba counts references
to each array at each call, and to do that for every event would cost more than to pair it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from obverse.measure.borrowed import borrowed
from obverse.measure.histogram import US_PER_MS, bin_of
from obverse.measure.kernel import kernel
from obverse.measure.moments import push
from obverse.measure.pairs import push_pair
from obverse.measure.search import row_of, seek
from obverse.measure.time_between.state import (
    NEVER,
    NOT_THERE,
    OPEN,
    REACHED,
    STARTS,
    THERE,
    Block,
    Events,
    Rules,
    Tally,
    Wanted,
)
from obverse.tape.layout import Floats, Int32s, Int64s


@njit(nogil=True)
def _gather(starts: Events, rules: Rules, block: Block, high: int) -> int:
    """Find the next from-events that count, of units before `high`; give their number, 0 at the end."""
    offsets, time, units, ats, cursor = starts.offsets, starts.time, block.unit, block.at, block.cursor
    n, unit, i = 0, cursor[0], cursor[1]
    while unit < high and n < len(units):
        stop = offsets[unit + 1]
        i = seek(time, max(i, offsets[unit]), stop, rules.start)
        while i < stop and time[i] < rules.end and n < len(units):
            units[n], ats[n] = unit, i
            n += 1
            i = stop if rules.first else i + 1
        if i >= stop or time[i] >= rules.end:
            unit += 1
            i = 0
    cursor[0], cursor[1] = unit, i
    return n


@njit(nogil=True, inline="always")
def _other(seqs: Int64s, i: int, step: int, low: int, high: int, seq: int) -> int:
    """Give the first index from i, in steps of 1 or -1, that is another event; -1 outside low … high."""
    while low <= i < high and seqs[i] == seq:
        i += step
    return i if low <= i < high else -1


@njit(nogil=True, inline="always")
def _same_event(time: Int64s, seqs: Int64s, i: int, stop: int, instant: int, seq: int) -> int:
    """Give the index of an event from i on by its time and seq; -1 where it is not there."""
    i = seek(time, i, stop, instant)
    while i < stop and time[i] == instant:
        if seqs[i] == seq:
            return i
        i += 1
    return -1


@njit(nogil=True)
def _pair(starts: Events, stops: Events, rules: Rules, block: Block, n: int) -> None:
    """Find the to-event that each from-event leads to."""
    own_time, own_seq, own_offsets = starts.time, starts.seq, starts.offsets
    offsets, time, seqs = stops.offsets, stops.time, stops.seq
    units, ats, tos, whats = block.unit, block.at, block.to, block.what
    for k in range(n):
        at, low, stop = ats[k], offsets[units[k]], offsets[units[k] + 1]
        since, limit, after = own_time[at], own_time[at] + rules.within, at + 1
        followed = rules.before_next and after < own_offsets[units[k] + 1]
        until = min(limit, own_time[after] - 1) if followed else limit
        low = at + 1 if rules.same_track else seek(time, low, stop, since)
        to = -1
        if followed and own_time[after] <= limit:
            # The next from-event may be the to-event itself: the last one that can be.
            to = _same_event(time, seqs, low, stop, own_time[after], own_seq[after])
        first = _other(seqs, low, 1, low, stop, own_seq[at])
        if first >= 0 and time[first] <= until:
            if not rules.last:
                to = first
            elif to < 0:
                to = _other(seqs, seek(time, first, stop, until + 1) - 1, -1, first, stop, own_seq[at])
        tos[k] = to
        waits = not followed and rules.newest - since <= rules.within
        whats[k] = THERE if to >= 0 else OPEN if waits else NEVER


@njit(nogil=True)
def _count(starts: Events, stops: Events, rules: Rules, block: Block, tally: Tally, n: int) -> None:
    """Count from-events by what became of them, and their times."""
    own_time, codes, time = starts.time, starts.code, stops.time
    ats, tos, whats = block.at, block.to, block.what
    counts, times, came, censored = tally.counts, tally.times, tally.came, tally.censored
    n_bins = times.shape[1]
    for k in range(n):
        group = codes[ats[k]] if len(codes) else 0
        counts[group, STARTS] += 1
        counts[group, REACHED + whats[k]] += 1
        since = own_time[ats[k]]
        # Watched to a bin's end: the bin of the first time that was not watched is not over.
        watched = min(bin_of(rules.newest - since + 1), n_bins)
        where = bin_of(time[tos[k]] - since) if whats[k] == THERE else n_bins
        if where < n_bins:
            times[group, where] += 1
        if where < watched:
            came[group, where] += 1
        else:
            censored[group, watched] += 1


@njit(nogil=True)
def _count_rows(starts: Events, stops: Events, rows: Int64s, block: Block, tally: Tally, n: int) -> None:
    """Count from-events and their times by when they were; those before the first row are left out."""
    own_time, time, ats, tos, whats = starts.time, stops.time, block.at, block.to, block.what
    counts, times = tally.row_counts, tally.row_times
    for k in range(n):
        since = own_time[ats[k]]
        if len(rows) < 2 or since < rows[0]:
            continue
        row = row_of(rows, since)
        counts[row, STARTS] += 1
        counts[row, REACHED + whats[k]] += 1
        if whats[k] == THERE:
            times[row, bin_of(time[tos[k]] - since)] += 1


@njit(nogil=True)
def _sum_up(starts: Events, stops: Events, rows: Int64s, block: Block, tally: Tally, n: int) -> None:
    """Add up the money of to-events that were reached, and of from-events that are not there."""
    own_time, codes, time, ats, tos = starts.time, starts.code, stops.time, block.at, block.to
    own_value, value, money = starts.value, stops.value, tally.money
    reached, waiting = tally.reached, tally.waiting
    row_reached, row_waiting = tally.row_reached, tally.row_waiting
    for k in range(n):
        group = codes[ats[k]] if len(codes) else 0
        since = own_time[ats[k]]
        row = row_of(rows, since) if len(rows) > 1 and since >= rows[0] else -1
        if tos[k] >= 0:
            worth = value[tos[k]] if len(value) else 0.0
            if worth != 0.0:
                money[bin_of(time[tos[k]] - since)] += worth
                push(reached[group], worth)
                if row >= 0:
                    push(row_reached[row], worth)
        else:
            worth = own_value[ats[k]] if len(own_value) else 0.0
            if worth != 0.0:
                push(waiting[group], worth)
                if row >= 0:
                    push(row_waiting[row], worth)


@njit(nogil=True)
def _add_things(
    starts: Events, stops: Events, person: Int32s, block: Block, tally: Tally, n: int, things: Floats
) -> None:
    """Add up what each person has; `things` is from-events, those there and their seconds, by group."""
    own_time, codes, time, cursor = starts.time, starts.code, stops.time, block.cursor
    units, ats, tos = block.unit, block.at, block.to
    for k in range(n):
        whose = person[units[k]] if len(person) else units[k]
        if whose != cursor[2]:
            _settle(tally.persons, tally.seconds, things)
            cursor[2] = whose
        for group in (codes[ats[k]] if len(codes) else 0, len(things) - 1):
            things[group, 0] += 1.0
            if tos[k] >= 0:
                things[group, 1] += 1.0
                things[group, 2] += (time[tos[k]] - own_time[ats[k]]) / 1e6


@njit(nogil=True)
def _settle(persons: Int64s, seconds: Floats, things: Floats) -> None:
    """Add what one person has to the sums, and forget it."""
    if things[-1, 0] == 0.0:
        return
    for group in range(len(things)):
        y, x = int(things[group, 0]), int(things[group, 1])
        if y == 0:
            continue
        persons[group, 0] += 1
        persons[group, 1] += y
        persons[group, 2] += y * y
        persons[group, 3] += x
        persons[group, 4] += x * x
        persons[group, 5] += x * y
        if x:
            push_pair(seconds[group], things[group, 2], float(x))
        things[group] = 0.0


@njit(nogil=True)
def _mark(starts: Events, stops: Events, rules: Rules, block: Block, wanted: Wanted, n: int) -> None:
    """Mark the units of the from-events that are meant."""
    own_time, codes, time, marked = starts.time, starts.code, stops.time, wanted.unit
    units, ats, tos, whats = block.unit, block.at, block.to, block.what
    for k in range(n):
        since, what = own_time[ats[k]], whats[k]
        group = codes[ats[k]] if len(codes) else 0
        meant = wanted.start <= since < wanted.end and (wanted.group < 0 or wanted.group == group)
        meant = meant and rules.newest - since >= wanted.watched
        if wanted.what == NOT_THERE:
            meant = meant and what != THERE
        elif wanted.what >= 0:
            meant = meant and what == wanted.what
        if wanted.below >= 0:
            ms = (time[tos[k]] - since) // US_PER_MS if what == THERE else -1
            meant = meant and wanted.least <= ms < wanted.below
        if meant:
            marked[units[k]] = True


@kernel
def scan(
    starts: Events,
    stops: Events,
    person: Int32s,
    rules: Rules,
    rows: Int64s,
    block: Block,
    tally: Tally,
    wanted: Wanted,
    low: int,
    high: int,
) -> None:
    """Pair all from-events of units low … high - 1, and tally their times or mark units.

    Args:
        starts: the from-events.
        stops: the to-events.
        person: of each unit; empty where a unit is a person or an account itself.
        rules: the question's numbers.
        rows: edges of the rows; from-events before the first are in none.
        block: scratch, as `new_block` makes it.
        tally: added to, where nobody is to be marked.
        wanted: whom to mark.
        low: first unit.
        high: unit after the last; of a person with several units all are in one scan.
    """
    starts, stops, rules, rows = borrowed(starts), borrowed(stops), borrowed(rules), borrowed(rows)
    person, block, tally, wanted = borrowed(person), borrowed(block), borrowed(tally), borrowed(wanted)
    things = np.zeros((len(tally.counts) + 1, 3))
    valued = len(starts.value) > 0 or len(stops.value) > 0
    block.cursor[0], block.cursor[1], block.cursor[2] = low, 0, -1
    while True:
        n = _gather(starts, rules, block, high)
        if n == 0:
            break
        _pair(starts, stops, rules, block, n)
        if len(wanted.unit):
            _mark(starts, stops, rules, block, wanted, n)
            continue
        _count(starts, stops, rules, block, tally, n)
        _count_rows(starts, stops, rows, block, tally, n)
        _add_things(starts, stops, person, block, tally, n, things)
        if valued:
            _sum_up(starts, stops, rows, block, tally, n)
    _settle(tally.persons, tally.seconds, things)
