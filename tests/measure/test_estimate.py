from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from obverse.measure import moments
from obverse.measure.estimate import (
    MANY,
    Estimate,
    Reason,
    benjamini_hochberg,
    compare,
    differ,
    holm,
    share,
    student,
    total,
    wilson,
)
from obverse.measure.histogram import bin_of, coarse_s, edges_ms, n_bins, quantiles_s

COUNTS = st.integers(0, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS.filter(lambda pair: pair[1] > 0))
def test_wilson_agrees_with_scipy(pair: tuple[int, int]) -> None:
    k, n = pair
    expected = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
)
def test_wilson_gives_the_published_intervals(k: int, n: int, low: float, high: float) -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3.
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


def test_a_share_of_nobody_is_a_reason() -> None:
    found = share(0, 0)
    assert (found.value, found.low, found.reason) == (None, None, Reason.NOBODY)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40))
def test_the_interval_of_a_sum_agrees_with_scipy(draws: list[float]) -> None:
    values = np.array(draws)
    found = total(len(values), float(values.mean()), float(((values - values.mean()) ** 2).sum()))
    assert found.value == pytest.approx(values.sum(), abs=1e-6)
    if values.std() > 1e-6:
        low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
        assert (found.low, found.high) == pytest.approx((low * len(values), high * len(values)), rel=1e-6)


@pytest.mark.parametrize("freedom", [1, MANY - 1, MANY, MANY + 1, 10**5, 10**9])
def test_students_t_is_scipys_whether_by_its_series_or_not(freedom: int) -> None:
    expected = stats.t.ppf(0.975, freedom)
    assert float(student(freedom)) == pytest.approx(expected, rel=1e-13)
    assert student(np.array([freedom, 10**6]))[0] == pytest.approx(expected, rel=1e-13)


def test_one_draw_has_no_interval() -> None:
    assert total(1, 5.0, 0.0).reason == Reason.TOO_FEW
    assert total(0, 0.0, 0.0).reason == Reason.NOBODY


@given(st.integers(30, 300), st.integers(30, 300), st.data())
def test_a_comparison_agrees_with_the_chi_square_test(n: int, m: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(1, n - 1)), data.draw(st.integers(1, m - 1))
    expected = stats.chi2_contingency([[a, n - a], [b, m - b]], correction=False).pvalue
    found = compare(a, n, b, m)
    assert found.p_value == pytest.approx(expected, abs=1e-9)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= a / n - b / m <= found.high


@given(st.integers(30, 300), st.integers(30, 300), st.data())
def test_shares_differ_as_they_compare_and_the_p_value_fits_the_interval(
    n: int, m: int, data: st.DataObject
) -> None:
    a, b = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    found, same = differ(share(a, n), n, share(b, m), m), compare(a, n, b, m)
    assert (found.difference, found.low, found.high) == pytest.approx((same.difference, same.low, same.high))
    assert found.low is not None
    assert found.high is not None
    assert found.p_value is not None
    clear = found.low > 1e-9 or found.high < -1e-9
    assert (found.p_value < 0.05) == clear or found.p_value == pytest.approx(0.05, abs=1e-6)


def test_a_difference_that_cannot_be_told_is_a_reason() -> None:
    half, certain = share(50, 100), Estimate(2.0, 2.0, 2.0)
    assert differ(half, 29, half, 100).reason == Reason.TOO_FEW
    assert differ(half, 100, Estimate(reason=Reason.NOT_YET), 100).reason == Reason.NOT_YET
    assert differ(certain, 100, certain, 100).reason == Reason.ALIKE


def test_a_comparison_without_enough_people_is_a_reason() -> None:
    assert compare(1, 29, 10, 100).reason == Reason.TOO_FEW
    assert compare(10, 100, 1, 29).reason == Reason.TOO_FEW
    assert compare(10, 100, 0, 0).reason == Reason.NO_REST


@given(st.lists(st.floats(0, 1), max_size=20))
def test_benjamini_and_hochberg_are_as_scipy_has_them(p_values: list[float]) -> None:
    expected = stats.false_discovery_control(p_values) if p_values else []
    assert benjamini_hochberg(p_values) == pytest.approx(list(expected))


@given(st.lists(st.integers(-5, 50), min_size=1, max_size=30), st.integers(0, 30))
def test_moments_less_a_part_are_those_of_the_rest(draws: list[int], cut: int) -> None:
    whole, part, rest = np.zeros(3), np.zeros(3), np.zeros(3)
    for at, draw in enumerate(draws):
        for sums in (whole, part if at < cut else rest):
            moments.push(sums, float(draw))
    assert moments.less(whole, part) == pytest.approx(tuple(rest), abs=1e-6)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_is_monotone_and_never_below_the_plain_p_value(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    ranked = [adjusted[i] for i in sorted(range(len(p_values)), key=lambda i: p_values[i])]
    assert ranked == sorted(ranked)


@pytest.mark.proof
def test_intervals_cover_and_tests_err_as_often_as_they_say() -> None:
    chance = np.random.default_rng(11)
    covered = wrong = 0
    rounds = 4_000
    for _ in range(rounds):
        k = int(chance.binomial(200, 0.07))
        low, high = wilson(k, 200)
        covered += low <= 0.07 <= high
        p_value = compare(k, 200, int(chance.binomial(500, 0.07)), 500).p_value
        wrong += p_value is not None and p_value < 0.05
    assert 0.935 < covered / rounds < 0.97
    assert 0.03 < wrong / rounds < 0.065


@given(st.integers(0, 7305 * 86_400_000_000))
def test_a_duration_lies_in_its_bin_and_its_bins_middle_is_within_a_hundredth(duration_us: int) -> None:
    place = bin_of(duration_us)
    edges = edges_ms(place + 1)
    ms = duration_us // 1000
    assert edges[place] <= ms < max(edges[place + 1], edges[place] + 1)
    middle = quantiles_s(np.bincount([place]).astype(np.int64), (0.5,))[0] * 1000
    assert abs(middle - duration_us / 1000) <= max(0.5, duration_us / 1000 * 0.01)


def test_a_longer_duration_never_has_a_lower_bin() -> None:
    places = [bin_of(int(us)) for us in np.geomspace(1, 6e14, 5000)]
    assert places == sorted(places)
    assert n_bins(7 * 86_400_000_000) < 2000


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=50))
def test_coarser_bins_keep_everyone(durations: list[int]) -> None:
    counts = np.bincount([bin_of(us) for us in durations]).astype(np.int64)
    rows = coarse_s(counts)
    assert sum(n for _, _, n in rows) == len(durations)
    assert all(low < high for low, high, _ in rows)
    assert [low for low, _, _ in rows][1:] == [high for _, high, _ in rows][:-1]


@example(
    a=[0.0, 999968349.0, -404030544.15682936, 767474888.375, -996829366.6749105],
    b=[0.0, 0.0, 0.0, 999999985.0, 295712771.5, 1.5, 214421533.0],
)
@given(st.lists(st.floats(-1e9, 1e9), max_size=30), st.lists(st.floats(-1e9, 1e9), max_size=30))
def test_moments_merge_to_those_of_all_draws(a: list[float], b: list[float]) -> None:
    merged = moments.merge(_moments(a), _moments(b))
    exact = _moments(a + b)
    assert merged == pytest.approx(exact, rel=1e-6, abs=1e-3)
    assert np.array_equal(merged, moments.merge(_moments(b), _moments(a)))


def test_moments_keep_the_variance_of_large_values() -> None:
    draws = [1e9 + 1, 1e9 + 2, 1e9 + 3]
    assert _moments(draws)[2] == pytest.approx(2.0)
    assert moments.with_zeros(_moments([4.0, 8.0]), 4) == (4, 3.0, 44.0)


def _moments(draws: list[float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    found = np.zeros(3)
    for draw in draws:
        moments.push(found, draw)
    return found
