"""The scan of attribution: each person's touches shared out among their conversions."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from obverse.measure.kernel import kernel
from obverse.measure.moments import push
from obverse.tape.layout import Floats, Int32s, Int64s

FIRST, LAST, LINEAR, TIME_DECAY, POSITION = range(5)
N_RULES = 5

CONVERSIONS, WITHOUT_TOUCH, OPEN_JOURNEYS, LOST_JOURNEYS = range(4)
N_COUNTS = 4

N_FOLDS = 20
"""Parts of the people that the Markov model leaves out one at a time to see how sure it is."""

_LN2 = math.log(2.0)

_END_SHARE = 0.4
"""What the first and the last touch get each of a journey of three or more, by position."""


@njit(nogil=True)
def fold_of(seq: int) -> int:
    """Give the fold of a person by a number of one of their events, alike on every engine."""
    return seq % 1_000_003 * 7919 // 16 % N_FOLDS


@njit(nogil=True)
def _journey(
    time: Int64s, channel: Int32s, taken: Int64s, low: int, high: int, gap: int, touches: Int64s
) -> int:
    """Fold events low … high - 1 of one person into touches: the index of the last event of each.

    Returns:
        how many touches there are; `touches` has room for them.
    """
    n = 0
    for at in range(low, high):
        i = taken[at]
        if n and channel[touches[n - 1]] == channel[i] and time[i] - time[touches[n - 1]] <= gap:
            touches[n - 1] = i
        else:
            touches[n] = i
            n += 1
    return n


@njit(nogil=True)
def _share(rule: int, k: int, n: int, ago: float, half_life: float) -> float:
    """Give the weight of touch k of n, before weights are made to add up to 1."""
    if rule == FIRST:
        return 1.0 if k == 0 else 0.0
    if rule == LAST:
        return 1.0 if k == n - 1 else 0.0
    if rule == TIME_DECAY:
        return math.exp(-ago / half_life * _LN2)
    if rule == POSITION and n > 2:
        return _END_SHARE if k in (0, n - 1) else (1.0 - 2 * _END_SHARE) / (n - 2)
    return 1.0


@njit(nogil=True)
def _credit(
    time: Int64s,
    channel: Int32s,
    touches: Int64s,
    n: int,
    half_life: float,
    value: float,
    credit: Floats,
    worth: Floats,
) -> None:
    """Share one conversion out among its touches by each rule."""
    for rule in range(N_RULES):
        whole = 0.0
        newest = time[touches[n - 1]]  # weights are measured from the last touch, so that none becomes 0
        for k in range(n):
            whole += _share(rule, k, n, float(newest - time[touches[k]]), half_life)
        for k in range(n):
            part = _share(rule, k, n, float(newest - time[touches[k]]), half_life) / whole
            credit[rule, channel[touches[k]]] += part
            worth[rule, channel[touches[k]]] += part * value


@njit(nogil=True)
def _walk(channel: Int32s, touches: Int64s, n: int, converted: bool, steps: Floats) -> None:
    """Count the steps of one journey: start, each touch, conversion or loss; shape (C + 1, C + 2)."""
    n_channels = steps.shape[0] - 1
    here = n_channels  # the start
    for k in range(n):
        steps[here, channel[touches[k]]] += 1.0
        here = channel[touches[k]]
    steps[here, n_channels if converted else n_channels + 1] += 1.0


@njit(nogil=True)
def _take(
    time: Int64s,
    seq: Int64s,
    channel: Int32s,
    missing: int,
    begin: int,
    stop: int,
    order_time: Int64s,
    order_seq: Int64s,
    order: int,
    order_stop: int,
    taken: Int64s,
) -> int:
    """Note which of a unit's events are touches, with a channel and no conversion, and say how many."""
    n = 0
    for i in range(begin, stop):
        while order < order_stop and (
            order_time[order] < time[i] or (order_time[order] == time[i] and order_seq[order] < seq[i])
        ):
            order += 1
        is_order = order < order_stop and order_seq[order] == seq[i]
        if channel[i] != missing and not is_order:
            taken[n] = i
            n += 1
    return n


@kernel
def attribute(
    touch_offsets: Int64s,
    touch_time: Int64s,
    touch_seq: Int64s,
    channel: Int32s,
    missing: int,
    order_offsets: Int64s,
    order_time: Int64s,
    order_seq: Int64s,
    value: Floats,
    start: int,
    end: int,
    newest: int,
    lookback: int,
    gap: int,
    half_life: float,
    first: int,
    stop: int,
    counts: Int64s,
    credited: Floats,
    worths: Floats,
    steps: Floats,
    value_steps: Floats,
) -> None:
    """Share the conversions of units first … stop - 1 out.

    Args:
        touch_offsets: of the touches' events by unit; their time, seq and channel follow.
        touch_time: µs.
        touch_seq: number in the lake.
        channel: code of the channel.
        missing: code of events without a channel, -1 where there are none: they are no touches.
        order_offsets: of the conversions; their time, seq and value follow.
        order_time: µs.
        order_seq: number in the lake.
        value: money.
        start: conversions count from here on, µs.
        end: and before here.
        newest: time of the newest event.
        lookback: µs before a conversion in which touches count.
        gap: µs within which events of one channel are one touch.
        half_life: µs, of time decay.
        first: first unit.
        stop: unit after the last.
        counts: shape (N_COUNTS,), added to.
        credited: shape (N_RULES, C, 3), moments of a person's conversions owed to a channel, pushed to.
        worths: the same of their value.
        steps: shape (N_FOLDS, C + 1, C + 2), steps between channels, added to.
        value_steps: shape (N_FOLDS,), the conversions' value, added to.
    """
    n_channels = credited.shape[1]
    credit = np.zeros((N_RULES, n_channels))
    worth = np.zeros((N_RULES, n_channels))
    longest = 1
    for unit in range(first, stop):
        longest = max(longest, touch_offsets[unit + 1] - touch_offsets[unit])
    taken, touches = np.empty(longest, np.int64), np.empty(longest, np.int64)
    for unit in range(first, stop):
        order, order_end = order_offsets[unit], order_offsets[unit + 1]
        n_taken = _take(
            touch_time, touch_seq, channel, missing, touch_offsets[unit], touch_offsets[unit + 1],
            order_time, order_seq, order, order_end, taken,
        )  # fmt: skip
        if n_taken == 0 and order == order_end:
            continue
        fold = fold_of(touch_seq[taken[0]] if n_taken else order_seq[order])
        low = high = 0
        any_credit = False
        for j in range(order, order_end):
            while high < n_taken and touch_time[taken[high]] <= order_time[j]:
                high += 1
            while low < high and touch_time[taken[low]] < order_time[j] - lookback:
                low += 1
            if start <= order_time[j] < end:
                counts[CONVERSIONS] += 1
                n = _journey(touch_time, channel, taken, low, high, gap, touches)
                if n == 0:
                    counts[WITHOUT_TOUCH] += 1
                else:
                    any_credit = True
                    value_steps[fold] += value[j]
                    _credit(touch_time, channel, touches, n, half_life, value[j], credit, worth)
                    _walk(channel, touches, n, True, steps[fold])
            low = high
        _left(
            touch_time, channel, taken, high, n_taken, start, end, newest, lookback, gap, touches, counts,
            steps[fold],
        )  # fmt: skip
        if any_credit:
            for rule in range(N_RULES):
                for code in range(n_channels):
                    push(credited[rule, code], credit[rule, code])
                    push(worths[rule, code], worth[rule, code])
            credit[:] = 0.0
            worth[:] = 0.0


@njit(nogil=True)
def _left(
    time: Int64s,
    channel: Int32s,
    taken: Int64s,
    low: int,
    n_taken: int,
    start: int,
    end: int,
    newest: int,
    lookback: int,
    gap: int,
    touches: Int64s,
    counts: Int64s,
    steps: Floats,
) -> None:
    """Count the journeys after the last conversion: lost where nothing came of them in time, else open."""
    while low < n_taken:
        high = low + 1
        while high < n_taken and time[taken[high]] - time[taken[high - 1]] <= lookback:
            high += 1
        last = time[taken[high - 1]]
        if start <= last < end:
            if last + lookback > newest:
                counts[OPEN_JOURNEYS] += 1
            else:
                counts[LOST_JOURNEYS] += 1
                n = _journey(time, channel, taken, low, high, gap, touches)
                _walk(channel, touches, n, False, steps)
        low = high
