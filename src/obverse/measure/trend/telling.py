"""A trend in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from obverse.measure.picture import Of
from obverse.measure.trend.series import Series
from obverse.measure.wording import count, money, percent

if TYPE_CHECKING:
    from obverse.measure.trend.answer import TrendAnswer, TrendSeries

_SENTENCES = {
    "events": "{events} happened {total} times",
    "people": "{people} did {events}",
    "sessions": "{total} sessions had {events}",
    "accounts": "{people} did {events}",
    "events per person": "who did {events} did it {total} times on average",
    "value": "{events} was worth {total}",
    "sum": "the sum of {field} in {events} was {total}",
    "average": "{field} in {events} was {total} on average",
    "minimum": "the smallest {field} in {events} was {total}",
    "maximum": "the largest {field} in {events} was {total}",
    "percentile": "{share} of {events} had a {field} of {total} or less",
}

_WHEN = {"hour": "at", "day": "on", "week": "in the week of", "month": "in the month of"}


def sentence(answer: TrendAnswer) -> str:
    """Say what each series comes to, and of the first how it changed and where it was highest."""
    if not answer.rows:
        return "Nothing happened in the period."
    first, *others = answer.series
    lines = {one.letter: one for one in answer.question.lines}
    text = _told(first, lines, answer.currency)
    text += f" from {answer.rows[0].name} to {answer.rows[-1].name}"
    text += _against_before(first) + _highest(answer, first)
    return ". ".join([_upper(text), *(_upper(_told(one, lines, answer.currency)) for one in others)]) + "."


def _told(one: TrendSeries, lines: dict[str, Series], currency: str | None) -> str:
    total = "none" if one.total.value is None else figure(one.total.value, one.of, currency)
    line = lines.get(one.letter)
    if line is None or line.label is not None:
        return f"{one.name}: {total}"
    return _SENTENCES[line.counting].format(
        total=total,
        events=line.what,
        field=line.field,
        share=percent(line.share),
        people=_counted(total, line.counting),
    )


def _counted(total: str, counting: str) -> str:
    """Name people or accounts with their number."""
    if counting == "accounts":
        return f"{total} account" if total == "1" else f"{total} accounts"
    return f"{total} person" if total == "1" else f"{total} people"


def _against_before(one: TrendSeries) -> str:
    now, before = one.total.value, one.total_before.value if one.total_before else None
    if now is None or not before:
        return ""
    change = now / before - 1
    if abs(change) < 5e-4:
        return ", as in the period before"
    return f", {percent(abs(change))} {'more' if change > 0 else 'less'} than in the period before"


def _highest(answer: TrendAnswer, one: TrendSeries) -> str:
    """Name the row with the largest number, where there is one line and several rows that do not add up."""
    if len(one.groups) != 1 or len(answer.rows) == 1 or answer.question.cumulative:
        return ""
    rows = zip(one.groups[0].values, answer.rows, strict=True)
    known = [(found.value, row.name) for found, row in rows if found.value is not None]
    value, name = max(known, key=lambda pair: pair[0], default=(0, ""))
    if not value:
        return ""
    return f"; most {_WHEN[answer.question.grain]} {name}: {figure(value, one.of, answer.currency)}"


def figure(value: float, of: Of, currency: str | None) -> str:
    """Write a number as what it is of asks for.

    >>> figure(12.3456, "number", None)
    '12.35'
    """
    if of == "money":
        return money(value, currency)
    if of == "number" and abs(value) < 10_000:
        return f"{value:.4g}"
    return count(round(value))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
