"""The answer of a score: the score of everyone, of groups and over time, with who is behind each level."""

from __future__ import annotations

from typing import ClassVar

import msgspec
import pyarrow as pa

from obverse.measure.estimate import Estimate
from obverse.measure.grouping import GroupKind
from obverse.measure.picture import Picture, Side
from obverse.measure.question import Answer
from obverse.measure.score.pictures import pictures
from obverse.measure.score.question import Score
from obverse.measure.score.telling import sentence


class ScoreLevel(msgspec.Struct, frozen=True, kw_only=True):
    """Answers that count alike, such as promoters.

    Attributes:
        name: of the level.
        least: the lowest number of it.
        answers: how many.
        share: of all answers.
        people: whose last answer of the period it is.
        value: money of their conversions in the period.
        value_per_person: the same for each of them, on average.
    """

    name: str
    least: float
    answers: int
    share: Estimate
    people: int
    value: float
    value_per_person: Estimate


class ScoreValue(msgspec.Struct, frozen=True, kw_only=True):
    """One number of the scale.

    Attributes:
        name: the number as it is written.
        value: the number.
        level: name of its level.
        answers: how many gave it.
        share: of all answers.
    """

    name: str
    value: float
    level: str
    answers: int
    share: Estimate


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a mean stands among others' means of the System Usability Scale.

    Attributes:
        score: the mean as a SUS; of UMUX-Lite by regression (Lewis, Utesch and Maher 2013).
        grade: its letter on the curved grading scale (Sauro and Lewis 2016, table 8.6).
        grade_low: the letter of the lower end of its interval; None where there is none.
        grade_high: the letter of the upper end.
        percentile: per cent of products that score lower (Sauro 2011), read between the table's rows.
    """

    score: Estimate
    grade: str
    grade_low: str | None
    grade_high: str | None
    percentile: Estimate


class ScoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of a day, week or month.

    Attributes:
        name: its first day, such as ``2026-03-02``.
        start: its first instant, with the zone's offset.
        complete: it is whole in the period, and over when the newest event happened.
        answers: how many.
        score: as of the group.
        mean: mean of the numbers.
        levels: answers by level, the lowest first.
    """

    name: str
    start: str
    complete: bool
    answers: int
    score: Estimate
    mean: Estimate
    levels: tuple[int, ...]


class ScoreGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of one group of a split, or all.

    Attributes:
        name: the field's value, ``(other)`` or ``(no value)``; ``(all)`` for everyone.
        kind: whether it is a ``value``, all ``other`` values, or ``none``.
        answers: how many count; a submission once, with its latest answer.
        people: who gave them.
        refused: answers that are no number of the scale; they count nowhere.
        score: NPS in points from -100 to 100; CSAT as a share; else the mean.
        mean: mean of the numbers.
        answers_before: how many in the period of equal length before; 0 where no start is named.
        score_before: its score.
        change: the score less the one before.
        standing: of SUS and UMUX-Lite; None for others and where nobody answered.
        levels: the lowest first; one of kind ``mean``.
        values: the numbers of the scale, the lowest first; none of kind ``mean``.
        rows: over time.
    """

    name: str
    kind: GroupKind
    answers: int
    people: int
    refused: int
    score: Estimate
    mean: Estimate
    answers_before: int
    score_before: Estimate
    change: Estimate
    standing: Standing | None
    levels: tuple[ScoreLevel, ...]
    values: tuple[ScoreValue, ...]
    rows: tuple[ScoreRow, ...]


class ScoreAnswer(Answer, frozen=True, kw_only=True):
    """The answer to a `Score`.

    Attributes:
        question: what was asked.
        everyone: all answers.
        groups: one a group of the split, the one with most answers first; empty without a split.
        currency: of the values; None where there is none or several.
    """

    measure: ClassVar[str] = "score"

    question: Score
    everyone: ScoreGroup
    groups: tuple[ScoreGroup, ...] = ()
    currency: str | None = None

    def sentence(self) -> str:
        """Say the score, of how many answers, and how it changed."""
        return sentence(self)

    def table(self) -> pa.Table:
        """Give a row for everyone, then for each group; levels have columns of their names."""
        rows = [_row(group) for group in (self.everyone, *self.groups)]
        return pa.Table.from_pylist(rows, schema=_schema(tuple(one.name for one in self.everyone.levels)))

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Give levels, the score over time and by group, and the numbers; or the levels' money."""
        return pictures(self, side)


_ESTIMATES = ("score", "mean", "score_before", "change")


def _schema(levels: tuple[str, ...]) -> pa.Schema:
    fields = [pa.field("group", pa.string())]
    fields += [pa.field(name, pa.int64()) for name in ("answers", "people", "refused", "answers_before")]
    fields += [pa.field(f"{name}{end}", pa.float64()) for name in _ESTIMATES for end in ("", "_low", "_high")]
    for level in levels:
        fields += [pa.field(level, pa.int64()), pa.field(f"{level}_value", pa.float64())]
    return pa.schema(fields)


def _row(group: ScoreGroup) -> dict[str, object]:
    row: dict[str, object] = {"group": group.name}
    row |= {name: getattr(group, name) for name in ("answers", "people", "refused", "answers_before")}
    for name in _ESTIMATES:
        found: Estimate = getattr(group, name)
        row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
    for level in group.levels:
        row |= {level.name: level.answers, f"{level.name}_value": level.value}
    return row
