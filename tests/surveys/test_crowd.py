"""Crowds: people are counted once, about, and the count goes on from where it was."""

from __future__ import annotations

import statistics

from obverse.surveys.crowd import Crowd


def test_who_comes_again_is_counted_once() -> None:
    crowd = Crowd()
    assert crowd.add(5)
    assert not crowd.add(5)
    assert crowd.n == 1


def test_the_count_is_right_within_its_error_and_not_biased() -> None:
    ratios = []
    for seed in range(24):
        crowd = Crowd()
        for person in range(5_000):
            crowd.add(person + seed * 1_000_003)
        ratios.append(crowd.n / 5_000)
    assert all(abs(ratio - 1) < 5 * 0.0184 for ratio in ratios)
    assert abs(statistics.mean(ratios) - 1) < 4 * 0.0184 / 24**0.5


def test_it_goes_on_from_what_was_kept() -> None:
    whole, first = Crowd(), Crowd()
    for person in range(3_000):
        whole.add(person)
    for person in range(1_500):
        first.add(person)
    rest = Crowd(bytes(first.registers), first.n)
    for person in range(3_000):
        rest.add(person)
    assert abs(rest.n - whole.n) < 1e-6
