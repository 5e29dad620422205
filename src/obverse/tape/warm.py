"""Compiles the kernels before the first question needs them; later processes load them from Numba's cache."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa

from obverse.lake.table import EventTable
from obverse.tape.layout import Selection
from obverse.tape.tape import Tape


def warm() -> None:
    """Ask a lake of a few events every kind of question: some ten seconds once, under one ever after."""
    with tempfile.TemporaryDirectory(prefix="obverse-warm-") as folder:
        table = EventTable.open(Path(folder) / "events", create=True)
        tape = Tape(table, Path(folder) / "tape")
        for position in (1, 2):
            table.append(_events(), "warm", position)
            _ask(tape)
        tape.close()


def _ask(tape: Tape) -> None:
    plain = [Selection(("A",)), Selection(("A", "B"))]
    tape.lay(plain, value=True)
    tape.lay([Selection(("A",), "properties.x = 1")], by="properties.x")
    for unit in ("session", "account"):
        tape.lay(plain, unit=unit, same="properties.x")
    tape.find("u")


def _events() -> pa.Table:
    n = 4
    instant = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "event": ["A", "B", "Identified", "Grouped"],
            "type": ["track", "track", "identify", "group"],
            "time": pa.array([3, 2, 1, 0], instant),
            "received_at": pa.array([0] * n, instant),
            "message_id": ["m"] * n,
            "touchpoint": ["web"] * n,
            "source": ["warm"] * n,
            "user_id": pa.array([None, "u", "u", "u"], pa.string()),
            "anonymous_id": ["a"] * n,
            "account_id": pa.array([None, None, None, "c"], pa.string()),
            "properties": ['{"x": 1}'] * n,
            "context": ["{}"] * n,
        }
    )
