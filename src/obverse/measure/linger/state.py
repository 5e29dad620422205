"""What the scan of lingering works on: a layout's arrays, the question as numbers, what is added to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from obverse.measure.sessions.chains import Cuts
from obverse.tape.layout import Bools, Floats, Int32s, Int64s

VIEWS, PEOPLE, TIMED, TOTAL_US, OBSERVED, CONVERTED, STRAY, OWNER = range(8)
"""Columns of a page's counts: views; people; views of a known time; their time; people whose conversions can
be told; of them, those who converted; times that named another page; the last is the scan's own."""

N_COUNTS = 8

COMPARED, BOUGHT, TOLD, LEFT = range(4)
"""Columns of people by how long they stayed: all; those who converted; those whose client told the time; of
these, those whose session ended on the page."""

MS_DAY = 86_400_000
PER_OCTAVE_SHIFT = 2
"""People by time stand in bins of a sixteenth of an octave, four of `obverse.measure.histogram`."""

ANY, LONG, SHORT = range(3)
"""Which side of a page's people is meant."""


class Stays(NamedTuple):
    """Views, or any other events that say a page: `page` is its code; `number` milliseconds, may be empty."""

    offsets: Int64s
    time: Int64s
    seq: Int64s
    page: Int32s
    number: Floats


class Rules(NamedTuple):
    """The question as numbers.

    Attributes:
        start: first instant of the period.
        end: first instant after it.
        newest: time of the newest event.
        cuts: what ends a session.
        within: how long a conversion still counts, µs.
        longer_than: what staying long is, µs; -1 where each page has its own.
        elements: whether views are elements, whose time they tell themselves.
        places: shape (pages + 1,), number of each page's code.
        unnamed: number of what names no page; -1 for none.
    """

    start: int
    end: int
    newest: int
    cuts: Cuts
    within: int
    longer_than: int
    elements: bool
    places: Int32s
    unnamed: int


class Tally(NamedTuple):
    """What is added to: see `obverse.measure.linger.summary.LingerSummary`."""

    counts: Int64s
    exits: Int64s
    times: Int64s
    sides: Int64s
    worth: Floats
    money: Floats


class Watch(NamedTuple):
    """Whom to note.

    Attributes:
        place: number of the page; -1 for any.
        side: `ANY`, `LONG` or `SHORT`.
        last_short: the last bin of those who stay short.
        converted: whether only who converted is meant.
        left: whether only whose session ended on the page is meant.
        people: shape (people,), set for who is meant; empty to note nobody.
    """

    place: int
    side: int
    last_short: int
    converted: bool
    left: bool
    people: Bools


def watch_nobody() -> Watch:
    """Note nobody."""
    return Watch(-1, ANY, 0, False, False, np.zeros(0, np.bool_))
