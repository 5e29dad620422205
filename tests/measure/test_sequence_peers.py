"""Paths and time between beside ClickHouse's sequenceCount, on generated events."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from obverse.measure.paths import Paths, PathsMeasure
from obverse.measure.protocol import Facts
from obverse.measure.time_between import TimeBetween, TimeBetweenMeasure
from tests.measure.timelines import DAY, SECOND, Act, lay

chdb: Any = pytest.importorskip("chdb", reason="chDB comes with the extra `bench`")
MONDAY = 1_774_224_000_000_000  # 2026-03-23T00:00Z
N_PEOPLE = 300
NAMES = ("View", "Search", "Add", "Buy", "Help")


def made() -> list[Act]:
    chance = np.random.default_rng(11)
    n = 5_000
    people = chance.integers(0, N_PEOPLE, n)
    # One second for one event: sequenceCount says nothing of the order of events at the same time.
    times = MONDAY + chance.choice(30 * DAY // SECOND, n, replace=False) * SECOND
    kinds = chance.choice(NAMES, n, p=[0.5, 0.2, 0.15, 0.1, 0.05])
    return [
        Act(int(person), int(time), seq, str(kind), 1.0, {"touchpoint": "web"})
        for seq, (person, time, kind) in enumerate(zip(people, times, kinds, strict=True), 1)
    ]


def sequences(acts: list[Act], pattern: str, *conditions: str) -> tuple[int, int]:
    """How often the pattern is there, and for how many people it is at all."""
    events = pa.table(  # noqa: F841 - the query names it
        {
            "person": pa.array([act.person for act in acts], pa.int64()),
            "at": pa.array([act.time // SECOND for act in acts], pa.uint32()),
            "event": [act.name for act in acts],
        }
    )
    query = f"""SELECT sum(n), countIf(n > 0) FROM (
        SELECT sequenceCount('{pattern}')(toDateTime(at), {", ".join(conditions)}) AS n
        FROM Python(events) GROUP BY person)"""
    times, people = str(chdb.query(query, "CSV")).split(",")
    return int(times), int(people)


def test_ways_from_place_to_place_are_what_sequence_count_counts() -> None:
    acts, measure = made(), PathsMeasure()
    question = Paths(trail="person", whole=True, fold=False, n_places=len(NAMES), n_streams=200)
    layout = lay(measure.plan(question), acts, N_PEOPLE)
    facts = Facts(0, layout.labels, ("EUR",))
    got = measure.answer(question, measure.scan(question, layout, range(N_PEOPLE)), facts)
    ours = {(way.source, way.target): (way.times, way.people) for way in got.streams if way.kind == "way"}
    for source, target in permutations(NAMES, 2):
        others = f"event NOT IN ('{source}', '{target}')"  # an event that no condition holds of is not seen
        theirs = sequences(acts, "(?1)(?2)", f"event = '{source}'", f"event = '{target}'", others)
        assert ours[source, target] == theirs


@pytest.mark.parametrize("within", [None, "2d"])
def test_times_between_are_as_many_as_sequence_count_counts(within: str | None) -> None:
    acts, measure = made(), TimeBetweenMeasure()
    question = TimeBetween(from_event="Add", to_event="Buy", within=within)
    layout = lay(measure.plan(question), acts, N_PEOPLE)
    facts = Facts(0, layout.labels, ("EUR",))
    got = measure.answer(question, measure.scan(question, layout, range(N_PEOPLE)), facts)
    limit = f"(?t<={2 * 86_400})" if within else ""
    theirs, _ = sequences(acts, f"(?1){limit}(?2)", "event = 'Add'", "event = 'Buy'")
    assert got.whole.reached == theirs > 10
