"""All that a scan of a funnel works on, as one record.

A record reaches a kernel as one pointer. Arrays, tuples of arrays and named tuples of them do not: Numba
counts references to each of them at each call, which costs more than the scan itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numba import njit

from obverse.measure.columns import MAX_TRACKS, TABLE_SHAPE, Columns, floats_at, integers_at
from obverse.measure.funnel_question import MAX_EXCLUSIONS, MAX_STEPS
from obverse.tape.layout import Floats, Int64s

DISJOINT, OVERLAPPING, STRICT, ANY = range(4)
"""How steps are matched: in order, no event being able to take two of them; in order, some being able to;
one right after the other; in any order."""

Path: TypeAlias = Any
"""A record of `PATH`."""

Walk: TypeAlias = Any
"""A record of `WALK`."""

PATH = np.dtype(
    [
        ("row", np.int64, MAX_STEPS),  # track of the event that took each step
        ("at", np.int64, MAX_STEPS),  # its index in the track
        ("reached", np.int64, MAX_STEPS),  # time by which the step and all before it were taken, µs
        ("by", np.int64),  # index of the event on the split's track; -1 for none
    ]
)

_RULES = [
    ("n_steps", np.int64),  # steps are numbered from 0 here
    ("how", np.int64),  # DISJOINT, OVERLAPPING, STRICT or ANY
    ("within", np.int64),  # µs from the entry in which all steps must lie
    ("grace", np.int64),  # µs that a step's event may lie before those of the steps before it
    ("start", np.int64),  # first instant of the period of entries, µs
    ("end", np.int64),  # first instant after it, µs
    ("newest", np.int64),  # time of the newest event there is, µs
    ("per_entry", np.int64),  # 1 to count each attempt
    ("by_person", np.int64),  # 1 to count a person of several units once, by the best
    ("remove", np.int64),  # 1 where an exclusion takes the whole unit out
    ("valued", np.int64),  # 1 where any track has values
    ("by_row", np.int64),  # track that has the split's codes; -1 for no split
    ("missing", np.int64),  # group of those who have no event on that track
    ("n_exclusions", np.int64),  # their tracks follow the steps'
    ("after", np.int64, MAX_EXCLUSIONS),  # step after which each counts
    ("before", np.int64, MAX_EXCLUSIONS),  # step before which it counts
    ("twin", np.int64, MAX_STEPS),  # the last step before it but the first of the same selection, or -1
]

_READING = [
    ("n_rows", np.int64),  # number of tracks
    ("tracks", np.int64, TABLE_SHAPE),  # see `obverse.measure.columns`
    ("next", np.int64, MAX_TRACKS),  # index of each track's first event that may still matter
    ("stop", np.int64, MAX_TRACKS),  # index after the unit's last event
    ("trial", np.int64, MAX_STEPS + 1),  # scratch of the search for different events, by step
    ("tries", np.int64, MAX_STEPS + 1),
    ("held", np.int64, MAX_STEPS),  # scratch of the matching in any order, by step
    ("parent", np.int64, MAX_STEPS),
    ("cut", np.int64),  # 1 where a search was cut short
    ("path", PATH),  # the entry being followed
    ("scratch", PATH),  # a search's best path
    ("best", PATH),  # the unit's best entry
    ("whole", PATH),  # the person's best entry, where a person has several units
]

_LEAVING = [
    ("n_groups", np.int64),
    ("n_bins", np.int64),
    ("tally", np.int64, 8),  # addresses of the arrays of `Tally`
    ("depths", np.int64),  # address of the depths to note, by person; 0 to note none
    ("n_depths", np.int64),
    ("wanted", np.int64),  # note only those of this group; -1 for all
]

WALK = np.dtype(_RULES + _READING + _LEAVING)


class Tally(NamedTuple):
    """What a scan leaves; "people" are whatever is counted. Groups come first in every shape but the last.

    Attributes:
        people: shape (groups, steps + 1), people by the number of steps taken.
        still_open: shape (groups, steps + 1), those of them who may yet get further.
        since_first: shape (groups, steps, bins), durations from the first step (`obverse.measure.histogram`).
        since_previous: shape (groups, steps, bins), durations from the step before.
        ms: shape (groups, steps, 2), sums of both durations, in ms.
        reached: shape (groups, steps, 3), moments of the values other than 0 of the steps' events.
        lost: shape (groups, steps, 3), moments of the last value of those who left after each step.
        aside: shape (2,), units removed by an exclusion; entries whose search was cut short.
    """

    people: Int64s
    still_open: Int64s
    since_first: Int64s
    since_previous: Int64s
    ms: Int64s
    reached: Floats
    lost: Floats
    aside: Int64s


def new_walk(rules: Walk, columns: Columns, tally: Tally) -> Walk:
    """Make the record of one scan: the rules (`new_rules`), a layout's arrays, and where the tally lies.

    Both must outlive the scan.
    """
    walk = rules.copy()
    walk.n_rows = columns.n_tracks
    walk.tracks = columns.table
    walk.n_groups, walk.n_bins = tally.since_first.shape[0], tally.since_first.shape[2]
    walk.tally = [part.ctypes.data for part in tally]
    for path in (walk.path, walk.scratch, walk.best, walk.whole):
        path.row = np.arange(MAX_STEPS)
    walk.wanted = -1
    return walk


def new_rules(**fields: Any) -> Walk:
    """Make a record with the question's numbers, all others 0."""
    rules = np.zeros(1, dtype=WALK).view(np.recarray)[0]
    for name, value in fields.items():
        rules[name] = value
    return rules


@njit(nogil=True, inline="always")
def add_count(w: Walk, part: int, group: int, depth: int, n: int) -> None:
    """Add to `people` (part 0) or `still_open` (part 1)."""
    counts = integers_at(w.tally[part], w.n_groups * (w.n_steps + 1))
    counts[group * (w.n_steps + 1) + depth] += n


@njit(nogil=True, inline="always")
def add_duration(w: Walk, part: int, group: int, step: int, where: int, ms: int) -> None:
    """Add to `since_first` (part 2) or `since_previous` (part 3) and to its sum."""
    place = group * w.n_steps + step
    counts = integers_at(w.tally[part], w.n_groups * w.n_steps * w.n_bins)
    counts[place * w.n_bins + where] += 1
    sums = integers_at(w.tally[4], w.n_groups * w.n_steps * 2)
    sums[place * 2 + part - 2] += ms


@njit(nogil=True, inline="always")
def moments_of(w: Walk, part: int, group: int, step: int) -> Floats:
    """Give the moments of `reached` (part 5) or `lost` (part 6)."""
    place = (group * w.n_steps + step) * 3
    whole: Floats = floats_at(w.tally[part], w.n_groups * w.n_steps * 3)
    return whole[place : place + 3]


@njit(nogil=True, inline="always")
def add_aside(w: Walk, place: int, n: int) -> None:
    """Add to `aside`."""
    integers_at(w.tally[7], 2)[place] += n


@njit(nogil=True, inline="always")
def note_depth(w: Walk, whose: int, group: int, depth: int) -> None:
    """Note a person's depth, if it is wanted."""
    if w.n_depths > 0 and (w.wanted < 0 or w.wanted == group):
        integers_at(w.depths, w.n_depths)[whose] |= 1 << depth
