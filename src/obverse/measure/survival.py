"""The share that has come so far when not all have been watched for equally long (Kaplan and Meier 1958).

Time runs in steps numbered from 0: days, or bins that grow. What is counted is who came *in* a step that was
watched to its end, and who was last watched to the end of the step before: *censored* at it, not lost. So
nobody is at risk in a step of which only a part was watched, and the share by the end of a step needs no
assumption about when in the step somebody came. These are Kaplan and Meier's numbers for times that are whole
steps.

Intervals are Greenwood's variance (1926) on the scale log(-log S), which keeps them within 0 … 1 (Kalbfleisch
and Prentice 2002, 1.4; lifelines' default). That scale has no point at S = 1 and S = 0. There the interval is
Wilson's for none among those at risk in the step: of S = 1 it is too wide if anything, since all of them were
watched from the beginning and did not come; of S = 0 too, since S is a product and that is its last factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obverse.measure.estimate import Estimate, Reason, Z, wilson
from obverse.tape.layout import Floats, Int64s


@dataclass(frozen=True)
class Arrivals:
    """The share that has come by the end of each step; all arrays have shape (steps,).

    Attributes:
        at_risk: who was watched through the whole step and had not come before it.
        came: who of them came in it.
        share: the share that has come by its end; NaN from the first step on that nobody is at risk in.
        low: lower end of its 95 % interval; NaN where the share is.
        high: upper end.
    """

    at_risk: Int64s
    came: Int64s
    share: Floats
    low: Floats
    high: Floats

    @property
    def n_steps(self) -> int:
        """How many steps, from the first, have a share."""
        return int(np.count_nonzero(self.at_risk))

    def estimate(self, step: int) -> Estimate:
        """Give the share by the end of a step; a reason where nobody was watched for so long.

        Where all have come there is nobody left to watch, and the share stays.
        """
        last = self.n_steps - 1
        if step > last >= 0 and self.came[last] == self.at_risk[last]:
            step = last
        if step > last:
            return Estimate(reason=Reason.NOT_YET)
        return Estimate(float(self.share[step]), float(self.low[step]), float(self.high[step]))

    def first_step(self, share: float) -> tuple[int | None, int | None, int | None]:
        """Give the first step by whose end a share has come, and the ends of its interval.

        The interval is where the curve's own interval reaches the share (Brookmeyer and Crowley 1982). None
        stands for a step that is not reached while anybody is watched.
        """
        n = self.n_steps
        found = [_first(curve[:n] >= share - 1e-12) for curve in (self.share, self.high, self.low)]
        return found[0], found[1], found[2]


def _first(holds: np.ndarray) -> int | None:
    return int(np.argmax(holds)) if holds.any() else None


def arrivals(came: Int64s, censored: Int64s) -> Arrivals:
    """Estimate the share that has come by the end of each step.

    Args:
        came: shape (steps,), who came in each step, of those who were watched to its end.
        censored: shape (steps + 1,), who had not come by the end of the last step that they were watched
            through: place k for those who were watched through k steps.

    Raises:
        ValueError: the shapes do not fit.
    """
    if len(censored) != len(came) + 1:
        raise ValueError(f"{len(came)} steps and {len(censored)} places for who was censored")
    leaving = np.concatenate([[0], np.cumsum(came)[:-1]]) + np.cumsum(censored)[:-1]
    at_risk = (came.sum() + censored.sum() - leaving).astype(np.int64)
    n = int(np.count_nonzero(at_risk))
    staying = np.full(len(came), np.nan)
    staying[:n] = np.cumprod(1 - came[:n] / at_risk[:n])
    low, high = np.full_like(staying, np.nan), np.full_like(staying, np.nan)
    low[:n], high[:n] = _interval(came[:n], at_risk[:n], staying[:n])
    return Arrivals(at_risk, came, 1 - staying, 1 - high, 1 - low)


def _interval(came: Int64s, at_risk: Int64s, staying: Floats) -> tuple[Floats, Floats]:
    """Give the ends of the interval of the share that stays away."""
    none, everyone = staying >= 1, came == at_risk
    left = np.maximum(at_risk - came, 1)
    greenwood = np.cumsum(came / (at_risk * left))
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(staying)
        spread = np.exp(Z * np.sqrt(greenwood) / log)  # below 1
        low, high = np.exp(log / spread), np.exp(log * spread)
    for step in np.flatnonzero(none):
        low[step], high[step] = 1 - wilson(0, int(at_risk[step]))[1], 1.0
    for step in np.flatnonzero(everyone):
        low[step], high[step] = 0.0, wilson(0, int(at_risk[step]))[1]
    return low, high
