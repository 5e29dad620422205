"""Time between two events: how long it takes from one to the other, how many ever get there, and its money.

What is counted, exactly
    A *from-event* counts with a time in ``[start, end)``. It leads to a *to-event* of the same person (or
    session, or account; with `same`, and the same value of that field) that is another event, is not
    earlier, and comes at most `within` later; later than `end` is fine. Where from-events and to-events are
    the same selection, the to-event is a later one by (time, arrival); else one at the same time counts.

``before_next``
    The to-event must be earlier than the unit's next from-event, in the period or after it, or be that very
    event. So each to-event counts once, for the from-event right before it, and a from-event that another one
    follows first is *never* there: a checkout that was begun anew. Without it each from-event leads to a
    to-event by itself, and several may lead to the same.

``until``
    ``next``: the first such to-event (Mixpanel, Amplitude and PostHog: time to convert of a funnel of two
    steps). ``last``: the last one there is so far: from the first event of a case to its last is what
    process mining calls throughput time.

``pairs``
    ``every`` from-event is counted. ``first``: only a unit's first one in the period, whatever becomes of it.

There, open, never
    A from-event is *there* if it leads to a to-event. Else it is *open* if no next from-event has come and
    `within` is not over when the newest event happened, and *never* if not.

Percentiles and the mean are of the times of those that are there. Percentiles come from a histogram that is
exact to 1 % (`obverse.measure.histogram`); their intervals lie between two times by rank (Conover 1999,
3.2). The mean is exact, its interval that of a ratio over people, by the delta method.

Shares by a time
    The share of all from-events that are there within T, after Kaplan and Meier: who was not watched for T is
    censored, not lost (`obverse.measure.survival`). One that is *never* there was watched until the newest
    event and stays among those who are not. `half_s` is where that share reaches one half.

``by``
    Splits by a field of the from-event: the team that a ticket was opened for.

Value
    *Reached* is the sum of the money of the to-events, *waiting* that of the from-events that are not there:
    what is in the carts of checkouts that were begun. Both over all from-events as draws, by Student's t.

Several from-events of one person
    The intervals of the share there and of the mean take people as independent, not from-events
    (`obverse.measure.clustered`). The others take from-events so, are somewhat too narrow, and the answer
    says it.
"""

from __future__ import annotations

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.behind import persons_of
from obverse.measure.grouping import code_of
from obverse.measure.histogram import US_PER_MS, bin_of, edges_ms, n_bins
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.measure.question import duration_us
from obverse.measure.rows import Rows
from obverse.measure.time_between.answer import (
    Arrival,
    TimeBetweenAnswer,
    TimeBin,
    TimeGroup,
    TimeRow,
    Times,
)
from obverse.measure.time_between.answering import answer
from obverse.measure.time_between.question import TimeBetween
from obverse.measure.time_between.rows import time_rows
from obverse.measure.time_between.scan import scan
from obverse.measure.time_between.state import (
    FOREVER,
    NEVER,
    NO_CODES,
    NO_VALUES,
    NOT_THERE,
    OPEN,
    THERE,
    Events,
    Rules,
    Wanted,
    new_block,
)
from obverse.measure.time_between.summary import TimeBetweenSummary
from obverse.tape.arrange import frozen
from obverse.tape.layout import Bools, Key, Layout, Track

__all__ = [
    "Arrival",
    "TimeBetween",
    "TimeBetweenAnswer",
    "TimeBetweenMeasure",
    "TimeBetweenSummary",
    "TimeBin",
    "TimeGroup",
    "TimeRow",
    "Times",
]

_OUTCOMES = {"there": THERE, "open": OPEN, "never": NEVER, "not_there": NOT_THERE}
_NOBODY = Wanted(-FOREVER, FOREVER, -1, -1, 0, -1, 0, np.empty(0, dtype=np.bool_))


class TimeBetweenMeasure:
    """Time between two events as a measure: see `obverse.measure.protocol`."""

    question = TimeBetween

    def plan(self, question: TimeBetween) -> Plan:
        """Name the from-events and the to-events."""
        return Plan(
            selections=question.selections,
            unit=question.count,
            same=question.same,
            value=True,
            keys=() if question.by is None else (Key(question.by, (0,), question.n_groups),),
        )

    def scan(self, question: TimeBetween, layout: Layout, units: range) -> TimeBetweenSummary:
        """Scan a slice of units."""
        rows = time_rows(question, layout.newest)
        summary = _nothing(question, layout, rows)
        _scan(question, layout, rows, summary, _NOBODY, units)
        return summary

    def behind(self, question: TimeBetween, layout: Layout, pick: Pick) -> Bools:
        """Say whose from-events are meant.

        Args:
            question: what is asked.
            layout: what its plan laid out.
            pick: a ``row``, a ``group``, an ``outcome`` (``there``, ``open``, ``never``, or ``not_there`` for
                the last two); times of at ``least`` so long and ``below`` so long; or ``within`` which time
                they were there, of those that were watched for so long.

        Raises:
            QuestionError: there is no such part, or accounts are counted.
        """
        if question.count == "account":
            raise QuestionError("count: accounts are counted; ask with count 'person' for the people")
        rows = time_rows(question, layout.newest)
        marked = np.zeros(layout.n_units, dtype=np.bool_)
        wanted = _wanted(question, layout, rows, pick)._replace(unit=marked)
        _scan(question, layout, rows, _nothing(question, layout, rows), wanted, range(layout.n_units))
        return persons_of(layout, marked)

    def answer(self, question: TimeBetween, summary: TimeBetweenSummary, facts: Facts) -> TimeBetweenAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)


def _nothing(question: TimeBetween, layout: Layout, rows: Rows) -> TimeBetweenSummary:
    groups = 1 if question.by is None else len(layout.labels[0]) + 1
    return TimeBetweenSummary.zero(groups, rows.n, n_bins(question.within_us), layout.newest)


def _scan(
    question: TimeBetween,
    layout: Layout,
    rows: Rows,
    summary: TimeBetweenSummary,
    wanted: Wanted,
    units: range,
) -> None:
    start, end = question.period_us
    rules = Rules(
        same_track=len(layout.tracks) == 1,
        first=question.pairs == "first",
        last=question.until == "last",
        before_next=question.before_next,
        start=start,
        end=end,
        within=question.within_us,
        newest=layout.newest,
    )
    person = frozen(NO_CODES if layout.person is None else layout.person)
    starts, stops = _events(layout.tracks[0]), _events(layout.tracks[-1])
    tally, block = summary.tally, new_block()
    scan(starts, stops, person, rules, rows.edges, block, tally, wanted, units.start, units.stop)


def _events(track: Track) -> Events:
    """Give a track's arrays, all read-only: the kernel is compiled for such alone."""
    value = NO_VALUES if track.value is None else track.value
    code = next((one for one in track.codes if one is not None), NO_CODES)
    return Events._make(frozen(one) for one in (track.offsets, track.time, track.seq, value, code))


def _wanted(question: TimeBetween, layout: Layout, rows: Rows, pick: Pick) -> Wanted:
    """Read a pick.

    Raises:
        QuestionError: there is no such part.
    """
    check_pick(pick, ("row", "group", "outcome", "least", "below", "within"))
    found = _NOBODY
    if "row" in pick:
        row = rows.number(pick["row"])
        found = found._replace(start=int(rows.edges[row]), end=int(rows.edges[row + 1]))
    if "group" in pick:
        if question.by is None:
            raise QuestionError(f"group: {pick['group']!r} was asked for, but there is no split")
        found = found._replace(group=code_of(layout.labels[0], pick["group"]))
    if "outcome" in pick:
        if pick["outcome"] not in _OUTCOMES:
            raise QuestionError(unknown("outcome", pick["outcome"], _OUTCOMES))
        found = found._replace(what=_OUTCOMES[pick["outcome"]])
    if "within" in pick:
        # To the end of the bin that it is in, as the answer counts.
        bins = min(bin_of(duration_us(pick["within"], "within")) + 1, n_bins(question.within_us))
        below = round(edges_ms(bins)[-1])
        return found._replace(below=below, watched=below * US_PER_MS - 1)
    if "least" in pick or "below" in pick:
        least = duration_us(pick.get("least", "0ms"), "least") // US_PER_MS
        below = duration_us(pick["below"], "below") // US_PER_MS if "below" in pick else FOREVER
        found = found._replace(least=least, below=below)
    return found
