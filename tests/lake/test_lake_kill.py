"""Killed at any moment, the lake holds each acknowledged message exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from obverse.collect.inbox import Inbox
from obverse.lake.seen import Seen
from obverse.lake.table import EventTable
from obverse.lake.writer import Writer
from tests.lake.lake_rows import NOON, ids
from tests.lake.lake_worker import BATCH

ROOT = Path(__file__).parents[2]


def run_and_kill(folder: Path, after_s: float) -> None:
    command = [sys.executable, "-m", "tests.lake.lake_worker", "serve", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    ready = process.stdout.readline()
    killer = threading.Timer(after_s, process.kill)
    killer.start()
    _, errors = process.communicate(timeout=120)
    killer.join()
    assert ready == "ready\n", errors
    assert process.returncode == -9, errors
    assert "Traceback" not in errors, errors


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.proof)])
def test_after_kills_at_random_moments_each_acknowledged_message_is_in_once(
    tmp_path: Path, kills: int
) -> None:
    chance = random.Random(kills)
    for _ in range(kills):
        run_and_kill(tmp_path, chance.uniform(0.2, 1.5))
    table = EventTable.open(tmp_path / "lake" / "events", create=True)
    seen = Seen.open(tmp_path / "seen.db", table, NOON.timestamp)
    inbox = Inbox.open(tmp_path / "inbox.db")
    writer = Writer(inbox, table, seen)
    while writer.run_once().n_rows:
        pass
    found = Counter(ids(table.root))
    n_acknowledged = len((tmp_path / "acknowledged").read_text().splitlines()) * BATCH
    assert n_acknowledged > BATCH * 3
    assert set(found.values()) == {1}
    assert {f"m{number}" for number in range(n_acknowledged)} <= set(found)
    assert len(seen) == len(found)
    assert any(file.sealed for file in table.snapshot.files)
    assert not (tmp_path / "rejected").exists()
    seen.close()
    inbox.close()
