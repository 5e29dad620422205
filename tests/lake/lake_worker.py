"""A process that fills and looks after a lake, for tests that read it meanwhile or kill it.

python -m tests.lake.lake_worker fill FOLDER N     appends N batches, merging, sealing and deleting as it goes
python -m tests.lake.lake_worker serve FOLDER      accepts, writes and looks after files until it is killed
"""

from __future__ import annotations

import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from obverse.collect.batch import Batch
from obverse.collect.inbox import Inbox
from obverse.lake import seen as seen_module
from obverse.lake import writer as writer_module
from obverse.lake.seen import Seen
from obverse.lake.table import EventTable
from obverse.lake.writer import Writer
from tests.lake.lake_rows import DAY, NOON, event, rows, us

LATER = DAY + timedelta(days=30)
VACUUM_AFTER_S = 2.5
BATCH = 20


def fill(folder: Path, n_batches: int) -> None:
    # An hour minus a few seconds behind: what is replaced now may be deleted a few seconds later.
    table = EventTable.open(folder / "events", create=True, clock=lambda: time.time() - 3600 + VACUUM_AFTER_S)
    for position in range(1, n_batches + 1):
        at = NOON + timedelta(hours=6 * (position % 12))
        names = [f"Event {(position * i) % 5}" for i in range(50)]
        table.append(rows([f"{position}-{i}" for i in range(50)], at, event=names), "inbox", position)
        if position % 3 == 0:
            table.compact()
        if position % 10 == 0:
            table.seal(DAY + timedelta(days=1))
        if position % 15 == 0:
            print(table.vacuum(), flush=True)


def serve(folder: Path) -> None:
    writer_module.EVERY_S = 0.02
    seen_module.FLUSH_KEYS = 100
    table = EventTable.open(folder / "lake" / "events", create=True)
    seen = Seen.open(folder / "seen.db", table, NOON.timestamp)
    inbox = Inbox.open(folder / "inbox.db")
    writer = Writer(inbox, table, seen)
    writer.start()
    threading.Thread(target=look_after, args=(table,), daemon=True).start()
    print("ready", flush=True)
    send(inbox, folder / "acknowledged")


def look_after(table: EventTable) -> None:
    for turn in range(1_000_000):
        table.compact()
        if turn % 3 == 0:
            table.seal(LATER)
        if turn % 5 == 0:
            table.vacuum()
        time.sleep(0.01)  # lets others have the machine; nothing depends on it


def send(inbox: Inbox, acknowledged: Path) -> None:
    """As a client would: one batch after the other, again from the first that was not acknowledged."""
    with acknowledged.open("a+") as log:
        log.seek(0)
        number = len(log.read().splitlines())
        while True:
            again = range(max(0, number - 3) * BATCH, number * BATCH)
            mine = range(number * BATCH, (number + 1) * BATCH)
            events = [event(f"m{each}", event=f"Event {each % 3}") for each in [*again, *mine]]
            inbox.submit(Batch(source="shop", received_at=us(NOON), events=events)).result()
            log.write(f"{number}\n")
            log.flush()
            number += 1
            time.sleep(0.005)  # the same


if __name__ == "__main__":
    what, where, *rest = sys.argv[1:]
    if what == "fill":
        fill(Path(where), int(rest[0]))
    else:
        serve(Path(where))
