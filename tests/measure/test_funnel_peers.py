"""The funnel beside ClickHouse's windowFunnel: where both mean the same, and where they do not."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from obverse.measure.funnel import Funnel, FunnelMeasure
from tests.measure.layouts import DAY, Happening, lay

chdb: Any = pytest.importorskip("chdb", reason="chDB comes with the extra `bench`")
MEASURE = FunnelMeasure()
NAMES = "ABCDE"


def reached(happenings: list[Happening], text: str, within_s: int) -> list[int]:
    question = Funnel.parse(text, within=f"{within_s}s")
    layout = lay(MEASURE.plan(question), happenings, 1 + max(event.unit for event in happenings))
    people = MEASURE.scan(question, layout, range(layout.n_units)).tally.people[0]
    return list(accumulate(people[:0:-1].tolist()))[::-1]


def window_funnel(happenings: list[Happening], conditions: list[str], within_s: int) -> list[int]:
    events = pa.table(  # noqa: F841 - the query names it
        {
            "person": pa.array([event.unit for event in happenings], pa.int64()),
            "time": pa.array([event.time for event in happenings], pa.uint64()),
            "event": [event.name for event in happenings],
        }
    )
    steps = ", ".join(conditions)
    query = f"""SELECT level, count() FROM (
        SELECT person, windowFunnel({within_s * 1_000_000})(time, {steps}) AS level
        FROM Python(events) GROUP BY person) GROUP BY level ORDER BY level FORMAT CSV"""
    lines = [line.split(",") for line in str(chdb.query(query, "CSV")).split()]
    levels = {int(level): int(n) for level, n in lines}
    return [sum(n for level, n in levels.items() if level >= k) for k in range(1, len(conditions) + 1)]


@pytest.mark.parametrize("days", [1, 7, 30])
def test_without_ties_it_counts_what_window_funnel_counts(days: int) -> None:
    chance = np.random.default_rng(days)
    n = 40_000
    times = chance.choice(90 * DAY, n, replace=False)
    happenings = [
        Happening(int(unit), int(time), seq, NAMES[kind])
        for seq, (unit, time, kind) in enumerate(
            zip(chance.integers(0, 3_000, n), times, chance.integers(0, 5, n), strict=True)
        )
    ]
    ours = reached(happenings, "A > B > C > D", days * 86_400)
    assert ours == window_funnel(happenings, [f"event = '{name}'" for name in "ABCD"], days * 86_400)
    assert ours[0] > ours[1] > ours[2] > ours[3]


def test_window_funnel_lets_one_event_fill_two_steps_and_we_do_not() -> None:
    happenings = [Happening(0, 5, 1, "B")]
    conditions = ["event IN ('A', 'B')", "event IN ('B', 'C')"]
    assert window_funnel(happenings, conditions, 10) == [1, 1]
    assert reached(happenings, "A or B > B or C", 10) == [1, 0]
