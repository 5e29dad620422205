"""Kernels are compiled ahead, for exactly the arrays that questions bring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from obverse.engine.warming import is_warm, start, warm
from obverse.measure import funnel_scan, overview_scan, split
from obverse.tape import arrange, owners, reel, units
from obverse.tape.layout import Key, Number, Selection
from obverse.tape.tape import Tape
from tests.tape.tape_oracle import Sent, append, lake

KERNELS: tuple[Any, ...] = (
    *(arrange.arrange, arrange.places, arrange.spliced_offsets, arrange.spliced, arrange.merged),
    *(arrange.thinned, arrange.units, units.session_starts, units.looked_up, units.account_keys),
    *(owners._people, reel._events_under),
    *(funnel_scan.scan, overview_scan.reach_of, overview_scan.tally, split.first_in),
)


def test_a_question_after_warming_compiles_nothing(tmp_path: Path) -> None:
    warm()
    before = [len(kernel.signatures) for kernel in KERNELS]
    assert all(before), "a kernel was not warmed"
    table = lake(tmp_path / "events", [Sent("A", 1, None, "a1"), Sent("B", 2, "u1", properties={"x": 1})])
    asked = [Selection(("A", "B"), "x = 1"), Selection(("A",))]
    for tape in (Tape(table, tmp_path / "tape"), Tape(table, tmp_path / "tape")):
        tape.lay(asked, keys=[Key("x")], numbers=[Number("x")], value=True)
        append(table, [Sent("Identified", 9, "u1", "a1", "identify"), Sent("A", 4, "u2", account="acme")])
        tape.lay(asked)
        tape.lay(asked, unit="session")
        tape.lay(asked, unit="account", same="event")
        tape.close()
    assert [len(kernel.signatures) for kernel in KERNELS] == before


def test_what_is_warm_is_not_warmed_again() -> None:
    warm()
    assert is_warm()
    assert start() is None
