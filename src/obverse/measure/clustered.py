"""Shares of things that people have several of: carts, weeks, sessions. Those of one person are alike.

Each person is one draw of two numbers: y things, x of them with a mark. The share is sum x / sum y. Its
variance comes from how people differ (a ratio of means, by the delta method: Cochran 1977, 2.11); it says how
many independent things would tell as much, and Wilson's interval is taken of so many (Korn and Graubard 1998
do the same with Clopper and Pearson's). So the interval stays within 0 … 1 and is no point where all or none
have the mark: there a person counts as one thing. Where everybody has one thing it is Wilson's interval
itself.
"""

from __future__ import annotations

from obverse.measure.estimate import Estimate, Reason, wilson
from obverse.tape.layout import Floats


def share_of_things(moments: Floats) -> Estimate:
    """Estimate the share of things with a mark.

    Args:
        moments: shape (6,), of (x, y) of each person with things: n, mean x, mean y, M2 of x, of y, of
            both, as `obverse.measure.pairs.push_pair` makes them.

    Returns:
        the share; a reason where nobody has things, and no interval where only one person has.
    """
    n, x, y, xx, yy, xy = (float(part) for part in moments)
    if n == 0:
        return Estimate(reason=Reason.NOBODY)
    share = x / y
    if n == 1:
        return Estimate(share, reason=Reason.TOO_FEW)
    variance = max(xx - 2 * share * xy + share * share * yy, 0.0) / (n * n) / (y * y)
    binomial = share * (1 - share)
    things = n * y
    worth = min(binomial / variance, things) if variance > 1e-15 and binomial > 1e-12 else n
    low, high = wilson(share * worth, worth)
    return Estimate(share, min(low, share), max(high, share))
