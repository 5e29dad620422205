"""The question of who behaved so: see `obverse.measure.behaved` for what each part means."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from obverse.errors import QuestionError
from obverse.measure.behaved.rules import Rule, When, parse_rule
from obverse.measure.fields import Events, check_number, selection
from obverse.measure.period import instant_us, zone_of
from obverse.measure.question import duration_us
from obverse.measure.scope import FOREVER, SplitScope

Match = Literal["all", "any"]

MAX_RULES = 20


class Behaved(SplitScope, frozen=True, kw_only=True, tag="behaved"):
    """Who did, spent or is something: people by rules, how many they are and what they are worth.

    Attributes:
        start: first day or instant that counts; None for the beginning.
        end: day or instant after the last that counts, which ``in 90d`` counts back from; None for the newest
            event.
        rules: what people must have done, spent or be, one rule each: ``did Order Completed at least 2 times
            in 90d``, ``did not Checkout Started in 30d``, ``spent at least 100 in 365d on Order Completed``,
            ``last context.country = 'DE'``, ``any context.device.type = 'phone'``.
        match: whether people must pass ``all`` rules or ``any`` of them.
        seen: events that say that somebody was there: everyone is who has one in the period.
        conversion: events whose money the people of the group are compared by.
        by: field whose value at a person's first event of `seen` in the period splits people, such as
            ``context.device.type``, or ``segment: NAME`` for who is in a saved segment and who is not.
    """

    rules: tuple[str, ...]
    match: Match = "all"
    seen: Events = "*"
    conversion: Events = "Order Completed"

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        given: object = self.rules  # one rule alone is easily written without its tuple
        rules = (given,) if isinstance(given, str) else tuple(self.rules)
        msgspec.structs.force_setattr(self, "rules", rules)
        check_number(len(self.rules), "rules", 1, MAX_RULES)
        if self.match not in get_args(Match):
            raise QuestionError(f"match: {self.match!r} is none of {', '.join(get_args(Match))}")
        for rule in self.parsed():
            self.window_us(rule.when, 0)
        selection(self.seen, "seen")
        selection(self.conversion, "conversion")

    def parsed(self) -> tuple[Rule, ...]:
        """Read the rules."""
        return tuple(parse_rule(text) for text in self.rules)

    def window_us(self, when: When, newest: int) -> tuple[int, int]:
        """Give the part of the period that a rule looks at: [start, end) in µs since 1970 UTC.

        Args:
            when: what the rule says.
            newest: time of the newest event, µs.

        Raises:
            QuestionError: a day is none, or the end is not after the start.
        """
        zone, (start, end) = zone_of(self.zone), self.period_us
        if when.within is not None:
            latest = end if end < FOREVER else newest + 1
            return max(start, latest - duration_us(when.within, "rules")), latest
        low = start if when.start is None else instant_us(when.start, zone, "rules")
        high = end if when.end is None else instant_us(when.end, zone, "rules")
        if when.start is not None and when.end is not None and low >= high:
            raise QuestionError(f"rules: {when.end!r} is not after {when.start!r}; the end is not included")
        return max(start, low), min(end, high)
