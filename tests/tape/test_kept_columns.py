"""Columns kept on disk: read from the lake once for all processes, and gone with the events they tell of."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from obverse.lake.table import EventTable
from obverse.tape import columns, kept_columns
from obverse.tape.cache import Worth
from obverse.tape.layout import Key, Layout, Number, Selection
from obverse.tape.reading import Reader
from obverse.tape.reel import mapped
from obverse.tape.store import Store
from obverse.tape.tape import Tape
from tests.tape.tape_oracle import Sent, append, lake

VIEW, BUY = "View", "Buy"
PLANS: list[object] = ["a", "ä\u0001'\"", 7, 7.5, True, None, "", {"deep": 1}, "a"]
EVENTS = [
    *(Sent(VIEW, at, f"u{at % 5}", properties={"plan": plan, "price": at}) for at, plan in enumerate(PLANS)),
    *(
        Sent(VIEW, 50 + at, f"u{at % 7}", properties={"price": f"{at}.5", "id": f"o{at}"})
        for at in range(300)
    ),
    *(Sent(BUY, 400 + at, f"u{at % 4}", properties={"plan": "a"}) for at in range(12)),
]
CHEAP = [Selection((VIEW,), "price < 100"), Selection((BUY,))]


def ask(tape: Tape, selections: list[Selection] = CHEAP) -> list[Any]:
    layout = tape.lay(
        selections, keys=[Key("plan", (0, 1)), Key("id", (0,), named=False)], numbers=[Number("price")]
    )
    return content(layout)


def content(layout: Layout) -> list[Any]:
    tracks = [
        [None if array is None else array.tolist() for array in (track.time, *track.codes, *track.numbers)]
        for track in layout.tracks
    ]
    return [layout.labels, json.dumps(tracks)]  # in JSON NaN is NaN


def kept(table: EventTable, cache: Path, selections: list[Selection] = CHEAP) -> list[Any]:
    """Ask once and keep the columns; gives the answer."""
    tape = Tape(table, cache)
    answer = ask(tape, selections)
    tape.close()
    return answer


def listed(cache: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((cache / "columns" / "meta.json").read_bytes())["columns"]
    return found


def on_disk(cache: Path) -> set[str]:
    return {path.name for path in (cache / "columns").glob("*.npy")}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EventTable:
    monkeypatch.setattr(columns, "WORTH_KEEPING", 1)
    return lake(tmp_path / "events", EVENTS)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Note after which seq, and up to which, columns and reels are read from the lake."""
    found: list[tuple[int, int]] = []
    fetch = Reader._fetch

    def noted(self: Reader, sql: str, files: Any, params: Any, after: int, upto: int) -> Any:
        found.append((after, upto))
        return fetch(self, sql, files, params, after, upto)

    monkeypatch.setattr(Reader, "_fetch", noted)
    return found


def test_the_next_process_reads_no_field_again(
    table: EventTable, tmp_path: Path, reads: list[tuple[int, int]]
) -> None:
    answer = kept(table, tmp_path / "tape")
    assert answer == ask(Tape(table, None))
    reads.clear()
    assert kept(EventTable.open(table.root), tmp_path / "tape") == answer
    table.compact()
    table.seal(date(2100, 1, 1))
    assert kept(EventTable.open(table.root), tmp_path / "tape") == answer
    assert reads == []
    assert {file["name"] for one in listed(tmp_path / "tape") for file in one["files"].values()} == on_disk(
        tmp_path / "tape"
    )


def test_of_new_events_alone_fields_are_read(
    table: EventTable, tmp_path: Path, reads: list[tuple[int, int]]
) -> None:
    cache, n = tmp_path / "tape", len(EVENTS)
    kept(table, cache)
    before = on_disk(cache)
    reads.clear()
    append(table, [Sent(VIEW, 500, "u1", properties={"plan": "new", "price": 1})])
    assert kept(table, cache) == ask(Tape(table, None))
    assert reads[0][0] == n
    assert on_disk(cache) == before  # so little is not worth writing a column anew for
    append(table, [Sent(VIEW, 600 + at, "u2", properties={"plan": f"p{at}"}) for at in range(300)])
    answer = kept(table, cache)
    assert on_disk(cache) != before
    reads.clear()
    assert kept(table, cache) == answer == ask(Tape(table, None))
    assert (0, n + 301) in reads  # by the tape that keeps nothing
    assert all(after == 0 for after, _ in reads)


@pytest.mark.parametrize("next_process", [False, True])
@pytest.mark.parametrize("how", ["deleted", "redacted"])
def test_what_another_tool_erases_is_gone_at_once(
    table: EventTable, tmp_path: Path, how: str, next_process: bool
) -> None:
    cache = tmp_path / "tape"
    tape = Tape(table, cache)
    ask(tape)
    tape.close()
    tape = Tape(table, cache)
    ask(tape)
    before = on_disk(cache)
    assert before
    if how == "deleted":
        table._delta.delete("seq <= 3")
    else:
        table._delta.update({"properties": "'{}'"}, predicate="seq <= 3")
    if next_process:
        tape = Tape(EventTable.open(table.root), cache)
    tape.names()
    assert on_disk(cache) == set()
    assert not [*cache.glob("*.npy")]
    answer = ask(tape)
    assert answer == ask(Tape(EventTable.open(table.root), None))
    tape.close()
    assert kept(EventTable.open(table.root), cache) == answer
    assert not before & on_disk(cache)


def test_what_is_erased_while_it_is_read_is_not_kept(
    table: EventTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = Tape(table, tmp_path / "tape")
    read = Reader.columns

    def erase(self: Reader, *args: Any) -> Any:
        found = read(self, *args)
        if "c0" in found[1] and table.snapshot.n_events == len(EVENTS):
            table._delta.delete("seq <= 3")
            tape.names()
        return found

    monkeypatch.setattr(Reader, "columns", erase)
    answer = ask(tape)
    tape.close()
    assert table.snapshot.n_events == len(EVENTS) - 3
    assert answer == ask(Tape(table, None)) == kept(table, tmp_path / "tape")


@pytest.mark.parametrize("damage", ["cut", "gone", "noise", "meta", "other lake", "other DuckDB"])
def test_what_is_torn_or_foreign_is_read_anew(
    table: EventTable, tmp_path: Path, reads: list[tuple[int, int]], damage: str
) -> None:
    cache = tmp_path / "tape"
    answer = kept(table, cache)
    reads.clear()
    meta = cache / "columns" / "meta.json"
    array = cache / "columns" / sorted(on_disk(cache))[0]
    if damage == "cut":
        os.truncate(array, 40)
    elif damage == "gone":
        array.unlink()
    elif damage == "noise":
        array.write_bytes(os.urandom(array.stat().st_size))
    elif damage == "meta":
        meta.write_bytes(meta.read_bytes()[:100])
    else:
        changed = {damage.removeprefix("other ").lower(): "another"}
        meta.write_text(json.dumps({**json.loads(meta.read_text()), **changed}))
    assert kept(table, cache) == answer
    assert reads
    reads.clear()
    assert kept(table, cache) == answer
    assert reads == []


def test_two_processes_keep_what_either_read(
    table: EventTable, tmp_path: Path, reads: list[tuple[int, int]]
) -> None:
    cache = tmp_path / "tape"
    dear = [Selection((VIEW,), "price >= 100"), CHEAP[1]]
    one, other = Tape(table, cache), Tape(EventTable.open(table.root), cache)
    answers = ask(one), ask(other, dear)
    one.close()
    other.close()
    reads.clear()
    again = Tape(table, cache)
    assert (ask(again), ask(again, dear)) == answers
    assert reads == []


def test_a_crash_while_writing_leaves_what_was_there(
    table: EventTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "tape"
    answer = kept(table, cache)
    before = listed(cache)
    tape = Tape(table, cache)
    with monkeypatch.context() as patch:
        patch.setattr(columns, "WORTH_KEEPING", 10_000)
        ask(tape, [Selection((VIEW,), "price < 5"), CHEAP[1]])
    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", _crash)
        with pytest.raises(KeyboardInterrupt):
            tape.close()
    assert listed(cache) == before
    assert kept(table, cache) == answer
    kept(table, cache, [Selection((VIEW,), "price < 6"), CHEAP[1]])  # sweeps what the crash left behind
    assert {file["name"] for one in listed(cache) for file in one["files"].values()} == on_disk(cache)


def _crash(*_: object) -> None:
    raise KeyboardInterrupt


def test_columns_used_longest_ago_make_room(
    table: EventTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_columns, "MAX_BYTES", 0)
    cache = tmp_path / "tape"
    for prices in (range(40), range(40, 44)):
        tape = Tape(table, cache)
        for price in prices:
            tape.lay([Selection((VIEW,), f"price < {price}")], keys=[Key("plan")])
        tape.close()
    texts = {one["wanted"]["text"] for one in listed(cache)}
    assert "price < 43" in texts
    assert "price < 0" not in texts
    assert "plan" in texts  # as old, but used since
    assert (
        sum((cache / "columns" / name).stat().st_size for name in on_disk(cache))
        <= table.snapshot.n_bytes / 2
    )


def test_of_few_events_no_columns_are_kept(
    table: EventTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "WORTH_KEEPING", 10_000)
    kept(table, tmp_path / "tape")
    assert not (tmp_path / "tape" / "columns").exists()


def test_columns_go_to_disk_beside_the_question_though_the_cache_has_no_room(
    table: EventTable, tmp_path: Path
) -> None:
    tape = Tape(table, tmp_path / "tape", budget_bytes=1)
    answer = ask(tape)
    tape.settle()
    assert len(listed(tmp_path / "tape")) == 5
    assert ask(tape) == answer
    assert not tape._columns._waiting
    held = [column for (column, _) in dict(tape._cache.items(Worth.COLUMN)).values()]
    assert held
    assert all(mapped(getattr(column, "which", column)) for column in held)
