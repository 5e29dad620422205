"""The part of the scan that follows people through forms, attempt by attempt."""

from __future__ import annotations

from numba import njit

from obverse.measure.act.question import FIELDS, STARTS, SUBMITS
from obverse.measure.act.state import (
    ANY,
    BITS,
    F_ABANDONED,
    F_ABANDONED_BY_THEM,
    F_CONVERTERS,
    F_DECIDED_BY_THEM,
    F_OPEN,
    F_OWN_ABANDONED,
    F_OWN_DECIDED,
    F_PEOPLE,
    F_PERSON,
    F_STARTED,
    F_SUBMITTED,
    FIELD,
    N_OFFSETS,
    NEVER,
    OFFSETS,
    PAGE,
    SEEK_FIELD,
    SEEK_FORM,
    SEQ,
    T_LEFT,
    T_LEFT_BY_CONVERTERS,
    T_TOUCHED,
    TIME,
    WHAT,
    ZERO,
    N,
    Walk,
)
from obverse.measure.columns import floats_at, integers_at, small_integers_at
from obverse.measure.frequent import FIRST, row_of
from obverse.measure.pairs import push_pair
from obverse.measure.timed import N_BINS, time_bin

_NOT_COUNTED = -1


@njit(nogil=True)
def is_meant(wanted: int, found: int) -> bool:
    """Say whether a number is the one that is sought, or any will do."""
    if wanted == ANY:
        return True
    return wanted == found


@njit(nogil=True)
def scan_forms(w: Walk, unit: int) -> None:
    """Follow somebody's attempts at all forms, which may be filled in by turns."""
    at, stop = w.next, w.stop
    for j in range(3):
        begins = integers_at(w.tracks[STARTS + j, OFFSETS], w.tracks[STARTS + j, N_OFFSETS])
        at[j], stop[j] = begins[unit], begins[unit + 1]
    n_open = ZERO
    while True:
        track, first, number = ANY, NEVER, NEVER
        for j in range(3):
            if at[j] < stop[j]:
                time = integers_at(w.tracks[STARTS + j, TIME], w.tracks[STARTS + j, N])[at[j]]
                seq = integers_at(w.tracks[STARTS + j, SEQ], w.tracks[STARTS + j, N])[at[j]]
                if time < first or (time == first and seq < number):
                    track, first, number = STARTS + j, time, seq
        if track == ANY:
            break
        n_open = _step(w, unit, track, at[track - STARTS], first, n_open)
        at[track - STARTS] += 1
    for place in range(n_open):
        form = integers_at(w.open_forms, w.n_forms)[place]
        since = integers_at(w.since, w.n_forms)[form]
        if since != NEVER:
            _close(w, unit, form, F_ABANDONED if w.newest - since > w.form_within else F_OPEN)


@njit(nogil=True)
def _step(w: Walk, unit: int, track: int, at: int, time: int, n_open: int) -> int:
    """Take one event of a form; give the number of forms that somebody has begun so far."""
    code = small_integers_at(w.tracks[track, WHAT], w.tracks[track, N])[at]
    form = integers_at(w.of_form, w.n_form_codes)[code]
    begun, since = integers_at(w.begun, w.n_forms), integers_at(w.since, w.n_forms)
    if begun[form] != unit + 1:
        begun[form], since[form] = unit + 1, NEVER
        integers_at(w.open_forms, w.n_forms)[n_open] = form
        n_open += 1
    if since[form] != NEVER and time - since[form] > w.form_within:
        _close(w, unit, form, F_ABANDONED)
    if since[form] == NEVER:
        _begin(w, unit, track, at, time, form)
    if track == FIELDS:
        _touch(w, form, at, time)
    elif track == SUBMITS:
        _close(w, unit, form, F_SUBMITTED)
    return n_open


@njit(nogil=True)
def _form_row(w: Walk, form: int, page: int) -> int:
    """Give the place of a form's sums among the whole numbers."""
    return row_of(w.forms, page << BITS | form) * w.forms.width + FIRST  # type: ignore[no-any-return]


@njit(nogil=True)
def _begin(w: Walk, unit: int, track: int, at: int, time: int, form: int) -> None:
    integers_at(w.since, w.n_forms)[form] = time
    integers_at(w.last_field, w.n_forms)[form] = w.no_field
    integers_at(w.last_time, w.n_forms)[form] = time
    page = _NOT_COUNTED
    if w.start <= time and time < w.end:
        code = small_integers_at(w.tracks[track, PAGE], w.tracks[track, N])[at]
        page = integers_at(w.of_page, w.n_page_codes)[code]
        row = row_of(w.forms, page << BITS | form)
        ints = integers_at(w.forms.ints, w.forms.capacity * w.forms.width)
        base = row * w.forms.width + FIRST
        ints[base + F_STARTED] += 1
        if ints[base + F_PERSON] != unit + 1:
            _draw(w, row)
            ints[base + F_PERSON] = unit + 1
            ints[base + F_OWN_ABANDONED] = ints[base + F_OWN_DECIDED] = 0
            ints[base + F_PEOPLE] += 1
            ints[base + F_CONVERTERS] += integers_at(w.turned, w.n_pages)[page] != NEVER
    integers_at(w.begun_at, w.n_forms)[form] = page


@njit(nogil=True)
def _draw(w: Walk, row: int) -> None:
    """Make the last person's attempts at a form a draw."""
    ints = integers_at(w.forms.ints, w.forms.capacity * w.forms.width)
    base = row * w.forms.width + FIRST
    if ints[base + F_PERSON] > 0 and ints[base + F_OWN_DECIDED] > 0:
        floats = floats_at(w.forms.floats, w.forms.capacity * 6)
        push_pair(
            floats[row * 6 : row * 6 + 6],
            float(ints[base + F_OWN_ABANDONED]),
            float(ints[base + F_OWN_DECIDED]),
        )


@njit(nogil=True)
def flush_forms(w: Walk) -> None:
    """Make the last person's attempts a draw, at every form."""
    for row in range(w.forms.n):
        _draw(w, row)


@njit(nogil=True)
def _field_row(w: Walk, form: int, field: int) -> int:
    page = integers_at(w.begun_at, w.n_forms)[form]
    return row_of(w.fields, (page << BITS | form) << BITS | field)


@njit(nogil=True)
def _touch(w: Walk, form: int, at: int, time: int) -> None:
    """Count a field that was filled in, and how long that took since what came before it in the attempt."""
    last = integers_at(w.last_time, w.n_forms)
    code = small_integers_at(w.tracks[FIELDS, FIELD], w.tracks[FIELDS, N])[at]
    field = integers_at(w.of_field, w.n_field_codes)[code]
    if integers_at(w.begun_at, w.n_forms)[form] != _NOT_COUNTED:
        row = _field_row(w, form, field)
        ints = integers_at(w.fields.ints, w.fields.capacity * w.fields.width)
        ints[row * w.fields.width + FIRST + T_TOUCHED] += 1
        bins = small_integers_at(w.fields.bins, w.fields.capacity * N_BINS)
        bins[row * N_BINS + time_bin(time - last[form])] += 1
    integers_at(w.last_field, w.n_forms)[form] = field
    last[form] = time


@njit(nogil=True)
def _close(w: Walk, unit: int, form: int, outcome: int) -> None:
    """End an attempt."""
    integers_at(w.since, w.n_forms)[form] = NEVER
    page, field = integers_at(w.begun_at, w.n_forms)[form], integers_at(w.last_field, w.n_forms)[form]
    if page == _NOT_COUNTED:
        return
    base = _form_row(w, form, page)
    ints = integers_at(w.forms.ints, w.forms.capacity * w.forms.width)
    ints[base + outcome] += 1
    ints[base + F_OWN_ABANDONED] += outcome == F_ABANDONED
    ints[base + F_OWN_DECIDED] += outcome != F_OPEN
    by_converter = integers_at(w.turned, w.n_pages)[page] != NEVER
    ints[base + F_ABANDONED_BY_THEM] += by_converter and outcome == F_ABANDONED
    ints[base + F_DECIDED_BY_THEM] += by_converter and outcome != F_OPEN
    if outcome == F_ABANDONED:
        row = _field_row(w, form, field)
        left = integers_at(w.fields.ints, w.fields.capacity * w.fields.width)
        left[row * w.fields.width + FIRST + T_LEFT] += 1
        left[row * w.fields.width + FIRST + T_LEFT_BY_CONVERTERS] += by_converter
    meant = is_meant(w.page, page) and is_meant(w.what, form)
    if meant and w.seeking == SEEK_FORM and (w.kind == F_STARTED or is_meant(w.kind, outcome)):
        integers_at(w.found, w.n_found)[unit] = 1
    if meant and w.seeking == SEEK_FIELD and outcome == F_ABANDONED and w.kind == field:
        integers_at(w.found, w.n_found)[unit] = 1
