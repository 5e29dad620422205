"""Scoring: the number by which an answer counts.

Sources: Brooke, "SUS: a 'quick and dirty' usability scale" (1996) for SUS; Lewis, Utesch and Maher,
"UMUX-LITE: when there's no time for the SUS" (CHI 2013) for UMUX-Lite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from obverse.surveys.question import Question, Sus, UmuxLite, Value
from obverse.surveys.survey import Survey


def sus(items: Sequence[int]) -> float:
    """Score the ten items of SUS, each from 1 to 5, from 0 to 100.

    Odd items agree with the system: item − 1; even ones disagree: 5 − item; the sum × 2.5 (Brooke 1996).

    >>> sus([5, 1] * 5), sus([3] * 10)
    (100.0, 50.0)
    """
    return 2.5 * sum(item - 1 if at % 2 == 0 else 5 - item for at, item in enumerate(items))


def umux_lite(items: Sequence[int]) -> float:
    """Score the two items of UMUX-Lite, each from 1 to 7, from 0 to 100.

    ((item 1 − 1) + (item 2 − 1)) / 12 × 100 (Lewis, Utesch and Maher 2013), without their regression to SUS.

    >>> umux_lite([7, 7]), umux_lite([1, 4])
    (100.0, 25.0)
    """
    return (items[0] - 1 + items[1] - 1) / 12 * 100


def score(question: Question, value: Value | None) -> float | None:
    """Give the number of a checked answer; None where it has none, or not all items were answered."""
    if isinstance(question, Sus | UmuxLite):
        items = [one for one in value if isinstance(one, int)] if isinstance(value, list) else []
        if isinstance(question, Sus):
            return sus(items) if len(items) == 10 else None
        return umux_lite(items) if len(items) == 2 else None
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else None


def scores(survey: Survey, answers: Mapping[str, Value]) -> dict[str, float]:
    """Give the number of each answer that has one, by question id."""
    found = {one.id: score(one, answers.get(one.id)) for one in survey.questions}
    return {name: number for name, number in found.items() if number is not None}
