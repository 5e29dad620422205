"""How the numbers of a picture read, and where what stands for people leads to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from obverse.measure.picture import Of, Pick
from obverse.web.pages.figures import (
    DASH,
    NOTHING,
    count,
    exact_money,
    money,
    money_range,
    percent,
    percent_range,
    plural,
    short,
    short_range,
    span,
)

_LONG = 100_000
"""A count of more digits than a bar or a cell has room for is shortened; its title has it in full."""


def _nowhere(pick: Pick) -> str:
    return ""


@dataclass(frozen=True)
class Hand:
    """Writes a picture's numbers.

    Attributes:
        currency: of money; None where it is not known.
        link: gives the address of the people behind a pick; empty for none.
    """

    currency: str | None = None
    link: Callable[[Pick], str] = _nowhere

    def href(self, pick: Pick | None) -> str:
        """Give the address of who is behind something; empty where nobody is."""
        return "" if pick is None else self.link(pick)

    def brief(self, value: float | None, of: Of) -> str:
        """Write a number as a bar, a cell or an axis has room for.

        >>> Hand("EUR").brief(61_234.5, "money").replace("\u202f", "_"), Hand().brief(None, "count")
        ('€_61.2_k', '—')
        >>> Hand().brief(-0.266, "share").replace("\u202f", "_")
        '−26.6_%'
        """
        if value is None:
            return NOTHING
        if of in ("people", "count"):
            return _whole(value) if abs(value) < _LONG else short(value).replace("-", "−")
        return self._other(value, of, money(value, self.currency))

    def exact(self, value: float | None, of: Of) -> str:
        """Write a number in full, with its unit where that is a word.

        >>> Hand().exact(48_112, "people").replace("\u202f", "_"), Hand().exact(1, "people")
        ('48_112 people', '1 person')
        """
        if value is None:
            return NOTHING
        if of == "people":
            return f"{_whole(value)} {plural(value, 'person', 'people')}"
        if of == "count":
            return _whole(value)
        return self._other(value, of, exact_money(value, self.currency))

    def cell(self, value: float | None, of: Of) -> str:
        """Write a number in full for a column of its kind."""
        if of == "people" and value is not None:
            return _whole(value)
        return self.exact(value, of)

    def _other(self, value: float, of: Of, amount: str) -> str:
        if of == "money":
            return amount
        if of == "share":
            return _signed(percent, value)
        return _signed(span, value) if of == "seconds" else short(value).replace("-", "−")

    def between(self, low: float | None, high: float | None, of: Of) -> str:
        """Write an interval; empty where there is none.

        >>> Hand().between(0.03, 0.0352, "share").replace("\u202f", "_")
        '3.0–3.5_%'
        """
        if low is None or high is None:
            return ""
        if of == "share":
            return percent_range(low, high)
        if of == "money":
            return money_range(low, high, self.currency)
        if of == "seconds":
            return f"{span(low)} {DASH} {span(high)}"
        return short_range(low, high)

    def told(self, value: float | None, low: float | None, high: float | None, of: Of) -> str:
        """Write a number in full with its interval."""
        between = self.between(low, high, of)
        return f"{self.exact(value, of)} ({between})" if between else self.exact(value, of)


def _whole(value: float) -> str:
    return count(value).replace("-", "−") if value == round(value) else short(value).replace("-", "−")


def _signed(write: Callable[[float], str], value: float) -> str:
    return f"−{write(-value)}" if value < 0 else write(value)
