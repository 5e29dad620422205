"""From the summary of a score to its answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obverse.measure.asked import strangers
from obverse.measure.clustered import share_of_things
from obverse.measure.estimate import Estimate, change, scaled, share, total
from obverse.measure.grouping import GroupKind, kind_of
from obverse.measure.protocol import Facts
from obverse.measure.rows import MAX_ROWS, Rows, rows_of
from obverse.measure.scope import group_names
from obverse.measure.score.answer import (
    ScoreAnswer,
    ScoreGroup,
    ScoreLevel,
    ScoreRow,
    ScoreValue,
    Standing,
)
from obverse.measure.score.question import Score
from obverse.measure.score.scale import Scale
from obverse.measure.score.scan import BY
from obverse.measure.score.summary import BEFORE, FIRST_ROW, WHOLE, ScoreSummary
from obverse.measure.scores import mean, nps
from obverse.measure.usability import as_sus, grade, percentile
from obverse.measure.wording import count

EVERYTHING = "(all)"


@dataclass(frozen=True)
class _Told:
    """What all groups of an answer are made from."""

    question: Score
    summary: ScoreSummary
    rows: Rows

    def group(self, name: str, kind: GroupKind, place: int) -> ScoreGroup:
        """Make a group's part of the answer."""
        found, scale = self.summary, self.question.scale
        numbers = found.numbers[place, WHOLE]
        score, before = self.score(place, WHOLE), self.score(place, BEFORE)
        answers = int(found.levels[place, WHOLE].sum())
        return ScoreGroup(
            name=name,
            kind=kind,
            answers=answers,
            people=round(float(numbers[0])),
            refused=int(found.refused[place]),
            score=score,
            mean=mean(numbers),
            answers_before=int(found.levels[place, BEFORE].sum()),
            score_before=before,
            change=change(score, before),
            standing=_standing(scale, mean(numbers)),
            levels=tuple(self.level(place, at, answers) for at in range(len(scale.levels))),
            values=tuple(self.value(place, at, answers) for at in range(scale.n_values)),
            rows=tuple(self.row(place, row) for row in self.shown()),
        )

    def score(self, place: int, span: int) -> Estimate:
        """Give the score of a group in a span of time."""
        found, kind = self.summary, self.question.kind
        if kind == "nps":
            detractors, passives, promoters = found.levels[place, span].tolist()
            return nps(detractors, passives, promoters, found.scores[place, span])
        if kind == "csat":
            return share_of_things(found.scores[place, span])
        return mean(found.numbers[place, span])

    def level(self, place: int, at: int, answers: int) -> ScoreLevel:
        """Tell of a level."""
        level, n = self.question.scale.levels[at], int(self.summary.levels[place, WHOLE, at])
        people, each, m2 = (float(part) for part in self.summary.money[place, at])
        sum_of = total(round(people), each, m2)
        return ScoreLevel(
            name=level.name,
            least=level.least,
            answers=n,
            share=share(n, answers),
            people=round(people),
            value=people * each,
            value_per_person=scaled(sum_of, 1 / max(people, 1.0)),
        )

    def value(self, place: int, at: int, answers: int) -> ScoreValue:
        """Tell of a number of the scale."""
        scale, n = self.question.scale, int(self.summary.values[place, at])
        value = scale.value(at)
        level = scale.levels[int(scale.level_of(np.array([value]))[0])].name
        return ScoreValue(
            name=value_name(scale, at), value=value, level=level, answers=n, share=share(n, answers)
        )

    def row(self, place: int, row: int) -> ScoreRow:
        """Tell of a day, week or month."""
        span, levels = FIRST_ROW + row, self.summary.levels[place, FIRST_ROW + row]
        return ScoreRow(
            name=self.rows.name(row),
            start=self.rows.start(row),
            complete=self.rows.complete(row),
            answers=int(levels.sum()),
            score=self.score(place, span),
            mean=mean(self.summary.numbers[place, span]),
            levels=tuple(int(n) for n in levels),
        )

    def shown(self) -> range:
        """Give the rows that are shown; empty ones at the ends of an open period are left out."""
        used = np.flatnonzero(self.summary.levels[0, FIRST_ROW:].any(axis=1))
        low, high = 0, self.rows.n
        if self.question.start is None:
            low = int(used[0]) if len(used) else high
        if self.question.end is None:
            high = int(used[-1]) + 1 if len(used) else low
        return range(low, high)


def value_name(scale: Scale, at: int) -> str:
    """Write the number at a place of a scale.

    >>> from obverse.measure.score.scale import scale_of
    >>> value_name(scale_of("nps", None), 9), value_name(scale_of("umux_lite", None), 1)
    ('9', '8.33')
    """
    return f"{scale.value(at):.3g}"


def answer(question: Score, summary: ScoreSummary, facts: Facts) -> ScoreAnswer:
    """Turn the summary of all units into the answer."""
    told = _Told(question, summary, rows_of(question, question.grain, summary.newest))
    everyone = told.group(EVERYTHING, "value", 0)
    return ScoreAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        everyone=everyone,
        groups=_groups(told, facts.labels[BY]) if question.by is not None else (),
        currency=facts.currencies[0] if len(facts.currencies) == 1 else None,
        notes=_notes(question, everyone, facts),
    )


def _groups(told: _Told, labels: tuple[str | None, ...]) -> tuple[ScoreGroup, ...]:
    found = [
        told.group(name, kind_of(labels, code), code + 1)
        for code, name in enumerate(group_names(labels))
        if told.summary.levels[code + 1, WHOLE].any() or told.summary.refused[code + 1]
    ]
    rank = {"value": 0, "other": 1, "none": 2}
    return tuple(sorted(found, key=lambda group: (rank[group.kind], -group.answers)))


def _standing(scale: Scale, found: Estimate) -> Standing | None:
    if scale.kind not in ("sus", "umux_lite") or found.value is None:
        return None
    sus = as_sus(found) if scale.kind == "umux_lite" else found
    assert sus.value is not None  # noqa: S101 - found.value is not
    return Standing(
        score=sus,
        grade=grade(sus.value),
        grade_low=None if sus.low is None else grade(sus.low),
        grade_high=None if sus.high is None else grade(sus.high),
        percentile=percentile(sus),
    )


def _notes(question: Score, everyone: ScoreGroup, facts: Facts) -> tuple[str, ...]:
    notes = strangers(facts.strangers)
    if everyone.refused:
        notes.append(_refused(question.scale, everyone.refused))
    if everyone.answers > everyone.people:
        notes.append(
            f"{count(everyone.people)} people gave {count(everyone.answers)} answers. The intervals of "
            "scores and means allow for that; those of levels and numbers do not, and are too narrow."
        )
    if question.start is None and sum(row.answers for row in everyone.rows) < everyone.answers:
        notes.append(f"Rows are the newest {MAX_ROWS}; name a start, or longer rows, to see earlier ones.")
    if len(facts.currencies) > 1:
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    if question.kind == "umux_lite" and everyone.answers:
        notes.append("The grade is of the SUS by regression: 0.65 UMUX-Lite + 22.9 (Lewis and others 2013).")
    return tuple(notes)


def _refused(scale: Scale, n: int) -> str:
    what = "no number" if scale.low is None else f"no {'whole ' * (scale.step == 1)}number from "
    if scale.low is not None and scale.high is not None:
        what += f"{scale.low:g} to {scale.high:g}"
    return f"{count(n)} {'answer is' if n == 1 else 'answers are'} {what}, and counted nowhere."
