"""From a funnel's summary to its answer."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

import numpy as np

from obverse.measure import moments
from obverse.measure.estimate import Comparison, Reason, compare, holm, share, total
from obverse.measure.funnel_answer import (
    NO_VALUE,
    OTHER,
    Durations,
    FunnelAnswer,
    FunnelGroup,
    FunnelStep,
    GroupKind,
)
from obverse.measure.funnel_question import Funnel
from obverse.measure.funnel_state import Tally
from obverse.measure.funnel_summary import FunnelSummary
from obverse.measure.histogram import coarse_s, quantiles_s
from obverse.measure.protocol import Facts
from obverse.tape.layout import Int64s

COUNTED = {"person": "people", "entry": "entries", "session": "sessions", "account": "accounts"}


def answer(question: Funnel, summary: FunnelSummary, facts: Facts) -> FunnelAnswer:
    """Turn the summary of all units into the answer."""
    tally = summary.tally
    everyone = _whole(tally)
    single = len(facts.currencies) == 1
    return FunnelAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        counted=COUNTED[question.count],
        steps=_steps(question, everyone, with_times=True),
        groups=_groups(question, tally, facts.labels[0]) if question.by is not None else (),
        incomplete=int(everyone.still_open.sum()),
        removed=int(tally.aside[0]),
        currency=facts.currencies[0] if single else None,
        notes=_notes(question, tally, facts),
    )


def _whole(tally: Tally) -> Tally:
    """Merge all groups into one."""
    parts: Iterable[Any] = tally[:-1]
    summed = (reduce(moments.merge, part) if part.dtype == np.float64 else part.sum(axis=0) for part in parts)
    return Tally._make([*summed, tally.aside])


def _part(tally: Tally, group: int) -> Tally:
    """Take one group."""
    return Tally._make([*(part[group] for part in tally[:-1]), tally.aside])


def _steps(question: Funnel, tally: Tally, with_times: bool = False) -> tuple[FunnelStep, ...]:
    """Make the steps' rows from one group's tally."""
    # People by steps taken -> people who took at least so many.
    people = [int(n) for n in np.cumsum(tally.people[::-1])[::-1][1:]]
    last = len(people) - 1
    return tuple(
        FunnelStep(
            name=_name(question, step),
            people=n,
            share_of_first=share(n, people[0]),
            share_of_previous=share(n, people[step - 1]) if step else None,
            dropped=n - people[step + 1] if step < last else None,
            still_open=int(tally.still_open[step + 1]),
            since_first=_durations(tally.since_first[step], tally.ms[step, 0]) if step else None,
            since_previous=_durations(tally.since_previous[step], tally.ms[step, 1]) if step else None,
            value_reached=total(*moments.with_zeros(tally.reached[step], people[0])),
            value_lost=total(*moments.with_zeros(tally.lost[step], people[0])) if step < last else None,
            times=tuple(coarse_s(tally.since_first[step])) if with_times and step else (),
        )
        for step, n in enumerate(people)
    )


def _name(question: Funnel, step: int) -> str:
    if question.order == "any" and len(question.steps) > 1:
        return f"{step + 1} of {len(question.steps)} steps"
    return question.steps[step].label


def _durations(counts: Int64s, ms: np.int64) -> Durations | None:
    n = int(counts.sum())
    if n == 0:
        return None
    p25, median, p75, p90 = quantiles_s(counts, (0.25, 0.5, 0.75, 0.9))
    return Durations(p25, median, p75, p90, int(ms) / n / 1_000)


def _groups(question: Funnel, tally: Tally, labels: tuple[str | None, ...]) -> tuple[FunnelGroup, ...]:
    kinds: list[tuple[str, GroupKind]] = [
        (NO_VALUE, "none") if label is None else (label, "value") for label in labels
    ]
    kinds += [(OTHER, "other"), (NO_VALUE, "none")]
    shown = [number for number in range(len(kinds)) if tally.people[number].sum()]
    comparisons = _comparisons(question, tally, shown)
    groups = [
        FunnelGroup(
            name=kinds[number][0],
            kind=kinds[number][1],
            steps=_steps(question, _part(tally, number)),
            versus_rest=comparison,
        )
        for number, comparison in zip(shown, comparisons, strict=True)
    ]
    rank = {"value": 0, "other": 1, "none": 2}
    return tuple(sorted(groups, key=lambda group: (rank[group.kind], -group.steps[0].people)))


def _comparisons(question: Funnel, tally: Tally, shown: list[int]) -> list[Comparison]:
    """Compare each group's share at the last step with that of all others together."""
    if question.by_at == "last" or len(question.steps) == 1:
        return [Comparison(reason=Reason.BY_OUTCOME)] * len(shown)
    n, converted = tally.people.sum(axis=1), tally.people[:, -1]
    all_n, all_converted = int(n.sum()), int(converted.sum())
    plain = [
        compare(int(converted[g]), int(n[g]), all_converted - int(converted[g]), all_n - int(n[g]))
        for g in shown
    ]
    adjusted = iter(holm([found.p_value for found in plain if found.p_value is not None]))
    return [
        found
        if found.p_value is None
        else Comparison(found.difference, found.low, found.high, next(adjusted))
        for found in plain
    ]


def _notes(question: Funnel, tally: Tally, facts: Facts) -> tuple[str, ...]:
    notes = list(facts.strangers)
    if len(facts.currencies) > 1 and (tally.reached[..., 0].any() or tally.lost[..., 0].any()):
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    if question.count in ("entry", "session"):
        notes.append(
            f"Intervals take {COUNTED[question.count]} as independent; those of one person are not quite, "
            "so the intervals are somewhat too narrow."
        )
    if tally.aside[1]:
        notes.append(
            f"For {tally.aside[1]} of the people the search for different events at equal times was cut "
            "short; they count with the steps found until then."
        )
    return tuple(notes)
