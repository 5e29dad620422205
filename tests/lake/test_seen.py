"""The index of message ids: what is a duplicate, for how long, and that it can always be made again."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.lake import seen as seen_module
from obverse.lake.seen import PERIOD_DAYS, Seen, append_new
from obverse.lake.table import EventTable
from tests.lake.lake_rows import NOON, Clock, ids, rows


class Rig:
    """A lake and its index in one folder, which can be closed, lost and opened anew."""

    def __init__(self, root: Path, now: datetime = NOON) -> None:
        self.clock = Clock(now.timestamp())
        self.path = root / "seen.db"
        self.table = EventTable.open(root / "lake" / "events", create=True, clock=self.clock)
        self.seen = Seen.open(self.path, self.table, self.clock)
        self.position = 0

    def append(self, message_ids: list[str], **columns: Sequence[object]) -> tuple[int, int]:
        self.position += 1
        at = datetime.fromtimestamp(self.clock.now, UTC)
        return append_new(self.table, self.seen, rows(message_ids, at, **columns), "inbox", self.position)

    def crash(self) -> None:
        """What is in memory is gone."""
        self.seen = Seen.open(self.path, self.table, self.clock)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_message_that_comes_again_is_left_out_and_counted(rig: Rig) -> None:
    assert rig.append(["a", "b", "a"]) == (2, 1)
    assert rig.append(["b", "c"]) == (1, 1)
    assert rig.append(["a", "c"]) == (0, 2)
    assert ids(rig.table.root) == ["a", "b", "c"]
    assert rig.seen.duplicates() == {NOON.date(): 4}
    assert len(rig.seen) == 3


def test_of_equal_messages_in_a_batch_the_first_is_kept(rig: Rig) -> None:
    rig.append(["a", "b", "a"], event=["first", "other", "second"])
    assert rig.table.read(["event"])["event"].to_pylist() == ["first", "other"]


def test_two_sources_may_use_the_same_message_id(rig: Rig) -> None:
    assert rig.append(["1", "1"], source=["shop", "kiosk"]) == (2, 0)
    assert rig.append(["1:b", "b"], source=["a", "a1:"]) == (2, 0)


def test_a_message_that_two_threads_bring_at_once_is_kept_once(rig: Rig) -> None:
    both = threading.Barrier(2)

    def bring(app_id: str) -> int:
        both.wait(10)
        return sum(append_new(rig.table, rig.seen, rows([f"m{n}"]), app_id, n)[0] for n in range(1, 21))

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(bring, ("inbox", "import:a"))) == 20
    assert ids(rig.table.root) == [f"m{n}" for n in range(1, 21)]


def test_the_same_position_does_nothing(rig: Rig) -> None:
    append_new(rig.table, rig.seen, rows(["a"]), "import:x", 5)
    assert append_new(rig.table, rig.seen, rows(["b"]), "import:x", 5) == (0, 0)
    assert append_new(rig.table, rig.seen, rows(["a", "b"]), "import:x", 6) == (1, 1)


def test_ids_are_known_for_at_least_30_days_and_forgotten_some_time_after(tmp_path: Path) -> None:
    rig = Rig(tmp_path, datetime(2026, 1, 1, tzinfo=UTC))
    start = rig.clock.now
    for day in range(0, 200, 5):
        rig.clock.now = start + day * 86_400
        rig.append([f"m{day}"])
        within = [f"m{earlier}" for earlier in range(0, day + 1, 5) if day - earlier <= PERIOD_DAYS]
        assert rig.append(within) == (0, len(within))
        assert len(rig.seen) <= 2 * PERIOD_DAYS / 5 + 1
    rig.crash()
    assert len(rig.seen) <= 2 * PERIOD_DAYS / 5 + 1
    assert rig.append(["m0"]) == (1, 0)


def test_after_a_crash_between_the_lake_and_the_index_the_lake_tells(rig: Rig) -> None:
    rig.append(["a"])
    rig.seen.flush()
    rig.table.append(rows(["b", "c"]), "inbox", 2)  # the process dies before the index hears of it
    rig.crash()
    rig.position = 2
    assert rig.append(["b", "c", "d"]) == (1, 2)


def test_what_the_index_missed_while_running_is_caught_up_before_the_next_append(rig: Rig) -> None:
    rig.table.append(rows(["a"]), "import:x", 1)
    assert rig.append(["a", "b"]) == (1, 1)


def lose(path: Path) -> None:
    for file in path.parent.glob("seen.db*"):
        file.unlink()


def garble(path: Path) -> None:
    path.write_bytes(b"not a database at all, and long enough to be looked at" * 100)


def lose_a_run(path: Path) -> None:
    next(path.with_suffix(".runs").iterdir()).unlink()


def cut_a_run(path: Path) -> None:
    run = next(path.with_suffix(".runs").iterdir())
    run.write_bytes(run.read_bytes()[:-8])


def from_another_version(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


def from_a_longer_lake(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE mark SET value = 1000")
    db.close()


@pytest.mark.parametrize(
    "spoil", [lose, garble, lose_a_run, cut_a_run, from_another_version, from_a_longer_lake]
)
def test_a_missing_or_damaged_index_is_made_again_from_the_lake(rig: Rig, spoil: object) -> None:
    rig.append(["a", "b"])
    rig.clock.now += 86_400
    rig.append(["c"])
    rig.seen.close()
    assert callable(spoil)
    spoil(rig.path)
    rig.crash()
    assert len(rig.seen) == 3
    assert rig.append(["a", "b", "c", "d"]) == (1, 3)


def test_making_it_again_reads_only_the_days_that_matter(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NOON - timedelta(days=100))
    rig.append(["old"])
    rig.clock.now = NOON.timestamp()
    rig.append(["new"])
    rig.seen.close()
    lose(rig.path)
    rig.crash()
    assert len(rig.seen) == 1
    assert rig.seen.last_seq == 2


def test_a_closed_index_opens_without_reading_the_lake(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.append(["a", "b"])
    rig.seen.close()
    monkeypatch.setattr(Seen, "_read", None)
    rig.crash()
    assert len(rig.seen) == 2


def test_files_that_no_one_lists_are_deleted_on_opening(rig: Rig) -> None:
    stray = rig.seen.runs_folder / "00000099.keys"
    stray.write_bytes(b"left by a crash")
    rig.crash()
    assert not stray.exists()


def test_a_disk_that_is_full_loses_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(seen_module, "FLUSH_KEYS", 1)
    with monkeypatch.context() as patch:
        patch.setattr(seen_module, "write_merged", full)
        with pytest.raises(OSError, match="No space"):
            rig.append(["a"])
    assert append_new(rig.table, rig.seen, rows(["a"]), "inbox", rig.position) == (0, 0)
    assert rig.append(["a", "b"]) == (1, 1)
    rig.crash()
    assert rig.append(["a", "b"]) == (0, 2)


STEPS = st.lists(
    st.tuples(st.lists(st.integers(0, 40), max_size=12), st.integers(0, 45), st.booleans()), max_size=8
)


@settings(max_examples=25)
@given(STEPS)
def test_it_agrees_with_a_set_whatever_comes_when_and_however_often_it_crashes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[list[int], int, bool]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen_module, "FLUSH_KEYS", 8)
        patch.setattr(seen_module, "MAX_RUN_KEYS", 20)
        rig = Rig(tmp_path_factory.mktemp("rig"))
        period_of: dict[int, int] = {}
        for numbers, days, crashes in steps:
            rig.clock.now += days * 86_400
            period = int(rig.clock.now // 86_400) // PERIOD_DAYS
            period_of = {number: p for number, p in period_of.items() if p >= period - 1}
            known = set(period_of)
            new = {number for number in numbers if number not in known}
            assert rig.append([f"m{number}" for number in numbers]) == (len(new), len(numbers) - len(new))
            period_of |= dict.fromkeys(new, period)
            if crashes:
                rig.crash()
        rig.seen.close()
