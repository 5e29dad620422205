"""The scan of a funnel: tries the entries of each unit and tallies what came of them."""

from __future__ import annotations

from numba import njit

from obverse.measure.columns import offsets, persons, seqs, times
from obverse.measure.funnel_paths import (
    best_disjoint,
    copy_path,
    depth_by,
    excluded_at,
    follow_any,
    follow_disjoint,
    follow_overlapping,
    follow_strict,
    open_unit,
    seek,
    seek_event,
)
from obverse.measure.funnel_plain import scan_plain
from obverse.measure.funnel_question import FOREVER
from obverse.measure.funnel_state import ANY, DISJOINT, OVERLAPPING, STRICT, Walk, add_aside
from obverse.measure.funnel_tally import count, settle
from obverse.measure.kernel import kernel

REMOVED = -1


@kernel
def scan(w: Walk, low: int, high: int) -> None:
    """Scan units low … high - 1 and add what came of them to the tally.

    Args:
        w: a record of `obverse.measure.funnel_state.WALK`. Its tracks are those of the steps, of the
            exclusions and, in strict order, of all events.
        low: first unit.
        high: unit after the last. Of a person with several units all are in one scan.
    """
    person = persons(w.tracks)
    in_parts = len(person) > 0
    if not in_parts and w.how == DISJOINT and w.n_exclusions == 0 and not w.per_entry and w.n_steps > 1:
        scan_plain(w, low, high)
        return
    owner, depth, latest = -1, 0, -FOREVER
    for unit in range(low, high):
        most = open_unit(w, unit)
        if most == 0:
            continue
        whose = person[unit] if in_parts else unit
        if w.per_entry:
            _scan_entries(w, unit, whose, most)
        elif not in_parts or not w.by_person:
            settle(w, w.best, whose, _best_entry(w, most), _latest(w, unit))
        else:
            if whose != owner:
                settle(w, w.whole, owner, depth, latest)
                owner, depth, latest = whose, 0, -FOREVER
            found = _best_entry(w, most)
            if found > depth or (found == depth > 0 and w.best.reached[0] < w.whole.reached[0]):
                depth = found
                copy_path(w.best, w.whole, depth)
            if found > 0:
                latest = max(latest, _latest(w, unit))
    if owner >= 0:
        settle(w, w.whole, owner, depth, latest)


@njit(nogil=True, inline="always")
def _best_entry(w: Walk, most: int) -> int:
    """Find a unit's best entry, in `w.best`: the deepest, of those the first. Return its depth.

    It is 0 where no entry lies in the period, REMOVED where an exclusion takes the unit out.
    """
    if w.how == DISJOINT and w.n_exclusions == 0:
        entry = seek(times(w.tracks, 0), w.next[0], w.stop[0], w.start)
        if entry == w.stop[0] or times(w.tracks, 0)[entry] >= w.end:
            return 0
        return int(best_disjoint(w, most, entry))
    deepest = 0
    entry, at_time = _first_entry(w, w.start)
    while at_time < w.end:
        depth = _follow(w, most, entry, at_time, -FOREVER)
        ended = excluded_at(w, depth, at_time + w.within)
        if ended < FOREVER:
            if w.remove:
                add_aside(w, 0, 1)
                return REMOVED
            depth = depth_by(w.path, depth, ended)
        if depth > deepest:
            deepest = depth
            copy_path(w.path, w.best, depth)
        most = _narrow(w, most)
        if deepest >= most and not (w.remove and deepest < w.n_steps):
            break
        entry, at_time = _next_entry(w, entry, at_time + 1, True)
    add_aside(w, 1, w.cut)
    w.cut = 0
    return deepest


@njit(nogil=True)
def _scan_entries(w: Walk, unit: int, whose: int, most: int) -> None:
    """Count each attempt of a unit, unless an exclusion takes the unit out."""
    if w.remove and w.n_exclusions > 0:
        if _count_entries(w, whose, most, False):
            add_aside(w, 0, 1)
            return
        open_unit(w, unit)
    _count_entries(w, whose, most, True)


@njit(nogil=True)
def _count_entries(w: Walk, whose: int, most: int, counting: bool) -> bool:
    """Go from attempt to attempt; return whether an exclusion ended one.

    An attempt ends with its last step, its window or an exclusion; in strict order also with the event that
    is not the next step. The next one starts after that and shares no event with it.
    """
    excluded = False
    earliest = -FOREVER
    entry, at_time = _first_entry(w, w.start)
    while at_time < w.end:
        depth = _follow(w, most, entry, at_time, earliest)
        last = at_time + w.within
        ended = excluded_at(w, depth, last)
        cut = ended < FOREVER
        excluded |= cut
        if cut:
            depth = depth_by(w.path, depth, ended)
        else:
            ended = w.path.reached[depth - 1] if depth == w.n_steps else last
        if counting:
            still_open = not cut and depth < w.n_steps and last >= w.newest
            count(w, w.path, whose, depth, still_open)
            add_aside(w, 1, w.cut)
        w.cut = 0
        earliest = ended + 1
        if w.how == STRICT:
            entry, at_time = _next_strict(w, entry, depth)
        else:
            entry, at_time = _next_entry(w, entry, earliest, False)
    return excluded


@njit(nogil=True)
def _follow(w: Walk, most: int, entry: int, at_time: int, earliest: int) -> int:
    """Follow an entry as the question's order says; return the number of steps taken."""
    if w.how == ANY:
        depth = follow_any(w, at_time)
        if w.by_row >= 0:
            i = w.next[w.by_row]
            here = i < w.stop[w.by_row]
            inside = here and times(w.tracks, w.by_row)[i] <= at_time + w.within
            w.path.by = i if inside else -1
        return depth
    if w.how == STRICT:
        return int(follow_strict(w, most, entry))
    if w.how == OVERLAPPING:
        return int(follow_overlapping(w, most, entry, earliest))
    return int(follow_disjoint(w, w.path, most, entry, earliest))


@njit(nogil=True)
def _first_entry(w: Walk, earliest: int) -> tuple[int, int]:
    """Give the first entry not before an instant and its time, FOREVER where there is none.

    In any order an entry is an event of any step, and the cursors of all steps move to it.
    """
    if w.how != ANY:
        i = seek(times(w.tracks, 0), w.next[0], w.stop[0], earliest)
        return i, times(w.tracks, 0)[i] if i < w.stop[0] else FOREVER
    at_time = FOREVER
    for row in range(w.n_steps):
        i = seek(times(w.tracks, row), w.next[row], w.stop[row], earliest)
        w.next[row] = i
        if i < w.stop[row]:
            at_time = min(at_time, times(w.tracks, row)[i])
    return 0, at_time


@njit(nogil=True)
def _next_entry(w: Walk, entry: int, earliest: int, each: bool) -> tuple[int, int]:
    """Give the next entry and its time: the next one there is if `each`, else the next not before `earliest`.

    In any order entries of one time have one window, so that the next is always a later one.
    """
    if w.how == ANY:
        return _first_entry(w, earliest)
    i = entry + 1
    if not each:
        i = seek(times(w.tracks, 0), i, w.stop[0], earliest)
    return i, times(w.tracks, 0)[i] if i < w.stop[0] else FOREVER


@njit(nogil=True)
def _next_strict(w: Walk, entry: int, depth: int) -> tuple[int, int]:
    """Give the first entry that is not among the events of a strict attempt, and its time."""
    everything = w.n_steps
    place = w.next[everything] + depth
    if place >= w.stop[everything]:
        return entry, FOREVER
    at_time, seq = times(w.tracks, everything)[place], seqs(w.tracks, everything)[place]
    i = seek_event(w, 0, entry + 1, w.stop[0], at_time, seq)
    return i, times(w.tracks, 0)[i] if i < w.stop[0] else FOREVER


@njit(nogil=True)
def _narrow(w: Walk, most: int) -> int:
    """Give how many steps a later entry can take at most: none whose events are all behind."""
    if w.how == ANY:
        return most
    for step in range(1, most):
        if w.next[step] == w.stop[step]:
            return step
    return most


@njit(nogil=True)
def _latest(w: Walk, unit: int) -> int:
    """Give the time of a unit's last event before the period's end that may be an entry."""
    latest = -FOREVER
    for row in range(w.n_steps if w.how == ANY else 1):
        time = times(w.tracks, row)
        first, i = offsets(w.tracks, row)[unit], offsets(w.tracks, row)[unit + 1] - 1
        while i >= first and time[i] >= w.end:
            i -= 1
        if i >= first:
            latest = max(latest, time[i])
    return latest
