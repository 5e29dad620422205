"""The scan of sessions: each person's sessions, one by one, counted in the tables of the tally.

Sessions with the same places are counted together as long as they follow each other. What a person's sessions
are by day is then one number added, mostly, to a table that the processor's cache holds: how many people had
one session there, a bounce, and so on (`Tally.few`). All else that is counted of each session is arranged so
that no branch hangs on what is as good as chance.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from obverse.measure.borrowed import borrowed
from obverse.measure.buckets import bucket_of
from obverse.measure.histogram import bin_of
from obverse.measure.kernel import kernel
from obverse.measure.moments import push
from obverse.measure.orders import Orders
from obverse.measure.sessions.chains import NEVER
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
    DEEP_EVENTS,
    DEEP_EVENTS_2,
    DEEP_PAGES,
    DEEP_PAGES_2,
    ENTRIES,
    EXITS,
    FEW,
    GROUP_ROWS,
    GROUPS,
    N_LONG,
    N_TABLES,
    PEOPLE,
    ROWS,
    SESSIONS,
    SESSIONS_2,
    SHALLOW,
    SHIFT,
    SO_FAR,
    SOURCES,
    SPAN,
    SPAN_2,
    WHOSE,
    Events,
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
    follow,
    parted,
    walk,
)
from obverse.tape.layout import Floats, Int32s, Int64s


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
    places = np.zeros(N_TABLES, np.int64)
    for person in range(low, high):
        begin, stop = events.offsets[person], events.offsets[person + 1]
        if begin == stop or events.time[begin] >= rules.end or events.time[stop - 1] < rules.start:
            continue
        if follow(events, rules.cuts, begin, stop):
            n = parted(events, views, orders, rules.cuts, found, rules.split, person)
        else:
            n = walk(events, views, orders, rules.cuts, found, person)
        _count_all(found, n, views, rules, borrowed(places), tally, watch, person)


@njit(nogil=True, inline="always")
def _count_all(
    found: Found,
    n: int,
    views: Views,
    rules: Rules,
    places: Int64s,
    tally: Tally,
    watch: Watch,
    person: int,
) -> None:
    """Count a person's sessions, which are in the order of their beginnings."""
    sessions, tables, few, bases, edges = found.sessions, tally.tables, tally.few, rules.bases, rules.edges
    n_all, b_all, c_all = 0, 0, 0
    row, row_end, n_row, b_row, c_row = ANY, -NEVER, 0, 0, 0
    entry, exit_, arrival, n_run, b_run, c_run = ANY, ANY, ANY, 0, 0, 0
    n_seen, b_seen, c_seen, once = 0, 0, 0, True
    for at in range(n):
        start = sessions[at, START]
        if not rules.start <= start < rules.end:
            continue
        n_events, pages, length = sessions[at, EVENTS], sessions[at, PAGES], sessions[at, END] - start
        converted = 1 if sessions[at, ORDERS] > 0 else 0
        bounced = _bounced(n_events, pages, length, rules) & (1 - converted)
        n_all, b_all, c_all = n_all + 1, b_all + bounced, c_all + converted
        if start >= row_end:
            if row != ANY:
                _count(tables, few, bases[ROWS] + row, n_row, b_row, c_row)
            row, row_end, n_row, b_row, c_row = ANY, NEVER, 0, 0, 0
            if len(edges) > 1:
                row_end = edges[0]
                if start >= row_end:
                    row = bucket_of(edges, rules.slots, rules.per_us, start)
                    row_end = edges[row + 1]
        n_row, b_row, c_row = n_row + 1, b_row + bounced, c_row + converted
        seen = 1 if pages > 0 else 0
        other = (sessions[at, ENTRY] != entry) | (sessions[at, EXIT] != exit_)
        if (seen == 1) & (other | (sessions[at, ARRIVAL] != arrival)):
            if n_run > 0:
                once = False
                _end(tables, few, bases, views, entry, exit_, arrival, person, n_run, b_run, c_run, once)
            entry, exit_, arrival = sessions[at, ENTRY], sessions[at, EXIT], sessions[at, ARRIVAL]
            n_run, b_run, c_run = 0, 0, 0
        n_run, b_run, c_run = n_run + seen, b_run + (seen & bounced), c_run + (seen & converted)
        n_seen, b_seen, c_seen = n_seen + seen, b_seen + (seen & bounced), c_seen + (seen & converted)
        _measure(tally, sessions[at, GROUP], n_events, pages, length)
        if rules.split:
            group = sessions[at, GROUP]
            add(tables, bases[GROUPS] + group, person, 1, bounced, converted)
            if row != ANY:
                number = bases[GROUP_ROWS] + group * (len(edges) - 1) + row
                add(tables, number, person, 1, bounced, converted)
        paid = converted == 1 and found.worth[at] != 0.0
        if paid or len(watch.people):
            _place(sessions, at, views, rules, row, places)
            if paid:
                _pay(places, found.worth[at], bases, tally.money, tally.worth)
            if len(watch.people) and _meant(places, bounced, converted, watch):
                watch.people[person] = True
    if n_all == 0:
        return
    _count(tables, few, bases[ALL], n_all, b_all, c_all)
    if row != ANY:
        _count(tables, few, bases[ROWS] + row, n_row, b_row, c_row)
    if n_run > 0:
        _end(tables, few, bases, views, entry, exit_, arrival, person, n_run, b_run, c_run, once)
    if n_all > n_seen:
        n_all, b_all, c_all = n_all - n_seen, b_all - b_seen, c_all - c_seen
        for table in range(ENTRIES, CAMPAIGNS + 1):
            _count(tables, few, bases[table] + rules.unseen[table], n_all, b_all, c_all)


@njit(nogil=True, inline="always")
def _bounced(events: int, pages: int, length: int, rules: Rules) -> int:
    """Give 1 for a bounce, conversions apart."""
    if rules.bounce == BY_EVENT:
        return 1 if events == 1 else 0
    if rules.bounce == BY_LENGTH:
        return 1 if (pages < 2) & (length < rules.engaged_after) else 0
    return 1 if (pages == 1) | ((pages == 0) & (events == 1)) else 0


@njit(nogil=True, inline="always")
def _count(tables: Int64s, few: Int32s, at: int, n: int, bounced: int, converting: int) -> None:
    """Count all of a person's sessions at a place, one or more."""
    if n <= FEW:
        few[at, 3 * (n - 1) + bounced + (n + 1) * converting] += 1
    else:
        _add(tables, at, n, bounced, converting)


@njit(nogil=True)
def _add(tables: Int64s, at: int, n: int, bounced: int, converting: int) -> None:
    """Add the numbers of one person to a row."""
    tables[at, SESSIONS] += n
    tables[at, PEOPLE] += 1
    tables[at, BOUNCED] += bounced
    tables[at, CONVERTING] += converting
    tables[at, SESSIONS_2] += n * n
    tables[at, BOUNCED_2] += bounced * bounced
    tables[at, CONVERTING_2] += converting * converting
    tables[at, BOUNCED_SESSIONS] += bounced * n
    tables[at, CONVERTING_SESSIONS] += converting * n


@njit(nogil=True)
def _end(
    tables: Int64s,
    few: Int32s,
    bases: Int64s,
    views: Views,
    entry: int,
    exit_: int,
    arrival: int,
    person: int,
    n: int,
    bounced: int,
    converting: int,
    once: bool,
) -> None:
    """Count a run of a person's sessions with the same pages and arrival; `once` if it is their only one."""
    channel, source, campaign = views.channels[arrival], views.sources[arrival], views.campaigns[arrival]
    if once:
        _count(tables, few, bases[ENTRIES] + entry, n, bounced, converting)
        _count(tables, few, bases[EXITS] + exit_, n, bounced, converting)
        _count(tables, few, bases[CHANNELS] + channel, n, bounced, converting)
        _count(tables, few, bases[SOURCES] + source, n, bounced, converting)
        _count(tables, few, bases[CAMPAIGNS] + campaign, n, bounced, converting)
        return
    add(tables, bases[ENTRIES] + entry, person, n, bounced, converting)
    add(tables, bases[EXITS] + exit_, person, n, bounced, converting)
    add(tables, bases[CHANNELS] + channel, person, n, bounced, converting)
    add(tables, bases[SOURCES] + source, person, n, bounced, converting)
    add(tables, bases[CAMPAIGNS] + campaign, person, n, bounced, converting)


@njit(nogil=True)
def add(tables: Int64s, at: int, person: int, n: int, bounced: int, converting: int) -> None:
    """Add some of a person's sessions to a row; they join its sums when the next person comes to it.

    Args:
        tables: see `obverse.measure.sessions.state`; `obverse.measure.sessions.summary.settled` ends them.
        at: the row.
        person: whose they are; all of a person's are added before the next one's.
        n: how many.
        bounced: how many of them are bounces.
        converting: how many of them have a conversion.
    """
    if tables[at, WHOSE] != person:
        if tables[at, WHOSE] >= 0:
            _add(tables, at, tables[at, SO_FAR], tables[at, BOUNCED_SO_FAR], tables[at, CONVERTING_SO_FAR])
        tables[at, WHOSE] = person
        tables[at, SO_FAR] = tables[at, BOUNCED_SO_FAR] = tables[at, CONVERTING_SO_FAR] = 0
    tables[at, SO_FAR] += n
    tables[at, BOUNCED_SO_FAR] += bounced
    tables[at, CONVERTING_SO_FAR] += converting


@njit(nogil=True, inline="always")
def _measure(tally: Tally, group: int, events: int, pages: int, length: int) -> None:
    """Count how long and how deep a session is."""
    if events < SHALLOW:  # so are its page views, which are among them
        tally.shapes[group, SHALLOW * events + pages] += 1
    else:
        tally.deep[group, DEEP_EVENTS] += events
        tally.deep[group, DEEP_EVENTS_2] += events * events
        tally.deep[group, DEEP_PAGES] += pages
        tally.deep[group, DEEP_PAGES_2] += pages * pages
        tally.depths[group, min(pages, tally.depths.shape[1] - 1)] += 1
    if length > 0:
        tally.lengths[group, min(bin_of(length), tally.lengths.shape[1] - 1)] += 1
        if tally.spans[group, N_LONG] == 0.0:
            tally.spans[group, SHIFT] = length / 1e6
        longer = length / 1e6 - tally.spans[group, SHIFT]
        tally.spans[group, N_LONG] += 1.0
        tally.spans[group, SPAN] += longer
        tally.spans[group, SPAN_2] += longer * longer


@njit(nogil=True)
def _place(sessions: Int64s, at: int, views: Views, rules: Rules, row: int, places: Int64s) -> None:
    """Find a session's place in each table."""
    group = sessions[at, GROUP]
    places[ALL] = 0
    places[GROUPS] = group if rules.split else ANY
    places[ROWS] = row
    places[GROUP_ROWS] = group * (len(rules.edges) - 1) + row if rules.split and row != ANY else ANY
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
def _pay(places: Int64s, worth: float, bases: Int64s, money: Floats, moments: Floats) -> None:
    """Count the value of a session's conversions."""
    for table in range(N_TABLES):
        if places[table] != ANY:
            money[bases[table] + places[table]] += worth
            push(moments[bases[table] + places[table]], worth)


@njit(nogil=True)
def _meant(places: Int64s, bounced: int, converted: int, watch: Watch) -> bool:
    """Say whether a session is one of those to note."""
    if (watch.outcome == 1 and not bounced) or (watch.outcome == 2 and not converted):
        return False
    for table in range(N_TABLES):
        if watch.wanted[table] != ANY and watch.wanted[table] != places[table]:
            return False
    return True
