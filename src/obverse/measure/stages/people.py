"""Who is behind a part of the stages' answer."""

from __future__ import annotations

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.behind import during, units_with
from obverse.measure.grouping import code_of
from obverse.measure.picture import Pick, check_pick
from obverse.measure.rows import Rows
from obverse.measure.scope import group_names
from obverse.measure.stages.answering import NOTHING
from obverse.measure.stages.question import Stages
from obverse.measure.stages.running import codes_of, period, touches_of, watched
from obverse.measure.stages.state import (
    CUSTOMER,
    DORMANT,
    LAPSED,
    LIVES,
    N_STAGES,
    NEW,
    SHOWN,
    STAGES,
    Watch,
)
from obverse.tape.layout import Bools, Int64s, Layout

_PARTS = ("row", "stage", "from", "to", "move", "life", "event", "customer", "touch", "group")
_MOVES = ("moved on", "converted", "fell silent")


def behind(question: Stages, layout: Layout, pick: Pick) -> Bools:
    """Say who is behind a part of the answer.

    Parts of a pick: ``row`` (the last unless named) with ``stage``, ``from`` and ``to``, or ``life``;
    ``from`` with ``move``, in any complete row; ``event`` and ``customer`` (yes or no); ``touch``; ``group``,
    which goes with all of them. Everyone seen by the end of the last row for none.

    Raises:
        QuestionError: there is no such part.
    """
    check_pick(pick, _PARTS)
    rows = question.rows(layout.newest)
    if rows.n == 0:
        return np.zeros(layout.n_persons, dtype=np.bool_)
    watch = Watch.of(rows.number(pick["row"]) if "row" in pick else rows.n - 1, layout.n_units)
    watched(question, layout, watch)
    found: Bools = watch.life >= 0 if "life" in pick else watch.after != NEW
    if {"event", "customer", "touch"} & set(pick):
        found = np.ones(layout.n_units, dtype=np.bool_)
    if "group" in pick:
        found = found & _in_group(question, layout, pick["group"])
    for part, where in (("stage", watch.after), ("to", watch.after), ("from", watch.before)):
        if part in pick and not (part == "from" and "move" in pick):
            found = found & (where == _stage(pick[part], part))
    if "move" in pick:
        found = found & _moved(watch, pick)
    if "life" in pick:
        found = found & (watch.life == _number(pick["life"], LIVES, "life"))
    return found & _period_parts(question, layout, rows, pick)


def _number(name: str, names: tuple[str, ...], part: str) -> int:
    if name not in names:
        raise QuestionError(unknown(part, name, names))
    return names.index(name)


def _stage(name: str, part: str) -> int:
    return _number(name, STAGES, part)


def _in_group(question: Stages, layout: Layout, name: str) -> Bools:
    """Say whose first event has a group's code."""
    if question.by is None:
        raise QuestionError(f"group: {name!r} was asked for, but the question has no split")
    code = code_of(layout.labels[2], name)
    seen = layout.tracks[0]
    kept = codes_of(seen, 2) == code
    found = np.zeros(layout.n_units, dtype=np.bool_)
    there = seen.offsets[:-1] < seen.offsets[1:]
    found[there] = kept[seen.offsets[:-1][there]]
    return found


def _moved(watch: Watch, pick: Pick) -> Bools:
    """Say who moved from a stage in some complete row, as `StageMoves` counts it."""
    if "from" not in pick:
        raise QuestionError("move: name the stage that people moved from as well, under 'from'")
    source, move = _stage(pick["from"], "from"), _MOVES[_number(pick["move"], _MOVES, "move")]
    bits = sum(1 << (N_STAGES * source + target) for target in SHOWN if _is_move(source, target, move))
    found: Bools = (watch.moved & bits) != 0
    return found


def _is_move(source: int, target: int, move: str) -> bool:
    if move == "fell silent":
        return target >= LAPSED
    if move == "converted":
        return (source < CUSTOMER or source == DORMANT) and CUSTOMER <= target <= LAPSED
    return target < LAPSED and (source >= LAPSED or target > source)


def _period_parts(question: Stages, layout: Layout, rows: Rows, pick: Pick) -> Bools:
    """Say who did an event in the period, is a customer by its end, came from somewhere."""
    found = np.ones(layout.n_units, dtype=np.bool_)
    seen, _, orders = layout.tracks[:3]
    start, end = period(question, rows)
    if "event" in pick or "customer" in pick:
        kept = during(seen, start, end)
        if "event" in pick:
            kept &= codes_of(seen, 0) == code_of(layout.labels[0], pick["event"])
        found &= units_with(seen, kept)
    if "customer" in pick:
        customers = units_with(orders, orders.time < end)
        found &= customers if _number(pick["customer"], ("no", "yes"), "customer") else ~customers
    if "touch" in pick:
        found &= touches_of(question, layout, range(layout.n_units)) == _touch(layout, pick["touch"])
    return found


def _touch(layout: Layout, name: str) -> int | Int64s:
    names = [*group_names(layout.labels[1]), NOTHING]
    if name not in names:
        raise QuestionError(unknown("touch", name, names))
    return names.index(name)
