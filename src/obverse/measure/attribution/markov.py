"""The Markov model: what share of conversions would be lost if a channel were not there.

Journeys are taken as a chain of states, each step depending on the state before it alone: start, channels,
conversion, loss. The removal effect of a channel is the share of conversions that is lost when every step
into it leads to a loss instead (Anderl, Becker, von Wangenheim and Schumann 2016). Effects are made to add up
to 1, and conversions are shared out by them.
"""

from __future__ import annotations

import numpy as np

from obverse.measure.estimate import Estimate, Reason, student
from obverse.tape.layout import Floats

MIN_CONVERSIONS = 30
"""Below so many conversions there is no interval: folds would be empty."""


def reach(steps: Floats, removed: int = -1) -> float:
    """Give the chance that a journey ends in a conversion.

    Args:
        steps: shape (C + 1, C + 2): counts of steps, see `AttributionSummary.steps`.
        removed: number of a channel that is not there; -1 for none.

    >>> one = np.array([[0.0, 3.0, 1.0], [4.0, 0.0, 0.0]])  # start > channel; three of four convert
    >>> reach(one), reach(one, 0)
    (0.75, 0.0)
    """
    n = len(steps) - 1
    sums = steps.sum(axis=1, keepdims=True)
    chances = np.divide(steps, sums, out=np.zeros_like(steps), where=sums > 0)
    onward = np.zeros((n + 1, n + 1))
    onward[:, :n] = chances[:, :n]
    if removed >= 0:
        onward[:, removed] = 0.0
    found = np.linalg.solve(np.eye(n + 1) - onward, chances[:, n])
    return float(found[n])


def shares(steps: Floats) -> Floats:
    """Give each channel's part of the conversions by removal effect; shape (C,), 0 without any."""
    n = len(steps) - 1
    whole = reach(steps)
    if whole <= 0:
        return np.zeros(n)
    effects = np.array([max(0.0, 1.0 - reach(steps, channel) / whole) for channel in range(n)])
    total = effects.sum()
    return effects / total if total > 0 else effects


def credited(steps: Floats, amounts: Floats) -> list[Estimate]:
    """Share conversions (or their value) out by removal effect.

    The interval is the delete-one-group jackknife's over the folds of people (Efron and Tibshirani 1993, 11).

    Args:
        steps: shape (folds, C + 1, C + 2).
        amounts: shape (folds,): conversions or value of each fold.

    Returns:
        one estimate a channel.
    """
    whole, n_folds = steps.sum(axis=0), len(steps)
    found = shares(whole) * amounts.sum()
    if whole[:, -2].sum() < MIN_CONVERSIONS:
        return [Estimate(float(value), reason=Reason.TOO_FEW) for value in found]
    left = np.array([shares(whole - steps[f]) * (amounts.sum() - amounts[f]) for f in range(n_folds)])
    left *= n_folds / (n_folds - 1)
    spread = np.sqrt((n_folds - 1) / n_folds * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    half = float(student(n_folds - 1)) * spread
    return [
        Estimate(float(value), max(0.0, float(value - by)), float(value + by))
        for value, by in zip(found, half, strict=True)
    ]


def effect(steps: Floats, channel: int) -> float | None:
    """Give the share of conversions that would be lost without a channel; None without conversions."""
    whole = reach(steps)
    return None if whole <= 0 else 1.0 - reach(steps, channel) / whole
