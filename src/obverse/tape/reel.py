"""A reel: all events of one kind, each with its person, sorted by (person, time, seq).

A reel is made once from the lake's rows and from then on spliced: new events go in, and events whose person
changed by a late claim move, in one pass over its arrays. The lake itself is never rewritten for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from mmap import MADV_DONTNEED, mmap
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from obverse.errors import DataError
from obverse.tape.arrange import arrange, frozen, places, spliced, spliced_offsets
from obverse.tape.layout import Floats, Int32s, Int64s
from obverse.tape.owners import Owners

COLUMNS = ("offsets", "time", "seq", "stream", "row", "value")


@dataclass(frozen=True)
class Kind:
    """Which events a reel holds: of one event name, of one Segment call, or all there are.

    Attributes:
        column: ``event``, ``type`` or empty for all.
        value: the name.
    """

    column: str = ""
    value: str = ""


@dataclass(frozen=True)
class Rows:
    """Events as the lake gives them, ascending in seq: the stream's number, the time in µs, the seq, money.

    `value` is empty where none of the events has any.
    """

    seq: Int64s
    stream: Int32s
    time: Int64s
    value: Floats = field(default_factory=lambda: frozen(np.zeros(0)))


@dataclass(frozen=True)
class Reel:
    """Events of one kind up to one seq; all arrays are read-only.

    Attributes:
        offsets: shape (n_people + 1,); people numbered later than the reel was made have no events in it.
        time: shape (n,), µs since 1970 UTC.
        seq: shape (n,).
        stream: shape (n,), number of the stream that the event came under.
        row: shape (n,), rank of the event by seq: its place in columns read from the lake.
        value: shape (n,), money, 0 where an event has none; shape (0,) where no event has any.
        last_seq: every event of the kind up to this is in.
        edition: another for every reel made; the same only where the events and their order are.
    """

    offsets: Int64s
    time: Int64s
    seq: Int64s
    stream: Int32s
    row: Int32s
    value: Floats
    last_seq: int
    edition: int = field(default_factory=count(1).__next__)

    @classmethod
    def of(cls, arrays: Sequence[NDArray[Any]], last_seq: int) -> Reel:
        """Make a reel of its arrays, in the order of `COLUMNS`."""
        offsets, time, seq, stream, row, value = arrays
        return cls(offsets, time, seq, stream, row, value, last_seq)

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """The arrays, in the order of `COLUMNS`."""
        return self.offsets, self.time, self.seq, self.stream, self.row, self.value

    @property
    def nbytes(self) -> int:
        """Memory held: what is mapped from disk does not count, the system takes it back as it likes."""
        return sum(array.nbytes for array in self.arrays if not mapped(array))

    def unload(self) -> None:
        """Let go of the pages mapped from disk; who reads them again gets them from the system's cache."""
        for array in self.arrays:
            held = _map_of(array)
            if held is not None and hasattr(mmap, "madvise"):
                held.madvise(MADV_DONTNEED)

    def __len__(self) -> int:
        return len(self.time)


def mapped(array: Any) -> bool:
    """Tell whether an array is mapped from a file."""
    return _map_of(array) is not None


def _map_of(array: Any) -> mmap | None:
    while isinstance(array, np.ndarray):
        array = array.base
    return array if isinstance(array, mmap) else None


def build(rows: Rows, owners: Owners, n_people: int, last_seq: int) -> Reel:
    """Make a reel of all events of a kind."""
    if len(rows.seq) >= 1 << 31:
        raise DataError(f"{len(rows.seq)} events of one name are more than one tape can hold")
    seq, stream, unsorted, value = rows.seq, rows.stream, rows.time, rows.value
    del rows  # each column is given up as soon as it is in order
    first = int(seq[0]) if len(seq) and seq[-1] - seq[0] == len(seq) - 1 else None
    if first is not None:  # there are no other events, so the order tells the seqs
        seq = np.zeros(0, np.int64)
    person = owners.people(stream, unsorted)
    offsets, order, time = arrange(frozen(person), n_people, frozen(unsorted))
    del person, unsorted
    seq = seq[order] if first is None else np.add(order, first, dtype=np.int64)
    stream = stream[order]
    value = value[order] if len(value) else value
    return Reel.of([frozen(column) for column in (offsets, time, seq, stream, order, value)], last_seq)


def splice(reel: Reel, rows: Rows, owners: Owners, n_people: int, last_seq: int) -> Reel:
    """Bring a reel up to date.

    Args:
        reel: as it was.
        rows: new events of the kind.
        owners: all claims up to `last_seq`.
        n_people: people known.
        last_seq: up to which event the new reel is complete.

    Returns:
        What `build` would make of all events.
    """
    removed, old_person, new_person = _movers(reel, owners.since(reel.last_seq), owners)
    if len(removed) == 0 and len(rows.seq) == 0:
        return replace(reel, last_seq=last_seq)
    if len(reel) + len(rows.seq) >= 1 << 31:
        raise DataError("more events of one name than one tape can hold")
    n = len(reel)
    person = np.concatenate([new_person, owners.people(rows.stream, rows.time)])
    time = np.concatenate([reel.time[removed], rows.time])
    seq = np.concatenate([reel.seq[removed], rows.seq])
    stream = np.concatenate([reel.stream[removed], rows.stream])
    row = np.concatenate([reel.row[removed], np.arange(n, n + len(rows.seq), dtype=np.int32)])
    order = np.lexsort((seq, time, person))
    before = places(
        reel.offsets, reel.time, reel.seq, frozen(person[order]), frozen(time[order]), frozen(seq[order])
    )
    offsets = spliced_offsets(reel.offsets, n_people, frozen(person), frozen(old_person))
    pairs = list(zip(reel.arrays[1:-1], (time, seq, stream, row), strict=True))
    valued = len(reel.value) > 0 or len(rows.value) > 0
    if valued:
        kept, came = _filled(reel.value, n), _filled(rows.value, len(rows.seq))
        pairs.append((frozen(kept), np.concatenate([kept[removed], came])))
    columns = [spliced(old, removed, frozen(before), frozen(new[order])) for old, new in pairs]
    if not valued:
        columns.append(reel.value)
    return Reel.of([frozen(column) for column in (offsets, *columns)], last_seq)


def _filled(value: Floats, n: int) -> Floats:
    """Spell out that no event has any money."""
    return value if len(value) else np.zeros(n)


def _movers(reel: Reel, affected: Int32s, owners: Owners) -> tuple[Int64s, Int32s, Int32s]:
    """Find the events that belong to someone else now: their indices, old people and new people."""
    n_people = len(reel.offsets) - 1
    was = np.union1d(affected, owners.users(affected)).astype(np.int32)
    was = was[was < n_people]
    found, person = _events_under(reel.offsets, reel.stream, frozen(was), frozen(np.sort(affected)))
    now = owners.people(reel.stream[found], reel.time[found])
    moved = now != person
    return frozen(found[moved]), person[moved], now[moved]


@njit(cache=True, nogil=True)
def _events_under(offsets: Int64s, stream: Int32s, people: Int32s, streams: Int32s) -> tuple[Int64s, Int32s]:
    """Find the events of some people that came under some streams; both ascending."""
    room = 0
    for person in people:
        room += offsets[person + 1] - offsets[person]
    found, whose = np.empty(room, np.int64), np.empty(room, np.int32)
    n = 0
    for person in people:
        for i in range(offsets[person], offsets[person + 1]):
            at = np.searchsorted(streams, stream[i])
            if at < len(streams) and streams[at] == stream[i]:
                found[n] = i
                whose[n] = person
                n += 1
    return found[:n].copy(), whose[:n].copy()
