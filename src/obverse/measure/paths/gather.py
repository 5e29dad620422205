"""A person's events as one list of items: steps with their places, goals and money between them."""

from __future__ import annotations

from typing import cast

import numpy as np
from numba import njit

from obverse.measure.columns import codes, has_values, integers_at, offsets, seqs, times, values
from obverse.measure.paths.places import NOWHERE
from obverse.measure.paths.state import (
    AFTER,
    BEFORE,
    EXCLUDE,
    GOAL,
    IS_AFTER,
    IS_BEFORE,
    IS_GOAL,
    IS_STEP,
    STEPS,
    VALUE,
    ZERO,
    Walk,
    marks_of,
    money_of,
    places_at,
    times_of,
)
from obverse.tape.layout import Int64s

_LAST: int = cast("int", np.int64((1 << 63) - 1))


@njit(nogil=True)
def gather(w: Walk, unit: int) -> int:
    """Write a person's items and give their number; the first is a step.

    The events of all roles are merged by time and arrival; one event may have several roles.
    """
    w.unit, w.n_items = unit, 0
    next_, stop = w.next, w.stop
    for role in range(len(w.row)):
        next_[role] = stop[role] = 0
        if w.row[role] >= 0:
            begins = offsets(w.tracks, w.row[role])
            next_[role], stop[role] = begins[unit], begins[unit + 1]
    n = ZERO
    while True:
        first, number = _LAST, _LAST
        for role in range(len(w.row)):
            if next_[role] < stop[role]:
                at = times(w.tracks, w.row[role])[next_[role]]
                seq = seqs(w.tracks, w.row[role])[next_[role]]
                if at < first or (at == first and seq < number):
                    first, number = at, seq
        if first == _LAST and number == _LAST:
            w.n_items = n
            return n
        n += _take(w, n, first, number)


@njit(nogil=True)
def _take(w: Walk, n: int, time: int, seq: int) -> int:
    """Write the event that comes next as item n, if it is one, and pass over it; say how many items it is."""
    place, mark, money, excluded = NOWHERE, 0, 0.0, False
    for role in range(len(w.row)):
        at, row = w.next[role], w.row[role]
        if at == w.stop[role] or seqs(w.tracks, row)[at] != seq:
            continue
        w.next[role] += 1
        if role == STEPS:
            place = integers_at(w.of_code, w.n_codes)[codes(w.tracks, row)[at]]
            excluded |= place == NOWHERE
        elif role in (AFTER, BEFORE):
            mark |= IS_AFTER if role == AFTER else IS_BEFORE
            if place == NOWHERE:
                place = integers_at(w.of_pin, w.n_pins)[codes(w.tracks, row)[at]]
        elif role == EXCLUDE:
            excluded = True
        elif role == GOAL:
            mark |= IS_GOAL
        money += _money(w, role, row, at)
    if excluded or place == NOWHERE:
        mark &= IS_GOAL
    else:
        mark |= IS_STEP
    if mark & IS_STEP == 0 and (n == 0 or (mark == 0 and money == 0.0)):
        return 0
    times_of(w)[n], places_at(w)[n], marks_of(w)[n], money_of(w)[n] = time, place, mark, money
    return 1


@njit(nogil=True)
def _money(w: Walk, role: int, row: int, at: int) -> float:
    """Give the money of an event in a role: of `value`, or of the goal where that is not asked for."""
    counts = role == VALUE or (role == GOAL and w.row[VALUE] < 0)
    return values(w.tracks, row)[at] if counts and has_values(w.tracks, row) else 0.0


@njit(nogil=True)
def trail_end(w: Walk, begin: int) -> int:
    """Give the index after a trail's last item.

    What is no step does not make a trail longer: where it comes later than a step could, it is void.
    """
    if not w.by_gap:
        return w.n_items  # type: ignore[no-any-return]
    time, mark, money = times_of(w), marks_of(w), money_of(w)
    last = time[begin]
    for at in range(begin + 1, w.n_items):
        silent = time[at] - last > w.gap
        if mark[at] & IS_STEP:
            if silent:
                return at
            last = time[at]
        elif silent:
            mark[at], money[at] = 0, 0.0
    return w.n_items  # type: ignore[no-any-return]


@njit(nogil=True)
def seek(time: Int64s, low: int, high: int, instant: int) -> int:
    """Give the first index in low … high whose time is not before an instant."""
    while low < high:
        middle = (low + high) // 2
        if time[middle] < instant:
            low = middle + 1
        else:
            high = middle
    return low
