"""Retention: who comes back, when, and what that is worth.

What is counted, exactly
    An *entry* is a start event with a time in ``[start, end)``. A *return* is a return event of the same
    person that is not the start event itself and not before it; one at the same time counts. Each entry
    belongs to the *cohort* of the day, week (from Monday) or month of `zone` that its start event is in, and
    is followed to the newest event in the lake, beyond the period's `end` too.

``entry``
    ``first_ever``: a person's first start event there is, if it is in the period (Amplitude: new users;
    PostHog: for the first time; filters are part of what a start event is, so that it is the first that
    passes). ``first_in_period``: the first in the period, whatever was before it. ``recurring``: the first
    in each cohort's day, week or month (PostHog: recurring; Amplitude: active users), so that one person has
    several entries, at most one in a cohort.

``interval`` and ``clock``
    Interval 0 is the one of the start. ``calendar``: interval N is the N-th day, week or month of `zone`
    after the one that the start event is in; days have 23 or 25 hours where clocks change (Amplitude: strict
    calendar dates; PostHog). ``rolling``: interval N is ``[t + N L, t + (N + 1) L)`` after a start at t; L
    is 24 hours, 7 or 30 times that for a week or month (Amplitude: 24-hour windows; Mixpanel: the same from
    the first event). On interval 0 only who returns *again* in it counts, where peers write 100 %.

``returning``
    ``on``: in that interval or bracket (Amplitude: return on; Mixpanel: on; classic). ``on_or_after``: at any
    time from the interval's begin on (Amplitude: return on or after; PostHog: rolling; Mixpanel: on or after;
    unbounded): it never rises from one interval to the next within a cohort. ``on_or_before``: at any time
    from the start to the interval's end; it never falls. ``streak``: on that interval or bracket and on each
    one asked for before it (Mixpanel: streak), but not the one of the start, as they were there; it never
    rises from interval 1 on. `brackets` put intervals together (Amplitude and PostHog: custom brackets).

``reference``
    A share is of all who ``start``, or of those who returned in the ``previous`` interval or bracket: the
    same people, so that it is a share, has an interval, and never exceeds 1 (PostHog: reference "previous"
    divides the two numbers of people, whoever they are). What follows interval 0 is of all who started. Money
    is per entry either way.

Open cells
    An interval is *over* for an entry when its end is not after the newest event. A cell is *open* while
    people may join the cohort or the interval is not over for all of them: it shows who has returned so far,
    and has no interval. Means take the entries for whom the interval is over, of open cells too, and nobody
    else. The ``weighted`` mean is the share of all those entries (Mixpanel, PostHog: weighted average); the
    ``simple`` mean is that of the shares of the cells that are not open, each cohort counting alike. As
    later intervals are over for older cohorts only, a mean curve may rise where no cohort's does.

``by`` and ``match``
    Splits by a field of the start event. With `match` only return events with the same value count (PostHog
    always does that).

Value
    The return events' money: *on* an interval or bracket, and *until* its end from the start on, per entry
    for whom it is over, those who did not return included. `returning` does not change it. The start event's
    own money is apart.

Time to the first return
    The share who have returned within k days of 24 hours, after Kaplan and Meier: who was not watched for so
    long is censored, not lost (`obverse.measure.survival`). It needs no cohorts and no intervals to be over,
    so it uses the newest people too.

Intervals
    Shares: Wilson; with recurring entries, whose returns are alike within a person, of as many as independent
    ones would tell as much (`obverse.measure.clustered`). Simple means: from each cohort's interval (Zou and
    Donner 2008). Money: Student's t. The curve: Greenwood, on the scale log(-log).
"""

from __future__ import annotations

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.behind import persons_of
from obverse.measure.grouping import code_of
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.measure.retention.answer import (
    RetentionAnswer,
    RetentionCell,
    RetentionCohort,
    RetentionGroup,
    RetentionInterval,
    RetentionReturns,
    ReturnDay,
)
from obverse.measure.retention.answering import answer
from obverse.measure.retention.bins import Bins, bins_of, columns_of
from obverse.measure.retention.question import Retention
from obverse.measure.retention.scan import scan
from obverse.measure.retention.state import (
    AWAY,
    EVERYONE,
    FIRST_EVER,
    FIRST_IN_PERIOD,
    NO_CODES,
    NO_VALUES,
    ON,
    ON_OR_AFTER,
    ON_OR_BEFORE,
    RECURRING,
    RETURNED,
    STREAK,
    Events,
    Rules,
    Wanted,
    new_block,
)
from obverse.measure.retention.summary import RetentionSummary
from obverse.tape.arrange import frozen
from obverse.tape.layout import Bools, Key, Layout, Track

__all__ = [
    "Retention",
    "RetentionAnswer",
    "RetentionCell",
    "RetentionCohort",
    "RetentionGroup",
    "RetentionInterval",
    "RetentionMeasure",
    "RetentionReturns",
    "RetentionSummary",
    "ReturnDay",
]

_ENTRIES = {"first_ever": FIRST_EVER, "first_in_period": FIRST_IN_PERIOD, "recurring": RECURRING}
_RETURNING = {"on": ON, "on_or_after": ON_OR_AFTER, "on_or_before": ON_OR_BEFORE, "streak": STREAK}
_WHO = {"returned": RETURNED, "away": AWAY}
_NOBODY = Wanted(-1, -1, -1, EVERYONE, -1, np.empty(0, dtype=np.bool_))


class RetentionMeasure:
    """Retention as a measure: see `obverse.measure.protocol`."""

    question = Retention

    def plan(self, question: Retention) -> Plan:
        """Name the start events and the return events."""
        keys: tuple[Key, ...] = ()
        if question.by is not None:
            keys = (Key(question.by, (0,), question.n_groups),)
            if question.match:
                keys = (*keys, Key(question.by, tuple(range(len(question.selections))), named=False))
        return Plan(selections=question.selections, unit=question.count, value=True, keys=keys)

    def scan(self, question: Retention, layout: Layout, units: range) -> RetentionSummary:
        """Scan a slice of units."""
        bins = bins_of(question, layout.newest)
        summary = _nobody(question, layout, bins)
        _scan(question, layout, bins, summary, _NOBODY, units)
        return summary

    def behind(self, question: Retention, layout: Layout, pick: Pick) -> Bools:
        """Say who started, or of those who returned.

        Args:
            question: what is asked.
            layout: what its plan laid out.
            pick: a ``cohort``; an ``interval`` (or bracket) in which they ``returned``, or ``away`` as the
                ``outcome``: could have and did not, of those whom the share is of; or a ``day`` by which they
                did; a ``group``. Without a cohort, only who has been watched for so long.

        Raises:
            QuestionError: there is no such part, or accounts are counted.
        """
        if question.count == "account":
            raise QuestionError("count: accounts are counted; ask with count 'person' for the people")
        bins = bins_of(question, layout.newest)
        marked = np.zeros(layout.n_units, dtype=np.bool_)
        wanted = _wanted(question, layout, bins, pick)._replace(unit=marked)
        _scan(question, layout, bins, _nobody(question, layout, bins), wanted, range(layout.n_units))
        return persons_of(layout, marked)

    def answer(self, question: Retention, summary: RetentionSummary, facts: Facts) -> RetentionAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)


def _n_groups(question: Retention, layout: Layout) -> int:
    """Count the groups: the labels, and the others."""
    return 1 if question.by is None else len(layout.labels[0]) + 1


def _nobody(question: Retention, layout: Layout, bins: Bins) -> RetentionSummary:
    groups, columns = _n_groups(question, layout), len(question.columns)
    previous = question.reference == "previous"
    return RetentionSummary.zero(
        groups, bins.rows.n, columns, bins.curve_days, layout.newest, previous=previous
    )


def _scan(
    question: Retention,
    layout: Layout,
    bins: Bins,
    summary: RetentionSummary,
    wanted: Wanted,
    units: range,
) -> None:
    rules = Rules(
        entry=_ENTRIES[question.entry],
        returning=_RETURNING[question.returning],
        following=question.first_following,
        previous=question.reference == "previous",
        match=question.match,
        n_groups=_n_groups(question, layout),
        start=int(bins.rows.edges[0]),
        end=int(bins.rows.edges[-1]),
        newest=layout.newest,
        newest_interval=bins.newest_interval,
        rolling=bins.rolling,
        curve_days=bins.curve_days,
    )
    starts, returns = _events(layout.tracks[0]), _events(layout.tracks[-1])
    scan(
        starts,
        returns,
        rules,
        columns_of(question),
        bins.rows.edges,
        bins.intervals,
        new_block(bins.rows.n, len(question.columns)),
        summary.tally,
        wanted,
        units.start,
        units.stop,
    )


def _events(track: Track) -> Events:
    """Give a track's arrays, all read-only: the kernel is compiled for such alone."""
    code, alike = (*(NO_CODES if one is None else one for one in track.codes), NO_CODES, NO_CODES)[:2]
    value = NO_VALUES if track.value is None else track.value
    return Events._make(frozen(one) for one in (track.offsets, track.time, track.seq, value, code, alike))


def _wanted(question: Retention, layout: Layout, bins: Bins, pick: Pick) -> Wanted:
    """Read a pick.

    Raises:
        QuestionError: there is no such part.
    """
    check_pick(pick, ("cohort", "interval", "day", "outcome", "group"))
    row = bins.rows.number(pick["cohort"]) if "cohort" in pick else -1
    group = -1
    if "group" in pick:
        if question.by is None:
            raise QuestionError(f"group: {pick['group']!r} was asked for, but there is no split")
        group = code_of(layout.labels[0], pick["group"])
    if "interval" in pick and "day" in pick:
        raise QuestionError("day: name an interval or a day, not both")
    if "interval" not in pick and "day" not in pick:
        if "outcome" in pick:
            raise QuestionError("outcome: name the interval or the day that it is of")
        return _NOBODY._replace(row=row, group=group)
    outcome = pick.get("outcome", "returned")
    if outcome not in _WHO:
        raise QuestionError(unknown("outcome", outcome, _WHO))
    found = _NOBODY._replace(row=row, group=group, who=_WHO[outcome])
    if "day" in pick:
        return found._replace(day=_day(pick["day"], bins))
    if pick["interval"] not in question.column_names:
        raise QuestionError(unknown("interval", pick["interval"], question.column_names))
    return found._replace(column=question.column_names.index(pick["interval"]))


def _day(text: str, bins: Bins) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= bins.curve_days):
        raise QuestionError(f"day: {text!r} is not a number from 1 to {bins.curve_days}")
    return int(text)
