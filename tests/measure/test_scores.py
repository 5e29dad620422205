"""Scores as statistics: numbers from named sources, agreement of independent routes, coverage simulated."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq

from obverse.measure.alpha import (
    alpha,
    alpha_of,
    alpha_without,
    item_total,
    mean_correlation,
    standardized,
)
from obverse.measure.comoments import comoments, covariances
from obverse.measure.estimate import Estimate, Reason, change, compare, share
from obverse.measure.scores import mean, nps, worth_of
from obverse.measure.tallying import pairs_by
from obverse.measure.usability import as_sus, grade, percentile
from obverse.tape.layout import Floats

Z = 1.959963984540054


def pairs(people: list[list[float]]) -> Floats:
    """Moments of each person's (sum, number) of answers."""
    sums = np.array([sum(one) for one in people], dtype=float)
    sizes = np.array([len(one) for one in people], dtype=float)
    found: Floats = pairs_by(np.zeros(len(people), dtype=np.int64), 1, sums, sizes)[0]
    return found


def holds(found: Estimate, truth: float) -> bool:
    assert found.low is not None
    assert found.high is not None
    return found.low <= truth <= found.high


# -- NPS ------------------------------------------------------------------------------------------------


def test_the_nps_interval_is_the_wald_interval_of_three_more_answers() -> None:
    """As Sauro and Lewis (2021) write it down: 3 more answers, 3/4 of them promoters, 3/4 detractors."""
    found = nps(6, 10, 20)
    promoters, detractors, n = 20.75, 6.75, 39.0
    adjusted = (promoters - detractors) / n
    variance = promoters / n + detractors / n - adjusted**2
    half = 1.959964 * sqrt(variance / n)
    assert found.value == pytest.approx(100 * 14 / 36)
    assert found.low == pytest.approx(100 * (adjusted - half), abs=1e-4)
    assert found.high == pytest.approx(100 * (adjusted + half), abs=1e-4)


def test_the_trinomial_variance_is_that_of_answers_as_minus_one_zero_and_one() -> None:
    scores = [-1.0] * 600 + [0.0] * 1_000 + [1.0] * 2_400
    found = nps(600, 1_000, 2_400)
    assert found.low is not None
    assert found.high is not None
    by_moments = Z * np.std(scores) / sqrt(len(scores))
    assert (found.high - found.low) / 200 == pytest.approx(by_moments, rel=2e-3)


@pytest.mark.parametrize(
    ("detractors", "passives", "promoters"), [(0, 0, 5), (5, 0, 0), (0, 5, 0), (1, 0, 0)]
)
def test_answers_that_are_all_alike_still_have_an_interval(
    detractors: int, passives: int, promoters: int
) -> None:
    found = nps(detractors, passives, promoters)
    assert found.low is not None
    assert found.high is not None
    assert found.value is not None
    assert -100 <= found.low <= found.value <= found.high <= 100
    assert found.high - found.low > 30


def test_nobody_has_no_score() -> None:
    assert nps(0, 0, 0) == Estimate(reason=Reason.NOBODY)
    assert mean(np.zeros(6)) == Estimate(reason=Reason.NOBODY)


@pytest.mark.parametrize("shares", [(0.2, 0.3, 0.5), (0.05, 0.15, 0.8), (0.4, 0.4, 0.2), (0.1, 0.85, 0.05)])
@pytest.mark.parametrize("n", [15, 40, 200])
def test_the_nps_interval_covers_the_truth(shares: tuple[float, float, float], n: int) -> None:
    random = np.random.default_rng(17 * n)
    truth = 100 * (shares[2] - shares[0])
    held = 0
    for draw in random.multinomial(n, shares, size=2_000):
        found = nps(*draw.tolist())
        held += holds(found, truth)
    assert held / 2_000 >= 0.93
    assert held / 2_000 <= 0.985 or n < 40  # of few answers it is wider than need be


def test_several_answers_of_one_person_widen_the_interval_so_that_it_covers() -> None:
    """People answer four times each, mostly alike; as if of 160 people the interval would cover far less."""
    random = np.random.default_rng(3)
    held = held_if_independent = 0
    for _ in range(1_000):
        lean = random.choice([-1.0, 0.0, 1.0], p=(0.2, 0.3, 0.5), size=40)
        keep = random.random((40, 4)) < 0.8
        other = random.choice([-1.0, 0.0, 1.0], p=(0.2, 0.3, 0.5), size=(40, 4))
        people = np.where(keep, lean[:, None], other)
        low, middle, high = (int((people == one).sum()) for one in (-1, 0, 1))
        found, narrow = nps(low, middle, high, pairs(people.tolist())), nps(low, middle, high)
        held += holds(found, 30)
        held_if_independent += holds(narrow, 30)
    assert 0.93 <= held / 1_000 <= 0.98
    assert held_if_independent / 1_000 < 0.85


def test_one_answer_each_is_worth_itself() -> None:
    people = [[1.0], [0.0], [-1.0], [1.0], [1.0]]
    assert worth_of(pairs(people), float(np.var([one[0] for one in people]))) == pytest.approx(5)
    twice = [one * 2 for one in people]
    assert worth_of(pairs(twice), float(np.var([one[0] for one in people]))) == pytest.approx(5)


# -- means and changes ----------------------------------------------------------------------------------


def test_a_mean_of_one_answer_each_has_students_interval() -> None:
    answers = [1.0, 2.0, 2.0, 5.0, 4.0]
    found = mean(pairs([[one] for one in answers]))
    low, high = stats.t.interval(0.95, 4, np.mean(answers), stats.sem(answers))
    assert (found.value, found.low, found.high) == pytest.approx((2.8, low, high))


def test_a_mean_of_answers_that_are_all_alike_has_a_reason_in_place_of_an_interval() -> None:
    assert mean(pairs([[5.0], [5.0], [5.0]])) == Estimate(5.0, reason=Reason.ALIKE)
    assert mean(pairs([[5.0, 1.0]])) == Estimate(3.0, reason=Reason.TOO_FEW)


def test_the_mean_covers_the_truth_when_people_answer_several_times() -> None:
    random = np.random.default_rng(11)
    held = 0
    for _ in range(1_500):
        level = random.normal(4, 1, size=50)
        sizes = random.integers(1, 5, size=50)
        people = [list(random.normal(at, 0.5, size)) for at, size in zip(level, sizes, strict=True)]
        found = mean(pairs(people))
        held += holds(found, 4)
    assert 0.925 <= held / 1_500 <= 0.97


def test_the_change_of_two_shares_is_newcombes_method_10() -> None:
    found, wanted = change(share(56, 70), share(48, 80)), compare(56, 70, 48, 80)
    assert (found.value, found.low, found.high) == pytest.approx(
        (wanted.difference, wanted.low, wanted.high)
    )  # 0.0524 and 0.3339: Newcombe 1998, table II


def test_a_change_from_nothing_has_the_reason() -> None:
    assert change(share(1, 2), share(0, 0)).reason is Reason.NOBODY
    alike = Estimate(5.0, reason=Reason.ALIKE)
    assert change(Estimate(4.0, 3.0, 5.0), alike) == Estimate(-1.0, reason=Reason.ALIKE)


def test_the_change_of_nps_covers_the_truth() -> None:
    random = np.random.default_rng(5)
    held = 0
    for now, before in zip(
        random.multinomial(60, (0.2, 0.3, 0.5), size=2_000),
        random.multinomial(30, (0.3, 0.4, 0.3), size=2_000),
        strict=True,
    ):
        found = change(nps(*now.tolist()), nps(*before.tolist()))
        held += holds(found, 30)
    assert 0.935 <= held / 2_000 <= 0.98


# -- SUS and UMUX-Lite ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "letter", "least", "most"),
    [
        (84.1, 100.0, "A+", 96, 100),
        (80.8, 84.0, "A", 90, 95),
        (78.9, 80.7, "A-", 85, 89),
        (77.2, 78.8, "B+", 80, 84),
        (74.1, 77.1, "B", 70, 79),
        (72.6, 74.0, "B-", 65, 69),
        (71.1, 72.5, "C+", 60, 64),
        (65.0, 71.0, "C", 41, 59),
        (62.7, 64.9, "C-", 35, 40),
        (51.7, 62.6, "D", 15, 34),
        (0.0, 51.6, "F", 0, 14),
    ],
)
def test_the_grading_scale_is_that_of_sauro_and_lewis(
    low: float, high: float, letter: str, least: float, most: float
) -> None:
    """Quantifying the User Experience, 2nd edition, table 8.6, which names grades and percentile ranges."""
    assert grade(low) == grade(high) == letter
    for end in (low, high):
        rank = percentile(Estimate(end)).value
        assert rank is not None
        assert least - 1.5 <= rank <= most + 1.5  # two tables, made from different numbers of studies


@pytest.mark.parametrize(("mean_sus", "rank"), [(68, 50), (74, 70), (80, 88), (50, 13), (71, 60), (0, 0)])
def test_the_percentile_is_sauros_at_the_rows_of_his_table(mean_sus: float, rank: float) -> None:
    assert percentile(Estimate(float(mean_sus))).value == rank


def test_percentiles_never_fall_as_the_score_rises() -> None:
    ranks = [percentile(Estimate(one / 10)).value or 0.0 for one in range(1_001)]
    assert ranks == sorted(ranks)
    assert ranks[-1] == 100


def test_umux_lite_becomes_a_sus_by_the_published_line() -> None:
    """0.65 of the two items' 0 to 100, and 22.9 (Lewis, Utesch and Maher 2013, p. 2101)."""
    found = as_sus(Estimate(50.0, 40.0, 60.0))
    assert (found.value, found.low, found.high) == pytest.approx((55.4, 48.9, 61.9))


# -- alpha ----------------------------------------------------------------------------------------------

FROM_JULIA = np.array([[10.0, 6, 6, 6], [6, 11, 6, 6], [6, 6, 12, 6], [6, 6, 6, 13]])


def test_alpha_is_that_of_the_manual_of_statsbase() -> None:
    assert alpha_of(FROM_JULIA) == pytest.approx(0.8136, abs=5e-5)
    dropped = [alpha_without(FROM_JULIA, item) for item in range(4)]
    assert dropped == pytest.approx([0.75, 0.7606, 0.7714, 0.7826], abs=5e-5)


def test_feldts_interval_is_where_his_test_would_just_reject() -> None:
    """(1 - alpha) / (1 - estimate) is F-distributed: search for the alphas with a tail of 2.5 %."""
    n, k = 41, 26
    covariance = np.full((k, k), 1.0) + np.diag(np.full(k, k / 0.79 * 0.21 * 1.0))
    found = alpha(covariance, n)
    assert found.value == pytest.approx(
        0.79
    )  # the example of Feldt, Woodruff and Salih 1987: 26 items, 41 people

    def tail(truth: float, wanted: float) -> float:
        return float(stats.f.cdf((1 - truth) / (1 - 0.79), n - 1, (n - 1) * (k - 1))) - wanted

    assert found.low == pytest.approx(brentq(tail, -1, 0.999, args=(0.975,)), abs=1e-9)
    assert found.high == pytest.approx(brentq(tail, -1, 0.999, args=(0.025,)), abs=1e-9)


def test_alpha_is_the_mean_of_all_split_halves() -> None:
    """Cronbach 1951: of Flanagan's and Rulon's coefficients over all splits into halves."""
    random = np.random.default_rng(2)
    answers = random.normal(size=(200, 1)) + random.normal(size=(200, 4))
    found = np.cov(answers.T)
    halves = []
    for first in ((0, 1), (0, 2), (0, 3)):
        second = [item for item in range(4) if item not in first]
        half = found[np.ix_(first, second)].sum()
        halves.append(4 * half / found.sum())
    assert alpha_of(found) == pytest.approx(np.mean(halves))


def test_alpha_of_two_items_standardized_is_spearman_browns() -> None:
    found = np.array([[4.0, 1.5], [1.5, 9.0]])
    r = 1.5 / 6
    assert standardized(found) == pytest.approx(2 * r / (1 + r))
    assert mean_correlation(found) == pytest.approx(r)
    assert item_total(found, 0) == pytest.approx(r)


def test_the_item_total_correlation_is_with_the_sum_of_the_others() -> None:
    random = np.random.default_rng(4)
    answers = random.normal(size=(80, 1)) + random.normal(size=(80, 5))
    for item in range(5):
        others = np.delete(answers, item, axis=1).sum(axis=1)
        expected = np.corrcoef(answers[:, item], others)[0, 1]
        assert item_total(np.cov(answers.T), item) == pytest.approx(expected)


def test_feldts_interval_covers_the_truth() -> None:
    random = np.random.default_rng(9)
    k, n = 5, 40
    truth = k / (k - 1) * (1 - k * 2 / (k * 2 + k * (k - 1)))  # variances 2, covariances 1
    held = 0
    for _ in range(2_000):
        answers = random.normal(size=(n, 1)) + random.normal(size=(n, k))
        found = alpha(np.cov(answers.T), n)
        held += holds(found, truth)
    assert 0.935 <= held / 2_000 <= 0.965


def test_what_has_no_alpha_has_a_reason() -> None:
    assert alpha(np.zeros((3, 3)), 10).reason is Reason.ALIKE
    assert alpha(np.full((3, 3), np.nan), 1).reason is Reason.TOO_FEW
    assert alpha(np.full((3, 3), np.nan), 0).reason is Reason.NOBODY
    assert alpha_without(np.eye(2), 0) is None
    assert item_total(np.zeros((2, 2)), 0) is None


def test_covariances_are_of_those_who_have_both() -> None:
    random = np.random.default_rng(8)
    answers = random.normal(1e6, 1, size=(60, 3))
    answers[random.random((60, 3)) < 0.3] = np.nan
    found = covariances(comoments(answers))
    for i in range(3):
        for j in range(3):
            both = ~np.isnan(answers[:, i]) & ~np.isnan(answers[:, j])
            expected = np.cov(answers[both, i], answers[both, j])[0, 1]
            assert found[i, j] == pytest.approx(expected, abs=1e-9)
