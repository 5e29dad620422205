"""The question of retention: see `obverse.measure.retention` for what each part means."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal, get_args

import msgspec

from obverse.errors import QuestionError
from obverse.measure.calendar import Grain
from obverse.measure.fields import Events, check_number, selection
from obverse.measure.scope import SplitScope
from obverse.tape.layout import Selection

Entry = Literal["first_ever", "first_in_period", "recurring"]
Returning = Literal["on", "on_or_after", "on_or_before", "streak"]
Reference = Literal["start", "previous"]
Clock = Literal["calendar", "rolling"]
Mean = Literal["weighted", "simple"]
Count = Literal["person", "account"]

MAX_INTERVALS = 100
MAX_BRACKETS = 30
LATEST_INTERVAL = 3_660
"""The last interval that a bracket can reach: ten years of days."""

_BRACKET = re.compile(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?")


class Retention(SplitScope, frozen=True, kw_only=True, tag="retention"):
    """Who comes back, when, and what that is worth: cohorts of people by when they started.

    Attributes:
        start_event: what makes somebody start, such as ``Signed Up``; ``*`` for anything.
        return_event: what counts as coming back; the start event again unless given, ``*`` for anything.
        entry: which start events count: the ``first_ever`` of each person, the ``first_in_period``, or
            ``recurring``: the first in each cohort's day, week or month, so that a person can be in several
            cohorts.
        interval: how long an interval is: ``day``, ``week`` (from Monday) or ``month``.
        n_intervals: how many intervals after the one of the start are shown.
        brackets: intervals put together, instead of single ones: ``1-3`` and ``4-7``. They must ascend.
        returning: what counts as returned: ``on`` that interval, ``on_or_after`` it (at any time from it on),
            ``on_or_before`` it (at any time from the start to its end), or as a ``streak``: on it and on
            each interval or bracket between the start and it.
        reference: of whom a share is: of all who ``start``, or of those who returned in the ``previous``
            interval or bracket.
        clock: whether intervals are those of the ``calendar`` in the time zone, or ``rolling``: 24 hours (7
            or 30 times 24 hours for a week or month) from each person's own start.
        cohort: who belongs together: people who started in the same ``day``, ``week`` or ``month``; the same
            as the interval unless given.
        mean: how cohorts are averaged: ``weighted`` by their people, or ``simple``: each cohort counts alike.
        match: whether the return event must have the same value of the field that people are split by.
        count: what is counted: each ``person`` or each ``account``.
        by: field of the start event that people are split by, such as ``context.device.type``, or
            ``segment: NAME`` for who is in a saved segment and who is not.
        start: first day or instant on which the start event counts; None for the newest 100 cohorts.
        end: day or instant before which the start event must be; returns may be later. None for the end.
    """

    start_event: Events = "*"
    return_event: Events | None = None
    entry: Entry = "first_ever"
    interval: Grain = "week"
    n_intervals: int = 12
    brackets: tuple[str, ...] = ()
    returning: Returning = "on"
    reference: Reference = "start"
    clock: Clock = "calendar"
    cohort: Grain | None = None
    mean: Mean = "weighted"
    match: bool = False
    count: Count = "person"

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        msgspec.structs.force_setattr(self, "brackets", tuple(self.brackets))
        for field, choice in _CHOICES.items():
            if getattr(self, field) not in get_args(choice):
                raise QuestionError(
                    f"{field}: {getattr(self, field)!r} is none of {', '.join(get_args(choice))}"
                )
        if self.cohort is not None and self.cohort not in get_args(Grain):
            raise QuestionError(f"cohort: {self.cohort!r} is none of {', '.join(get_args(Grain))}")
        check_number(self.n_intervals, "n_intervals", 1, MAX_INTERVALS)
        check_number(len(self.brackets), "brackets", 0, MAX_BRACKETS)
        if self.match and self.by is None:
            raise QuestionError("match: name the field that people are split by, whose value must match")
        if self.match and self.by is not None and self.by.startswith("segment:"):
            raise QuestionError("match: a segment is of people, so the return event is always in it too")
        if self.reference == "previous" and self.returning == "on_or_before":
            raise QuestionError(
                "reference: who returned by the interval before has returned by this one too; ask 'on' or "
                "'on_or_after'"
            )
        _ = self.selections, self.columns

    @property
    def selections(self) -> tuple[Selection, ...]:
        """The start events and, where they are others, the return events."""
        starts = selection(self.start_event, "start_event", self.where)
        if self.return_event is None:
            return (starts,)
        returns = selection(self.return_event, "return_event", self.where)
        return (starts,) if returns == starts else (starts, returns)

    @property
    def columns(self) -> tuple[tuple[int, int], ...]:
        """The first and last interval of each column, numbered from 0, the interval of the start."""
        if not self.brackets:
            return tuple((number, number) for number in range(self.n_intervals + 1))
        found = tuple(_bracket(text) for text in self.brackets)
        for (_, last), (first, _) in pairwise(found):
            if first <= last:
                raise QuestionError(f"brackets: {first} follows {last}; they must ascend and not overlap")
        return found

    @property
    def first_following(self) -> int:
        """The first column that follows one in which people returned.

        Interval 0 is that of the start, so what follows it is of all who started.
        """
        return 2 if self.columns[0] == (0, 0) else 1

    @property
    def column_names(self) -> tuple[str, ...]:
        """What the columns are called: ``3``, ``4-7``."""
        return tuple(str(first) if first == last else f"{first}-{last}" for first, last in self.columns)

    @property
    def rows_grain(self) -> Grain:
        """How long people join a cohort."""
        return self.cohort or self.interval


_CHOICES = {
    "entry": Entry,
    "interval": Grain,
    "returning": Returning,
    "reference": Reference,
    "clock": Clock,
    "mean": Mean,
    "count": Count,
}


def _bracket(text: str) -> tuple[int, int]:
    """Read a bracket.

    Raises:
        QuestionError: it is none.

    >>> _bracket("4-7"), _bracket("30")
    ((4, 7), (30, 30))
    """
    found = _BRACKET.fullmatch(text)
    if not found:
        raise QuestionError(f"brackets: {text!r} is none; write the first and the last interval: '4-7'")
    first, last = int(found[1]), int(found[2] or found[1])
    if not first <= last <= LATEST_INTERVAL:
        raise QuestionError(
            f"brackets: {text!r} does not go from a number to one of at most {LATEST_INTERVAL}"
        )
    return first, last
