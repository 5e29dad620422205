"""The answer of retention: cohorts and their cells, mean curves, and the time to the first return."""

from __future__ import annotations

from typing import ClassVar

import msgspec
import pyarrow as pa

from obverse.measure.estimate import Estimate
from obverse.measure.grouping import GroupKind
from obverse.measure.picture import Picture, Side
from obverse.measure.question import Answer
from obverse.measure.retention.pictures import draw
from obverse.measure.retention.question import Retention
from obverse.measure.tabled import cells, estimated
from obverse.measure.wording import count, percent


class RetentionCell(msgspec.Struct, frozen=True, kw_only=True):
    """One cohort on one interval.

    Attributes:
        name: of the interval, ``3``, or of the bracket, ``4-7``.
        people: who returned, so far.
        observed: of whom the share is: of the cohort, for whom the interval is over; where the question's
            reference is the previous interval, who returned in that.
        open: it is still growing: the interval is not over for all of the cohort, or people may still join.
        share: of the cohort, who returned; so far, and without an interval, where it is open.
        value: money of the interval per member of the cohort for whom it is over.
        value_until: money from the start to the interval's end per such member, without the start event's
            own.
    """

    name: str
    people: int
    observed: int
    open: bool
    share: Estimate
    value: Estimate
    value_until: Estimate


class RetentionCohort(msgspec.Struct, frozen=True, kw_only=True):
    """People who started in the same day, week or month.

    Attributes:
        name: its first day, such as ``2026-03-02``.
        start: its first instant, with the zone's offset.
        people: who started in it.
        open: people may still join it.
        start_value: money of the start event per member.
        cells: one an interval that has begun.
    """

    name: str
    start: str
    people: int
    open: bool
    start_value: Estimate
    cells: tuple[RetentionCell, ...]


class RetentionInterval(msgspec.Struct, frozen=True, kw_only=True):
    """One interval over all cohorts. Only people for whom it is over count.

    Attributes:
        name: of the interval or the bracket.
        people: who returned.
        observed: of whom the share is: for whom it is over; where the question's reference is the previous
            interval, who returned in that.
        cohorts: how many cohorts they are of; with the simple mean only those whose cell is not open.
        share: the mean share who returned.
        value: money of the interval per person.
        value_until: money from the start to the interval's end per person.
    """

    name: str
    people: int
    observed: int
    cohorts: int
    share: Estimate
    value: Estimate
    value_until: Estimate


class ReturnDay(msgspec.Struct, frozen=True, kw_only=True):
    """How many have returned for the first time within so many days (24 hours each).

    Attributes:
        day: days since the start.
        at_risk: who was watched for so long, and had not returned in the days before.
        people: of them, who returned for the first time in the day that ends then.
        share: the share who have returned by then, people not watched for so long being censored, not lost.
    """

    day: int
    at_risk: int
    people: int
    share: Estimate


class RetentionReturns(msgspec.Struct, frozen=True, kw_only=True):
    """The time from the start to the first return, after Kaplan and Meier.

    Attributes:
        days: one for each day, as long as anybody was watched.
        median_days: within how many days half have returned; a reason where they have not yet.
    """

    days: tuple[ReturnDay, ...]
    median_days: Estimate


class RetentionGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One group of a split.

    Attributes:
        name: the field's value at the start event, or ``(other)``, or ``(no value)``.
        kind: whether it is a ``value``, all ``other`` values, or ``none``.
        people: who started.
        start_value: money of the start event per person.
        intervals: the mean over its cohorts.
        returns: time to the first return.
    """

    name: str
    kind: GroupKind
    people: int
    start_value: Estimate
    intervals: tuple[RetentionInterval, ...]
    returns: RetentionReturns


class RetentionAnswer(Answer, frozen=True, kw_only=True):
    """The answer to a `Retention`.

    Attributes:
        question: what was asked.
        counted: what "people" are here: people or accounts.
        people: who started; with recurring entries, how often people did.
        start_value: money of the start event per person who started.
        cohorts: in order, without empty ones before the first and after the last.
        intervals: the mean over cohorts.
        returns: time to the first return.
        groups: one a group of the split, largest first; empty without a split.
        currency: of the values; None where there is none or several.
        notes: what else the reader must know.
    """

    measure: ClassVar[str] = "retention"

    question: Retention
    counted: str
    people: int
    start_value: Estimate
    cohorts: tuple[RetentionCohort, ...]
    intervals: tuple[RetentionInterval, ...]
    returns: RetentionReturns
    groups: tuple[RetentionGroup, ...] = ()
    currency: str | None = None

    def sentence(self) -> str:
        """Say how many came back in the first interval after the start and in the last that is known."""
        if not self.people:
            return "Nobody started in the period."
        known = [one for one in self.intervals if one.share.value is not None]
        known = [one for one in known if one.name != "0"] or known
        if not known:
            return f"{count(self.people)} {self.counted} started; no interval is over for any of them yet."
        first, last = known[0], known[-1]
        text = f"{_share(first.share)} of {count(first.observed)} {self.counted} {self._came(first.name)}"
        if last is not first and self.question.reference == "start":
            text += f", {_share(last.share)} {self._came(last.name)}"
        elif last is not first:
            text += f", {_share(last.share)} of those before {self._came(last.name)}"
        median = self.returns.median_days.value
        return text + (f"; half had come back within {_days(median)}." if median is not None else ".")

    def _came(self, name: str) -> str:
        inside = "on" if self.question.interval == "day" else "in"
        if self.question.returning == "streak":
            each = "bracket" if self.question.brackets else self.question.interval
            return f"came back {inside} every {each} up to {name}"
        when = {"on": inside, "on_or_after": f"{inside} or after", "on_or_before": "by the end of"}
        several = "s" if "-" in name else ""
        return f"came back {when[self.question.returning]} {self.question.interval}{several} {name}"

    def table(self) -> pa.Table:
        """Give a row for each cohort and interval, then for each interval over all, and by group."""
        rows = [
            _row(None, cohort.name, cohort.people, cell) for cohort in self.cohorts for cell in cohort.cells
        ]
        parts: list[tuple[str | None, int, tuple[RetentionInterval, ...]]]
        parts = [(None, self.people, self.intervals)]
        parts += [(one.name, one.people, one.intervals) for one in self.groups]
        rows += [_row(name, None, people, cell) for name, people, cells in parts for cell in cells]
        return pa.Table.from_pylist(rows, schema=_TABLE)

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Give the mean curve, the cohorts, and the time to the first return, or their money."""
        return draw(self, side)


def _share(share: Estimate) -> str:
    interval = "" if share.low is None else f" ({100 * share.low:.1f}\u2013{100 * (share.high or 0):.1f})"
    return f"{percent(share.value or 0)}{interval}"


def _days(days: float) -> str:
    return f"{count(round(days))} day{'s' if days != 1 else ''}"


_ESTIMATES = ("share", "value", "value_until")

_TABLE = pa.schema(
    [
        pa.field("group", pa.string()),
        pa.field("cohort", pa.string()),
        pa.field("interval", pa.string()),
        pa.field("started", pa.int64()),
        pa.field("observed", pa.int64()),
        pa.field("people", pa.int64()),
        pa.field("open", pa.bool_()),
        *estimated(*_ESTIMATES),
    ]
)


def _row(
    group: str | None, cohort: str | None, started: int, cell: RetentionCell | RetentionInterval
) -> dict[str, object]:
    row: dict[str, object] = {
        "group": group,
        "cohort": cohort,
        "interval": cell.name,
        "started": started,
        "observed": cell.observed,
        "people": cell.people,
        "open": cell.open if isinstance(cell, RetentionCell) else False,
    }
    for name in _ESTIMATES:
        row |= cells(name, getattr(cell, name))
    return row
