"""The scan of sessions: one walk over each person's events, page views and conversions together.

A person's sessions are rows of a small table while the walk lasts; then each is counted in the tables of the
tally, and the rows are used again for the next person.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from obverse.measure.histogram import bin_of
from obverse.measure.kernel import kernel
from obverse.measure.moments import push
from obverse.measure.overview_scan import row_of
from obverse.measure.sessions.chains import NEVER, SESSION, brought_up, chain_of_id, new_chains
from obverse.measure.sessions.state import (
    ALL,
    ANY,
    BOUNCED,
    BOUNCED_2,
    BOUNCED_SESSIONS,
    BOUNCED_SO_FAR,
    BY_EVENT,
    BY_LENGTH,
    CAMPAIGNS,
    CHANNELS,
    CONVERTING,
    CONVERTING_2,
    CONVERTING_SESSIONS,
    CONVERTING_SO_FAR,
    DEPTH,
    ENTRIES,
    EXITS,
    GROUP_ROWS,
    GROUPS,
    LENGTH,
    N_TABLES,
    PEOPLE,
    ROWS,
    SESSIONS,
    SESSIONS_2,
    SO_FAR,
    SOURCES,
    VIEWS,
    WHOSE,
    Events,
    Orders,
    Rules,
    Tally,
    Views,
    Watch,
)
from obverse.tape.layout import Floats, Int32s, Int64s

_START, _LAST, _EVENTS, _PAGES, _ENTRY, _EXIT, _ARRIVAL, _GROUP, _ORDERS = range(9)
"""Columns of a session while it is walked."""

_WIDTH = 9


@kernel
def scan(
    events: Events,
    views: Views,
    orders: Orders,
    rules: Rules,
    tally: Tally,
    watch: Watch,
    low: int,
    high: int,
) -> None:
    """Count the sessions of the people `low` … `high` - 1 that begin in the period.

    Args:
        events: all that makes up sessions.
        views: page views.
        orders: conversions.
        rules: the question.
        tally: added to.
        watch: whom to note.
        low: first person.
        high: person after the last.
    """
    chains, table = new_chains(rules.cuts)
    sessions, worth = np.empty((64, _WIDTH), np.int64), np.zeros(64)
    places = np.zeros(N_TABLES, np.int64)
    for person in range(low, high):
        begin, stop = events.offsets[person], events.offsets[person + 1]
        if begin == stop or events.time[begin] >= rules.end or events.time[stop - 1] < rules.start:
            continue
        chains, table, sessions, worth, n = _walk(
            events, views, orders, rules, chains, table, sessions, worth, person
        )
        row = 0
        for number in range(n):
            session = sessions[number]
            if rules.start <= session[_START] < rules.end:
                row = _place(session, views, rules, places, row)
                _count(session, worth[number], rules, places, tally, watch, person)


@njit(nogil=True)
def _walk(
    events: Events,
    views: Views,
    orders: Orders,
    rules: Rules,
    chains: Int64s,
    table: Int32s,
    sessions: Int64s,
    worth: Floats,
    person: int,
) -> tuple[Int64s, Int32s, Int64s, Floats, int]:
    """Part a person's events into sessions; gives the tables back, grown where need be, and their number."""
    cuts = rules.cuts
    n, n_ids, last_id, last_row = 0, 0, -1, -1
    view, last_view = views.offsets[person], views.offsets[person + 1]
    order, last_order = orders.offsets[person], orders.offsets[person + 1]
    for i in range(events.offsets[person], events.offsets[person + 1]):
        time = events.time[i]
        viewed = view < last_view and views.time[view] == time and views.seq[view] == events.seq[i]
        campaign = views.comings[views.arrival[view]] if viewed and cuts.campaigns else -1
        row = events.touchpoint[i] if cuts.apart else 0
        brought_up(chains, row, person, time, cuts.gap, campaign, viewed, cuts)
        code = int(events.session[i]) if cuts.ids else -1
        if code >= 0:
            if code != last_id:
                chains, table, n_ids, last_row = chain_of_id(chains, table, cuts.n_touchpoints, n_ids, code)
                last_id = code
            row = last_row
            brought_up(chains, row, person, time, NEVER, campaign, viewed, cuts)
        if chains[row, SESSION] < 0:
            chains[row, SESSION] = n
            if n == len(sessions):
                sessions = np.concatenate((sessions, np.empty_like(sessions)))
                worth = np.concatenate((worth, np.zeros_like(worth)))
            _begin(sessions[n], time, events.group[i] if len(events.group) else 0)
            worth[n] = 0.0
            n += 1
        session = sessions[chains[row, SESSION]]
        session[_LAST] = time
        session[_EVENTS] += 1
        if viewed:
            _view(session, views.places[views.page[view]], views.arrival[view])
            view += 1
        if order < last_order and orders.time[order] == time and orders.seq[order] == events.seq[i]:
            session[_ORDERS] += 1
            if len(orders.value):
                worth[chains[row, SESSION]] += orders.value[order]
            order += 1
    return chains, table, sessions, worth, n


@njit(nogil=True)
def _begin(session: Int64s, time: int, group: int) -> None:
    session[_START] = time
    session[_EVENTS] = 0
    session[_PAGES] = 0
    session[_GROUP] = group
    session[_ORDERS] = 0


@njit(nogil=True)
def _view(session: Int64s, place: int, arrival: int) -> None:
    if session[_PAGES] == 0:
        session[_ENTRY] = place
        session[_ARRIVAL] = arrival
    session[_PAGES] += 1
    session[_EXIT] = place


@njit(nogil=True)
def _place(session: Int64s, views: Views, rules: Rules, places: Int64s, row: int) -> int:
    """Find a session's place in each table, and its row: that of the session before or a later one."""
    n_rows = len(rules.edges) - 1
    places[ROWS] = ANY
    places[ALL] = 0
    if n_rows > 0 and session[_START] >= rules.edges[0]:
        row = row_of(rules.edges, row, session[_START])
        places[ROWS] = row
    places[GROUPS] = session[_GROUP] if rules.split else ANY
    places[GROUP_ROWS] = session[_GROUP] * n_rows + row if rules.split and places[ROWS] != ANY else ANY
    _place_views(session, views, rules, places)
    return row


@njit(nogil=True)
def _place_views(session: Int64s, views: Views, rules: Rules, places: Int64s) -> None:
    """Find a session's places in the tables of pages and of where it came from."""
    if session[_PAGES] == 0:
        places[ENTRIES : CAMPAIGNS + 1] = rules.unseen[ENTRIES : CAMPAIGNS + 1]
        return
    places[ENTRIES] = session[_ENTRY]
    places[EXITS] = session[_EXIT]
    places[CHANNELS] = views.channels[session[_ARRIVAL]]
    places[SOURCES] = views.sources[session[_ARRIVAL]]
    places[CAMPAIGNS] = views.campaigns[session[_ARRIVAL]]


@njit(nogil=True)
def _count(
    session: Int64s, worth: float, rules: Rules, places: Int64s, tally: Tally, watch: Watch, person: int
) -> None:
    """Count one session at its places."""
    bounced = _bounced(session, rules)
    converted = session[_ORDERS] > 0
    for number in range(N_TABLES):
        if places[number] != ANY:
            at = rules.bases[number] + places[number]
            add(tally.tables[at], person, bounced, converted)
            if converted:
                tally.money[at] += worth
                push(tally.worth[at], worth)
    length = session[_LAST] - session[_START]
    group = session[_GROUP]
    push(tally.moments[group, LENGTH], length / 1e6)
    push(tally.moments[group, DEPTH], float(session[_EVENTS]))
    push(tally.moments[group, VIEWS], float(session[_PAGES]))
    tally.lengths[group, min(bin_of(length), tally.lengths.shape[1] - 1)] += 1
    tally.depths[group, min(session[_PAGES], tally.depths.shape[1] - 1)] += 1
    if len(watch.people) and (watch.outcome == 0 or (bounced if watch.outcome == 1 else converted)):
        for number in range(N_TABLES):
            if watch.wanted[number] != ANY and watch.wanted[number] != places[number]:
                return
        watch.people[person] = True


@njit(nogil=True)
def _bounced(session: Int64s, rules: Rules) -> bool:
    events: int = session[_EVENTS]
    pages: int = session[_PAGES]
    length: int = session[_LAST] - session[_START]
    if session[_ORDERS] > 0:
        return False
    if rules.bounce == BY_EVENT:
        return events == 1
    if rules.bounce == BY_LENGTH:
        return pages < 2 and length < rules.engaged_after
    return pages == 1 or (pages == 0 and events == 1)


@njit(nogil=True)
def add(row: Int64s, person: int, bounced: bool, converted: bool) -> None:
    """Add a session to a row; sums over people of their numbers' products grow as the numbers do."""
    if row[WHOSE] != person:
        row[WHOSE] = person
        row[PEOPLE] += 1
        row[SO_FAR] = row[BOUNCED_SO_FAR] = row[CONVERTING_SO_FAR] = 0
    n, b, c = row[SO_FAR], row[BOUNCED_SO_FAR], row[CONVERTING_SO_FAR]
    row[SESSIONS] += 1
    row[SESSIONS_2] += 2 * n + 1
    row[BOUNCED_SESSIONS] += b
    row[CONVERTING_SESSIONS] += c
    row[SO_FAR] = n + 1
    if bounced:
        row[BOUNCED] += 1
        row[BOUNCED_2] += 2 * b + 1
        row[BOUNCED_SESSIONS] += n + 1
        row[BOUNCED_SO_FAR] = b + 1
    if converted:
        row[CONVERTING] += 1
        row[CONVERTING_2] += 2 * c + 1
        row[CONVERTING_SESSIONS] += n + 1
        row[CONVERTING_SO_FAR] = c + 1
