"""What the lake holds at one version: its files, and the range of event numbers in each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

PART, MERGED, SEALED = "part", "merged", "sealed"
"""How a file's name begins: as it was appended, merged from small ones, or a past day sorted for good."""

_OURS = re.compile(rf"({PART}|{MERGED}|{SEALED})-[0-9a-f]{{32}}\.parquet")


@dataclass(frozen=True)
class DataFile:
    """One Parquet file of the lake.

    The column `day` is not inside it: all its rows have the `day` given here.

    Attributes:
        path: absolute path.
        day: day received (UTC) of every row.
        n_rows: number of events.
        min_seq: smallest event number; another file may hold numbers between this and `max_seq`.
        max_seq: largest event number.
        n_bytes: size on disk.
        sealed: belongs to a past day, sorted by (event, stream, time, seq).
    """

    path: str
    day: date
    n_rows: int
    min_seq: int
    max_seq: int
    n_bytes: int
    sealed: bool


@dataclass(frozen=True)
class Snapshot:
    """The lake at one version. Its files stay on disk for a while after later versions replaced them.

    Attributes:
        version: version of the Delta table.
        files: its files by (day, min_seq).
    """

    version: int
    files: tuple[DataFile, ...]

    @cached_property
    def last_seq(self) -> int:
        """Number of the newest event; 0 in an empty lake."""
        return max((file.max_seq for file in self.files), default=0)

    @cached_property
    def n_events(self) -> int:
        """Number of events."""
        return sum(file.n_rows for file in self.files)

    @cached_property
    def n_bytes(self) -> int:
        """Size of the files on disk."""
        return sum(file.n_bytes for file in self.files)

    @cached_property
    def rewritten(self) -> str:
        """Tells which files another program wrote: one that changes events in place, to redact them say.

        Empty where none did.
        """
        names = (file.path.rpartition("/")[2] for file in self.files)
        others = sorted(name for name in names if not _OURS.fullmatch(name))
        return blake2b("\n".join(others).encode(), digest_size=16).hexdigest() if others else ""


def load(delta: DeltaTable, root: Path) -> Snapshot:
    """Read the snapshot that `delta` stands at from its log alone, without touching a data file."""
    actions = pa.table(delta.get_add_actions(flatten=True))
    if actions.num_rows == 0:
        return Snapshot(delta.version(), ())
    names = ("path", "partition.day", "num_records", "min.seq", "max.seq", "size_bytes")
    columns = (actions[name].to_pylist() for name in names)
    files = [
        DataFile(str(root / path), day, n_rows, low, high, n_bytes, is_sealed(path))
        for path, day, n_rows, low, high, n_bytes in zip(*columns, strict=True)
    ]
    return Snapshot(delta.version(), tuple(sorted(files, key=lambda file: (file.day, file.min_seq))))


def is_sealed(path: str) -> bool:
    """Tell by its name whether a file belongs to a sealed day."""
    return path.rpartition("/")[2].startswith(f"{SEALED}-")
