"""From the summary of time between two events to its answer."""

from __future__ import annotations

from functools import reduce

import numpy as np

from obverse.measure import moments
from obverse.measure.clustered import share_of_things
from obverse.measure.estimate import Estimate, Reason, share, total
from obverse.measure.grouping import GroupKind, kind_of
from obverse.measure.histogram import bin_of, edges_ms
from obverse.measure.pairs import ratio
from obverse.measure.percentile import percentile_s
from obverse.measure.protocol import Facts
from obverse.measure.rows import Rows
from obverse.measure.scope import group_names
from obverse.measure.survival import Arrivals, arrivals
from obverse.measure.time_between.answer import (
    Arrival,
    TimeBetweenAnswer,
    TimeBin,
    TimeGroup,
    TimeRow,
    Times,
)
from obverse.measure.time_between.question import TimeBetween
from obverse.measure.time_between.rows import NEWEST_ROWS, time_rows
from obverse.measure.time_between.state import MISSED, REACHED, STARTS, WAITING, Tally
from obverse.measure.time_between.summary import TimeBetweenSummary
from obverse.measure.time_between.times import HORIZONS_S, horizon_text
from obverse.measure.wording import count
from obverse.tape.layout import Floats, Int64s

EVERYTHING = "(all)"
_PER_OCTAVE = 2
_BINS_AN_OCTAVE = 64


def answer(question: TimeBetween, summary: TimeBetweenSummary, facts: Facts) -> TimeBetweenAnswer:
    """Turn the summary of all units into the answer."""
    tally = summary.tally
    whole = _whole(tally)
    everything = _group(EVERYTHING, "value", whole, 0, -1)
    return TimeBetweenAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        whole=everything,
        groups=_groups(tally, facts.labels[0]) if question.by is not None else (),
        bins=_bins(whole.times[0], tally.money),
        rows=_rows(question, time_rows(question, summary.newest), tally),
        currency=facts.currencies[0] if len(facts.currencies) == 1 else None,
        notes=_notes(question, tally, everything, facts),
    )


def _whole(tally: Tally) -> Tally:
    """Merge all groups into one."""
    return tally._replace(
        counts=tally.counts.sum(axis=0)[None],
        times=tally.times.sum(axis=0)[None],
        came=tally.came.sum(axis=0)[None],
        censored=tally.censored.sum(axis=0)[None],
        reached=reduce(moments.merge, tally.reached)[None],
        waiting=reduce(moments.merge, tally.waiting)[None],
    )


def _groups(tally: Tally, labels: tuple[str | None, ...]) -> tuple[TimeGroup, ...]:
    found = [
        _group(name, kind_of(labels, code), tally, code, code)
        for code, name in enumerate(group_names(labels))
        if tally.counts[code, STARTS]
    ]
    rank = {"value": 0, "other": 1, "none": 2}
    return tuple(sorted(found, key=lambda group: (rank[group.kind], -group.starts)))


def _group(name: str, kind: GroupKind, tally: Tally, code: int, place: int) -> TimeGroup:
    """Make a group's part of the answer; `place` is where its persons stand."""
    counts = [int(n) for n in tally.counts[code]]
    starts = counts[STARTS]
    curve = arrivals(tally.came[code], tally.censored[code])
    return TimeGroup(
        name=name,
        kind=kind,
        starts=starts,
        reached=counts[REACHED],
        open=counts[WAITING],
        never=counts[MISSED],
        share=share_of_things(_pairs(tally.persons[place])),
        times=_times(tally.times[code], tally.seconds[place]),
        half_s=_half_s(curve),
        arrivals=_arrivals(curve),
        value_reached=total(*moments.with_zeros(tally.reached[code], starts)),
        value_waiting=total(*moments.with_zeros(tally.waiting[code], starts)),
    )


def _pairs(persons: Int64s) -> Floats:
    """Give the moments of pairs of whole sums: n, sum y, yy, x, xx, xy."""
    n, y, yy, x, xx, xy = (int(one) for one in persons)
    if n == 0:
        return np.zeros(6)
    return np.array([n, x / n, y / n, (n * xx - x * x) / n, (n * yy - y * y) / n, (n * xy - x * y) / n])


def _times(counts: Int64s, seconds: Floats) -> Times | None:
    if not counts.any():
        return None
    p25, median, p75, p90, p95 = (percentile_s(counts, share) for share in (0.25, 0.5, 0.75, 0.9, 0.95))
    return Times(mean=ratio(seconds), p25=p25, median=median, p75=p75, p90=p90, p95=p95)


def _half_s(curve: Arrivals) -> Estimate:
    ends = edges_ms(len(curve.came))[1:] / 1_000
    value, low, high = (None if step is None else float(ends[step]) for step in curve.first_step(0.5))
    if value is None:
        return Estimate(reason=Reason.NOT_YET)
    return Estimate(value, low, high, Reason.NOT_YET if high is None else None)


def _arrivals(curve: Arrivals) -> tuple[Arrival, ...]:
    """Say the share that is there by each horizon, as far as anybody was watched and it still grows."""
    grows = np.flatnonzero(curve.came[: curve.n_steps])
    if not len(grows):
        return ()
    steps = [min(bin_of(seconds * 1_000_000), len(curve.came) - 1) for seconds in HORIZONS_S]
    low = max(int(np.searchsorted(steps, grows[0])) - 1, 0)
    high = int(np.searchsorted(steps, grows[-1])) + 1
    return tuple(
        Arrival(
            name=horizon_text(seconds),
            seconds=seconds,
            at_risk=int(curve.at_risk[step]),
            share=curve.estimate(step),
        )
        for seconds, step in list(zip(HORIZONS_S, steps, strict=True))[low:high]
        if curve.estimate(step).reason is None
    )


def _bins(counts: Int64s, money: Floats) -> tuple[TimeBin, ...]:
    """Put bins together to two an octave, from the first to the last that has any."""
    starts = np.concatenate([[0], np.arange(1, len(counts), _BINS_AN_OCTAVE // _PER_OCTAVE)])
    edges = edges_ms(len(counts)) / 1_000
    ends = edges[np.append(starts[1:], len(counts))]
    sums, worth = np.add.reduceat(counts, starts), np.add.reduceat(money, starts)
    used = np.flatnonzero(sums)
    if not len(used):
        return ()
    return tuple(
        TimeBin(
            least_s=float(edges[starts[i]]),
            below_s=float(ends[i]),
            reached=int(sums[i]),
            value=float(worth[i]),
        )
        for i in range(int(used[0]), int(used[-1]) + 1)
    )


def _rows(question: TimeBetween, rows: Rows, tally: Tally) -> tuple[TimeRow, ...]:
    """Make the rows; empty ones at the ends of an open period are left out."""
    used = np.flatnonzero(tally.row_counts[:, STARTS])
    low, high = 0, rows.n
    if question.start is None:
        low = int(used[0]) if len(used) else high
    if question.end is None:
        high = int(used[-1]) + 1 if len(used) else low
    return tuple(_row(rows, tally, row) for row in range(low, high))


def _row(rows: Rows, tally: Tally, row: int) -> TimeRow:
    counts = [int(n) for n in tally.row_counts[row]]
    reached, waiting = tally.row_reached[row], tally.row_waiting[row]
    return TimeRow(
        name=rows.name(row),
        start=rows.start(row),
        complete=rows.complete(row),
        starts=counts[STARTS],
        reached=counts[REACHED],
        open=counts[WAITING],
        never=counts[MISSED],
        share=share(counts[REACHED], counts[STARTS]),
        median_s=percentile_s(tally.row_times[row], 0.5),
        value_reached=float(reached[0] * reached[1]),
        value_waiting=float(waiting[0] * waiting[1]),
    )


def _notes(question: TimeBetween, tally: Tally, whole: TimeGroup, facts: Facts) -> tuple[str, ...]:
    notes = list(facts.strangers)
    if len(facts.currencies) > 1 and (tally.reached[..., 0].any() or tally.waiting[..., 0].any()):
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    if whole.open and whole.reached:
        notes.append(
            f"{count(whole.open)} are not there yet and may be later, so percentiles of those that are will "
            "grow; the share by a time allows for that."
        )
    if question.until == "last":
        notes.append("A to-event that is the last so far need not stay it.")
    if question.start is None and int(tally.row_counts[:, STARTS].sum()) < whole.starts:
        notes.append(f"Rows are the newest {NEWEST_ROWS}; name a start, or longer rows, to see earlier ones.")
    if int(tally.persons[-1, 0]) < whole.starts:
        notes.append(
            "Somebody can count several times. The intervals of the share and the mean allow for that; those "
            "of percentiles, of shares by a time, of rows and of money do not, and are somewhat too narrow."
        )
    return tuple(notes)
