"""What a scan reads: events of some selections, laid out by unit and time.

A *unit* is what a measure counts: a person by default, else a session, an account, or a person together
with one value of a property (a cart's order id). Units are numbered densely from 0, so a unit's events are
a slice: ``time[offsets[unit]:offsets[unit + 1]]``, ascending. That is the layout that lets a kernel skip a
unit by looking at two numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
Int32s = NDArray[np.int32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Marks = NDArray[np.uint8]

MAX_MARKED = 8
"""Tracks that a mark has room for."""


@dataclass(frozen=True)
class Selection:
    """Which events: any of some names, that pass a filter.

    Attributes:
        events: names, alternatives of each other; empty for every event there is.
        where: expression over the event's fields (`obverse.tape.expression`), None for no filter.
    """

    events: tuple[str, ...] = ()
    where: str | None = None


@dataclass(frozen=True)
class Key:
    """A field whose values become codes of events.

    Attributes:
        field: expression that gives the value, such as ``context.device.type``.
        tracks: numbers of the tracks whose events get codes; the same value has the same code in all.
        n_labels: how many values, the most frequent over these tracks, get a code of their own.
        named: whether values get labels. Where not, codes only tell values apart: each value has one,
            whatever `n_labels` says, an event without a value has -1, and there are no labels.
        optional: whether a field that no event has is no error, but a value that no event has. Its place,
            ``properties`` or ``context``, must be written.
        sparse: whether codes may be left out where they would tell nothing apart: where all events have the
            same value, which stands for 0 everywhere; of codes without labels, where no event has a value.
    """

    field: str
    tracks: tuple[int, ...] = (0,)
    n_labels: int = 10
    named: bool = True
    optional: bool = False
    sparse: bool = False


@dataclass(frozen=True)
class Number:
    """A field whose values are wanted as numbers.

    Attributes:
        field: expression that gives the number, such as ``properties.price``.
        track: number of the track whose events get it.
        optional: as in `Key`.
    """

    field: str
    track: int = 0
    optional: bool = False


@dataclass(frozen=True)
class Track:
    """The events of one selection, sorted by (unit, time, seq).

    Attributes:
        offsets: shape (n_units + 1,); the events of unit u stand at offsets[u]:offsets[u + 1].
        time: shape (n,), µs since 1970 UTC, ascending within a unit.
        seq: shape (n,), the event's number in the lake: the same event has the same seq in every track.
        value: shape (n,), money, 0 where the event has none; None where it was not asked for or no event
            has any.
        codes: one for each `Key` asked for, in its order: shape (n,), index into that key's labels, their
            number where the event's value has no label; see `Key.named`; None where the key is not of this
            track, or as `Key.sparse` says.
        numbers: one for each `Number` asked for, in its order: shape (n,), NaN where the event has none;
            None where it is not of this track.
        marks: shape (n,), of the first track alone, where asked for: what track t + 1 has too has bit t set.
    """

    offsets: Int64s
    time: Int64s
    seq: Int64s
    value: Floats | None = None
    codes: tuple[Int32s | None, ...] = ()
    numbers: tuple[Floats | None, ...] = ()
    marks: Marks | None = None

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All arrays that there are."""
        mine = (self.offsets, self.time, self.seq, self.value, self.marks, *self.codes, *self.numbers)
        return tuple(array for array in mine if array is not None)


@dataclass(frozen=True)
class Layout:
    """All that one scan reads.

    Attributes:
        n_units: units are 0 … n_units - 1; some may have no events.
        tracks: one a selection, in the order asked.
        person: shape (n_units,), the person of each unit, non-decreasing, where units are parts of persons
            (sessions, same-property values); None where a unit is a person (or an account) itself.
        n_persons: number of persons, where `person` is given; else equal to `n_units`.
        labels: for each `Key` asked for its values by code, most frequent first; None stands for events
            without a value.
        last_seq: every event up to this seq is in, none after it.
        newest: time of the newest event in the lake, µs; 0 where it is empty.
    """

    n_units: int
    tracks: tuple[Track, ...]
    person: Int32s | None
    n_persons: int
    labels: tuple[tuple[str | None, ...], ...]
    last_seq: int
    newest: int
