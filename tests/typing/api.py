"""The API as somebody's own typed code uses it; checked by mypy, never run."""

from __future__ import annotations

from typing import assert_type

import obverse
from obverse.measure.funnel import FunnelAnswer
from obverse.measure.overview import OverviewAnswer


def buyers(folder: str) -> list[int]:
    """Count who came to each step."""
    with obverse.open(folder, threads=2) as lake:
        answer = lake.ask(obverse.Funnel.parse("Product Viewed > Order Completed", within="7d"))
        assert_type(answer, FunnelAnswer)
        assert_type(lake.ask(obverse.Overview(zone="Europe/Berlin")), OverviewAnswer)
        return [step.people for step in answer.steps]
