"""Splits of whole questions: the answer for everyone, and beside it the same answer for each group of people.

What is counted, exactly
    A person is in one group: that of the value that `by` has at their first event in ``[start, end)``, of the
    events that the measure names (`Splittable.split_at`); of several at one time, at the one that came first.
    A group's answer is the answer to the same question asked of its people alone, as if they were a segment,
    with all that they did: so each group counts whole, and what is counted in groups adds up to everyone.
    (Mixpanel, Amplitude: breakdown by a user's property; PostHog: breakdown of persons.) Groups are the most
    frequent values among these events, all others together, and those without a value. By a saved segment,
    they are its people and all others.

    Shares and means of a group stand beside those of all other groups together
    (`obverse.measure.split_figures`).

One scan reads each event at most twice, whatever the number of groups: for everyone and for its group.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import msgspec
import numpy as np

from obverse.errors import QuestionError
from obverse.measure.grouping import code_of, kind_of
from obverse.measure.kernel import kernel
from obverse.measure.overview_scan import first_from
from obverse.measure.picture import Pick
from obverse.measure.protocol import Facts, Measure, Plan
from obverse.measure.question import Question
from obverse.measure.scope import FOREVER, SplitScope, group_names
from obverse.measure.split_answer import AnswerGroup, SplitAnswer
from obverse.measure.split_figures import compared, merged, rests
from obverse.tape.arrange import frozen
from obverse.tape.layout import Bools, Int64s, Key, Layout, Track

_NOBODY = -1


class Splittable(Measure, Protocol):
    """A measure whose units are people, and whose answers are `SplitAnswer`."""

    def split_at(self, question: Any) -> tuple[int, ...]:
        """Number the tracks of the plan whose first event in the period says what group somebody is in."""
        ...


@dataclass(frozen=True)
class SplitSummary:
    """What scans leave.

    Attributes:
        whole: summary of everyone.
        people: how many are in each group; empty without a split.
        groups: summary of each; None where nobody is in it.
    """

    whole: Any
    people: tuple[int, ...] = ()
    groups: tuple[Any, ...] = ()

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        return type(self)(
            whole=self.whole.merge(other.whole),
            people=tuple(map(sum, zip(self.people, other.people, strict=True))),
            groups=tuple(map(merged, self.groups, other.groups)),
        )


class Split:
    """A measure that can be split, made of one that cannot: see `obverse.measure.protocol`."""

    def __init__(self, measure: Splittable) -> None:
        self._measure = measure
        self.question: type[Question] = measure.question

    def plan(self, question: SplitScope) -> Plan:
        """Name what the measure does, then the values of the split."""
        plan = self._measure.plan(question)
        if question.by is None:
            return plan
        key = Key(question.by, self._measure.split_at(question), question.n_groups)
        return replace(plan, keys=(*plan.keys, key))

    def scan(self, question: SplitScope, layout: Layout, units: range) -> SplitSummary:
        """Scan a slice of units, then those of each group in it."""
        if question.by is None:
            return SplitSummary(self._measure.scan(question, layout, units))
        own, codes = _without_split(layout), self._groups(question, layout, units)
        n_groups = len(layout.labels[-1]) + 1
        members = [np.flatnonzero(codes == code) + units.start for code in range(n_groups)]
        return SplitSummary(
            whole=self._measure.scan(question, own, units),
            people=tuple(len(some) for some in members),
            groups=tuple(
                self._measure.scan(question, only(own, some), range(len(some))) if len(some) else None
                for some in members
            ),
        )

    def behind(self, question: SplitScope, layout: Layout, pick: Pick) -> Bools:
        """Say who is behind a part of the answer, or with ``"group"`` of that group's answer."""
        if question.by is None:
            if "group" in pick:
                raise QuestionError("group: the question has no split")
            return self._measure.behind(question, layout, pick)
        own = _without_split(layout)
        if "group" not in pick:
            return self._measure.behind(question, own, pick)
        code = code_of(layout.labels[-1], pick["group"])
        members = np.flatnonzero(self._groups(question, layout, range(layout.n_units)) == code)
        rest = {part: text for part, text in pick.items() if part != "group"}
        found = np.zeros(layout.n_persons, dtype=np.bool_)
        found[members] = self._measure.behind(question, only(own, members), rest)
        return found

    def answer(self, question: SplitScope, summary: SplitSummary, facts: Facts) -> SplitAnswer:
        """Turn the summaries into the answer for everyone, which holds those of the groups, largest first."""
        if question.by is None:
            return self._answered(question, summary.whole, facts)
        labels, own = facts.labels[-1], replace(facts, labels=facts.labels[:-1])
        names, plain = group_names(labels), msgspec.structs.replace(question, by=None)
        codes = [code for code, found in enumerate(summary.groups) if found is not None]
        summaries = [summary.groups[code] for code in codes]
        answers = [self._answered(plain, found, own) for found in summaries]
        others = [None if found is None else self._answered(plain, found, own) for found in rests(summaries)]
        figures = compared(
            [found.figures() for found in answers],
            [() if found is None else found.figures() for found in others],
        )
        groups = [
            AnswerGroup(
                name=names[code],
                kind=kind_of(labels, code),
                people=summary.people[code],
                answer=found,
                figures=those,
            )
            for code, found, those in zip(codes, answers, figures, strict=True)
        ]
        groups.sort(key=lambda group: -group.people)
        return msgspec.structs.replace(self._answered(question, summary.whole, own), groups=tuple(groups))

    def _answered(self, question: SplitScope, summary: Any, facts: Facts) -> SplitAnswer:
        found = self._measure.answer(question, summary, facts)
        assert isinstance(found, SplitAnswer)  # noqa: S101 - what a Splittable answers
        return found

    def _groups(self, question: SplitScope, layout: Layout, units: range) -> Int64s:
        """Give the code of the group of each unit of a slice; `_NOBODY` for who is in none."""
        period = question.period_us
        first, came = np.full((2, len(units)), FOREVER, dtype=np.int64)
        codes = np.full(len(units), _NOBODY, dtype=np.int64)
        for number in self._measure.split_at(question):
            track = layout.tracks[number]
            at = first_in(track.offsets, track.time, *period, units.start, units.stop)
            there = np.flatnonzero(at >= 0)
            time, seq = track.time[at[there]], track.seq[at[there]]
            sooner = (time < first[there]) | ((time == first[there]) & (seq < came[there]))
            there, value = there[sooner], track.codes[-1]
            if value is None:
                raise ValueError("the layout lacks the split")
            first[there], came[there], codes[there] = time[sooner], seq[sooner], value[at[there]]
        return codes


@kernel
def first_in(offsets: Int64s, time: Int64s, start: int, end: int, low: int, high: int) -> Int64s:
    """Find each unit's first event in a period.

    Args:
        offsets: by unit.
        time: µs.
        start: first instant.
        end: first instant after the last.
        low: first unit.
        high: unit after the last.

    Returns:
        shape (high - low,), its index; -1 where there is none.
    """
    found = np.full(high - low, -1, np.int64)
    for unit in range(low, high):
        at = first_from(time, offsets[unit], offsets[unit + 1], start)
        if at < offsets[unit + 1] and time[at] < end:
            found[unit - low] = at
    return found


def only(layout: Layout, units: Int64s) -> Layout:
    """Give the layout of some units alone, numbered from 0 in their order.

    Args:
        layout: where units are people.
        units: their numbers, ascending.
    """
    tracks = tuple(_only(track, units) for track in layout.tracks)
    return replace(layout, tracks=tracks, n_units=len(units), n_persons=len(units))


def _only(track: Track, units: Int64s) -> Track:
    begin = track.offsets[units]
    lengths = track.offsets[units + 1] - begin
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    at = np.repeat(begin - offsets[:-1], lengths) + np.arange(offsets[-1])
    return Track(
        offsets=frozen(offsets),
        time=frozen(track.time[at]),
        seq=frozen(track.seq[at]),
        value=None if track.value is None else frozen(track.value[at]),
        codes=tuple(None if one is None else frozen(one[at]) for one in track.codes),
        numbers=tuple(None if one is None else frozen(one[at]) for one in track.numbers),
    )


def _without_split(layout: Layout) -> Layout:
    """Give the layout as the measure's own plan has it."""
    tracks = tuple(replace(track, codes=track.codes[:-1]) for track in layout.tracks)
    return replace(layout, tracks=tracks, labels=layout.labels[:-1])
