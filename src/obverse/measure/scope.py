"""What questions about behaviour have in common: which events, whose, when, in whose days, split by what."""

from __future__ import annotations

from typing import Literal

from obverse.errors import QuestionError
from obverse.measure.fields import Condition, Day, FieldName, Zone, check_filter, check_number
from obverse.measure.period import instant_us, zone_of
from obverse.measure.question import Question

FOREVER = 1 << 61
"""Later than any event, µs; its negative is earlier than any."""

MAX_GROUPS = 25

OTHER = "(other)"
"""Name of the group of all values that have none of their own."""

NO_VALUE = "(no value)"
"""Name of the group of events without a value."""

Grain = Literal["hour", "day", "week", "month"]


class Scope(Question, frozen=True, kw_only=True):
    """Base of questions about behaviour.

    Attributes:
        where: filter on all events of the question, such as ``touchpoint = 'store'``.
        start: first day or instant of the period; None for the beginning.
        end: day or instant after the last; None for the end.
        zone: name of the time zone of the days.
    """

    where: Condition | None = None
    start: Day | None = None
    end: Day | None = None
    zone: Zone = "UTC"

    @property
    def period_us(self) -> tuple[int, int]:
        """The period: [start, end) in µs since 1970 UTC, -FOREVER and FOREVER where it is open."""
        zone = zone_of(self.zone)
        start = -FOREVER if self.start is None else instant_us(self.start, zone, "start")
        end = FOREVER if self.end is None else instant_us(self.end, zone, "end")
        return start, end

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        check_filter(self.where)
        start, end = self.period_us
        if start >= end:
            raise QuestionError(f"end: {self.end!r} is not after start, {self.start!r}; end is not included")


class SplitScope(Scope, frozen=True, kw_only=True):
    """Base of questions about behaviour that can be split.

    Attributes:
        by: field that people or events are split by, such as ``context.device.type``, or
            ``segment: NAME`` for who is in a saved segment and who is not.
        n_groups: how many of its values are shown, the most frequent; the others are one group.
    """

    by: FieldName | None = None
    n_groups: int = 10

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        check_number(self.n_groups, "n_groups", 1, MAX_GROUPS)


def group_names(labels: tuple[str | None, ...]) -> list[str]:
    """Name the groups of a split by code: its labels, then the rest.

    >>> group_names(("DE", None))
    ['DE', '(no value)', '(other)']
    """
    return [*(NO_VALUE if label is None else label for label in labels), OTHER]
