"""Other people's tools read the lake while it is filled, merged, sealed and cleaned."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable

from obverse.event import SCHEMA
from obverse.lake.table import EventTable
from tests.lake.lake_rows import NOON, rows

ROOT = Path(__file__).parents[2]
N_BATCHES = 120


def with_pyarrow(path: Path) -> list[int]:
    found = DeltaTable(str(path)).to_pyarrow_dataset().to_table(["seq", "day", "message_id"])
    return found["seq"].to_pylist()  # type: ignore[no-any-return]


def with_duckdb(path: Path) -> list[int]:
    files = DeltaTable(str(path)).file_uris()
    if not files:
        return []
    with duckdb.connect() as con:
        found = con.execute("SELECT seq FROM read_parquet(?)", [files]).fetchall()
    return [seq for (seq,) in found]


def with_polars(path: Path) -> list[int]:
    found = pl.scan_delta(str(path)).filter(pl.col("touchpoint") == "web").select("seq", "day").collect()
    return found["seq"].to_list()


def with_obverse(path: Path) -> list[int]:
    return EventTable.open(path).read(["seq"])["seq"].to_pylist()  # type: ignore[no-any-return]


TOOLS = (with_pyarrow, with_duckdb, with_polars, with_obverse)


@pytest.fixture
def filler(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    EventTable.open(tmp_path / "events", create=True)
    command = [sys.executable, "-m", "tests.lake.lake_worker", "fill", str(tmp_path), str(N_BATCHES)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate(timeout=60)


def test_every_read_while_it_changes_sees_all_events_up_to_some_moment_once(
    tmp_path: Path, filler: subprocess.Popen[str]
) -> None:
    n_before, seen_sizes = 0, set()
    follower = EventTable.open(tmp_path / "events")
    readers: list[Callable[[Path], list[int]]] = [*TOOLS, lambda _: follow(follower)]
    running = True
    while running:
        running = filler.poll() is None
        for read in readers:
            seqs = sorted(read(tmp_path / "events"))
            assert seqs == list(range(1, len(seqs) + 1)), read
            assert len(seqs) >= n_before
            n_before = len(seqs)
            seen_sizes.add(n_before)
    assert filler.returncode == 0
    assert filler.stdout is not None
    assert sum(int(line) for line in filler.stdout) > 0  # files were deleted meanwhile
    assert n_before == N_BATCHES * 50
    assert len(seen_sizes) >= 5  # it did read in between


def follow(table: EventTable) -> list[int]:
    table.refresh()
    return table.read(["seq"])["seq"].to_pylist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("sealed", [False, True])
def test_polars_and_pyarrow_read_every_column_as_it_is_documented(tmp_path: Path, sealed: bool) -> None:
    table = EventTable.open(tmp_path / "events", create=True)
    table.append(rows(["a", "b"], NOON, value=[1.5, None], user_id=[None, "ann"]), "inbox", 1)
    if sealed:
        table.seal(NOON.date().replace(year=2030))
    arrow = DeltaTable(str(table.root)).to_pyarrow_dataset().to_table().select(SCHEMA.names).sort_by("seq")
    assert arrow.cast(SCHEMA).equals(table.read(SCHEMA.names).sort_by("seq"))
    frame = pl.read_delta(str(table.root)).sort("seq")
    assert frame.select(SCHEMA.names).to_dicts() == arrow.to_pylist()
