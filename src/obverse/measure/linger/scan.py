"""The scan of lingering: one walk over each person's events, page views, heartbeats and conversions together.

A session has one page open at a time (a row of `opens`). What a person did on a page is kept in a row of
`stays` while the walk lasts, one for each page, and counted when it ends.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from obverse.measure.borrowed import borrowed
from obverse.measure.histogram import bin_of
from obverse.measure.kernel import kernel
from obverse.measure.linger.state import (
    ANY,
    BOUGHT,
    COMPARED,
    CONVERTED,
    LEFT,
    LONG,
    MS_DAY,
    OBSERVED,
    OWNER,
    PEOPLE,
    PER_OCTAVE_SHIFT,
    STRAY,
    TIMED,
    TOLD,
    TOTAL_US,
    VIEWS,
    Rules,
    Stays,
    Tally,
    Watch,
)
from obverse.measure.moments import push
from obverse.measure.orders import Orders
from obverse.measure.sessions.chains import NEVER, SESSION, Cuts, brought_up, chain_of_id, new_chains
from obverse.measure.sessions.scan import add
from obverse.measure.sessions.state import Events
from obverse.tape.layout import Floats, Int32s, Int64s

_PLACE, _ACTIVE, _SEEN, _LAST, _LATER, _COUNTED, _FOR_STAY = range(7)
"""Columns of a session: the page that is open (-1 for none), time between events since, time that the client
says, the last event, whether one came after the view; whether the view is in the period, and whether its time
is part of the person's stay."""

_SESSION_WIDTH = 7

_WHO, _IN, _BEGAN, _TIME, _KNOWN, _SAID, _BOUGHT, _ENDED = range(8)
"""Columns of a stay: whose, in which session, since when, how long, whether that is known, whether the client
said all of it, whether a conversion followed, and how the session went on after it."""

_STAY_WIDTH = 8

_WENT_ON, _GONE, _OPEN = range(3)
"""How a session goes on after a view: with another page, not at all, nobody knows yet."""


class Found(NamedTuple):
    """What a walk keeps of a person.

    Attributes:
        chains: see `obverse.measure.sessions.chains`.
        table: of chains' rows by hash.
        opens: a row for each session.
        stays: a row for each page.
        worth: value of the conversions that followed each page.
        touched: the pages that the person was on.
    """

    chains: Int64s
    table: Int32s
    opens: Int64s
    stays: Int64s
    worth: Floats
    touched: Int64s


def found_by(events: Events, cuts: Cuts, n_places: int, low: int, high: int) -> Found:
    """Make room for the person with the most events among `low` … `high` - 1."""
    most = int(np.diff(events.offsets[low : high + 1]).max(initial=0))
    return Found(
        *new_chains(cuts, most),
        opens=np.empty((most, _SESSION_WIDTH), np.int64),
        stays=np.full((n_places, _STAY_WIDTH), -1, np.int64),
        worth=np.zeros(n_places),
        touched=np.zeros(n_places, np.int64),
    )


@kernel
def scan(
    events: Events,
    views: Stays,
    beats: Stays,
    orders: Orders,
    rules: Rules,
    found: Found,
    tally: Tally,
    watch: Watch,
    low: int,
    high: int,
) -> None:
    """Count what the people `low` … `high` - 1 did on pages.

    Args:
        events: all events, which make up sessions.
        views: of pages, or of elements.
        beats: heartbeats.
        orders: conversions.
        rules: the question.
        found: room for what a person does.
        tally: added to.
        watch: whom to note.
        low: first person.
        high: person after the last.
    """
    events, views, beats, orders = borrowed(events), borrowed(views), borrowed(beats), borrowed(orders)
    rules, found, tally, watch = borrowed(rules), borrowed(found), borrowed(tally), borrowed(watch)
    opens, stays, worth, touched = found.opens, found.stays, found.worth, found.touched
    for person in range(low, high):
        begin, stop = views.offsets[person], views.offsets[person + 1]
        if begin == stop or views.time[begin] >= rules.end or views.time[stop - 1] < rules.start:
            continue
        n, n_touched = _walk(events, views, beats, orders, rules, tally, found, person)
        for session in range(n):
            last = opens[session, _LAST]
            ended = _OPEN if rules.newest - last <= rules.cuts.gap else _GONE
            _close(opens[session], session, ended, rules, tally, stays, person)
        for number in range(n_touched):
            place = touched[number]
            _count(stays[place], place, worth[place], rules, tally, watch, person)


@njit(nogil=True)
def _walk(
    events: Events,
    views: Stays,
    beats: Stays,
    orders: Orders,
    rules: Rules,
    tally: Tally,
    found: Found,
    person: int,
) -> tuple[int, int]:
    """Walk a person's events; gives how many sessions and pages there were."""
    cuts, chains, table = rules.cuts, found.chains, found.table
    opens, stays, worth, touched = found.opens, found.stays, found.worth, found.touched
    n, n_touched, n_ids, last_id, last_row = 0, 0, 0, -1, -1
    view, beat, order = views.offsets[person], beats.offsets[person], orders.offsets[person]
    for i in range(events.offsets[person], events.offsets[person + 1]):
        time, seq = events.time[i], events.seq[i]
        row = events.touchpoint[i]
        brought_up(chains, row, person, time, cuts.gap, -1, False, cuts)
        code = int(events.session[i]) if cuts.ids else -1
        if code >= 0:
            if code != last_id:
                last_id, last_row = code, chain_of_id(chains, table, cuts.n_touchpoints, n_ids, code)
                n_ids += 1 if last_row == cuts.n_touchpoints + n_ids else 0
            row = last_row
            brought_up(chains, row, person, time, NEVER, -1, False, cuts)
        if chains[row, SESSION] < 0:
            chains[row, SESSION] = n
            opens[n, _PLACE] = -1
            n += 1
        session = chains[row, SESSION]
        _pass(opens[session], time, cuts.gap)
        if beat < beats.offsets[person + 1] and beats.time[beat] == time and beats.seq[beat] == seq:
            _hear(opens[session], rules.places[beats.page[beat]], beats.number[beat], rules, tally)
            beat += 1
        if view < views.offsets[person + 1] and views.time[view] == time and views.seq[view] == seq:
            place = rules.places[views.page[view]]
            _close(opens[session], session, _WENT_ON, rules, tally, stays, person)
            if _open(opens[session], session, place, time, rules, stays, worth, person):
                touched[n_touched] = place
                n_touched += 1
            if rules.elements:
                _hear(opens[session], place, views.number[view], rules, tally)
                _close(opens[session], session, _OPEN, rules, tally, stays, person)
            view += 1
        if order < orders.offsets[person + 1] and orders.time[order] == time and orders.seq[order] == seq:
            value = orders.value[order] if len(orders.value) else 0.0
            for number in range(n_touched):
                _buy(stays[touched[number]], touched[number], time, value, rules, worth)
            order += 1
    return n, n_touched


@njit(nogil=True)
def _pass(session: Int64s, time: int, gap: int) -> None:
    """Let time pass on the page that is open, no more than a gap at once."""
    if session[_PLACE] >= 0:
        session[_ACTIVE] += min(time - session[_LAST], gap)
        session[_LATER] = 1
    session[_LAST] = time


@njit(nogil=True)
def _hear(session: Int64s, place: int, number: float, rules: Rules, tally: Tally) -> None:
    """Take the time that a client says, if it is of the page that is open."""
    if not 0 <= number <= MS_DAY:  # NaN as well
        return
    if session[_PLACE] < 0 or (place != session[_PLACE] and place != rules.unnamed):
        tally.counts[place, STRAY] += 1
        return
    session[_SEEN] = max(session[_SEEN], 0) + int(number * 1_000)


@njit(nogil=True)
def _open(
    session: Int64s,
    number: int,
    place: int,
    time: int,
    rules: Rules,
    stays: Int64s,
    worth: Floats,
    person: int,
) -> bool:
    """Open a page; says whether the person has not been there before."""
    session[_PLACE] = place
    session[_ACTIVE] = 0
    session[_SEEN] = -1
    session[_LATER] = 0
    session[_COUNTED] = 1 if rules.start <= time < rules.end else 0
    stay = stays[place]
    fresh = bool(session[_COUNTED] == 1 and stay[_WHO] != person)
    if fresh:
        stay[:] = 0
        stay[_WHO] = person
        stay[_IN] = number
        stay[_BEGAN] = time
        stay[_SAID] = 1
        worth[place] = 0.0
    mine = stay[_WHO] == person and stay[_IN] == number and stay[_BOUGHT] == 0
    session[_FOR_STAY] = 1 if mine and session[_COUNTED] == 1 else 0
    return fresh


@njit(nogil=True)
def _close(
    session: Int64s, number: int, ended: int, rules: Rules, tally: Tally, stays: Int64s, person: int
) -> None:
    """Close the page that is open, and count its view."""
    place = session[_PLACE]
    session[_PLACE] = -1
    if place < 0 or session[_COUNTED] == 0:
        return
    said = session[_SEEN] >= 0
    time = -1
    if said:
        time = session[_SEEN]
    elif session[_LATER] == 1 and not rules.elements:
        time = session[_ACTIVE]
    counts = tally.counts[place]
    counts[VIEWS] += 1
    if counts[OWNER] != person:
        counts[OWNER] = person
        counts[PEOPLE] += 1
    if time >= 0:
        counts[TIMED] += 1
        counts[TOTAL_US] += time
        tally.times[place, min(bin_of(time), tally.times.shape[1] - 1)] += 1
    if ended != _OPEN:
        add(tally.exits, place, person, 1, 1 if ended == _GONE else 0, 0)
    if session[_FOR_STAY] == 1:
        _lengthen(stays[place], time, said, ended)


@njit(nogil=True)
def _lengthen(stay: Int64s, time: int, said: bool, ended: int) -> None:
    stay[_ENDED] = ended
    if not said:
        stay[_SAID] = 0
    if time >= 0:
        stay[_TIME] += time
        stay[_KNOWN] = 1


@njit(nogil=True)
def _buy(stay: Int64s, place: int, time: int, value: float, rules: Rules, worth: Floats) -> None:
    """Note a conversion with a stay, if it still counts."""
    if time - stay[_BEGAN] <= rules.within:
        stay[_BOUGHT] = 1
        worth[place] += value


@njit(nogil=True)
def _count(
    stay: Int64s, place: int, worth: float, rules: Rules, tally: Tally, watch: Watch, person: int
) -> None:
    """Count a person's stay on a page."""
    observed = stay[_BEGAN] + rules.within <= rules.newest
    bought = stay[_BOUGHT] == 1
    counts = tally.counts[place]
    if observed:
        counts[OBSERVED] += 1
        counts[CONVERTED] += 1 if bought else 0
        tally.money[place] += worth
    at = -1
    if stay[_KNOWN] == 1 and observed:
        at = _bin(stay[_TIME], rules, tally.sides.shape[1])
        side = tally.sides[place, at]
        side[COMPARED] += 1
        side[BOUGHT] += 1 if bought else 0
        if stay[_SAID] == 1 and stay[_ENDED] != _OPEN:
            side[TOLD] += 1
            side[LEFT] += 1 if stay[_ENDED] == _GONE else 0
        if bought:
            push(tally.worth[place, at], worth)
    if len(watch.people) and _meant(stay, place, at, bought, watch):
        watch.people[person] = True


@njit(nogil=True)
def _bin(time: int, rules: Rules, n_bins: int) -> int:
    """Give the bin of a stay: of its length, or whether it is long."""
    if rules.longer_than >= 0:
        return 1 if time > rules.longer_than else 0
    return min((bin_of(time) + (1 << PER_OCTAVE_SHIFT) - 1) >> PER_OCTAVE_SHIFT, n_bins - 1)


@njit(nogil=True)
def _meant(stay: Int64s, place: int, at: int, bought: bool, watch: Watch) -> bool:
    if watch.place >= 0 and watch.place != place:
        return False
    if (watch.converted and not bought) or (watch.left and stay[_ENDED] != _GONE):
        return False
    if watch.side == ANY:
        return True
    if at < 0:
        return False
    return at > watch.last_short if watch.side == LONG else at <= watch.last_short
