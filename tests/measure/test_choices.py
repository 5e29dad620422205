"""Shares of options where people answer several times: counted plainly, and covered as often as they say."""

from __future__ import annotations

import json
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.measure.clustered import share_of_things
from obverse.measure.estimate import share, wilson
from obverse.measure.pairs import push_pair, ratio
from obverse.measure.responses.answer import Chosen
from obverse.measure.responses.choices import choices_of
from obverse.measure.responses.counting import Counted, count_options
from obverse.measure.responses.question import Shape
from obverse.tape.layout import Int64s

OPTIONS = "abc"
SUBSETS = tuple(json.dumps([one for bit, one in enumerate(OPTIONS) if n >> bit & 1]) for n in range(8))
MATRIX = ('{"r":"a","t":"b"}', '{"r":"b"}', '{"t":"b"}', "{}", None)
ORDERS = ('["a","b"]', '["b","a"]', '["b"]', "[]", None)


def counted(labels: tuple[str | None, ...], unit: Int64s, label: Int64s, shape: Shape) -> Counted:
    """Count answers of one group."""
    choices = choices_of(labels, shape)
    options, rows = choices.sums(unit, np.zeros_like(unit), 1, label)
    return count_options(labels, np.bincount(label, minlength=len(labels) + 1), options[0], rows[0], shape)


@given(
    st.sampled_from([(SUBSETS, "choice"), (MATRIX, "choice"), (ORDERS, "ranking")]),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=20),
)
def test_every_share_is_what_plain_counting_gives(
    kind: tuple[tuple[str | None, ...], Shape], said: list[tuple[int, int]]
) -> None:
    labels, shape = kind
    unit, label = np.array(said, dtype=np.int64).T
    found = counted(labels, unit, label, shape)
    x: dict[tuple[str, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    y: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for who, what in said:
        value = json.loads(labels[what] or "[]")
        pairs = value.items() if isinstance(value, dict) else [("", one) for one in value]
        for rank, (row, name) in enumerate(pairs, 1):
            x[row, name][who].append(rank)
        for row in {row for row, _ in pairs}:
            y[row][who] += 1
    assert {(one.row, one.name) for one in found.options} == x.keys()
    for one in found.options:
        check(one, x[one.row, one.name], y[one.row], shape)


def check(got: Chosen, chose: dict[int, list[int]], answered: dict[int, int], shape: Shape) -> None:
    """Compare an option with what each person said."""
    things, places = np.zeros(6), np.zeros(6)
    for unit, n in answered.items():
        push_pair(things, float(len(chose.get(unit, ()))), float(n))
    for ranks in chose.values():
        push_pair(places, float(sum(ranks)), float(len(ranks)))
    n_answers = sum(answered.values())
    assert got.answers == sum(map(len, chose.values()))
    wanted = share(got.answers, n_answers) if len(answered) == n_answers else share_of_things(things)
    assert ends(got.share) == pytest.approx(ends(wanted))
    assert got.share.reason == wanted.reason
    if shape == "ranking":
        assert got.mean_rank is not None
        assert ends(got.mean_rank) == pytest.approx(ends(ratio(places)))


def ends(one: object) -> tuple[float, ...]:
    """Give a number and its ends; NaN for one that is missing would equal nothing, so -1."""
    return tuple(-1.0 if (end := getattr(one, name)) is None else end for name in ("value", "low", "high"))


def test_nobody_chose_anything() -> None:
    nobody = np.zeros(0, dtype=np.int64)
    assert counted((), nobody, nobody, "choice") == Counted(0, (), 0)


def test_one_person_who_answers_often_is_one_person() -> None:
    often = np.repeat(np.arange(12), 10)
    label = np.where(often < 3, 1, 2)
    found = {one.name: one.share for one in counted(SUBSETS, often, label, "choice").options}
    assert (found["a"].low, found["a"].high) == pytest.approx(wilson(3, 12))
    assert found["a"].value == 0.25


def coverage(seed: int, runs: int, alike: float, n_people: int) -> tuple[float, float]:
    """Simulate people who answer several times, and say how often intervals cover the truth.

    Args:
        seed: of the chance.
        runs: how many surveys.
        alike: how alike the answers of one person are, from 0 to 1: the correlation within people.
        n_people: who answer 1 to 8 times each.

    Returns:
        the share of our intervals that cover it, and that of Wilson's, all answers taken as independent.
    """
    chance, truth = np.random.default_rng(seed), np.array([0.5, 0.2, 0.06])
    labels = ('["none"]', *SUBSETS[1:])
    intervals = ours = plain = 0
    for _ in range(runs):
        n = chance.integers(1, 9, n_people)
        rates = np.tile(truth, (n_people, 1))
        if alike:
            others = 1 / alike - 1  # answers in all that a beta distribution this narrow stands for
            rates = chance.beta(truth * others, (1 - truth) * others, (n_people, 3))
        unit = np.repeat(np.arange(n_people), n)
        chosen = chance.random((len(unit), 3)) < rates[unit]
        found = counted(labels, unit, (chosen @ [1, 2, 4]).astype(np.int64), "choice")
        rate_of = dict(zip(OPTIONS, truth.tolist(), strict=True))
        for one in found.options:  # one that nobody chose has no interval
            if one.name in rate_of:
                intervals += 1
                ours += covers((one.share.low, one.share.high), rate_of[one.name])
                plain += covers(wilson(one.answers, len(unit)), rate_of[one.name])
    return ours / intervals, plain / intervals


def covers(interval: tuple[float | None, float | None], truth: float) -> bool:
    """Tell whether an interval has the truth in it."""
    low, high = interval
    assert low is not None
    assert high is not None
    return low <= truth <= high


@pytest.mark.parametrize(("alike", "plain"), [(0.0, (0.93, 0.97)), (0.5, (0.6, 0.85))])
def test_intervals_cover_the_truth_where_people_answer_several_times(
    alike: float, plain: tuple[float, float]
) -> None:
    ours, independent = coverage(3, 250, alike, 120)
    assert 0.925 <= ours <= 0.97
    assert plain[0] <= independent <= plain[1], "what taking all answers as independent would give"


@pytest.mark.proof
@pytest.mark.parametrize("n_people", [200, 1_000])
@pytest.mark.parametrize("alike", [0.0, 0.1, 0.3, 0.6])
def test_intervals_cover_the_truth_in_4000_surveys(alike: float, n_people: int) -> None:
    ours, independent = coverage(7, 4_000, alike, n_people)
    assert 0.93 <= ours <= 0.965
    assert independent <= 0.955 - alike / 8
