"""The writer: from a real inbox into the lake, each event once, whatever fails on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from obverse.collect.batch import Batch
from obverse.collect.inbox import Inbox, InboxRow
from obverse.errors import DataError
from obverse.lake.seen import Seen
from obverse.lake.table import EventTable
from obverse.lake.writer import APP_ID, EVERY_S, MOST_S, Drained, Writer, _pause, advice
from tests.lake.lake_rows import DAY, NOON, Clock, event, ids, us

FULL = OSError(28, "No space left on device")


class Rig:
    """Inbox, lake and writer in one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = Clock(NOON.timestamp() + 2)
        self.inbox = Inbox.open(root / "inbox.db")
        self.open_lake()

    def open_lake(self) -> None:
        self.table = EventTable.open(self.root / "lake" / "events", create=True)
        self.seen = Seen.open(self.root / "seen.db", self.table, self.clock)
        self.writer = Writer(self.inbox, self.table, self.seen, clock=self.clock)

    def accept(self, *message_ids: str) -> None:
        events = [event(each) for each in message_ids]
        self.inbox.submit(Batch(source="shop", received_at=us(NOON), events=events)).result(30)

    def damage(self, position: int, body: bytes) -> None:
        """Let the inbox give another body for a row from now on."""
        read = self.inbox.read

        def read_damaged(after: int, max_bytes: int) -> list[InboxRow]:
            rows = read(after, max_bytes)
            return [
                InboxRow(position, row.n_events, body) if row.position == position else row for row in rows
            ]

        self.inbox.read = read_damaged  # type: ignore[method-assign]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.writer.stop()
    made.seen.close()
    made.inbox.close()


def test_what_was_accepted_is_in_the_lake_and_no_longer_in_the_inbox(rig: Rig) -> None:
    rig.accept("a", "b")
    rig.accept("c")
    assert rig.writer.run_once() == Drained(n_rows=2, n_events=3, n_appended=3)
    assert ids(rig.table.root) == ["a", "b", "c"]
    assert rig.inbox.read(0, 1) == []
    assert rig.writer.run_once() == Drained()


def test_an_event_sent_again_is_left_out_and_counted(rig: Rig) -> None:
    rig.accept("a", "b")
    rig.writer.run_once()
    rig.accept("b", "c")
    assert rig.writer.run_once().n_duplicates == 1
    rig.accept("a")
    assert rig.writer.run_once() == Drained(n_rows=1, n_events=1, n_duplicates=1)
    assert ids(rig.table.root) == ["a", "b", "c"]
    assert rig.seen.duplicates() == {DAY: 2}
    assert rig.inbox.read(0, 1) == []


def test_one_pass_takes_no_more_of_the_inbox_than_it_may(rig: Rig) -> None:
    for message_id in "abc":
        rig.accept(message_id)
    rig.writer = Writer(rig.inbox, rig.table, rig.seen, max_bytes=1)
    assert [rig.writer.run_once().n_rows for _ in range(4)] == [1, 1, 1, 0]
    assert ids(rig.table.root) == ["a", "b", "c"]


def test_status_says_when_events_became_visible_and_how_long_they_waited(rig: Rig) -> None:
    assert rig.writer.status.last_append_at is None
    rig.accept("a")
    rig.writer.run_once()
    status = rig.writer.status
    assert (status.last_append_at, status.lag_s, status.n_appended) == (rig.clock.now, 2.0, 1)


@pytest.mark.parametrize("moment", ["append", "add", "forget"])
def test_an_error_at_any_step_loses_and_doubles_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def fail(*_: object) -> None:
        raise FULL

    rig.accept("a", "b")
    target = {"append": rig.table, "add": rig.seen, "forget": rig.inbox}[moment]
    with monkeypatch.context() as patch:
        patch.setattr(target, moment, fail)
        with pytest.raises(OSError, match="No space"):
            rig.writer.run_once()
    rig.accept("a", "c")
    while rig.writer.run_once().n_rows:
        pass
    assert sorted(ids(rig.table.root)) == ["a", "b", "c"]


@pytest.mark.parametrize("moment", ["append", "add", "forget"])
def test_a_process_that_dies_at_any_step_loses_and_doubles_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    rig.accept("a", "b")
    target = {"append": rig.table, "add": rig.seen, "forget": rig.inbox}[moment]
    with monkeypatch.context() as patch:
        patch.setattr(target, moment, die)
        with pytest.raises(Died):
            rig.writer.run_once()
    rig.accept("b", "c")
    rig.open_lake()
    rig.writer.run_once()
    assert sorted(ids(rig.table.root)) == ["a", "b", "c"]
    assert rig.inbox.read(0, 1) == []


def test_a_commit_that_could_not_be_synced_is_synced_before_its_events_are_forgotten(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise FULL

    rig.accept("a")
    with monkeypatch.context() as patch:
        patch.setattr("obverse.lake.deltalog.sync", fail)
        for _ in range(2):
            with pytest.raises(OSError, match="No space"):
                rig.writer.run_once()
            assert len(rig.inbox.read(0, 1)) == 1
    rig.writer.run_once()
    assert rig.inbox.read(0, 1) == []
    assert ids(rig.table.root) == ["a"]


def test_a_damaged_line_is_set_aside_with_a_message_and_the_rest_goes_on(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.accept("a", "b")
    rig.accept("c", "d")
    good, _ = rig.inbox.read(0, 1)[0].body.splitlines()
    rig.damage(1, good + b'\n{"message_id":"b",\x00\n')
    done = rig.writer.run_once()
    assert (done.n_appended, done.n_rejected) == (3, 1)
    assert ids(rig.table.root) == ["a", "c", "d"]
    aside = rig.root / "rejected" / "inbox-1.ndjson"
    assert aside.read_bytes() == b'{"message_id":"b",\x00\n'
    assert str(aside) in caplog.text
    assert rig.writer.status.n_rejected == 1
    assert rig.inbox.read(0, 1) == []


@pytest.mark.parametrize("body", [b"null\n", b"\0" * 64, b"\xff\xfe"], ids=["null", "zeros", "no text"])
def test_a_row_of_nothing_but_damage_does_not_stop_the_line(rig: Rig, body: bytes) -> None:
    rig.accept("a")
    rig.damage(1, body)
    assert rig.writer.run_once().n_rejected == 1
    rig.accept("b")
    rig.writer.run_once()
    assert ids(rig.table.root) == ["b"]
    assert (rig.root / "rejected" / "inbox-1.ndjson").read_bytes().startswith(body)


def test_a_row_with_fewer_events_than_were_accepted_is_kept_whole_beside_the_inbox(rig: Rig) -> None:
    rig.accept("a", "b")
    first = rig.inbox.read(0, 1)[0].body.splitlines()[0] + b"\n"
    rig.damage(1, first)
    assert rig.writer.run_once().n_rejected == 1
    assert ids(rig.table.root) == ["a"]
    assert (rig.root / "rejected" / "inbox-1.ndjson").read_bytes() == first


def test_the_thread_tells_what_is_wrong_tries_again_and_takes_up_where_it_was(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("obverse.lake.writer.EVERY_S", 0.01)
    failing, done = threading.Event(), threading.Event()
    failing.set()
    failed = threading.Event()
    append = rig.table.append

    def without_room(*given: object) -> object:
        if failing.is_set():
            failed.set()
            raise FULL
        return append(*given)  # type: ignore[arg-type]

    forget = rig.inbox.forget
    monkeypatch.setattr(rig.table, "append", without_room)

    def heard(up_to: int) -> None:
        forget(up_to)
        done.set()

    monkeypatch.setattr(rig.inbox, "forget", heard)
    rig.accept("a")
    rig.writer.start()
    assert failed.wait(30)
    failing.clear()
    assert done.wait(30)
    rig.writer.stop()
    assert ids(rig.table.root) == ["a"]
    assert "the disk is full" in caplog.text
    assert rig.writer.status.error is None


def test_events_accepted_while_the_thread_runs_arrive(rig: Rig) -> None:
    arrived = threading.Event()
    forget = rig.inbox.forget

    def heard(up_to: int) -> None:
        forget(up_to)
        if rig.table.snapshot.n_events == 20:
            arrived.set()

    rig.inbox.forget = heard  # type: ignore[method-assign]
    rig.writer.start()
    for number in range(20):
        rig.accept(f"m{number}")
    assert arrived.wait(60)
    rig.writer.stop()
    assert ids(rig.table.root) == [f"m{number}" for number in range(20)]


@pytest.mark.parametrize(
    ("done", "took_s", "worked_s", "pause_s"),
    [
        (Drained(), 0.001, 0.001, EVERY_S / 5),
        (Drained(n_rows=1), 0.1, 0.01, EVERY_S - 0.1),  # few events
        (Drained(n_rows=900), 0.2, 0.05, 0.8),  # many: a twentieth of a second of work a second
        (Drained(n_rows=900), 0.5, 1.0, MOST_S - 0.5),
        (Drained(n_rows=900, full=True), 0.2, 0.05, EVERY_S - 0.2),  # there is more
        (Drained(n_rows=900), 3.0, 0.05, 0.0),
    ],
)
def test_appends_come_the_less_often_the_more_they_work(
    done: Drained, took_s: float, worked_s: float, pause_s: float
) -> None:
    assert _pause(done, took_s, worked_s) == pytest.approx(pause_s)


def test_a_pass_tells_whether_it_took_all_that_it_takes(rig: Rig) -> None:
    rig.writer = Writer(rig.inbox, rig.table, rig.seen, max_bytes=1)
    rig.accept("a")
    assert rig.writer.run_once().full
    rig.writer = Writer(rig.inbox, rig.table, rig.seen)
    rig.accept("b")
    assert not rig.writer.run_once().full


def test_the_position_is_kept_under_a_name_of_its_own(rig: Rig) -> None:
    rig.accept("a")
    rows: list[InboxRow] = rig.inbox.read(0, 1)
    rig.writer.run_once()
    assert rig.table.committed(APP_ID) == rows[-1].position


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FULL, "free some space"),
        (PermissionError(13, "Permission denied"), "let the server's user write"),
        (DataError("the lake is damaged"), "the lake is damaged"),
        (ValueError("x"), "ValueError: x"),
    ],
)
def test_an_error_is_worded_with_what_the_operator_can_do(error: Exception, said: str) -> None:
    assert said in advice(error)
