"""The funnel: how many people take some steps, how long it takes them, where they leave, what it is worth.

What is counted, exactly
    An *entry* is an event of the first step with a time in ``[start, end)``. A *path* of k steps from an
    entry ``e1`` is a choice of k different events, ``ej`` matching step j, with

        time(ej) >= max(time(e1), …, time(ej-1)) - grace    and    time(ej) <= time(e1) + within.

    An entry's *depth* is the most steps that it has a path for. Where several paths have that depth the
    earliest is meant: the one with the earlier event (by time, then arrival) at the first step where they
    differ. A step is reached when it and all steps before it were taken: at ``max(time(e1), …, time(ej))``.

    - Equal times count as in order, in either direction; `grace` widens that. (Mixpanel: 2 s, always;
      Amplitude: 1 s.)
    - One event never fills two steps, not even of two entries counted apart. (PostHog: the same. ClickHouse's
      ``windowFunnel`` lets one event fill two adjacent steps that it matches.)
    - The window is the entry's own and closed: an event exactly `within` after the entry counts. A later
      entry does not move it. (Mixpanel, Amplitude: conversion window; PostHog: conversion window limit.)

``order``
    ``ordered``: other events may come between (Mixpanel: specific order; PostHog: sequential; Amplitude: this
    order). ``strict``: the steps' events follow each other among all of the unit's events that pass
    `where`, by (time, arrival); nothing between (PostHog: strict; Amplitude: exact order). ``any``: an entry
    is an event of any step; row k is who has different events of at least k different steps in the window
    that starts at the entry (PostHog, Mixpanel, Amplitude: any order).

``count``
    ``person``: each by the best entry, the deepest, of those the earliest (Mixpanel: uniques with optimized
    re-entry; Amplitude: uniques). ``session``, ``account``: each of those likewise, with its own events only.
    ``entry``: each attempt: an entry that is not inside an earlier attempt. An attempt ends with its last
    step, its window or an exclusion, in strict order also with the first event that is not the next step;
    the next one starts later than that (Mixpanel, Amplitude: totals).

``exclude`` and ``on_exclusion``
    An excluded event ends a path if it is later than the event that reached step `after`, in the window, and
    earlier than step `before` was reached, if it was. At an equal time it does not. ``drop``: the attempt
    ends there, with the steps reached by then; another entry may do better (Mixpanel). ``remove``: the unit
    is taken out of the funnel, unless an earlier entry went all the way (PostHog).

``same``
    Holds a field constant: a unit is a person with one value of it, and only events with that value are
    the unit's (Mixpanel: hold property constant). A person counts by the best such unit.

``by`` and ``by_at``
    Splits by a field of the counted path's first or last event (PostHog: first, last step; Amplitude:
    breakdown by entry). Split at the last step, who did not get there has no value. In any order it is the
    first event of the first or last named step in the window. The largest `n_groups` values are groups,
    all others are one, no value is one.

Value
    *Reached* at a step is the sum of the values of the events that took it. *Lost* after a step is, of those
    who took it and not the next, the sum of the last value other than 0 that their steps' events carried: the
    cart at checkout. Each entrant is one draw, most of them worth nothing, and the interval is of the sum.

Intervals
    Shares: Wilson. Sums: Student's t. Both take what is counted as independent; entries or sessions of one
    person are not quite, so there the intervals are somewhat too narrow, and the answer says so.
"""

from __future__ import annotations

import numpy as np

from obverse.errors import QuestionError
from obverse.measure.columns import Columns
from obverse.measure.funnel_answer import FunnelAnswer, FunnelGroup, FunnelStep
from obverse.measure.funnel_answering import answer as _answer
from obverse.measure.funnel_people import bits_wanted, group_number
from obverse.measure.funnel_question import Exclusion, Funnel
from obverse.measure.funnel_state import ANY, DISJOINT, OVERLAPPING, STRICT, Walk, new_rules
from obverse.measure.funnel_summary import FunnelSummary
from obverse.measure.funnel_text import Step
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan, Unit
from obverse.tape.layout import Bools, Int64s, Key, Layout, Selection

__all__ = [
    "Exclusion",
    "Funnel",
    "FunnelAnswer",
    "FunnelGroup",
    "FunnelMeasure",
    "FunnelStep",
    "FunnelSummary",
    "Step",
]

_UNITS: dict[str, Unit] = {
    "person": "person",
    "entry": "person",
    "session": "session",
    "account": "account",
}


class FunnelMeasure:
    """The funnel as a measure: see `obverse.measure.protocol`."""

    question = Funnel

    def plan(self, question: Funnel) -> Plan:
        """Name the steps' events, then the exclusions', then, if the order is strict, all events."""
        selections = [_selection(part.events, part.where, question.where) for part in question.steps]
        selections += [_selection(part.events, part.where, question.where) for part in question.exclude]
        if question.order == "strict":
            selections.append(_selection((), None, question.where))
        return Plan(
            selections=tuple(selections),
            unit=_UNITS[question.count],
            same=question.same,
            value=True,
            keys=_keys(question),
        )

    def scan(self, question: Funnel, layout: Layout, units: range) -> FunnelSummary:
        """Scan a slice of units."""
        summary = FunnelSummary.zero(_n_groups(question, layout), len(question.steps), question.within_us)
        summary.add(Columns(layout), _rules(question, layout), units)
        return summary

    def answer(self, question: Funnel, summary: FunnelSummary, facts: Facts) -> FunnelAnswer:
        """Turn the summary into the answer."""
        return _answer(question, summary, facts)

    def behind(self, question: Funnel, layout: Layout, pick: Pick) -> Bools:
        """Say who took a step (``{"step": "2"}``), or left after it (``"outcome": "dropped"``)."""
        if question.count == "account":
            raise QuestionError("count: accounts are counted; ask with count 'person' for the people")
        check_pick(pick, ("step", "outcome", "group"))
        wanted = bits_wanted(len(question.steps), pick.get("step", "1"), pick.get("outcome", "converted"))
        group = -1 if "group" not in pick else group_number(question, layout, pick["group"])
        found: Bools = (self.depths(question, layout, group) & wanted) != 0
        return found

    def depths(self, question: Funnel, layout: Layout, group: int = -1) -> Int64s:
        """Give for each person the numbers of steps that they count with, as bits: the scan's other output.

        Args:
            question: what is asked.
            layout: what its plan laid out.
            group: number of the group wanted; -1 for all.

        Returns:
            shape (n_persons,); bit d is set for a count with d steps, several bits only where a person
            counts several times.
        """
        people = np.zeros(layout.n_persons, dtype=np.int64)
        summary = FunnelSummary.zero(_n_groups(question, layout), len(question.steps), question.within_us)
        summary.add(Columns(layout), _rules(question, layout), range(layout.n_units), people, group)
        return people


def _selection(events: tuple[str, ...], where: str | None, everywhere: str | None) -> Selection:
    filters = [text for text in (everywhere, where) if text is not None]
    joined = " and ".join(f"({text})" for text in filters) if len(filters) > 1 else None
    return Selection(events, joined or (filters[0] if filters else None))


def _keys(question: Funnel) -> tuple[Key, ...]:
    if question.by is None:
        return ()
    return (Key(question.by, (_by_track(question),), question.n_groups),)


def _by_track(question: Funnel) -> int:
    return 0 if question.by_at == "first" else len(question.steps) - 1


def _n_groups(question: Funnel, layout: Layout) -> int:
    """Count the groups: the labels, the others, and those without an event to read the field of."""
    return 1 if question.by is None else len(layout.labels[0]) + 2


def _rules(question: Funnel, layout: Layout) -> Walk:
    start, end = question.period_us
    labels = () if question.by is None else layout.labels[0]
    n_steps, n_exclusions = len(question.steps), len(question.exclude)
    rules = new_rules(
        n_steps=n_steps,
        how=_how(question),
        within=question.within_us,
        grace=question.grace_us,
        start=start,
        end=end,
        newest=layout.newest,
        per_entry=question.count == "entry",
        by_person=question.count == "person",
        remove=question.on_exclusion == "remove",
        valued=any(track.value is not None for track in layout.tracks[:n_steps]),
        by_row=-1 if question.by is None else _by_track(question),
        missing=labels.index(None) if None in labels else len(labels) + 1,
        n_exclusions=n_exclusions,
    )
    rules.after[:n_exclusions] = [part.after - 1 for part in question.exclude]
    rules.before[:n_exclusions] = [(part.before or n_steps) - 1 for part in question.exclude]
    rules.twin[:n_steps] = _twins(question)
    return rules


def _how(question: Funnel) -> int:
    if question.order == "strict":
        return STRICT
    if question.order == "any":
        return ANY
    seen: set[str] = set()
    for step in question.steps:
        if len(question.steps) > 1 and (not step.events or seen & set(step.events)):
            return OVERLAPPING
        seen |= set(step.events)
    return DISJOINT


def _twins(question: Funnel) -> list[int]:
    kinds = [(frozenset(step.events), step.where) for step in question.steps]
    return [max((i for i in range(1, j) if kinds[i] == kind), default=-1) for j, kind in enumerate(kinds)]
