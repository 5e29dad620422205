"""Sorted runs of 128-bit keys: a set that grows by whole batches, on disk and hardly in memory.

Keys are hashes, hence spread evenly. A B-tree would touch one page a key (measured with SQLite: 4 kB written
and 8 µs a key at 3 M keys, growing); sorted runs are only ever written from end to end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from obverse.lake.datafile import sync
from obverse.lake.hashing import Keys

_MAGIC = b"obverse keys 1\n\0"
_SLICE_BITS = 4  # a merge on disk holds a sixteenth of the two runs in memory
_SPLITS = np.arange(1, 1 << _SLICE_BITS, dtype=np.uint64) << np.uint64(64 - _SLICE_BITS)


@dataclass(frozen=True)
class Run:
    """Keys sorted by (upper, lower), in memory or mapped from a file."""

    upper: Keys
    lower: Keys

    def __len__(self) -> int:
        return len(self.upper)

    def holds(self, upper: Keys, lower: Keys) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Tell of each key whether it is in the run; quickest for keys in ascending order."""
        found = np.zeros(len(upper), bool)
        at = np.searchsorted(self.upper, upper)
        asked = np.flatnonzero(at < len(self))
        while len(asked := asked[self.upper[at[asked]] == upper[asked]]):
            found[asked] |= self.lower[at[asked]] == lower[asked]
            at[asked] += 1
            asked = asked[~found[asked] & (at[asked] < len(self))]
        return found


def sorted_run(upper: Keys, lower: Keys) -> Run:
    """Sort keys into a run."""
    order = np.lexsort((lower, upper))
    return Run(upper[order], lower[order])


def merged(a: Run, b: Run) -> Run:
    """Merge two runs in memory."""
    slices = list(_merged_slices(a, b))
    return Run(
        np.concatenate([part.upper for part in slices]), np.concatenate([part.lower for part in slices])
    )


def _merged_slices(a: Run, b: Run) -> Iterator[Run]:
    cuts_a, cuts_b = (np.searchsorted(run.upper, _SPLITS).tolist() for run in (a, b))
    bounds = zip([0, *cuts_a], [*cuts_a, len(a)], [0, *cuts_b], [*cuts_b, len(b)], strict=True)
    for from_a, to_a, from_b, to_b in bounds:
        yield sorted_run(
            np.concatenate([a.upper[from_a:to_a], b.upper[from_b:to_b]]),
            np.concatenate([a.lower[from_a:to_a], b.lower[from_b:to_b]]),
        )


def write_merged(path: Path, a: Run, b: Run) -> None:
    """Merge two runs into a file, synced, holding a part of them in memory at a time."""
    n = len(a) + len(b)
    with path.open("wb") as sink:
        sink.write(_MAGIC)
        done = 0
        for part in _merged_slices(a, b):
            sink.seek(len(_MAGIC) + 8 * done)
            sink.write(part.upper.tobytes())
            sink.seek(len(_MAGIC) + 8 * (n + done))
            sink.write(part.lower.tobytes())
            done += len(part)
    sync(path)
    sync(path.parent)


def map_run(path: Path, n: int) -> Run:
    """Map a run of `n` keys from its file.

    Raises:
        ValueError: the file is not what was written.
        OSError: it cannot be read.
    """
    if path.stat().st_size != len(_MAGIC) + 16 * n:
        raise ValueError(f"{path} has not the size of {n} keys")
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise ValueError(f"{path} is not a run of keys")
    upper = np.memmap(path, np.uint64, "r", len(_MAGIC), (n,))
    lower = np.memmap(path, np.uint64, "r", len(_MAGIC) + 8 * n, (n,))
    return Run(upper, lower)
