"""Numbers are written as people read them."""

from __future__ import annotations

import doctest
import math

import pytest

from obverse.web.pages import figures
from obverse.web.pages.figures import (
    THIN,
    change,
    count,
    money,
    money_range,
    percent,
    percent_range,
    short,
    span,
)


def plain(text: str) -> str:
    return text.replace(THIN, "_")


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(figures).failed == 0


@pytest.mark.parametrize("write", [count, short, money, percent, span])
@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_what_cannot_be_said_is_a_dash(write: object, missing: float | None) -> None:
    assert callable(write)
    assert write(missing) == "—"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (999, "999"),
        (999.6, "1_k"),
        (999_499, "999_k"),
        (999_500, "1_M"),
        (1_234_567_890, "1.23_bn"),
        (5e15, "5000_T"),
        (-48_112, "-48.1_k"),
        (0.004, "0"),
    ],
)
def test_a_short_number_has_three_figures_and_a_letter(number: float, text: str) -> None:
    assert plain(short(number)) == text


def test_an_interval_writes_its_unit_once_and_tells_its_ends_apart() -> None:
    assert plain(percent_range(0.03, 0.0352)) == "3.0–3.5_%"
    assert plain(percent_range(0.00011, 0.00013)) == "0.011–0.013_%"
    assert plain(money_range(980_000, 1_060_000, "USD")) == "$_0.98–1.06_M"
    assert plain(money_range(-200, 300, "EUR")) == "€_−200 to 300"
    assert percent_range(None, 0.5) == ""
    assert plain(percent_range(0.5, 0.5)) == "50_%"


def test_a_change_has_a_sign_and_says_nothing_of_what_began_at_nothing() -> None:
    assert plain(change(112, 100)) == "+12_%"
    assert plain(change(98.5, 100)) == "−1.5_%"
    assert plain(change(100, 100)) == "±0_%"
    assert plain(change(4200, 100)) == "×_42"
    assert change(5, 0) == ""
    assert change(None, 3) == ""
