"""Arrays kept on disk between processes, memory-mapped when they are opened again: reels, and columns.

A directory holds ``meta.json`` and the NumPy files it names; nothing else counts. A process that keeps
something writes new files, then puts its own ``meta.json`` in place with one rename: a reader sees all of it
or none. Whatever is torn, of another lake or another version is left unread and replaced in time. All of it
can be made again from the lake.

Numbers of streams mean something only within one set of reels, so these sets are never mixed. Columns stand
for themselves, and have a directory of their own inside that of the reels.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from obverse.tape.arrange import frozen
from obverse.tape.owners import Claimed
from obverse.tape.reel import COLUMNS, Kind, Reel

FORMAT = 2
MAX_BYTES = 4 << 30
"""Bytes that reels may take on disk, or as many as the lake itself takes; columns may take half as many."""

WORTH_KEEPING = 100_000
"""Rows read from the lake since something was last kept on disk that make it worth doing again."""

_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(rb"\{'descr': '([<|][a-z]\d)', 'fortran_order': False, 'shape': \((\d+),\)")
"""How a file of version 1.0 of NumPy's format begins."""

SPARE_BYTES = 512 << 20
"""Room that keeping arrays leaves free on the disk."""

Arrays = Mapping[str, NDArray[Any]]
log = logging.getLogger("obverse.tape")


@dataclass(frozen=True)
class File:
    """One NumPy file, and how many entries it has."""

    name: str
    n: int
    n_bytes: int


class Listing(Protocol):
    """What is on disk, as ``meta.json`` says."""

    @property
    def lake(self) -> str:
        """Id of the lake it was made from."""

    @property
    def format(self) -> int:
        """Version of what is kept."""

    def files(self) -> Iterator[File]:
        """Every file it names."""


class Filed(Protocol):
    """Something kept, with its arrays' files by name."""

    @property
    def files(self) -> Mapping[str, File]:
        """The files."""


M = TypeVar("M", bound=Listing)
F = TypeVar("F", bound=Filed)


@dataclass(frozen=True)
class KeptReel:
    """A reel on disk: its kind, up to which seq it is complete, its arrays' files by name."""

    column: str
    value: str
    last_seq: int
    files: dict[str, File]

    @property
    def kind(self) -> Kind:
        """Which events it holds."""
        return Kind(self.column, self.value)


@dataclass(frozen=True)
class Meta:
    """Which reels are on disk, and what they rest on.

    Attributes:
        lake: id of the lake it was made from.
        version: version of the lake.
        last_seq: every event up to this is counted in.
        n_events: events in the lake then.
        newest: time of the newest of them, µs.
        counts: events by name.
        streams: keys of the streams, by number.
        claims: claims, by column of `Claimed`.
        reels: the one used longest ago first.
        rewritten: `Snapshot.rewritten` then.
        format: version of this file.
        token: drawn anew each time.
    """

    lake: str
    version: int
    last_seq: int
    n_events: int
    newest: int
    counts: dict[str, int]
    streams: File = File("", 0, 0)
    claims: dict[str, File] = field(default_factory=dict)
    reels: tuple[KeptReel, ...] = ()
    rewritten: str = ""
    format: int = FORMAT
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    def files(self) -> Iterator[File]:
        """Every file it names."""
        yield self.streams
        yield from self.claims.values()
        for reel in self.reels:
            yield from reel.files.values()


class Store(Generic[M]):
    """A directory of arrays of one lake.

    Args:
        path: the directory; it need not exist.
        lake: the lake's id.
        listing: what ``meta.json`` holds.
    """

    def __init__(self, path: Path, lake: str, listing: type[M]) -> None:
        self.path = path
        self.lake = lake
        self._listing = listing

    def load(self) -> M | None:
        """Read what is on disk, if it is whole and of this lake and format."""
        try:
            meta = msgspec.json.decode((self.path / "meta.json").read_bytes(), type=self._listing)
            fits = meta.format == FORMAT and meta.lake == self.lake
            whole = all((self.path / file.name).stat().st_size == file.n_bytes for file in meta.files())
        except (OSError, msgspec.MsgspecError):
            return None
        return meta if fits and whole else None

    def open(self, file: File) -> NDArray[Any]:
        """Map a file.

        Raises:
            OSError: it is gone; ValueError: it is not what was kept.
        """
        array = _map(self.path / file.name)
        if len(array) != file.n:
            raise ValueError(f"{file.name} has {len(array)} entries, not {file.n}")
        return frozen(array)

    @contextmanager
    def writing(self, wait: bool = False) -> Iterator[bool]:
        """Hold the directory against other writers; gives False where it cannot be written or is held.

        Args:
            wait: whether to wait for another writer to be done.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            handle = (self.path / "lock").open("a+")
        except OSError:
            yield False
            return
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except OSError:
                yield False
                return
            yield True

    def write(self, arrays: Arrays) -> dict[str, File]:
        """Write arrays, each to a new file, synced.

        Raises:
            OSError: no room.
        """
        need = sum(array.nbytes for array in arrays.values())
        if shutil.disk_usage(self.path).free < need + SPARE_BYTES:
            raise OSError(f"less than {(need + SPARE_BYTES) >> 20} MiB free for the tape's cache")
        written: dict[str, File] = {}
        for name, array in arrays.items():
            path = self.path / f"{secrets.token_hex(8)}-{name}.npy"
            with path.open("xb") as handle:
                np.save(handle, array, allow_pickle=False)
                handle.flush()
                os.fsync(handle.fileno())
            written[name] = File(path.name, len(array), path.stat().st_size)
        return written

    def put(self, meta: M) -> None:
        """Make a set the one that counts, and delete the files it does not name; called while writing."""
        part = self.path / "meta.json.part"
        with part.open("wb") as handle:
            handle.write(msgspec.json.encode(meta))
            handle.flush()
            os.fsync(handle.fileno())
        part.replace(self.path / "meta.json")
        self.sweep(meta)

    def sweep(self, meta: M | None) -> None:
        """Delete what a set does not name; whoever has it mapped keeps it. Called while writing."""
        named = {file.name for file in meta.files()} if meta else set()
        for path in self.path.glob("*.npy"):
            if path.name not in named:
                path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete everything at once, even while somebody writes: what they name then is torn."""
        try:
            (self.path / "meta.json").unlink(missing_ok=True)
            self.sweep(None)
        except OSError as error:
            log.warning("%s cannot be cleared: %s", self.path, error)


class ReelStore(Store[Meta]):
    """The directory of one lake's reels."""

    def __init__(self, path: Path, lake: str) -> None:
        super().__init__(path, lake, Meta)

    def streams(self, meta: Meta) -> NDArray[np.int64]:
        """Map the streams' keys."""
        return self.open(meta.streams)

    def claims(self, meta: Meta) -> Claimed:
        """Map the claims."""
        return Claimed(*(self.open(meta.claims[name]) for name in ("stream", "time", "user", "seq")))

    def reel(self, kept: KeptReel) -> Reel | None:
        """Map a reel; None where it is there no more or is torn."""
        try:
            return Reel.of([self.open(kept.files[name]) for name in COLUMNS], kept.last_seq)
        except (OSError, ValueError, KeyError):
            return None


def _map(path: Path) -> NDArray[Any]:
    """Map an array of one dimension.

    `numpy.load` would do, but reads the header with Python's parser, which in CPython 3.11 fails now and then
    where two threads use it at once.

    Raises:
        OSError: the file is gone; ValueError: it is no array of one dimension.
    """
    with path.open("rb") as handle:
        magic = handle.read(8)
        header = handle.read(int.from_bytes(handle.read(2), "little")) if magic == _MAGIC else b""
        found = _HEADER.match(header)
        if found is None:
            raise ValueError(f"{path.name} is no array")
        dtype, n = found[1].decode(), int(found[2])
        return np.memmap(handle, np.dtype(dtype), "r", offset=handle.tell(), shape=(n,))


def bounded(kept: Sequence[F], max_bytes: int) -> tuple[F, ...]:
    """Give what was used last, as much as fits; the one used longest ago first."""
    fitting: list[F] = []
    for one in reversed(kept):
        max_bytes -= sum(file.n_bytes for file in one.files.values())
        if max_bytes < 0:
            break
        fitting.append(one)
    return tuple(reversed(fitting))
