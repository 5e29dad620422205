"""From a layout to a summary of the stages: which arrays go into which kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.measure.calendar import FIRST_DAY, edges, local_day, midnight_us, next_start
from obverse.measure.period import zone_of
from obverse.measure.records import Held
from obverse.measure.rows import Rows
from obverse.measure.stages.question import Stages
from obverse.measure.stages.scan import last_touches, tally_names, walk
from obverse.measure.stages.state import WALK, Watch, watch_nobody
from obverse.measure.stages.summary import StagesSummary
from obverse.tape.arrange import frozen
from obverse.tape.layout import Floats, Int32s, Int64s, Layout, Track


def watched(question: Stages, layout: Layout, watch: Watch) -> None:
    """Walk everybody once more, noting what a watch notes."""
    _walk(question, layout, range(layout.n_units), watch, zero(question, layout))


def zero(question: Stages, layout: Layout) -> StagesSummary:
    """Give the summary of nobody."""
    n_groups = 1 if question.by is None else len(layout.labels[2]) + 1
    names, touches = layout.labels[:2]
    return StagesSummary.zero(
        n_groups, question.rows(layout.newest).n, len(names), len(touches), layout.newest
    )


def scan(question: Stages, layout: Layout, units: range) -> StagesSummary:
    """Scan a slice of units."""
    found = zero(question, layout)
    _walk(question, layout, units, watch_nobody(), found)
    rows = question.rows(layout.newest)
    if rows.n == 0:
        return found
    seen, _, orders = layout.tracks[:3]
    start, end = period(question, rows)
    tally_names(
        seen.offsets, seen.time, codes_of(seen, 0), orders.offsets, orders.time,
        start, end, found.names, found.base, units.start, units.stop,
    )  # fmt: skip
    touched = touches_of(question, layout, units)
    first = orders.offsets[units.start : units.stop][touched >= 0]
    found.touches[:] = np.bincount(touched[touched >= 0], minlength=len(found.touches))
    found.touch_worth[:] = np.bincount(
        touched[touched >= 0], _values(orders)[first], minlength=len(found.touches)
    )
    return found


def period(question: Stages, rows: Rows) -> tuple[int, int]:
    """Give the period that activity and touches are of: from the question's start to the last row's end."""
    return question.period_us[0], int(rows.edges[-1])


def _walk(question: Stages, layout: Layout, units: range, watch: Watch, found: StagesSummary) -> None:
    rows = question.rows(layout.newest)
    if rows.n == 0:
        return
    held = Held(
        WALK,
        **_numbers(question, rows),
        **_timelines(question, rows, layout),
        **found.tallied(),
        watch=watch.row,
        noted_before=watch.before,
        noted_after=watch.after,
        noted_life=watch.life,
        noted_moves=watch.moved,
    )
    walk(held.record, units.start, units.stop)


def touches_of(question: Stages, layout: Layout, units: range) -> Int64s:
    """Give the code of where each was last before their first conversion; -1 without one in the period."""
    seen, _, orders = layout.tracks[:3]
    rows = question.rows(layout.newest)
    found: Int64s = np.full(len(units), -1, dtype=np.int64)
    if rows.n:
        last_touches(
            seen.offsets, seen.time, seen.seq, codes_of(seen, 1), orders.offsets, orders.time, orders.seq,
            *period(question, rows), len(layout.labels[1]) + 1, found, units.start, units.stop,
        )  # fmt: skip
    return found


def _numbers(question: Stages, rows: Rows) -> dict[str, int]:
    whole_from, whole_to = rows.whole()
    return {
        "n_rows": rows.n,
        "before": rows.before,
        "engaged_after": question.engaged_after,
        "by_days": question.engaged_by == "days",
        "has_engaged": question.engaged is not None,
        "lapse": question.lapse_us,
        "by_conversion": question.lapse_by == "conversion",
        "whole_from": whole_from,
        "whole_to": whole_to,
        "split": question.by is not None,
    }


def _timelines(question: Stages, rows: Rows, layout: Layout) -> dict[str, NDArray[Any]]:
    zone = zone_of(question.zone)
    last = next_start(local_day(rows.newest, zone), "day")
    seen, prospects, orders = layout.tracks[:3]
    engaged = prospects if question.engaged is None else layout.tracks[3]
    return {
        "edges": rows.edges,
        "midnights": edges(midnight_us(FIRST_DAY, zone), midnight_us(last, zone), zone, "day"),
        "offsets": seen.offsets,
        "time": seen.time,
        "groups": np.zeros(0, dtype=np.int32) if question.by is None else codes_of(seen, 2),
        "p_offsets": prospects.offsets,
        "p_time": prospects.time,
        "c_offsets": orders.offsets,
        "c_time": orders.time,
        "c_value": _values(orders),
        "e_offsets": engaged.offsets,
        "e_time": engaged.time,
    }


def codes_of(track: Track, key: int) -> Int32s:
    """Give a track's codes of a key."""
    codes = track.codes[key]
    if codes is None:
        raise ValueError("the layout lacks codes that the plan asked for")
    return codes


def _values(track: Track) -> Floats:
    return frozen(np.zeros(len(track.time))) if track.value is None else track.value
