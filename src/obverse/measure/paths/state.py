"""All that a scan of paths works on, as one record: see `obverse.measure.funnel_state` for why one record."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import numpy as np
from numba import njit

from obverse.measure.columns import TABLE_SHAPE, Columns, floats_at, integers_at
from obverse.measure.frequent import FIRST, TABLE, Room
from obverse.measure.paths.places import BEGAN, CUT, LEFT, MORE, NOWHERE, OPEN, SPECIAL, Places
from obverse.measure.paths.question import MAX_STEPS, Paths
from obverse.measure.timed import N_BINS
from obverse.tape.layout import Floats, Int64s, Layout, Selection

Walk: TypeAlias = Any
"""A record of `WALK`."""

ZERO: int = cast("int", np.int64(0))
"""A plain 0 would be compiled for by itself, as a type of its own."""

ROLES = ("events", "after", "before", "exclude", "goal", "value")
STEPS, AFTER, BEFORE, EXCLUDE, GOAL, VALUE = range(6)

IS_STEP, IS_AFTER, IS_BEFORE, IS_GOAL = 1, 2, 4, 8
"""Marks of an item."""

TIMES, PATHS, PEOPLE, REACHED, AGAIN, BEGINS, ENDS, OPEN_ENDS = range(8)
"""Columns of a place: how often it was passed; paths (where they are whole: else as often) and people that
passed it; paths that reached the goal at or after their first pass; paths that passed it twice or more; paths
that begin there, end there, may yet go on."""

N_PLACE_SUMS = 8
LAST_PERSON, LAST_PATH, PASSES, OWN_PATHS, OWN_REACHED, N_PLACE = range(8, 14)
"""More columns, for the scan alone: who passed it last, on which path, how often on that; that person's
paths."""

TIME_BITS = 8
S_TIMES, S_PATHS, S_PEOPLE, S_REACHED, S_PERSON, S_PATH, S_OWN_PATHS, S_OWN_REACHED = range(FIRST, FIRST + 8)
"""Columns of a stream's row; the first four are sums."""

W_PATHS, W_PEOPLE, W_REACHED, W_PERSON, W_OWN_PATHS, W_OWN_REACHED, W_LENGTH, W_WORDS = range(
    FIRST, FIRST + 8
)
"""Columns of a whole path's row; the first three are sums; the last is the first of `N_WORDS`."""

OWN_MONEY, MONEY, PAIRS, N_FLOATS = 0, 1, 4, 10
"""Other numbers of a place, a stream, a whole path: the last person's money, moments of money, of paths."""

SHOWN = MAX_STEPS
"""Places of a whole path that are kept to be shown."""

PLACE_BITS = 15
PER_WORD = 4
N_WORDS = SHOWN // PER_WORD

ANY_COLUMN = -2

KEPT_STREAMS = 1 << 15
KEPT_PATHS = 1 << 15
KEPT_TIMES = 1 << 17

_RULES = [
    ("n_roles", np.int64),
    ("row", np.int64, len(ROLES)),  # track of each role; -1 for none
    ("by_gap", np.int64),  # 1 where a silence parts trails
    ("gap", np.int64),  # µs
    ("within", np.int64),  # µs; -1 for no limit
    ("start", np.int64),  # first instant of the period of beginnings, µs
    ("end", np.int64),
    ("newest", np.int64),
    ("n_steps", np.int64),
    ("whole", np.int64),
    ("every", np.int64),
    ("fold", np.int64),
    ("among", np.int64),  # 1 where the events of `after` are steps anyway
    ("barred", np.int64),  # 1 where some event of `after` or `before` is excluded by its name
    ("valued", np.int64),  # 1 where goals or money are asked for
    ("n_columns", np.int64),
    ("n_places", np.int64),  # with the special ones
    ("more", np.int64),
    ("left", np.int64),
    ("open", np.int64),
    ("began", np.int64),
    ("cut", np.int64),
]

_READING = [
    ("tracks", np.int64, TABLE_SHAPE),
    ("next", np.int64, len(ROLES)),  # index of each role's next event
    ("stop", np.int64, len(ROLES)),
    ("of_code", np.int64),  # addresses: place by code
    ("n_codes", np.int64),
    ("of_pin", np.int64),
    ("n_pins", np.int64),
    ("hashes", np.int64),
    ("ways", np.int64),  # row of each stream, by key; -1 for none yet
    ("n_ways", np.int64),  # 0 where there are too many to have a place each
    ("room", np.int64),  # room for items
    ("time", np.int64),  # addresses of the items of a person, by time: time, place, marks, money
    ("place", np.int64),
    ("mark", np.int64),
    ("money", np.int64),
    ("run", np.int64),  # addresses of a path: first item of each step, its place, money at or after it
    ("step", np.int64),
    ("later", np.int64),
    ("n_items", np.int64),
    ("unit", np.int64),
    ("path", np.int64),  # number of the path, from 1
]

_LEAVING = [
    ("totals", np.int64),  # address: paths, people, paths that reached the goal, and stamps
    ("sums", np.int64),  # address: the last person's money, moments of money, of paths
    ("columns", np.int64),  # address: people by column, and the last one
    ("nodes", np.int64),  # addresses: places by column
    ("node_floats", np.int64),
    ("streams", TABLE),
    ("paths", TABLE),
    ("seeking", np.int64),  # 0: count; 1: find who went from a place to a place; 2: who took a whole path
    ("column", np.int64),  # of the place; `ANY_COLUMN` for any
    ("from_", np.int64),  # addresses: whether each place will do
    ("to", np.int64),
    ("key", np.int64),  # of the whole path
    ("found", np.int64),  # address: who was found, by person
    ("n_found", np.int64),
]

WALK = np.dtype(_RULES + _READING + _LEAVING)

T_PATHS, T_PEOPLE, T_REACHED, T_PERSON, T_OWN_PATHS, T_OWN_REACHED, N_TOTALS = range(7)
"""Numbers of `totals`."""


class State:
    """A record of `WALK` with all arrays that it points to; they must outlive the scan.

    Args:
        question: what is asked.
        layout: what its plan laid out.
        places: the layout's.
        kept: how many streams, whole paths and times are kept (`obverse.measure.frequent`).
    """

    def __init__(
        self,
        question: Paths,
        layout: Layout,
        places: Places,
        kept: tuple[int, int, int] = (KEPT_STREAMS, KEPT_PATHS, KEPT_TIMES),
    ) -> None:
        self._columns = Columns(layout)
        self._places = places
        n_columns, n_places = question.n_columns, places.n + len(SPECIAL)
        size = 1 + sum(_longest(track.offsets) for track in layout.tracks)
        self._integers = {name: np.zeros(size, np.int64) for name in ("time", "place", "mark", "run", "step")}
        self._floats = {name: np.zeros(size) for name in ("money", "later")}
        self.totals = np.zeros(N_TOTALS, np.int64)
        self.sums = np.zeros(N_FLOATS)
        self.columns = np.zeros((n_columns, 2), np.int64)
        self.nodes = np.zeros((n_columns, n_places, N_PLACE), np.int64)
        self.node_floats = np.zeros((n_columns, n_places, N_FLOATS))
        n_floats = N_FLOATS if question.goal is not None or question.value is not None else 0
        self.streams = Room(kept[0], 8, n_floats, N_BINS)
        self.paths = Room(kept[1], 7 + N_WORDS, n_floats, ranked=True)
        self.kept_times = kept[2]
        n_ways = n_columns * n_places * n_places
        self._ways = np.full(n_ways if n_ways <= 2 * kept[0] else 0, -1, np.int64)
        self.found = np.zeros(0, np.int64)
        self.walk: Walk = np.zeros(1, dtype=WALK).view(np.recarray)[0]
        for name, number in (
            _rules(question, layout, places) | {"room": size, "n_ways": len(self._ways)}
        ).items():
            self.walk[name] = number
        self.walk["row"] = _rows(question)
        self.walk["tracks"] = self._columns.table
        self._point()
        self._wanted: list[Int64s] = []

    def _point(self) -> None:
        arrays: dict[str, Int64s | Floats] = {
            **self._integers,
            **self._floats,
            "of_code": self._places.of_code,
            "of_pin": self._places.of_pin,
            "hashes": self._places.hashes,
            "ways": self._ways,
            "totals": self.totals,
            "sums": self.sums,
            "columns": self.columns,
            "nodes": self.nodes,
            "node_floats": self.node_floats,
        }
        for name, array in arrays.items():
            self.walk[name] = array.ctypes.data
        for name, room in {"streams": self.streams, "paths": self.paths}.items():
            self.walk[name] = room.table

    def seek_places(self, n_persons: int, column: int, from_: Int64s, to: Int64s) -> None:
        """Look for who went from some places in a column to some others, instead of counting.

        Args:
            n_persons: how many people there are.
            column: of the places, from 0; that of what comes before the first is -1; `ANY_COLUMN` for any.
            from_: shape (places with special ones,), 1 for each that will do.
            to: the same for what comes next.
        """
        self._wanted = [from_, to]
        self._seek(n_persons, seeking=1, column=column, from_=from_.ctypes.data, to=to.ctypes.data)

    def seek_path(self, n_persons: int, key: int) -> None:
        """Look for who took a whole path, instead of counting."""
        self._seek(n_persons, seeking=2, key=key)

    def _seek(self, n_persons: int, **fields: int) -> None:
        self.found = np.zeros(n_persons, np.int64)
        for name, number in (fields | {"found": self.found.ctypes.data, "n_found": n_persons}).items():
            self.walk[name] = number


def _longest(offsets: Int64s) -> int:
    return int(np.diff(offsets).max(initial=0))


def _rows(question: Paths) -> list[int]:
    there = list(question.selections())
    return [there.index(role) if role in there else -1 for role in ROLES]


def _rules(question: Paths, layout: Layout, places: Places) -> dict[str, int]:
    start, end = question.period_us
    return {
        "n_roles": len(layout.tracks),
        "by_gap": question.trail == "session",
        "gap": question.gap_us,
        "within": -1 if question.within_us is None else question.within_us,
        "start": start,
        "end": end,
        "newest": layout.newest,
        "n_steps": question.steps,
        "whole": question.whole,
        "every": question.count == "every",
        "fold": question.fold,
        "among": Selection((), question.where) == question.selections()["events"],
        "barred": bool((places.of_pin == NOWHERE).any()),
        "valued": question.goal is not None or question.value is not None,
        "n_columns": question.n_columns,
        "n_places": places.n + len(SPECIAL),
        "n_codes": len(places.of_code),
        "n_pins": len(places.of_pin),
        "more": places.special(MORE),
        "left": places.special(LEFT),
        "open": places.special(OPEN),
        "began": places.special(BEGAN),
        "cut": places.special(CUT),
    }


@njit(nogil=True, inline="always")
def times_of(w: Walk) -> Int64s:
    """Give the times of the person's items."""
    return integers_at(w.time, w.room)


@njit(nogil=True, inline="always")
def places_at(w: Walk) -> Int64s:
    """Give the places of the person's items."""
    return integers_at(w.place, w.room)


@njit(nogil=True, inline="always")
def marks_of(w: Walk) -> Int64s:
    """Give the marks of the person's items."""
    return integers_at(w.mark, w.room)


@njit(nogil=True, inline="always")
def money_of(w: Walk) -> Floats:
    """Give the money of the person's items."""
    return floats_at(w.money, w.room)


@njit(nogil=True, inline="always")
def runs_of(w: Walk) -> Int64s:
    """Give the first item of each step of the path."""
    return integers_at(w.run, w.room)


@njit(nogil=True, inline="always")
def steps_of(w: Walk) -> Int64s:
    """Give the place of each step of the path."""
    return integers_at(w.step, w.room)


@njit(nogil=True, inline="always")
def later_of(w: Walk) -> Floats:
    """Give the money at or after each step of the path."""
    return floats_at(w.later, w.room)
