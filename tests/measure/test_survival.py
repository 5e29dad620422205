"""Kaplan and Meier's curve against lifelines, against plain counting, and by how often it covers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times

from obverse.measure.estimate import Estimate, Reason, wilson
from obverse.measure.survival import Arrivals, arrivals
from obverse.tape.layout import Int64s

PROFILE = settings(max_examples=100)

PEOPLE = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40)
"""Steps watched, and whether somebody came in the last of them."""


def counted(people: list[tuple[int, bool]]) -> tuple[Int64s, Int64s]:
    """Count who came in each of 12 steps and who was censored at each of 13 places."""
    came, censored = np.zeros(12, dtype=np.int64), np.zeros(13, dtype=np.int64)
    for steps, came_then in people:
        if came_then and steps:
            came[steps - 1] += 1
        else:
            censored[steps] += 1
    return came, censored


def told(estimate: Estimate) -> tuple[float, float, float]:
    """Give an estimate that is known with its interval."""
    assert estimate.reason is None
    return estimate.value or 0.0, estimate.low or 0.0, estimate.high or 0.0


def fitted(people: list[tuple[int, bool]]) -> KaplanMeierFitter:
    durations = [steps for steps, _ in people]
    happened = [came and steps > 0 for steps, came in people]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of lifelines, about curves that stay at 1
        return KaplanMeierFitter().fit(durations, happened, timeline=np.arange(13))


@PROFILE
@given(PEOPLE)
def test_the_curve_and_its_interval_are_those_of_lifelines(people: list[tuple[int, bool]]) -> None:
    curve, theirs = arrivals(*counted(people)), fitted(people)
    staying = theirs.survival_function_["KM_estimate"].to_numpy()
    bounds = theirs.confidence_interval_survival_function_.to_numpy()
    for step in range(curve.n_steps):
        (value, low, high), want = told(curve.estimate(step)), 1 - staying[step + 1]
        assert value == pytest.approx(want, abs=1e-12)
        if 1e-9 < want < 1 - 1e-9:
            assert low == pytest.approx(1 - bounds[step + 1, 1], abs=1e-9)
            assert high == pytest.approx(1 - bounds[step + 1, 0], abs=1e-9)
        assert 0 <= low <= value + 1e-12
        assert value - 1e-12 <= high <= 1


@PROFILE
@given(PEOPLE)
def test_the_median_is_that_of_lifelines(people: list[tuple[int, bool]]) -> None:
    first, _, _ = arrivals(*counted(people)).first_step(0.5)
    # Rounded: a share of exactly one half may come out of their sum of logarithms as a little more.
    theirs = median_survival_times(fitted(people).survival_function_.round(9))
    assert first == (None if np.isinf(theirs) else int(theirs) - 1)


def test_without_censoring_it_is_the_plain_share() -> None:
    curve = arrivals(np.array([3, 0, 2]), np.array([0, 0, 0, 5]))
    assert curve.share.tolist() == pytest.approx([0.3, 0.3, 0.5])
    assert curve.at_risk.tolist() == [10, 7, 7]


def test_who_was_watched_for_a_part_of_a_step_is_not_at_risk_in_it() -> None:
    curve = arrivals(np.array([1, 1]), np.array([0, 6, 2]))
    assert curve.at_risk.tolist() == [10, 3]
    assert curve.share.tolist() == pytest.approx([0.1, 1 - 0.9 * 2 / 3])


def test_nobody_at_risk_gives_a_reason_and_no_share() -> None:
    curve = arrivals(np.array([1, 0, 0]), np.array([0, 4, 0, 0]))
    assert curve.n_steps == 1
    assert curve.estimate(1).reason is Reason.NOT_YET
    assert arrivals(np.array([], dtype=np.int64), np.array([0])).n_steps == 0
    assert arrivals(np.array([0]), np.array([3, 0])).estimate(0).reason is Reason.NOT_YET


def test_none_or_all_have_an_interval_too() -> None:
    none = arrivals(np.array([0]), np.array([0, 20])).estimate(0)
    assert told(none) == pytest.approx((0, 0, wilson(0, 20)[1]))
    everyone = arrivals(np.array([20]), np.array([0, 0])).estimate(0)
    assert told(everyone) == pytest.approx((1, wilson(20, 20)[0], 1))


def test_where_all_have_come_the_share_stays() -> None:
    curve = arrivals(np.array([2, 3, 0, 0]), np.array([0, 0, 0, 0, 0]))
    assert curve.n_steps == 2
    assert curve.estimate(3) == curve.estimate(1)
    assert curve.estimate(3).value == 1


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="2 steps and 2 places"):
        arrivals(np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64))


def _drawn(chance: np.random.Generator, n: int, daily: float) -> Arrivals:
    """Draw people who come with an equal chance each day, and are watched for up to 20 days."""
    when, watched = chance.geometric(daily, n), chance.integers(1, 21, n)
    came = np.bincount(when[when <= watched] - 1, minlength=20)
    return arrivals(came, np.bincount(watched[when > watched], minlength=21))


@pytest.mark.parametrize(("n", "daily"), [(60, 0.03), (300, 0.1)])
def test_the_interval_covers_the_truth_as_often_as_it_says(n: int, daily: float) -> None:
    chance, covered, total = np.random.default_rng(7), 0, 0.0
    for _ in range(2_000):
        (value, low, high), truth = told(_drawn(chance, n, daily).estimate(9)), 1 - (1 - daily) ** 10
        covered += low <= truth <= high
        total += value
    assert total / 2_000 == pytest.approx(1 - (1 - daily) ** 10, abs=0.005)
    assert 0.935 <= covered / 2_000 <= 0.97
