"""Looking after the lake's files on a thread of its own: merging, sealing, deleting."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import duckdb

from obverse.lake.priority import step_back
from obverse.lake.snapshot import Snapshot
from obverse.lake.table import EventTable

EVERY_S = 5.0
"""How often small files are looked for."""

SEAL_AND_VACUUM_EVERY_S = 600.0
"""How often past days are sealed and deleted files taken off the disk."""

GRACE_S = 600.0
"""A past day is sealed when nothing was appended to it for this long."""

log = logging.getLogger("obverse.lake")


@dataclass(frozen=True)
class UpkeepStatus:
    """How the upkeep does.

    Attributes:
        n_rewrites: merges and sorts since it was made.
        n_deleted: files deleted since then.
        error: what went wrong last; None while all is well.
    """

    n_rewrites: int = 0
    n_deleted: int = 0
    error: str | None = None


class Upkeep:
    """Keeps the lake's files few and sorted while others append and read.

    Attributes:
        status: how it does.
    """

    def __init__(self, table: EventTable, clock: Callable[[], float] = time.time) -> None:
        self.status = UpkeepStatus()
        self._table = table
        self._clock = clock
        self._next_large = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def run_once(self) -> None:
        """Merge small files; when the time has come also seal past days and delete files long replaced."""
        n_rewrites = self._table.compact()
        n_deleted = 0
        now = self._clock()
        if now >= self._next_large:
            self._next_large = now + SEAL_AND_VACUUM_EVERY_S
            n_rewrites += self._table.seal(sealable_before(self._table.snapshot, now))
            n_deleted = self._table.vacuum()
        done = self.status
        self.status = UpkeepStatus(done.n_rewrites + n_rewrites, done.n_deleted + n_deleted)

    def start(self) -> None:
        """Begin on a thread of its own."""
        shutil.rmtree(self._table.scratch, ignore_errors=True)  # what a killed process left
        self._thread = threading.Thread(target=self._loop, name="obverse-upkeep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a rewrite that runs is given up, and done anew next time."""
        self._stop.set()
        self._table.interrupt()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _loop(self) -> None:
        step_back()
        while not self._stop.wait(EVERY_S):
            try:
                self.run_once()
            except Exception as error:
                if isinstance(error, duckdb.InterruptException) and self._stop.is_set():
                    return
                log.exception("upkeep of the lake failed; events are appended and read all the same")
                self.status = replace(self.status, error=f"{type(error).__name__}: {error}")


def sealable_before(snapshot: Snapshot, now: float) -> date:
    """Give the day before which days may be sealed: today, or the first past day that still gets events."""
    today = datetime.fromtimestamp(now, UTC).date()
    if now % 86_400 < GRACE_S:
        today = date.fromordinal(today.toordinal() - 1)
    lively = [
        file.day for file in snapshot.files
        if file.day < today and not file.sealed and now - os.path.getmtime(file.path) < GRACE_S
    ]  # fmt: skip
    return min([today, *lively])
