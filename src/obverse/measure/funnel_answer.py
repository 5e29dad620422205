"""The answer of a funnel: people and value at each step, with their uncertainty."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec
import pyarrow as pa

from obverse.measure import funnel_chart
from obverse.measure.estimate import Comparison, Estimate
from obverse.measure.funnel_question import Funnel
from obverse.measure.picture import Bar, Bars, Picture, Side
from obverse.measure.question import Answer
from obverse.measure.tabled import cells, estimated
from obverse.measure.wording import count, money, percent

if TYPE_CHECKING:
    import altair as alt

OTHER = "(other)"
NO_VALUE = "(no value)"

GroupKind = Literal["value", "other", "none"]


class Durations(msgspec.Struct, frozen=True):
    """How long something took those who did it, in seconds; quantiles within 1 % (or half a millisecond).

    Attributes:
        p25: a quarter took no longer.
        median: half took no longer.
        p75: three quarters took no longer.
        p90: nine in ten took no longer.
        mean: the mean.
    """

    p25: float
    median: float
    p75: float
    p90: float
    mean: float


class FunnelStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the answer. "People" are whatever the question counts.

    Attributes:
        name: what the step is called; in any order, how many of the steps.
        people: who took this step and all before it.
        share_of_first: of those who took the first step.
        share_of_previous: of those who took the step before; None at the first step.
        dropped: who took this step and not the next; None at the last step.
        still_open: how many of those may yet go on: the window of their last entry was not over.
        since_first: how long it took from the first step; None at the first step and where nobody came.
        since_previous: how long it took from the step before.
        value_reached: sum of the values of this step's events.
        value_lost: of those who dropped, sum of the last value that their steps' events carried; None at
            the last step.
        times: histogram of the time from the first step: (from, to, people), in seconds.
    """

    name: str
    people: int
    share_of_first: Estimate
    share_of_previous: Estimate | None = None
    dropped: int | None = None
    still_open: int = 0
    since_first: Durations | None = None
    since_previous: Durations | None = None
    value_reached: Estimate
    value_lost: Estimate | None = None
    times: tuple[tuple[float, float, int], ...] = ()


class FunnelGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The funnel of one group of a split.

    Attributes:
        name: the field's value, or ``(other)``, or ``(no value)``.
        kind: whether it is a ``value``, all ``other`` values, or ``none``.
        steps: its steps.
        versus_rest: its share at the last step less that of everyone else; p values are adjusted for the
            number of groups (Holm).
    """

    name: str
    kind: GroupKind
    steps: tuple[FunnelStep, ...]
    versus_rest: Comparison


class FunnelAnswer(Answer, frozen=True, kw_only=True):
    """The answer to a `Funnel`.

    Attributes:
        question: what was asked.
        counted: what "people" are here: people, entries, sessions or accounts.
        steps: all groups together.
        groups: one a group of the split, largest first; empty without a split.
        incomplete: who has not converted and may yet, as the window of their last entry was not over when
            the newest event happened.
        removed: how many an exclusion took out altogether.
        currency: of the values; None where there is none.
        notes: what else the reader must know.
    """

    measure: ClassVar[str] = "funnel"

    question: Funnel
    counted: str
    steps: tuple[FunnelStep, ...]
    groups: tuple[FunnelGroup, ...] = ()
    incomplete: int = 0
    removed: int = 0
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Say who came through, and where most left and what that was worth."""
        first, last = self.steps[0], self.steps[-1]
        if first.people == 0:
            return f"Nobody took the first step, {first.name}."
        if len(self.steps) == 1:
            return f"{count(first.people)} {self.counted} took the step {first.name}."
        share = percent(last.people / first.people)
        text = f"{share} of {count(first.people)} {self.counted} reached {last.name}"
        worst = max(self.steps[:-1], key=lambda step: step.dropped or 0)
        if worst.dropped:
            text += f"; most left at {worst.name}"
            lost = worst.value_lost
            if lost is not None and lost.value:
                text += f", worth {money(lost.value, self.currency, lost.low, lost.high)}"
        return text + "."

    def table(self) -> pa.Table:
        """Give a row for each step, of each group where there is a split."""
        parts: list[tuple[str | None, tuple[FunnelStep, ...]]] = [
            (one.name, one.steps) for one in self.groups
        ]
        parts = parts or [(None, self.steps)]
        rows = [_row(name, number, step) for name, steps in parts for number, step in enumerate(steps, 1)]
        return pa.Table.from_pylist(rows, schema=_TABLE)

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Show a bar a step, or a value reached; the groups of a split stand together under each step.

        Args:
            side: ``people``, or the ``value`` that reached each step.
        """
        parts = [(one.name, one.steps) for one in self.groups] or [("", self.steps)]
        rows = tuple(
            _bar(step, number, group, side, self.question.count != "account")
            for number in range(len(self.steps))
            for group, steps in parts
            for step in steps[number : number + 1]
        )
        if side == "value":
            return (Bars("Value reached at each step", "money", rows),)
        return (Bars(f"{self.counted.capitalize()} at each step", "people", rows),)

    def chart(self, side: Side = "people") -> alt.LayerChart | alt.FacetChart:
        """Draw the steps as bars, one panel a group.

        Args:
            side: ``people``, or the ``value`` that reached each step.
        """
        return funnel_chart.draw(self.table().to_pylist(), side, self.counted, self.currency)


_TABLE = pa.schema(
    [
        pa.field("group", pa.string()),
        pa.field("step", pa.int32()),
        pa.field("name", pa.string()),
        pa.field("people", pa.int64()),
        *estimated("share_of_first", "share_of_previous"),
        pa.field("dropped", pa.int64()),
        pa.field("still_open", pa.int64()),
        pa.field("median_s", pa.float64()),
        pa.field("median_since_previous_s", pa.float64()),
        *estimated("value_reached", "value_lost"),
    ]
)


def _bar(step: FunnelStep, number: int, group: str, side: Side, drill: bool) -> Bar:
    """Make the bar of a step; under a split it is called by its group, and stands among those of its step."""
    pick = {"step": str(number + 1)} | ({"group": group} if group else {})
    name, beside = (group, step.name) if group else (step.name, "")
    if side == "value":
        worth = step.value_reached
        return Bar(name, worth.value, worth.low, worth.high, "", pick if drill else None, beside)
    share, first = step.share_of_first, step.people
    if number and share.value and share.low is not None and share.high is not None:
        scale = first / share.value
        note, low, high = percent(share.value), share.low * scale, share.high * scale
        return Bar(name, first, low, high, note, pick if drill else None, beside)
    return Bar(name, first, pick=pick if drill else None, group=beside)


def _row(group: str | None, number: int, step: FunnelStep) -> dict[str, object]:
    row: dict[str, object] = {
        "group": group,
        "step": number,
        "name": step.name,
        "people": step.people,
        "dropped": step.dropped,
        "still_open": step.still_open,
        "median_s": step.since_first.median if step.since_first else None,
        "median_since_previous_s": step.since_previous.median if step.since_previous else None,
    }
    for field in ("share_of_first", "share_of_previous", "value_reached", "value_lost"):
        row |= cells(field, getattr(step, field))
    return row
