"""What the list says of a survey at a glance: its first score, with an interval, from how many gave which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from obverse.measure.estimate import Estimate, scaled, share, total
from obverse.measure.scores import nps
from obverse.surveys.question import Ces, Csat, Nps, Question, Rating, Seq, Sus, UmuxLite
from obverse.surveys.survey import Survey
from obverse.web.pages.figures import percent, percent_range

_NAMES = {
    Nps: "NPS",
    Csat: "Satisfied",
    Ces: "Effort",
    Rating: "Rating",
    Seq: "Ease",
    Sus: "SUS",
    UmuxLite: "UMUX",
}
_LEVELS = ((0, 6), (7, 8), (9, 10))
"""Detractors, passives, promoters."""


@dataclass(frozen=True)
class Score:
    """A score: what it is called, its number, its interval, and how many answers it is of."""

    name: str
    text: str
    between: str
    n: int
    question: str


def score_of(survey: Survey, scores: Mapping[str, Mapping[float, int]]) -> Score | None:
    """Give the first score that a survey asks for; None where it asks for none, or nobody answered."""
    for question in survey.questions:
        if type(question) in _NAMES and scores.get(question.id):
            return _scored(question, scores[question.id])
    return None


def _scored(question: Question, counts: Mapping[float, int]) -> Score:
    n, name = sum(counts.values()), _NAMES[type(question)]
    if isinstance(question, Csat):
        found = share(sum(k for score, k in counts.items() if score >= question.points - 1), n)
        return Score(name, percent(found.value), percent_range(found.low, found.high), n, question.id)
    if isinstance(question, Nps):
        detractors, passives, promoters = (_between(counts, low, high) for low, high in _LEVELS)
        found = nps(detractors, passives, promoters)
    else:
        found = mean(counts)
    decimals = 0 if isinstance(question, Nps | Sus | UmuxLite) else 1
    ends = [_number(end, decimals) for end in (found.low, found.high) if end is not None]
    return Score(name, _number(found.value, decimals), " to ".join(ends), n, question.id)


def _between(counts: Mapping[float, int], low: float, high: float) -> int:
    return sum(k for score, k in counts.items() if low <= score <= high)


def _number(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:.{decimals}f}".replace("-", "−")


def mean(counts: Mapping[float, int]) -> Estimate:
    """Estimate the mean of numbers of which it is known how often each was given, by Student's t.

    >>> found = mean({4.0: 2, 5.0: 2})
    >>> found.value, round(found.low, 3), round(found.high, 3)
    (4.5, 3.581, 5.419)
    """
    n = sum(counts.values())
    centre = sum(score * k for score, k in counts.items()) / max(n, 1)
    m2 = sum(k * (score - centre) ** 2 for score, k in counts.items())
    return scaled(total(n, centre, m2), 1 / max(n, 1))
