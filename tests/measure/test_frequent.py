"""Counts in bounded room: exact while they fit, and never off by more than they say."""

from __future__ import annotations

import os
from collections import Counter
from functools import reduce
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.measure.frequent import FIRST, Frequent, Room, row_of
from obverse.measure.kernel import kernel
from obverse.tape.layout import Int64s
from tests.measure.laws import check_laws

WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
PROFILE = settings(max_examples=50 if WITHOUT_JIT else 200)
LARGEST = (1 << 62) - 1


@kernel
def _count_all(table: object, ints: Int64s, keys: Int64s) -> None:
    for at in range(len(keys)):
        ints[row_of(table, keys[at]), FIRST] += 1


def counted(keys: list[int], keep: int, *, ranked: bool = False) -> Frequent:
    room = Room(keep, 1, ranked=ranked)
    _count_all(room.table, room.ints, np.array(keys, dtype=np.int64))
    return Frequent.of(room.table, room, n_sums=1)


KEYS = st.one_of(st.integers(0, 8), st.integers(0, 40), st.sampled_from([LARGEST, LARGEST - 1]))


@PROFILE
@given(
    st.lists(KEYS, max_size=200), st.integers(1, 12), st.lists(st.integers(0, 200), max_size=5), st.randoms()
)
def test_no_count_is_off_by_more_than_the_error_however_parts_are_merged(
    keys: list[int], keep: int, cuts: list[int], chance: object
) -> None:
    bounds = [0, *sorted(min(cut, len(keys)) for cut in cuts), len(keys)]
    parts = [counted(keys[low:high], keep) for low, high in pairwise(bounds)]
    while len(parts) > 1:  # in any order
        one = parts.pop(chance.randrange(len(parts)))  # type: ignore[attr-defined]
        other = parts.pop(chance.randrange(len(parts)))  # type: ignore[attr-defined]
        parts.append(one.merge(other))
    found, truth = parts[0], Counter(keys)
    assert found.error <= len(keys) / (keep + 1)
    assert len(found.keys) <= keep
    seen = dict(zip(found.keys.tolist(), range(len(found.keys)), strict=True))
    for key, n in truth.items():
        if key in seen:
            row = seen[key]
            assert found.sums[row, 0] <= n <= found.mass[row] + found.error
        else:
            assert n <= found.error


@PROFILE
@given(st.lists(KEYS, max_size=60), st.lists(st.integers(0, 60), max_size=4))
def test_where_all_keys_fit_merging_is_exact(keys: list[int], cuts: list[int]) -> None:
    check_laws(
        lambda part: counted(keys[part.start : part.stop], 64), len(keys), [min(c, len(keys)) for c in cuts]
    )
    found = counted(keys, 64)
    assert dict(zip(found.keys.tolist(), found.sums[:, 0].tolist(), strict=True)) == Counter(keys)
    assert found.error == 0
    assert found.n_distinct == (len(set(keys)),) * 3


@pytest.mark.parametrize("n", [300, 5_000, 60_000])
def test_how_many_keys_there_were_is_estimated_where_they_do_not_fit(n: int) -> None:
    if WITHOUT_JIT and n > 5_000:
        pytest.skip("slow without the compiler")
    keys = np.random.default_rng(n).integers(0, LARGEST, n)
    parts = [counted(part.tolist(), 64, ranked=True) for part in np.array_split(np.repeat(keys, 2), 3)]
    found, low, high = reduce(lambda a, b: a.merge(b), parts).n_distinct
    assert low <= n <= high
    assert abs(found - n) < 0.05 * n
