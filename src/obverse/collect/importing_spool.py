"""How an import reaches the lake while a server holds the data folder: chunks handed over as files.

Only one process writes the lake. So the import leaves each chunk, synced, in a folder; the server appends
it under the import's own name and position, which makes it exactly once, and leaves the counts beside it.
The import hands over one chunk at a time, so little waits. A chunk whose import or server was killed is taken
when a server, or another import, next opens the folder.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow as pa

from obverse.collect.importing import Append
from obverse.errors import BusyError

AppendTo = Callable[[pa.Table, str, int], tuple[int, int]]
"""Appends rows under a name and position to the lake; gives how many were new, and known."""

LOOK_EVERY_S = 0.2
_WAIT_AFTER_ERROR_S = 5.0

log = logging.getLogger("obverse.import")


class _Counts(msgspec.Struct, frozen=True):
    new: int
    known: int


class Spool:
    """The folder that chunks are handed over in.

    Args:
        folder: made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def append(
        self,
        app_id: str,
        served: Callable[[], bool],
        every_s: float = 0.05,
        clock: Callable[[], float] = time.monotonic,
    ) -> Append:
        """Give what an import appends with: hands a chunk over and waits until it is in the lake.

        Args:
            app_id: name of the import in the lake's transactions.
            served: whether a server still holds the data folder; asked now and then.
            every_s: time between two looks.
            clock: seconds, from anywhere.
        """

        def handed(events: pa.Table, position: int) -> tuple[int, int]:
            chunk = self._put(events, app_id, position)
            asked = clock()
            while True:
                counts = self._answer(chunk)
                if counts is not None:
                    return counts.new, counts.known
                if clock() - asked > 1.0:
                    asked = clock()
                    if not served():
                        raise BusyError("the server has stopped; run the same import again and it goes on")
                time.sleep(every_s)

        return handed

    def _put(self, events: pa.Table, app_id: str, position: int) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        chunk = self.folder / f"{app_id.replace(':', '.')}.{position:015d}.arrow"
        chunk.with_suffix(".done").unlink(missing_ok=True)
        new = chunk.with_suffix(".new")
        with new.open("wb") as handle:
            with pa.ipc.new_file(
                handle, events.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")
            ) as writer:
                writer.write_table(events)
            handle.flush()
            os.fsync(handle.fileno())
        new.replace(chunk)
        _sync(self.folder)
        return chunk

    @staticmethod
    def _answer(chunk: Path) -> _Counts | None:
        done = chunk.with_suffix(".done")
        try:
            counts = msgspec.json.decode(done.read_bytes(), type=_Counts)
        except FileNotFoundError:
            return None
        done.unlink()
        return counts

    def take(self, append_to: AppendTo) -> int:
        """Append all chunks that wait, in order; gives how many. For the process that holds the folder."""
        n_taken = 0
        for chunk in sorted(self.folder.glob("*.arrow")) if self.folder.is_dir() else ():
            name, _, position = chunk.stem.rpartition(".")
            with pa.memory_map(str(chunk)) as source:
                events = pa.ipc.open_file(source).read_all()
                new, known = append_to(events, name.replace(".", ":"), int(position))
                del events
            done = chunk.with_suffix(".done")
            half = chunk.with_suffix(".half")
            half.write_bytes(msgspec.json.encode(_Counts(new, known)))
            half.replace(done)
            chunk.unlink()
            n_taken += 1
        return n_taken


class SpoolTaker:
    """The server's thread that takes chunks.

    Args:
        spool: where they are handed over.
        append_to: appends them.
    """

    def __init__(self, spool: Spool, append_to: AppendTo) -> None:
        self._spool = spool
        self._append_to = append_to
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="import", daemon=True)

    def start(self) -> None:
        """Begin to take chunks."""
        self._thread.start()

    def stop(self) -> None:
        """End after the chunk at hand."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        wait_s = LOOK_EVERY_S
        while not self._stop.wait(wait_s):
            try:
                self._spool.take(self._append_to)
                wait_s = LOOK_EVERY_S
            except Exception:  # whatever it is, the chunk stays and is tried again
                log.exception("an imported chunk could not be appended; it is tried again")
                wait_s = _WAIT_AFTER_ERROR_S


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
