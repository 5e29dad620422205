"""All that a scan of acts works on, as one record: see `obverse.measure.funnel_state` for why one record."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from obverse.measure.act.names import AllNames
from obverse.measure.act.question import CONVERSIONS, FIELDS, PARTS, Act
from obverse.measure.frequent import TABLE, Room
from obverse.measure.timed import N_BINS
from obverse.tape.layout import Floats, Int64s, Layout

Walk: TypeAlias = Any
"""A record of `WALK`."""

ZERO: int = cast("int", np.int64(0))
"""A plain 0 would be compiled for by itself, as a type of its own."""

NEVER = (1 << 62) - 1

CLICK, RAGE, DEAD, ERROR, BURST, N_KINDS = range(6)
"""Kinds of acts, the first four in the order of their tracks; the last are rage clicks made out of clicks."""

TIMES, PEOPLE, DID, CONVERTED, N_KIND = range(5)
"""Columns of a kind: how often; people; those of them who did it before they converted or the time for it was
over, and those of these who converted."""

N_ACT = N_KINDS * N_KIND
N_ACT_INTS = N_ACT + N_KINDS
"""Columns of a page with an element: sums by kind, then who did each kind last."""

P_PEOPLE, P_CONVERTED, P_OPEN, N_PAGE_SUMS = 0, 1, 2, 3 + N_ACT
N_PAGE = N_PAGE_SUMS + N_KINDS
"""Columns of a page: people who were there, who converted, who may yet; then as above."""

F_STARTED, F_SUBMITTED, F_ABANDONED, F_OPEN, F_PEOPLE = range(5)
F_CONVERTERS, F_DECIDED_BY_THEM, F_ABANDONED_BY_THEM, N_FORM_SUMS = range(5, 9)
F_PERSON, F_OWN_ABANDONED, F_OWN_DECIDED, N_FORM = range(8, 12)
"""Columns of a form: attempts begun, sent, given up, undecided; people; of these, who converted, and their
attempts that are decided and that were given up; then the last person's own."""

T_TOUCHED, T_LEFT, T_LEFT_BY_CONVERTERS, N_FIELD = range(4)
"""Columns of a form's field: how often it was filled in; attempts given up after it; those of converters."""

BITS = 15
KEPT_ACTS = 1 << 14
KEPT_FORMS = 1 << 12
KEPT_FIELDS = 1 << 13

OFFSETS, TIME, SEQ, VALUE, PAGE, WHAT, FIELD, N, N_OFFSETS, N_COLUMNS = range(10)
"""Columns of the table of tracks: addresses, then sizes; `WHAT` is the element or the form."""

SEEK_ACT, SEEK_PAGE, SEEK_FORM, SEEK_FIELD = 1, 2, 3, 4
ANY = -1

_NUMBERS = (
    *("start", "end", "newest", "within", "form_within", "rage_clicks", "rage_gap"),
    *("n_pages", "n_forms", "no_field", "n_page_codes", "n_element_codes", "n_form_codes", "n_field_codes"),
    *("of_page", "of_element", "of_form", "of_field"),  # addresses: number by code
    *(
        "seen",
        "first",
        "turned",
        "visited",
        "worth",
    ),  # by page: who, since and converted when, worth
    *(
        "begun",
        "since",
        "begun_at",
        "last_field",
        "last_time",
        "open_forms",
    ),  # by form: the attempt
    *("pages", "page_floats", "totals"),  # addresses of what is left
    *("seeking", "page", "what", "kind", "found", "n_found"),
)

WALK = np.dtype(
    [
        ("tracks", np.int64, (len(PARTS), N_COLUMNS)),
        *((name, np.int64) for name in _NUMBERS),
        ("next", np.int64, 3),  # index of the next event of each track of forms
        ("stop", np.int64, 3),
        ("acts", TABLE),
        ("forms", TABLE),
        ("fields", TABLE),
    ]
)


class State:
    """A record of `WALK` with all arrays that it points to; they must outlive the scan.

    Args:
        question: what is asked.
        layout: what its plan laid out.
        names: the layout's.
    """

    def __init__(self, question: Act, layout: Layout, names: AllNames) -> None:
        n_pages, n_forms = len(names.page.names), len(names.form.names)
        self._held: list[NDArray[Any]] = []
        self.pages: Int64s = np.zeros((n_pages, N_PAGE), np.int64)
        self.page_floats: Floats = np.zeros((n_pages, 1 + N_KINDS, 3))
        self.totals: Int64s = np.zeros(2, np.int64)
        self.found: Int64s = np.zeros(0, np.int64)
        self.acts = Room(KEPT_ACTS, N_ACT_INTS, 3 * N_KINDS)
        self.forms = Room(KEPT_FORMS, N_FORM, 6)
        self.fields = Room(KEPT_FIELDS, N_FIELD, 0, N_BINS)
        self.walk: Walk = np.zeros(1, dtype=WALK).view(np.recarray)[0]
        numbers = {name: question.us(name) for name in ("within", "form_within", "rage_gap")}
        start, end = question.period_us
        numbers |= {"start": start, "end": end, "newest": layout.newest, "rage_clicks": question.rage_clicks}
        numbers |= {"n_pages": n_pages, "n_forms": n_forms, "no_field": len(names.field.names)}
        for part in ("page", "element", "form", "field"):
            of_code = getattr(names, part).of_code
            numbers |= {f"of_{part}": self._address(of_code), f"n_{part}_codes": len(of_code)}
        for name in ("seen", "first", "turned", "visited"):
            numbers[name] = self._address(np.zeros(n_pages, np.int64))
        numbers["worth"] = self._address(np.zeros(n_pages))
        for name in ("begun", "since", "begun_at", "last_field", "last_time", "open_forms"):
            numbers[name] = self._address(np.zeros(n_forms, np.int64))
        for name in ("pages", "page_floats", "totals"):
            numbers[name] = self._address(getattr(self, name))
        for name, number in numbers.items():
            self.walk[name] = number
        for name in ("acts", "forms", "fields"):
            self.walk[name] = getattr(self, name).table
        self._point(layout)

    def _address(self, array: NDArray[Any]) -> int:
        self._held.append(array)
        return int(array.ctypes.data)

    def _point(self, layout: Layout) -> None:
        for row, track in enumerate(layout.tracks):
            columns: dict[int, NDArray[Any] | None] = {
                OFFSETS: track.offsets,
                TIME: track.time,
                SEQ: track.seq,
                VALUE: track.value if row == CONVERSIONS else None,
                PAGE: track.codes[0],
                WHAT: track.codes[2] if row >= CONVERSIONS else track.codes[1],
                FIELD: track.codes[3] if row == FIELDS else None,
            }
            for column, array in columns.items():
                if array is not None:
                    self.walk.tracks[row, column] = self._address(np.ascontiguousarray(array))
            self.walk.tracks[row, N] = len(track.time)
            self.walk.tracks[row, N_OFFSETS] = len(track.offsets)

    def seek(self, n_persons: int, seeking: int, page: int = ANY, what: int = ANY, kind: int = ANY) -> None:
        """Look for people beside counting.

        Args:
            n_persons: how many people there are.
            seeking: ``SEEK_ACT``: who did something; ``SEEK_PAGE``: who was on a page; ``SEEK_FORM``: who
                has an attempt with an outcome; ``SEEK_FIELD``: who left a form after a field.
            page: number of the page.
            what: number of the element or form.
            kind: of the act; column of the form's outcome; number of the field.
        """
        self.found = np.zeros(n_persons, np.int64)
        numbers = {"seeking": seeking, "page": page, "what": what, "kind": kind}
        numbers |= {"found": self.found.ctypes.data, "n_found": n_persons}
        for name, number in numbers.items():
            self.walk[name] = number
