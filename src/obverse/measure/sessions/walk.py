"""The walk over a person's events, page views and conversions together, which parts them into sessions.

A person's sessions are rows of a small table until the next person's are. Rows are written by two indices,
and arrays taken out of their tuples ahead: views of rows would cost as much as all the rest.

Most people are seen at one touchpoint, by clients that send no session ids. Their sessions follow each other,
so silences part them (`parted`). Everybody else's are found by chains (`walk`). Either way the mark of an
event says whether it is a page view or a conversion. `parted` adds it up: in short sessions it is as good as
chance, and no branch hangs on it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from obverse.measure.orders import Orders
from obverse.measure.sessions.chains import (
    LAST,
    NEVER,
    SESSION,
    Cuts,
    brought_up,
    chain_of_id,
    day_end,
    goes_on,
    new_chains,
)
from obverse.measure.sessions.state import ORDER_BIT, VIEW_MARK, Events, Views
from obverse.tape.layout import Floats, Int32s, Int64s

START, END, EVENTS, PAGES, ENTRY, EXIT, ARRIVAL, GROUP, ORDERS = range(9)
"""Columns of a session: its first and last instant, its events and page views, the places of the first and
the last page, how it came (the code of an arrival), its group, its conversions."""

_WIDTH = 9


class Found(NamedTuple):
    """What a walk keeps of a person.

    Attributes:
        chains: see `obverse.measure.sessions.chains`.
        table: of chains' rows by hash.
        sessions: a row for each.
        worth: value of each one's conversions.
    """

    chains: Int64s
    table: Int32s
    sessions: Int64s
    worth: Floats


def found_by(events: Events, cuts: Cuts, low: int, high: int) -> Found:
    """Make room for the person with the most events among `low` … `high` - 1."""
    most = int(np.diff(events.offsets[low : high + 1]).max(initial=0))
    return Found(*new_chains(cuts, most), np.empty((most, _WIDTH), np.int64), np.zeros(most))


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
def parted(
    events: Events, views: Views, orders: Orders, cuts: Cuts, found: Found, grouped: bool, person: int
) -> int:
    """Part a person's events into sessions that follow one another; gives their number."""
    times, marks, sessions, worth = events.time, events.marks, found.sessions, found.worth
    view, order, some_view = views.offsets[person], orders.offsets[person], len(views.page) - 1
    at, stop, n = events.offsets[person], events.offsets[person + 1], 0
    while at < stop:
        first, start = at, times[at]
        last, until = start, day_end(cuts.midnights, start) if len(cuts.midnights) else NEVER
        pages, bought = marks[at] & VIEW_MARK, marks[at] >> ORDER_BIT
        at += 1
        while at < stop and times[at] - last <= cuts.gap and times[at] < until:
            last = times[at]
            pages += marks[at] & VIEW_MARK
            bought += marks[at] >> ORDER_BIT
            at += 1
        here = min(view, some_view)
        sessions[n, START] = start
        sessions[n, END] = last
        sessions[n, EVENTS] = at - first
        sessions[n, PAGES] = pages
        sessions[n, ENTRY] = views.places[views.page[here]]
        sessions[n, EXIT] = views.places[views.page[here + max(pages, 1) - 1]]
        sessions[n, ARRIVAL] = views.arrival[here]
        sessions[n, GROUP] = events.group[first] if grouped else 0
        sessions[n, ORDERS] = bought
        if len(orders.value):
            worth[n] = orders.value[order : order + bought].sum() if bought else 0.0
        view += pages
        order += bought
        n += 1
    return n


@njit(nogil=True)
def walk(events: Events, views: Views, orders: Orders, cuts: Cuts, found: Found, person: int) -> int:
    """Part a person's events into sessions; gives their number."""
    times, marks, groups = events.time, events.marks, events.group
    chains, table, sessions, worth = found.chains, found.table, found.sessions, found.worth
    n, n_ids, last_id, last_row = 0, 0, -1, -1
    view, order = views.offsets[person], orders.offsets[person]
    for i in range(events.offsets[person], events.offsets[person + 1]):
        time = times[i]
        viewed = marks[i] & VIEW_MARK == VIEW_MARK
        campaign = views.comings[views.arrival[view]] if cuts.campaigns and viewed else -1
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
            _begin(sessions, n, time, groups[i] if len(groups) else 0)
            worth[n] = 0.0
            n += 1
        sessions[at, END] = time
        sessions[at, EVENTS] += 1
        if viewed:
            _view(sessions, at, views.places[views.page[view]], views.arrival[view])
            view += 1
        if marks[i] >> ORDER_BIT:
            sessions[at, ORDERS] += 1
            if len(orders.value):
                worth[at] += orders.value[order]
            order += 1
    return n


@njit(nogil=True)
def _begin(sessions: Int64s, at: int, time: int, group: int) -> None:
    sessions[at, START] = time
    sessions[at, EVENTS] = 0
    sessions[at, PAGES] = 0
    sessions[at, GROUP] = group
    sessions[at, ORDERS] = 0


@njit(nogil=True)
def _view(sessions: Int64s, at: int, place: int, arrival: int) -> None:
    if sessions[at, PAGES] == 0:
        sessions[at, ENTRY] = place
        sessions[at, ARRIVAL] = arrival
    sessions[at, PAGES] += 1
    sessions[at, EXIT] = place
