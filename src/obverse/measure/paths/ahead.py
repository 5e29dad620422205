"""The scan of paths that only go forwards, with no goal and no limit: straight off the tracks.

What most questions ask for is the first steps of each trail, or those from an event on. Then no list of all
that a person did is made (`obverse.measure.paths.gather`): a path is over as soon as there is one step more
than is shown, and where all of a person's steps are one trail, nothing after it is read.
"""

from __future__ import annotations

from numba import njit

from obverse.measure.columns import codes, integers_at, item, offsets, seqs, times
from obverse.measure.paths.counting import count
from obverse.measure.paths.gather import seek
from obverse.measure.paths.places import NOWHERE
from obverse.measure.paths.state import AFTER, STEPS, ZERO, Walk, runs_of, steps_of, times_of
from obverse.measure.scope import FOREVER

_AWAITED, _FOLLOWED, _OVER = range(3)
"""The path of a trail: not begun yet, going on, as long as it is shown or not to be counted."""


@njit(nogil=True)
def goes_ahead(w: Walk) -> bool:
    """Say whether nothing is asked for but paths forwards, one a trail."""
    ends = 1 if w.row[AFTER] >= 0 else 0
    return w.n_roles == 1 + ends and w.within < 0 and not w.every


@njit(nogil=True)
def go_ahead(w: Walk, unit: int) -> None:
    """Follow a person's paths, from the first event of each trail or of `after` on.

    Steps are the events of `events` and those of `after`, merged by time and arrival; one may be both.
    """
    begins, time, seq, code = (
        offsets(w.tracks, STEPS),
        times(w.tracks, STEPS),
        seqs(w.tracks, STEPS),
        codes(w.tracks, STEPS),
    )
    pinned, row = w.row[AFTER] >= 0, max(w.row[AFTER], 0)
    pin_time, pin_seq, pin_code = times(w.tracks, row), seqs(w.tracks, row), codes(w.tracks, row)
    of_code, of_pin = integers_at(w.of_code, w.n_codes), integers_at(w.of_pin, w.n_pins)
    reached, step = times_of(w), steps_of(w)
    start, end, gap, by_gap, fold = w.start, w.end, w.gap, w.by_gap > 0, w.fold > 0
    most = w.room if w.whole else w.n_steps
    at, stop, pin, pin_stop = begins[unit], begins[unit + 1], ZERO, ZERO
    n, cut, path, last = ZERO, False, _AWAITED, -FOREVER
    if pinned:
        pin, pin_stop = offsets(w.tracks, row)[unit], offsets(w.tracks, row)[unit + 1]
        pin = seek(pin_time, pin, pin_stop, start)
        while w.barred and pin < pin_stop and of_pin[pin_code[pin]] == NOWHERE:
            pin += 1
        if pin == pin_stop or pin_time[pin] >= end:
            return
        path, last = _FOLLOWED, pin_time[pin]
        while at < stop and time[at] < last:
            at += 1
        tied = not w.among or (at + 1 < stop and time[at + 1] == last)
        while tied and at < stop and time[at] == last and seq[at] < pin_seq[pin]:
            at += 1
        if w.among and not by_gap:
            pin_stop = pin
    elif not by_gap:
        at = seek(time, at, stop, start)
    w.unit = unit
    while at < stop or pin < pin_stop:
        is_pin = False
        if pin < pin_stop:
            late = at == stop or time[at] > pin_time[pin]
            is_pin = late or (time[at] == pin_time[pin] and seq[at] >= pin_seq[pin])
        if is_pin and (at == stop or seq[at] != pin_seq[pin]):
            now, place = pin_time[pin], of_pin[pin_code[pin]]
            pin += 1
        else:
            now, place = item(time, at), item(of_code, item(code, at))
            at += 1
            pin += is_pin
        if place == NOWHERE:
            continue
        if by_gap and now - last > gap:
            _finish(w, n, cut, w.left)
            n, cut, path = ZERO, False, _AWAITED
        last = now
        if path == _AWAITED and (is_pin or not pinned):
            if start <= now and now < end:
                path = _FOLLOWED
            elif not pinned:
                path = _OVER
        if path == _FOLLOWED and not (fold and n > 0 and step[n - 1] == place):
            if n == most:
                path, cut = _OVER, True
            else:
                reached[n], step[n] = now, place
                n += 1
        if path == _OVER and not by_gap:
            break
        if path != _FOLLOWED and pinned and pin == pin_stop:
            break
    _finish(w, n, cut, w.open if by_gap and w.newest - last <= gap else w.left)


@njit(nogil=True)
def _finish(w: Walk, n: int, cut: bool, tail: int) -> None:
    """Count a trail's path, if there is one."""
    if n > 0:
        run = runs_of(w)
        for j in range(n):
            run[j] = j
        count(w, n, ZERO, ZERO, w.cut, w.cut if cut else tail)
