"""The scan of paths: parts each person's items into trails and takes the paths out of them."""

from __future__ import annotations

from numba import njit

from obverse.measure.kernel import kernel
from obverse.measure.paths.ahead import go_ahead, goes_ahead
from obverse.measure.paths.counting import count, flush
from obverse.measure.paths.gather import gather, seek, trail_end
from obverse.measure.paths.state import (
    AFTER,
    BEFORE,
    IS_AFTER,
    IS_BEFORE,
    IS_STEP,
    ZERO,
    Walk,
    marks_of,
    places_at,
    runs_of,
    steps_of,
    times_of,
)


@kernel
def scan(w: Walk, low: int, high: int) -> None:
    """Scan units low … high - 1 into the arrays that the record points to.

    Args:
        w: a record of `obverse.measure.paths.state.WALK`.
        low: first unit.
        high: unit after the last.
    """
    ahead = goes_ahead(w)
    for unit in range(low, high):
        if ahead:
            go_ahead(w, unit)
            continue
        n = gather(w, unit)
        begin = ZERO
        while begin < n:
            stop = trail_end(w, begin)
            _follow(w, begin, stop)
            begin = stop
    flush(w)


@njit(nogil=True)
def _follow(w: Walk, begin: int, stop: int) -> None:
    """Take the paths out of a trail."""
    if w.row[AFTER] >= 0 and w.row[BEFORE] >= 0:
        _between(w, begin, stop)
    elif w.row[AFTER] >= 0:
        _after(w, begin, stop)
    elif w.row[BEFORE] >= 0:
        _before(w, begin, stop)
    elif w.by_gap:
        if _in_period(w, begin):
            _onward(w, begin, stop)
    else:
        first = _step_from(w, seek(times_of(w), begin, stop, w.start), stop)
        if first < stop and _in_period(w, first):
            _onward(w, first, stop)


@njit(nogil=True)
def _in_period(w: Walk, at: int) -> bool:
    time = times_of(w)[at]
    return w.start <= time and time < w.end  # type: ignore[no-any-return]


@njit(nogil=True)
def _step_from(w: Walk, at: int, stop: int) -> int:
    """Give the first step at or after an item."""
    mark = marks_of(w)
    while at < stop and mark[at] & IS_STEP == 0:
        at += 1
    return at


@njit(nogil=True)
def _after(w: Walk, begin: int, stop: int) -> None:
    """Follow the paths that begin with an event."""
    mark, at = marks_of(w), begin
    while at < stop:
        if mark[at] & IS_AFTER and _in_period(w, at):
            at = _onward(w, at, stop)
            if not w.every:
                return
        else:
            at += 1


@njit(nogil=True)
def _onward(w: Walk, first: int, stop: int) -> int:
    """Follow a path from its first item as far as it goes; give the index after its last."""
    time = times_of(w)
    limit = stop if w.within < 0 else seek(time, first, stop, time[first] + w.within + 1)
    n = _collect(w, first, limit, w.n_items if w.whole else w.n_steps)
    cut = n < 0
    n, after = (w.n_steps, _beyond(w, limit)) if cut else (n, limit)
    tail = w.cut if cut else _tail(w, first, limit, stop)
    count(w, n, ZERO, limit, w.cut, tail)
    return after


@njit(nogil=True)
def _collect(w: Walk, first: int, limit: int, most: int) -> int:
    """Write the steps of some items; give their number, -1 where there are more than `most`."""
    place, mark = places_at(w), marks_of(w)
    run, step = runs_of(w), steps_of(w)
    n = 0
    for at in range(first, limit):
        if mark[at] & IS_STEP == 0 or (w.fold and n > 0 and step[n - 1] == place[at]):
            continue
        if n == most:
            return -1
        run[n], step[n] = at, place[at]
        n += 1
    return n


@njit(nogil=True)
def _beyond(w: Walk, limit: int) -> int:
    """Give the first item after the last shown step: where the next path may begin."""
    place, mark, at = places_at(w), marks_of(w), runs_of(w)[w.n_steps - 1]
    last = place[at]
    while at < limit and (mark[at] & IS_STEP == 0 or place[at] == last):
        at += 1
        if not w.fold:
            break
    return at  # type: ignore[no-any-return]


@njit(nogil=True)
def _tail(w: Walk, first: int, limit: int, stop: int) -> int:
    """Say whether a path that goes no further was left, or may yet go on."""
    if limit < stop or (not w.by_gap and w.within < 0):
        return w.left  # type: ignore[no-any-return]
    time, mark, last = times_of(w), marks_of(w), limit - 1
    while mark[last] & IS_STEP == 0:
        last -= 1
    silent = w.by_gap and w.newest - time[last] > w.gap
    late = w.within >= 0 and w.newest - time[first] > w.within
    return w.left if silent or late else w.open  # type: ignore[no-any-return]


@njit(nogil=True)
def _before(w: Walk, begin: int, stop: int) -> None:
    """Follow the paths that lead up to an event, from its last step backwards."""
    time, mark, floor = times_of(w), marks_of(w), begin
    for end in range(begin, stop):
        if mark[end] & IS_BEFORE == 0 or not _in_period(w, end):
            continue
        until = stop
        if w.within >= 0:
            floor = seek(time, floor, end, time[end] - w.within)
            until = seek(time, end, stop, time[end] + w.within + 1)
        n = _collect(w, floor, end + 1, w.n_items)
        head = w.began
        if not w.whole and n > w.n_steps:
            run, step = runs_of(w), steps_of(w)
            for j in range(w.n_steps):
                run[j], step[j] = run[n - w.n_steps + j], step[n - w.n_steps + j]
            n, head = w.n_steps, w.cut
        count(w, n, ZERO if w.whole else w.n_steps - n, until, head, w.left if w.whole else w.cut)
        if not w.every:
            return
        floor = end + 1


@njit(nogil=True)
def _between(w: Walk, begin: int, stop: int) -> None:
    """Follow the paths from an event to the next of another kind."""
    time, mark = times_of(w), marks_of(w)
    at, end = begin, begin
    while at < stop:
        if mark[at] & IS_AFTER == 0 or not _in_period(w, at):
            at += 1
            continue
        end = max(end, at + 1)
        while end < stop and mark[end] & IS_BEFORE == 0:
            end += 1
        if end == stop:
            return
        if w.within >= 0 and time[end] - time[at] > w.within:
            at += 1
            continue
        _pass(w, at, end, stop)
        if not w.every:
            return
        at = end + 1


@njit(nogil=True)
def _pass(w: Walk, first: int, end: int, stop: int) -> None:
    """Count the path from one item to another; where it has too many steps, those before the last are one."""
    time, n = times_of(w), _collect(w, first, end + 1, w.n_items)
    until = stop if w.within < 0 else seek(time, end, stop, time[first] + w.within + 1)
    if not w.whole and n > w.n_steps:
        run, step, last = runs_of(w), steps_of(w), w.n_steps - 1
        run[last], step[last] = run[n - 1], step[n - 1]
        step[last - 1] = w.more
        n = w.n_steps
    count(w, n, ZERO, until, w.cut, w.left if w.whole else w.cut)
