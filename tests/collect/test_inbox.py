"""The inbox keeps what it was given, in order, and says clearly when it cannot."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from obverse.collect.batch import Batch
from obverse.collect.inbox import Inbox
from obverse.collect.ledger import EXAMPLES_KEPT, Tally
from obverse.collect.refusal import Refusal, Refused
from obverse.errors import BusyError, DataError
from obverse.event import Event

NOW = 1_714_979_300_000_000
DAY = "2024-05-06"


def batch(*names: str, source: str = "shop", refused: int = 0, size: int = 0, at: int = NOW) -> Batch:
    events = [
        Event(
            event=name,
            type="track",
            message_id=name,
            time=at,
            received_at=at,
            touchpoint="web",
            source=source,
            user_id="u",
            properties='{"x":"' + "y" * size + '"}',
        )
        for name in names
    ]
    junk = [Refused(reason=Refusal.JUNK_ID, detail=f"d{n}", excerpt=f"e{n}") for n in range(refused)]
    return Batch(source=source, received_at=at, events=events, refused=junk)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with contextlib.closing(Inbox.open(tmp_path / "inbox.db")) as opened:
        yield opened


def names(inbox: Inbox, after: int = 0) -> list[str]:
    return [
        line.split(b'"')[3].decode() for row in inbox.read(after, 1 << 40) for line in row.body.splitlines()
    ]


def test_what_is_put_is_read_in_order(inbox: Inbox) -> None:
    for name in "abc":
        asyncio.run(inbox.put(batch(name, name.upper())))
    assert names(inbox) == ["a", "A", "b", "B", "c", "C"]
    rows = inbox.read(0, 1 << 40)
    assert [(row.position, row.n_events) for row in rows] == [(1, 2), (2, 2), (3, 2)]
    assert inbox.last_position == 3
    assert rows[0].body.endswith(b"\n")


def test_read_gives_one_row_at_least_and_stops_at_the_bytes_asked_for(inbox: Inbox) -> None:
    for name in "abc":
        inbox.submit(batch(name, size=1000)).result(10)
    assert [row.position for row in inbox.read(0, 1)] == [1]
    assert [row.position for row in inbox.read(1, 2000)] == [2, 3]
    assert inbox.read(3, 1) == []


def test_batches_that_wait_share_one_transaction(inbox: Inbox) -> None:
    async def put_many() -> None:
        await asyncio.gather(*(inbox.put(batch(str(n))) for n in range(200)))

    asyncio.run(put_many())
    assert names(inbox) == [str(n) for n in range(200)]
    assert len(inbox.read(0, 1 << 40)) < 50


def test_a_batch_that_waits_holds_no_events_and_one_that_was_not_taken_does(tmp_path: Path) -> None:
    async def held_meanwhile(inbox: Inbox, one: Batch) -> list[Event]:
        waiting = asyncio.create_task(inbox.put(one))
        await asyncio.sleep(0)  # the task runs up to where it waits
        held = one.events
        await waiting
        return held

    with contextlib.closing(Inbox.open(tmp_path / "inbox.db", max_bytes=1000)) as inbox:
        assert asyncio.run(held_meanwhile(inbox, batch("a", "b"))) == []
        assert names(inbox) == ["a", "b"]
        large = batch("c", size=2000)
        with pytest.raises(BusyError):
            asyncio.run(inbox.put(large))
        assert len(large.events) == 1


def test_many_threads_and_loops_lose_and_double_nothing(inbox: Inbox) -> None:
    def work(worker: int) -> None:
        async def put_all() -> None:
            await asyncio.gather(*(inbox.put(batch(f"{worker}-{n}")) for n in range(50)))

        asyncio.run(put_all())

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(names(inbox)) == sorted(f"{worker}-{n}" for worker in range(6) for n in range(50))


def test_what_is_kept_is_there_after_opening_again_and_positions_go_on(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    with contextlib.closing(Inbox.open(path)) as first:
        first.submit(batch("a")).result(10)
        identity = first.id
        first.forget(1)
    with contextlib.closing(Inbox.open(path, create=False)) as second:
        assert (second.id, second.last_position) == (identity, 1)
        second.submit(batch("b")).result(10)
        assert [row.position for row in second.read(0, 1)] == [2]


def test_a_row_that_the_disk_damaged_comes_as_stored_between_sound_ones(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    with contextlib.closing(Inbox.open(path)) as inbox:
        for name in "abc":
            inbox.submit(batch(name)).result(10)
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("UPDATE batch SET body = ? WHERE position = 2", (b"\x00\x01",))
            other.commit()
        bodies = [row.body for row in inbox.read(0, 1 << 40)]
    assert bodies[1] == b"\x00\x01"
    assert [body.split(b'"')[3] for body in (bodies[0], bodies[2])] == [b"a", b"c"]


def test_large_rows_are_compressed_and_all_are_read_as_they_came(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    with contextlib.closing(Inbox.open(path)) as inbox:
        bodies = []
        for size in (0, 200_000):
            one = batch("a", size=size)
            bodies.append(msgspec.json.Encoder().encode_lines(one.events))
            inbox.submit(one).result(10)
        assert [row.body for row in inbox.read(0, 1 << 40)] == bodies
        with contextlib.closing(sqlite3.connect(path)) as other:
            kept = [size for (size,) in other.execute("SELECT length(body) FROM batch ORDER BY position")]
    assert kept[0] == len(bodies[0])
    assert kept[1] < 20_000


def test_forgetting_deletes_only_up_to_a_position(inbox: Inbox) -> None:
    for n in range(40):
        inbox.submit(batch(str(n))).result(10)
    inbox.forget(35)
    assert names(inbox) == ["35", "36", "37", "38", "39"]
    inbox.forget(35)
    inbox.forget(100)
    assert inbox.read(0, 1) == []
    assert inbox.stats().n_bytes == 0


def test_the_files_room_is_used_again(inbox: Inbox) -> None:
    noise = os.urandom(2_000_000).hex()
    sizes = []
    for _ in range(30):  # 60 MB in all
        one = batch("a")
        one.events[0].properties = noise
        inbox.submit(one).result(10)
        inbox.forget(inbox.last_position)
        sizes.append(inbox.stats().file_bytes)
    assert max(sizes) < 25_000_000


def test_a_full_inbox_says_so_and_takes_more_once_the_lake_has_it(tmp_path: Path) -> None:
    with contextlib.closing(Inbox.open(tmp_path / "inbox.db", max_bytes=3000)) as inbox:
        inbox.submit(batch("a", size=2000)).result(10)
        with pytest.raises(BusyError, match="full"):
            inbox.submit(batch("b", size=2000))
        with pytest.raises(BusyError):
            asyncio.run(inbox.put(batch("b", size=2000)))
        inbox.forget(1)
        inbox.submit(batch("c", size=2000)).result(10)
        assert names(inbox) == ["c"]
    with (
        contextlib.closing(Inbox.open(tmp_path / "inbox.db", max_bytes=3000)) as inbox,
        pytest.raises(BusyError),
    ):
        inbox.submit(batch("d", size=2000))


def test_the_ledger_counts_accepted_and_refused_by_day_source_and_reason(inbox: Inbox) -> None:
    inbox.submit(batch("a", "b", refused=3)).result(10)
    inbox.submit(batch("c", at=NOW + 86_400_000_000)).result(10)
    inbox.submit(batch("d", source="till")).result(10)
    assert inbox.ledger.tallies() == [
        Tally(DAY, "shop", "", 2),
        Tally(DAY, "shop", "junk_id", 3),
        Tally(DAY, "till", "", 1),
        Tally("2024-05-07", "shop", "", 1),
    ]
    assert [tally.day for tally in inbox.ledger.tallies(since="2024-05-07")] == ["2024-05-07"]


def test_the_ledger_keeps_a_few_recent_examples_of_each_reason(inbox: Inbox) -> None:
    for _ in range(4):
        inbox.submit(batch("a", refused=4)).result(10)
    examples = inbox.ledger.examples()
    assert len(examples) == EXAMPLES_KEPT
    assert [one.detail for one in examples] == ["d3", "d2", "d1", "d0", "d3"]
    assert examples[0].excerpt == "e3"


def test_refusals_without_events_are_counted_with_the_next_transaction(inbox: Inbox) -> None:
    inbox.note(batch(refused=2))
    inbox.note(batch(refused=1))
    inbox.submit(batch("a")).result(10)
    assert Tally(DAY, "shop", "junk_id", 3) in inbox.ledger.tallies()


def test_refusals_without_events_are_counted_when_nothing_else_comes(tmp_path: Path) -> None:
    inbox = Inbox.open(tmp_path / "inbox.db")
    inbox.note(batch(refused=2))
    inbox.close()
    with contextlib.closing(Inbox.open(tmp_path / "inbox.db")) as again:
        assert again.ledger.tallies() == [Tally(DAY, "shop", "junk_id", 2)]


def test_a_closed_inbox_takes_nothing(tmp_path: Path) -> None:
    inbox = Inbox.open(tmp_path / "inbox.db")
    inbox.close()
    inbox.close()
    with pytest.raises(BusyError, match="closing"):
        inbox.submit(batch("a"))


def test_closing_keeps_what_waits(tmp_path: Path) -> None:
    inbox = Inbox.open(tmp_path / "inbox.db")
    waiting = [inbox.submit(batch(str(n))) for n in range(100)]
    inbox.close()
    assert all(one.done() and one.result(0) == 1 for one in waiting)
    with contextlib.closing(Inbox.open(tmp_path / "inbox.db")) as again:
        assert len(names(again)) == 100


def test_stats_tell_how_full_it_is(inbox: Inbox) -> None:
    assert (inbox.stats().n_rows, inbox.stats().oldest_received_at) == (0, None)
    inbox.submit(batch("a", "b", at=NOW)).result(10)
    inbox.submit(batch("c", at=NOW + 5)).result(10)
    stats = inbox.stats()
    assert (stats.n_rows, stats.n_events, stats.oldest_received_at, stats.last_position) == (2, 3, NOW, 2)
    assert stats.n_bytes == sum(len(row.body) for row in inbox.read(0, 1 << 40))
    assert stats.file_bytes > 0


def test_a_missing_inbox_is_not_made_unasked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no inbox"):
        Inbox.open(tmp_path / "inbox.db", create=False)
    assert list(tmp_path.iterdir()) == []


def filled(path: Path) -> bytes:
    with contextlib.closing(Inbox.open(path)) as inbox:
        for n in range(50):
            one = batch(str(n))
            one.events[0].properties = os.urandom(5000).hex()
            inbox.submit(one).result(10)
    return path.read_bytes()


@pytest.mark.parametrize("damage", ["empty", "text", "truncated", "scribbled", "other", "later"])
def test_a_damaged_or_foreign_file_is_refused_and_left_as_it_is(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "inbox.db"
    good = filled(path)
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "text":
        path.write_bytes(b"not a database" * 1000)
    elif damage == "truncated":
        path.write_bytes(good[: len(good) // 2])
    elif damage == "scribbled":
        middle = len(good) // 2
        path.write_bytes(good[:middle] + os.urandom(50_000) + good[middle + 50_000 :])
    else:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute(
                "PRAGMA application_id = 7" if damage == "other" else "PRAGMA user_version = 99"
            )
            connection.commit()
    before = path.read_bytes()
    with pytest.raises(DataError, match="later one" if damage == "later" else "damaged|not an inbox"):
        Inbox.open(path)
    assert path.read_bytes() == before


def test_half_a_creation_is_no_inbox_and_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "inbox.db.new").write_bytes(b"half")
    with contextlib.closing(Inbox.open(tmp_path / "inbox.db")) as inbox:
        inbox.submit(batch("a")).result(10)
    assert not (tmp_path / "inbox.db.new").exists()


def test_damage_while_it_runs_is_an_error_and_no_success(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    filled(path)
    with contextlib.closing(Inbox.open(path)) as inbox:
        with path.open("r+b") as file:
            file.truncate(8192)
            file.seek(4096)
            file.write(b"\xff" * 4096)
        with pytest.raises(DataError):
            inbox.read(0, 1 << 40)


FULL = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.collect.test_inbox import batch
from obverse.collect.inbox import Inbox
from obverse.errors import BusyError
import os
folder = Path(sys.argv[1])
inbox = Inbox.open(folder / "inbox.db")
ballast = folder / "ballast"
def put(name):
    one = batch(name)
    one.events[0].properties = os.urandom(20000).hex()
    inbox.submit(one).result(30)
    return name
kept = [put("first")]
with ballast.open("wb") as file:
    try:
        while file.write(b"x" * 65536): file.flush()
    except OSError: pass
refused = 0
for n in range(400):
    try: kept.append(put(f"full-{n}"))
    except BusyError: refused += 1
ballast.unlink()
kept += [put(f"after-{n}") for n in range(20)]
found = [line.split(b'"')[3].decode() for row in inbox.read(0, 1 << 40) for line in row.body.splitlines()]
inbox.close()
assert found == kept, (len(found), len(kept))
print(refused)
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a disk of 4 MiB."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("a small disk can be made by root alone")
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"no small disk can be made here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_refuses_loses_nothing_and_recovers_by_itself(small_disk: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, small_disk, Path(__file__).parents[2]],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
