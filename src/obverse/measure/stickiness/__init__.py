"""Stickiness: how often people come back, and how many of a month's people a day has.

What is counted, exactly
    Intervals are hours, days, weeks (from Monday) or months of `zone`. A person is *active* in one who has at
    least `at_least` of `events` in it that pass `where`. The period is made of whole intervals: it begins
    with the one that `start` is in; without a start it is the last `n_intervals` up to `end` or the newest
    event. The last interval counts although it may not be over; the answer says so.

    *How often* is in how many intervals of the period somebody was active, of those who were active in any
    (PostHog: stickiness; Amplitude: stickiness; Mixpanel: frequency; also power-user curve, L7 and L28 with
    7 and 28 days), or with ``counted="times"`` how many of the events they had. `people_at_least` is
    PostHog's cumulative mode and Amplitude's default.

    *Trailing windows* end with each row and are `short` and `long` intervals wide: with days, weekly and
    monthly active people, counted once in each and never added up. Who is active in a row is in its windows,
    so their ratio is a share: daily of monthly active people (DAU/MAU). What lies before the period is read
    for them. `stickiness` is that share over all complete rows together: rows that people are active in,
    divided by rows whose longer window has them.

``by``
    A person is in the group of their first event of `events` in the period; who has none there and is only in
    a trailing window, in that of the first event in what the windows reach back to.

Value
    A person's value is the money of their `conversion` events in the period; who has none is worth nothing.

Intervals of confidence
    Shares: Wilson. Averages: Student's t over people. Median: two order statistics (Conover 1999, 3.2).
    Stickiness over all rows: a ratio of means over people, by the delta method (Cochran 1977, 2.11).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.errors import QuestionError, unknown
from obverse.measure.behind import persons_of
from obverse.measure.buckets import slots_of
from obverse.measure.fields import selection
from obverse.measure.grouping import code_of
from obverse.measure.period import zone_of
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.measure.stickiness.answer import (
    StickinessAnswer,
    StickinessFrequency,
    StickinessGroup,
    StickinessRow,
)
from obverse.measure.stickiness.answering import answer as _answer
from obverse.measure.stickiness.question import MAX_TIMES, Stickiness
from obverse.measure.stickiness.scan import Events, Rules, mark_active, note, scan
from obverse.measure.stickiness.summary import StickinessSummary
from obverse.measure.window import Window, is_whole, name_of
from obverse.tape.layout import Bools, Floats, Int32s, Key, Layout, Track

__all__ = [
    "Stickiness",
    "StickinessAnswer",
    "StickinessFrequency",
    "StickinessGroup",
    "StickinessMeasure",
    "StickinessRow",
    "StickinessSummary",
]


def _nothing(kind: Any) -> NDArray[Any]:
    array: NDArray[Any] = np.empty(0, dtype=kind)
    array.flags.writeable = False  # as the arrays of layouts are: kernels are compiled for such
    return array


_NO_CODES: Int32s = _nothing(np.int32)
_NO_MONEY: Floats = _nothing(np.float64)


class StickinessMeasure:
    """Stickiness as a measure: see `obverse.measure.protocol`."""

    question = Stickiness

    def plan(self, question: Stickiness) -> Plan:
        """Name the events that make somebody active, then the conversions."""
        return Plan(
            selections=(
                selection(question.events, "events", question.where),
                selection(question.conversion, "conversion", question.where),
            ),
            unit=question.count,
            value=True,
            keys=() if question.by is None else (Key(question.by, (0,), question.n_groups),),
        )

    def scan(self, question: Stickiness, layout: Layout, units: range) -> StickinessSummary:
        """Scan a slice of units."""
        window = question.window(layout.newest)
        rules = _rules(question, window, layout.newest)
        n_groups = 1 if question.by is None else len(layout.labels[0]) + 1
        n_rows = len(window.edges) - 1 - window.lead
        found = StickinessSummary.zero(n_groups, rules.most, n_rows, layout.newest)
        active, orders = (_events(track) for track in layout.tracks)
        oldest = scan(active, orders, rules, found.left, units.start, units.stop)
        return found if oldest < 0 else found.since(int(oldest))

    def behind(self, question: Stickiness, layout: Layout, pick: Pick) -> Bools:
        """Say who is active so often, in a row or a window that ends with it, or at all.

        A pick is ``{"often": "5"}``, or ``{"row": "2026-03-01", "window": "long"}`` with ``one``, ``short``
        or ``long``; each with a ``"group"`` or without.
        """
        check_pick(pick, ("often", "row", "window", "group"))
        if question.count == "account":
            raise QuestionError("count: accounts are counted; ask with count 'person' for the people")
        window = question.window(layout.newest)
        rules = _rules(question, window, layout.newest)
        active = _events(layout.tracks[0])
        often, group = np.zeros(layout.n_units, np.int64), np.zeros(layout.n_units, np.int64)
        note(active, rules, often, group)
        found: Bools = often > 0
        if "row" in pick:
            found = np.zeros(layout.n_units, np.bool_)
            mark_active(active, rules, *_intervals(question, window, pick), found)
        if "often" in pick:
            found &= np.minimum(often, rules.most) == _often(question, rules, pick["often"])
        if "group" in pick:
            if question.by is None:
                raise QuestionError("group: the question has no split")
            found &= group == code_of(layout.labels[0], pick["group"])
        return persons_of(layout, found)

    def answer(self, question: Stickiness, summary: StickinessSummary, facts: Facts) -> StickinessAnswer:
        """Turn the summary into the answer."""
        return _answer(question, summary, facts)


def _events(track: Track) -> Events:
    code = track.codes[0] if track.codes else None
    return Events(
        track.offsets,
        track.time,
        _NO_CODES if code is None else code,
        _NO_MONEY if track.value is None else track.value,
    )


def _rules(question: Stickiness, window: Window, newest: int) -> Rules:
    zone, edges = zone_of(question.zone), window.edges
    slots, per_us = slots_of(edges, question.grain)
    rows = list(zip(edges[window.lead : -1].tolist(), edges[window.lead + 1 :].tolist(), strict=True))
    whole = [
        row
        for row, (start, end) in enumerate(rows)
        if is_whole(start, end, zone, question.grain) and end <= newest
    ]
    times = question.counted == "times"
    short, long = question.trailing
    return Rules(
        edges=edges,
        slots=slots,
        per_us=per_us,
        lead=window.lead,
        at_least=question.at_least,
        times=times,
        most=MAX_TIMES if times else len(rows),
        short=short,
        long=long,
        whole_from=whole[0] if whole else 0,
        whole_to=whole[-1] + 1 if whole else 0,
    )


def _intervals(question: Stickiness, window: Window, pick: Pick) -> tuple[int, int]:
    """Give the first and the last interval of a picked row's window."""
    zone = zone_of(question.zone)
    starts = window.edges[window.lead : -1].tolist()
    names = [name_of(start, zone, question.grain) for start in starts]
    if pick["row"] not in names:
        raise QuestionError(unknown("row", pick["row"], names))
    short, long = question.trailing
    widths = {"one": 1, "short": short, "long": long}
    width = widths.get(pick.get("window", "one"))
    if width is None:
        raise QuestionError(unknown("window", pick["window"], widths))
    last = names.index(pick["row"]) + window.lead
    return last - width + 1, last


def _often(question: Stickiness, rules: Rules, text: str) -> int:
    """Read how often, as the answer's frequencies are named."""
    names = [str(often) for often in range(1, rules.most + 1)]
    if rules.times:
        names[-1] += " or more"
    if text not in names:
        raise QuestionError(unknown(f"number of {question.counted}", text, names))
    return names.index(text) + 1
