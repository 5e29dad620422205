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
from obverse.measure.overview_scan import first_from, row_of
from obverse.measure.pairs import push_pair
from obverse.measure.stages.state import (
    CONVERTED,
    CUSTOMER,
    DORMANT,
    ENGAGED,
    LAPSED,
    LONG_AGO,
    N_MOVES,
    N_STAGES,
    NEVER,
    NEW,
    ONWARD,
    SILENT,
    VISITOR,
    Rules,
    Tally,
    Timelines,
    Watch,
)
from obverse.tape.layout import Floats, Int32s, Int64s

_NEW, _RETURNING, _RESURRECTED, _DORMANT = range(4)

_UNIT, _GROUP, _STAGE, _SINCE, _VISIT, _SEEN, _ORDER, _CLOCK = range(8)
"""What is known of the person that is walked: number, group, stage, the row at whose end they came into it
(-1 for before the first), row of the last visit, time of the last event, of the last conversion, and of what
a silence is counted from."""


@kernel
def walk(rules: Rules, lines: Timelines, tally: Tally, watch: Watch, low: int, high: int) -> None:
    """Walk people through the rows, from unit `low` to before unit `high`."""
    me = np.zeros(8, dtype=np.int64)
    marks = np.zeros(4, dtype=np.int64)
    risks = np.zeros((N_STAGES, 1 + N_MOVES), dtype=np.int64)
    for unit in range(low, high):
        if lines.offsets[unit] == lines.offsets[unit + 1]:
            continue
        me[_UNIT] = unit
        me[_GROUP] = lines.groups[lines.offsets[unit]] if rules.split else 0
        _mark(rules, lines, unit, marks)
        _visit_all(rules, lines, tally, watch, me, marks, risks)
        if me[_STAGE] != NEW:
            _expose(rules, risks, me[_STAGE], me[_SINCE], len(rules.edges) - 2)
        _push(tally.pairs[me[_GROUP]], risks)


@njit(nogil=True)
def _mark(rules: Rules, lines: Timelines, unit: int, marks: Int64s) -> None:
    """Find when a person becomes engaged, a prospect, a customer and a repeat customer."""
    marks[:] = NEVER
    marks[0] = _engaged_at(rules, lines.time, lines.offsets[unit], lines.offsets[unit + 1])
    if rules.has_engaged and lines.e_offsets[unit] < lines.e_offsets[unit + 1]:
        marks[0] = min(marks[0], lines.e_time[lines.e_offsets[unit]])
    if lines.p_offsets[unit] < lines.p_offsets[unit + 1]:
        marks[1] = lines.p_time[lines.p_offsets[unit]]
    for number in range(min(2, lines.c_offsets[unit + 1] - lines.c_offsets[unit])):
        marks[2 + number] = lines.c_time[lines.c_offsets[unit] + number]


@njit(nogil=True)
def _engaged_at(rules: Rules, time: Int64s, begin: int, stop: int) -> int:
    """Give when a person has been there on enough days or with enough events."""
    if not rules.by_days:
        at = begin + rules.engaged_after - 1
        return time[at] if at < stop else NEVER
    at, day = begin, 0
    for _ in range(rules.engaged_after - 1):
        day = row_of(rules.midnights, day, time[at])
        at = first_from(time, at, stop, rules.midnights[day + 1])
        if at == stop:
            return NEVER
    return time[at]  # type: ignore[no-any-return]


@njit(nogil=True)
def _visit_all(
    rules: Rules, lines: Timelines, tally: Tally, watch: Watch, me: Int64s, marks: Int64s, risks: Int64s
) -> None:
    """Walk one person from row to row."""
    unit, edges, time = me[_UNIT], rules.edges, lines.time
    n_rows = len(edges) - 1
    begin, stop = lines.offsets[unit], lines.offsets[unit + 1]
    at = first_from(time, begin, stop, edges[0])
    order, worth = lines.c_offsets[unit], 0.0
    me[_STAGE], me[_SINCE], me[_VISIT], me[_ORDER] = NEW, -1, LONG_AGO - 1, -NEVER
    if at > begin:
        me[_SEEN] = time[at - 1]
        order, worth = _spend(lines, me, order, edges[0])
        me[_VISIT] = -1 if time[at - 1] >= rules.before else LONG_AGO
        _settle(rules, tally, watch, me, marks, risks, -1, worth, worth)
    row = 0
    while at < stop and time[at] < edges[n_rows]:
        row = row_of(edges, row, time[at])
        _fall_silent(rules, tally, watch, me, risks, row, worth)
        life = _live(tally, watch, me, row)
        at = _after(time, at, stop, edges[row + 1])
        me[_SEEN] = time[at - 1]
        order, spent = _spend(lines, me, order, edges[row + 1])
        worth += spent
        _settle(rules, tally, watch, me, marks, risks, row, spent, worth)
        if me[_ORDER] >= edges[row]:
            tally.worth[me[_GROUP], row, me[_STAGE]] += spent
            _push_one(tally.spent[row, me[_STAGE]], spent)
            tally.life_worth[row, life] += spent
    _fall_silent(rules, tally, watch, me, risks, n_rows, worth)
    _sleep(tally, watch, me, n_rows)


@njit(nogil=True)
def _after(time: Int64s, at: int, stop: int, instant: int) -> int:
    """Give the first index after `at` whose time is not before an instant: near, so step by step first."""
    for near in range(at + 1, min(at + 9, stop)):
        if time[near] >= instant:
            return near
    return first_from(time, min(at + 9, stop), stop, instant)


@njit(nogil=True)
def _spend(lines: Timelines, me: Int64s, order: int, instant: int) -> tuple[int, float]:
    """Add up the conversions from number `order` on and before an instant; note the time of the last."""
    stop, spent = lines.c_offsets[me[_UNIT] + 1], 0.0
    while order < stop and lines.c_time[order] < instant:
        spent += lines.c_value[order]
        me[_ORDER] = lines.c_time[order]
        order += 1
    return order, spent


@njit(nogil=True)
def _settle(
    rules: Rules,
    tally: Tally,
    watch: Watch,
    me: Int64s,
    marks: Int64s,
    risks: Int64s,
    row: int,
    spent: float,
    worth: float,
) -> None:
    """Find the stage at the end of a row with events (-1: at the start of the first), and go there."""
    instant = rules.edges[row + 1]
    stage = VISITOR
    for number in range(4):
        if marks[number] < instant:
            stage = ENGAGED + number
    customer = stage >= CUSTOMER
    me[_CLOCK] = me[_ORDER] if customer and rules.by_conversion else me[_SEEN]
    if instant - me[_CLOCK] >= rules.lapse:
        stage = LAPSED if customer else DORMANT
    if stage == me[_STAGE]:
        tally.so_far[row + 1, stage] += spent
    else:
        _go(rules, tally, watch, me, risks, row, stage, worth - spent, worth)


@njit(nogil=True)
def _fall_silent(
    rules: Rules, tally: Tally, watch: Watch, me: Int64s, risks: Int64s, until: int, worth: float
) -> None:
    """Lapse at the end of the first row before row `until` by which the silence is too long, if any is."""
    stage = me[_STAGE]
    if stage == NEW or stage >= LAPSED or rules.edges[until] - me[_CLOCK] < rules.lapse:
        return
    row = first_from(rules.edges, 0, until, me[_CLOCK] + rules.lapse) - 1
    _go(rules, tally, watch, me, risks, row, LAPSED if stage >= CUSTOMER else DORMANT, worth, worth)


@njit(nogil=True)
def _go(
    rules: Rules,
    tally: Tally,
    watch: Watch,
    me: Int64s,
    risks: Int64s,
    row: int,
    stage: int,
    before: float,
    after: float,
) -> None:
    """Move somebody to another stage at the end of a row; they have spent so much before it and after it."""
    left = me[_STAGE]
    if left != NEW:
        tally.stands[me[_GROUP], row + 1, left] -= 1
        tally.so_far[row + 1, left] -= before
        _expose(rules, risks, left, me[_SINCE], row)
    tally.stands[me[_GROUP], row + 1, stage] += 1
    tally.so_far[row + 1, stage] += after
    if row >= 0:
        tally.flows[row, left, stage] += 1
        if rules.whole_from <= row < rules.whole_to:
            _move(risks[left], left, stage)
            if len(watch.moved):
                watch.moved[me[_UNIT]] |= np.int64(1) << (N_STAGES * left + stage)
    if row < watch.row:
        watch.before[me[_UNIT]] = stage
    if row <= watch.row:
        watch.after[me[_UNIT]] = stage
    me[_STAGE], me[_SINCE] = stage, row


@njit(nogil=True)
def _expose(rules: Rules, risks: Int64s, stage: int, since: int, until: int) -> None:
    """Count the complete rows that began in a stage: those after row `since`, up to row `until`."""
    first, last = max(since + 1, rules.whole_from), min(until, rules.whole_to - 1)
    if first <= last:
        risks[stage, 0] += last - first + 1


@njit(nogil=True)
def _move(risk: Int64s, left: int, stage: int) -> None:
    """Count a move by what it means."""
    if stage >= LAPSED:
        risk[1 + SILENT] += 1
    elif left >= LAPSED or stage > left:
        risk[1 + ONWARD] += 1
    if (left < CUSTOMER or left == DORMANT) and CUSTOMER <= stage <= LAPSED:
        risk[1 + CONVERTED] += 1


@njit(nogil=True)
def _live(tally: Tally, watch: Watch, me: Int64s, row: int) -> int:
    """Count a visit to a row by the visit before it."""
    before = me[_VISIT]
    life = _NEW
    if before >= LONG_AGO:
        life = _RETURNING if before == row - 1 else _RESURRECTED
        _sleep(tally, watch, me, row)
    tally.lives[me[_GROUP], row, life] += 1
    me[_VISIT] = row
    if row == watch.row:
        watch.life[me[_UNIT]] = life
    return life


@njit(nogil=True)
def _sleep(tally: Tally, watch: Watch, me: Int64s, row: int) -> None:
    """Count somebody dormant in the row after their last visit, unless they were there in it (row `row`)."""
    after = me[_VISIT] + 1
    if 0 <= after < row:
        tally.lives[me[_GROUP], after, _DORMANT] += 1
        if after == watch.row:
            watch.life[me[_UNIT]] = _DORMANT


@njit(nogil=True)
def _push(pairs: Floats, risks: Int64s) -> None:
    """Add a person's rows at risk and moves to the moments, and clear them."""
    for stage in range(N_STAGES):
        if risks[stage, 0]:
            for move in range(N_MOVES):
                push_pair(pairs[stage, move], float(risks[stage, 1 + move]), float(risks[stage, 0]))
    risks[:] = 0


@njit(nogil=True)
def _push_one(moments: Floats, x: float) -> None:
    """Add one draw to moments of shape (3,)."""
    moments[0] += 1.0
    delta = x - moments[1]
    moments[1] += delta / moments[0]
    moments[2] += delta * (x - moments[1])


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
