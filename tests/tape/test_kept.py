"""Reels kept on disk: used by the next process, never trusted when torn, never in each other's way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from obverse.errors import DataError
from obverse.lake.table import EventTable
from obverse.tape import reels
from obverse.tape.layout import Layout, Selection
from obverse.tape.reading import Reader
from obverse.tape.reel import mapped
from obverse.tape.store import File, KeptReel, bounded
from obverse.tape.tape import Tape
from tests.tape.tape_oracle import Sent, append, lake

VIEWED, BOUGHT = "Product Viewed", "Order Completed"
ASKED = [Selection((VIEWED,)), Selection((BOUGHT,))]
EVENTS = [
    *(Sent(VIEWED, at, None, f"a{at % 5}") for at in range(40)),
    *(Sent("Identified", 100, f"u{n}", f"a{n}", "identify") for n in range(3)),
    *(Sent(BOUGHT, 200 + at, f"u{at % 4}") for at in range(12)),
]


def content(layout: Layout) -> list[Any]:
    tracks = [[array.tolist() for array in (track.offsets, track.time, track.seq)] for track in layout.tracks]
    return [layout.last_seq, layout.newest, *tracks]


@pytest.fixture
def table(tmp_path: Path) -> EventTable:
    return lake(tmp_path / "events", EVENTS)


def kept(table: EventTable, cache: Path) -> list[Any]:
    """Ask once and keep the reels; gives the answer."""
    tape = Tape(table, cache)
    answer = content(tape.lay(ASKED))
    tape.close()
    assert (cache / "meta.json").exists()
    return answer


def refuse(*_: object) -> None:
    raise AssertionError("the lake was read")


def test_the_next_process_answers_without_reading_the_lake(
    table: EventTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = kept(table, tmp_path / "tape")
    monkeypatch.setattr(Reader, "_fetch", refuse)
    monkeypatch.setattr(Reader, "arrow", refuse)
    tape = Tape(EventTable.open(table.root), tmp_path / "tape")
    layout = tape.lay(ASKED)
    assert content(layout) == answer
    assert all(mapped(track.time) for track in layout.tracks)
    assert tape.names() == [(VIEWED, 40), (BOUGHT, 12), ("Identified", 3)]


def test_reels_may_take_as_much_of_the_disk_as_the_lake(
    table: EventTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reels, "MAX_BYTES", 0)
    kept(table, tmp_path / "tape")
    meta = json.loads((tmp_path / "tape" / "meta.json").read_bytes())
    sizes = [sum(file["n_bytes"] for file in reel["files"].values()) for reel in meta["reels"]]
    assert len(sizes) == 2
    assert sum(sizes) <= table.snapshot.n_bytes


def test_events_and_late_claims_since_are_spliced_in(table: EventTable, tmp_path: Path) -> None:
    kept(table, tmp_path / "tape")
    append(table, [Sent(VIEWED, 7, None, "a9"), Sent("Identified", 5, "u8", "a4", "identify")])
    tape = Tape(table, tmp_path / "tape")
    fresh = Tape(table, None)
    mine, anew = tape.lay(ASKED), fresh.lay(ASKED)
    for one, other in zip(mine.tracks, anew.tracks, strict=True):
        assert sorted(one.seq.tolist()) == sorted(other.seq.tolist())
    people = {person.key: person for person in tape.people(np.arange(mine.n_units, dtype=np.int32))}
    assert people == {person.key: person for person in fresh.people(np.arange(anew.n_units, dtype=np.int32))}
    tape.close()
    assert content(Tape(table, tmp_path / "tape").lay(ASKED)) == content(mine)


@pytest.mark.parametrize(
    "damage", ["cut", "gone", "noise", "meta", "meta gone", "other format", "other lake"]
)
def test_what_is_torn_or_foreign_is_made_anew(table: EventTable, tmp_path: Path, damage: str) -> None:
    cache = tmp_path / "tape"
    answer = kept(table, cache)
    meta = cache / "meta.json"
    array = cache / json.loads(meta.read_text())["reels"][0]["files"]["time"]["name"]
    if damage == "cut":
        os.truncate(array, 40)
    elif damage == "gone":
        array.unlink()
    elif damage == "noise":
        array.write_bytes(os.urandom(array.stat().st_size))
    elif damage == "meta":
        meta.write_bytes(meta.read_bytes()[:100])
    elif damage == "meta gone":
        meta.unlink()
    else:
        changed = {"format": 99} if damage == "other format" else {"lake": "another"}
        meta.write_text(json.dumps({**json.loads(meta.read_text()), **changed}))
    tape = Tape(table, cache)
    assert content(tape.lay(ASKED)) == answer
    tape.close()
    assert content(Tape(table, cache).lay(ASKED)) == answer


def test_files_that_do_not_count_any_more_are_deleted(table: EventTable, tmp_path: Path) -> None:
    cache = tmp_path / "tape"
    kept(table, cache)
    append(table, EVENTS)
    (cache / "0123456789abcdef-time.npy").write_bytes(b"left over from a crash")
    kept(table, cache)
    meta = json.loads((cache / "meta.json").read_text())
    named = {file["name"] for reel in meta["reels"] for file in reel["files"].values()}
    named |= {meta["streams"]["name"], *(file["name"] for file in meta["claims"].values())}
    assert {path.name for path in cache.glob("*.npy")} == named


def test_offsets_on_disk_have_room_for_people_who_came_with_other_events(
    table: EventTable, tmp_path: Path
) -> None:
    cache = tmp_path / "tape"
    kept(table, cache)
    append(table, [Sent("Signed Up", 300, f"new{n}") for n in range(5)])
    tape = Tape(table, cache)
    tape.lay([*ASKED, Selection(("Signed Up",))])
    tape.close()
    meta = json.loads((cache / "meta.json").read_text())
    assert {reel["files"]["offsets"]["n"] for reel in meta["reels"]} == {meta["streams"]["n"] + 1}
    assert len({reel["files"]["offsets"]["name"] for reel in meta["reels"]}) == 3


def test_deleted_events_are_out_of_the_next_answer(table: EventTable, tmp_path: Path) -> None:
    kept(table, tmp_path / "tape")
    tape = Tape(table, tmp_path / "tape")
    tape.lay(ASKED)
    table._delta.delete("seq > 50")  # by another tool
    append(table, [Sent(BOUGHT, 300, "u7")] * 9)
    for one in (tape, Tape(table, tmp_path / "tape")):
        assert [len(track.time) for track in one.lay(ASKED).tracks] == [40, 16]
        assert dict(one.names())[BOUGHT] == 16


def test_a_lake_of_another_folder_is_not_mistaken_for_this_one(table: EventTable, tmp_path: Path) -> None:
    kept(table, tmp_path / "tape")
    other = lake(tmp_path / "other", EVENTS[:10], EVENTS[20:] * 2)
    layout = Tape(other, tmp_path / "tape").lay(ASKED)
    assert [len(track.time) for track in layout.tracks] == [10 + 40, 24]


def test_a_folder_that_cannot_be_written_is_no_hindrance(table: EventTable, tmp_path: Path) -> None:
    (tmp_path / "tape").write_text("a file where the folder should be")
    tape = Tape(table, tmp_path / "tape")
    assert tape.lay(ASKED).last_seq == len(EVENTS)
    tape.close()


def test_two_processes_leave_each_other_alone(table: EventTable, tmp_path: Path) -> None:
    cache = tmp_path / "tape"
    one, other = Tape(table, cache), Tape(EventTable.open(table.root), cache)
    answer = content(one.lay(ASKED))
    other.lay(ASKED[::-1])  # numbers people in another order
    one.close()
    assert content(other.lay(ASKED))[:2] == answer[:2]
    append(table, [Sent(VIEWED, 1, "u1")])
    assert len(other.lay(ASKED).tracks[0].time) == 41
    other.close()
    assert len(Tape(table, cache).lay(ASKED).tracks[0].time) == 41


def test_a_process_that_knows_less_does_not_replace_what_another_kept(
    table: EventTable, tmp_path: Path
) -> None:
    cache = tmp_path / "tape"
    little = Tape(table, cache)
    little.lay(ASKED[1:])
    kept(table, cache)
    before = (cache / "meta.json").read_bytes()
    little.close()
    assert (cache / "meta.json").read_bytes() == before


@pytest.mark.parametrize("budget_bytes", [512 << 20, 1])
def test_reels_are_kept_beside_the_question_once_enough_was_read(
    table: EventTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget_bytes: int
) -> None:
    monkeypatch.setattr(reels, "WORTH_KEEPING", 10)
    tape = Tape(table, tmp_path / "tape", budget_bytes)
    before = content(tape.lay(ASKED))
    tape.settle()
    layout = tape.lay(ASKED)
    assert all(mapped(track.time) for track in layout.tracks)
    assert content(layout) == before


def test_the_disk_holds_the_reels_used_last() -> None:
    reels = [KeptReel("event", name, 1, {"time": File(name, 1, 40)}) for name in "abc"]
    assert [reel.value for reel in bounded(reels, 100)] == ["b", "c"]
    assert bounded(reels, 10) == ()


def test_files_replaced_and_deleted_while_a_question_runs_are_read_where_they_are_now(
    table: EventTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(table, EVENTS)
    expected = [len(track.time) for track in Tape(table, None).lay(ASKED).tracks]
    reader = EventTable.open(table.root)
    tape = Tape(reader, None)
    fetch = Reader._fetch
    calls: list[int] = []

    def vanish(*args: Any) -> Any:
        if not calls:
            calls.append(table.seal(date(2100, 1, 1)))
            for file in reader.snapshot.files:
                Path(file.path).unlink()
        return fetch(*args)

    monkeypatch.setattr(Reader, "_fetch", vanish)
    assert [len(track.time) for track in tape.lay(ASKED).tracks] == expected
    assert calls == [1]


def test_another_process_gets_the_same_layout(table: EventTable, tmp_path: Path) -> None:
    answer = kept(table, tmp_path / "tape")
    code = (
        "import json, sys; from pathlib import Path; from obverse.lake.table import EventTable;"
        "from obverse.tape.tape import Tape; from obverse.tape.layout import Selection;"
        "tape = Tape(EventTable.open(sys.argv[1]), Path(sys.argv[2]));"
        "layout = tape.lay([Selection((name,)) for name in sys.argv[3:]]);"
        "print(json.dumps([[a.tolist() for a in (t.offsets, t.time, t.seq)] for t in layout.tracks]))"
    )
    command = [sys.executable, "-c", code, str(table.root), str(tmp_path / "tape"), VIEWED, BOUGHT]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    assert json.loads(found.stdout) == answer[2:]


def test_an_unreadable_lake_says_so(table: EventTable) -> None:
    for file in table.snapshot.files:
        Path(file.path).unlink()
    with pytest.raises(DataError, match="cannot be read"):
        Tape(table, None).lay(ASKED)
