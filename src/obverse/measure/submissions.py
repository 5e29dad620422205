"""Times of asking: which of a person's events belong together, and which of them count.

All events of one time of asking carry the same submission id; they may come late, twice and in any order. So
what happened is a set: which kinds of event there are. An event without a submission id stands alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from obverse.measure.asked import ANSWERED, PARTLY_ANSWERED, STATES
from obverse.measure.borrowed import borrowed
from obverse.measure.kernel import kernel
from obverse.measure.search import seek
from obverse.tape.arrange import frozen
from obverse.tape.layout import Bools, Floats, Int32s, Int64s, Layout, Track

PARTLY, FINAL = STATES.index(PARTLY_ANSWERED), STATES.index(ANSWERED)

NO_CODES: Int32s = frozen(np.empty(0, dtype=np.int32))


class Asked(NamedTuple):
    """The events of surveys, in the order of the track.

    Attributes:
        offsets: shape (units + 1,).
        submission: shape (n,), the same number for events of one time of asking; -1 for an event by itself.
        state: shape (n,), place in `obverse.measure.asked.STATES`; -1 for any other event.
        answers: shape (n,), whether the event carries the answer that is wanted.
        group: shape (n,), code of the split; empty for no split.
        none: the code of events without a value; -1 where all have one.
    """

    offsets: Int64s
    submission: Int32s
    state: Int32s
    answers: Bools
    group: Int32s
    none: int


class Submissions(NamedTuple):
    """Times of asking, one a place, units ascending; indices are those of events in the track.

    Attributes:
        unit: whose.
        first: its earliest event.
        states: bit b is set where it has an event of state b.
        answer: the event whose answer counts: the latest that says that it was completed, else the latest
            with answers so far; -1 where there is none or it lacks the answer that is wanted.
        final: its latest event that says it was completed; -1 for none.
        group: code of its latest event that has a value; 0 without a split.
    """

    unit: Int64s
    first: Int64s
    states: Int64s
    answer: Int64s
    final: Int64s
    group: Int64s


def submissions(asked: Asked, units: range) -> Submissions:
    """Put the events of some units together to times of asking."""
    n = int(asked.offsets[units.stop] - asked.offsets[units.start]) if len(units) else 0
    found = Submissions(*np.zeros((6, n), dtype=np.int64))
    n_found = gather(asked, found, units.start, units.stop) if n else 0
    return Submissions._make(array[:n_found] for array in found)


@kernel
def gather(asked: Asked, out: Submissions, low: int, high: int) -> int:
    """Put the events of units low … high - 1 together; gives how many times of asking there are.

    Args:
        asked: the events.
        out: set from its beginning; has place for as many as there are events.
        low: first unit.
        high: unit after the last.
    """
    asked, out = borrowed(asked), borrowed(out)
    offsets, submission, state = asked.offsets, asked.submission, asked.state
    answers, group, none = asked.answers, asked.group, asked.none
    n = 0
    for unit in range(low, high):
        begin, stop = offsets[unit], offsets[unit + 1]
        if begin == stop:
            continue
        # Stable: events of one submission stay in the order of time.
        order = np.argsort(submission[begin:stop], kind="mergesort")
        before = -1
        for place in range(stop - begin):
            i = begin + order[place]
            if submission[i] < 0 or submission[i] != before:
                out.unit[n], out.first[n], out.states[n] = unit, i, 0
                out.answer[n], out.final[n], out.group[n] = -1, -1, group[i] if len(group) else 0
                n += 1
            at, before = n - 1, submission[i]
            if state[i] >= 0:
                out.states[at] |= 1 << state[i]
            if state[i] == FINAL:
                out.final[at], out.answer[at] = i, i
            elif out.final[at] < 0 and (state[i] == PARTLY or (state[i] < 0 and answers[i])):
                out.answer[at] = i
            if len(group) and group[i] != none:
                out.group[at] = group[i]
    for at in range(n):
        if out.answer[at] >= 0 and not answers[out.answer[at]]:
            out.answer[at] = -1
    return n


class Money(NamedTuple):
    """Conversions: arrays of their track; `value` is empty where none has any."""

    offsets: Int64s
    time: Int64s
    value: Floats


@kernel
def conversions_after(
    money: Money, unit: Int64s, since: Int64s, until: Int64s, n: Int64s, worth: Floats
) -> None:
    """Count conversions after an instant and up to another, and add up their money.

    Args:
        money: the conversions.
        unit: shape (k,), whose.
        since: shape (k,), only those after this, µs.
        until: shape (k,), only those not after this.
        n: shape (k,), set.
        worth: shape (k,), set.
    """
    money = borrowed(money)
    offsets, time, value = money.offsets, money.time, money.value
    for k in range(len(unit)):
        stop = offsets[unit[k] + 1]
        i = seek(time, offsets[unit[k]], stop, since[k] + 1)
        n[k], worth[k] = 0, 0.0
        while i < stop and time[i] <= until[k]:
            n[k] += 1
            if len(value):
                worth[k] += value[i]
            i += 1


def conversions(track: Track, unit: Int64s, since: Int64s, until: Int64s) -> tuple[Int64s, Floats]:
    """Give how many conversions each unit has after `since` and up to `until`, and their money."""
    n, worth = np.zeros(len(unit), dtype=np.int64), np.zeros(len(unit))
    value = np.empty(0) if track.value is None else track.value
    money = Money._make(frozen(one) for one in (track.offsets, track.time, value))
    conversions_after(money, unit, since, until, n, worth)
    return n, worth


def codes_of(track: Track, key: int) -> Int32s:
    """Give a track's codes of a key that its plan asked for."""
    found = track.codes[key]
    if found is None:
        raise ValueError("the layout lacks codes that the plan asked for")
    return found


def states_of(layout: Layout, key: int) -> Int32s:
    """Say for each event of the first track which state it is, from the codes of its name."""
    places = {name: place for place, name in enumerate(STATES)}
    known = [places.get(label or "", -1) for label in layout.labels[key]]
    table = np.array([*known, -1], dtype=np.int32)
    found: Int32s = table[codes_of(layout.tracks[0], key)]
    return found


def asked_of(layout: Layout, answers: Bools, by: int | None) -> Asked:
    """Give the events of a layout whose plan has the keys of event and submission first.

    Args:
        layout: with the events on its first track.
        answers: shape (n,), which events carry the answer that is wanted.
        by: number of the split's key; None for no split.
    """
    track = layout.tracks[0]
    labels = () if by is None else layout.labels[by]
    return Asked(
        offsets=frozen(track.offsets),
        submission=frozen(codes_of(track, 1)),
        state=frozen(states_of(layout, 0)),
        answers=frozen(answers),
        group=NO_CODES if by is None else frozen(codes_of(track, by)),
        none=labels.index(None) if None in labels else -1,
    )
