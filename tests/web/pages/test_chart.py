"""Lines and bars stand where their numbers say."""

from __future__ import annotations

import doctest
import re

from hypothesis import given
from hypothesis import strategies as st

from obverse.web.pages import chart
from obverse.web.pages.chart import WIDTH, axis_top, columns, day_ticks, line_chart, narrowing, nice_ceiling

values = st.lists(st.none() | st.floats(0, 1e12), min_size=1, max_size=40)


def names(n: int) -> list[str]:
    return [f"day {i}" for i in range(n)]


def numbers(path: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", path)]


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(chart).failed == 0


@given(values)
def test_every_line_stays_in_its_picture(series: list[float | None]) -> None:
    made = line_chart(series, titles=names(len(series)), labels=names(len(series)), height=100)
    for path in (made.line, made.area):
        places = numbers(path)
        assert all(0 <= x <= WIDTH for x in places[::2])
        assert all(0 <= y <= 100 for y in places[1::2])
    assert len(made.points) == len(series)


def test_a_gap_in_the_numbers_is_a_gap_in_the_line() -> None:
    made = line_chart([1.0, None, 3.0, 4.0], titles=names(4), labels=names(4))
    assert made.line.count("M") == 2
    assert made.points[1].y is None


def test_the_highest_value_stands_highest() -> None:
    made = line_chart([1.0, 4.0, 2.0], titles=names(3), labels=names(3), axis=False, height=50)
    heights = [point.y for point in made.points]
    assert heights[1] == min(y for y in heights if y is not None)


def test_a_day_that_is_not_over_is_drawn_apart() -> None:
    made = line_chart([1.0, 2.0, 3.0], titles=names(3), labels=names(3), unfinished=True)
    assert made.line.count("L") == 1
    assert made.tail.count("L") == 1
    assert numbers(made.line)[-2:] == numbers(made.tail)[:2]


def test_nothing_at_all_draws_nothing_and_does_not_fail() -> None:
    made = line_chart([], titles=[], labels=[])
    assert (made.line, made.area, made.points, made.last, made.ticks_x) == ("", "", (), None, ())
    assert columns([], [], 50) == ()
    assert axis_top([], []) == 1.0


def test_the_interval_is_drawn_around_the_line() -> None:
    made = line_chart(
        [5.0, 5.0], titles=names(2), labels=names(2), low=[4.0, None], high=[6.0, 7.0], height=100
    )
    ys = numbers(made.band)[1::2]
    line_y = numbers(made.line)[1]
    assert min(ys) < line_y < max(ys)


@given(st.floats(1e-9, 1e15))
def test_an_axis_ends_at_or_above_its_highest_value_but_not_far(top: float) -> None:
    assert top * (1 - 1e-6) <= nice_ceiling(top) <= top * 1.7


@given(st.integers(1, 400), st.integers(2, 12))
def test_labels_are_few_and_in_order(n: int, most: int) -> None:
    ticks = day_ticks(names(n), most)
    assert 1 <= len(ticks) <= most
    assert [tick.at for tick in ticks] == sorted(tick.at for tick in ticks)


def test_a_column_too_small_to_see_is_still_there_and_zero_is_not() -> None:
    full, tiny, zero, missing = columns([1e9, 1.0, 0.0, None], names(4), 80)
    assert (full.height, tiny.height, zero.height, missing.height) == (80, 1, 0, 0)


def test_what_is_lost_is_the_wedge_between_two_bars() -> None:
    through, lost = narrowing(1.0, 0.4, 46)
    assert max(numbers(through)) == WIDTH
    assert "400.0" in lost
    assert narrowing(0.5, 0.5, 46)[1] == ""
    assert narrowing(0.2, 0.6, 46)[1] == ""
