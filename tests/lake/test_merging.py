"""Which files are rewritten together."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.lake.merging import FAN_IN, MAX_MERGED_ROWS, MAX_SORTED_ROWS, due_for_merge, due_for_sealing
from obverse.lake.snapshot import DataFile
from tests.lake.lake_rows import DAY, a_day


def file(n_rows: int, day: date = DAY, sealed: bool = False, at: int = 0) -> DataFile:
    return DataFile(f"/lake/{at}", day, n_rows, 1, n_rows, n_rows, sealed)


@settings(max_examples=25)
@given(st.lists(st.integers(1, 3_000), min_size=400, max_size=400))
def test_a_file_a_second_never_leaves_more_than_sixty_files_and_rewrites_each_row_a_few_times(
    sizes: list[int],
) -> None:
    files: list[DataFile] = []
    n_rewritten = 0
    for at, n_rows in enumerate(sizes):
        files.append(file(n_rows, at=at))
        while chosen := due_for_merge(files):
            n_rewritten += sum(each.n_rows for each in chosen)
            files = [each for each in files if each not in chosen]
            files.append(file(sum(each.n_rows for each in chosen), at=at))
        assert len(files) <= 60
    assert sum(each.n_rows for each in files) == sum(sizes)
    assert n_rewritten <= 7 * sum(sizes)


def test_few_files_large_files_and_files_of_different_days_are_left_alone() -> None:
    assert due_for_merge([]) == []
    assert due_for_merge([file(100, at=i) for i in range(FAN_IN - 1)]) == []
    assert due_for_merge([file(MAX_MERGED_ROWS, at=i) for i in range(50)]) == []
    assert due_for_merge([file(100, a_day(i), at=i) for i in range(50)]) == []
    assert due_for_merge([file(100, sealed=True, at=i) for i in range(50)]) == []


def test_days_are_sealed_one_at_a_time_the_oldest_first_and_today_never() -> None:
    files = [file(5, a_day(-1), at=1), file(7, a_day(-2), at=2), file(9, a_day(-2), at=3), file(4, at=4)]
    assert due_for_sealing(files, DAY) == [files[1], files[2]]
    assert due_for_sealing(files[:1], DAY) == files[:1]
    assert due_for_sealing(files[3:], DAY) == []
    assert due_for_sealing([file(5, a_day(-1), sealed=True)], DAY) == []


def test_late_rows_take_along_a_small_sealed_file_but_do_not_rewrite_a_large_one() -> None:
    late = file(10, a_day(-1), at=1)
    small, large = (file(n, a_day(-1), sealed=True, at=n) for n in (10 * FAN_IN, 1_000_000))
    assert due_for_sealing([late, large, small], DAY) == [late, small]


def test_no_more_rows_are_sorted_together_than_may_be() -> None:
    half = MAX_SORTED_ROWS // 2
    fresh = [file(half, a_day(-1), at=i) for i in range(5)]
    assert due_for_sealing(fresh, DAY) == fresh[:2]
    old = file(half, a_day(-1), sealed=True)
    assert due_for_sealing([old, *fresh[:2]], DAY) == fresh[:2]
    assert due_for_sealing([old, fresh[0]], DAY) == [fresh[0], old]
    huge = file(MAX_SORTED_ROWS + 5, a_day(-1))
    assert due_for_sealing([huge, file(MAX_SORTED_ROWS, a_day(-1), sealed=True)], DAY) == [huge]
    many = [file(MAX_MERGED_ROWS - 1, at=i) for i in range(FAN_IN)]
    assert due_for_merge(many) == many[:2]
