"""Where an event is counted: the cell of its bucket of time and its group, found without a search."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obverse.measure.buckets import slots_of
from obverse.measure.scope import Grain
from obverse.measure.trend.question import Trend
from obverse.measure.trend.series import Series
from obverse.measure.window import Window
from obverse.tape.layout import Floats, Int32s, Int64s, Layout, Number, Track


class Grid(NamedTuple):
    """Buckets of time by groups; the cell of group g and bucket b is ``g * n_buckets + b``.

    Attributes:
        edges: shape (buckets + 1,), µs, ascending.
        slots: see `obverse.measure.buckets`.
        per_us: slots in a µs.
        lead: buckets before the first row.
        n_groups: how many groups.
    """

    edges: Int64s
    slots: Int32s
    per_us: float
    lead: int
    n_groups: int

    @property
    def shape(self) -> tuple[int, int]:
        """Groups and buckets."""
        return self.n_groups, max(len(self.edges) - 1, 0)


class Source(NamedTuple):
    """The events that a kernel reads; an array of length 0 stands for one that there is not.

    Attributes:
        offsets: of the events, by unit.
        time: of the events, µs.
        code: their groups.
        value: their money.
        number: the numbers of a field, NaN for none.
        whose: for each unit who it is counted as; without it the unit itself.
    """

    offsets: Int64s
    time: Int64s
    code: Int32s
    value: Floats
    number: Floats
    whose: Int32s


def _nothing(kind: Any) -> NDArray[Any]:
    array = np.empty(0, dtype=kind)
    array.flags.writeable = False  # as the arrays of layouts are: kernels are compiled for such
    return array


NO_CODES: Int32s = _nothing(np.int32)
NO_NUMBERS: Floats = _nothing(np.float64)


def source_of(track: Track, layout: Layout, by_person: bool, number: Floats | None) -> Source:
    """Gather the events of a track.

    Args:
        track: whose events.
        layout: what it is of.
        by_person: units of the same person are counted as one.
        number: numbers of a field, if they are wanted.
    """
    code = track.codes[0] if track.codes else None
    return Source(
        offsets=track.offsets,
        time=track.time,
        code=NO_CODES if code is None else code,
        value=NO_NUMBERS if track.value is None else track.value,
        number=NO_NUMBERS if number is None else number,
        whose=layout.person if by_person and layout.person is not None else NO_CODES,
    )


def number_of(question: Trend, one: Series, layout: Layout) -> Floats | None:
    """Give the numbers that a series takes; None for one that counts events."""
    if one.field is None:
        return None
    wanted = Number(one.field, question.selections.index(one.selection(question.where)))
    return layout.tracks[wanted.track].numbers[question.numbers.index(wanted)]


def grid_of(window: Window, first: int, grain: Grain, n_groups: int) -> Grid:
    """Lay out cells for the buckets of a window from one on."""
    edges = window.edges[first:]
    slots, per_us = slots_of(edges, grain)
    return Grid(edges, slots, per_us, max(window.lead - first, 0), n_groups)


def first_bucket(source: Source, window: Window, units: range) -> int:
    """Give the bucket of a slice's earliest event in a window, the number of buckets where it has none."""
    starts, ends = source.offsets[units.start : units.stop], source.offsets[units.start + 1 : units.stop + 1]
    times = source.time[starts[starts < ends]]
    times = times[times < window.end]
    if len(times) == 0:
        return len(window.edges) - 1
    return max(int(np.searchsorted(window.edges, times.min(), side="right")) - 1, 0)
