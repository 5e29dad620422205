"""The walk over a person's events, page views and conversions together, which parts them into sessions.

Which events and page views are those of a person's sessions stands in small tables until the next person's
do. Tables are written by two indices, and arrays taken out of their tuples ahead: views of rows would cost as
much as all the rest.

Most people are seen at one touchpoint, by clients that send no session ids. Their sessions follow each other,
so silences part them (`parted`). Everybody else's are found by chains (`walk`). Either way the mark of an
event says whether it is a page view or a conversion, and `session_of` gives the sessions one by one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from obverse.measure.columns import item
from obverse.measure.orders import Orders
from obverse.measure.sessions.chains import (
    LAST,
    NEVER,
    SESSION,
    Cuts,
    brought_up,
    chain_of_id,
    goes_on,
    new_chains,
    session_end,
)
from obverse.measure.sessions.state import N_TABLES, ORDER_BIT, VIEW_MARK, Events, Views
from obverse.tape.layout import Floats, Int32s, Int64s

_FIRST, _LAST, _EVENTS, _PAGES, _FIRST_VIEW, _LAST_VIEW, _ORDERS = range(7)
"""Columns of a session that a walk finds; see `Session`."""

_WIDTH = 7

_STOP, _VIEWED, _ORDERED = range(3)
"""Numbers of a session that follows the one before: the event after its last, and how many page views and
conversions the person has had by then."""


class Found(NamedTuple):
    """What is kept of a person.

    Attributes:
        chains: see `obverse.measure.sessions.chains`.
        table: of chains' rows by hash.
        sessions: a row for each, where a walk finds them.
        worth: value of each one's conversions there.
        ends: three numbers for each, where they follow one another, and for one before the first.
        buying: numbers of those with a conversion.
        places: shape (`N_TABLES`,), room for the places of one.
    """

    chains: Int64s
    table: Int32s
    sessions: Int64s
    worth: Floats
    ends: Int64s
    buying: Int64s
    places: Int64s


class Session(NamedTuple):
    """A session.

    Attributes:
        first: index of its first event.
        last: of its last.
        events: how many it has.
        pages: how many page views.
        first_view: index of the first of them; of any where it has none.
        last_view: of the last.
        orders: how many conversions.
    """

    first: int
    last: int
    events: int
    pages: int
    first_view: int
    last_view: int
    orders: int


def found_by(events: Events, cuts: Cuts, low: int, high: int) -> Found:
    """Make room for the person with the most events among `low` … `high` - 1."""
    most = int(np.diff(events.offsets[low : high + 1]).max(initial=0))
    sizes = (_WIDTH * most, 3 * (most + 1), most + 1, N_TABLES)
    sessions, ends, buying, places = (np.empty(size, np.int64) for size in sizes)
    return Found(
        *new_chains(cuts, most), sessions.reshape(most, _WIDTH), np.zeros(most), ends, buying, places
    )


@njit(nogil=True, inline="always")
def follow(events: Events, cuts: Cuts, begin: int, stop: int) -> bool:
    """Say whether the sessions of the events `begin` … `stop` - 1 of a person follow one another."""
    plain = not cuts.campaigns
    if cuts.apart and cuts.n_touchpoints > 2:  # one more than there are
        for i in range(begin + 1, stop):
            plain &= events.touchpoint[i] == events.touchpoint[begin]
    if cuts.ids:
        for i in range(begin, stop):
            plain &= events.session[i] < 0
    return plain


@njit(nogil=True, inline="always")
def parted(events: Events, cuts: Cuts, ends: Int64s, begin: int, stop: int) -> int:
    """Part a person's events `begin` … `stop` - 1 into sessions that follow one another; gives their number.

    Each event writes the end of the session as if it were the last one. Whether it is, is as good as chance
    in short sessions: so no branch hangs on that, only where the next event writes.
    """
    times, marks = events.time, events.marks
    n, pages, orders, last = 1, 0, 0, item(times, begin)
    bounded, until = len(cuts.midnights) > 0 or cuts.longest < NEVER, session_end(cuts, last)
    ends[_STOP], ends[_VIEWED], ends[_ORDERED] = begin, 0, 0
    for at in range(begin, stop):
        mark = int(item(marks, at))
        pages += mark & VIEW_MARK
        orders += mark >> ORDER_BIT
        ends[np.uint64(3 * n + _STOP)] = at + 1
        ends[np.uint64(3 * n + _VIEWED)] = pages
        ends[np.uint64(3 * n + _ORDERED)] = orders
        time = item(times, min(at + 1, stop - 1))
        over = time - last > cuts.gap
        if bounded:
            over |= time >= until
            if over:
                until = session_end(cuts, time)
        n += over
        last = time
    return n


@njit(nogil=True)
def walk(events: Events, views: Views, orders: Orders, cuts: Cuts, found: Found, person: int) -> int:
    """Part a person's events into sessions; gives their number."""
    times, marks, some_view = events.time, events.marks, len(views.page) - 1
    chains, table, sessions, worth = found.chains, found.table, found.sessions, found.worth
    n, n_ids, last_id, last_row = 0, 0, -1, -1
    view, order = views.offsets[person], orders.offsets[person]
    for i in range(events.offsets[person], events.offsets[person + 1]):
        time = times[i]
        viewed = marks[i] & VIEW_MARK == VIEW_MARK
        campaign = views.arrivals[3, views.arrival[view]] if cuts.campaigns and viewed else -1
        row = events.touchpoint[i] if cuts.apart else 0
        if cuts.campaigns or not goes_on(chains, row, person, time, cuts.gap):
            brought_up(chains, row, person, time, cuts.gap, campaign, viewed, cuts)
        chains[row, LAST] = time
        code = int(events.session[i]) if cuts.ids else -1
        if code >= 0:
            if code != last_id:
                last_id, last_row = code, chain_of_id(chains, table, cuts.n_touchpoints, n_ids, code)
                n_ids += 1 if last_row == cuts.n_touchpoints + n_ids else 0
            row = last_row
            if cuts.campaigns or not goes_on(chains, row, person, time, NEVER):
                brought_up(chains, row, person, time, NEVER, campaign, viewed, cuts)
            chains[row, LAST] = time
        at = chains[row, SESSION]
        if at < 0:
            chains[row, SESSION] = at = n
            _begin(sessions, n, i, min(view, some_view))
            worth[n] = 0.0
            n += 1
        sessions[at, _LAST] = i
        sessions[at, _EVENTS] += 1
        if viewed:
            _view(sessions, at, view)
            view += 1
        if marks[i] >> ORDER_BIT:
            sessions[at, _ORDERS] += 1
            if len(orders.value):
                worth[at] += orders.value[order]
            order += 1
    return n


@njit(nogil=True)
def _begin(sessions: Int64s, at: int, event: int, view: int) -> None:
    sessions[at, _FIRST] = event
    sessions[at, _EVENTS] = 0
    sessions[at, _PAGES] = 0
    sessions[at, _FIRST_VIEW] = sessions[at, _LAST_VIEW] = view
    sessions[at, _ORDERS] = 0


@njit(nogil=True)
def _view(sessions: Int64s, at: int, view: int) -> None:
    if sessions[at, _PAGES] == 0:
        sessions[at, _FIRST_VIEW] = view
    sessions[at, _PAGES] += 1
    sessions[at, _LAST_VIEW] = view


@njit(nogil=True)
def session_of(found: Found, follows: bool, number: int, views: Views, person: int) -> Session:
    """Give a session of those that `parted` (if they follow one another) or `walk` found, by its number."""
    if follows:
        ends, own, after = found.ends, 3 * number, 3 * number + 3
        first, stop, viewed = item(ends, own + _STOP), item(ends, after + _STOP), item(ends, own + _VIEWED)
        pages = item(ends, after + _VIEWED) - viewed
        view = min(views.offsets[person] + viewed, len(views.page) - 1)
        orders = item(ends, after + _ORDERED) - item(ends, own + _ORDERED)
        return Session(first, stop - 1, stop - first, pages, view, view + max(pages, 1) - 1, orders)
    at = np.uint64(number)
    rows = found.sessions
    first, last, n = rows[at, _FIRST], rows[at, _LAST], rows[at, _EVENTS]
    return Session(
        first, last, n, rows[at, _PAGES], rows[at, _FIRST_VIEW], rows[at, _LAST_VIEW], rows[at, _ORDERS]
    )


@njit(nogil=True)
def worth_of(found: Found, follows: bool, number: int, orders: Orders, person: int) -> float:
    """Give the value of a session's conversions; see `session_of`."""
    if len(orders.value) == 0:
        return 0.0
    if not follows:
        return float(found.worth[number])
    before = orders.offsets[person]
    values = orders.value[
        before + found.ends[3 * number + _ORDERED] : before + found.ends[3 * number + 3 + _ORDERED]
    ]
    return float(values.sum())
