"""Kernels that follow one attempt at a funnel: from its entry through its steps.

Each `follow_…` leaves in `w.path` which events took the steps and when, and returns how many were taken.
Cursors only go forward while the entries of a unit are tried in the order of time, so a unit costs one pass
over its events.
"""

from __future__ import annotations

from numba import njit

from obverse.measure.columns import offsets, seqs, times
from obverse.measure.funnel_question import FOREVER
from obverse.measure.funnel_state import ANY, Path, Walk
from obverse.measure.lanes import seek_by_lanes
from obverse.tape.layout import Int64s

MAX_TRIES = 10_000
"""Events tried for one entry where the same events match several steps, before the search is cut short."""


@njit(nogil=True, inline="always")
def seek(time: Int64s, i: int, stop: int, earliest: int) -> int:
    """Give the first index from i on whose time is not before `earliest`, or stop."""
    while i < stop and time[i] < earliest:
        i += 1
    return i


@njit(nogil=True)
def open_unit(w: Walk, unit: int) -> int:
    """Set the cursors to a unit's events; return how many steps it can take at most.

    In order that is the number of first steps that it has events for; later ones are not looked at.
    """
    most = 0
    for row in range(w.n_steps):
        bounds = offsets(w.tracks, row)
        w.next[row], w.stop[row] = bounds[unit], bounds[unit + 1]
        if bounds[unit] < bounds[unit + 1]:
            most += 1
        elif w.how != ANY:
            break
    for row in range(w.n_steps, w.n_rows):
        bounds = offsets(w.tracks, row)
        w.next[row], w.stop[row] = bounds[unit], bounds[unit + 1]
    return most


@njit(nogil=True)
def follow_disjoint(w: Walk, path: Path, most: int, entry: int, earliest: int) -> int:
    """Follow an entry in order, each step by the earliest event that can take it.

    Where no event matches two steps that is the best there is: it makes every step's time least at once.

    Args:
        w: its cursors were set by `open_unit`.
        path: filled.
        most: number of steps to look for.
        entry: index of the entry in the first track.
        earliest: no event before it counts.
    """
    at_time = times(w.tracks, 0)[entry]
    last = at_time + w.within
    path.at[0] = entry
    path.reached[0] = at_time
    for step in range(1, most):
        time = times(w.tracks, step)
        stop = w.stop[step]
        i = seek_by_lanes(w.tracks, step, w.next[step], stop, max(at_time - w.grace, earliest))
        w.next[step] = i
        if i == stop or time[i] > last:
            return step
        at_time = max(at_time, time[i])
        path.at[step] = i
        path.reached[step] = at_time
    return most


@njit(nogil=True)
def best_disjoint(w: Walk, most: int, entry: int) -> int:
    """Find a unit's best entry from one on, as `_best_entry` does, for disjoint steps without exclusions.

    An entry that ends at a step because the step's next event is too late tells which entries are too early
    as well: those are not tried.
    """
    first, stop = times(w.tracks, 0), w.stop[0]
    depth = deepest = follow_disjoint(w, w.best, most, entry, -FOREVER)
    while depth < most and w.next[depth] < w.stop[depth]:
        late = times(w.tracks, depth)[w.next[depth]]
        entry = seek_by_lanes(w.tracks, 0, entry + 1, stop, late - w.within)
        if entry == stop or first[entry] >= w.end:
            break
        depth = follow_disjoint(w, w.path, most, entry, -FOREVER)
        if depth > deepest:
            deepest = depth
            copy_path(w.path, w.best, depth)
    return deepest


@njit(nogil=True)
def _is_used(w: Walk, step: int, seq: int) -> bool:
    """Say whether an event has taken a step before this one."""
    for earlier in range(step):  # noqa: SIM110 - compiled
        if seqs(w.tracks, earlier)[w.path.at[earlier]] == seq:
            return True
    return False


@njit(nogil=True)
def follow_overlapping(w: Walk, most: int, entry: int, earliest: int) -> int:
    """Follow an entry in order where one event may match several steps: each event takes one at most.

    The depth if events could be shared bounds the depth; where that path shares none, it is the answer.
    Else a search finds the deepest path, and of those the one with the earliest event at the first step
    where they differ.
    """
    depth = follow_disjoint(w, w.path, most, entry, earliest)
    for step in range(1, depth):
        if _is_used(w, step, seqs(w.tracks, step)[w.path.at[step]]):
            depth = _search(w, depth, earliest)
            copy_path(w.scratch, w.path, depth)
            break
    return depth


@njit(nogil=True)
def _search(w: Walk, target: int, earliest: int) -> int:
    """Find the deepest path of distinct events up to `target` steps, in `w.scratch`; return its depth.

    Of the free events of a step only the first (target - step) can be needed: later steps take at most that
    many less one of them, and an earlier event never does worse. Steps of one selection take their events in
    the order of time, as any path can be put that way.
    """
    copy_path(w.path, w.scratch, 1)
    deepest, step, total = 1, 1, 0
    w.tries[1] = 0
    w.trial[1] = w.next[1]
    while step > 0 and deepest < target:
        total += 1
        if total > MAX_TRIES:
            w.cut = 1
            break
        found = _next_free(w, step, earliest)
        if found < 0 or w.tries[step] >= target - step:
            step -= 1
            continue
        w.tries[step] += 1
        w.trial[step] = found + 1
        w.path.at[step] = found
        w.path.reached[step] = max(w.path.reached[step - 1], times(w.tracks, step)[found])
        if step == deepest:
            deepest += 1
            copy_path(w.path, w.scratch, deepest)
        step += 1
        if step < target:
            w.tries[step] = 0
            w.trial[step] = _first_trial(w, step)
    return deepest


@njit(nogil=True)
def _first_trial(w: Walk, step: int) -> int:
    """Give the index from which on a step's events are tried."""
    twin = w.twin[step]
    first: int = w.next[step]
    return first if twin < 0 else max(first, w.path.at[twin] + 1)


@njit(nogil=True)
def _next_free(w: Walk, step: int, earliest: int) -> int:
    """Give the index of the next event that may take a step after those taken, or -1."""
    time = times(w.tracks, step)
    stop = w.stop[step]
    i = seek(time, w.trial[step], stop, max(w.path.reached[step - 1] - w.grace, earliest))
    while i < stop and time[i] <= w.path.reached[0] + w.within:
        if not _is_used(w, step, seqs(w.tracks, step)[i]):
            return i
        i += 1
    return -1


@njit(nogil=True, inline="always")
def seek_event(w: Walk, row: int, i: int, stop: int, at_time: int, seq: int) -> int:
    """Give the first index from i on of an event not before (time, seq), or stop."""
    time, number = times(w.tracks, row), seqs(w.tracks, row)
    while i < stop and (time[i] < at_time or (time[i] == at_time and number[i] < seq)):
        i += 1
    return i


@njit(nogil=True)
def follow_strict(w: Walk, most: int, entry: int) -> int:
    """Follow an entry where nothing may come between: by places among all the unit's events.

    The cursor of the track of all events is left at the entry.
    """
    everything = w.n_steps
    time, number = times(w.tracks, everything), seqs(w.tracks, everything)
    w.path.at[0] = entry
    w.path.reached[0] = times(w.tracks, 0)[entry]
    here, stop = w.next[everything], w.stop[everything]
    here = seek_event(w, everything, here, stop, w.path.reached[0], seqs(w.tracks, 0)[entry])
    w.next[everything] = here
    for step in range(1, most):
        here += 1
        if here >= stop or time[here] > w.path.reached[0] + w.within:
            return step
        i = seek_event(w, step, w.next[step], w.stop[step], time[here], number[here])
        w.next[step] = i
        if i == w.stop[step] or seqs(w.tracks, step)[i] != number[here]:
            return step
        w.path.at[step] = i
        w.path.reached[step] = time[here]
    return most


@njit(nogil=True)
def follow_any(w: Walk, at_time: int) -> int:
    """Follow an entry in any order: events in the order of time, each taken if one more step can be filled.

    The cursors of the steps stand at their first events from the entry on, and are left there. A step that
    cannot be filled by one of its events never can be by a later one, so its events are not read further.
    """
    steps = w.n_steps
    for step in range(steps):
        w.held[step] = 0
        w.trial[step] = w.next[step]
    depth, dead = 0, 0
    while depth < steps:
        row = _earliest(w, steps, dead, at_time + w.within)
        if row < 0:
            break
        i = w.trial[row]
        matches = _take(w, steps, dead, seqs(w.tracks, row)[i])
        filled, seen = _fill(w, steps, matches)
        if filled:
            w.path.row[depth] = row
            w.path.at[depth] = i
            w.path.reached[depth] = times(w.tracks, row)[i]
            depth += 1
        else:
            dead |= seen
    return depth


@njit(nogil=True)
def _earliest(w: Walk, steps: int, dead: int, last: int) -> int:
    """Give the track whose next event is the earliest by (time, seq) and not after `last`, or -1."""
    found, at_time, seq = -1, last, FOREVER
    for row in range(steps):
        i = w.trial[row]
        if dead >> row & 1 or i >= w.stop[row]:
            continue
        time, number = times(w.tracks, row)[i], seqs(w.tracks, row)[i]
        if time < at_time or (time == at_time and number < seq):
            found, at_time, seq = row, time, number
    return found


@njit(nogil=True)
def _take(w: Walk, steps: int, dead: int, seq: int) -> int:
    """Step over an event on all tracks where it is next; give those tracks as bits."""
    matches = 0
    for row in range(steps):
        i = w.trial[row]
        if not dead >> row & 1 and i < w.stop[row] and seqs(w.tracks, row)[i] == seq:
            w.trial[row] += 1
            matches |= 1 << row
    return matches


@njit(nogil=True)
def _fill(w: Walk, steps: int, matches: int) -> tuple[bool, int]:
    """Fill one more step with an event that matches those in `matches`, moving events that hold steps.

    `held` has what matches the event that holds a step, 0 where none does. Returns whether it could, and
    the steps that were tried (Kuhn's augmenting path).
    """
    seen, waiting = matches, matches
    for step in range(steps):
        w.parent[step] = -1
    while waiting:
        step = 0
        while not waiting >> step & 1:
            step += 1
        waiting &= ~(1 << step)
        if w.held[step] == 0:
            _shift(w, step, matches)
            return True, seen
        for other in range(steps):
            if w.held[step] & ~seen & (1 << other):
                w.parent[other] = step
                seen |= 1 << other
                waiting |= 1 << other
    return False, seen


@njit(nogil=True)
def _shift(w: Walk, step: int, matches: int) -> None:
    """Move each event along the path by one step, the new one to its beginning."""
    while w.parent[step] >= 0:
        w.held[step] = w.held[w.parent[step]]
        step = w.parent[step]
    w.held[step] = matches


@njit(nogil=True)
def excluded_at(w: Walk, depth: int, last: int) -> int:
    """Give the time of the first exclusion on a path, FOREVER if there is none.

    One counts if it is later than the event after which it counts, in the window, and earlier than the event
    before which it counts, where the path has that.
    """
    ended = FOREVER
    first_row = w.n_steps
    for place in range(w.n_exclusions):
        after, before = w.after[place], w.before[place]
        if depth <= after:
            continue
        row = first_row + place
        i = _after(times(w.tracks, row), w.next[row], w.stop[row], w.path.reached[after])
        until = w.path.reached[before] if before < depth else last + 1
        if i < w.stop[row] and times(w.tracks, row)[i] < until:
            ended = min(ended, times(w.tracks, row)[i])
    return ended


@njit(nogil=True)
def _after(time: Int64s, low: int, high: int, instant: int) -> int:
    """Give the first index in [low, high) whose time is later than an instant, or high."""
    while low < high:
        middle = (low + high) // 2
        if time[middle] > instant:
            high = middle
        else:
            low = middle + 1
    return low


@njit(nogil=True)
def depth_by(path: Path, depth: int, instant: int) -> int:
    """Give how many steps of a path were taken by an instant."""
    while depth > 0 and path.reached[depth - 1] > instant:
        depth -= 1
    return depth


@njit(nogil=True)
def copy_path(path: Path, into: Path, depth: int) -> None:
    """Copy a path's steps."""
    for step in range(depth):
        into.row[step] = path.row[step]
        into.at[step] = path.at[step]
        into.reached[step] = path.reached[step]
    into.by = path.by
