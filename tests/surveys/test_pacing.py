"""Pacing: the answers wanted are there by the end, whoever comes when, and not all on the first day."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.surveys.deciding import lot
from obverse.surveys.facts import Progress
from obverse.surveys.pacing import DAY_S, share_needed

TOLERANCE = 0.1
"""How far from the number wanted the answers may be at the end, as a share of it, where it can be reached."""


@given(
    st.integers(0, 1000),
    st.builds(
        Progress,
        asked=st.integers(0, 10_000),
        answered=st.integers(0, 1000),
        answered_here=st.integers(0, 1000),
        people=st.floats(0, 1e9),
        watched_s=st.floats(0, 1e8),
    ),
    st.floats(-1e6, 1e8),
)
def test_it_is_a_share(wanted: int, progress: Progress, left_s: float) -> None:
    share = share_needed(wanted, progress, left_s)
    assert 0 <= share <= 1
    assert (share == 0) == (wanted <= progress.answered)


def test_it_is_what_the_formula_says() -> None:
    so_far = Progress(asked=90, answered=19, answered_here=19, people=5_000, watched_s=5 * DAY_S)
    # 81 more; one in five answers; 1000 people a day for 4 days.
    assert share_needed(100, so_far, 4 * DAY_S) == pytest.approx(81 / (0.2 * 1000 * 4))
    assert share_needed(100, Progress(), 4 * DAY_S) == 1.0


@dataclass
class Site:
    """A site of which people come by day and stay away at night, more so on some days of the week.

    Attributes:
        a_day: visits on a mean day.
        again: share of visits by somebody who has been there before.
        answer: share of those asked who answer.
    """

    a_day: float
    again: float
    answer: float

    def run(self, wanted: int, days: int, chance: random.Random) -> tuple[int, list[int]]:
        """Ask until the end: answers, and people asked by day. What is asked is answered minutes later."""
        asked: set[int] = set()
        known: list[int] = []
        by_day = [0] * days
        answered, due, step = 0, [0, 0, 0], 300.0
        for at in range(int(days * DAY_S / step)):
            second = at * step
            answered += due.pop(0)
            due.append(0)
            for _ in range(_poisson(self.a_day * step / DAY_S * _tide(second), chance)):
                person = chance.choice(known) if known and chance.random() < self.again else len(known)
                if person == len(known):
                    known.append(person)
                so_far = Progress(len(asked), answered, answered, 0, len(known), second)
                if answered >= wanted or person in asked:
                    continue
                if lot("s", person) < share_needed(wanted, so_far, days * DAY_S - second):
                    asked.add(person)
                    by_day[int(second // DAY_S)] += 1
                    due[-1] += chance.random() < self.answer
        return answered, by_day


def _tide(second: float) -> float:
    """Say how many come just then, as a multiple of the mean: by hour and by day of the week."""
    hour = 1 + 0.9 * math.sin(2 * math.pi * (second / DAY_S - 0.3))
    return hour * (1.25 if int(second // DAY_S) % 7 < 5 else 0.375)


def _poisson(mean: float, chance: random.Random) -> int:
    n, left = 0, math.exp(-mean)
    drawn = chance.random()
    while drawn > left:
        drawn *= chance.random()
        n += 1
    return n


@pytest.mark.parametrize(
    ("site", "wanted", "days"),
    [
        (Site(2_000, 0.5, 0.1), 200, 14),
        (Site(4_000, 0.8, 0.05), 100, 14),
        (Site(1_000, 0.3, 0.3), 300, 10),
        (Site(6_000, 0.2, 0.02), 60, 7),
    ],
    ids=["shop", "people who come back", "keen people", "few answer"],
)
def test_the_number_wanted_is_reached_within_a_tenth_and_spread_over_the_days(
    site: Site, wanted: int, days: int
) -> None:
    for seed in range(3):
        answered, by_day = site.run(wanted, days, random.Random(seed))
        assert abs(answered - wanted) <= max(TOLERANCE * wanted, 3), (seed, answered)
        assert sum(by_day[: days // 2]) <= 0.8 * sum(by_day), by_day
        assert sum(by_day[days // 2 :]) <= 0.8 * sum(by_day), by_day


def test_where_it_cannot_be_reached_everyone_is_asked() -> None:
    site = Site(100, 0.5, 0.05)
    answered, by_day = site.run(1_000, 7, random.Random(1))
    assert answered < 100
    assert sum(by_day) > 250  # of some 350 people who came
