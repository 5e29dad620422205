"""The question of drivers: see `obverse.measure.drivers` for what each part means."""

from __future__ import annotations

from obverse.errors import QuestionError
from obverse.measure.fields import (
    Duration,
    Events,
    FieldName,
    check_duration,
    check_filter,
    check_number,
    selection,
)
from obverse.measure.scope import SplitScope


class Drivers(SplitScope, frozen=True, kw_only=True, tag="drivers"):
    """Which early behaviours go with converting later.

    Attributes:
        conversion: the events that count as converting.
        first: the events that a person's time begins with: the first of them in the period; ``*`` for
            whatever they did first.
        early: how long after that a behaviour counts as early.
        within: how long after the beginning a conversion counts; it must come after the early time.
        behaviours: the events that are candidates; ``*`` for any.
        behaviour: field that tells behaviours apart: ``event`` for the events' names,
            ``context.page.path``, ``properties.category``.
        times: how often a behaviour must be seen early to count as done.
        not_yet: leave out people who had converted before their time began.
        n_behaviours: how many behaviours are tried, the most frequent.
        min_people: fewest people with and without a behaviour for which it is compared.
        by: field whose value at the event that a person's time begins with splits people, such as
            ``context.device.type``, or ``segment: NAME`` for who is in a saved segment and who is not.
    """

    conversion: Events = "Order Completed"
    first: Events = "*"
    early: Duration = "3d"
    within: Duration = "30d"
    behaviours: Events = "*"
    behaviour: FieldName = "event"
    times: int = 1
    not_yet: bool = True
    n_behaviours: int = 100
    min_people: int = 30

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        for field in ("conversion", "first", "behaviours"):
            selection(getattr(self, field), field)
        check_filter(self.behaviour, "behaviour")
        early = check_duration(self.early, "early", least="1s")
        if early >= check_duration(self.within, "within"):
            raise QuestionError(f"within: {self.within!r} must be longer than early, {self.early!r}")
        check_number(self.times, "times", 1, 1_000)
        check_number(self.n_behaviours, "n_behaviours", 1, 10_000)
        check_number(self.min_people, "min_people", 2, 1_000_000)
