"""The scan of sessions: a person's events are parted into sessions, which are counted in tables.

A person's sessions are gone through once, in the order of their beginnings. Those of one day, and those that
went one way, are counted together as long as they follow each other: what they are is then one number added,
mostly, to a table that the processor's cache holds, how many people had one session there, a bounce, and so
on (`Tally.few`). No branch hangs on what is as good as chance: whether a session begins a new day is added to
that table as 0 or 1. What is seldom, money and groups and whom to note, is left to loops of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from obverse.measure.borrowed import borrowed
from obverse.measure.buckets import bucket_of
from obverse.measure.columns import item
from obverse.measure.histogram import bin_of
from obverse.measure.kernel import kernel
from obverse.measure.orders import Orders
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
from obverse.measure.sessions.walk import Found, Session, follow, parted, session_of, walk, worth_of
from obverse.tape.layout import Floats, Int32s, Int64s


class Count(NamedTuple):
    """How many sessions, how many of them are bounces, and how many have a conversion."""

    n: int
    bounced: int
    converting: int


class Way(NamedTuple):
    """Where a session begins and ends, as places in the tables of pages, and the code of its arrival."""

    entry: np.int32
    exit: np.int32
    arrival: np.int32


_NOTHING = Count(0, 0, 0)
_NO_WAY = Way(np.int32(ANY), np.int32(ANY), np.int32(ANY))


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
    for person in range(low, high):
        begin, stop = events.offsets[person], events.offsets[person + 1]
        if begin == stop or events.time[begin] >= rules.end or events.time[stop - 1] < rules.start:
            continue
        follows = follow(events, rules.cuts, begin, stop)
        if follows:
            n = parted(events, rules.cuts, found.ends, begin, stop)
        else:
            n = walk(events, views, orders, rules.cuts, found, person)
        first, after = _in_period(events, views, rules, found, follows, person, n)
        if first == after:
            continue
        n_buying = _count_all(events, views, rules, found, follows, person, first, after, tally)
        for at in range(n_buying):
            number = found.buying[at]
            worth = worth_of(found, follows, number, orders, person)
            if worth != 0.0:
                _find(session_of(found, follows, number, views, person), events, views, rules, found.places)
                _pay(found.places, worth, rules.bases, tally.money, tally.worth)
        if rules.split:
            _count_groups(events, views, rules, found, follows, person, first, after, tally)
        if len(watch.people):
            for number in range(first, after):
                session = session_of(found, follows, number, views, person)
                _find(session, events, views, rules, found.places)
                if _meant(found.places, _outcome(session, events, rules), watch):
                    watch.people[person] = True


@njit(nogil=True, inline="always")
def _in_period(
    events: Events, views: Views, rules: Rules, found: Found, follows: bool, person: int, n: int
) -> tuple[int, int]:
    """Give the first of a person's sessions that begins in the period, and that after the last one."""
    first, after = 0, n
    while first < n and _start(events, session_of(found, follows, first, views, person)) < rules.start:
        first += 1
    while after > first and _start(events, session_of(found, follows, after - 1, views, person)) >= rules.end:
        after -= 1
    return first, after


@njit(nogil=True, inline="always")
def _count_all(
    events: Events,
    views: Views,
    rules: Rules,
    found: Found,
    follows: bool,
    person: int,
    first: int,
    after: int,
    tally: Tally,
) -> int:
    """Count a person's sessions `first` … `after` - 1 by day, way and size, and list those with a conversion.

    Gives how many those are.
    """
    tables, few, bases = tally.tables, tally.few, rules.bases
    everything, today, alike, before = _NOTHING, _NOTHING, _NOTHING, _NOTHING
    row, way, n_buying = 0, _NO_WAY, 0
    for number in range(first, after):
        session = session_of(found, follows, number, views, person)
        one = _outcome(session, events, rules)
        everything = _plus(everything, one)
        found.buying[np.uint64(n_buying)] = number
        n_buying += one.converting

        here = _row_of(rules, _start(events, session))
        left = here != row
        at = bases[ROWS] + row
        few[np.uint64(at), np.uint64(_column(today))] += left
        if left & (today.n > FEW):
            _add(tables, at, today)
        row, today = here, _plus(_NOTHING if left else today, one)

        its_way = _way(session, views)
        if _differ(its_way, way):
            if alike.n > 0:
                _join(tables, bases, views.arrivals, way, person, alike)
            before, way, alike = _plus(before, alike), its_way, _NOTHING
        seen = 1 if session.pages > 0 else 0
        alike = _plus(alike, Count(seen, seen & one.bounced, seen & one.converting))
        _measure(tally, events.group[session.first] if rules.split else 0, session, _length(events, session))

    _add(tables, bases[ALL], everything)
    _count(tables, few, bases[ROWS] + row, today)
    if before.n > 0 and alike.n > 0:
        _join(tables, bases, views.arrivals, way, person, alike)
    elif alike.n > 0:
        _count_way(tables, few, bases, views.arrivals, way, alike)
    unseen = _less(_less(everything, before), alike)
    if unseen.n > 0:
        _count(tables, few, bases[ENTRIES] + rules.unseen[ENTRIES], unseen)
    return n_buying


@njit(nogil=True, inline="always")
def _count_groups(
    events: Events,
    views: Views,
    rules: Rules,
    found: Found,
    follows: bool,
    person: int,
    first: int,
    after: int,
    tally: Tally,
) -> None:
    """Count the sessions `first` … `after` - 1 of a person by group, and by group and day."""
    n_rows = len(rules.edges)
    for number in range(first, after):
        session = session_of(found, follows, number, views, person)
        one, group = _outcome(session, events, rules), events.group[session.first]
        row = rules.bases[GROUP_ROWS] + group * n_rows + _row_of(rules, _start(events, session))
        add(tally.tables, rules.bases[GROUPS] + group, person, 1, one.bounced, one.converting)
        add(tally.tables, row, person, 1, one.bounced, one.converting)


@njit(nogil=True, inline="always")
def _start(events: Events, session: Session) -> int:
    return item(events.time, session.first)  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def _length(events: Events, session: Session) -> int:
    return item(events.time, session.last) - item(events.time, session.first)  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def _row_of(rules: Rules, start: int) -> int:
    """Give the row of an instant; that after the last for what is before the first."""
    row = len(rules.edges) - 1
    if start >= rules.edges[0]:
        row = bucket_of(rules.edges, rules.slots, rules.per_us, start)
    return row


@njit(nogil=True, inline="always")
def _way(session: Session, views: Views) -> Way:
    """Give the way of a session; for one without a page view, that of any page view."""
    return Way(
        item(views.places, item(views.page, session.first_view)),
        item(views.places, item(views.page, session.last_view)),
        item(views.arrival, session.first_view),
    )


@njit(nogil=True, inline="always")
def _differ(one: Way, other: Way) -> bool:
    return bool((one.entry != other.entry) | (one.exit != other.exit) | (one.arrival != other.arrival))


@njit(nogil=True, inline="always")
def _outcome(session: Session, events: Events, rules: Rules) -> Count:
    """Count one session."""
    n, pages, converting = session.events, session.pages, 1 if session.orders > 0 else 0
    bounced = (pages == 1) | ((pages == 0) & (n == 1))
    if rules.bounce == BY_EVENT:
        bounced = n == 1
    elif rules.bounce == BY_LENGTH:
        bounced = (pages < 2) & (_length(events, session) < rules.engaged_after)
    return Count(1, (1 if bounced else 0) & (1 - converting), converting)


@njit(nogil=True, inline="always")
def _plus(one: Count, other: Count) -> Count:
    return Count(one.n + other.n, one.bounced + other.bounced, one.converting + other.converting)


@njit(nogil=True, inline="always")
def _less(one: Count, other: Count) -> Count:
    return Count(one.n - other.n, one.bounced - other.bounced, one.converting - other.converting)


@njit(nogil=True, inline="always")
def _column(count: Count) -> int:
    """Give the column of `Tally.few` for somebody with so many sessions, `FEW` at most; else nobody's."""
    column = count.n * (count.n + 2) + count.bounced + (count.n + 1) * count.converting
    return column if count.n <= FEW else 0


@njit(nogil=True, inline="always")
def _count(tables: Int64s, few: Int32s, at: int, count: Count) -> None:
    """Count all of a person's sessions at a place, one or more."""
    if count.n <= FEW:
        few[at, _column(count)] += 1
    else:
        _add(tables, at, count)


@njit(nogil=True, inline="always")
def _add(tables: Int64s, at: int, count: Count) -> None:
    """Add the numbers of one person to a row."""
    n, bounced, converting = count
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
def _count_way(tables: Int64s, few: Int32s, bases: Int64s, arrivals: Int32s, way: Way, count: Count) -> None:
    """Count a person's sessions that have all gone one way."""
    _count(tables, few, bases[ENTRIES] + way.entry, count)
    _count(tables, few, bases[EXITS] + way.exit, count)
    _count(tables, few, bases[CHANNELS] + arrivals[0, way.arrival], count)
    _count(tables, few, bases[SOURCES] + arrivals[1, way.arrival], count)
    _count(tables, few, bases[CAMPAIGNS] + arrivals[2, way.arrival], count)


@njit(nogil=True)
def _join(tables: Int64s, bases: Int64s, arrivals: Int32s, way: Way, person: int, count: Count) -> None:
    """Count some of a person's sessions, which have gone one way."""
    n, bounced, converting = count
    add(tables, bases[ENTRIES] + way.entry, person, n, bounced, converting)
    add(tables, bases[EXITS] + way.exit, person, n, bounced, converting)
    add(tables, bases[CHANNELS] + arrivals[0, way.arrival], person, n, bounced, converting)
    add(tables, bases[SOURCES] + arrivals[1, way.arrival], person, n, bounced, converting)
    add(tables, bases[CAMPAIGNS] + arrivals[2, way.arrival], person, n, bounced, converting)


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
            last = Count(tables[at, SO_FAR], tables[at, BOUNCED_SO_FAR], tables[at, CONVERTING_SO_FAR])
            _add(tables, at, last)
        tables[at, WHOSE] = person
        tables[at, SO_FAR] = tables[at, BOUNCED_SO_FAR] = tables[at, CONVERTING_SO_FAR] = 0
    tables[at, SO_FAR] += n
    tables[at, BOUNCED_SO_FAR] += bounced
    tables[at, CONVERTING_SO_FAR] += converting


@njit(nogil=True, inline="always")
def _measure(tally: Tally, group: int, session: Session, length: int) -> None:
    """Count how long and how deep a session is."""
    events, pages = session.events, session.pages
    if events < SHALLOW:  # so are its page views, which are among them
        tally.shapes[group, np.uint64(SHALLOW * events + pages)] += 1
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


@njit(nogil=True, inline="always")
def _find(session: Session, events: Events, views: Views, rules: Rules, places: Int64s) -> None:
    """Find a session's place in each table."""
    row = _row_of(rules, _start(events, session))
    group = events.group[session.first] if rules.split else 0
    places[ALL] = 0
    places[GROUPS] = group if rules.split else ANY
    places[ROWS] = row
    places[GROUP_ROWS] = group * len(rules.edges) + row if rules.split else ANY
    if session.pages == 0:
        for table in range(ENTRIES, CAMPAIGNS + 1):
            places[table] = rules.unseen[table]
    else:
        way = _way(session, views)
        places[ENTRIES], places[EXITS] = way.entry, way.exit
        for number in range(3):
            places[CHANNELS + number] = views.arrivals[number, way.arrival]


@njit(nogil=True)
def _pay(places: Int64s, worth: float, bases: Int64s, money: Floats, moments: Floats) -> None:
    """Count the value of a session's conversions."""
    for table in range(N_TABLES):
        if places[table] != ANY:
            at = bases[table] + places[table]
            money[at] += worth
            n, off = moments[at, 0] + 1.0, worth - moments[at, 1]
            mean = moments[at, 1] + off / n
            moments[at, 0], moments[at, 1] = n, mean
            moments[at, 2] += off * (worth - mean)


@njit(nogil=True)
def _meant(places: Int64s, one: Count, watch: Watch) -> bool:
    """Say whether a session is one of those to note."""
    if (watch.outcome == 1 and not one.bounced) or (watch.outcome == 2 and not one.converting):
        return False
    for table in range(N_TABLES):
        if watch.wanted[table] != ANY and watch.wanted[table] != places[table]:
            return False
    return True
