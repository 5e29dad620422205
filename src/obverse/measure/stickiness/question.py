"""The question of stickiness: see `obverse.measure.stickiness` for what each part means."""

from __future__ import annotations

from typing import Literal, get_args

from obverse.errors import QuestionError
from obverse.measure.fields import Events, check_number, selection
from obverse.measure.period import zone_of
from obverse.measure.scope import FOREVER, Grain, SplitScope
from obverse.measure.window import WIDTH_US, Window, back_us, next_bucket, window_of

MAX_INTERVALS = 1_000
MAX_TRAILING = 400
MAX_TIMES = 30
"""How often somebody did it is counted up to this; the last row is this often or more."""

_TRAILING: dict[Grain, tuple[int, int]] = {
    "hour": (24, 168),
    "day": (7, 28),
    "week": (4, 13),
    "month": (3, 12),
}


class Stickiness(SplitScope, frozen=True, kw_only=True, tag="stickiness"):
    """How often people come back: on how many days, and how many of a month's people a day has.

    Attributes:
        events: what somebody must do to be active, such as ``Product Viewed``; ``*`` for anything.
        grain: the interval in which somebody is active or not: ``hour``, ``day``, ``week`` (from Monday) or
            ``month``.
        n_intervals: how many intervals are looked at, up to the end or the newest event, where no start is
            named.
        counted: ``intervals``: on how many days somebody was active; ``times``: how often they did it.
        at_least: how many of the events in one interval make somebody active in it.
        short: length of the shorter trailing window, in intervals; without it a week of days, 4 weeks,
            3 months or 24 hours.
        long: length of the longer one; without it 28 days, 13 weeks, 12 months or 168 hours.
        conversion: the events whose money counts as the value of a person.
        count: ``person`` or ``account``: who it is that comes back.
    """

    events: Events = "*"
    grain: Grain = "day"
    n_intervals: int = 28
    counted: Literal["intervals", "times"] = "intervals"
    at_least: int = 1
    short: int | None = None
    long: int | None = None
    conversion: Events = "Order Completed"
    count: Literal["person", "account"] = "person"

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        for field, known in (
            ("grain", get_args(Grain)),
            ("counted", ("intervals", "times")),
            ("count", ("person", "account")),
        ):
            if getattr(self, field) not in known:
                raise QuestionError(f"{field}: {getattr(self, field)!r} is none of {', '.join(known)}")
        selection(self.events, "events", self.where)
        selection(self.conversion, "conversion", self.where)
        check_number(self.n_intervals, "n_intervals", 1, MAX_INTERVALS)
        check_number(self.at_least, "at_least", 1, 1_000_000)
        if self.counted == "times" and self.at_least > 1:
            raise QuestionError("at_least: it goes with counted 'intervals', not 'times'")
        short, long = self.trailing
        check_number(short, "short", 2, MAX_TRAILING)
        check_number(long, "long", 2, MAX_TRAILING)
        if short >= long:
            raise QuestionError(f"short: {short} intervals are not shorter than long, {long}")

    @property
    def trailing(self) -> tuple[int, int]:
        """The shorter and the longer trailing window, in intervals."""
        short, long = _TRAILING[self.grain]
        return self.short or short, self.long or long

    def window(self, newest: int) -> Window:
        """Give the intervals that are looked at, after those that trailing windows reach back to.

        Args:
            newest: time of the newest event in the lake, µs.

        Raises:
            QuestionError: there are more than can be shown.
        """
        zone = zone_of(self.zone)
        start, end = self.period_us
        last = min(end, next_bucket(max(newest, start), zone, self.grain))
        if start == -FOREVER:
            start = back_us(last - 1, zone, self.grain, self.n_intervals - 1)
        if (last - start) // WIDTH_US[self.grain] > MAX_INTERVALS:
            raise QuestionError(
                f"grain: more than {MAX_INTERVALS} intervals, one for each {self.grain}; choose a longer one"
            )
        return window_of(start, end, newest, zone, self.grain, self.trailing[1])
