"""From a summary of the stages to their answer."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from obverse.measure import moments
from obverse.measure.clustered import share_of_things
from obverse.measure.estimate import Comparison, Estimate, Reason, compare, holm, share, total
from obverse.measure.grouping import kind_of
from obverse.measure.pairs import merge_pairs
from obverse.measure.protocol import Facts
from obverse.measure.rows import Rows
from obverse.measure.scope import OTHER, group_names
from obverse.measure.stages.answer import (
    GroupStanding,
    StageActivity,
    StageFlow,
    StageGroup,
    StageLife,
    StageMoves,
    StagesAnswer,
    StagesRow,
    StageStanding,
    StageTouch,
)
from obverse.measure.stages.question import Stages
from obverse.measure.stages.state import (
    CONVERTED,
    CUSTOMER,
    DORMANT,
    LAPSED,
    LIVES,
    NEW,
    ONWARD,
    SHOWN,
    SILENT,
    STAGES,
)
from obverse.measure.stages.summary import StagesSummary
from obverse.tape.layout import Floats, Int64s

NOTHING = "(nothing before)"
"""Name of the place of who had no event before the first conversion."""

N_ACTIVITY = 25
"""Events that get a row."""


def answer(question: Stages, summary: StagesSummary, facts: Facts) -> StagesAnswer:
    """Turn the summary of all units into the answer."""
    rows = question.rows(summary.newest)
    stands = np.cumsum(summary.stands, axis=1)
    base = summary.base
    return StagesAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        grain=question.grain,
        rows=_rows(question, rows, stands.sum(axis=0), summary),
        moves=_moves(_everyone(summary.pairs)),
        not_yet=int(base[0]),
        customers=int(base[1]),
        activity=_activity(summary, facts.labels[0]),
        touches=_touches(summary, facts.labels[1]),
        groups=() if question.by is None else _groups(rows, stands, summary, facts.labels[2]),
        currency=facts.currencies[0] if len(facts.currencies) == 1 else None,
        notes=_notes(question, rows, stands, summary, facts),
    )


def _everyone(pairs: Floats) -> Floats:
    """Merge all groups into one."""
    found: Floats = reduce(merge_pairs, pairs)
    return found


def _rows(question: Stages, rows: Rows, stands: Int64s, summary: StagesSummary) -> tuple[StagesRow, ...]:
    """Make the rows; without a start, from the first with anybody seen in it."""
    first = 0
    if question.start is None:
        used = np.flatnonzero(summary.lives.any(axis=(0, 2)))
        first = int(used[0]) if len(used) else rows.n
    so_far = np.cumsum(summary.so_far, axis=0)
    return tuple(
        StagesRow(
            name=rows.name(row),
            start=rows.start(row),
            complete=rows.complete(row),
            people=int(stands[row + 1].sum()),
            stages=_standings(row, stands[row + 1], so_far[row + 1], summary),
            flows=_flows(stands[row], summary.flows[row]),
            lives=tuple(
                StageLife(
                    name=name,
                    people=int(summary.lives[:, row, at].sum()),
                    value=_money(summary.life_worth[row, at]),
                )
                for at, name in enumerate(LIVES)
            ),
        )
        for row in range(first, rows.n)
    )


def _standings(row: int, stands: Int64s, so_far: Floats, summary: StagesSummary) -> tuple[StageStanding, ...]:
    everyone = int(stands.sum())
    return tuple(
        StageStanding(
            name=STAGES[stage],
            people=int(stands[stage]),
            share=share(int(stands[stage]), everyone),
            value=_money(summary.worth[:, row, stage].sum()),
            value_per_person=_each(summary.spent[row, stage], int(stands[stage])),
            value_so_far=_money(so_far[stage]),
        )
        for stage in SHOWN
    )


def _money(sum_: Any) -> float:
    """Give a sum of money without the dust of adding and taking away."""
    return round(float(sum_), 6) + 0.0


def _each(spent: Floats, people: int) -> Estimate:
    """Estimate money a person, of those who spent any and those who did not."""
    found = total(*moments.with_zeros(spent, people))
    if found.value is None:
        return found
    low = None if found.low is None else found.low / people
    high = None if found.high is None else found.high / people
    return Estimate(found.value / people, low, high, found.reason)


def _flows(before: Int64s, flows: Int64s) -> tuple[StageFlow, ...]:
    """Make a row's flows; who did not move is who stood there less who left."""
    whole = flows.copy()
    for stage in SHOWN:
        whole[stage, stage] = before[stage] - flows[stage].sum()
    found = [
        StageFlow(
            source=STAGES[source],
            target=STAGES[target],
            people=int(whole[source, target]),
            share=Estimate(reason=Reason.NOBODY)
            if source == NEW
            else share(int(whole[source, target]), int(before[source])),
        )
        for source, target in np.argwhere(whole)
    ]
    return tuple(sorted(found, key=lambda one: -one.people))


def _moves(pairs: Floats) -> tuple[StageMoves, ...]:
    return tuple(
        StageMoves(
            stage=STAGES[stage],
            rows=round(float(pairs[stage, ONWARD, 0] * pairs[stage, ONWARD, 2])),
            moved_on=share_of_things(pairs[stage, ONWARD]),
            converted=share_of_things(pairs[stage, CONVERTED])
            if stage < CUSTOMER or stage == DORMANT
            else None,
            fell_silent=share_of_things(pairs[stage, SILENT]) if stage < LAPSED else None,
        )
        for stage in SHOWN
    )


def _activity(summary: StagesSummary, labels: tuple[str | None, ...]) -> tuple[StageActivity, ...]:
    """Compare what people not yet customers and customers did, for the events most usual with the former."""
    names, (n, customers) = group_names(labels), (int(one) for one in summary.base)
    order = sorted(
        range(len(names)), key=lambda at: (-summary.names[0, at], -summary.names[1, at], names[at])
    )
    shown = [at for at in order if summary.names[:, at].any()][:N_ACTIVITY]
    counts = [(int(summary.names[0, at]), int(summary.names[1, at])) for at in shown]
    differences = _adjusted([compare(here, n, there, customers) for here, there in counts])
    return tuple(
        StageActivity(
            event=names[at],
            not_yet=here,
            not_yet_share=share(here, n),
            customers=there,
            customer_share=share(there, customers),
            difference=difference,
        )
        for at, (here, there), difference in zip(shown, counts, differences, strict=True)
    )


def _adjusted(found: list[Comparison]) -> list[Comparison]:
    """Adjust p values for their number."""
    p_values = iter(holm([one.p_value for one in found if one.p_value is not None]))
    return [
        one if one.p_value is None else Comparison(one.difference, one.low, one.high, next(p_values))
        for one in found
    ]


def _touches(summary: StagesSummary, labels: tuple[str | None, ...]) -> tuple[StageTouch, ...]:
    names, everyone = [*group_names(labels), NOTHING], int(summary.touches.sum())
    found = [
        StageTouch(name=name, people=int(people), share=share(int(people), everyone), value=_money(worth))
        for name, people, worth in zip(names, summary.touches, summary.touch_worth, strict=True)
        if people
    ]
    return tuple(sorted(found, key=lambda one: (-one.people, one.name)))


def _groups(
    rows: Rows, stands: Int64s, summary: StagesSummary, labels: tuple[str | None, ...]
) -> tuple[StageGroup, ...]:
    names = group_names(labels)
    found = []
    for code, name in enumerate(names):
        last = stands[code, rows.n]
        people = int(last.sum())
        if not people:
            continue
        worth = summary.worth[code, rows.n - 1] if rows.n else np.zeros(len(STAGES))
        found.append(
            StageGroup(
                name=name,
                kind=kind_of(labels, code),
                people=people,
                stages=tuple(
                    GroupStanding(
                        name=STAGES[stage],
                        people=int(last[stage]),
                        share=share(int(last[stage]), people),
                        value=_money(worth[stage]),
                    )
                    for stage in SHOWN
                ),
                moves=_moves(summary.pairs[code]),
            )
        )
    return tuple(sorted(found, key=lambda group: (group.name == OTHER, -group.people)))


def _notes(
    question: Stages, rows: Rows, stands: Int64s, summary: StagesSummary, facts: Facts
) -> tuple[str, ...]:
    notes = list(facts.strangers)
    if len(facts.currencies) > 1 and (summary.worth.any() or summary.so_far.any()):
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    if question.start is None and stands[:, 0].any():
        notes.append(
            f"Only the last {rows.n} rows are shown; choose a longer grain, or a start, for earlier ones."
        )
    return tuple(notes)
