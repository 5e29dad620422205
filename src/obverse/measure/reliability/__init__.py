"""Reliability: whether some questions measure one thing, by Cronbach's alpha, and what each adds to it.

What is counted, exactly
    Of a submission the same answer counts as for a score (`obverse.measure.score`), if its time is in
    ``[start, end)``. An item is a number; a text, or nothing, is an item left out. Reversed items are turned
    round, so that all point the same way.

Left out
    ``pairwise``: each covariance is of those who answered both items, each variance of those who answered it,
    as R's psych does unless told otherwise. ``listwise``: only who answered all items counts.

Intervals of confidence
    Feldt (1965), with the fewest people that any pair of items has. Several answers of one person count as
    those of several people, which makes it too narrow; the answer says so.
"""

from __future__ import annotations

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.alpha import alpha, alpha_without, item_total, mean_correlation, standardized
from obverse.measure.asked import EVENT_KEY, SUBMISSION_KEY, strangers
from obverse.measure.comoments import covariances
from obverse.measure.grouping import GroupKind, code_of, kind_of
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.measure.reliability.answer import ReliabilityAnswer, ReliabilityGroup, ReliabilityItem
from obverse.measure.reliability.question import Reliability
from obverse.measure.reliability.scan import BY, scan, take
from obverse.measure.reliability.summary import ReliabilitySummary
from obverse.measure.scope import group_names
from obverse.measure.wording import count
from obverse.tape.layout import Bools, Floats, Key, Layout, Number

__all__ = [
    "Reliability",
    "ReliabilityAnswer",
    "ReliabilityGroup",
    "ReliabilityItem",
    "ReliabilityMeasure",
    "ReliabilitySummary",
]

EVERYTHING = "(all)"


class ReliabilityMeasure:
    """Reliability as a measure: see `obverse.measure.protocol`."""

    question = Reliability

    def plan(self, question: Reliability) -> Plan:
        """Name the answers and their items."""
        keys = (EVENT_KEY, SUBMISSION_KEY)
        return Plan(
            selections=question.selections,
            keys=keys if question.by is None else (*keys, Key(question.by, (0,), question.n_groups)),
            numbers=tuple(Number(item) for item in question.items),
        )

    def scan(self, question: Reliability, layout: Layout, units: range) -> ReliabilitySummary:
        """Scan a slice of units."""
        return scan(question, layout, units)

    def behind(self, question: Reliability, layout: Layout, pick: Pick) -> Bools:
        """Say who answered.

        Args:
            question: what is asked.
            layout: what its plan laid out.
            pick: an ``item`` that was answered, a ``group``.

        Raises:
            QuestionError: there is no such part.
        """
        check_pick(pick, ("item", "group"))
        found = take(question, layout, range(layout.n_units))
        meant = np.ones(len(found.unit), dtype=np.bool_)
        if "item" in pick:
            if pick["item"] not in question.items:
                raise QuestionError(unknown("item", pick["item"], question.items))
            meant &= ~np.isnan(found.items[:, question.items.index(pick["item"])])
        if "group" in pick:
            if question.by is None:
                raise QuestionError(f"group: {pick['group']!r} was asked for, but there is no split")
            meant &= found.group == code_of(layout.labels[BY], pick["group"])
        marked = np.zeros(layout.n_units, dtype=np.bool_)
        marked[found.unit[meant]] = True
        return marked

    def answer(self, question: Reliability, summary: ReliabilitySummary, facts: Facts) -> ReliabilityAnswer:
        """Turn the summary into the answer."""
        everyone = _group(question, summary, EVERYTHING, "value", 0)
        return ReliabilityAnswer(
            as_of_seq=facts.as_of_seq,
            question=question,
            everyone=everyone,
            groups=_groups(question, summary, facts.labels[BY]) if question.by is not None else (),
            notes=_notes(everyone, facts),
        )


def _groups(
    question: Reliability, summary: ReliabilitySummary, labels: tuple[str | None, ...]
) -> tuple[ReliabilityGroup, ...]:
    found = [
        _group(question, summary, name, kind_of(labels, code), code + 1)
        for code, name in enumerate(group_names(labels))
        if summary.answers[code + 1]
    ]
    rank = {"value": 0, "other": 1, "none": 2}
    return tuple(sorted(found, key=lambda group: (rank[group.kind], -group.answers)))


def _group(
    question: Reliability, summary: ReliabilitySummary, name: str, kind: GroupKind, place: int
) -> ReliabilityGroup:
    moments = summary.moments[place]
    found = covariances(moments)
    return ReliabilityGroup(
        name=name,
        kind=kind,
        answers=int(summary.answers[place]),
        complete=int(summary.complete[place]),
        people=int(summary.people[place]),
        alpha=alpha(found, float(moments[..., 0].min())),
        standardized=standardized(found),
        mean_correlation=mean_correlation(found),
        items=tuple(_item(question, moments, found, at) for at in range(len(question.items))),
    )


def _item(question: Reliability, moments: Floats, found: Floats, at: int) -> ReliabilityItem:
    n, mean, _ = (float(part) for part in moments[at, at])
    return ReliabilityItem(
        name=question.items[at],
        reversed=question.items[at] in question.reverse,
        answers=round(n),
        mean=mean if n else None,
        deviation=float(np.sqrt(found[at, at])) if n > 1 else None,
        item_total=item_total(found, at),
        alpha_without=alpha_without(found, at),
    )


def _notes(everyone: ReliabilityGroup, facts: Facts) -> tuple[str, ...]:
    notes = strangers(facts.strangers)
    negative = [item.name for item in everyone.items if (item.item_total or 0) < 0]
    if negative:
        notes.append(f"Against the others: {', '.join(negative)}. Is one worded the other way round?")
    if everyone.answers > everyone.complete:
        left_out = everyone.answers - everyone.complete
        notes.append(f"{count(left_out)} of {count(everyone.answers)} answers leave items out.")
    if everyone.answers > everyone.people:
        notes.append(
            f"{count(everyone.people)} people gave {count(everyone.answers)} answers; the interval takes "
            "them as independent, and is too narrow."
        )
    return tuple(notes)
