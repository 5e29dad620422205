"""A lake that grows and is rewritten while many threads ask: every layout is whole and of one moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from obverse.lake.table import EventTable
from obverse.tape import reels
from obverse.tape.layout import Key, Layout, Selection
from obverse.tape.reading import Reader
from obverse.tape.tape import Tape
from tests.tape.tape_oracle import Sent, append, lake

N_BATCHES = 12
PAIR = [Sent("A", 1, "u1", properties={"x": 1}), Sent("B", 2, None, "a1", properties={"x": 2})]
CLAIM = [Sent("Identified", 3, "u1", "a1", "identify"), Sent("A", 4, None, "a2", properties={"x": 1})]
BATCH = [*PAIR, *CLAIM]


def whole(layout: Layout) -> None:
    """Check that a layout holds exactly the events up to its `last_seq`: batches of one A, one B, one A."""
    n, rest = divmod(layout.last_seq, len(BATCH))
    assert rest == 0
    assert [len(track.time) for track in layout.tracks] == [2 * n, n]
    for track in layout.tracks:
        assert track.offsets[-1] == len(track.time)
        assert len(track.offsets) == layout.n_units + 1
        assert len(np.unique(track.seq)) == len(track.seq)


def test_threads_that_ask_while_the_lake_grows_each_get_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reels, "WORTH_KEEPING", 8)
    table = lake(tmp_path / "events", BATCH)
    tape = Tape(EventTable.open(table.root), tmp_path / "tape", budget_bytes=2_000)
    done = threading.Event()
    errors: list[BaseException] = []
    seen: list[int] = []

    def ask(selections: list[Selection], **asked: object) -> Callable[[], None]:
        def loop() -> None:
            last = 0
            while not done.is_set():
                layout = tape.lay(selections, **asked)  # type: ignore[arg-type]
                assert layout.last_seq >= last
                last = layout.last_seq
                whole(layout)
                seen.append(last)

        return loop

    def guarded(run: Callable[[], None]) -> None:
        try:
            run()
        except BaseException as error:
            errors.append(error)
            done.set()

    plain = [Selection(("A",)), Selection(("B",))]
    asks = [
        ask(plain),
        ask([Selection(("A",), "x = 1"), Selection(("B",), "x > 1")], keys=[Key("x")]),
        ask(plain[::-1][::-1], unit="session"),
        ask([Selection(("A",), "properties.x is not null"), Selection(("B",))], same="event"),
    ]
    threads = [threading.Thread(target=guarded, args=(one,)) for one in asks]
    for thread in threads:
        thread.start()
    for number in range(N_BATCHES):
        append(table, BATCH, day=number % 3)
        if number % 4 == 3:
            table.compact()
            table.seal(date(2100, 1, 1))
    done.set()
    for thread in threads:
        thread.join(timeout=120)
    assert not errors, errors
    assert not any(thread.is_alive() for thread in threads)
    tape.close()
    last = Tape(table, tmp_path / "tape").lay(plain)
    whole(last)
    assert last.last_seq == len(BATCH) * (N_BATCHES + 1)
    assert int(np.diff(last.tracks[1].offsets).max()) == N_BATCHES + 1, "all of a1's events are u1's"


def test_one_thread_computes_while_others_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tape = Tape(lake(tmp_path / "events", BATCH), None)
    tape.lay([Selection(("A",))])
    fetch, calls = Reader._fetch, list[str]()

    def counted(reader: Reader, sql: str, *rest: object) -> object:
        calls.append(sql)
        return fetch(reader, sql, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Reader, "_fetch", counted)
    asked = [Selection(("A",), "x = 1")]
    threads = [threading.Thread(target=tape.lay, args=(asked,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(calls) == 1


def test_the_same_question_gives_the_same_arrays_until_the_lake_grows(tmp_path: Path) -> None:
    table = lake(tmp_path / "events", BATCH)
    tape = Tape(table, None)
    asked = [Selection(("A",), "x = 1")]
    first = tape.lay(asked, keys=[Key("x")])
    assert tape.lay(asked, keys=[Key("x")]) is first
    append(table, [Sent("C", 9, "u9")])
    again = tape.lay(asked, keys=[Key("x")])
    assert again.last_seq == first.last_seq + 1
    assert again.tracks[0].time is first.tracks[0].time, "nothing of it changed"
    append(table, PAIR)
    assert len(tape.lay(asked, keys=[Key("x")]).tracks[0].time) == 3
    assert len(first.tracks[0].time) == 2, "who holds an old layout keeps it"
