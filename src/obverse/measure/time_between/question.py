"""The question of time between two events: see `obverse.measure.time_between` for what each part means."""

from __future__ import annotations

from typing import Literal, get_args

from obverse.errors import QuestionError
from obverse.measure.calendar import Grain
from obverse.measure.fields import Duration, Events, FieldName, check_duration, selection
from obverse.measure.protocol import Unit
from obverse.measure.scope import SplitScope
from obverse.tape.layout import Selection

Pairs = Literal["every", "first"]
Until = Literal["next", "last"]

LONGEST = "7305d"
"""Twenty years: no longer time is counted."""


class TimeBetween(SplitScope, frozen=True, kw_only=True, tag="time_between"):
    """How long it takes from one event to another, how many ever get there, and what that is worth.

    Attributes:
        from_event: where the clock starts, such as ``Ticket Opened`` or ``Checkout Started``.
        to_event: where it stops, such as ``Ticket Solved`` or ``Order Completed``; the same as `from_event`
            for the time from one to the next.
        pairs: ``every`` from-event counts by itself, or only the ``first`` of each person in the period (of
            each person and value, with `same`).
        until: the clock stops at the ``next`` to-event, or at the ``last`` one, as for how long a case took
            in all.
        before_next: the to-event must come before the person's next from-event, so that each counts once. If
            not, several from-events can lead to one to-event.
        same: field that must have the same value at both events, such as ``properties.ticket_id``.
        within: a to-event later than this does not count any more; None for no such limit.
        count: whose events are paired: each ``person``'s, each ``session``'s or each ``account``'s own.
        grain: the rows over time: from-events of a ``day``, ``week`` (from Monday) or ``month``.
        by: field of the from-event that times are split by, such as ``properties.team``, or
            ``segment: NAME`` for who is in a saved segment and who is not.
        start: first day or instant on which from-events count; None for the beginning.
        end: day or instant before which they must be; the to-event may be later. None for the end.
    """

    from_event: Events
    to_event: Events
    pairs: Pairs = "every"
    until: Until = "next"
    before_next: bool = True
    same: FieldName | None = None
    within: Duration | None = None
    count: Unit = "person"
    grain: Grain = "week"

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        for field, choice in _CHOICES.items():
            if getattr(self, field) not in get_args(choice):
                raise QuestionError(
                    f"{field}: {getattr(self, field)!r} is none of {', '.join(get_args(choice))}"
                )
        if self.same is not None and not self.same.strip():
            raise QuestionError("same: name a field")
        if self.same is not None and self.count != "person":
            raise QuestionError(f"same: it goes with count 'person', not {self.count!r}")
        _ = self.selections, self.within_us

    @property
    def selections(self) -> tuple[Selection, ...]:
        """The from-events and, where they are others, the to-events."""
        starts = selection(self.from_event, "from_event", self.where)
        stops = selection(self.to_event, "to_event", self.where)
        return (starts,) if starts == stops else (starts, stops)

    @property
    def within_us(self) -> int:
        """The longest time that counts, in µs."""
        return check_duration(self.within or LONGEST, "within", most=LONGEST)


_CHOICES = {"pairs": Pairs, "until": Until, "count": Unit, "grain": Grain}
