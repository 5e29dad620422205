"""Cronbach's alpha and what each item adds to it: pure functions from covariances to results.

alpha = k / (k - 1) · (1 - sum of the items' variances / variance of their sum) (Cronbach 1951).
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import scipy

from obverse.measure.estimate import LEVEL, Estimate, Reason
from obverse.tape.layout import Floats

_TINY = 1e-12


def alpha_of(covariances: Floats) -> float | None:
    """Give alpha; None where the items' sum does not vary or a covariance is unknown.

    Args:
        covariances: shape (k, k), of two or more items.

    >>> import numpy as np
    >>> round(alpha_of(np.full((4, 4), 6.0) + np.diag([4.0, 5, 6, 7])), 4)
    0.8136
    """
    k, whole = len(covariances), float(covariances.sum())
    if np.isnan(whole) or whole <= _TINY:
        return None
    return k / (k - 1) * (1 - float(np.trace(covariances)) / whole)


def alpha(covariances: Floats, n: float) -> Estimate:
    """Estimate alpha with Feldt's interval (Feldt 1965; Feldt, Woodruff and Salih 1987, formula 6).

    It takes answers as normal and items as parallel but for their means.

    Args:
        covariances: shape (k, k).
        n: number of people; pairwise the fewest that any pair of items has.

    >>> import numpy as np
    >>> found = alpha(np.full((2, 2), 1.0) + np.eye(2), 100)
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (0.667, 0.505, 0.776)
    """
    if n < 2:
        return Estimate(reason=Reason.TOO_FEW if n else Reason.NOBODY)
    value = alpha_of(covariances)
    if value is None:
        return Estimate(reason=Reason.ALIKE)
    k = len(covariances)
    low, high = (
        1 - (1 - value) * float(scipy.special.fdtri(n - 1, (n - 1) * (k - 1), share))
        for share in (0.5 + LEVEL / 2, 0.5 - LEVEL / 2)
    )
    return Estimate(value, low, high)


def standardized(covariances: Floats) -> float | None:
    """Give alpha of the correlations: as if all items varied as much."""
    return alpha_of(correlations(covariances))


def correlations(covariances: Floats) -> Floats:
    """Give the correlations; NaN for an item that does not vary."""
    spread = np.sqrt(np.diag(covariances))
    known = np.where(spread > _TINY, spread, np.nan)
    found: Floats = covariances / np.outer(known, known)
    return found


def mean_correlation(covariances: Floats) -> float | None:
    """Give the mean correlation between two items; None where one of them does not vary."""
    found = correlations(covariances)
    k = len(found)
    value = float((found.sum() - np.trace(found)) / (k * (k - 1)))
    return None if np.isnan(value) else value


def item_total(covariances: Floats, item: int) -> float | None:
    """Give the correlation of an item with the sum of the others; None where either does not vary."""
    own = float(covariances[item, item])
    with_others = float(covariances[item].sum()) - own
    others = float(covariances.sum()) - 2 * with_others - own
    if not (own > _TINY and others > _TINY):
        return None
    return with_others / sqrt(own * others)


def alpha_without(covariances: Floats, item: int) -> float | None:
    """Give alpha of the other items; None where there is only one other, or their sum does not vary."""
    rest = np.delete(np.delete(covariances, item, axis=0), item, axis=1)
    return alpha_of(rest) if len(rest) > 1 else None
