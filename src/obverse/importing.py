"""What `obverse import` does with one file: show the plan, then bring its events into the lake.

Where a server holds the data folder, the chunks are handed to it; else this process writes them itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console

from obverse.collect.importing import Append, ImportMapping, ImportPlan, plan
from obverse.collect.importing_history import History, run_once
from obverse.collect.importing_show import plan_text, progress_bar, report_text
from obverse.collect.importing_spool import Spool
from obverse.errors import DataError
from obverse.folder import Folder


def import_file(
    folder: Folder | None, file: Path, mapping: ImportMapping, *, dry_run: bool, again: bool
) -> None:
    """Import one file, and say on standard error what is done.

    Args:
        folder: where to; None with `dry_run` only.
        file: what to import.
        mapping: what is known of its columns.
        dry_run: show the plan and write nothing.
        again: import it even if it was imported with other choices before.

    Raises:
        ObverseError: the file cannot be read or mapped, or the folder not be written.
    """
    console = Console(stderr=True)
    with plan(file, mapping, received_at=time.time_ns() // 1000) as planned:
        console.print(plan_text(planned))
        if dry_run or folder is None:
            console.print("dry run: nothing was written")
            return
        history = History(folder.root / "imports")
        with appending(folder, planned) as (append, committed), progress_bar(planned, console) as tell:
            report = run_once(planned, append, history, committed=committed, again=again, progress=tell)
        console.print(report_text(report))


@contextmanager
def appending(folder: Folder, planned: ImportPlan) -> Iterator[tuple[Append, int]]:
    """Give what appends a plan's chunks, and how many of the file's rows are in already."""
    from obverse.lake.seen import Seen, append_new
    from obverse.lake.table import EventTable

    try:
        lock = folder.lock()
    except DataError:  # a server has it
        spool = Spool(folder.root / "import")
        yield spool.append(planned.app_id, lambda: _is_locked(folder)), 0
        return
    with lock:
        table = EventTable.open(folder.events, create=True)
        with closing(Seen.open(folder.seen, table)) as seen:
            append_to = partial(append_new, table, seen)
            Spool(folder.root / "import").take(append_to)  # what an import that was cut off left
            yield _named(append_to, planned.app_id), table.committed(planned.app_id)


def _named(append_to: partial[tuple[int, int]], app_id: str) -> Append:
    return lambda rows, position: append_to(rows, app_id, position)


def _is_locked(folder: Folder) -> bool:
    try:
        folder.lock().close()
    except DataError:
        return True
    return False
