"""The kernels of the funnel against the oracle that tries everything."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obverse.measure.funnel import Exclusion, Funnel, FunnelMeasure, Step
from obverse.tape.layout import Layout
from tests.measure.laws import check_laws
from tests.measure.layouts import SECOND, Happening, lay, matches
from tests.measure.oracle_funnel import NOTHING, Asked, Counted, funnel

MEASURE = FunnelMeasure()
WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
EXAMPLES = 60 if WITHOUT_JIT else int(os.environ.get("FUNNEL_EXAMPLES", "400"))
PROFILE = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.data_too_large],
)
FILTERS = st.sampled_from([None, None, None, "hot", "not hot"])


@st.composite
def selections(draw: st.DrawFn, names: str) -> dict[str, Any]:
    events = draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    return {"events": tuple(events), "where": draw(FILTERS)}


@st.composite
def disjoint_steps(draw: st.DrawFn) -> tuple[Step, ...]:
    names = draw(st.permutations("ABCD"))
    return tuple(Step(events=(name,), where=draw(FILTERS)) for name in names[: draw(st.integers(1, 4))])


overlapping_steps = st.lists(
    st.builds(lambda fields: Step(**fields), selections("ABC")), min_size=1, max_size=4
).map(tuple)


@st.composite
def questions(draw: st.DrawFn) -> Funnel:
    order: Any = draw(st.sampled_from(["ordered", "ordered", "strict", "any"]))
    steps = draw(st.one_of(disjoint_steps(), overlapping_steps))
    within = draw(st.integers(1, 9))
    exclude: list[Exclusion] = []
    if order != "strict" and len(steps) > 1:
        for _ in range(draw(st.integers(0, 2))):
            after = draw(st.integers(1, len(steps) - 1))
            before = draw(st.one_of(st.none(), st.integers(after + 1, len(steps))))
            exclude.append(Exclusion(**draw(selections("AX")), after=after, before=before))
    period = draw(st.sampled_from([(None, None), (2, None), (None, 6), (2, 6)]))
    start, end = (None if s is None else f"1970-01-01T00:00:{s:02d}" for s in period)
    return Funnel(
        steps=steps,
        order=order,
        within=f"{within}s",
        grace=f"{draw(st.integers(0, min(3, within)))}s" if order == "ordered" else "0s",
        count=draw(st.sampled_from(["person", "entry", "session"])),
        exclude=tuple(exclude),
        on_exclusion=draw(st.sampled_from(["drop", "remove"])),
        start=start,
        end=end,
        by=draw(st.sampled_from([None, "label"])),
        by_at=draw(st.sampled_from(["first", "last"])),
        n_groups=draw(st.integers(1, 3)),
        where=draw(st.sampled_from([None, None, None, "hot"])),
    )


@st.composite
def timelines(draw: st.DrawFn) -> tuple[list[Happening], list[int]]:
    """Events of a few units and the person of each unit; many at equal times."""
    sizes = draw(st.lists(st.integers(0, 6), min_size=1, max_size=4))
    seqs = iter(draw(st.permutations(range(1, sum(sizes) + 1))))
    events = [
        Happening(
            unit=unit,
            time=draw(st.integers(0, 9)) * SECOND,
            seq=next(seqs),
            name=draw(st.sampled_from("ABCDX")),
            hot=draw(st.booleans()),
            value=draw(st.sampled_from([0.0, 0.0, 1.5, 20.0])),
            label=draw(st.sampled_from([None, "x", "y", "z", "w"])),
        )
        for unit, size in enumerate(sizes)
        for _ in range(size)
    ]
    steps = draw(st.lists(st.integers(0, 1), min_size=len(sizes) - 1, max_size=len(sizes) - 1))
    person = [0]
    for step in steps:
        person.append(person[-1] + step)
    return events, person


def scan(question: Funnel, layout: Layout, units: range) -> Any:
    return MEASURE.scan(question, layout, units)


def lay_out(
    question: Funnel, events: list[Happening], person: list[int] | None, newest: int | None
) -> Layout:
    """Lay out; a global filter is left to this, as the builder knows no "and"."""
    kept = [event for event in events if question.where is None or event.hot]
    bare = _without_where(question)
    return lay(MEASURE.plan(bare), kept, len(person or [0]), person, newest)


def _without_where(question: Funnel) -> Funnel:
    fields = {name: getattr(question, name) for name in question.__struct_fields__}
    return Funnel(**{**fields, "where": None})


def asked(question: Funnel, newest: int) -> Asked:
    plan = MEASURE.plan(_without_where(question))
    n_steps = len(question.steps)
    start, end = question.period_us
    return Asked(
        steps=[partial(matches, selection) for selection in plan.selections[:n_steps]],
        order=question.order,
        within=question.within_us,
        grace=question.grace_us,
        count=question.count,
        exclude=[
            (partial(matches, plan.selections[n_steps + k]), part.after - 1, (part.before or n_steps) - 1)
            for k, part in enumerate(question.exclude)
        ],
        remove=question.on_exclusion == "remove",
        start=start,
        end=end,
        newest=newest,
        by_step=None if question.by is None else (0 if question.by_at == "first" else n_steps - 1),
    )


def group_of(layout: Layout, counted: Counted) -> int:
    labels = layout.labels[0] if layout.labels else ()
    if counted.label in labels:
        return labels.index(counted.label)
    if counted.label == NOTHING:
        return labels.index(None) if None in labels else len(labels) + 1
    return len(labels)


@PROFILE
@given(questions(), timelines(), st.integers(0, 20))
def test_kernel_agrees_with_trying_everything(
    question: Funnel, timeline: tuple[list[Happening], list[int]], newest_s: int
) -> None:
    events, person = timeline
    newest = newest_s * SECOND
    layout = lay_out(question, events, person, newest)
    kept = [event for event in events if question.where is None or event.hot]
    units = [(owner, [e for e in kept if e.unit == unit]) for unit, owner in enumerate(person)]
    expected = funnel(asked(question, newest), units)
    tally = scan(question, layout, range(layout.n_units)).tally
    groups = [group_of(layout, one) if question.by is not None else 0 for one in expected.counted]
    assert tally.aside.tolist() == [expected.removed, 0]
    people = Counter((group, one.depth) for group, one in zip(groups, expected.counted, strict=True))
    assert {place: n for place, n in np.ndenumerate(tally.people) if n} == people
    waiting = Counter(
        (group, one.depth) for group, one in zip(groups, expected.counted, strict=True) if one.still_open
    )
    assert {place: n for place, n in np.ndenumerate(tally.still_open) if n} == waiting
    for group in range(len(tally.people)):
        mine = [one for place, one in zip(groups, expected.counted, strict=True) if place == group]
        _check_times(tally, group, mine, len(question.steps))
        _check_values(tally, group, mine, len(question.steps))
    _check_depths(question, layout, expected.counted)


def _check_times(tally: Any, group: int, mine: list[Counted], n_steps: int) -> None:
    for step in range(1, n_steps):
        there = [one.reached for one in mine if one.depth > step]
        since_first = [reached[step] - reached[0] for reached in there]
        since_previous = [reached[step] - reached[step - 1] for reached in there]
        assert tally.since_first[group, step].sum() == tally.since_previous[group, step].sum() == len(there)
        assert tally.ms[group, step].tolist() == [sum(since_first) // 1000, sum(since_previous) // 1000]


def _check_values(tally: Any, group: int, mine: list[Counted], n_steps: int) -> None:
    for step in range(n_steps):
        reached = [one.values[step] for one in mine if one.depth > step and one.values[step]]
        _check_moments(tally.reached[group, step], reached)
        left = [[v for v in one.values if v] for one in mine if one.depth == step + 1 < n_steps]
        _check_moments(tally.lost[group, step], [values[-1] for values in left if values])


def _check_moments(moments: Any, values: list[float]) -> None:
    mean = float(np.mean(values)) if values else 0.0
    m2 = float(np.sum((np.array(values) - mean) ** 2))
    assert moments.tolist() == pytest.approx([len(values), mean, m2], abs=1e-9)


def _check_depths(question: Funnel, layout: Layout, counted: list[Counted]) -> None:
    noted = [0] * layout.n_persons
    for one in counted:
        noted[one.person] |= 1 << one.depth
    assert MEASURE.depths(question, layout).tolist() == noted


@PROFILE
@given(questions(), timelines(), st.data())
def test_summaries_of_slices_merge_to_that_of_all(
    question: Funnel, timeline: tuple[list[Happening], list[int]], data: st.DataObject
) -> None:
    events, person = timeline
    layout = lay_out(question, events, person, None)
    places = [k for k in range(len(person) + 1) if k in (0, len(person)) or person[k] != person[k - 1]]
    cuts = data.draw(st.lists(st.sampled_from(places), max_size=3))
    check_laws(partial(scan, question, layout), layout.n_units, cuts)


@pytest.mark.skipif(WITHOUT_JIT, reason="is that run")
def test_the_same_holds_without_compilation() -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        "kernel or equal or window",
    ]
    names = ("test_funnel.py", "test_funnel_busy.py", "test_lanes.py")
    files = [__file__, *(str(Path(__file__).with_name(name)) for name in names)]
    done = subprocess.run(
        [*command, *files], env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
