"""A series of a trend as text: how to count, then of which events.

    people: Order Completed [touchpoint = 'store'] as Buyers
    p90 properties.price: Product Added

How to count stands before a colon; without it the events are counted. An event whose name begins with such
words and a colon stands in double quotes: ``"people: met"``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from obverse.errors import QuestionError
from obverse.measure.fields import check_filter, one_step, selection
from obverse.measure.picture import Of
from obverse.tape.layout import Selection

Counting = Literal[
    "events", "people", "sessions", "accounts", "events per person", "value",
    "sum", "average", "minimum", "maximum", "percentile",
]  # fmt: skip
"""How a series is counted."""

MONEY = "value"
"""The field of an event's money."""

_PLAIN = re.compile(r"(events per person|events|people|sessions|accounts|value)\s*:\s+(.*)", re.DOTALL)
_OF_FIELD = re.compile(
    r"""(sum|average|minimum|maximum|median|p\d{1,2}(?:\.\d+)?)\s+((?:[^:"']|"[^"]*"|'[^']*')+?)\s*:\s+(.*)""",
    re.DOTALL,
)
_PEOPLE: tuple[Counting, ...] = ("people", "accounts")


@dataclass(frozen=True)
class Series:
    """One series of a trend, read from its text.

    Attributes:
        letter: what formulas call it.
        text: how it was written.
        counting: how it is counted.
        events: which events are meant, as text.
        field: whose numbers are taken; None where events are counted.
        share: which percentile, as a part of 1; 0 for none.
        label: what its writer calls it; None where they left that open.
    """

    letter: str
    text: str
    counting: Counting
    events: str
    field: str | None = None
    share: float = 0.0
    label: str | None = None

    @property
    def name(self) -> str:
        """What to call it."""
        return self.label or self.text

    @property
    def what(self) -> str:
        """Say which events are meant."""
        return "anything" if self.events.strip() == "*" else self.events

    @property
    def of(self) -> Of:
        """What its numbers are of."""
        if self.counting in _PEOPLE:
            return "people"
        if self.counting == "value" or self.field == MONEY:
            return "money"
        return "count" if self.counting in ("events", "sessions") else "number"

    def selection(self, everywhere: str | None) -> Selection:
        """Give the events meant that pass a filter."""
        return selection(self.events, "series", everywhere)


def read_series(text: str, letter: str) -> Series:
    """Read a series from its text.

    Raises:
        QuestionError: it cannot be read.

    >>> one = read_series("p90 properties.price: Product Added", "A")
    >>> one.counting, one.field, one.share, one.events
    ('percentile', 'properties.price', 0.9, 'Product Added')
    """
    counting: Counting = "events"
    field, share, events = None, 0.0, text
    if found := _PLAIN.fullmatch(text):
        counting, events = found[1], found[2]  # type: ignore[assignment] # the pattern has no other words
    elif found := _OF_FIELD.fullmatch(text):
        counting, share = _statistic(found[1])
        field, events = found[2], found[3]
        check_filter(field, "series")
    label = one_step(events, "series").name
    return Series(letter, text, counting, events, field, share, label)


def _statistic(word: str) -> tuple[Counting, float]:
    """Read what is done with the numbers of a field."""
    if word == "median":
        return "percentile", 0.5
    if not word.startswith("p"):
        return word, 0.0  # type: ignore[return-value] # the pattern has no other words
    share = float(word[1:]) / 100
    if not 0 < share < 1:
        raise QuestionError(f"series: {word!r} is no percentile; write p1 to p99.9")
    return "percentile", round(share, 12)
