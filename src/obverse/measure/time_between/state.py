"""What the scan of time between two events reads and leaves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from obverse.tape.layout import Bools, Floats, Int32s, Int64s

FOREVER = 1 << 61
"""Later than any event, µs."""

THERE, OPEN, NEVER = range(3)
"""What became of a from-event: it got there, it may yet, it cannot any more."""

STARTS, REACHED, WAITING, MISSED = range(4)
"""Columns of counts: all from-events; those that are there, open, never."""

NO_CODES = np.empty(0, dtype=np.int32)
NO_VALUES = np.empty(0)


class Events(NamedTuple):
    """Arrays of a track; `value` and `code` are empty where there are none."""

    offsets: Int64s
    time: Int64s
    seq: Int64s
    value: Floats
    code: Int32s


class Rules(NamedTuple):
    """The question's numbers.

    Attributes:
        same_track: whether from-events and to-events are the same.
        first: whether only a unit's first from-event counts.
        last: whether the clock stops at the last to-event.
        before_next: whether the to-event must come before the next from-event.
        start: first instant of from-events, µs.
        end: first instant after them.
        within: longest time that counts.
        newest: time of the newest event.
    """

    same_track: bool
    first: bool
    last: bool
    before_next: bool
    start: int
    end: int
    within: int
    newest: int


class Block(NamedTuple):
    """From-events on their way through the steps; shape (entries,) each.

    Attributes:
        unit: whose each is.
        at: its index.
        to: index of the to-event that it leads to; -1 for none.
        what: THERE, OPEN or NEVER.
        cursor: shape (3,), the unit and the index of the from-event that the next block begins with; whose
            from-events were the last.
    """

    unit: Int64s
    at: Int64s
    to: Int64s
    what: Int64s
    cursor: Int64s


def new_block(n: int = 1_024) -> Block:
    """Make an empty block."""
    unit, at, to, what = np.zeros((4, n), dtype=np.int64)
    return Block(unit, at, to, what, np.zeros(3, dtype=np.int64))


class Tally(NamedTuple):
    """What a scan leaves. Bins are those of `obverse.measure.histogram`; groups come first in every shape.

    Attributes:
        counts: shape (groups, 4), from-events: all, there, open, never.
        times: shape (groups, bins), times of those that are there.
        came: shape (groups, bins), the same for those who were watched to the bin's end.
        censored: shape (groups, bins + 1), all others, by the number of bins that they were watched through.
        seconds: shape (groups + 1, 6), moments of pairs: of each person sum of the times in seconds, and how
            many there are; in the last place for all groups.
        persons: shape (groups + 1, 6), of each person's (from-events, those there) = (y, x) n, sum y, yy, x,
            xx, xy. Whole numbers, so that sums of squares lose nothing.
        reached: shape (groups, 3), moments of the money of the to-events reached, where there is any.
        waiting: shape (groups, 3), the same of the from-events that are not there.
        money: shape (bins,), money of the to-events reached, by time.
        row_counts: shape (rows, 4), like `counts`, by when the from-event was.
        row_times: shape (rows, bins), like `times`.
        row_reached: shape (rows, 3), like `reached`.
        row_waiting: shape (rows, 3), like `waiting`.
    """

    counts: Int64s
    times: Int64s
    came: Int64s
    censored: Int64s
    seconds: Floats
    persons: Int64s
    reached: Floats
    waiting: Floats
    money: Floats
    row_counts: Int64s
    row_times: Int64s
    row_reached: Floats
    row_waiting: Floats


class Wanted(NamedTuple):
    """Whom to mark, instead of tallying; -1 stands for any.

    Attributes:
        start: only from-events from this instant on, µs.
        end: only those before this.
        group: number of the group.
        what: THERE, OPEN or NEVER; NOT_THERE for either of the last.
        least: only times of at least so many ms.
        below: only times below so many ms.
        watched: only from-events that were watched for so many µs.
        unit: shape (units,), marked with True; empty to tally.
    """

    start: int
    end: int
    group: int
    what: int
    least: int
    below: int
    watched: int
    unit: Bools


NOT_THERE = 3
