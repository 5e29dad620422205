"""The table: numbering, exactly once, what it refuses to open, and what a crash leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from obverse.errors import DataError
from obverse.event import SCHEMA, stream_key
from obverse.lake.table import CHECKPOINT_EVERY, EventTable
from tests.lake.lake_rows import DAY, NOON, Clock, a_day, files_under, ids, on_disk, rows


@pytest.fixture
def table(tmp_path: Path) -> EventTable:
    return EventTable.open(tmp_path / "lake" / "events", create=True)


def test_rows_are_numbered_from_1_in_the_order_of_their_appends(table: EventTable) -> None:
    assert table.snapshot.last_seq == 0
    table.append(rows(["a", "b"]), "inbox", 1)
    snapshot = table.append(rows(["c"]), "import:x", 1)
    assert snapshot.last_seq == 3
    assert snapshot.n_events == 3
    assert ids(table.root) == ["a", "b", "c"]


def test_day_comes_from_received_at_and_stream_from_the_user_id_first(table: EventTable) -> None:
    late = NOON - timedelta(days=40)
    table.append(
        rows(["a", "b"], time=[late, late], user_id=["ann", None], anonymous_id=["d", "d"]), "inbox", 1
    )
    found = on_disk(table.root)
    assert found["day"].to_pylist() == [DAY, DAY]
    assert found["stream"].to_pylist() == [stream_key("ann", "d"), stream_key(None, "d")]


def test_rows_come_back_as_they_went_in_with_nulls_where_a_column_was_not_given(table: EventTable) -> None:
    table.append(rows(["a"], value=[9.5], properties=['{"t":"é\\u0000 \U0001f600"}']), "inbox", 1)
    found = table.read(SCHEMA.names)
    assert found.schema.equals(SCHEMA)
    row = found.to_pylist()[0]
    assert (row["value"], row["currency"], row["properties"]) == (9.5, None, '{"t":"é\\u0000 \U0001f600"}')
    assert row["received_at"] == NOON


def test_the_same_position_adds_nothing_again_also_after_opening_anew(table: EventTable) -> None:
    table.append(rows(["a"]), "inbox", 7)
    table.append(rows(["b"]), "inbox", 7)
    again = EventTable.open(table.root, create=True)
    again.append(rows(["c"]), "inbox", 6)
    assert (again.committed("inbox"), again.committed("import:x")) == (7, 0)
    assert ids(table.root) == ["a"]


def test_a_batch_over_midnight_is_one_commit_with_a_file_a_day(table: EventTable) -> None:
    at = [NOON, NOON + timedelta(hours=13), NOON]
    snapshot = table.append(rows(["a", "b", "c"], received_at=at), "inbox", 1)
    assert snapshot.version == 1
    assert [(file.day, file.n_rows, file.min_seq, file.max_seq) for file in snapshot.files] == [
        (DAY, 2, 1, 3),
        (a_day(1), 1, 2, 2),
    ]


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"event": [None]}, "event"),
        ({"anonymous_id": [None]}, "user or anonymous id"),
        ({"received_at": [None]}, "received_at"),
        ({"value": ["much"]}, "columns"),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_name_and_leave_nothing(
    table: EventTable, columns: dict[str, list[object]], named: str
) -> None:
    before = files_under(table.root)
    with pytest.raises(DataError, match=named):
        table.append(rows(["a"], NOON, **columns), "inbox", 1)
    assert files_under(table.root) == before
    table.append(rows(["b"]), "inbox", 1)
    assert ids(table.root) == ["b"]


def test_refresh_sees_what_another_opened_table_appended_and_is_free_when_nothing_was(
    table: EventTable,
) -> None:
    reader = EventTable.open(table.root)
    before = reader.snapshot
    assert reader.refresh() is before
    for position in range(1, CHECKPOINT_EVERY + 3):
        table.append(rows([f"m{position}"]), "inbox", position)
        assert reader.refresh() == table.snapshot
    assert before.files == ()


def test_a_reader_goes_on_after_the_commits_that_it_missed_were_cleaned_away(table: EventTable) -> None:
    reader = EventTable.open(table.root)
    for position in range(1, CHECKPOINT_EVERY + 3):
        table.append(rows([f"m{position}"]), "inbox", position)
    for commit in table.root.glob("_delta_log/*.json"):
        if int(commit.stem) < CHECKPOINT_EVERY:
            commit.unlink()
    assert reader.refresh() == table.snapshot
    assert reader.committed("inbox") == CHECKPOINT_EVERY + 2


def test_the_log_is_checkpointed_so_that_opening_reads_few_commits(table: EventTable) -> None:
    for position in range(1, CHECKPOINT_EVERY + 1):
        table.append(rows([f"m{position}"]), "inbox", position)
    last = json.loads((table.root / "_delta_log" / "_last_checkpoint").read_text())
    assert last["version"] == CHECKPOINT_EVERY
    assert EventTable.open(table.root).snapshot == table.snapshot


def test_opening_a_lake_that_is_not_there_says_so_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no lake at"):
        EventTable.open(tmp_path / "events")
    assert list(tmp_path.iterdir()) == []


def set_property(table: EventTable, name: str, value: str) -> None:
    DeltaTable(str(table.root)).alter.set_table_properties({name: value}, raise_if_not_exists=False)


def damage_first_commit(table: EventTable) -> None:
    (table.root / "_delta_log" / f"{0:020d}.json").write_text("{nonsense")


def damage_middle_commit(table: EventTable) -> None:
    (table.root / "_delta_log" / f"{1:020d}.json").write_bytes(b"\0" * 300)


def lose_log(table: EventTable) -> None:
    for file in (table.root / "_delta_log").iterdir():
        file.unlink()
    (table.root / "_delta_log").rmdir()


def need_later_protocol(table: EventTable) -> None:
    commit = {"protocol": {"minReaderVersion": 99, "minWriterVersion": 99}}
    (table.root / "_delta_log" / f"{3:020d}.json").write_text(json.dumps(commit))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda table: set_property(table, "obverse.format", "2"), "format '2'"),
        (damage_first_commit, "damaged"),
        (damage_middle_commit, "damaged"),
        (lose_log, "no readable Delta log"),
        (need_later_protocol, "later version|damaged"),
    ],
)
def test_a_damaged_or_later_lake_is_a_clear_error_and_nothing_is_overwritten(
    table: EventTable, spoil: object, message: str
) -> None:
    table.append(rows(["a"]), "inbox", 1)
    table.append(rows(["b"]), "inbox", 2)
    assert callable(spoil)
    spoil(table)
    before = files_under(table.root)
    with pytest.raises(DataError, match=message):
        EventTable.open(table.root, create=True)
    assert files_under(table.root) == before


def test_a_delta_table_of_someone_else_is_not_written_to(tmp_path: Path) -> None:
    DeltaTable.create(str(tmp_path), pa.schema([("x", pa.int64())]))
    before = files_under(tmp_path)
    with pytest.raises(DataError, match="not made by Obverse"):
        EventTable.open(tmp_path, create=True)
    assert files_under(tmp_path) == before


@pytest.mark.parametrize("left", [b"", b"\0" * 400, b'{"commitInfo":{}}\n{"add":{"pa'])
def test_a_commit_cut_short_by_a_power_cut_is_set_aside_and_its_events_come_again(
    table: EventTable, left: bytes
) -> None:
    table.append(rows(["a"]), "inbox", 1)
    table.append(rows(["b"]), "inbox", 2)
    (table.root / "_delta_log" / f"{2:020d}.json").write_bytes(left)
    again = EventTable.open(table.root, create=True)
    assert again.committed("inbox") == 1
    again.append(rows(["b"]), "inbox", 2)
    assert ids(table.root) == ["a", "b"]
    assert (table.root / "_delta_log" / f"{2:020d}.json.torn").read_bytes() == left


class Failing:
    """The Delta library, reporting an error at a commit: before it is made, or after."""

    def __init__(self, delta: DeltaTable, commits: bool) -> None:
        self.delta, self.commits = delta, commits

    def __getattr__(self, name: str) -> object:
        return getattr(self.delta, name)

    def create_write_transaction(self, *args: object, **named: object) -> None:
        if self.commits:
            self.delta.create_write_transaction(*args, **named)  # type: ignore[arg-type]
        raise OSError(28, "No space left on device")


def test_a_commit_that_failed_leaves_no_file_and_may_be_tried_again(
    table: EventTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files_under(table.root)
    with monkeypatch.context() as patch:
        patch.setattr(table, "_delta", Failing(table._delta, commits=False))
        with pytest.raises(OSError, match="No space left"):
            table.append(rows(["a"]), "inbox", 1)
    assert files_under(table.root) == before
    table.append(rows(["a"]), "inbox", 1)
    assert ids(table.root) == ["a"]


def test_a_commit_that_went_in_although_it_reported_an_error_counts(
    table: EventTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(table, "_delta", Failing(table._delta, commits=True))
        table.append(rows(["a"]), "inbox", 1)
    table.append(rows(["b"]), "inbox", 2)
    assert ids(table.root) == ["a", "b"]


def test_a_checkpoint_cut_short_is_set_aside_since_the_commits_are_there(table: EventTable) -> None:
    for position in range(1, CHECKPOINT_EVERY + 1):
        table.append(rows([f"m{position}"]), "inbox", position)
    checkpoint = table.root / "_delta_log" / f"{CHECKPOINT_EVERY:020d}.checkpoint.parquet"
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    assert EventTable.open(table.root, create=True).snapshot == table.snapshot


def test_read_filters_by_bound_values_and_gives_an_empty_lake_its_columns(table: EventTable) -> None:
    assert table.read(["seq", "event"]).num_rows == 0
    table.append(rows(["a", "b"], event=["X", "O'Y"]), "inbox", 1)
    assert table.read(["message_id", "day"], "event = ?", ["O'Y"]).to_pylist() == [
        {"message_id": "b", "day": DAY}
    ]


def test_statistics_in_the_log_hold_the_exact_range_of_seq_and_time(table: EventTable) -> None:
    times = [NOON - timedelta(days=3, microseconds=1), NOON]
    table.append(rows(["a", "b"], time=times), "inbox", 1)
    stats = pa.table(DeltaTable(str(table.root)).get_add_actions(flatten=True)).to_pylist()[0]
    assert (stats["min.seq"], stats["max.seq"], stats["num_records"]) == (1, 2, 2)
    assert [stats["min.time"], stats["max.time"]] == times


def test_times_in_the_log_come_from_the_clock_given(tmp_path: Path) -> None:
    table = EventTable.open(tmp_path / "events", create=True, clock=Clock(1_000_000.0))
    table.append(rows(["a"]), "inbox", 1)
    added = (table.root / "_delta_log" / f"{1:020d}.json").read_text()
    assert '"modificationTime":1000000000' in added


FULL_DISK = """
import resource, sys
from tests.lake.lake_rows import files_under, ids, rows
from obverse.lake.table import EventTable

table = EventTable.open(sys.argv[1], create=True)
table.append(rows(["a"]), "inbox", 1)
before = files_under(table.root)
large = rows([f"{i * 7919:x}" for i in range(30_000)])
for limit in (0, 300, 3_000, 50_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        table.append(large, "inbox", 2)
        sys.exit(f"{limit} bytes were enough")
    except OSError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert files_under(table.root) == before, limit
assert table.append(large, "inbox", 2).n_events == 30_001
assert len(ids(table.root)) == 30_001
"""


def test_an_append_that_finds_no_room_leaves_nothing_and_succeeds_once_there_is(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "events")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
