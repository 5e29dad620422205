"""What the scan of sessions works on: a layout's arrays, the question as numbers, the tables."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from obverse.measure.sessions.chains import Cuts
from obverse.tape.layout import Bools, Floats, Int32s, Int64s, Marks

SESSIONS, PEOPLE, BOUNCED, CONVERTING = range(4)
"""Columns of a table: sessions, people with any, bounces, sessions with a conversion."""

SESSIONS_2, BOUNCED_2, CONVERTING_2, BOUNCED_SESSIONS, CONVERTING_SESSIONS = range(4, 9)
"""More columns: sums over people of products of their numbers, which say how people differ."""

N_COLUMNS = 9

SO_FAR, BOUNCED_SO_FAR, CONVERTING_SO_FAR, WHOSE = range(9, 13)
"""Columns that a scan alone uses: the numbers of the person who was last there, which are not in the others
yet, and who that is."""

N_SCRATCH = 13

FEW = 3
"""People with up to so many sessions at a place are counted by what these were; see `Tally.few`."""

N_FEW = 28

SHALLOW = 16
"""Sessions of fewer events are counted by their events and page views; see `Tally.shapes`."""

DEEP_EVENTS, DEEP_EVENTS_2, DEEP_PAGES, DEEP_PAGES_2 = range(4)
"""Sums over the other sessions: of their events, their page views, and the squares of both."""

N_LONG, SHIFT, SPAN, SPAN_2 = range(4)
"""Of sessions longer than 0: how many, the length of the first, and the sums over all of how much longer than
that they are, and of its square; seconds."""

ALL, GROUPS, ENTRIES, EXITS, CHANNELS, SOURCES, CAMPAIGNS, ROWS, GROUP_ROWS = range(9)
"""The tables: all of one kind stand in one array, a table after the other. The first has one place; the last
two have one for each day, week or month and one for what is before the first, and so many for each group.
Without a split there are no groups in them."""

N_TABLES = 9

LENGTH, DEPTH, VIEWS = range(3)
"""Moments of a group's sessions: seconds, events, page views."""

DEEP = 21
"""From so many page views on sessions are counted together."""

BY_PAGE, BY_EVENT, BY_LENGTH = range(3)
"""What makes a session a bounce."""

BOUNCES = {"page": BY_PAGE, "event": BY_EVENT, "short": BY_LENGTH}

VIEW_MARK, ORDER_BIT = 1, 1
"""Of an event's mark: what a page view has set, and what a conversion's is found behind."""

ANY = -1


class Events(NamedTuple):
    """All events that make up sessions, by person and time; `session`, `group` and `marks` may be empty."""

    offsets: Int64s
    time: Int64s
    seq: Int64s
    touchpoint: Int32s
    session: Int32s
    group: Int32s
    marks: Marks


class Views(NamedTuple):
    """Page views, which are among the events, and what their codes stand for.

    `page` and `arrival` have one entry even where there is no page view.

    Attributes:
        offsets: of page views, by person.
        page: code of the page of each.
        arrival: code of what each tells of where it came from.
        places: shape (pages + 1,), place of each page's code in the tables of pages.
        arrivals: shape (4, arrivals + 1), number of the channel of each arrival's code, of the source, of the
            campaign's name, and of the campaign as a whole, -1 for none.
    """

    offsets: Int64s
    page: Int32s
    arrival: Int32s
    places: Int32s
    arrivals: Int32s


class Rules(NamedTuple):
    """The question as numbers.

    Attributes:
        start: first instant of the period.
        end: first instant after it.
        cuts: what ends a session.
        edges: shape (rows + 1,), instants that part the rows.
        slots: see `obverse.measure.buckets`; empty where there are no rows.
        per_us: likewise.
        bounce: what makes a session a bounce.
        engaged_after: length from which on it is none, where that counts, µs.
        split: whether sessions have groups.
        bases: shape (`N_TABLES`,), where each table begins.
        unseen: shape (`N_TABLES`,), for each table the place of a session without a page view.
    """

    start: int
    end: int
    cuts: Cuts
    edges: Int64s
    slots: Int32s
    per_us: float
    bounce: int
    engaged_after: int
    split: bool
    bases: Int64s
    unseen: Int64s


class Tally(NamedTuple):
    """What is added to; `obverse.measure.sessions.summary` makes a summary of it.

    Attributes:
        tables: shape (places, `N_SCRATCH`).
        few: shape (places, `N_FEW`): people with n sessions at a place, up to `FEW`, b of them bounces and c
            with a conversion, in the column n (n + 2) + b + (n + 1) c; column 0 says nothing.
        money: shape (places,).
        worth: shape (places, 3).
        shapes: shape (groups, `SHALLOW`²): sessions by their events, times `SHALLOW`, plus page views.
        deep: shape (groups, 4), sums over sessions that are not among these.
        depths: shape (groups, `DEEP` + 1), these sessions by page views.
        spans: shape (groups, 4), sums over sessions longer than 0.
        lengths: shape (groups, bins), these sessions by length.
    """

    tables: Int64s
    few: Int32s
    money: Floats
    worth: Floats
    shapes: Int64s
    deep: Int64s
    depths: Int64s
    spans: Floats
    lengths: Int64s


class Watch(NamedTuple):
    """Whom to note.

    Attributes:
        wanted: shape (`N_TABLES`,), for each table the place that a session must have, `ANY` for any.
        outcome: 0 for any session, 1 for bounces, 2 for those with a conversion.
        people: shape (people,), set for who has such a session; empty to note nobody.
    """

    wanted: Int64s
    outcome: int
    people: Bools


def watch_nobody() -> Watch:
    """Note nobody."""
    return Watch(np.full(N_TABLES, ANY, np.int64), 0, np.zeros(0, np.bool_))
