"""A person's events as the page tells them: days, visits at one touchpoint, gaps, each event's own fields.

Nothing here asks anything: rows come from the tape or the lake.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa

from obverse.web.pages.figures import clock, count, day_name, exact_money, instant, money, plural, span
from obverse.web.pages.frame import Link
from obverse.web.pages.surveys.aimed import aimed_at_exposure

SESSION_GAP_US = 30 * 60 * 1_000_000
"""Events at one touchpoint with no longer a gap belong to one visit."""
_DAY_US = 86_400_000_000
_INSTANTS = ("time", "received_at")
_MOST_FIELDS = 80
_LONGEST = 600
_HINTS = (
    "name",
    "title",
    "product_name",
    "path",
    "url",
    "query",
    "subject",
    "order_id",
    "product_id",
    "page.path",
)
_SHOWN = ("user_id", "anonymous_id", "account_id", "session_id", "value", "currency", "source")

RowOf = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """One event.

    Attributes:
        at: when, ISO 8601 in the reader's zone.
        clock: the time of day.
        name: of the event.
        value: money it stands for, short; empty for none.
        value_exact: the same to the cent.
        hint: what it was about, in a few words.
        fields: all its fields, by the names that filters use.
        ask: new surveys for the people whom such an event makes, where it is of an experiment.
    """

    at: str
    clock: str
    name: str
    value: str
    value_exact: str
    hint: str
    fields: tuple[tuple[str, str], ...]
    ask: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Visit:
    """Events at one touchpoint without a long gap, newest first."""

    touchpoint: str
    summary: str
    events: tuple[Told, ...]


@dataclass(frozen=True)
class TimelineDay:
    """A day with something in it, and the gap to the later one above it."""

    label: str
    gap: str
    visits: tuple[Visit, ...]


def rows_of(table: pa.Table) -> list[RowOf]:
    """Read rows of the lake with instants in µs."""
    for name in _INSTANTS:
        i = table.schema.get_field_index(name)
        if i >= 0:
            table = table.set_column(i, name, table.column(i).cast(pa.int64()))
    rows: list[RowOf] = table.to_pylist()
    return rows


def tell(rows: Sequence[RowOf], zone: ZoneInfo) -> tuple[TimelineDay, ...]:
    """Group events by day and visit.

    Args:
        rows: newest first.
        zone: in which days begin.
    """
    days = []
    later: int | None = None
    for label, found in groupby(rows, lambda row: day_name(instant(row["time"], zone))):
        events = list(found)
        gap = _gap(later, events[0]["time"])
        days.append(TimelineDay(label, gap, tuple(_visit(visit, zone) for visit in _visits(events))))
        later = events[-1]["time"]
    return tuple(days)


def _gap(later: int | None, earlier: int) -> str:
    if later is None or later - earlier < 2 * _DAY_US:
        return ""
    return f"{count((later - earlier) // _DAY_US)} days earlier"


def _visits(rows: Iterable[RowOf]) -> list[list[RowOf]]:
    visits: list[list[RowOf]] = []
    for row in rows:
        if visits:
            last = visits[-1][-1]
            if last["touchpoint"] == row["touchpoint"] and last["time"] - row["time"] <= SESSION_GAP_US:
                visits[-1].append(row)
                continue
        visits.append([row])
    return visits


def _visit(rows: list[RowOf], zone: ZoneInfo) -> Visit:
    n, lasted_s = len(rows), (rows[0]["time"] - rows[-1]["time"]) / 1e6
    summary = f"{count(n)} {plural(n, 'event')}"
    if lasted_s >= 1:
        summary += f" in {span(lasted_s)}"
    return Visit(rows[0]["touchpoint"], summary, tuple(_told(row, zone) for row in rows))


def _told(row: RowOf, zone: ZoneInfo) -> Told:
    at = instant(row["time"], zone)
    properties, context = flat(row["properties"], "properties"), flat(row["context"], "context")
    return Told(
        at=at.isoformat(timespec="milliseconds"),
        clock=clock(at),
        name=row["event"],
        value=money(row["value"], row["currency"]) if row["value"] else "",
        value_exact=exact_money(row["value"], row["currency"]) if row["value"] else "",
        hint=hint_of(dict(properties)),
        fields=(*_own(row, at), *properties, *context)[:_MOST_FIELDS],
        ask=aimed_at_exposure(
            row["event"], {name.removeprefix("properties."): text for name, text in properties}
        ),
    )


def _own(row: RowOf, at: datetime) -> tuple[tuple[str, str], ...]:
    made = [("time", at.isoformat(sep=" ", timespec="milliseconds"))]
    late_s = (row["received_at"] - row["time"]) / 1e6
    if late_s >= 60:
        made.append(("received", f"{span(late_s)} after it happened"))
    made += [(name, str(row[name])) for name in _SHOWN if row[name] not in (None, "")]
    return tuple(made)


def hint_of(properties: dict[str, str]) -> str:
    """Say what an event was about, in a few words, from its properties as `flat` writes them."""
    text = next((found for key in _HINTS if (found := properties.get(f"properties.{key}"))), "")
    return text if len(text) <= 80 else f"{text[:79]}…"


def flat(text: str, prefix: str = "") -> list[tuple[str, str]]:
    """Read JSON text as (path, value) pairs; what is not an object is one pair.

    >>> flat('{"a": {"b": 1}, "c": [1, 2], "d": null}', "properties")
    [('properties.a.b', '1'), ('properties.c', '[1,2]')]
    """
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return [(prefix, _cut(text))]
    pairs: list[tuple[str, str]] = []
    _flatten(found, prefix, pairs)
    return pairs


def _flatten(value: Any, path: str, pairs: list[tuple[str, str]]) -> None:
    if len(pairs) >= _MOST_FIELDS or value is None:
        return
    if isinstance(value, dict) and path.count(".") < 8:
        for key, inner in value.items():
            _flatten(inner, f"{path}.{key}" if path else str(key), pairs)
    elif isinstance(value, str):
        pairs.append((path, _cut(value)))
    else:
        pairs.append((path, _cut(msgspec.json.encode(value).decode())))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({count(len(text))} characters)"
