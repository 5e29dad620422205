"""From a question and a layout to what the scan works on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from obverse.measure.linger.question import Linger
from obverse.measure.linger.state import Rules, Stays
from obverse.measure.protocol import Plan
from obverse.measure.scope import NO_VALUE
from obverse.measure.sessions.chains import Cuts
from obverse.measure.sessions.setting import N_LABELS, Labels, page_places
from obverse.measure.sessions.state import Events
from obverse.tape.arrange import frozen
from obverse.tape.layout import Int32s, Key, Layout, Number

MAX_PAGES = 200
"""Pages that are told apart, the most frequent; the others are one."""

PAGE, TOUCHPOINT, SESSION = range(3)
"""Keys of the plan."""

_NO_NUMBERS = frozen(np.zeros(0))
_NOTHING = frozen(np.zeros(0, np.int64))
_NO_CODES: Int32s = frozen(np.zeros(0, np.int32))
_NO_MARKS = frozen(np.zeros(0, np.uint8))


def plan_of(question: Linger) -> Plan:
    """Name all events, views, heartbeats and conversions."""
    names = [*question.selections()]
    is_page = question.of == "page"
    own = tuple(names.index(name) for name in ("views", "beats") if name in names)
    keys = [
        Key(question.page if is_page else question.element, own, N_LABELS, optional=True),
        Key("touchpoint", (0,), N_LABELS),
    ]
    if question.client_ids:
        keys.append(Key("session_id", (0,), named=False))
    timed = names.index("beats" if is_page else "views")
    return Plan(
        (*question.selections().values(),),
        value=question.conversion is not None,
        keys=tuple(keys),
        numbers=(Number(question.visible, timed, optional=True),),
    )


def pages_of(question: Linger, labels: Sequence[Labels]) -> tuple[tuple[str, ...], Int32s]:
    """Name the pages or elements of a layout, and give the number of each code."""
    if question.of == "page":
        return page_places(labels[PAGE], question.patterns, MAX_PAGES)
    return page_places(labels[PAGE], (), MAX_PAGES, fold=False)


def events_of(question: Linger, layout: Layout) -> Events:
    """Take all events of a layout."""
    track = layout.tracks[0]
    touchpoint = track.codes[TOUCHPOINT]
    session = track.codes[SESSION] if question.client_ids else None
    if touchpoint is None:
        raise ValueError("the layout lacks touchpoints")
    return Events(
        *(frozen(track.offsets), frozen(track.time), frozen(track.seq), frozen(touchpoint)),
        _NO_CODES if session is None else frozen(session),
        _NO_CODES,
        _NO_MARKS,
    )


def stays_of(question: Linger, layout: Layout, name: str) -> Stays:
    """Take the views or the heartbeats of a layout; none where the question has none."""
    names = [*question.selections()]
    if name not in names:
        return Stays(
            frozen(np.zeros(layout.n_units + 1, np.int64)), _NOTHING, _NOTHING, _NO_CODES, _NO_NUMBERS
        )
    track = layout.tracks[names.index(name)]
    page, number = track.codes[PAGE], track.numbers[0]
    if page is None:
        raise ValueError("the layout lacks pages")
    return Stays(
        *(frozen(track.offsets), frozen(track.time), frozen(track.seq), frozen(page)),
        _NO_NUMBERS if number is None else frozen(number),
    )


def rules_of(
    question: Linger, labels: Sequence[Labels], names: Sequence[str], places: Int32s, newest: int
) -> Rules:
    """Give the question as numbers."""
    start, end = question.period_us
    return Rules(
        start=start,
        end=end,
        newest=newest,
        cuts=Cuts(
            gap=question.gap_us,
            midnights=_NOTHING,
            campaigns=False,
            apart=True,
            ids=question.client_ids,
            n_touchpoints=len(labels[TOUCHPOINT]) + 1,
        ),
        within=question.within_us,
        longer_than=question.longer_than_us,
        elements=question.of == "element",
        places=places,
        unnamed=names.index(NO_VALUE) if NO_VALUE in names else -1,
    )
