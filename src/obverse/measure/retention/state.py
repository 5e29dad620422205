"""What the scan of retention reads and leaves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from obverse.tape.layout import Bools, Floats, Int32s, Int64s

FIRST_EVER, FIRST_IN_PERIOD, RECURRING = range(3)
"""Which start events are entries."""

ON, ON_OR_AFTER, ON_OR_BEFORE, STREAK = range(4)
"""What counts as returned."""

EVERYONE, RETURNED, AWAY = range(3)
"""Who is meant by a cell: all who started, those who returned, those who could have and did not."""

ANY = -2
"""In place of a code: any will do. (-1 stands for no value.)"""

NO_CODES = np.empty(0, dtype=np.int32)
NO_VALUES = np.empty(0)


class Events(NamedTuple):
    """Arrays of a track; the last three are empty where there are none.

    Attributes:
        offsets: of the track.
        time: of the track.
        seq: of the track.
        value: of the track.
        code: the events' groups; of start events.
        alike: codes that are alike where a return event matches a start event.
    """

    offsets: Int64s
    time: Int64s
    seq: Int64s
    value: Floats
    code: Int32s
    alike: Int32s


class Rules(NamedTuple):
    """The question's numbers.

    Attributes:
        entry: which start events are entries.
        returning: what counts as returned.
        following: the first column that follows one in which people returned.
        previous: whether a share is of those who returned in the column before.
        match: whether a return event must match the entry.
        n_groups: how many groups there are.
        start: first instant of entries, µs.
        end: first instant after them.
        newest: time of the newest event.
        newest_interval: number of the interval that it is in.
        rolling: length of a rolling interval in µs; 0 for those of the calendar.
        curve_days: length of the curve of time to the first return.
    """

    entry: int
    returning: int
    following: int
    previous: bool
    match: bool
    n_groups: int
    start: int
    end: int
    newest: int
    newest_interval: int
    rolling: int
    curve_days: int


class Tally(NamedTuple):
    """What a scan leaves; groups come first in every shape, cohorts second.

    Attributes:
        observed: shape (groups, cohorts, columns + 1), entries by how many columns are over for them.
        returned: shape (groups, cohorts, columns, 2), entries that returned: those for whom the column is
            over, and the others.
        among: shape (groups, cohorts, columns, 2), entries that returned in the column before, like
            `returned`; without columns where shares are of all entries.
        value: shape (groups, cohorts, columns, 3), moments of the money of an entry in the column's
            intervals, where it is over and there is any.
        value_until: the same for all money from the entry to the column's end.
        start_value: shape (groups, cohorts, 3), moments of the start events' own money, where there is any.
        came: shape (groups, days), first returns by day, of who was watched to the day's end.
        censored: shape (groups, days + 1), others, by days watched.
        persons: shape (groups + 1, columns, 6), where somebody can have several entries: of each person's
            (entries that count with the column over, of them returned) = (y, x) n, sum y, yy, x, xx, xy, for
            each group and for all. Whole numbers, so that sums of squares lose nothing.
        aside: shape (1,), people whose first entry is before the first cohort.
    """

    observed: Int64s
    returned: Int64s
    among: Int64s
    value: Floats
    value_until: Floats
    start_value: Floats
    came: Int64s
    censored: Int64s
    persons: Int64s
    aside: Int64s


class Wanted(NamedTuple):
    """Whom to mark, instead of tallying.

    Attributes:
        row: number of the cohort; -1 for all, and then only those count for whom the column is over.
        column: number of the column; -1 for none.
        group: number of the group; -1 for all.
        who: EVERYONE, RETURNED or AWAY, in the column or by `day`.
        day: in how many days after the start; -1 where a column is meant.
        unit: shape (units,), marked with True; empty to tally.
    """

    row: int
    column: int
    group: int
    who: int
    day: int
    unit: Bools


class Block(NamedTuple):
    """Entries on their way through the steps, all those of a unit in one block; shape (entries,) each.

    Attributes:
        unit: whose each is.
        at: index of its start event.
        row: its cohort.
        base: the calendar's interval that it is in.
        n_over: how many columns are over for it.
        first: index of its first return; -1 where there is none.
        hits: shape (entries, columns), whether it returned.
        among: shape (entries, columns), whether it counts: with `Rules.previous` only if it returned in the
            column before.
        money: shape (entries, 2, columns + 1), of its returns by column (of none: in the last place), and by
            the first column that is not over before their interval.
    """

    unit: Int64s
    at: Int64s
    row: Int64s
    base: Int64s
    n_over: Int64s
    first: Int64s
    hits: Bools
    among: Bools
    money: Floats


def new_block(n_rows: int, n_columns: int) -> Block:
    """Make an empty block that the entries of some hundred units fit in."""
    n = 512 + n_rows
    unit, at, row, base, n_over, first = np.zeros((6, n), dtype=np.int64)
    hits, money = np.zeros((n, n_columns), dtype=np.bool_), np.zeros((n, 2, n_columns + 1))
    among = np.ones_like(hits)
    return Block(unit, at, row, base, n_over, first, hits, among, money)
