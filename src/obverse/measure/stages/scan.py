"""The scan of the stages: kernels over people's events.

A stage at the end of a row depends on few instants of a person: when they became engaged, a prospect, a
customer, a repeat customer (`_marks`), and when they were last there. So the walk goes from one row with an
event of the person to the next, and what happens in between, a silence that grows too long, is computed. The
tallies hold changes, not stands: a person costs as many steps as rows with events, not as rows.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from obverse.measure.kernel import kernel
from obverse.measure.moments import push
from obverse.measure.overview_scan import first_from, row_of
from obverse.measure.pairs import push_pair
from obverse.measure.records import Record, codes, floats, ints
from obverse.measure.stages.state import (
    CONVERTED,
    CUSTOMER,
    DORMANT,
    ENGAGED,
    LAPSED,
    LONG_AGO,
    N_LIVES,
    N_MOVES,
    N_STAGES,
    NEVER,
    NEW,
    NOBODY,
    ONWARD,
    SILENT,
    VISITOR,
)
from obverse.tape.layout import Int32s, Int64s

_NEW, _RETURNING, _RESURRECTED, _DORMANT = range(4)


@kernel
def walk(w: Record, low: int, high: int) -> None:
    """Walk people through the rows, from unit `low` to before unit `high`.

    Args:
        w: a record of `obverse.measure.stages.state.WALK`.
        low: first unit.
        high: unit after the last.
    """
    for unit in range(low, high):
        begin = ints(w.offsets)[unit]
        if begin == ints(w.offsets)[unit + 1]:
            continue
        w.unit = unit
        w.group = codes(w.groups)[begin] if w.split else 0
        _mark(w)
        _visit_all(w)
        if w.stage != NEW:
            _expose(w, w.n_rows - 1)
        _push(w)


@njit(nogil=True)
def _mark(w: Record) -> None:
    """Find when a person becomes engaged, a prospect, a customer and a repeat customer."""
    w.marks[0] = _engaged_at(w)
    if w.has_engaged:
        w.marks[0] = min(w.marks[0], _time_of(ints(w.e_offsets), ints(w.e_time), w.unit, 0))
    w.marks[1] = _time_of(ints(w.p_offsets), ints(w.p_time), w.unit, 0)
    w.marks[2] = _time_of(ints(w.c_offsets), ints(w.c_time), w.unit, 0)
    w.marks[3] = _time_of(ints(w.c_offsets), ints(w.c_time), w.unit, 1)


@njit(nogil=True, inline="always")
def _time_of(offsets: Int64s, time: Int64s, unit: int, number: int) -> int:
    """Give the time of a person's event by its number; `NEVER` if there are fewer."""
    at = offsets[unit] + number
    return time[at] if at < offsets[unit + 1] else NEVER


@njit(nogil=True)
def _engaged_at(w: Record) -> int:
    """Give when a person has been there on enough days or with enough events."""
    time, midnights = ints(w.time), ints(w.midnights)
    at, stop = ints(w.offsets)[w.unit], ints(w.offsets)[w.unit + 1]
    if not w.by_days:
        at += w.engaged_after - 1
        return time[at] if at < stop else NEVER
    day = 0
    for _ in range(w.engaged_after - 1):
        day = row_of(midnights, day, time[at])
        at = _after(time, at, stop, midnights[day + 1])
        if at == stop:
            return NEVER
    return time[at]  # type: ignore[no-any-return]


@njit(nogil=True)
def _visit_all(w: Record) -> None:
    """Walk one person from row to row."""
    edges, time = ints(w.edges), ints(w.time)
    begin, stop = ints(w.offsets)[w.unit], ints(w.offsets)[w.unit + 1]
    at = first_from(time, begin, stop, edges[0])
    w.order, worth = ints(w.c_offsets)[w.unit], 0.0
    w.stage, w.since, w.visit, w.ordered = NEW, -1, LONG_AGO - 1, -NEVER
    if at > begin:
        w.seen = time[at - 1]
        worth = _spend(w, edges[0])
        w.visit = -1 if w.seen >= w.before else LONG_AGO
        _settle(w, -1, worth, worth)
    row = 0
    while at < stop and time[at] < edges[w.n_rows]:
        row = row_of(edges, row, time[at])
        _fall_silent(w, row, worth)
        life = _live(w, row)
        at = _after(time, at, stop, edges[row + 1])
        w.seen = time[at - 1]
        spent = _spend(w, edges[row + 1])
        worth += spent
        _settle(w, row, spent, worth)
        if w.ordered >= edges[row]:
            _pay(w, row, life, spent)
    _fall_silent(w, w.n_rows, worth)
    _sleep(w, w.n_rows)


@njit(nogil=True, inline="always")
def _after(time: Int64s, at: int, stop: int, instant: int) -> int:
    """Give the first index after `at` whose time is not before an instant: near, so step by step first."""
    near = at + 1
    while near < stop and near < at + 16 and time[near] < instant:
        near += 1
    if near < stop and time[near] < instant:
        near = first_from(time, near, stop, instant)
    return near


@njit(nogil=True, inline="always")
def _spend(w: Record, instant: int) -> float:
    """Add up the conversions that come next and before an instant; note the time of the last."""
    stop, spent, time = ints(w.c_offsets)[w.unit + 1], 0.0, ints(w.c_time)
    while w.order < stop and time[w.order] < instant:
        spent += floats(w.c_value)[w.order]
        w.ordered = time[w.order]
        w.order += 1
    return spent


@njit(nogil=True)
def _pay(w: Record, row: int, life: int, spent: float) -> None:
    """Add what somebody spent in a row to the stage at its end and to the part of the lifecycle."""
    floats(w.worth)[(w.group * w.n_rows + row) * N_STAGES + w.stage] += spent
    floats(w.life_worth)[row * N_LIVES + life] += spent
    place = 3 * (row * N_STAGES + w.stage)
    push(floats(w.spent)[place : place + 3], spent)


@njit(nogil=True)
def _settle(w: Record, row: int, spent: float, worth: float) -> None:
    """Find the stage at the end of a row with events (-1: at the start of the first), and go there."""
    instant, stage = ints(w.edges)[row + 1], VISITOR
    for number in range(4):
        if w.marks[number] < instant:
            stage = ENGAGED + number
    customer = stage >= CUSTOMER
    w.clock = w.ordered if customer and w.by_conversion else w.seen
    if instant - w.clock >= w.lapse:
        stage = LAPSED if customer else DORMANT
    if stage == w.stage:
        floats(w.so_far)[(row + 1) * N_STAGES + stage] += spent
    else:
        _go(w, row, stage, worth - spent, worth)


@njit(nogil=True, inline="always")
def _fall_silent(w: Record, until: int, worth: float) -> None:
    """Lapse at the end of the first row before row `until` by which the silence is too long, if any is."""
    edges = ints(w.edges)
    if NEW < w.stage < LAPSED and edges[until] - w.clock >= w.lapse:
        row = first_from(edges, 0, until, w.clock + w.lapse) - 1
        _go(w, row, LAPSED if w.stage >= CUSTOMER else DORMANT, worth, worth)


@njit(nogil=True)
def _go(w: Record, row: int, stage: int, before: float, after: float) -> None:
    """Move somebody to another stage at the end of a row; they have spent so much before it and after it."""
    stands, so_far = ints(w.stands), floats(w.so_far)
    place, left = (w.group * (w.n_rows + 1) + row + 1) * N_STAGES, w.stage
    if left != NEW:
        stands[place + left] -= 1
        so_far[(row + 1) * N_STAGES + left] -= before
        _expose(w, row)
    stands[place + stage] += 1
    so_far[(row + 1) * N_STAGES + stage] += after
    if row >= 0:
        ints(w.flows)[(row * N_STAGES + left) * N_STAGES + stage] += 1
        if w.whole_from <= row < w.whole_to:
            _move(w, left, stage)
    if row < w.watch:
        ints(w.noted_before)[w.unit] = stage
    if row <= w.watch:
        ints(w.noted_after)[w.unit] = stage
    w.stage, w.since = stage, row


@njit(nogil=True, inline="always")
def _expose(w: Record, until: int) -> None:
    """Count the complete rows that began in the stage: after the row of coming there, up to row `until`."""
    first, last = max(w.since + 1, w.whole_from), min(until, w.whole_to - 1)
    if first <= last:
        w.risks[w.stage * (1 + N_MOVES)] += last - first + 1


@njit(nogil=True)
def _move(w: Record, left: int, stage: int) -> None:
    """Count a move in a complete row by what it means."""
    risk = left * (1 + N_MOVES) + 1
    if stage >= LAPSED:
        w.risks[risk + SILENT] += 1
    elif left >= LAPSED or stage > left:
        w.risks[risk + ONWARD] += 1
    if (left < CUSTOMER or left == DORMANT) and CUSTOMER <= stage <= LAPSED:
        w.risks[risk + CONVERTED] += 1
    if w.watch != NOBODY:
        ints(w.noted_moves)[w.unit] |= np.int64(1) << (N_STAGES * left + stage)


@njit(nogil=True)
def _live(w: Record, row: int) -> int:
    """Count a visit to a row by the visit before it."""
    life = _NEW
    if w.visit >= LONG_AGO:
        life = _RETURNING if w.visit == row - 1 else _RESURRECTED
        _sleep(w, row)
    ints(w.lives)[(w.group * w.n_rows + row) * N_LIVES + life] += 1
    w.visit = row
    if row == w.watch:
        ints(w.noted_life)[w.unit] = life
    return life


@njit(nogil=True, inline="always")
def _sleep(w: Record, row: int) -> None:
    """Count somebody dormant in the row after their last visit, unless they were there in it (row `row`)."""
    after = w.visit + 1
    if 0 <= after < row:
        ints(w.lives)[(w.group * w.n_rows + after) * N_LIVES + _DORMANT] += 1
        if after == w.watch:
            ints(w.noted_life)[w.unit] = _DORMANT


@njit(nogil=True)
def _push(w: Record) -> None:
    """Add a person's rows at risk and moves to the moments, and clear them."""
    pairs = floats(w.pairs)
    for stage in range(1, N_STAGES):
        risk = stage * (1 + N_MOVES)
        rows = w.risks[risk]
        if rows:
            for move in range(N_MOVES):
                place = ((w.group * N_STAGES + stage) * N_MOVES + move) * 6
                push_pair(pairs[place : place + 6], float(w.risks[risk + 1 + move]), float(rows))
                w.risks[risk + 1 + move] = 0
            w.risks[risk] = 0


@kernel
def tally_names(
    offsets: Int64s,
    time: Int64s,
    names: Int32s,
    c_offsets: Int64s,
    c_time: Int64s,
    start: int,
    end: int,
    found: Int64s,
    base: Int64s,
    low: int,
    high: int,
) -> None:
    """Count who did what in a period, people who are no customers by its end apart from those who are.

    Args:
        offsets: of all events.
        time: of all events.
        names: code of the name of each.
        c_offsets: of conversions.
        c_time: of conversions.
        start: first instant.
        end: first instant after it.
        found: shape (2, codes), added to.
        base: shape (2,), who was there, added to.
        low: first unit.
        high: unit after the last.
    """
    last = np.full(found.shape[1], -1, dtype=np.int64)
    for unit in range(low, high):
        stop = offsets[unit + 1]
        at = first_from(time, offsets[unit], stop, start)
        if at == stop or time[at] >= end:
            continue
        customer = 1 if c_offsets[unit] < c_offsets[unit + 1] and c_time[c_offsets[unit]] < end else 0
        base[customer] += 1
        while at < stop and time[at] < end:
            name = names[at]
            if last[name] != unit:
                last[name] = unit
                found[customer, name] += 1
            at += 1


@kernel
def last_touches(
    offsets: Int64s,
    time: Int64s,
    seq: Int64s,
    touches: Int32s,
    c_offsets: Int64s,
    c_time: Int64s,
    c_seq: Int64s,
    start: int,
    end: int,
    nothing: int,
    found: Int64s,
    low: int,
    high: int,
) -> None:
    """Find where people were last before their first conversion ever, if that is in a period.

    Args:
        offsets: of all events.
        time: of all events.
        seq: of all events.
        touches: code of each event's place.
        c_offsets: of conversions.
        c_time: of conversions.
        c_seq: of conversions.
        start: first instant.
        end: first instant after it.
        nothing: what stands for no event before it.
        found: shape (high - low,), the codes; -1 for who has no such conversion.
        low: first unit.
        high: unit after the last.
    """
    for unit in range(low, high):
        found[unit - low] = -1
        order = c_offsets[unit]
        if order == c_offsets[unit + 1] or not start <= c_time[order] < end:
            continue
        begin, stop = offsets[unit], offsets[unit + 1]
        at = first_from(time, begin, stop, c_time[order])
        while at < stop and time[at] == c_time[order] and seq[at] < c_seq[order]:
            at += 1
        found[unit - low] = touches[at - 1] if at > begin else nothing
