"""The stages: how many people stand where, who moves on, and who they are that are no customers yet.

What is counted, exactly
    *Seen* is who has an event of `seen`, `engaged`, `prospect` or `conversion` that passes `where`. What
    somebody's stage is at an instant follows from all of these events before it, those before the period too:

    - *visitor*: seen;
    - *engaged*: seen on at least `engaged_after` different days of `zone` (or with so many events), or by an
      event of `engaged`;
    - *prospect*: an event of `prospect`;
    - *customer*: one event of `conversion`; *repeat*: two or more.

    The highest of these counts. Who was not seen for `lapse` or longer (customers with
    `lapse_by="conversion"`: has not converted for so long) is *lapsed* as a customer, *dormant* otherwise,
    until the next such event, and then stands again where the history says. So everybody seen stands in
    exactly one of seven stages.

    A row is a day, week (from Monday) or month of `zone`, of 23 or 25 hours a day where clocks change; its
    stages are those at its end, or right after the newest event if that is earlier. A row that is not whole
    in the period, or not over when the newest event happened, says so. Without a start, the last 2,000 rows
    are shown, from the first event on.

Flows and moves
    A row's *flows* are people by their stage at its start and at its end; ``new`` is who had not been seen.
    *Moves* pool all complete rows: of those who began a row in a stage, the share that ended it in a higher
    one (*moved on*; for lapsed and dormant people any stage but these two: they came back), as customers
    (*converted*), or lapsed or dormant (*fell silent*).

Lifecycle
    In a row, *new* is who is seen for the first time ever; *returning* who was seen in the row before as
    well; *resurrected* who was seen earlier, and not in the row before; *dormant* who was seen in the row
    before and not in this one. (PostHog: new, returning, resurrecting, dormant; PostHog tells new people by
    when their record was made. Amplitude: new, current, resurrected, dormant. Mixpanel has no such report.)

Not customers yet
    *Activity* shows what people did in the period: the share of those seen in it who did each event, for
    people who have not converted by its end and for customers. *Touches* show where people were last before
    their first conversion, if that is in the period: field `touch` of the last of their events before it, by
    time, then arrival.

Value
    The money of the conversions in a row belongs to the stage at its end; *so far* is all the money that
    those who stand in a stage have ever spent until then. Somebody's part of the lifecycle has the money of
    their conversions in the row.

Intervals
    Shares of people: Wilson. Moves: people are independent, the rows of one person are not: see
    `obverse.measure.clustered`. Value a person: Student's t over all who stand in the stage. Counts and sums
    of what happened are no estimates and have none.
"""

from __future__ import annotations

from obverse.measure.picture import Pick
from obverse.measure.protocol import Facts, Plan
from obverse.measure.stages.answer import (
    StageActivity,
    StageFlow,
    StageGroup,
    StageLife,
    StageMoves,
    StagesAnswer,
    StagesRow,
    StageStanding,
    StageTouch,
)
from obverse.measure.stages.answering import answer
from obverse.measure.stages.people import behind
from obverse.measure.stages.question import Stages
from obverse.measure.stages.running import scan
from obverse.measure.stages.summary import StagesSummary
from obverse.tape.layout import Bools, Key, Layout

__all__ = [
    "StageActivity",
    "StageFlow",
    "StageGroup",
    "StageLife",
    "StageMoves",
    "StageStanding",
    "StageTouch",
    "Stages",
    "StagesAnswer",
    "StagesMeasure",
    "StagesRow",
    "StagesSummary",
]

N_NAMES = 1_000
"""Names of events that are told apart in what people do; the others are one."""

N_TOUCHES = 20
"""Places that are told apart."""


class StagesMeasure:
    """The stages as a measure: see `obverse.measure.protocol`."""

    question = Stages

    def plan(self, question: Stages) -> Plan:
        """Name all events that say somebody was there, by name and place, then those that make stages."""
        keys = [Key("event", (0,), N_NAMES), Key(question.touch, (0,), N_TOUCHES)]
        if question.by is not None:
            keys.append(Key(question.by, (0,), question.n_groups))
        return Plan(selections=question.selections(), value=True, keys=tuple(keys))

    def scan(self, question: Stages, layout: Layout, units: range) -> StagesSummary:
        """Scan a slice of units."""
        return scan(question, layout, units)

    def behind(self, question: Stages, layout: Layout, pick: Pick) -> Bools:
        """Say who stands in a stage, moves, lives, does an event or comes from somewhere."""
        return behind(question, layout, pick)

    def answer(self, question: Stages, summary: StagesSummary, facts: Facts) -> StagesAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)
