"""What a scan reads: events of some selections, laid out by unit and time.

A *unit* is what a measure counts: a person by default, else a session, an account, or a person together
with one value of a property (a cart's order id). Units are numbered densely from 0, so a unit's events are
a slice: ``time[offsets[unit]:offsets[unit + 1]]``, ascending. That is the layout that lets a kernel skip a
unit by looking at two numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
Int32s = NDArray[np.int32]
Floats = NDArray[np.float64]


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
class Track:
    """The events of one selection, sorted by (unit, time, seq).

    Attributes:
        offsets: shape (n_units + 1,); the events of unit u stand at offsets[u]:offsets[u + 1].
        time: shape (n,), µs since 1970 UTC, ascending within a unit.
        seq: shape (n,), the event's number in the lake: the same event has the same seq in every track.
        value: shape (n,), money, 0 where the event has none; None where it was not asked for or no event
            has any.
        code: shape (n,), index into `Layout.labels` of the split's value; None where it was not asked for.
    """

    offsets: Int64s
    time: Int64s
    seq: Int64s
    value: Floats | None = None
    code: Int32s | None = None


@dataclass(frozen=True)
class Layout:
    """All that one scan reads.

    Attributes:
        n_units: units are 0 … n_units - 1; some may have no events.
        tracks: one a selection, in the order asked.
        person: shape (n_units,), the person of each unit, non-decreasing, where units are parts of persons
            (sessions, same-property values); None where a unit is a person (or an account) itself.
        n_persons: number of persons, where `person` is given; else equal to `n_units`.
        labels: the split's values by code, largest group first; None stands for events without a value.
        last_seq: every event up to this seq is in, none after it.
        newest: time of the newest event in the lake, µs; 0 where it is empty.
    """

    n_units: int
    tracks: tuple[Track, ...]
    person: Int32s | None
    n_persons: int
    labels: tuple[str | None, ...]
    last_seq: int
    newest: int
