"""Compiling all kernels ahead of the first question: some 20 s on a new machine, once for each version.

`python -m obverse.engine.warming` asks questions of each kind on a lake of a few made-up events; Numba keeps
on disk what that compiles. Setting up does this, and a server whose kernels are not compiled yet does it in a
process of its own, so that it takes in events undisturbed meanwhile.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from hashlib import blake2b
from pathlib import Path

import numba
import pyarrow as pa

import obverse
from obverse.folder import Folder
from obverse.lake.table import EventTable
from obverse.measure.act import Act
from obverse.measure.attribution import Attribution
from obverse.measure.behaved import Behaved
from obverse.measure.cart import Cart
from obverse.measure.drivers import Drivers
from obverse.measure.funnel import Exclusion, Funnel
from obverse.measure.funnel_question import Count
from obverse.measure.linger import Linger
from obverse.measure.overview import Overview
from obverse.measure.paths import Paths
from obverse.measure.question import Question
from obverse.measure.responses import Responses
from obverse.measure.retention import Retention
from obverse.measure.score import Score
from obverse.measure.sessions import Sessions
from obverse.measure.stages import Stages
from obverse.measure.stickiness import Stickiness
from obverse.measure.time_between import TimeBetween
from obverse.measure.trend import Trend

_PACKAGE = Path(obverse.__file__).parent
_COMPILED = ("lake", "tape", "measure")


def is_warm() -> bool:
    """Tell whether the kernels of this version were compiled on this machine."""
    return _mark().exists()


def start() -> subprocess.Popen[bytes] | None:
    """Begin to compile in a process of its own, unless that is done."""
    if is_warm():
        return None
    command = [sys.executable, "-m", "obverse.engine.warming"]
    return subprocess.Popen(  # noqa: S603 - this interpreter, our own module
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def warm() -> None:
    """Compile all kernels by asking on a small lake; what is compiled already is quick."""
    with tempfile.TemporaryDirectory(prefix="obverse-warm-") as scratch:
        folder = Folder.open(Path(scratch) / "data", create=True)
        table = EventTable.open(folder.events, create=True)
        table.append(_events(), "warm", 1)
        with obverse.open(folder.root) as lake:
            for position in (2, 3):
                for question in _questions():
                    lake.ask(question)
                table.append(_events(), "warm", position)
            lake.people(Funnel.parse("A > B"))
            lake.tape.find("u")
    _mark().parent.mkdir(parents=True, exist_ok=True)
    _mark().touch()


def _questions() -> list[Question]:
    steps = "A or B [properties.x > 1] > B > A"
    counts: list[Count] = ["entry", "session", "account"]
    return [
        Funnel.parse("A > B", by="properties.x", exclude=[Exclusion(events=("Grouped",))]),
        Funnel.parse(steps, order="strict"),
        Funnel.parse(steps, order="any", same="properties.x"),
        *(Funnel.parse(steps, count=count) for count in counts),
        Linger(conversion="B"),
        Overview(conversion="B"),
        Retention(start="1970-01-01"),
        Sessions(conversion="B", start="1970-01-01"),
        TimeBetween(from_event="A", to_event="B", start="1970-01-01"),
        Stages(conversion="B", start="1970-01-01"),
        Cart(add="A", order="B", start="1970-01-01"),
        Behaved(rules=("did A", "spent at least 1 on B", "last x = 2"), by="properties.x"),
        Attribution(conversion="B"),
        Drivers(conversion="B"),
        Paths(after="A", goal="B"),
        Act(click="A", form_start="A", conversion="B"),
        Score(events="A", field="properties.x", by="properties.x", conversion="B"),
        Responses(by="properties.place", conversion="B"),
        Stickiness(conversion="B", start="1970-01-01", by="properties.x"),
        *(
            Trend(series=series, start="1970-01-01", by="properties.x")
            for series in (("people: A", "median properties.x: A"), ("events per person: A", "sessions: A"))
        ),
    ]


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
            "value": [None, 2.0, None, None],
            "properties": ['{"x": 2}'] * n,
            "context": ["{}"] * n,
        }
    )


def _mark() -> Path:
    whole = blake2b(numba.__version__.encode(), digest_size=8)
    for part in _COMPILED:
        for path in sorted((_PACKAGE / part).rglob("*.py")):
            whole.update(path.read_bytes())
    name = f"warm-{whole.hexdigest()}"
    place = _PACKAGE / "__pycache__" if os.access(_PACKAGE, os.W_OK) else Path.home() / ".cache" / "obverse"
    return place / name


if __name__ == "__main__":
    os.nice(10)
    warm()
