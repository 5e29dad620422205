"""The scan of retention: follows each entry through its return events and tallies what came of it.

Entries go through the steps of the work in blocks, each step a loop of its own: Numba counts references to
each array at each call, and to do that for every entry would cost more than to follow it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from obverse.measure.borrowed import borrowed
from obverse.measure.kernel import kernel
from obverse.measure.moments import push
from obverse.measure.retention.bins import DAY_US, Columns
from obverse.measure.retention.state import (
    ANY,
    AWAY,
    EVERYONE,
    FIRST_EVER,
    ON,
    ON_OR_AFTER,
    RECURRING,
    STREAK,
    Block,
    Events,
    Rules,
    Tally,
    Wanted,
)
from obverse.measure.search import row_of, seek
from obverse.tape.layout import Int32s, Int64s


@njit(nogil=True)
def _gather(
    starts: Events, rules: Rules, rows: Int64s, block: Block, aside: Int64s, low: int, high: int
) -> tuple[int, int]:
    """Find the entries of units from `low` on, as many as surely fit; give their number and the next unit."""
    offsets, time, units, ats, cohorts = starts.offsets, starts.time, block.unit, block.at, block.row
    n, unit, most = 0, low, len(units) - len(rows)
    while unit < high and n <= most:
        i, stop = offsets[unit], offsets[unit + 1]
        if i < stop and rules.entry == FIRST_EVER and time[i] < rules.start:
            aside[0] += 1
            i = stop
        i = seek(time, i, stop, rules.start)
        while i < stop and time[i] < rules.end:
            row = row_of(rows, time[i])
            units[n], ats[n], cohorts[n] = unit, i, row
            n += 1
            i = seek(time, i + 1, stop, rows[row + 1]) if rules.entry == RECURRING else stop
        unit += 1
    return n, unit


@njit(nogil=True)
def _place(starts: Events, rules: Rules, columns: Columns, intervals: Int64s, block: Block, n: int) -> None:
    """Find each entry's interval of the calendar, and how many columns are over for it."""
    time, ats, bases, n_over, over = starts.time, block.at, block.base, block.n_over, columns.over
    for k in range(n):
        since = time[ats[k]]
        bases[k] = row_of(intervals, since)
        n_past = (
            (rules.newest - since) // rules.rolling if rules.rolling else rules.newest_interval - bases[k]
        )
        n_over[k] = over[min(n_past, len(over) - 1)]


@njit(nogil=True, inline="always")
def _returning(seqs: Int64s, alike: Int32s, i: int, stop: int, seq: int, code: int) -> int:
    """Give the first event from i that is a return: not the start event itself; of its code, if not ANY."""
    while i < stop and (seqs[i] == seq or (code != ANY and alike[i] != code)):
        i += 1
    return i


@njit(nogil=True)
def _find_first(starts: Events, returns: Events, rules: Rules, block: Block, n: int) -> None:
    """Find each entry's first return."""
    own_time, own_seq, own_alike = starts.time, starts.seq, starts.alike
    offsets, time, seqs, alike = returns.offsets, returns.time, returns.seq, returns.alike
    units, ats, firsts = block.unit, block.at, block.first
    for k in range(n):
        at, stop = ats[k], offsets[units[k] + 1]
        code = own_alike[at] if rules.match else ANY
        i = seek(time, offsets[units[k]], stop, own_time[at])
        i = _returning(seqs, alike, i, stop, own_seq[at], code)
        firsts[k] = i if i < stop else -1


@njit(nogil=True, inline="always")
def _interval(intervals: Int64s, near: int, base: int, since: int, rolling: int, instant: int) -> int:
    """Give the interval that an instant is in, counted from that of an entry; `near` is one not later."""
    if rolling:
        return (instant - since) // rolling
    return seek(intervals, base + near + 1, len(intervals), instant + 1) - 1 - base


@njit(nogil=True)
def _walk(
    starts: Events,
    returns: Events,
    rules: Rules,
    columns: Columns,
    intervals: Int64s,
    block: Block,
    n: int,
) -> None:
    """Find the columns in whose intervals each entry has a return."""
    own_time, own_seq, own_alike, of = starts.time, starts.seq, starts.alike, columns.of
    offsets, time, seqs, alike = returns.offsets, returns.time, returns.seq, returns.alike
    units, ats, bases, firsts, hits = block.unit, block.at, block.base, block.first, block.hits
    for k in range(n):
        i, stop, at = firsts[k], offsets[units[k] + 1], ats[k]
        since, base, number = own_time[at], bases[k], 0
        code = own_alike[at] if rules.match else ANY
        while 0 <= i < stop:
            number = _interval(intervals, number, base, since, rules.rolling, time[i])
            if number > columns.longest:
                break
            if of[number] >= 0:
                hits[k, of[number]] = True
            over = since + (number + 1) * rules.rolling if rules.rolling else intervals[base + number + 1]
            i = _returning(seqs, alike, seek(time, i + 1, stop, over), stop, own_seq[at], code)


@njit(nogil=True)
def _pay(
    starts: Events,
    returns: Events,
    rules: Rules,
    columns: Columns,
    intervals: Int64s,
    block: Block,
    n: int,
) -> None:
    """Sort the money of each entry's returns into columns."""
    own_time, own_seq, own_alike, of, over = starts.time, starts.seq, starts.alike, columns.of, columns.over
    offsets, time, seqs, alike = returns.offsets, returns.time, returns.seq, returns.alike
    value = returns.value
    units, ats, bases, firsts, money = block.unit, block.at, block.base, block.first, block.money
    for k in range(n):
        i, stop, at = firsts[k], offsets[units[k] + 1], ats[k]
        code, number = (own_alike[at] if rules.match else ANY), 0
        while 0 <= i < stop:
            number = _interval(intervals, number, bases[k], own_time[at], rules.rolling, time[i])
            if number > columns.longest:
                break
            money[k, 0, of[number]] += value[i]
            money[k, 1, over[number]] += value[i]
            i = _returning(seqs, alike, i + 1, stop, own_seq[at], code)


@njit(nogil=True)
def _spread(
    starts: Events,
    returns: Events,
    rules: Rules,
    columns: Columns,
    intervals: Int64s,
    block: Block,
    n: int,
) -> None:
    """Find the columns, open to one side, that each entry has a return in: by its last or its first one."""
    own_time, own_seq, own_alike = starts.time, starts.seq, starts.alike
    begun, over = columns.begun, columns.over
    offsets, time, seqs, alike = returns.offsets, returns.time, returns.seq, returns.alike
    units, ats, bases, firsts, hits = block.unit, block.at, block.base, block.first, block.hits
    for k in range(n):
        i, at = firsts[k], ats[k]
        if i < 0:
            continue
        if rules.returning == ON_OR_AFTER:
            i = offsets[units[k] + 1] - 1
            while seqs[i] == own_seq[at] or (rules.match and alike[i] != own_alike[at]):
                i -= 1
        number = _interval(intervals, 0, bases[k], own_time[at], rules.rolling, time[i])
        number = min(number, columns.longest + 1)
        low = 0 if rules.returning == ON_OR_AFTER else over[number]
        high = begun[number] if rules.returning == ON_OR_AFTER else columns.n
        for column in range(low, high):
            hits[k, column] = True


@njit(nogil=True)
def _chain(block: Block, following: int, n: int) -> None:
    """Leave of each column only the entries that returned in all before it."""
    hits = block.hits
    for k in range(n):
        for column in range(following, hits.shape[1]):
            hits[k, column] = hits[k, column] and hits[k, column - 1]


@njit(nogil=True)
def _follow(block: Block, following: int, n: int) -> None:
    """Leave of each column only the entries that returned in the one before, too."""
    hits, among = block.hits, block.among
    for k in range(n):
        for column in range(hits.shape[1] - 1, following - 1, -1):
            among[k, column] = hits[k, column - 1]
            hits[k, column] = hits[k, column] and hits[k, column - 1]


@njit(nogil=True)
def _count_among(starts: Events, block: Block, tally: Tally, n: int) -> None:
    """Count the entries that each column is of."""
    ats, rows, n_over, among = block.at, block.row, block.n_over, block.among
    codes, counted = starts.code, tally.among
    for k in range(n):
        group = codes[ats[k]] if len(codes) else 0
        for column in range(among.shape[1]):
            if among[k, column]:
                counted[group, rows[k], column, 0 if column < n_over[k] else 1] += 1


@njit(nogil=True)
def _count(starts: Events, block: Block, tally: Tally, n: int) -> None:
    """Count entries in their cohorts, and those that returned in their cells."""
    ats, rows, n_over, firsts, hits = block.at, block.row, block.n_over, block.first, block.hits
    codes, observed, returned = starts.code, tally.observed, tally.returned
    for k in range(n):
        group = codes[ats[k]] if len(codes) else 0
        observed[group, rows[k], n_over[k]] += 1
        if firsts[k] < 0:
            continue
        for column in range(hits.shape[1]):
            if hits[k, column]:
                returned[group, rows[k], column, 0 if column < n_over[k] else 1] += 1


@njit(nogil=True)
def _count_firsts(starts: Events, returns: Events, rules: Rules, block: Block, tally: Tally, n: int) -> None:
    """Count entries by the day of their first return, or until which they were watched without one."""
    own_time, codes, time = starts.time, starts.code, returns.time
    ats, firsts, came, censored = block.at, block.first, tally.came, tally.censored
    for k in range(n):
        group = codes[ats[k]] if len(codes) else 0
        since, first = own_time[ats[k]], firsts[k]
        watched = min((rules.newest - since) // DAY_US, rules.curve_days)
        day = (time[first] - since) // DAY_US if first >= 0 else watched
        if day < watched:
            came[group, day] += 1
        else:
            censored[group, watched] += 1


@njit(nogil=True)
def _sum_up(starts: Events, block: Block, tally: Tally, n: int) -> None:
    """Add the money of entries to the cells that are over for them."""
    ats, rows, n_over, firsts, money = block.at, block.row, block.n_over, block.first, block.money
    codes, value, value_until = starts.code, tally.value, tally.value_until
    for k in range(n):
        if firsts[k] < 0:
            continue
        group, so_far = (codes[ats[k]] if len(codes) else 0), 0.0
        for column in range(n_over[k]):
            so_far += money[k, 1, column]
            if money[k, 0, column] != 0.0:
                push(value[group, rows[k], column], money[k, 0, column])
            if so_far != 0.0:
                push(value_until[group, rows[k], column], so_far)


@njit(nogil=True)
def _sum_starts(starts: Events, block: Block, tally: Tally, n: int) -> None:
    """Add the money of the start events themselves."""
    ats, rows, codes, value, start_value = block.at, block.row, starts.code, starts.value, tally.start_value
    for k in range(n):
        if value[ats[k]] != 0.0:
            group = codes[ats[k]] if len(codes) else 0
            push(start_value[group, rows[k]], value[ats[k]])


@njit(nogil=True)
def _count_persons(starts: Events, block: Block, tally: Tally, n: int, things: Int64s) -> None:
    """Count the entries of each person as one draw; `things` is scratch of zeros, and is left so."""
    units, ats, n_over, hits, codes = block.unit, block.at, block.n_over, block.hits, starts.code
    among = block.among
    for k in range(n):
        group = codes[ats[k]] if len(codes) else 0
        for column in range(n_over[k]):
            one, hit = 1 if among[k, column] else 0, 1 if hits[k, column] else 0
            things[group, column, 0] += one
            things[group, column, 1] += hit
            things[-1, column, 0] += one
            things[-1, column, 1] += hit
        if k + 1 == n or units[k + 1] != units[k]:
            _settle(tally.persons, things)


@njit(nogil=True)
def _settle(persons: Int64s, things: Int64s) -> None:
    """Add what one person has to the sums, and forget it."""
    for group in range(things.shape[0]):
        for column in range(things.shape[1]):
            y, x = things[group, column, 0], things[group, column, 1]
            if y == 0:
                continue
            persons[group, column, 0] += 1
            persons[group, column, 1] += y
            persons[group, column, 2] += y * y
            persons[group, column, 3] += x
            persons[group, column, 4] += x * x
            persons[group, column, 5] += x * y
            things[group, column, 0] = 0
            things[group, column, 1] = 0


@njit(nogil=True)
def _mark(starts: Events, returns: Events, rules: Rules, block: Block, wanted: Wanted, n: int) -> None:
    """Mark the units of the entries that are meant."""
    own_time, codes, time, marked = starts.time, starts.code, returns.time, wanted.unit
    units, ats, rows, firsts, hits = block.unit, block.at, block.row, block.first, block.hits
    for k in range(n):
        group = codes[ats[k]] if len(codes) else 0
        if (wanted.row >= 0 and wanted.row != rows[k]) or (wanted.group >= 0 and wanted.group != group):
            continue
        if wanted.day >= 0:
            until = own_time[ats[k]] + wanted.day * DAY_US
            watched, came = until <= rules.newest, firsts[k] >= 0 and time[firsts[k]] < until
        else:
            watched = wanted.column < block.n_over[k] and (wanted.column < 0 or block.among[k, wanted.column])
            came = wanted.column >= 0 and hits[k, wanted.column]
        if wanted.who == AWAY:
            meant = watched and not came
        else:
            meant = wanted.who == EVERYONE or (came and (watched or wanted.row >= 0))
        if meant:
            marked[units[k]] = True


@kernel
def scan(
    starts: Events,
    returns: Events,
    rules: Rules,
    columns: Columns,
    rows: Int64s,
    intervals: Int64s,
    block: Block,
    tally: Tally,
    wanted: Wanted,
    low: int,
    high: int,
) -> None:
    """Follow all entries of units low … high - 1, and tally them or mark units.

    Args:
        starts: the start events.
        returns: the return events.
        rules: the question's numbers.
        columns: the answer's columns.
        rows: edges of the cohorts.
        intervals: edges of the calendar's intervals, from before the first cohort to after the newest event.
        block: scratch, as `new_block` makes it.
        tally: added to, where nobody is to be marked.
        wanted: whom to mark.
        low: first unit.
        high: unit after the last.
    """
    starts, returns, rules, columns = borrowed(starts), borrowed(returns), borrowed(rules), borrowed(columns)
    rows, intervals = borrowed(rows), borrowed(intervals)
    block, tally, wanted = borrowed(block), borrowed(tally), borrowed(wanted)
    things = np.zeros((rules.n_groups + 1, columns.n, 2), dtype=np.int64)
    unit, valued = low, len(returns.value) > 0
    while unit < high:
        n, unit = _gather(starts, rules, rows, block, tally.aside, unit, high)
        _place(starts, rules, columns, intervals, block, n)
        _find_first(starts, returns, rules, block, n)
        if rules.returning in (ON, STREAK):
            _walk(starts, returns, rules, columns, intervals, block, n)
        else:
            _spread(starts, returns, rules, columns, intervals, block, n)
        if rules.returning == STREAK:
            _chain(block, rules.following, n)
        if rules.previous:
            _follow(block, rules.following, n)
        if len(wanted.unit):
            _mark(starts, returns, rules, block, wanted, n)
        else:
            _count(starts, block, tally, n)
            if rules.previous:
                _count_among(starts, block, tally, n)
            _count_firsts(starts, returns, rules, block, tally, n)
            if rules.entry == RECURRING:
                _count_persons(starts, block, tally, n, things)
            if valued:
                _pay(starts, returns, rules, columns, intervals, block, n)
                _sum_up(starts, block, tally, n)
                block.money[:n] = 0.0
            if len(starts.value):
                _sum_starts(starts, block, tally, n)
        block.hits[:n] = False
