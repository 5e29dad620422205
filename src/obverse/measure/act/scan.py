"""The scan of acts: who was on which page, what they did there, and whether they converted after it."""

from __future__ import annotations

from numba import njit

from obverse.measure.act.forms import flush_forms, is_meant, scan_forms
from obverse.measure.act.question import CLICKS, CONVERSIONS, ERRORS, SUBMITS, VIEWS
from obverse.measure.act.state import (
    ANY,
    BITS,
    BURST,
    CLICK,
    CONVERTED,
    DID,
    N_ACT,
    N_KIND,
    N_KINDS,
    N_OFFSETS,
    N_PAGE,
    N_PAGE_SUMS,
    NEVER,
    OFFSETS,
    P_CONVERTED,
    P_OPEN,
    P_PEOPLE,
    PAGE,
    PEOPLE,
    SEEK_ACT,
    SEEK_PAGE,
    TIME,
    TIMES,
    VALUE,
    WHAT,
    ZERO,
    N,
    Walk,
)
from obverse.measure.columns import floats_at, integers_at, small_integers_at
from obverse.measure.frequent import FIRST, row_of
from obverse.measure.kernel import kernel
from obverse.measure.moments import push
from obverse.tape.layout import Floats, Int64s

_PAGE_FLOATS = 3 * (1 + N_KINDS)
_ACT_FLOATS = 3 * N_KINDS


@kernel
def scan(w: Walk, low: int, high: int) -> None:
    """Scan units low … high - 1 into the arrays that the record points to.

    Args:
        w: a record of `obverse.measure.act.state.WALK`.
        low: first unit.
        high: unit after the last.
    """
    for unit in range(low, high):
        n = _visit(w, unit)
        if n > 0:
            integers_at(w.totals, 2)[0] += 1
            for place in range(n):
                _settle(w, unit, integers_at(w.visited, w.n_pages)[place])
            for track in range(CLICKS, ERRORS + 1):
                _act(w, unit, track)
        scan_forms(w, unit)
    flush_forms(w)


@njit(nogil=True)
def _visit(w: Walk, unit: int) -> int:
    """List the pages that somebody was on, with the first instant on each; give their number."""
    seen, first = integers_at(w.seen, w.n_pages), integers_at(w.first, w.n_pages)
    visited, of_page = integers_at(w.visited, w.n_pages), integers_at(w.of_page, w.n_page_codes)
    n = ZERO
    for track in range(VIEWS, SUBMITS + 1):
        if track == CONVERSIONS:
            continue
        begins = integers_at(w.tracks[track, OFFSETS], w.tracks[track, N_OFFSETS])
        time = integers_at(w.tracks[track, TIME], w.tracks[track, N])
        code = small_integers_at(w.tracks[track, PAGE], w.tracks[track, N])
        for at in range(begins[unit], begins[unit + 1]):
            if time[at] < w.start or time[at] >= w.end:
                continue
            page = of_page[code[at]]
            if seen[page] != unit + 1:
                seen[page], first[page], visited[n] = unit + 1, time[at], page
                n += 1
            else:
                first[page] = min(first[page], time[at])
    return n


@njit(nogil=True)
def _settle(w: Walk, unit: int, page: int) -> None:
    """Count somebody on a page: whether they converted in time, and what that was worth."""
    begins = integers_at(w.tracks[CONVERSIONS, OFFSETS], w.tracks[CONVERSIONS, N_OFFSETS])
    time = integers_at(w.tracks[CONVERSIONS, TIME], w.tracks[CONVERSIONS, N])
    since = integers_at(w.first, w.n_pages)[page]
    turned, worth = NEVER, 0.0
    for at in range(begins[unit], begins[unit + 1]):
        if since <= time[at] and time[at] - since <= w.within:
            turned = min(turned, time[at])
            if w.tracks[CONVERSIONS, VALUE] != 0:
                worth += floats_at(w.tracks[CONVERSIONS, VALUE], w.tracks[CONVERSIONS, N])[at]
    integers_at(w.turned, w.n_pages)[page] = turned
    floats_at(w.worth, w.n_pages)[page] = worth
    row = integers_at(w.pages, w.n_pages * N_PAGE)
    row[page * N_PAGE + P_PEOPLE] += 1
    row[page * N_PAGE + P_CONVERTED] += turned != NEVER
    row[page * N_PAGE + P_OPEN] += turned == NEVER and w.newest - since <= w.within
    sums = floats_at(w.page_floats, w.n_pages * _PAGE_FLOATS)
    push(sums[page * _PAGE_FLOATS : page * _PAGE_FLOATS + 3], worth)
    if w.seeking == SEEK_PAGE and is_meant(w.page, page):
        integers_at(w.found, w.n_found)[unit] = 1


@njit(nogil=True)
def _act(w: Walk, unit: int, track: int) -> None:
    """Count somebody's acts of one kind, and bursts of clicks."""
    begins = integers_at(w.tracks[track, OFFSETS], w.tracks[track, N_OFFSETS])
    time = integers_at(w.tracks[track, TIME], w.tracks[track, N])
    code = small_integers_at(w.tracks[track, PAGE], w.tracks[track, N])
    what = small_integers_at(w.tracks[track, WHAT], w.tracks[track, N])
    of_page, of_element = (
        integers_at(w.of_page, w.n_page_codes),
        integers_at(w.of_element, w.n_element_codes),
    )
    kind, length = track - CLICKS + CLICK, 0
    last_page, last_element, last = ANY, ANY, -NEVER
    for at in range(begins[unit], begins[unit + 1]):
        if time[at] < w.start or time[at] >= w.end:
            continue
        page, element = of_page[code[at]], of_element[what[at]]
        _note(w, unit, kind, page, element, time[at])
        if kind != CLICK:
            continue
        again = page == last_page and element == last_element and time[at] - last <= w.rage_gap
        length = length + 1 if again else 1
        if length == w.rage_clicks:
            _note(w, unit, BURST, page, element, time[at])
        last_page, last_element, last = page, element, time[at]


@njit(nogil=True)
def _note(w: Walk, unit: int, kind: int, page: int, element: int, time: int) -> None:
    """Count one act at its page, and at its page's element."""
    turned, since = integers_at(w.turned, w.n_pages)[page], integers_at(w.first, w.n_pages)[page]
    did = time <= turned and time - since <= w.within
    worth = floats_at(w.worth, w.n_pages)[page]
    pages = integers_at(w.pages, w.n_pages * N_PAGE)
    page_floats = floats_at(w.page_floats, w.n_pages * _PAGE_FLOATS)
    at, sums = page * N_PAGE + 3 + kind * N_KIND, page * _PAGE_FLOATS + 3 + 3 * kind
    _mark(pages, at, page * N_PAGE + N_PAGE_SUMS + kind, page_floats, sums, unit, did, turned != NEVER, worth)
    row = row_of(w.acts, page << BITS | element)
    ints = integers_at(w.acts.ints, w.acts.capacity * w.acts.width)
    floats = floats_at(w.acts.floats, w.acts.capacity * _ACT_FLOATS)
    at, sums = row * w.acts.width + FIRST + kind * N_KIND, row * _ACT_FLOATS + 3 * kind
    stamp = row * w.acts.width + FIRST + N_ACT + kind
    _mark(ints, at, stamp, floats, sums, unit, did, turned != NEVER, worth)
    meant = is_meant(w.page, page) and is_meant(w.what, element) and is_meant(w.kind, kind)
    if w.seeking == SEEK_ACT and meant:
        integers_at(w.found, w.n_found)[unit] = 1


@njit(nogil=True)
def _mark(
    ints: Int64s,
    at: int,
    stamp: int,
    floats: Floats,
    sums: int,
    unit: int,
    did: bool,
    converted: bool,
    worth: float,
) -> None:
    """Add one act to a row; of a person's acts the first says whether it came in time."""
    ints[at + TIMES] += 1
    if ints[stamp] == unit + 1:
        return
    ints[stamp] = unit + 1
    ints[at + PEOPLE] += 1
    if did:
        ints[at + DID] += 1
        ints[at + CONVERTED] += converted
        push(floats[sums : sums + 3], worth)
