"""The home page's figures from the overview's answers: numbers, their days, how they compare, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from obverse.measure.estimate import compare
from obverse.measure.overview_answer import OverviewAnswer, OverviewRow, OverviewTotals
from obverse.web.pages.figures import (
    change,
    count,
    cut,
    exact_money,
    money,
    money_estimate,
    percent,
    percent_range,
    plural,
    short_day,
)

Values = tuple[float | None, ...]
_SURE = 0.05


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One of the figures of the day: its number for the period, and how it moved.

    Attributes:
        key: people, customers, conversion or value.
        name: as the reader sees it.
        side: which side of the coin it is on.
        kind: count, share or money: how to write it.
        number: for the whole period; None where it cannot be said.
        exact: the number in full, with what it means.
        currency: of money.
        low: lower end of the number's 95 % interval, where it is an estimate.
        high: upper end.
        note: what belongs beside it.
        change: how much more or less than before, in words; empty where it cannot be said.
        rising: whether it grew; None where it did not move or nothing is known.
        rows: the number of each row.
        rows_low: lower ends of their intervals.
        rows_high: upper ends.
        rows_before: the number of each row of the period before.
        titles: each row's number in words.
    """

    key: str
    name: str
    side: str
    kind: str
    number: float | None
    exact: str = ""
    currency: str | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""
    change: str = ""
    rising: bool | None = None
    rows: Values = ()
    rows_low: Values = ()
    rows_high: Values = ()
    rows_before: Values = ()
    titles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A row of the table: a day, week or month, and its figures as text."""

    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A touchpoint and how much of the people or the value is there."""

    name: str
    share: float | None
    text: str
    exact: str


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All that the page shows of a period.

    Attributes:
        people: who came.
        customers: who have ever bought.
        conversion: share of the people who bought in the period.
        value: of what they bought.
        converting: people who bought in the period.
        comparison: how the period compares with the one before, in a sentence.
        grain: what a row is: day, week or month.
        labels: the rows, short.
        unfinished: the last row is not over.
        lines: the table.
        places: touchpoints.
        notes: what else the reader must know.
    """

    people: Figure
    customers: Figure
    conversion: Figure
    value: Figure
    converting: int
    comparison: str
    grain: str
    labels: tuple[str, ...]
    unfinished: bool
    lines: tuple[Line, ...]
    places: tuple[Place, ...]
    notes: tuple[str, ...]

    @property
    def all(self) -> tuple[Figure, ...]:
        """The four figures, in the order in which a page shows them."""
        return (self.people, self.customers, self.conversion, self.value)


def figures_of(found: OverviewAnswer, whole: OverviewAnswer | None, side: str) -> Figures:
    """Turn the overview's answers into what the page shows.

    Args:
        found: the period up to now.
        whole: the same without today, which is not over, so that it compares with as many whole days before;
            None where there is nothing to compare with.
        side: people or value, for the touchpoints.
    """
    whole = whole if _comparable(whole) else None
    found = found if whole is not None else msgspec.structs.replace(found, previous_rows=())
    return Figures(
        people=_people(found, whole),
        customers=_customers(found, whole),
        conversion=_conversion(found, whole),
        value=_value(found, whole),
        converting=found.totals.converting,
        comparison=_comparison(whole),
        grain=found.grain,
        labels=tuple(_label(row, found.grain) for row in found.rows),
        unfinished=bool(found.rows) and not found.rows[-1].complete,
        lines=tuple(_line(row, found) for row in found.rows),
        places=_places(found, side),
        notes=found.notes,
    )


def _comparable(whole: OverviewAnswer | None) -> bool:
    """Tell whether there were events from the beginning of the period before: half of one is none."""
    return whole is not None and bool(whole.previous_rows) and whole.previous_rows[0].people > 0


def _label(row: OverviewRow, grain: str) -> str:
    day = date.fromisoformat(row.name)
    moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a day, already local
    return f"{moment:%b} {moment.year}" if grain == "month" else short_day(moment)


def _full(row: OverviewRow, grain: str) -> str:
    day = date.fromisoformat(row.name)
    if grain == "month":
        return f"{day:%B} {day.year}"
    return f"{'Week from ' if grain == 'week' else ''}{day:%a} {day.day} {day:%b}"


def _rows(found: OverviewAnswer, read: Callable[[OverviewRow], float | None]) -> tuple[Values, Values]:
    return tuple(map(read, found.rows)), tuple(map(read, found.previous_rows))


def _titles(found: OverviewAnswer, write: Callable[[OverviewRow], str]) -> tuple[str, ...]:
    return tuple(
        f"{_full(row, found.grain)}: {write(row)}{'' if row.complete else ' (not a whole one)'}"
        for row in found.rows
    )


def _moved(
    whole: OverviewAnswer | None, read: Callable[[OverviewTotals], float | None]
) -> tuple[str, bool | None]:
    if whole is None or whole.previous is None:
        return "", None
    now, before = read(whole.totals), read(whole.previous)
    text = change(now, before)
    if not text or now is None or before is None or now == before:
        return text, None
    return text, now > before


def _people(found: OverviewAnswer, whole: OverviewAnswer | None) -> Figure:
    text, rising = _moved(whole, lambda totals: totals.people)
    rows, before = _rows(found, lambda row: row.people)
    totals = found.totals
    return Figure(
        key="people",
        name="People",
        side="people",
        kind="count",
        number=totals.people,
        exact=f"{count(totals.people)} people, {count(totals.new_people)} of them for the first time",
        note=f"{count(totals.new_people)} new",
        change=text,
        rising=rising,
        rows=rows,
        rows_before=before,
        titles=_titles(found, lambda row: f"{count(row.people)} people, {count(row.new_people)} new"),
    )


def _customers(found: OverviewAnswer, whole: OverviewAnswer | None) -> Figure:
    text, rising = _moved(whole, lambda totals: totals.customers)
    rows, before = _rows(found, lambda row: row.customers)
    totals = found.totals
    bought = (
        f"{count(totals.converting)} {plural(totals.converting, 'person', 'people')} bought in the period"
    )
    return Figure(
        key="customers",
        name="Customers",
        side="people",
        kind="count",
        number=totals.customers,
        exact=f"{count(totals.customers)} people have ever bought; {bought}",
        note=f"{count(totals.converting)} bought",
        change=text,
        rising=rising,
        rows=rows,
        rows_before=before,
        titles=_titles(
            found, lambda row: f"{count(row.customers)} customers, {count(row.converting)} bought"
        ),
    )


def _conversion(found: OverviewAnswer, whole: OverviewAnswer | None) -> Figure:
    text, rising = _moved(whole, lambda totals: totals.conversion.value)
    if text and whole is not None and whole.previous is not None and not _sure(whole.totals, whole.previous):
        text, rising = f"{text}, may be chance", None
    share = found.totals.conversion
    rows, before = _rows(found, lambda row: row.conversion.value)
    between = percent_range(share.low, share.high)
    return Figure(
        key="conversion",
        name="Conversion",
        side="people",
        kind="share",
        number=share.value,
        exact=f"{count(found.totals.converting)} of {count(found.totals.people)} people bought",
        low=share.low,
        high=share.high,
        note=between,
        change=text,
        rising=rising,
        rows=rows,
        rows_low=_rows(found, lambda row: row.conversion.low)[0],
        rows_high=_rows(found, lambda row: row.conversion.high)[0],
        rows_before=before,
        titles=_titles(found, lambda row: f"{percent(row.conversion.value)} of {count(row.people)} people"),
    )


def _value(found: OverviewAnswer, whole: OverviewAnswer | None) -> Figure:
    text, rising = _moved(whole, lambda totals: totals.value)
    rows, before = _rows(found, lambda row: row.value)
    order = found.totals.average_order
    average, between = money_estimate(order.value, order.low, order.high, found.currency)
    orders = found.totals.orders
    return Figure(
        key="value",
        name="Value",
        side="value",
        kind="money",
        number=found.totals.value,
        exact=f"{exact_money(found.totals.value, found.currency)} for {count(orders)} orders",
        currency=found.currency,
        note=f"{average} an order{f' ({between})' if between else ''}" if orders else "",
        change=text,
        rising=rising,
        rows=rows,
        rows_before=before,
        titles=_titles(
            found, lambda row: f"{exact_money(row.value, found.currency)}, {count(row.orders)} orders"
        ),
    )


def _comparison(whole: OverviewAnswer | None) -> str:
    if whole is None or whole.previous is None or not whole.previous.people or not whole.totals.people:
        return ""
    now, before = whole.totals, whole.previous
    parts = [
        f"{_more(now.people, before.people)} people",
        f"{_more(now.value, before.value)} value" if before.value else "",
        _conversions(now, before),
    ]
    days = f"{len(whole.rows)} whole {whole.grain}s" if len(whole.rows) > 1 else f"last whole {whole.grain}"
    said = ", ".join(part for part in parts if part)
    return f"The {days} against as many before: {said}."


def _more(now: float, before: float) -> str:
    text = change(now, before)
    if text.startswith(("+", "−")):
        return f"{text[1:]} {'more' if text.startswith('+') else 'less'}"
    return f"{text} the" if text.startswith("×") else "as much"


def _conversions(now: OverviewTotals, before: OverviewTotals) -> str:
    if now.conversion.value is None or before.conversion.value is None:
        return ""
    moved = f"conversion {percent(before.conversion.value)} → {percent(now.conversion.value)}"
    return moved if _sure(now, before) else f"{moved}, which may be chance"


def _sure(now: OverviewTotals, before: OverviewTotals) -> bool:
    """Tell whether the shares who bought differ beyond chance; who was there twice counts twice."""
    found = compare(now.converting, now.people, before.converting, before.people)
    return found.p_value is not None and found.p_value < _SURE


def _line(row: OverviewRow, found: OverviewAnswer) -> Line:
    share = row.conversion
    between = percent_range(share.low, share.high)
    return Line(
        f"{_full(row, found.grain)}{'' if row.complete else ' *'}",
        (
            count(row.people),
            count(row.customers),
            f"{percent(share.value)} ({between})" if between else percent(share.value),
            exact_money(row.value, found.currency),
        ),
    )


def _places(found: OverviewAnswer, side: str) -> tuple[Place, ...]:
    if side == "value":
        total = sum(place.value for place in found.touchpoints)
        worth = sorted(found.touchpoints, key=lambda place: -place.value)
        return tuple(
            Place(
                cut(place.name),
                place.value / total if total > 0 else None,
                money(place.value, found.currency),
                f"{exact_money(place.value, found.currency)} in {count(place.orders)} orders",
            )
            for place in worth
        )
    people = found.totals.people
    return tuple(
        Place(
            cut(place.name),
            place.people / people if people else None,
            count(place.people),
            f"{count(place.people)} people, {count(place.events)} events",
        )
        for place in found.touchpoints
    )
