"""How a mean of the System Usability Scale stands among other products', and UMUX-Lite as such a mean."""

from __future__ import annotations

import numpy as np

from obverse.measure.estimate import Estimate, scaled

_GRADES = (
    (84.1, "A+"), (80.8, "A"), (78.9, "A-"), (77.2, "B+"), (74.1, "B"), (72.6, "B-"), (71.1, "C+"),
    (65.0, "C"), (62.7, "C-"), (51.7, "D"),
)  # fmt: skip

_PERCENTILES = (
    (0, 0), (5, 0.3), (10, 0.4), (15, 0.7), (20, 1), (25, 1.5), (30, 2), (35, 4), (40, 6), (45, 8), (50, 13),
    (55, 19), (60, 29), (65, 41), (66, 44), (67, 47), (68, 50), (69, 53), (70, 56), (71, 60), (72, 63),
    (73, 67), (74, 70), (75, 73), (76, 77), (77, 80), (78, 83), (79, 86), (80, 88), (85, 97),
    (90, 99.8), (95, 99.9999), (100, 100),
)  # fmt: skip

SLOPE, INTERCEPT = 0.65, 22.9
"""SUS of a UMUX-Lite (Lewis, Utesch and Maher 2013, CHI '13, p. 2101)."""


def grade(mean: float) -> str:
    """Give the letter of a mean SUS on the curved grading scale (Sauro and Lewis 2016, table 8.6).

    The table has one decimal; a mean is rounded to it first.

    >>> grade(68), grade(82.99), grade(51.6)
    ('C', 'A', 'F')
    """
    rounded = round(mean, 1)
    return next((letter for least, letter in _GRADES if rounded >= least), "F")


def percentile(mean: Estimate) -> Estimate:
    """Say how many in a hundred products have a lower mean SUS, with the ends of the mean's interval.

    Sauro's table of raw scores and percentile ranks, of some 500 studies (Sauro 2011, A Practical Guide to
    the System Usability Scale), read linearly between its rows: an approximation of his curve that is exact
    at each of them. How sure the table itself is, is not in the interval.

    >>> percentile(Estimate(68.0, 60.0, 75.0))
    Estimate(value=50.0, low=29.0, high=73.0, reason=None)
    """
    known, ranks = zip(*_PERCENTILES, strict=True)
    value, low, high = (
        None if one is None else float(np.interp(one, known, ranks))
        for one in (mean.value, mean.low, mean.high)
    )
    return Estimate(value, low, high, mean.reason)


def as_sus(umux_lite: Estimate) -> Estimate:
    """Give a mean UMUX-Lite (0 to 100) as the mean SUS that goes with it, by regression.

    The interval is that of the mean; how far the regression is off is not in it. Later work of the same
    authors (2015; Lewis 2018) found the unchanged UMUX-Lite close too.

    >>> as_sus(Estimate(100.0)).value
    87.9
    """
    return scaled(umux_lite, SLOPE, INTERCEPT)
