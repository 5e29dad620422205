"""The question of the overview: see `obverse.measure.overview` for what each part means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import msgspec
import numpy as np

from obverse.errors import QuestionError
from obverse.measure.calendar import (
    FIRST_DAY,
    GRAINS,
    Grain,
    before_us,
    edges,
    grain_for,
    local_day,
    midnight_us,
    next_start,
)
from obverse.measure.period import instant_us, zone_of
from obverse.measure.question import Question
from obverse.tape.layout import Int64s

MAX_ROWS = 4_000
"""More days, weeks or months than a chart or a table can show."""


@dataclass(frozen=True)
class Period:
    """The instants that a question is about, µs since 1970 UTC.

    Attributes:
        before: start of the period before; equal to `start` where there is none.
        start: first instant.
        end: first instant after it.
        grains: kinds of rows that are counted; the answer shows one.
        edges: for each, the instants that part the period before and the period.
        n_before: for each, how many rows the period before has.
    """

    before: int
    start: int
    end: int
    grains: tuple[Grain, ...]
    edges: tuple[Int64s, ...]
    n_before: tuple[int, ...]


class Overview(Question, frozen=True, kw_only=True, tag="overview"):
    """How a period went beside the one before it: people, customers, conversion and value.

    Attributes:
        start: first day or instant; None for the beginning, which has no period before it.
        end: day or instant after the last; None for the end of the newest event's day.
        zone: name of the time zone of the days.
        conversion: name of the event by which people become customers.
        where: filter on all events, such as ``touchpoint = 'store'``.
        active: names of the events that say that somebody was there; empty for any event.
        grain: ``day``, ``week`` or ``month``; None for what suits the period's length.
    """

    start: str | None = None
    end: str | None = None
    zone: str = "UTC"
    conversion: str = "Order Completed"
    where: str | None = None
    active: tuple[str, ...] = ()
    grain: Grain | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        if not self.conversion.strip():
            raise QuestionError("conversion: name the event by which people become customers")
        if self.grain is not None and self.grain not in get_args(Grain):
            raise QuestionError(f"grain: {self.grain!r} is none of {', '.join(get_args(Grain))}")
        msgspec.structs.force_setattr(self, "active", tuple(self.active))
        zone = zone_of(self.zone)
        start = None if self.start is None else instant_us(self.start, zone, "start")
        end = None if self.end is None else instant_us(self.end, zone, "end")
        if start is not None and end is not None and start >= end:
            raise QuestionError(f"end: {self.end!r} is not after start, {self.start!r}; end is not included")

    def period(self, newest: int) -> Period:
        """Give the instants that the question is about.

        Args:
            newest: time of the newest event in the lake, µs.

        Raises:
            QuestionError: the period has too many rows.
        """
        zone = zone_of(self.zone)
        start = midnight_us(FIRST_DAY, zone) if self.start is None else instant_us(self.start, zone, "start")
        if self.end is None:
            end = midnight_us(next_start(local_day(max(newest, start), zone), "day"), zone)
        else:
            end = max(instant_us(self.end, zone, "end"), start + 1)
        if self.grain is not None:
            grains: tuple[Grain, ...] = (self.grain,)
        else:
            grains = GRAINS if self.start is None else (grain_for(start, end),)
        before = start if self.start is None else before_us(start, end, zone)
        early = [edges(before, start, zone, grain) if before < start else None for grain in grains]
        late = [edges(start, end, zone, grain) for grain in grains]
        if self.start is not None and max(len(one) for one in late) > MAX_ROWS:
            raise QuestionError(f"grain: {len(late[0]) - 1} rows of a {grains[0]} each; choose a longer one")
        return Period(
            before=before,
            start=start,
            end=end,
            grains=grains,
            edges=tuple(b if a is None else _joined(a, b) for a, b in zip(early, late, strict=True)),
            n_before=tuple(0 if a is None else len(a) - 1 for a in early),
        )


def _joined(early: Int64s, late: Int64s) -> Int64s:
    return np.concatenate([early[:-1], late])
