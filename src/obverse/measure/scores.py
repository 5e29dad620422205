"""What scores are and how sure they are: pure functions from counts and moments to frozen results.

Answers of one person are alike. `worth_of` says how many independent answers tell as much as those there are,
and intervals are taken of so many; where everybody answered once, of the answers themselves.
"""

from __future__ import annotations

from math import sqrt

from obverse.measure.estimate import Estimate, Reason, Z
from obverse.measure.pairs import ratio
from obverse.tape.layout import Floats

_TINY = 1e-12


def worth_of(pairs: Floats, variance: float) -> float:
    """Say how many independent answers tell as much as those of people who may have given several.

    Args:
        pairs: shape (6,), of each person's (sum of scores, answers): n, means, M2 of both, as
            `obverse.measure.pairs` has them; at least one person.
        variance: of the scores, answer by answer.

    Returns:
        at most the number of answers; where the scores do not differ, the number of people.
    """
    n, x, y, xx, yy, xy = (float(part) for part in pairs)
    score = x / y
    of_mean = max(xx - 2 * score * xy + score * score * yy, 0.0) / (n * n) / (y * y)
    if of_mean <= _TINY or variance <= _TINY:
        return n
    return min(variance / of_mean, n * y)


def nps(detractors: int, passives: int, promoters: int, pairs: Floats | None = None) -> Estimate:
    """Estimate the Net Promoter Score in points from -100 to 100, with its adjusted Wald interval.

    Promoters less detractors are the mean of a trinomial variable of -1, 0 and 1, with variance
    p + d - (p - d)². The plain Wald interval is too narrow for few answers and a point where all are alike;
    3/4 of a promoter and of a detractor and 3 answers added before it is taken heal both (Rocks 2016, The
    American Statistician 70; Sauro and Lewis 2021).

    Args:
        detractors: answers from 0 to 6.
        passives: 7 and 8.
        promoters: 9 and 10.
        pairs: of each person's (sum of -1, 0 and 1, answers); without, each answer is another person's.

    >>> found = nps(2, 0, 9)
    >>> round(found.value, 1), round(found.low), round(found.high)
    (63.6, 8, 92)
    """
    n = detractors + passives + promoters
    if n == 0:
        return Estimate(reason=Reason.NOBODY)
    score = (promoters - detractors) / n
    variance = (promoters + detractors) / n - score * score
    worth = n if pairs is None else worth_of(pairs, variance)
    more = worth + 3
    p, d = ((one / n * worth + 0.75) / more for one in (promoters, detractors))
    half = Z * sqrt((p + d - (p - d) ** 2) / more)
    low, high = max(p - d - half, -1.0), min(p - d + half, 1.0)
    return Estimate(100 * score, 100 * min(low, score), 100 * max(high, score))


def mean(pairs: Floats) -> Estimate:
    """Estimate the mean of all answers, by Student's t over people.

    Args:
        pairs: shape (6,), of each person's (sum of numbers, answers).

    Returns:
        no interval where there is one person, or all answers are the same number: how answers differ is then
        not known.
    """
    found = ratio(pairs)
    if found.value is None or found.low is None or found.high is None:
        return found
    if found.high - found.low <= _TINY * max(1.0, abs(found.value)):
        return Estimate(found.value, reason=Reason.ALIKE)
    return found
