"""Numbers that count: against plain tables, and known scores."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.surveys.scoring import score, scores
from tests.surveys.samples import ANSWERS, QUESTIONS, all_kinds

BY_ID = {question.id: question for question in QUESTIONS}
GOOD = {1: 0.0, 2: 2.5, 3: 5.0, 4: 7.5, 5: 10.0}
"""What an item of SUS that praises adds to the score, by its answer; one that blames adds the rest of ten."""


@given(st.lists(st.integers(1, 5), min_size=10, max_size=10))
def test_sus_adds_what_each_item_is_worth(items: list[int]) -> None:
    expected = sum(
        GOOD[item] if number in (1, 3, 5, 7, 9) else 10 - GOOD[item] for number, item in enumerate(items, 1)
    )
    value: list[int | None] = [*items]
    assert score(BY_ID["sus"], value) == expected


@pytest.mark.parametrize(
    ("items", "expected"),
    [([5, 1] * 5, 100.0), ([1, 5] * 5, 0.0), ([3] * 10, 50.0), ([5, 2, 5, 1, 4, 2, 5, 1, 4, 2], 87.5)],
)
def test_known_scores_of_sus(items: list[int | None], expected: float) -> None:
    assert score(BY_ID["sus"], items) == expected


@pytest.mark.parametrize(
    ("items", "expected"), [([1, 1], 0.0), ([7, 7], 100.0), ([4, 4], 50.0), ([7, 1], 50.0)]
)
def test_umux_lite_runs_from_0_to_100(items: list[int | None], expected: float) -> None:
    assert score(BY_ID["umux"], items) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [("sus", [1] * 9 + [None]), ("umux", [None, 3]), ("single", "price"), ("consent", True), ("nps", None)],
)
def test_what_is_not_whole_or_no_number_has_no_score(name: str, value: Any) -> None:
    assert score(BY_ID[name], value) is None


def test_a_survey_scores_each_question_that_has_a_number() -> None:
    found = scores(all_kinds(), ANSWERS)
    assert found.pop("umux") == pytest.approx(11 / 12 * 100)
    assert found == {"nps": 9, "csat": 4, "stars": 5, "faces": 2, "ces": 6, "seq": 7, "sus": 85}
