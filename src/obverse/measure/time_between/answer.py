"""The answer of time between two events: percentiles, shares by a time, groups and rows over time."""

from __future__ import annotations

from typing import ClassVar

import msgspec
import pyarrow as pa

from obverse.measure.estimate import Estimate
from obverse.measure.grouping import GroupKind
from obverse.measure.picture import Picture, Side
from obverse.measure.question import Answer
from obverse.measure.time_between.pictures import draw
from obverse.measure.time_between.question import TimeBetween
from obverse.measure.wording import count, duration, percent


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """How long it took those that are there, in seconds; percentiles are within 1 % (or half a millisecond).

    Attributes:
        mean: the mean.
        p25: a quarter took no longer.
        median: half took no longer.
        p75: three quarters took no longer.
        p90: nine in ten took no longer.
        p95: nineteen in twenty took no longer.
    """

    mean: Estimate
    p25: Estimate
    median: Estimate
    p75: Estimate
    p90: Estimate
    p95: Estimate


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """The share of all from-events that are there within some time.

    Attributes:
        name: the time, such as ``7d``; what is counted ends up to 1.6 % after it.
        seconds: the same in seconds.
        at_risk: how many were watched for so long, and were not there shortly before.
        share: the share, those not watched for so long being censored, not lost.
    """

    name: str
    seconds: int
    at_risk: int
    share: Estimate


class TimeBin(msgspec.Struct, frozen=True, kw_only=True):
    """Times of similar length.

    Attributes:
        least_s: the shortest, in seconds.
        below_s: shorter than this.
        reached: how many took so long.
        value: money of the to-events.
    """

    least_s: float
    below_s: float
    reached: int
    value: float


class TimeGroup(msgspec.Struct, frozen=True, kw_only=True):
    """From-events of one group of a split, or all.

    Attributes:
        name: the field's value at the from-event, or ``(other)``, or ``(no value)``.
        kind: whether it is a ``value``, all ``other`` values, or ``none``.
        starts: from-events.
        reached: of them, how many are there.
        open: how many are not and may yet be.
        never: how many cannot any more: the next from-event came first, or too much time has passed.
        share: of the from-events, those that are there, so far.
        times: how long those took; None where none is there.
        half_s: within how many seconds half of all from-events get there, those that are not there yet being
            censored; a reason where less than half have.
        arrivals: the share that is there, by time.
        value_reached: sum of the money of the to-events.
        value_waiting: sum of the money of the from-events that are not there.
    """

    name: str
    kind: GroupKind
    starts: int
    reached: int
    open: int
    never: int
    share: Estimate
    times: Times | None
    half_s: Estimate
    arrivals: tuple[Arrival, ...]
    value_reached: Estimate
    value_waiting: Estimate


class TimeRow(msgspec.Struct, frozen=True, kw_only=True):
    """From-events of a day, week or month.

    Attributes:
        name: its first day, such as ``2026-03-02``.
        start: its first instant, with the zone's offset.
        complete: it is whole in the period, and over when the newest event happened.
        starts: from-events.
        reached: of them, how many are there.
        open: how many are not and may yet be: with them the median will grow.
        never: how many cannot any more.
        share: of the from-events, those that are there, so far.
        median_s: half of those that are there took no longer.
        value_reached: money of the to-events.
        value_waiting: money of the from-events that are not there.
    """

    name: str
    start: str
    complete: bool
    starts: int
    reached: int
    open: int
    never: int
    share: Estimate
    median_s: Estimate
    value_reached: float
    value_waiting: float


class TimeBetweenAnswer(Answer, frozen=True, kw_only=True):
    """The answer to a `TimeBetween`.

    Attributes:
        question: what was asked.
        whole: all from-events.
        groups: one a group of the split, largest first; empty without a split.
        bins: of the times of those that are there.
        rows: by when the from-event was; of the newest 104 days, weeks or months where no start is named.
        currency: of the values; None where there is none or several.
        notes: what else the reader must know.
    """

    measure: ClassVar[str] = "time_between"

    question: TimeBetween
    whole: TimeGroup
    groups: tuple[TimeGroup, ...] = ()
    bins: tuple[TimeBin, ...] = ()
    rows: tuple[TimeRow, ...] = ()
    currency: str | None = None

    def sentence(self) -> str:
        """Say how many got there, and how long it took them."""
        whole, way = self.whole, f"{self.question.from_event} to {self.question.to_event}"
        if whole.times is None:
            some = f"None of {count(whole.starts)}" if whole.starts else "Nobody"
            return f"{some} got from {way}."
        text = f"{percent(whole.share.value or 0)} of {count(whole.starts)} got from {way}, "
        text += f"half of those within {_spell(whole.times.median)}"
        if whole.open:
            text += f"; {count(whole.open)} may yet"
            if whole.half_s.value is not None:
                text += f", and of all, half get there within {_spell(whole.half_s)}"
        return text + "."

    def table(self) -> pa.Table:
        """Give a row for everything, then for each group."""
        return pa.Table.from_pylist([_row(one) for one in (self.whole, *self.groups)], schema=_TABLE)

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Give the times, the share that gets there, groups and rows, or their money."""
        return draw(self, side)


def _spell(time: Estimate) -> str:
    text = duration(time.value or 0)
    if time.low is None or time.high is None:
        return text
    return f"{text} ({duration(time.low)}\u2013{duration(time.high)})"


_QUANTILES = ("p25", "median", "p75", "p90", "p95")
_MONEY = ("value_reached", "value_waiting")


def _three(name: str) -> list[pa.Field]:
    return [pa.field(f"{name}{end}", pa.float64()) for end in ("", "_low", "_high")]


_TABLE = pa.schema(
    [
        pa.field("group", pa.string()),
        *(pa.field(name, pa.int64()) for name in ("starts", "reached", "open", "never")),
        *_three("share"),
        *(field for name in ("mean", *_QUANTILES, "half") for field in _three(f"{name}_s")),
        *(field for name in _MONEY for field in _three(name)),
    ]
)


def _row(group: TimeGroup) -> dict[str, object]:
    row: dict[str, object] = {"group": group.name}
    row |= {name: getattr(group, name) for name in ("starts", "reached", "open", "never")}
    parts: dict[str, Estimate] = {"share": group.share, "half_s": group.half_s}
    parts |= {name: getattr(group, name) for name in _MONEY}
    if group.times is not None:
        parts |= {f"{name}_s": getattr(group.times, name) for name in ("mean", *_QUANTILES)}
    for name, found in parts.items():
        row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
    return row
