"""The answer of the stages: who stands where, moves, lives; what people do who are no customers yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
import pyarrow as pa

from obverse.measure.calendar import Grain
from obverse.measure.estimate import Comparison, Estimate
from obverse.measure.grouping import GroupKind
from obverse.measure.picture import Picture, Side
from obverse.measure.question import Answer
from obverse.measure.stages.pictures import draw
from obverse.measure.stages.question import Stages
from obverse.measure.wording import count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_CUSTOMERS = ("visitor", "engaged", "prospect", "dormant")


class StageStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands in one stage at the end of a row.

    Attributes:
        name: of the stage.
        people: who stand there.
        share: of everybody seen by then.
        value: money of their conversions in the row.
        value_per_person: that for each who stands there, on average.
        value_so_far: money of all their conversions until then.
    """

    name: str
    people: int
    share: Estimate
    value: float
    value_per_person: Estimate
    value_so_far: float


class StageFlow(msgspec.Struct, frozen=True, kw_only=True):
    """People by where they stood at the start of a row and at its end.

    Attributes:
        source: stage at the start; ``new`` for who had not been seen.
        target: stage at the end.
        people: how many.
        share: of those in the source at the start; a reason for new people.
    """

    source: str
    target: str
    people: int
    share: Estimate


class StageLife(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the lifecycle in a row.

    Attributes:
        name: ``new``, ``returning``, ``resurrected`` or ``dormant``.
        people: how many.
        value: money of their conversions in the row.
    """

    name: str
    people: int
    value: float


class StagesRow(msgspec.Struct, frozen=True, kw_only=True):
    """A day, week or month.

    Attributes:
        name: its first day, such as ``2026-03-02``.
        start: its first instant, with the zone's offset.
        complete: it is whole in the period, and over when the newest event happened.
        people: everybody seen by its end.
        stages: where they stand at its end, in order.
        flows: between stages, most people first.
        lives: parts of the lifecycle.
    """

    name: str
    start: str
    complete: bool
    people: int
    stages: tuple[StageStanding, ...]
    flows: tuple[StageFlow, ...]
    lives: tuple[StageLife, ...]


class StageMoves(msgspec.Struct, frozen=True, kw_only=True):
    """What one row does to people who begin it in a stage, all complete rows together.

    Attributes:
        stage: where they stood.
        rows: how many times somebody began a complete row there.
        moved_on: share of them that ended it in a higher stage, or came back.
        converted: share that ended it as customers; None for customers.
        fell_silent: share that ended it lapsed or dormant; None for who was so already.
    """

    stage: str
    rows: int
    moved_on: Estimate
    converted: Estimate | None
    fell_silent: Estimate | None


class StageActivity(msgspec.Struct, frozen=True, kw_only=True):
    """Who did an event in the period.

    Attributes:
        event: its name; ``(other)`` for all that have no row of their own.
        not_yet: people who did it and are no customers by the period's end.
        not_yet_share: of all such people who were there.
        customers: customers who did it.
        customer_share: of all customers who were there.
        difference: share of those not yet customers less that of customers; p values are adjusted for the
            number of events (Holm).
    """

    event: str
    not_yet: int
    not_yet_share: Estimate
    customers: int
    customer_share: Estimate
    difference: Comparison


class StageTouch(msgspec.Struct, frozen=True, kw_only=True):
    """Where people were last before their first conversion.

    Attributes:
        name: value of the field; ``(nothing before)`` where the conversion was their first event.
        people: who converted for the first time in the period after it.
        share: of all who did.
        value: money of these first conversions.
    """

    name: str
    people: int
    share: Estimate
    value: float


class GroupStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Who of a group stands in a stage at the end of the last row.

    Attributes:
        name: of the stage.
        people: who stand there.
        share: of the group.
        value: money of the group's conversions in the last row.
    """

    name: str
    people: int
    share: Estimate
    value: float


class StageGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One group of a split: people by their first event ever.

    Attributes:
        name: the field's value, or ``(other)``, or ``(no value)``.
        kind: whether it is a ``value``, all ``other`` values, or ``none``.
        people: of the group, seen by the end of the last row.
        stages: name, people and share of the group at that time, for each stage.
        moves: what a row does to them.
    """

    name: str
    kind: GroupKind
    people: int
    stages: tuple[GroupStanding, ...]
    moves: tuple[StageMoves, ...]


class StagesAnswer(Answer, frozen=True, kw_only=True):
    """The answer to `Stages`.

    Attributes:
        question: what was asked.
        grain: what a row is.
        rows: in order, from the first with anybody.
        moves: from each stage, all complete rows together.
        not_yet: people who were there in the period and are no customers by its end.
        customers: customers who were there.
        activity: what they did, most usual first among those who are no customers yet.
        touches: where people were last before they converted for the first time, most people first.
        groups: of the split, largest first; empty without one.
        currency: of the values; None where there is none or several.
        notes: what else the reader must know.
    """

    measure: ClassVar[str] = "stages"

    question: Stages
    grain: Grain
    rows: tuple[StagesRow, ...]
    moves: tuple[StageMoves, ...]
    not_yet: int
    customers: int
    activity: tuple[StageActivity, ...]
    touches: tuple[StageTouch, ...]
    groups: tuple[StageGroup, ...] = ()
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Say who is no customer yet, and what a row makes of prospects."""
        if not self.rows or not self.rows[-1].people:
            return "Nobody was seen by the end of the period."
        last = self.rows[-1]
        waiting = sum(one.people for one in last.stages if one.name in NOT_CUSTOMERS)
        text = f"{percent(waiting / last.people)} of {count(last.people)} people are not customers yet"
        rate = next(one.converted for one in self.moves if one.stage == "prospect")
        if rate is None or rate.value is None:
            return text + "."
        interval = (
            ""
            if rate.low is None or rate.high is None
            else (f" ({100 * rate.low:.1f}\u2013{100 * rate.high:.1f})")
        )
        return f"{text}; in a {self.grain}, {percent(rate.value)}{interval} of prospects become customers."

    def table(self) -> pa.Table:
        """Give a row for each stage of each day, week or month."""
        return pa.Table.from_pylist(list(self._records()), schema=_schema(self.grain))

    def _records(self) -> Iterator[dict[str, object]]:
        for row in self.rows:
            for one in row.stages:
                yield {
                    self.grain: row.name,
                    "complete": row.complete,
                    "stage": one.name,
                    "people": one.people,
                    "share": one.share.value,
                    "share_low": one.share.low,
                    "share_high": one.share.high,
                    "value": one.value,
                    "value_per_person": one.value_per_person.value,
                    "value_per_person_low": one.value_per_person.low,
                    "value_per_person_high": one.value_per_person.high,
                    "value_so_far": one.value_so_far,
                }

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Show one side: who stands where, moves and lives, or what that is worth.

        Args:
            side: ``people`` or ``value``.
        """
        return draw(self, side)


def _schema(grain: Grain) -> pa.Schema:
    numbers = ("share", "share_low", "share_high", "value", "value_per_person")
    ends = ("value_per_person_low", "value_per_person_high", "value_so_far")
    return pa.schema(
        [
            pa.field(grain, pa.string()),
            pa.field("complete", pa.bool_()),
            pa.field("stage", pa.string()),
            pa.field("people", pa.int64()),
            *(pa.field(name, pa.float64()) for name in (*numbers, *ends)),
        ]
    )
