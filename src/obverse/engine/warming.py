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
from obverse.measure.funnel import Exclusion, Funnel
from obverse.measure.overview import Overview

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
    with tempfile.TemporaryDirectory(prefix="obverse-") as scratch:
        folder = Folder.open(Path(scratch) / "data", create=True)
        EventTable.open(folder.events, create=True).append(_events(), "warming", 1)
        with obverse.open(folder.root) as lake:
            for question in _questions():
                lake.ask(question)
            lake.people(Funnel.parse("A > B"), 1)
            EventTable.open(folder.events, create=True).append(_events(), "warming", 2)
            lake.ask(Funnel.parse("A > B"))
    _mark().parent.mkdir(parents=True, exist_ok=True)
    _mark().touch()


def _questions() -> list[Funnel | Overview]:
    steps = "A > B [properties.x > 1] > C"
    return [
        Funnel.parse(steps, by="properties.x", exclude=[Exclusion(events=("D",))]),
        Funnel.parse("A > A or B"),
        *(Funnel.parse(steps, order=order) for order in ("strict", "any")),
        *(Funnel.parse(steps, count=count) for count in ("entry", "session", "account")),
        Funnel.parse(steps, same="properties.x"),
        Overview(conversion="C"),
    ]


def _events() -> pa.Table:
    """Make a few people who take the steps, one of them known only later."""
    rows = [
        {
            "event": "Identified" if name == "I" else name,
            "type": "identify" if name == "I" else "track",
            "message_id": f"{person}{name}",
            "time": 1_790_000_000_000_000 + person * 1_000 + number * 60_000_000,
            "received_at": 1_790_000_000_000_000,
            "touchpoint": "web",
            "source": "warming",
            "anonymous_id": f"a{person}",
            "user_id": f"u{person}" if name == "I" else None,
            "account_id": "acme",
            "value": 2.0,
            "currency": "EUR",
            "properties": '{"x": 2}',
            "context": "{}",
        }
        for person in range(3)
        for number, name in enumerate("ABDCI")
    ]
    instant = pa.timestamp("us", tz="UTC")
    table = pa.Table.from_pylist(rows)
    for name in ("time", "received_at"):
        table = table.set_column(table.column_names.index(name), name, table[name].cast(instant))
    return table


def _mark() -> Path:
    whole = blake2b(numba.__version__.encode(), digest_size=8)
    for part in _COMPILED:
        for path in sorted((_PACKAGE / part).glob("*.py")):
            whole.update(path.read_bytes())
    name = f"warm-{whole.hexdigest()}"
    place = _PACKAGE / "__pycache__" if os.access(_PACKAGE, os.W_OK) else Path.home() / ".cache" / "obverse"
    return place / name


if __name__ == "__main__":
    os.nice(10)
    warm()
