"""The imports of a data folder: one small file each, which says how far it came and what was refused.

The lake's own transaction holds an import's position too (`ImportPlan.app_id`), so this record may be a step
behind after a crash, and losing it loses nothing. It says what the lake cannot: that a file was imported
before with another mapping, which would bring all its rows in a second time.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from obverse.collect.importing import CHUNK_ROWS, Append, ImportReport, Progress, run
from obverse.collect.importing_plan import ImportPlan
from obverse.errors import QuestionError


class ImportRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One import.

    Attributes:
        digest: of the plan: content and choices.
        content: digest of the file's content.
        name: of the file.
        choices: field to its column, or to ``=`` and a constant; how times are written; the zone.
        received_at: when it began, µs since 1970 UTC.
        done: rows of the file dealt with.
        finished: whether these are all.
        n_new: events that it added.
        n_known: events that were in the lake already.
        refused: rows refused, by reason and detail.
    """

    digest: str
    content: str
    name: str
    choices: dict[str, str]
    received_at: int
    done: int = 0
    finished: bool = False
    n_new: int = 0
    n_known: int = 0
    refused: dict[str, int] = {}


class History:
    """The records of a folder.

    Args:
        folder: where they lie; made when the first is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[ImportRecord]:
        """Give all records, the newest first. One that cannot be read is left out."""
        found = []
        for path in self.folder.glob("*.json"):
            try:
                found.append(msgspec.json.decode(path.read_bytes(), type=ImportRecord))
            except (msgspec.DecodeError, OSError):
                continue
        return sorted(found, key=lambda record: (-record.received_at, record.digest))

    def of(self, plan: ImportPlan) -> ImportRecord:
        """Give the record of a plan; a new one where it was never run."""
        for record in self.all():
            if record.digest == plan.digest:
                return record
        return ImportRecord(
            digest=plan.digest,
            content=plan.file.digest,
            name=plan.file.path.name,
            choices=_choices(plan),
            received_at=plan.received_at,
        )

    def save(self, record: ImportRecord) -> None:
        """Write a record, in one step."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{record.digest}.json"
        new = path.with_suffix(".new")
        with new.open("wb") as handle:
            handle.write(msgspec.json.format(msgspec.json.encode(record)))
            handle.flush()
            os.fsync(handle.fileno())
        new.replace(path)

    def check(self, plan: ImportPlan) -> None:
        """Refuse content that was imported with other choices.

        Raises:
            QuestionError: it was; naming what is different.
        """
        others = [one for one in self.all() if one.content == plan.file.digest and one.n_new]
        if not others or any(one.digest == plan.digest for one in others):
            return
        before, now = others[0].choices, _choices(plan)
        changes = ", ".join(
            f"{field} was {before.get(field, 'left out')}, is {now.get(field, 'left out')}"
            for field in sorted({*before, *now})
            if before.get(field) != now.get(field)
        )
        raise QuestionError(
            f"{plan.file.path.name} was imported before, as {others[0].name}, with other choices "
            f"({changes}); to bring all its rows in a second time, say --again"
        )


def run_once(
    plan: ImportPlan,
    append: Append,
    history: History,
    *,
    committed: int = 0,
    again: bool = False,
    progress: Progress | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> ImportReport:
    """Run a plan so that no row comes in twice, from where an earlier run of it stopped.

    Args:
        plan: of `obverse.collect.importing.plan`.
        append: takes the events of each chunk.
        history: of the data folder.
        committed: rows that the lake's transaction says are in.
        again: import the content even if it was imported with other choices.
        progress: is told how far it is.
        chunk_rows: rows that are worked on at a time.

    Raises:
        QuestionError: the content was imported with other choices, without `again`.
    """
    if not again:
        history.check(plan)
    record = history.of(plan)
    if record.finished:
        return ImportReport(n_rows=0, n_new=0, n_known=0, refused=(), done=record.done)

    def noted(events: object, position: int) -> tuple[int, int]:
        nonlocal record
        new, known = append(events, position)
        record = msgspec.structs.replace(
            record, done=position, n_new=record.n_new + new, n_known=record.n_known + known
        )
        history.save(record)
        return new, known

    report = run(plan, noted, done=max(record.done, committed), progress=progress, chunk_rows=chunk_rows)
    refused = dict(record.refused)
    for part in report.refused:
        key = f"{part.reason}: {part.detail}"
        refused[key] = refused.get(key, 0) + part.n
    history.save(msgspec.structs.replace(record, done=report.done, finished=True, refused=refused))
    return report


def _choices(plan: ImportPlan) -> dict[str, str]:
    said = {
        choice.field: f"={choice.constant}" if choice.column is None else choice.column
        for choice in plan.choices
    }
    said |= {"time format": plan.rule.name, "zone": plan.mapping.zone, "source": plan.mapping.source}
    if plan.mapping.order is not None:
        said["order"] = plan.mapping.order
    return said
