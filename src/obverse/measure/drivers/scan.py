"""The scan of drivers: who did what early, and who converted later."""

from __future__ import annotations

import numpy as np
from numba import njit

from obverse.measure.kernel import kernel
from obverse.measure.moments import push
from obverse.tape.layout import Floats, Int32s, Int64s

NOT_ENTERED, CUSTOMER, TOO_EARLY, UNKNOWN, STAYED, CONVERTED = range(6)
N_STATES = 6

_NEVER = 1 << 62


@njit(nogil=True)
def _begun(offsets: Int64s, time: Int64s, unit: int, start: int, end: int) -> int:
    """Give the time of a unit's first event in the period; _NEVER for none."""
    for i in range(offsets[unit], offsets[unit + 1]):
        if time[i] >= start:
            return int(time[i]) if time[i] < end else _NEVER
    return _NEVER


@njit(nogil=True)
def _state(
    offsets: Int64s, time: Int64s, unit: int, begun: int, early: int, within: int, newest: int, not_yet: bool
) -> int:
    """Say how a unit that began at a time counts, by its conversions."""
    if begun == _NEVER:
        return NOT_ENTERED
    state = STAYED
    for i in range(offsets[unit], offsets[unit + 1]):
        if time[i] < begun:
            if not_yet:
                return CUSTOMER
        elif time[i] < begun + early:
            return TOO_EARLY
        elif time[i] <= begun + within:
            state = CONVERTED
            break
    return UNKNOWN if begun + within > newest else state


@njit(nogil=True)
def _worth(offsets: Int64s, time: Int64s, value: Floats, unit: int, low: int, high: int) -> float:
    """Add up the value of a unit's conversions from low to high, both included."""
    found = 0.0
    for i in range(offsets[unit], offsets[unit + 1]):
        if low <= time[i] <= high:
            found += value[i]
    return found


@kernel
def compare_behaviours(
    first_offsets: Int64s,
    first_time: Int64s,
    order_offsets: Int64s,
    order_time: Int64s,
    value: Floats,
    offsets: Int64s,
    time: Int64s,
    code: Int32s,
    rules: Int64s,
    first: int,
    stop: int,
    states: Int64s,
    did: Int64s,
    worth_all: Floats,
    worth_did: Floats,
) -> None:
    """Count units first … stop - 1 by how they count and by what they did early.

    Args:
        first_offsets: of the events that time begins with, by unit.
        first_time: µs.
        order_offsets: of the conversions, by unit.
        order_time: µs.
        value: of the conversions.
        offsets: of the candidates, by unit.
        time: µs.
        code: of the behaviour.
        rules: start, end, early, within, newest (µs), times, not_yet.
        first: first unit.
        stop: unit after the last.
        states: shape (N_STATES,), added to.
        did: shape (C, 2): people who did a behaviour, and those of them who converted; added to.
        worth_all: shape (3,), moments of value over all who are compared; pushed to.
        worth_did: shape (C, 3), the same over those who did it; pushed to.
    """
    start, end, early, within, newest, times, not_yet = rules
    seen = np.zeros(len(did), np.int64)
    whose = np.full(len(did), -1, np.int64)
    for unit in range(first, stop):
        begun = _begun(first_offsets, first_time, unit, start, end)
        state = _state(order_offsets, order_time, unit, begun, early, within, newest, not_yet != 0)
        states[state] += 1
        if state < STAYED:
            continue
        worth = 0.0
        if state == CONVERTED:
            worth = _worth(order_offsets, order_time, value, unit, begun + early, begun + within)
        push(worth_all, worth)
        for i in range(offsets[unit], offsets[unit + 1]):
            if time[i] < begun:
                continue
            if time[i] >= begun + early:
                break
            if whose[code[i]] != unit:
                whose[code[i]] = unit
                seen[code[i]] = 0
            seen[code[i]] += 1
            if seen[code[i]] == times:
                did[code[i], 0] += 1
                did[code[i], 1] += state == CONVERTED
                push(worth_did[code[i]], worth)


@kernel
def judge(
    first_offsets: Int64s,
    first_time: Int64s,
    order_offsets: Int64s,
    order_time: Int64s,
    offsets: Int64s,
    time: Int64s,
    code: Int32s,
    wanted: int,
    rules: Int64s,
    states: Int64s,
    did: Int64s,
) -> None:
    """Say how each unit counts, and how often it did one behaviour early.

    Args:
        first_offsets: as for `compare_behaviours`, and so the following.
        first_time: µs.
        order_offsets: by unit.
        order_time: µs.
        offsets: by unit.
        time: µs.
        code: of the behaviour.
        wanted: the code meant.
        rules: as there.
        states: shape (n_units,), written.
        did: shape (n_units,), written.
    """
    start, end, early, within, newest, _, not_yet = rules
    for unit in range(len(states)):
        begun = _begun(first_offsets, first_time, unit, start, end)
        states[unit] = _state(order_offsets, order_time, unit, begun, early, within, newest, not_yet != 0)
        did[unit] = 0
        for i in range(offsets[unit], offsets[unit + 1]):
            did[unit] += code[i] == wanted and begun <= time[i] and time[i] - begun < early
