"""The scan of sessions: each person's sessions, one by one, counted in the tables of the tally.

Sessions with the same places are counted together as long as they follow each other: sums over people of
products of their numbers grow from what they were to what they are, in one step as in many.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from obverse.measure.borrowed import borrowed
from obverse.measure.buckets import bucket_of
from obverse.measure.histogram import bin_of
from obverse.measure.kernel import kernel
from obverse.measure.moments import push
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
from obverse.measure.sessions.walk import (
    ARRIVAL,
    END,
    ENTRY,
    EVENTS,
    EXIT,
    GROUP,
    ORDERS,
    PAGES,
    START,
    Found,
    walk,
)
from obverse.tape.layout import Floats, Int64s

_OF_ALL, _OF_SEEN, _OF_UNSEEN, _OF_ROWS = range(4)
"""Runs of sessions with the same places, in tables that belong together."""

_RUN, _RUN_BOUNCED, _RUN_CONVERTING = N_TABLES, N_TABLES + 1, N_TABLES + 2
"""Columns of a run behind its places: how many sessions it has, bounces, sessions with a conversion."""


@kernel
def scan(
    events: Events,
    views: Views,
    orders: Orders,
    rules: Rules,
    found: Found,
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
        found: room for a person's sessions.
        tally: added to.
        watch: whom to note.
        low: first person.
        high: person after the last.
    """
    events, views, orders, rules = borrowed(events), borrowed(views), borrowed(orders), borrowed(rules)
    found, tally, watch = borrowed(found), borrowed(tally), borrowed(watch)
    places, runs = np.zeros(N_TABLES, np.int64), np.full((4, N_TABLES + 3), ANY, np.int64)
    runs[:, _RUN:] = 0
    for person in range(low, high):
        begin, stop = events.offsets[person], events.offsets[person + 1]
        if begin == stop or events.time[begin] >= rules.end or events.time[stop - 1] < rules.start:
            continue
        n = walk(events, views, orders, rules.cuts, found, person)
        _count_all(
            found.sessions,
            found.worth,
            n,
            views,
            rules,
            borrowed(places),
            borrowed(runs),
            tally,
            watch,
            person,
        )


@njit(nogil=True)
def _count_all(
    sessions: Int64s,
    worth: Floats,
    n: int,
    views: Views,
    rules: Rules,
    places: Int64s,
    runs: Int64s,
    tally: Tally,
    watch: Watch,
    person: int,
) -> None:
    """Count a person's sessions."""
    tables, bases = tally.tables, rules.bases
    for at in range(n):
        if not rules.start <= sessions[at, START] < rules.end:
            continue
        bounced, converted = _bounced(sessions, at, rules), sessions[at, ORDERS] > 0
        _place(sessions, at, views, rules, places)
        paged = _OF_SEEN if sessions[at, PAGES] else _OF_UNSEEN
        _run(runs, _OF_ALL, ALL, GROUPS, places, bounced, converted, tables, bases, person)
        _run(runs, paged, ENTRIES, CAMPAIGNS, places, bounced, converted, tables, bases, person)
        _run(runs, _OF_ROWS, ROWS, GROUP_ROWS, places, bounced, converted, tables, bases, person)
        if converted:
            _pay(places, worth[at], bases, tally.money, tally.worth)
        _measure(sessions, at, tally.moments, tally.lengths, tally.depths)
        if len(watch.people) and _meant(places, bounced, converted, watch):
            watch.people[person] = True
    _end(runs, _OF_ALL, ALL, GROUPS, tables, bases, person)
    _end(runs, _OF_SEEN, ENTRIES, CAMPAIGNS, tables, bases, person)
    _end(runs, _OF_UNSEEN, ENTRIES, CAMPAIGNS, tables, bases, person)
    _end(runs, _OF_ROWS, ROWS, GROUP_ROWS, tables, bases, person)


@njit(nogil=True, inline="always")
def _place(sessions: Int64s, at: int, views: Views, rules: Rules, places: Int64s) -> None:
    """Find a session's place in each table."""
    n_rows, start, group = len(rules.edges) - 1, sessions[at, START], sessions[at, GROUP]
    row = ANY
    if n_rows > 0 and start >= rules.edges[0]:
        row = bucket_of(rules.edges, rules.slots, rules.per_us, start)
    places[ALL] = 0
    places[GROUPS] = group if rules.split else ANY
    places[ROWS] = row
    places[GROUP_ROWS] = group * n_rows + row if rules.split and row != ANY else ANY
    if sessions[at, PAGES] == 0:
        for table in range(ENTRIES, CAMPAIGNS + 1):
            places[table] = rules.unseen[table]
    else:
        arrival = sessions[at, ARRIVAL]
        places[ENTRIES] = sessions[at, ENTRY]
        places[EXITS] = sessions[at, EXIT]
        places[CHANNELS] = views.channels[arrival]
        places[SOURCES] = views.sources[arrival]
        places[CAMPAIGNS] = views.campaigns[arrival]


@njit(nogil=True)
def _run(
    runs: Int64s,
    run: int,
    first: int,
    last: int,
    places: Int64s,
    bounced: bool,
    converted: bool,
    tables: Int64s,
    bases: Int64s,
    person: int,
) -> None:
    """Add a session to a run, or begin another where its places in the tables `first` … `last` differ."""
    for table in range(first, last + 1):
        if runs[run, table] != places[table]:
            _end(runs, run, first, last, tables, bases, person)
            runs[run, first : last + 1] = places[first : last + 1]
            break
    runs[run, _RUN] += 1
    runs[run, _RUN_BOUNCED] += 1 if bounced else 0
    runs[run, _RUN_CONVERTING] += 1 if converted else 0


@njit(nogil=True)
def _end(runs: Int64s, run: int, first: int, last: int, tables: Int64s, bases: Int64s, person: int) -> None:
    """Count a run of a person's sessions, and begin it anew."""
    n, bounced, converting = runs[run, _RUN], runs[run, _RUN_BOUNCED], runs[run, _RUN_CONVERTING]
    if n == 0:
        return
    for table in range(first, last + 1):
        if runs[run, table] != ANY:
            add(tables, bases[table] + runs[run, table], person, n, bounced, converting)
    runs[run, _RUN] = runs[run, _RUN_BOUNCED] = runs[run, _RUN_CONVERTING] = 0


@njit(nogil=True)
def _pay(places: Int64s, worth: float, bases: Int64s, money: Floats, moments: Floats) -> None:
    """Count the value of a session's conversions."""
    for table in range(N_TABLES):
        if places[table] != ANY:
            money[bases[table] + places[table]] += worth
            push(moments[bases[table] + places[table]], worth)


@njit(nogil=True, inline="always")
def _measure(sessions: Int64s, at: int, moments: Floats, lengths: Int64s, depths: Int64s) -> None:
    """Count how long and how deep a session is."""
    length, group = sessions[at, END] - sessions[at, START], sessions[at, GROUP]
    push(moments[group, LENGTH], length / 1e6)
    push(moments[group, DEPTH], float(sessions[at, EVENTS]))
    push(moments[group, VIEWS], float(sessions[at, PAGES]))
    lengths[group, min(bin_of(length), lengths.shape[1] - 1)] += 1
    depths[group, min(sessions[at, PAGES], depths.shape[1] - 1)] += 1


@njit(nogil=True)
def _meant(places: Int64s, bounced: bool, converted: bool, watch: Watch) -> bool:
    """Say whether a session is one of those to note."""
    if (watch.outcome == 1 and not bounced) or (watch.outcome == 2 and not converted):
        return False
    for table in range(N_TABLES):
        if watch.wanted[table] != ANY and watch.wanted[table] != places[table]:
            return False
    return True


@njit(nogil=True, inline="always")
def _bounced(sessions: Int64s, at: int, rules: Rules) -> bool:
    events: int = sessions[at, EVENTS]
    pages: int = sessions[at, PAGES]
    length: int = sessions[at, END] - sessions[at, START]
    if sessions[at, ORDERS] > 0:
        return False
    if rules.bounce == BY_EVENT:
        return events == 1
    if rules.bounce == BY_LENGTH:
        return pages < 2 and length < rules.engaged_after
    return pages == 1 or (pages == 0 and events == 1)


@njit(nogil=True)
def add(tables: Int64s, at: int, person: int, n: int, bounced: int, converting: int) -> None:
    """Add a person's sessions to a row; sums over people of their numbers' products grow as the numbers do.

    Args:
        tables: see `obverse.measure.sessions.state`.
        at: the row.
        person: whose they are; all of a person's are added before the next one's.
        n: how many.
        bounced: how many of them are bounces.
        converting: how many of them have a conversion.
    """
    if tables[at, WHOSE] != person:
        tables[at, WHOSE] = person
        tables[at, PEOPLE] += 1
        tables[at, SO_FAR] = tables[at, BOUNCED_SO_FAR] = tables[at, CONVERTING_SO_FAR] = 0
    before, b_before, c_before = tables[at, SO_FAR], tables[at, BOUNCED_SO_FAR], tables[at, CONVERTING_SO_FAR]
    after, b_after, c_after = before + n, b_before + bounced, c_before + converting
    tables[at, SESSIONS] += n
    tables[at, BOUNCED] += bounced
    tables[at, CONVERTING] += converting
    tables[at, SESSIONS_2] += after * after - before * before
    tables[at, BOUNCED_2] += b_after * b_after - b_before * b_before
    tables[at, CONVERTING_2] += c_after * c_after - c_before * c_before
    tables[at, BOUNCED_SESSIONS] += b_after * after - b_before * before
    tables[at, CONVERTING_SESSIONS] += c_after * after - c_before * before
    tables[at, SO_FAR], tables[at, BOUNCED_SO_FAR], tables[at, CONVERTING_SO_FAR] = after, b_after, c_after
