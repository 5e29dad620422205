"""Inbox: accepted events, synced to disk before their client is answered, until the lake has them.

One SQLite file in WAL mode with full sync. One thread writes: it takes all that waits, writes it as one row
in one transaction with the ledger's counts, and then wakes those who wait. So the cost of a sync is shared by
all requests that arrived during the one before. A large row is compressed, which costs less than writing and
syncing the bytes that it saves. A small one is not: to compress it would let Python's lock go just before the
sync does, and requests would be worked on before the sync instead of during it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from obverse.collect import inbox_file
from obverse.collect.batch import Batch
from obverse.collect.ledger import Counts, Ledger
from obverse.collect.refusal import Refused
from obverse.errors import BusyError, DataError

_ROW_BYTES = 4 * 1024 * 1024
"""A row takes further batches until it has this many bytes."""
_PACKED_BYTES = 64 * 1024
"""Rows of more bytes are compressed."""
_FORGET_ROWS = 16
"""Rows deleted in one transaction, so that no client waits long for a deletion."""
_NOTE_WAIT_S = 1.0
"""Counts without events wait this long for a transaction to go with."""

_codec = pa.Codec("zstd", compression_level=1)
_ZSTD = b"\x28\xb5\x2f\xfd"

_FORGET = """DELETE FROM batch WHERE position IN
    (SELECT position FROM batch WHERE position <= ? ORDER BY position LIMIT ?) RETURNING n_bytes"""


class InboxRow(msgspec.Struct, frozen=True):
    """What one transaction wrote.

    Attributes:
        position: ascending, never used again.
        n_events: number of lines.
        body: one `obverse.event.Event` as JSON a line, each ended by a newline.
    """

    position: int
    n_events: int
    body: bytes


class InboxStats(msgspec.Struct, frozen=True):
    """How full the inbox is.

    Attributes:
        n_rows: rows that wait for the lake.
        n_events: events in them.
        n_bytes: their bytes.
        max_bytes: at which the inbox is full.
        oldest_received_at: µs since 1970 UTC; None where nothing waits.
        last_position: of the newest row ever written; 0 at first.
        file_bytes: of the file and its log.
    """

    n_rows: int
    n_events: int
    n_bytes: int
    max_bytes: int
    oldest_received_at: int | None
    last_position: int
    file_bytes: int


class _Ticket(msgspec.Struct):
    """A batch that waits for its commit, or rows that wait for their deletion."""

    future: Any  # of asyncio where `loop` is given, else of concurrent.futures; None to announce a note
    loop: asyncio.AbstractEventLoop | None = None
    source: str = ""
    received_at: int = 0
    n_events: int = 0
    refused: list[Refused] = []
    body: bytes = b""
    forget: int | None = None


class Inbox:
    """The inbox of a data folder. Safe to use from any thread and any event loop of one process."""

    def __init__(
        self, path: Path, max_bytes: int, writer: sqlite3.Connection, reader: sqlite3.Connection
    ) -> None:
        self._path = path
        self.max_bytes = max_bytes
        self._writer = writer
        self._reader = reader
        self._reading = threading.Lock()
        self._encoder = msgspec.json.Encoder()
        self._queue: queue.SimpleQueue[_Ticket | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._notes = Counts()
        self._closed = False
        self._n_bytes, self._last_position = inbox_file.fill(writer)
        self.id = inbox_file.identity(writer)
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], max_bytes: int = 1 << 30, create: bool = True, after: int = 0
    ) -> Inbox:
        """Open an inbox.

        Args:
            path: of its file.
            max_bytes: of events that wait; beyond them the inbox is full.
            create: make the file where there is none.
            after: positions of one that is made are above this.

        Raises:
            DataError: it is missing (without `create`), damaged, no inbox, or of a later version.
        """
        where = Path(path)
        writer = inbox_file.connect(where, create, after)
        return cls(where, max_bytes, writer, inbox_file.connect_reader(where))

    async def put(self, batch: Batch) -> None:
        """Keep a batch; returns when its events and its counts are synced to disk.

        The events are taken out of the batch as soon as they are encoded: those of many batches that wait
        would push everything else out of the processor's cache.

        Raises:
            BusyError: the inbox or the disk is full, or it is closing; nothing of the batch was kept.
            DataError: the file is damaged; nothing of the batch was kept.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._enqueue(self._ticket(batch, future, loop))
        batch.events = []
        await future

    def submit(self, batch: Batch) -> Future[int]:
        """Keep a batch, as `put` does, for callers without an event loop.

        Returns:
            A future whose result, the number of events, is there once they are synced.

        Raises:
            BusyError: the inbox is full or closing. What goes wrong later is raised by the future's `result`.
        """
        future: Future[int] = Future()
        self._enqueue(self._ticket(batch, future, None))
        return future

    def note(self, batch: Batch) -> None:
        """Count what a request without any accepted event came to, within a second and without waiting."""
        with self._lock:
            first = not self._notes
            self._notes.add(batch.source, batch.received_at, 0, batch.refused)
        if first and not self._closed:
            self._queue.put(_Ticket(None))

    def read(self, after: int, max_bytes: int) -> list[InboxRow]:
        """Read rows in order from the first position above `after`; at least one, if there is one.

        A row whose body the disk has damaged comes as it is stored, so that whoever reads can set it aside.

        Args:
            after: the last position already read; 0 for all.
            max_bytes: read no further row once their bodies have this many bytes.

        Raises:
            DataError: the file is damaged.
        """
        rows: list[InboxRow] = []
        n_bytes = 0
        with self._reading, inbox_file.data_errors(self._path):
            found = self._reader.execute(
                "SELECT position, n_events, n_bytes, body FROM batch WHERE position > ? ORDER BY position",
                (after,),
            )
            for position, n_events, size, kept in found:
                rows.append(InboxRow(position, n_events, _unpacked(kept, size)))
                n_bytes += size
                if n_bytes >= max_bytes:
                    break
            found.close()
        return rows

    def forget(self, up_to: int) -> None:
        """Delete the rows up to a position, as the lake has them; their room in the file is used again.

        Raises:
            BusyError: the disk is full; some may be deleted.
            DataError: the file is damaged.
        """
        deleted = _FORGET_ROWS
        while deleted == _FORGET_ROWS:
            future: Future[int] = Future()
            self._enqueue(_Ticket(future, forget=up_to))
            deleted = future.result()

    @property
    def last_position(self) -> int:
        """Position of the newest row; cheap to look at again and again."""
        return self._last_position

    @property
    def ledger(self) -> Ledger:
        """What was accepted, counted when it is answered, and refused, counted within a second."""
        return Ledger(self._rows)

    def stats(self) -> InboxStats:
        """Tell how full the inbox is."""
        row = self._rows(
            "SELECT count(*), ifnull(sum(n_events), 0), ifnull(sum(n_bytes), 0), min(received_at) FROM batch"
        )[0]
        return InboxStats(
            n_rows=row[0],
            n_events=row[1],
            n_bytes=row[2],
            max_bytes=self.max_bytes,
            oldest_received_at=row[3],
            last_position=self._last_position,
            file_bytes=inbox_file.size(self._path),
        )

    def close(self) -> None:
        """Write what waits and close the file. Further batches raise BusyError."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()
        with self._reading:
            self._reader.close()
        self._writer.close()

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with self._reading, inbox_file.data_errors(self._path):
            return self._reader.execute(query, values).fetchall()

    def _ticket(self, batch: Batch, future: Any, loop: asyncio.AbstractEventLoop | None) -> _Ticket:
        body = self._encoder.encode_lines(batch.events) if batch.events else b""
        return _Ticket(future, loop, batch.source, batch.received_at, len(batch.events), batch.refused, body)

    def _enqueue(self, ticket: _Ticket) -> None:
        n_bytes = len(ticket.body)
        with self._lock:
            if self._closed:
                raise BusyError("the server is closing; send it again")
            if n_bytes and self._n_bytes + n_bytes > self.max_bytes:
                raise BusyError(
                    f"inbox: full, {self._n_bytes} of {self.max_bytes} bytes wait for the lake; send it later"
                )
            self._n_bytes += n_bytes
            self._queue.put(ticket)

    def _run(self) -> None:
        closing = False
        while not closing:
            tickets, closing = self._gather()
            with self._lock:
                notes, self._notes = self._notes, Counts()
            if not tickets and not notes:
                continue
            error = self._commit(tickets, notes)
            if error is not None:
                with self._lock:
                    self._n_bytes -= sum(len(ticket.body) for ticket in tickets)
                    notes.merge(self._notes)
                    self._notes = notes
            _settle(tickets, error)

    def _gather(self) -> tuple[list[_Ticket], bool]:
        """Wait for a ticket, then take all that wait, up to the size of a row; tell whether it is the end."""
        tickets: list[_Ticket] = []
        n_bytes = 0
        try:
            ticket = self._queue.get(timeout=_NOTE_WAIT_S if self._notes else None)
            while ticket is not None:
                if ticket.future is not None:
                    tickets.append(ticket)
                    n_bytes += len(ticket.body)
                elif not tickets:  # a note: wait for a transaction to go with it
                    ticket = self._queue.get(timeout=_NOTE_WAIT_S)
                    continue
                if n_bytes >= _ROW_BYTES:
                    return tickets, False
                ticket = self._queue.get_nowait()
        except queue.Empty:
            return tickets, False
        return tickets, True

    def _commit(self, tickets: list[_Ticket], notes: Counts) -> BusyError | DataError | None:
        """Write all in one transaction; give the error where nothing was written."""
        counts = Counts()
        counts.merge(notes)
        for ticket in tickets:
            counts.add(ticket.source, ticket.received_at, ticket.n_events, ticket.refused)
        forgetting = [ticket for ticket in tickets if ticket.forget is not None]
        alone = not forgetting and not counts.examples
        freed = 0
        try:
            row = self._row([ticket for ticket in tickets if ticket.body])
            if not alone:
                self._writer.execute("BEGIN IMMEDIATE")
            self._writer.execute(inbox_file.ENTER, (*row, counts.tallies()))
            if not alone:
                counts.show(self._writer)
                freed = sum(self._delete(ticket) for ticket in forgetting)
                self._writer.execute("COMMIT")
        except Exception as error:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                return inbox_file.explain(self._path, error)
            notes.clear()  # one of them may be the cause
            return DataError(f"inbox: cannot write ({error!r})")
        self._last_position = row[0] or self._last_position
        with self._lock:
            self._n_bytes -= freed
        return None

    def _row(self, tickets: list[_Ticket]) -> tuple[int | None, int, int, int, bytes | None]:
        """Give what to write of the tickets that have events: position, events, bytes, receipt and body."""
        if not tickets:
            return None, 0, 0, 0, None
        body = b"".join([ticket.body for ticket in tickets])
        n_events = sum(ticket.n_events for ticket in tickets)
        received_at = min(ticket.received_at for ticket in tickets)
        kept = _codec.compress(body, asbytes=True) if len(body) > _PACKED_BYTES else body
        return self._last_position + 1, n_events, len(body), received_at, kept

    def _delete(self, ticket: _Ticket) -> int:
        gone = self._writer.execute(_FORGET, (ticket.forget, _FORGET_ROWS)).fetchall()
        inbox_file.trim(self._writer)
        ticket.n_events = len(gone)  # here: of rows; counts were taken before
        return sum(n_bytes for (n_bytes,) in gone)


def _settle(tickets: list[_Ticket], error: Exception | None) -> None:
    """Wake those who wait: threads at once, event loops with one call each."""
    loops: dict[asyncio.AbstractEventLoop, list[_Ticket]] = {}
    for ticket in tickets:
        if ticket.loop is not None:
            loops.setdefault(ticket.loop, []).append(ticket)
        elif error is not None:
            ticket.future.set_exception(error)
        else:
            ticket.future.set_result(ticket.n_events)
    for loop, waiting in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_wake, waiting, error)


def _wake(tickets: list[_Ticket], error: Exception | None) -> None:
    for ticket in tickets:
        if ticket.future.done():  # its client went away
            continue
        if error is None:
            ticket.future.set_result(None)
        else:
            ticket.future.set_exception(error)


def _unpacked(kept: bytes, size: int) -> bytes:
    if not kept.startswith(_ZSTD):
        return kept
    try:
        return bytes(_codec.decompress(kept, size, asbytes=True))
    except OSError:
        return kept
