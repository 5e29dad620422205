"""What the scan of the stages works on: numbers of the stages, the question as numbers, tallies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from obverse.measure.records import record_type
from obverse.tape.layout import Int64s

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


WALK = record_type(
    numbers=(
        "n_rows",
        "before",  # first instant of the day, week or month before the first row
        "engaged_after",  # how many days or events make somebody engaged
        "by_days",  # 1 where those are days
        "has_engaged",  # 1 where some events make somebody engaged at once
        "lapse",  # the silence after which somebody is lapsed or dormant, µs
        "by_conversion",  # 1 where customers are silent without a conversion
        "whole_from",  # first row that is complete
        "whole_to",  # row after the last that is complete
        "split",  # 1 where people have groups
        "watch",  # row of which stages and lifecycle are noted; `NOBODY` for none
        # What is known of the person that is walked:
        "unit",
        "group",
        "stage",
        "since",  # row at whose end they came into the stage; -1 for before the first
        "visit",  # row of the last visit
        "seen",  # time of the last event
        "ordered",  # time of the last conversion
        "clock",  # time of what a silence is counted from
        "order",  # index of the next conversion
    ),
    arrays=(
        *("edges", "midnights"),  # instants that part the rows, and days
        *("offsets", "time", "groups"),  # all that says somebody was there
        *("p_offsets", "p_time", "c_offsets", "c_time", "c_value", "e_offsets", "e_time"),
        # What is added to: see `obverse.measure.stages.summary.StagesSummary`
        *("stands", "flows", "lives", "worth", "spent", "life_worth", "so_far", "pairs"),
        # What is noted of each person; of no length to note nothing
        *("noted_before", "noted_after", "noted_life", "noted_moves"),
    ),
    scratch={
        "marks": 4,  # when the person became engaged, a prospect, a customer, a repeat customer
        "risks": N_STAGES * (1 + N_MOVES),  # complete rows that began in each stage; what they did
    },
)
"""All that the walk works on."""


@dataclass(frozen=True)
class Watch:
    """What is noted of each person in a row, to say who is behind a part of the answer.

    Attributes:
        row: which row; `NOBODY` for none.
        before: shape (people,), the stage at the row's start.
        after: shape (people,), the stage at its end.
        life: shape (people,), number of the part of the lifecycle in it, -1 for none.
        moved: shape (people,); bit 8 a + b is set for who moved from stage a to b in a complete row.
    """

    row: int
    before: Int64s
    after: Int64s
    life: Int64s
    moved: Int64s

    @classmethod
    def of(cls, row: int, n_people: int) -> Self:
        """Watch a row."""
        none, life = np.zeros((3, n_people), np.int64), np.full(n_people, -1, np.int64)
        return cls(row, none[0], none[1], life, none[2])


def watch_nobody() -> Watch:
    """Note nothing."""
    return Watch.of(NOBODY, 0)
