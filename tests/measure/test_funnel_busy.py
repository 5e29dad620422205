"""Plain funnels of units with many events, against an oracle that follows each entry in the plainest way.

Where no event can take two steps, the earliest event that can take a step is the best one: it leaves the most
room for those after it. So the oracle tries each entry and takes those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from obverse.measure.funnel import Funnel, FunnelMeasure, FunnelSummary
from tests.measure.laws import check_laws
from tests.measure.layouts import DAY, SECOND, Happening, lay

MEASURE = FunnelMeasure()
SIZES = np.array([0, 1, 2, 4, 5, 15, 16, 17, 33, 90])
CHANCES = np.array([5, 6, 4, 2, 2, 1, 1, 1, 1, 0.5]) / 23.5
N_UNITS = 120

Path = list[tuple[int, float]]
"""The time by which each step was reached and the value of its event."""


def happenings(seed: int, n_steps: int, length: int) -> list[Happening]:
    """Events of units with few or many events of each step, over `length` seconds, some at equal times."""
    rng = np.random.default_rng(seed)
    found: list[Happening] = []
    for unit in range(N_UNITS):
        for name in "ABCDE"[:n_steps]:
            for time in rng.integers(0, length, rng.choice(SIZES, p=CHANCES)).tolist():
                value = float(rng.choice([0.0, 2.5, 20.0]))
                found.append(Happening(unit, time * SECOND, len(found) + 1, name, value=value))
    return found


def follow(entry: Happening, steps: Sequence[list[Happening]], within: int, grace: int) -> Path:
    path = [(entry.time, entry.value)]
    for events in steps:
        after = [event for event in events if event.time >= path[-1][0] - grace]
        if not after or after[0].time > entry.time + within:
            break
        path.append((max(path[-1][0], after[0].time), after[0].value))
    return path


def best_paths(question: Funnel, events: list[Happening]) -> dict[int, tuple[Path, int]]:
    """Give each unit's best path and the time of its last entry."""
    ordered = sorted(events, key=lambda event: (event.unit, event.time, event.seq))
    start, end = question.period_us
    found: dict[int, tuple[Path, int]] = {}
    for unit in range(N_UNITS):
        mine = [event for event in ordered if event.unit == unit]
        steps = [[event for event in mine if event.name in step.events] for step in question.steps]
        entries = [event for event in steps[0] if start <= event.time < end]
        paths = [follow(entry, steps[1:], question.within_us, question.grace_us) for entry in entries]
        if paths:
            found[unit] = max(paths, key=len), entries[-1].time  # the first of the longest
    return found


def check(question: Funnel, events: list[Happening], summary: FunnelSummary, newest: int) -> None:
    n = len(question.steps)
    paths = best_paths(question, events)
    people, still_open = [0] * (n + 1), [0] * (n + 1)
    ms = [[0, 0] for _ in range(n)]
    reached: list[list[float]] = [[] for _ in range(n)]
    for path, latest in paths.values():
        people[len(path)] += 1
        still_open[len(path)] += len(path) < n and latest + question.within_us >= newest
        for step, (time, value) in enumerate(path):
            if value:
                reached[step].append(value)
            if step:
                ms[step][0] += (time - path[0][0]) // 1000
                ms[step][1] += (time - path[step - 1][0]) // 1000
    tally = summary.tally
    assert tally.people.tolist() == [people]
    assert tally.still_open.tolist() == [still_open]
    assert tally.ms.tolist() == [ms]
    assert tally.since_first.sum(axis=2).tolist() == [[0, *(sum(people[k + 1 :]) for k in range(1, n))]]
    assert tally.reached[0, :, 0].tolist() == [len(values) for values in reached]
    sums = tally.reached[0, :, 0] * tally.reached[0, :, 1]
    assert sums.tolist() == pytest.approx([sum(values) for values in reached])


@pytest.mark.parametrize("valued", [True, False], ids=["values", "no values"])
@pytest.mark.parametrize("grace", ["0s", "40s"])
@pytest.mark.parametrize("period", [{}, {"start": "1970-01-01T00:03", "end": "1970-01-01T00:20"}])
@pytest.mark.parametrize(("n_steps", "within"), [(2, "10s"), (3, "60s"), (4, "90s"), (5, "400s")])
def test_kernel_follows_units_with_many_events(
    n_steps: int, within: str, period: dict[str, Any], grace: str, valued: bool
) -> None:
    grace = "5s" if within == "10s" and grace != "0s" else grace
    question = Funnel.parse(" > ".join("ABCDE"[:n_steps]), within=within, grace=grace, **period)
    events = happenings(n_steps, n_steps, 2_000)
    if not valued:
        events = [Happening(one.unit, one.time, one.seq, one.name) for one in events]
    newest = 1_500 * SECOND
    layout = lay(MEASURE.plan(question), events, N_UNITS, newest=newest)
    if not valued:
        layout = replace(layout, tracks=tuple(replace(track, value=None) for track in layout.tracks))
    check(question, events, MEASURE.scan(question, layout, range(N_UNITS)), newest)
    check_laws(lambda units: MEASURE.scan(question, layout, units), N_UNITS, [1, 50, 51])
    paths = best_paths(question, events)
    depths = MEASURE.depths(question, layout).tolist()
    assert depths == [1 << len(paths[unit][0]) if unit in paths else 0 for unit in range(N_UNITS)]


def test_kernel_takes_units_of_more_events_than_it_compares_in_pairs() -> None:
    question = Funnel.parse("A > B > C", within="7s")
    rng = np.random.default_rng(3)
    seqs = iter(range(1, 10_000))
    events = [
        Happening(unit, int(time) * SECOND, next(seqs), name)
        for unit in range(3)
        for name, length in (("A", 3 * DAY), ("B", 3 * DAY), ("C", 2 * DAY if unit else 60 * SECOND))
        for time in rng.integers(0, length // SECOND, 130)
    ]
    newest = 3 * DAY
    layout = lay(MEASURE.plan(question), events, N_UNITS, newest=newest)
    check(question, events, MEASURE.scan(question, layout, range(N_UNITS)), newest)
