"""What the scan of the stages works on: numbers of the stages, the question as numbers, tallies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obverse.tape.layout import Floats, Int32s, Int64s

Int8s = NDArray[np.int8]

NEW, VISITOR, ENGAGED, PROSPECT, CUSTOMER, REPEAT, LAPSED, DORMANT = range(8)
"""Stages as the scan numbers them; `NEW` is who has not been seen yet."""

STAGES = ("new", "visitor", "engaged", "prospect", "customer", "repeat", "lapsed", "dormant")
"""Their names."""

N_STAGES = len(STAGES)

SHOWN = (VISITOR, ENGAGED, PROSPECT, DORMANT, CUSTOMER, REPEAT, LAPSED)
"""The stages that people stand in, in the order in which they are shown."""

LIVES = ("new", "returning", "resurrected", "dormant")
"""Parts of the lifecycle."""

N_LIVES = len(LIVES)

ONWARD, CONVERTED, SILENT = range(3)
"""What a row can do to somebody who stood in a stage at its start."""

N_MOVES = 3

NEVER = 1 << 62
"""Later than any event."""

LONG_AGO = -2
"""Row of the last visit of who was last there before the period before the first row."""

NOBODY = -9
"""The row that a watch of nobody is on: before all that the walk comes to."""


class Rules(NamedTuple):
    """The question as numbers.

    Attributes:
        edges: shape (rows + 1,), instants that part the rows.
        before: first instant of the day, week or month before the first row.
        midnights: instants that part days, from before any event to after the last.
        engaged_after: how many days or events make somebody engaged.
        by_days: whether those are days.
        has_engaged: whether some events make somebody engaged at once.
        lapse: the silence after which somebody is lapsed or dormant, µs.
        by_conversion: whether customers are silent without a conversion.
        whole_from: first row that is complete.
        whole_to: row after the last that is complete.
        split: whether people have groups.
    """

    edges: Int64s
    before: int
    midnights: Int64s
    engaged_after: int
    by_days: bool
    has_engaged: bool
    lapse: int
    by_conversion: bool
    whole_from: int
    whole_to: int
    split: bool


class Timelines(NamedTuple):
    """The events: all that say somebody was there, then prospects', conversions, and those of the engaged.

    Attributes:
        groups: code of the split of each event that says somebody was there; empty without a split.
    """

    offsets: Int64s
    time: Int64s
    groups: Int32s
    p_offsets: Int64s
    p_time: Int64s
    c_offsets: Int64s
    c_time: Int64s
    c_value: Floats
    e_offsets: Int64s
    e_time: Int64s


class Tally(NamedTuple):
    """What is added to: see `obverse.measure.stages.summary.StagesSummary`."""

    stands: Int64s
    flows: Int64s
    lives: Int64s
    worth: Floats
    spent: Floats
    life_worth: Floats
    so_far: Floats
    pairs: Floats


class Watch(NamedTuple):
    """What is noted of each person, to say who is behind a part of the answer; empty arrays note nothing.

    Attributes:
        row: which row; `NOBODY` for none.
        before: shape (people,), the stage at the row's start.
        after: shape (people,), the stage at its end.
        life: shape (people,), number of the part of the lifecycle in it, -1 for none.
        moved: shape (people,); bit 8 a + b is set for who moved from stage a to b in a complete row.
    """

    row: int
    before: Int8s
    after: Int8s
    life: Int8s
    moved: Int64s


def watch_nobody() -> Watch:
    """Note nothing."""
    return Watch(
        NOBODY, np.zeros(0, np.int8), np.zeros(0, np.int8), np.zeros(0, np.int8), np.zeros(0, np.int64)
    )


def watch_row(row: int, n_people: int) -> Watch:
    """Note what happens to each person in a row."""
    stages = np.zeros((2, n_people), np.int8)
    return Watch(row, stages[0], stages[1], np.full(n_people, -1, np.int8), np.zeros(n_people, np.int64))
