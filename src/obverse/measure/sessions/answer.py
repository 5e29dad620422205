"""The answer about sessions: figures, days, where they come from, where they begin and end."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec
import pyarrow as pa

from obverse.measure.estimate import Estimate
from obverse.measure.grouping import GroupKind
from obverse.measure.picture import Picture, Side
from obverse.measure.question import Answer
from obverse.measure.sessions.pictures import draw
from obverse.measure.sessions.question import Sessions
from obverse.measure.wording import count, duration, money, percent


class SessionsLength(msgspec.Struct, frozen=True, kw_only=True):
    """How long sessions are, from the first to the last event; one with a single event is 0 long.

    Attributes:
        mean_s: on average, seconds.
        median_s: half are no longer; quantiles are within 1 % (or half a millisecond).
        p25_s: a quarter are no longer.
        p75_s: three quarters.
        p90_s: nine of ten.
    """

    mean_s: Estimate
    median_s: Estimate
    p25_s: float
    p75_s: float
    p90_s: float


class SessionsFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What sessions of one kind are like.

    Attributes:
        sessions: how many.
        bounces: sessions that ended where they began; the question says what that is.
        bounce_rate: their share.
        converting: sessions with a conversion.
        conversion: their share.
        value: sum of the conversions' values.
        value_per_session: on average.
    """

    sessions: int
    bounces: int
    bounce_rate: Estimate
    converting: int
    conversion: Estimate
    value: float
    value_per_session: Estimate


class SessionsPlace(SessionsFigures, frozen=True, kw_only=True):
    """Sessions that begin or end at one page, or come by one channel, source or campaign.

    Attributes:
        name: of the page, channel, source or campaign; ``(other)`` for all that have no row,
            ``(no page view)`` for sessions without one.
        people: who had them; None for several places in one row, at which the same people may have been.
    """

    name: str
    people: int | None


class SessionsRow(SessionsFigures, frozen=True, kw_only=True):
    """Sessions that begin in a day, week or month.

    Attributes:
        name: its first day, such as ``2026-03-01``.
        start: its first instant, with the zone's offset.
        people: who had them.
        complete: it is whole in the period, and over when the newest event happened.
    """

    name: str
    people: int
    start: str
    complete: bool


class SessionsGroup(SessionsFigures, frozen=True, kw_only=True):
    """Sessions of one group, or all.

    Attributes:
        name: value of the split at a session's first event, or ``(other)``, or ``(no value)``; ``everyone``
            for all sessions.
        kind: whether it is a ``value``, all ``other`` values, or ``none``; ``everyone`` for all.
        people: who had them.
        length: how long they are; None where there are none.
        events: events of a session, on average.
        pages: page views of a session, on average.
        rows: of the period, in order.
    """

    name: str
    kind: GroupKind | Literal["everyone"]
    people: int
    length: SessionsLength | None
    events: Estimate
    pages: Estimate
    rows: tuple[SessionsRow, ...]


class SessionsAnswer(Answer, frozen=True, kw_only=True):
    """The answer to `Sessions`.

    Attributes:
        question: what was asked.
        totals: all sessions that begin in the period, and their days, weeks or months.
        groups: of the split, largest first; empty without one.
        entry_pages: where sessions begin, most sessions first.
        exit_pages: where they end.
        channels: what brings them.
        sources: the campaign's source or the site that does.
        campaigns: the campaigns that do.
        lengths: how many sessions are how long: from, to (seconds), sessions.
        depths: how many sessions have 0, 1, 2, … page views; the last is so many or more.
        currency: of the values; None where there is none or several.
        notes: what else the reader must know.
    """

    measure: ClassVar[str] = "sessions"

    question: Sessions
    totals: SessionsGroup
    groups: tuple[SessionsGroup, ...]
    entry_pages: tuple[SessionsPlace, ...]
    exit_pages: tuple[SessionsPlace, ...]
    channels: tuple[SessionsPlace, ...]
    sources: tuple[SessionsPlace, ...]
    campaigns: tuple[SessionsPlace, ...]
    lengths: tuple[tuple[float, float, int], ...]
    depths: tuple[int, ...]
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Say how many sessions there were, how long, how many bounced and how many converted."""
        totals = self.totals
        if totals.length is None:
            return "There were no sessions in the period."
        text = f"{count(totals.people)} people had {count(totals.sessions)} sessions"
        if totals.length.median_s.value is not None:
            text += f", half of them longer than {duration(totals.length.median_s.value)}"
        text += f"; {_share(totals.bounce_rate)} bounced"
        if self.question.conversion is None:
            return text + "."
        text += f", {_share(totals.conversion)} converted"
        return text + (f", worth {money(totals.value, self.currency)}." if totals.value else ".")

    def table(self) -> pa.Table:
        """Give a row for each day, week or month, of each group where there are groups."""
        rows = [
            {self.question.grain: row.name, "group": group.name, "complete": row.complete}
            | _record(row, row.people)
            for group in (self.groups or (self.totals,))
            for row in group.rows
        ]
        return pa.Table.from_pylist(rows, schema=_schema((self.question.grain, "group"), pa.bool_()))

    def places(self) -> pa.Table:
        """Give a row for each entry page, exit page, channel, source and campaign."""
        kinds = ("entry_pages", "exit_pages", "channels", "sources", "campaigns")
        rows = [
            {"kind": kind[:-1].replace("_", " "), "name": place.name} | _record(place, place.people)
            for kind in kinds
            for place in getattr(self, kind)
        ]
        return pa.Table.from_pylist(rows, schema=_schema(("kind", "name"), None))

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Show one side: sessions over time and where they come from, or what they bring.

        Args:
            side: ``people`` or ``value``.
        """
        return draw(self, side)


def _share(estimate: Estimate) -> str:
    text = percent(estimate.value or 0)
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} ({100 * estimate.low:.1f}\u2013{100 * estimate.high:.1f})"


def _record(figures: SessionsFigures, people: int | None) -> dict[str, object]:
    return {
        "sessions": figures.sessions,
        "people": people,
        "bounces": figures.bounces,
        "converting": figures.converting,
        "bounce_rate": figures.bounce_rate.value,
        "bounce_rate_low": figures.bounce_rate.low,
        "bounce_rate_high": figures.bounce_rate.high,
        "conversion": figures.conversion.value,
        "conversion_low": figures.conversion.low,
        "conversion_high": figures.conversion.high,
        "value": figures.value,
        "value_per_session": figures.value_per_session.value,
        "value_per_session_low": figures.value_per_session.low,
        "value_per_session_high": figures.value_per_session.high,
    }


_COUNTS = ("sessions", "people", "bounces", "converting")
_RATES = ("bounce_rate", "conversion", "value_per_session")


def _schema(names: tuple[str, str], complete: pa.DataType | None) -> pa.Schema:
    rates = [f"{rate}{end}" for rate in _RATES for end in ("", "_low", "_high")]
    rates.insert(6, "value")
    return pa.schema(
        [
            *(pa.field(name, pa.string()) for name in names),
            *([] if complete is None else [pa.field("complete", complete)]),
            *(pa.field(name, pa.int64()) for name in _COUNTS),
            *(pa.field(name, pa.float64()) for name in rates),
        ]
    )
