"""The answer of stickiness: people by how often they are active, and shares of windows' people over time."""

from __future__ import annotations

from typing import ClassVar

import msgspec
import pyarrow as pa

from obverse.measure.estimate import Estimate
from obverse.measure.picture import Picture, Side
from obverse.measure.question import Answer
from obverse.measure.stickiness.pictures import pictures
from obverse.measure.stickiness.question import Stickiness
from obverse.measure.wording import count, percent


class StickinessFrequency(msgspec.Struct, frozen=True, kw_only=True):
    """People who are active in so many intervals, or so many times.

    Attributes:
        name: how often, such as ``5``; the last of times is ``30 or more``.
        often: how often, the least of it.
        people: who are active just so often.
        share: of all who are active at all.
        people_at_least: who are active so often or more.
        share_at_least: of all who are active at all.
        value: money of the people who are active just so often.
        value_per_person: of each of them, on average.
    """

    name: str
    often: int
    people: int
    share: Estimate
    people_at_least: int
    share_at_least: Estimate
    value: float
    value_per_person: Estimate


class StickinessRow(msgspec.Struct, frozen=True, kw_only=True):
    """An hour, day, week or month.

    Attributes:
        name: its first day, such as ``2026-03-01``; of an hour with its time.
        start: its first instant, with the zone's offset.
        complete: it is whole, and was over when the newest event happened.
        people: who are active in it.
        short_people: who are active in the shorter window that ends with it.
        long_people: in the longer one.
        of_short: the share of the shorter window's people who are active in the row: daily of weekly.
        of_long: of the longer window's: daily of monthly.
        short_of_long: the share of the longer window's people who are in the shorter: weekly of monthly.
    """

    name: str
    start: str
    complete: bool
    people: int
    short_people: int
    long_people: int
    of_short: Estimate
    of_long: Estimate
    short_of_long: Estimate


class StickinessGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Everyone, or one group of a split.

    Attributes:
        name: of the group.
        people: who are active at all.
        average: in how many intervals, or how often, they are active on average.
        median: likewise, the median.
        stickiness: over all complete rows, the share of the longer window's people who are active in a row.
        value: money of the people.
        value_per_person: of each, on average.
        frequencies: by how often, from once on.
        rows: in order.
    """

    name: str
    people: int
    average: Estimate
    median: Estimate
    stickiness: Estimate
    value: float
    value_per_person: Estimate
    frequencies: tuple[StickinessFrequency, ...]
    rows: tuple[StickinessRow, ...]


class StickinessAnswer(Answer, frozen=True, kw_only=True):
    """The answer to a `Stickiness`.

    Attributes:
        question: what was asked.
        start: first instant of the first row, with the zone's offset.
        end: first instant after the last row.
        newest: when the newest event happened; None in an empty lake.
        short: length of the shorter trailing window, in rows.
        long: of the longer.
        everyone: all people together.
        groups: largest first; empty where nothing is split.
        currency: of the money; None where there is none or several.
    """

    measure: ClassVar[str] = "stickiness"

    question: Stickiness
    start: str
    end: str
    newest: str | None
    short: int
    long: int
    everyone: StickinessGroup
    groups: tuple[StickinessGroup, ...] = ()
    currency: str | None = None

    def sentence(self) -> str:
        """Say how many were active, how often, and what share of the longer window's people a row has."""
        everyone, grain = self.everyone, self.question.grain
        people = "accounts" if self.question.count == "account" else "people"
        one = "1 account was" if self.question.count == "account" else "1 person was"
        if everyone.people == 0:
            return "Nobody was active in the period."
        average = f"{everyone.average.value or 0:.3g}"
        if everyone.average.low is not None and everyone.average.high is not None:
            average += f" ({everyone.average.low:.3g}\u2013{everyone.average.high:.3g})"
        who = one if everyone.people == 1 else f"{count(everyone.people)} {people} were"
        text = f"{who} active on {average} of {len(everyone.rows)} {grain}s on average"
        if self.question.counted == "times":
            text = f"{who} active, {average} times on average"
        if everyone.stickiness.value is None:
            return text + "."
        share = percent(everyone.stickiness.value)
        return f"{text}; on a {grain} {share} of the {people} of the last {self.long} {grain}s are active."

    def table(self) -> pa.Table:
        """Give a row for each group and how often."""
        rows = [
            {
                "group": group.name,
                self.question.counted: one.often,
                "people": one.people,
                "share": one.share.value,
                "share_low": one.share.low,
                "share_high": one.share.high,
                "people_at_least": one.people_at_least,
                "value": one.value,
                "value_per_person": one.value_per_person.value,
            }
            for group in (self.everyone, *self.groups)
            for one in group.frequencies
        ]
        whole = (self.question.counted, "people", "people_at_least")
        names = ("group", whole[0], "people", "share", "share_low", "share_high", "people_at_least", "value")
        kinds = {"group": pa.string()} | dict.fromkeys(whole, pa.int64())
        fields = [pa.field(name, kinds.get(name, pa.float64())) for name in (*names, "value_per_person")]
        return pa.Table.from_pylist(rows, schema=pa.schema(fields))

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Give how often people are active and how many over time, or what they are worth by how often."""
        return pictures(self, side)
