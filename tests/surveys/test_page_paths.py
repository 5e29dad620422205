"""Paths: a star is anything, and nothing a pattern says takes long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.surveys.paths import fits


@given(st.text("a/*.", max_size=8), st.text("a/*.", max_size=8))
def test_it_is_what_a_regular_expression_says(pattern: str, path: str) -> None:
    meant = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
    assert fits(pattern, path) == (meant.fullmatch(path) is not None)


@pytest.mark.parametrize("pattern", ["*a" * 50 + "b", "*" * 100])
def test_it_is_quick_whatever_the_pattern(pattern: str) -> None:
    began = time.process_time()
    fits(pattern, "a" * 4_000)
    assert time.process_time() - began < 0.1
