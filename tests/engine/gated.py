"""A funnel whose scan waits on the executors until the test lets it go on, and says where it waits."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from obverse.measure.funnel import FunnelMeasure, FunnelSummary
from obverse.tape.layout import Layout

LIMIT_S = 240


class GatedFunnel(FunnelMeasure):
    """Sent to executors with the folder that says who waits and whether to go on."""

    def __init__(self, gate: Path) -> None:
        self.gate = gate

    def scan(self, question: Any, layout: Layout, units: range) -> FunnelSummary:
        if layout.n_units:
            self._wait()
        return super().scan(question, layout, units)

    def _wait(self) -> None:
        """Leave a file named after this process, and wait for the one that opens the gate."""
        part = self.gate / f"{os.getpid()}.part"
        part.write_text("")
        part.rename(self.gate / f"{os.getpid()}.waits")
        until = time.monotonic() + LIMIT_S
        while not (self.gate / "open").exists():
            if time.monotonic() > until:
                raise TimeoutError("nobody opened the gate")
            time.sleep(0.02)  # for another process, which has no other way to tell this one


def wait_for_one(gate: Path) -> int:
    """Wait until a scan waits, and give its process."""
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        for path in gate.glob("*.waits"):
            return int(path.stem)
        time.sleep(0.02)
    raise TimeoutError("no scan began")
