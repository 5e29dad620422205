"""The thread that moves accepted events from the inbox into the lake, each exactly once."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from obverse.errors import DataError
from obverse.lake.datafile import sync
from obverse.lake.priority import step_back
from obverse.lake.records import ROWS, parse, sound_lines
from obverse.lake.seen import Seen, append_new
from obverse.lake.table import EventTable
from obverse.lake.upkeep import Upkeep

APP_ID = "inbox"
"""Under this name the table keeps the position of the inbox up to which it has everything."""

EVERY_S = 0.5
"""How long accepted events wait for the next append while few come."""

SHARE = 20
"""While many come, an append waits for so many times what the one before worked: a file, a commit and their
syncs cost the same for thousands of events as for a few, and requests need the processor first."""

MOST_S = 2.0
"""How long events wait at most, however many come."""

MAX_BYTES = 16 << 20
"""How much of the inbox one append takes."""

_LONGEST_WAIT_S = 30.0

if TYPE_CHECKING:
    from obverse.collect.inbox import Inbox, InboxRow

log = logging.getLogger("obverse.lake")


@dataclass(frozen=True)
class Drained:
    """What one pass moved.

    Attributes:
        n_rows: rows of the inbox that are done with.
        n_events: events in them.
        n_appended: events that went into the lake.
        n_duplicates: events whose message was in already.
        n_rejected: lines set aside since they are not events.
        full: it was as much as one pass takes, so there may be more.
    """

    n_rows: int = 0
    n_events: int = 0
    n_appended: int = 0
    n_duplicates: int = 0
    n_rejected: int = 0
    full: bool = False


@dataclass(frozen=True)
class WriterStatus:
    """How the writer does, for the data-health page. Counts are since it was made.

    Attributes:
        last_append_at: when events last became visible, seconds since 1970; None if not yet.
        lag_s: how long the oldest event of that append had waited since it was received.
        n_appended: events appended.
        n_duplicates: events left out because their message was in already.
        n_rejected: lines set aside.
        error: what stands in the way now, and what to do about it; None while all is well.
        error_at: since when, seconds since 1970.
    """

    last_append_at: float | None = None
    lag_s: float = 0.0
    n_appended: int = 0
    n_duplicates: int = 0
    n_rejected: int = 0
    error: str | None = None
    error_at: float | None = None


class Writer:
    """Moves events from the inbox into the lake, and looks after the lake's files.

    Attributes:
        status: how it does.
        upkeep: what merges, sorts and deletes files, on its own thread.
        rejected: folder for lines that are not events, one file an inbox row.
    """

    def __init__(
        self,
        inbox: Inbox,
        table: EventTable,
        seen: Seen,
        *,
        rejected: Path | None = None,
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.status = WriterStatus()
        self.upkeep = Upkeep(table, clock)
        self.rejected = rejected or seen.path.parent / "rejected"
        self._inbox = inbox
        self._table = table
        self._seen = seen
        self._max_bytes = max_bytes
        self._clock = clock
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def run_once(self) -> Drained:
        """Move the next rows of the inbox, up to `max_bytes`, into the lake.

        Rows are forgotten only when what is in them is in the lake or set aside, on disk. Killed anywhere in
        between, the next pass finds by the position in the table what was appended.
        """
        committed = self._table.committed(APP_ID)
        rows = self._inbox.read(0, self._max_bytes)
        if not rows:
            return Drained()
        last = rows[-1].position
        fresh = [row for row in rows if row.position > committed]
        done = Drained(n_rows=len(rows), full=sum(len(row.body) for row in rows) >= self._max_bytes)
        if fresh:
            events, n_rejected = self._events(fresh)
            done = replace(done, n_events=sum(row.n_events for row in fresh), n_rejected=n_rejected)
            if events.num_rows:
                done = self._append(events, last, done)
        self._table.sync()
        self._inbox.forget(last)
        self._note(done)
        return done

    def _append(self, events: pa.Table, position: int, done: Drained) -> Drained:
        n_appended, n_duplicates = append_new(self._table, self._seen, events, APP_ID, position)
        if n_appended:
            now = self._clock()
            oldest = pc.min(events["received_at"]).cast(pa.int64()).as_py() / 1e6
            self.status = replace(self.status, last_append_at=now, lag_s=max(0.0, now - oldest))
        return replace(done, n_appended=n_appended, n_duplicates=n_duplicates)

    def _note(self, done: Drained) -> None:
        self.status = replace(
            self.status,
            n_appended=self.status.n_appended + done.n_appended,
            n_duplicates=self.status.n_duplicates + done.n_duplicates,
            n_rejected=self.status.n_rejected + done.n_rejected,
            error=None,
            error_at=None,
        )

    def _events(self, rows: Sequence[InboxRow]) -> tuple[pa.Table, int]:
        """Parse rows; what is not an event is set aside, and the number of such lines given."""
        try:
            events = parse([row.body for row in rows])
            if events.num_rows == sum(row.n_events for row in rows):
                return events, 0
        except DataError:
            pass  # one by one it shows which
        parsed, n_rejected = [], 0
        for row in rows:
            events, n_unsound = self._sound(row)
            parsed.append(events)
            n_rejected += n_unsound
        return pa.concat_tables(parsed), n_rejected

    def _sound(self, row: InboxRow) -> tuple[pa.Table, int]:
        """Parse one row; what is not an event is set aside, and the number of such lines given."""
        unsound: Sequence[tuple[bytes, str]] = []
        try:
            events = parse([row.body])
        except DataError:
            sound, unsound = sound_lines(row.body)
            events = parse(sound) if sound else ROWS.empty_table()
        n_missing = max(0, row.n_events - events.num_rows - len(unsound))
        if unsound or n_missing:
            self._set_aside(row, unsound, n_missing)
        return events, len(unsound) + n_missing

    def _set_aside(self, row: InboxRow, unsound: Sequence[tuple[bytes, str]], n_missing: int) -> None:
        self.rejected.mkdir(exist_ok=True)
        file = self.rejected / f"inbox-{row.position}.ndjson"
        file.write_bytes(row.body if n_missing else b"\n".join(line for line, _ in unsound) + b"\n")
        sync(file)
        sync(self.rejected)
        reason = unsound[0][1] if unsound else f"{n_missing} of {row.n_events} events are missing"
        log.error(
            "row %d of the inbox is damaged: %s. %d of its %d events go into the lake, the rest is in %s; "
            "mend and import that file, or delete it",
            row.position, reason, row.n_events - len(unsound) - n_missing, row.n_events, file,
        )  # fmt: skip

    def start(self) -> None:
        """Begin to move events and look after files, each on a thread of its own."""
        self._thread = threading.Thread(target=self._loop, name="obverse-writer", daemon=True)
        self._thread.start()
        self.upkeep.start()

    def stop(self) -> None:
        """End both threads after the pass that runs; what is left in the inbox stays there."""
        self._stop.set()
        self.upkeep.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _loop(self) -> None:
        step_back()
        n_failures = 0
        wait_s = 0.0
        while not self._stop.wait(wait_s):
            try:
                began, worked = time.monotonic(), time.thread_time()
                done = self.run_once()
                n_failures = 0
                wait_s = _pause(done, time.monotonic() - began, time.thread_time() - worked)
            except Exception as error:
                n_failures += 1
                wait_s = min(_LONGEST_WAIT_S, EVERY_S * 2**n_failures)
                self._fail(error, wait_s)

    def _fail(self, error: Exception, wait_s: float) -> None:
        message = advice(error)
        log.error("the lake takes no events: %s; nothing is lost, trying again in %.0f s", message, wait_s)
        since = self.status.error_at or self._clock()
        self.status = replace(self.status, error=message, error_at=since)


def _pause(done: Drained, took_s: float, worked_s: float) -> float:
    """Give the seconds until the next pass, after one that took so long and so much of a processor."""
    if not done.n_rows:
        return EVERY_S / 5
    every_s = EVERY_S if done.full else max(EVERY_S, min(MOST_S, SHARE * worked_s))
    return max(0.0, every_s - took_s)


def advice(error: Exception) -> str:
    """Say what went wrong and what the operator can do."""
    text = f"{type(error).__name__}: {error}"
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    if full or "No space left" in text or "disk is full" in text:
        return f"the disk is full ({text}); free some space"
    if isinstance(error, PermissionError) or "Permission denied" in text or "readonly" in text:
        return f"no permission ({text}); let the server's user write to the data folder"
    if isinstance(error, DataError):
        return str(error)
    return text
