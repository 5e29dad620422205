"""Shares of things that people have several of: against Wilson where nobody has, and by simulation."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from obverse.measure.clustered import share_of_things
from obverse.measure.estimate import Reason, wilson
from obverse.measure.pairs import push_pair
from obverse.tape.layout import Floats


def moments(people: Iterable[tuple[int, int]]) -> Floats:
    found = np.zeros(6)
    for marked, things in people:
        push_pair(found, float(marked), float(things))
    return found


@pytest.mark.parametrize(("marked", "n"), [(0, 12), (3, 12), (12, 12), (1, 400)])
def test_where_everybody_has_one_thing_it_is_wilsons_interval(marked: int, n: int) -> None:
    found = share_of_things(moments([(1, 1)] * marked + [(0, 1)] * (n - marked)))
    assert (found.low, found.high) == pytest.approx(wilson(marked, n))
    assert found.value == pytest.approx(marked / n)


def test_things_that_are_alike_tell_no_more_than_their_people() -> None:
    alike = share_of_things(moments([(10, 10)] * 3 + [(0, 10)] * 9))
    assert (alike.low, alike.high) == pytest.approx(wilson(3, 12))
    none = share_of_things(moments([(0, 10)] * 12))
    assert (none.low, none.high) == pytest.approx(wilson(0, 12))


def test_nobody_and_one_person_have_a_reason() -> None:
    assert share_of_things(np.zeros(6)).reason is Reason.NOBODY
    one = share_of_things(moments([(2, 5)]))
    assert (one.value, one.low, one.reason) == (0.4, None, Reason.TOO_FEW)


@pytest.mark.parametrize("spread", [0.0, 1.0, 3.0])
def test_the_interval_covers_the_truth_where_people_differ(spread: float) -> None:
    chance = np.random.default_rng(42 + int(spread))
    truth, n_people, runs, covered, naive = 0.25, 150, 600, 0, 0
    for _ in range(runs):
        things = chance.integers(1, 9, n_people)
        rates = np.full(n_people, truth)
        if spread:
            rates = chance.beta(truth * 3 / spread, (1 - truth) * 3 / spread, n_people)
        marked = chance.binomial(things, rates)
        found = share_of_things(moments(zip(marked.tolist(), things.tolist(), strict=True)))
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
        low, high = wilson(int(marked.sum()), int(things.sum()))
        naive += low <= truth <= high
    assert 0.925 <= covered / runs <= 0.975
    if spread:
        assert naive / runs < 0.90  # taking things as independent promises too much
