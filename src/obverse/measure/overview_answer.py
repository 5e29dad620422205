"""The answer of the overview: a period's figures, its days, its touchpoints, and the period before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa

from obverse.measure.calendar import Grain, local_day, midnight_us, next_start, start_of
from obverse.measure.estimate import Estimate, share, total
from obverse.measure.overview_chart import draw
from obverse.measure.overview_question import Overview, Period
from obverse.measure.overview_scan import (
    CONVERTING,
    CUSTOMERS,
    NEW,
    ORDERS,
    PEOPLE,
    PLACE_EVENTS,
    PLACE_ORDERS,
    PLACE_PEOPLE,
    PROSPECTS,
    ROW_CONVERTING,
    ROW_FIRSTS,
    ROW_NEW,
    ROW_ORDERS,
    ROW_PEOPLE,
    OverviewSummary,
    too_many,
)
from obverse.measure.pairs import merge_pairs, ratio
from obverse.measure.period import zone_of
from obverse.measure.picture import Bar, Bars, Line, Lines, Of, Picture, Side
from obverse.measure.protocol import Facts
from obverse.measure.question import Answer
from obverse.measure.wording import count, money, percent

if TYPE_CHECKING:
    import altair as alt

OTHER = "(other)"


class OverviewTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a period.

    Attributes:
        people: who were there.
        new_people: of them, for the first time.
        customers: all who have converted by the end of the period, ever.
        not_yet_customers: of the people who were there, the share who have not converted by then.
        converting: people who converted in the period.
        conversion: of the people who were there, the share who converted.
        orders: conversions.
        value: sum of their values.
        average_order: value of a conversion, on average.
        value_per_person: value of each who was there, on average.
    """

    people: int
    new_people: int
    customers: int
    not_yet_customers: Estimate
    converting: int
    conversion: Estimate
    orders: int
    value: float
    average_order: Estimate
    value_per_person: Estimate


class OverviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A day, week or month.

    Attributes:
        name: its first day, such as ``2026-03-01``.
        start: its first instant, with the zone's offset.
        people: who were there.
        new_people: of them, for the first time.
        converting: people who converted.
        conversion: their share of the people.
        orders: conversions.
        customers: all who have converted by its end, ever.
        value: sum of the conversions' values.
        complete: it is whole in the period, and over when the newest event happened.
    """

    name: str
    start: str
    people: int
    new_people: int
    converting: int
    conversion: Estimate
    orders: int
    customers: int
    value: float
    complete: bool


class OverviewTouchpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A touchpoint in the period. People at several count at each.

    Attributes:
        name: of the touchpoint; ``(other)`` for all that have no row.
        people: who were there.
        events: what happened there.
        orders: conversions there.
        value: sum of their values.
    """

    name: str
    people: int
    events: int
    orders: int
    value: float


class OverviewAnswer(Answer, frozen=True, kw_only=True):
    """The answer to an `Overview`.

    Attributes:
        question: what was asked.
        start: first instant of the period, with the zone's offset; None where it is the beginning.
        end: first instant after it.
        newest: when the newest event happened; None in an empty lake.
        totals: figures of the period.
        previous: figures of the period before; None where there is none.
        grain: what a row is.
        rows: of the period, in order; those before the first event and after the newest are left out where
            the question names no start or end.
        previous_rows: of the period before.
        touchpoints: most people first.
        currency: of the values; None where there is none or several.
        notes: what else the reader must know.
    """

    measure: ClassVar[str] = "overview"

    question: Overview
    start: str | None
    end: str
    newest: str | None
    totals: OverviewTotals
    previous: OverviewTotals | None
    grain: Grain
    rows: tuple[OverviewRow, ...]
    previous_rows: tuple[OverviewRow, ...]
    touchpoints: tuple[OverviewTouchpoint, ...]
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Say who came, who converted and what that was worth."""
        totals = self.totals
        if totals.people == 0:
            return "Nobody was there in the period."
        text = f"{count(totals.people)} people were there, {count(totals.new_people)} for the first time"
        if not totals.converting:
            return f"{text}; none converted."
        share_ = totals.conversion
        interval = f" ({100 * (share_.low or 0):.1f}\u2013{100 * (share_.high or 0):.1f})"
        text += f"; {percent(share_.value or 0)}{interval} converted"
        return text + (f", worth {money(totals.value, self.currency)}." if totals.value else ".")

    def table(self) -> pa.Table:
        """Give a row for each day, week or month."""
        rows = [
            {
                self.grain: row.name,
                "people": row.people,
                "new_people": row.new_people,
                "converting": row.converting,
                "conversion": row.conversion.value,
                "conversion_low": row.conversion.low,
                "conversion_high": row.conversion.high,
                "orders": row.orders,
                "customers": row.customers,
                "value": row.value,
                "complete": row.complete,
            }
            for row in self.rows
        ]
        return pa.Table.from_pylist(rows, schema=_schema(self.grain))

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Show one side over time, with the period before where there is one, and the touchpoints."""
        axis = tuple(row.name for row in self.rows)
        still = tuple(not row.complete for row in self.rows)
        if side == "value":
            lines = [Line("Value", tuple(row.value for row in self.rows), open=still)]
            before = tuple(row.value for row in self.previous_rows)
            places = tuple(Bar(one.name, one.value) for one in self.touchpoints)
            what: tuple[str, Of, str] = "Value", "money", "Value by touchpoint"
        else:
            lines = [
                Line("People", tuple(row.people for row in self.rows), open=still),
                Line("New people", tuple(row.new_people for row in self.rows), open=still),
            ]
            before = tuple(row.people for row in self.previous_rows)
            places = tuple(Bar(one.name, one.people) for one in self.touchpoints)
            what = "People", "people", "People by touchpoint"
        if len(before) == len(axis) and before:
            lines.append(Line("The period before", before, before=True))
        title, of, by_place = what
        return (
            Lines(f"{title} by {self.grain}", of, axis, self.grain, tuple(lines)),
            Bars(by_place, of, places),
        )

    def chart(self, side: Side = "people") -> alt.LayerChart | alt.FacetChart:
        """Draw one side over time: people and new people, or value."""
        return draw(self.rows, side, self.grain, self.currency)


def _schema(grain: Grain) -> pa.Schema:
    whole = ("people", "new_people", "converting", "orders", "customers")
    return pa.schema(
        [
            pa.field(grain, pa.string()),
            *(pa.field(name, pa.int64()) for name in whole[:3]),
            *(pa.field(name, pa.float64()) for name in ("conversion", "conversion_low", "conversion_high")),
            *(pa.field(name, pa.int64()) for name in whole[3:]),
            pa.field("value", pa.float64()),
            pa.field("complete", pa.bool_()),
        ]
    )


def answer(question: Overview, summary: OverviewSummary, facts: Facts) -> OverviewAnswer:
    """Turn the summary of all units into the answer."""
    period = question.period(summary.newest)
    zone = zone_of(question.zone)
    which = int(np.flatnonzero(~too_many(summary.spans))[0])
    n_before = period.n_before[which]
    used = np.flatnonzero(summary.rows[which][:, ROW_PEOPLE])
    empty = (used[0] if len(used) else len(summary.rows[which])) if question.start is None else 0
    rows = _rows(period, summary, which, zone, int(empty))
    single = len(facts.currencies) == 1
    return OverviewAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        start=None if question.start is None else _written(period.start, zone),
        end=_written(period.end, zone),
        newest=_written(summary.newest, zone) if summary.newest else None,
        totals=_totals(summary, 1),
        previous=None if question.start is None or period.before == period.start else _totals(summary, 0),
        grain=period.grains[which],
        rows=tuple(rows[n_before:]),
        previous_rows=tuple(rows[:n_before]),
        touchpoints=_touchpoints(summary, facts.labels[0]),
        currency=facts.currencies[0] if single else None,
        notes=_notes(summary, facts),
    )


def _totals(summary: OverviewSummary, window: int) -> OverviewTotals:
    numbers, moments = summary.totals[window], summary.moments[window]
    people = int(numbers[PEOPLE])
    others = np.zeros(6)
    others[0] = people - moments[0]
    everyone = merge_pairs(moments, others)
    worth = total(people, float(everyone[1]), float(everyone[3]))
    return OverviewTotals(
        people=people,
        new_people=int(numbers[NEW]),
        customers=int(numbers[CUSTOMERS]),
        not_yet_customers=share(int(numbers[PROSPECTS]), people),
        converting=int(numbers[CONVERTING]),
        conversion=share(int(numbers[CONVERTING]), people),
        orders=int(numbers[ORDERS]),
        value=float(summary.money[window]),
        average_order=ratio(moments),
        value_per_person=_each(worth, people),
    )


def _each(worth: Estimate, people: int) -> Estimate:
    """Give an estimate of a sum as one of the mean."""
    if worth.value is None:
        return worth
    low = None if worth.low is None else worth.low / people
    high = None if worth.high is None else worth.high / people
    return Estimate(worth.value / people, low, high, worth.reason)


def _rows(
    period: Period, summary: OverviewSummary, which: int, zone: ZoneInfo, empty: int
) -> list[OverviewRow]:
    """Make the rows of a grain but the first empty ones."""
    numbers, worth = summary.rows[which], summary.row_money[which]
    edges, grain = period.edges[which], period.grains[which]
    # Customers before the first row: all by the end, less those who became it in some row.
    before = int(summary.totals[1, CUSTOMERS] - numbers[:, ROW_FIRSTS].sum())
    customers = before + np.cumsum(numbers[:, ROW_FIRSTS])
    rows = []
    for at, (start, end) in enumerate(pairwise(edges[empty:].tolist()), empty):
        people, converting = int(numbers[at, ROW_PEOPLE]), int(numbers[at, ROW_CONVERTING])
        rows.append(
            OverviewRow(
                name=local_day(start, zone).isoformat(),
                start=_written(start, zone),
                people=people,
                new_people=int(numbers[at, ROW_NEW]),
                converting=converting,
                conversion=share(converting, people),
                orders=int(numbers[at, ROW_ORDERS]),
                customers=int(customers[at]),
                value=float(worth[at]),
                complete=_whole(start, end, grain, zone) and end <= summary.newest,
            )
        )
    return rows


def _whole(start: int, end: int, grain: Grain, zone: ZoneInfo) -> bool:
    first = start_of(local_day(start, zone), grain)
    return start == midnight_us(first, zone) and end == midnight_us(next_start(first, grain), zone)


def _touchpoints(summary: OverviewSummary, labels: tuple[str | None, ...]) -> tuple[OverviewTouchpoint, ...]:
    names = [label or OTHER for label in labels] + [OTHER]
    found = [
        OverviewTouchpoint(
            name=name,
            people=int(numbers[PLACE_PEOPLE]),
            events=int(numbers[PLACE_EVENTS]),
            orders=int(numbers[PLACE_ORDERS]),
            value=float(worth),
        )
        for name, numbers, worth in zip(names, summary.places, summary.place_money, strict=True)
        if numbers[PLACE_EVENTS]
    ]
    return tuple(sorted(found, key=lambda place: (-place.people, place.name)))


def _notes(summary: OverviewSummary, facts: Facts) -> tuple[str, ...]:
    notes = list(facts.strangers)
    if len(facts.currencies) > 1 and summary.money.any():
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    return tuple(notes)


def _written(instant: int, zone: ZoneInfo) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
    return moment.astimezone(zone).isoformat()
