"""Sorted runs against Python's own set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.lake.hashing import Keys
from obverse.lake.runs import map_run, merged, sorted_run, write_merged

WORDS = st.sampled_from([0, 1, 2, 1 << 60, (1 << 60) + 1, 1 << 63, (1 << 64) - 1]) | st.integers(0, 2**64 - 1)
PAIRS = st.lists(st.tuples(WORDS, WORDS), max_size=30)
Pairs = list[tuple[int, int]]


def keys(pairs: Pairs) -> tuple[Keys, Keys]:
    upper, lower = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(upper, np.uint64), np.array(lower, np.uint64)


@given(PAIRS, PAIRS, PAIRS)
def test_a_merge_holds_what_either_run_held_and_nothing_else(a: Pairs, b: Pairs, asked: Pairs) -> None:
    both = merged(sorted_run(*keys(a)), sorted_run(*keys(b)))
    questions = [*asked, *a, *b]
    assert both.holds(*keys(questions)).tolist() == [pair in {*a, *b} for pair in questions]
    assert list(zip(both.upper.tolist(), both.lower.tolist(), strict=True)) == sorted([*a, *b])


@settings(max_examples=20)
@given(PAIRS, PAIRS)
def test_a_run_comes_back_from_its_file(tmp_path_factory: pytest.TempPathFactory, a: Pairs, b: Pairs) -> None:
    path = tmp_path_factory.mktemp("runs") / "1.keys"
    write_merged(path, sorted_run(*keys([*a, (7, 7)])), sorted_run(*keys(b)))
    found = map_run(path, len(a) + len(b) + 1)
    assert list(zip(found.upper.tolist(), found.lower.tolist(), strict=True)) == sorted([*a, *b, (7, 7)])


@pytest.mark.parametrize("spoil", [lambda body: body[:-1], lambda body: b"x" + body[1:]])
def test_a_file_that_is_not_what_was_written_is_refused(tmp_path: Path, spoil: object) -> None:
    path = tmp_path / "1.keys"
    write_merged(path, sorted_run(*keys([(1, 2)])), sorted_run(*keys([])))
    assert callable(spoil)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ValueError, match="keys"):
        map_run(path, 1)
