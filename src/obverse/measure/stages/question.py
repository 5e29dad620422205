"""The question of the stages: see `obverse.measure.stages` for what each part means."""

from __future__ import annotations

from typing import Literal, get_args

from obverse.errors import QuestionError
from obverse.measure.calendar import Grain
from obverse.measure.fields import (
    Duration,
    Events,
    FieldName,
    check_duration,
    check_number,
    enclosed,
    selection,
)
from obverse.measure.rows import Rows, rows_of
from obverse.measure.scope import SplitScope
from obverse.tape.layout import Selection

EngagedBy = Literal["days", "events"]
LapseBy = Literal["seen", "conversion"]

MAX_ENGAGED = 1_000


class Stages(SplitScope, frozen=True, kw_only=True, tag="stages"):
    """How many people stand where: visitor, engaged, prospect, customer, repeat, lapsed; and who moves on.

    Attributes:
        by: field of a person's first event ever that people are split by, such as
            ``context.campaign.source``, or ``segment: NAME`` for who is in a saved segment and who is not.
        seen: events that say that somebody was there: a visitor has at least one. Those named below count
            as well.
        engaged: events that make somebody engaged at once; None where only how often they came counts.
        engaged_after: on how many different days, or with how many events, somebody must have been there to
            be engaged.
        engaged_by: whether ``engaged_after`` counts ``days`` of the zone or ``events``.
        prospect: events that make somebody a prospect: they mean to buy.
        conversion: the event by which people become customers; the second one makes them repeat customers.
        lapse: after how long a silence a customer is lapsed, and anybody else dormant.
        lapse_by: what customers are silent without: being ``seen`` at all, or a ``conversion``.
        touch: field of the last event before somebody's first conversion: where they were last.
        grain: what a row is: ``day``, ``week`` (from Monday) or ``month``.
    """

    seen: Events = "*"
    engaged: Events | None = None
    engaged_after: int = 2
    engaged_by: EngagedBy = "days"
    prospect: Events = "Product Added or Checkout Started"
    conversion: Events = "Order Completed"
    lapse: Duration = "90d"
    lapse_by: LapseBy = "seen"
    touch: FieldName = "touchpoint"
    grain: Grain = "week"

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        for field, choice in (("engaged_by", EngagedBy), ("lapse_by", LapseBy), ("grain", Grain)):
            if getattr(self, field) not in get_args(choice):
                raise QuestionError(
                    f"{field}: {getattr(self, field)!r} is none of {', '.join(get_args(choice))}"
                )
        check_number(self.engaged_after, "engaged_after", 1, MAX_ENGAGED)
        check_duration(self.lapse, "lapse", least="1m")
        self.selections()
        if not self.conversion_events.events:
            raise QuestionError(f"conversion: {self.conversion!r} is any event; name those that customers do")

    @property
    def lapse_us(self) -> int:
        """The silence in µs."""
        return check_duration(self.lapse, "lapse", least="1m")

    @property
    def conversion_events(self) -> Selection:
        """The conversions."""
        return selection(self.conversion, "conversion", self.where)

    def selections(self) -> tuple[Selection, ...]:
        """Give what is laid out: all that says somebody was there, prospects, conversions, the engaged."""
        named = [(self.seen, "seen"), (self.prospect, "prospect"), (self.conversion, "conversion")]
        if self.engaged is not None:
            named.append((self.engaged, "engaged"))
        plain = [selection(text, field) for text, field in named]
        return (
            either(plain, self.where),
            *(selection(text, field, self.where) for text, field in named[1:]),
        )

    def rows(self, newest: int) -> Rows:
        """Give the rows of the period; see `obverse.measure.rows.rows_of`."""
        return rows_of(self, self.grain, newest)


def either(parts: list[Selection], everywhere: str | None = None) -> Selection:
    """Select what any of several selections takes.

    Args:
        parts: with their own filters.
        everywhere: a filter that all must pass as well.

    >>> either([Selection(("A",)), Selection(("B", "C"), "value > 5")]).where
    "(event = 'A') or (event in ('B', 'C') and (value > 5))"
    >>> either([Selection(), Selection(("A",), "value > 5")])
    Selection(events=(), where=None)
    """
    if any(not part.events and part.where is None for part in parts):
        return Selection((), everywhere)
    names = tuple(dict.fromkeys(name for part in parts for name in part.events))
    if any(not part.events for part in parts):
        names = ()
    if names and all(part.where is None for part in parts):
        return Selection(names, everywhere)
    told = " or ".join(f"({_condition(part)})" for part in parts)
    return Selection(names, told if everywhere is None else f"{enclosed(everywhere)} and ({told})")


def _condition(part: Selection) -> str:
    quoted = ["'" + name.replace("'", "''") + "'" for name in part.events]
    named = f"event = {quoted[0]}" if len(quoted) == 1 else f"event in ({', '.join(quoted)})"
    if part.where is None:
        return named
    return f"{named} and {enclosed(part.where)}" if quoted else part.where
