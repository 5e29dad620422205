"""Merging, sealing and deleting files: every row stays, once, and readers are not disturbed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from obverse.lake import datafile
from obverse.lake import table as table_module
from obverse.lake.datafile import ROW_GROUP
from obverse.lake.table import EventTable
from obverse.lake.upkeep import GRACE_S, SEAL_AND_VACUUM_EVERY_S, Upkeep, sealable_before
from tests.lake.lake_rows import DAY, NOON, Clock, a_day, ids, on_disk, row_groups, rows

LATER = DAY + timedelta(days=30)


@pytest.fixture
def table(tmp_path: Path) -> EventTable:
    return EventTable.open(tmp_path / "lake" / "events", create=True)


def fill(table: EventTable, n_appends: int, n_rows: int = 3, at: datetime = NOON) -> pa.Table:
    first = table.committed("inbox") + 1
    for position in range(first, first + n_appends):
        names = [f"{'CAB'[i % 3]}{position}" for i in range(n_rows)]
        message_ids = [f"{position}-{i}" for i in range(n_rows)]
        times = [at - timedelta(seconds=(i * 7919) % 100) for i in range(n_rows)]
        table.append(rows(message_ids, at, event=names, time=times), "inbox", position)
    return on_disk(table.root)


def test_merging_keeps_every_row_and_leaves_few_files(table: EventTable) -> None:
    before = fill(table, 20)
    assert table.compact() == 1
    assert len(table.snapshot.files) == 1
    assert on_disk(table.root).equals(before)
    assert table.snapshot.last_seq == 60
    assert table.compact() == 0


def test_a_sealed_day_is_one_file_sorted_by_event_stream_and_time(table: EventTable) -> None:
    before = fill(table, 3, 50)
    assert table.seal(LATER) == 1
    (file,) = table.snapshot.files
    assert (file.sealed, file.day, file.n_rows, file.min_seq, file.max_seq) == (True, DAY, 150, 1, 150)
    assert on_disk(table.root).equals(before)
    with duckdb.connect() as con:
        order = con.execute(
            "SELECT event, stream, epoch_us(time), seq FROM read_parquet(?)", [file.path]
        ).fetchall()
    assert order == sorted(order)
    assert table.seal(LATER) == 0


def test_row_groups_of_a_sealed_day_can_be_skipped_by_event(table: EventTable) -> None:
    n = ROW_GROUP + 1000
    names = ["View"] * (n - 500) + ["Buy"] * 500
    table.append(rows([f"{i}" for i in range(n)], event=names), "inbox", 1)
    table.seal(LATER)
    path = table.snapshot.files[0].path
    assert row_groups(path, "event") == [("Buy", "View"), ("View", "View")]
    lows, highs = zip(*row_groups(path, "seq"), strict=True)
    assert (min(lows), max(highs)) == (1, n)


def test_a_huge_day_becomes_several_files_that_each_hold_a_range_of_events(
    table: EventTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(table, 2, 300)
    monkeypatch.setattr(table_module, "MAX_FILE_ROWS", 1)
    monkeypatch.setattr("obverse.lake.merging._BATCH", 2048)
    monkeypatch.setattr(datafile, "ROW_GROUP", 2048)
    before = fill(table, 1, 5000)
    table.seal(LATER)
    assert len(table.snapshot.files) == 3
    assert on_disk(table.root).equals(before)
    ranges = sorted(each for file in table.snapshot.files for each in row_groups(file.path, "event"))
    assert all(a[1] <= b[0] for a, b in pairwise(ranges))  # type: ignore[operator]


def test_a_sort_that_needs_more_memory_gets_it(table: EventTable, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fill(table, 2, 40_000)
    monkeypatch.setattr(table_module, "MEMORY", ("1MB", "256MB"))
    table.seal(LATER)
    assert on_disk(table.root).equals(before)
    monkeypatch.setattr(table_module, "MEMORY", ("1MB",))
    before = fill(table, 1, 40_000)
    with pytest.raises(duckdb.OutOfMemoryException):
        table.seal(LATER)
    assert on_disk(table.root).equals(before)


def test_days_from_the_given_one_on_are_not_sealed(table: EventTable) -> None:
    fill(table, 1)
    fill(table, 1, at=NOON + timedelta(days=1))
    table.seal(a_day(1))
    assert [file.sealed for file in table.snapshot.files] == [True, False]


def test_rows_that_come_late_to_a_sealed_day_are_sealed_with_it(table: EventTable) -> None:
    fill(table, 1)
    table.seal(LATER)
    before = fill(table, 1)
    table.seal(LATER)
    (file,) = table.snapshot.files
    assert file.sealed
    assert on_disk(table.root).equals(before)


def test_rows_appended_while_a_day_is_sorted_stay(table: EventTable, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(table, 2)
    meanwhile = iter([table])
    write = datafile.write

    def slow_write(root: Path, kind: str, *rest: object) -> object:
        if kind == "sealed":
            for each in meanwhile:
                fill(each, 1)
        return write(root, kind, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(table_module, "write", slow_write)
    assert table.seal(LATER) == 2
    assert len(ids(table.root)) == 9


def test_a_rewrite_whose_files_another_process_replaced_meanwhile_is_dropped(
    table: EventTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fill(table, 2)
    write = datafile.write

    def slow_write(root: Path, kind: str, *rest: object) -> object:
        written = write(root, kind, *rest)  # type: ignore[arg-type]
        with monkeypatch.context() as patch:
            patch.setattr(table_module, "write", write)
            EventTable.open(table.root, create=True).seal(LATER)
        return written

    monkeypatch.setattr(table_module, "write", slow_write)
    table.seal(LATER)
    assert on_disk(table.root).equals(before)


def test_a_rewrite_that_would_lose_rows_is_refused(
    table: EventTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fill(table, 2)
    write = datafile.write
    short: Callable[..., object] = lambda root, kind, day, batches, *rest: write(  # noqa: E731 - one line
        root, kind, day, [next(iter(batches)).slice(1)], *rest
    )
    with monkeypatch.context() as patch:
        patch.setattr(table_module, "write", short)
        with pytest.raises(Exception, match="gave 5 rows, not 6"):
            table.seal(LATER)
    assert on_disk(table.root).equals(before)
    assert len(list(table.root.glob("day=*/sealed-*"))) == 0


def test_interrupt_ends_a_sort_and_nothing_of_it_is_kept(table: EventTable) -> None:
    before = fill(table, 10)
    table.interrupt()
    with pytest.raises(duckdb.InterruptException):
        table.seal(LATER)
    assert on_disk(table.root).equals(before)
    assert list(table.root.glob("day=*/sealed-*")) == []
    assert list(table.scratch.iterdir()) == []
    table.append(rows(["still appends"]), "inbox", 99)


def test_vacuum_deletes_replaced_and_stray_files_only_after_the_retention(table: EventTable) -> None:
    fill(table, 10)
    old = table.snapshot
    table.compact()
    stray = table.root / f"day={DAY}" / "part-left-by-a-crash.parquet"
    stray.write_bytes(b"half a file")
    assert table.vacuum() == 0
    assert all(Path(file.path).exists() for file in old.files)
    assert stray.exists()
    os.utime(stray, (0, 0))
    assert table.vacuum() == 1
    assert table.vacuum(retention_hours=0) == 10
    assert not any(Path(file.path).exists() for file in old.files)
    assert len(ids(table.root)) == 30
    table.append(rows(["x"]), "inbox", 99)
    assert len(ids(table.root)) == 31


def test_the_log_is_cleaned_of_commits_that_a_checkpoint_covers(table: EventTable) -> None:
    fill(table, 40, 1)
    log = table.root / "_delta_log"
    for commit in log.glob("*.json"):
        os.utime(commit, (0, 0))
    table.vacuum()
    assert len(list(log.glob("*.json"))) < 15
    assert len(ids(table.root)) == 40
    assert EventTable.open(table.root).committed("inbox") == 40


def test_a_past_day_is_sealed_once_nothing_was_appended_to_it_for_a_while(table: EventTable) -> None:
    fill(table, 1)
    written_at = os.path.getmtime(table.snapshot.files[0].path)
    midnight = datetime.fromtimestamp(written_at, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    past = (midnight + timedelta(days=2)).timestamp()
    today = (midnight + timedelta(days=2)).date()
    assert sealable_before(table.snapshot, past + GRACE_S) == today
    assert sealable_before(table.snapshot, past + GRACE_S - 1) == today - timedelta(days=1)
    assert sealable_before(table.snapshot, written_at + GRACE_S - 1) == DAY
    assert sealable_before(table.snapshot, written_at + GRACE_S + 1) > DAY


def test_upkeep_merges_every_time_and_seals_and_vacuums_now_and_then(table: EventTable) -> None:
    fill(table, 10)
    clock = Clock((NOON + timedelta(days=30_000)).timestamp())
    upkeep = Upkeep(table, clock)
    upkeep.run_once()
    assert [file.sealed for file in table.snapshot.files] == [True]
    assert (upkeep.status.n_rewrites, upkeep.status.error) == (2, None)
    fill(table, 10)
    upkeep.run_once()
    assert [file.sealed for file in table.snapshot.files] == [True, False]
    clock.now += SEAL_AND_VACUUM_EVERY_S
    upkeep.run_once()
    assert [file.sealed for file in table.snapshot.files] == [True]


def test_the_thread_goes_on_after_an_error_and_ends_when_told(
    table: EventTable, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fill(table, 10)
    monkeypatch.setattr("obverse.lake.upkeep.EVERY_S", 0.01)
    upkeep = Upkeep(table)
    failed, went_on = threading.Event(), threading.Event()
    compact = table.compact

    def once_without_room() -> int:
        if not failed.is_set():
            failed.set()
            raise OSError(28, "No space left on device")
        n_rewrites = compact()
        went_on.set()
        return n_rewrites

    monkeypatch.setattr(table, "compact", once_without_room)
    upkeep.start()
    assert went_on.wait(30)
    upkeep.stop()
    assert "upkeep of the lake failed" in caplog.text
    assert len(ids(table.root)) == 30
