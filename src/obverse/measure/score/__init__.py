"""Scores: what people answered as one number with its interval, what it is made of, and what that is worth.

Which answers count, exactly
    Of a submission (events with the same ``properties.submission_id``) one answer counts: that of its
    `Survey Answered`, the latest if it came again, else that of the latest `Survey Partly Answered`. Events
    without a submission id count each by itself. The answer's time must be in ``[start, end)``. Who dismissed
    a survey or left a question out is nowhere in a score. A number that is not on the scale (NPS: a whole
    number from 0 to 10) and a text are *refused*: counted nowhere, and told.

Kinds
    ========== ============== ======================================================================
    kind       scale          score
    ========== ============== ======================================================================
    nps        0 … 10         share of 9 and 10 less share of 0 … 6, in points (Reichheld 2003)
    csat       1 … `points`   share of the best two boxes; the mean beside it
    ces        1 … `points`   mean, most being easiest
    rating     1 … `points`   mean
    seq        1 … 7          mean (Sauro and Dumas 2009)
    sus        0 … 100        mean; grade and percentile beside it
    umux_lite  0 … 100        mean; as SUS by regression, with that one's grade and percentile
    mean       any number     mean
    ========== ============== ======================================================================

``by``
    Splits by a field of the event whose answer counts.

Levels
    Promoters, passives and detractors; satisfied (the best two), neutral, dissatisfied (the worst two);
    likewise high, middle and low. Of SUS the letters of the grading scale, for drilling down: that scale was
    made for means. On the value side each person is in the level of their latest answer in the period, with
    the money of their conversions in it; with a split, in the group of that answer alone.

Intervals of confidence
    NPS: adjusted Wald (Rocks 2016). CSAT: Wilson. Means: Student's t over people. Where people answered
    several times, all three are of as many independent answers as tell the same (`obverse.measure.scores`,
    `obverse.measure.clustered`). Differences: MOVER (Zou and Donner 2008).
"""

from __future__ import annotations

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.asked import EVENT_KEY, SUBMISSION_KEY
from obverse.measure.grouping import code_of
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.measure.rows import rows_of
from obverse.measure.score.answer import (
    ScoreAnswer,
    ScoreGroup,
    ScoreLevel,
    ScoreRow,
    ScoreValue,
    Standing,
)
from obverse.measure.score.answering import answer, value_name
from obverse.measure.score.question import Score
from obverse.measure.score.scan import BY, Taken, last_of_each, periods, scan, take
from obverse.measure.score.summary import ScoreSummary
from obverse.tape.layout import Bools, Key, Layout, Number

__all__ = [
    "Score",
    "ScoreAnswer",
    "ScoreGroup",
    "ScoreLevel",
    "ScoreMeasure",
    "ScoreRow",
    "ScoreSummary",
    "ScoreValue",
    "Standing",
]


class ScoreMeasure:
    """A score as a measure: see `obverse.measure.protocol`."""

    question = Score

    def plan(self, question: Score) -> Plan:
        """Name the answers and the conversions."""
        optional = question.field is None
        keys = (EVENT_KEY, SUBMISSION_KEY, Key(question.number, (0,), named=False, optional=optional))
        return Plan(
            selections=question.selections,
            value=True,
            keys=keys if question.by is None else (*keys, Key(question.by, (0,), question.n_groups)),
            numbers=(Number(question.number, 0, optional=optional),),
        )

    def scan(self, question: Score, layout: Layout, units: range) -> ScoreSummary:
        """Scan a slice of units."""
        return scan(question, layout, units)

    def behind(self, question: Score, layout: Layout, pick: Pick) -> Bools:
        """Say whose answers are meant.

        Args:
            question: what is asked.
            layout: what its plan laid out.
            pick: a ``level`` or a ``value`` of the scale that people answered; a ``row``; a ``group``;
                ``latest``: ``yes`` for people's latest answer of the period alone, as the value side has it;
                ``refused``: ``yes`` for answers that are no number of the scale.

        Raises:
            QuestionError: there is no such part.
        """
        check_pick(pick, ("level", "value", "row", "group", "latest", "refused"))
        found = take(question, layout, range(layout.n_units))
        _, start, end = periods(question, layout.newest)
        found = found.only((found.time >= start) & (found.time < end))
        found = found.only(found.kept != ("refused" in pick))
        if "latest" in pick:
            found = last_of_each(found)
        if "row" in pick:
            rows = rows_of(question, question.grain, layout.newest)
            row = rows.number(pick["row"])
            found = found.only((found.time >= rows.edges[row]) & (found.time < rows.edges[row + 1]))
        found = found.only(_meant(question, layout, found, pick))
        marked = np.zeros(layout.n_units, dtype=np.bool_)
        marked[found.unit] = True
        return marked

    def answer(self, question: Score, summary: ScoreSummary, facts: Facts) -> ScoreAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)


def _meant(question: Score, layout: Layout, found: Taken, pick: Pick) -> Bools:
    """Say which answers are of the level, number and group that are meant."""
    scale, meant = question.scale, np.ones(len(found.unit), dtype=np.bool_)
    if "level" in pick:
        names = [level.name for level in scale.levels]
        if pick["level"] not in names:
            raise QuestionError(unknown("level", pick["level"], names))
        meant &= scale.level_of(found.number) == names.index(pick["level"])
    if "value" in pick:
        names = [value_name(scale, at) for at in range(scale.n_values)]
        if pick["value"] not in names:
            raise QuestionError(unknown("value", pick["value"], names))
        meant &= scale.place_of(found.number) == names.index(pick["value"])
    if "group" in pick:
        if question.by is None:
            raise QuestionError(f"group: {pick['group']!r} was asked for, but there is no split")
        meant &= found.group == code_of(layout.labels[BY], pick["group"])
    return meant
