"""Numbers with their uncertainty: pure functions from counts and moments to frozen results.

Where the data cannot give a number, a `Reason` stands in its place; never a zero, never a p value of 1.
All intervals are at 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import erfc, sqrt
from statistics import NormalDist
from typing import Any

import msgspec
import numpy as np
import scipy

LEVEL = 0.95
MIN_COMPARED = 30
"""Smallest number of people on either side of a comparison; below it the answer is a reason."""

Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
"""Half width of an interval in standard errors, where these are known."""

MANY = 1_000
"""From so many degrees of freedom on the first terms of a series are all of Student's t."""

_SERIES = (
    (Z**3 + Z) / 4,
    (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
    (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
    (79 * Z**9 + 776 * Z**7 + 1482 * Z**5 - 1920 * Z**3 - 945 * Z) / 92_160,
)
"""Terms of Student's t in powers of one over the degrees of freedom (Abramowitz and Stegun 1964, 26.7.5)."""


class Reason(StrEnum):
    """Why a number cannot be given."""

    NOBODY = "nobody"
    """There is nobody to take a share of."""
    TOO_FEW = "too_few"
    """Fewer people than an interval or a comparison needs."""
    NO_REST = "no_rest"
    """There is no one outside the group to compare it with."""
    BY_OUTCOME = "by_outcome"
    """The groups are made from the outcome itself, so comparing their outcomes says nothing."""
    NOT_YET = "not_yet"
    """It has not been observed for long enough to know."""
    COMPUTED = "computed"
    """It is computed of several numbers, and how these go together, person by person, is not known."""
    ALIKE = "alike"
    """All are the same number, which does not tell how far others would lie from it."""
    UNSEEN = "unseen"
    """It was not recorded who was asked."""


class Estimate(msgspec.Struct, frozen=True):
    """A number with its 95 % interval.

    Attributes:
        value: the number; None where `reason` says why not.
        low: lower end of its interval; None where `reason` says why not.
        high: upper end of its interval.
        reason: why the number or its interval is missing.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: Reason | None = None


def scaled(found: Estimate, factor: float, shift: float = 0.0) -> Estimate:
    """Give an estimate times a factor above 0, and more by a shift.

    >>> scaled(Estimate(1.0, 0.5, 2.0), 10).high
    20.0
    """
    value, low, high = (
        None if one is None else factor * one + shift for one in (found.value, found.low, found.high)
    )
    return Estimate(value, low, high, found.reason)


class Comparison(msgspec.Struct, frozen=True):
    """How a group's share differs from that of the rest.

    Attributes:
        difference: the group's share less the rest's.
        low: lower end of its 95 % interval.
        high: upper end of its 95 % interval.
        p_value: chance of a difference at least this large were there none.
        reason: why there is no comparison.
    """

    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    reason: Reason | None = None


def student(freedom: Any) -> Any:
    """Give the half width of an interval in standard errors, these with so many degrees of freedom."""
    freedom = np.asarray(freedom, np.float64)
    if np.all(freedom >= MANY):  # a first answer need not wait for SciPy to load
        return Z + sum(term / freedom**power for power, term in enumerate(_SERIES, 1))
    return scipy.special.stdtrit(freedom, 0.5 + LEVEL / 2)


def wilson(successes: float, n: float) -> tuple[float, float]:
    """Give Wilson's score interval of a share (Wilson 1927; Newcombe 1998, method 3).

    >>> low, high = wilson(81, 263)  # Newcombe 1998, table I
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    share, square = successes / n, Z * Z
    centre = share + square / (2 * n)
    half = Z * sqrt(share * (1 - share) / n + square / (4 * n * n))
    scale = 1 + square / n
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == n else (centre + half) / scale
    return low, high


def share(successes: int, n: int) -> Estimate:
    """Estimate a share; of nobody it is a reason.

    >>> share(0, 0).reason
    <Reason.NOBODY: 'nobody'>
    """
    if n == 0:
        return Estimate(reason=Reason.NOBODY)
    low, high = wilson(successes, n)
    return Estimate(successes / n, low, high)


def total(n: int, mean: float, m2: float) -> Estimate:
    """Estimate the sum over n draws from their centred moments, by Student's t.

    Args:
        n: number of draws, those worth nothing included.
        mean: their mean.
        m2: sum of squared deviations from it.
    """
    if n == 0:
        return Estimate(reason=Reason.NOBODY)
    if n == 1:
        return Estimate(mean, reason=Reason.TOO_FEW)
    half = float(student(n - 1)) * sqrt(m2 / (n - 1) * n)
    return Estimate(n * mean, n * mean - half, n * mean + half)


def compare(successes: int, n: int, rest_successes: int, rest_n: int) -> Comparison:
    """Compare two shares: Newcombe's interval (1998, method 10), p value of the pooled two-sided z test.

    >>> found = compare(56, 70, 48, 80)  # Newcombe 1998, table II
    >>> round(found.difference, 4), round(found.low, 4), round(found.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    if rest_n == 0:
        return Comparison(reason=Reason.NO_REST)
    if min(n, rest_n) < MIN_COMPARED:
        return Comparison(reason=Reason.TOO_FEW)
    a, b = successes / n, rest_successes / rest_n
    (a_low, a_high), (b_low, b_high) = wilson(successes, n), wilson(rest_successes, rest_n)
    low = a - b - sqrt((a - a_low) ** 2 + (b_high - b) ** 2)
    high = a - b + sqrt((a_high - a) ** 2 + (b - b_low) ** 2)
    pooled = (successes + rest_successes) / (n + rest_n)
    error = sqrt(pooled * (1 - pooled) * (1 / n + 1 / rest_n))
    p_value = 1.0 if error == 0 else erfc(abs(a - b) / error / sqrt(2))
    return Comparison(a - b, low, high, p_value)


def change(now: Estimate, before: Estimate) -> Estimate:
    """Estimate the difference of two independent estimates from their intervals.

    The variance at each end is recovered from the interval that reaches there (MOVER: Zou and Donner 2008;
    for two shares with Wilson's intervals it is Newcombe's method 10).
    """
    for one in (now, before):
        if one.value is None:
            return Estimate(reason=one.reason)
    assert now.value is not None  # noqa: S101 - was looked at
    assert before.value is not None  # noqa: S101 - was looked at
    found = now.value - before.value
    if now.low is None or now.high is None or before.low is None or before.high is None:
        return Estimate(found, reason=now.reason or before.reason)
    down = sqrt((now.value - now.low) ** 2 + (before.high - before.value) ** 2)
    up = sqrt((now.high - now.value) ** 2 + (before.value - before.low) ** 2)
    return Estimate(found, found - down, found + up)


def differ(mine: Estimate, n: int, rest: Estimate, rest_n: int) -> Comparison:
    """Compare two independent estimates, as `change` does; the p value is that of an interval ending at 0.

    Args:
        mine: of a group.
        n: how many people it is of.
        rest: of others.
        rest_n: how many people that is of.

    >>> found = differ(share(56, 70), 70, share(48, 80), 80)  # Newcombe 1998, table II
    >>> round(found.difference, 4), round(found.low, 4), round(found.high, 4), round(found.p_value, 4)
    (0.2, 0.0524, 0.3339, 0.0079)
    """
    if min(n, rest_n) < MIN_COMPARED:
        return Comparison(reason=Reason.TOO_FEW)
    found = change(mine, rest)
    if found.value is None or found.low is None or found.high is None:
        return Comparison(reason=found.reason)
    half = found.value - found.low if found.value > 0 else found.high - found.value
    if half <= 0:
        return Comparison(reason=Reason.ALIKE)
    return Comparison(
        found.value, found.low, found.high, 2 * float(scipy.special.ndtr(-Z * abs(found.value) / half))
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p values for being several (Holm 1979), in the order given.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = largest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjust the p values of several comparisons by their false discovery rate (Benjamini and Hochberg 1995).

    >>> benjamini_hochberg([0.01, 0.04, 0.03]), benjamini_hochberg([])
    ([0.03, 0.04, 0.04], [])
    """
    # `scipy.stats` has the same, and would cost a server 45 MiB and the first answer that compares a second.
    adjusted, least, n = [0.0] * len(p_values), 1.0, len(p_values)
    for rank, place in enumerate(sorted(range(n), key=lambda i: p_values[i], reverse=True)):
        least = min(least, p_values[place] * n / (n - rank))
        adjusted[place] = least
    return adjusted
