"""Columns kept on disk: what one question read from the lake's JSON, no later process reads again.

A column is known by the kind of its events and by the expression that it was computed from. It holds good as
long as no event of the lake is deleted or changed in place; then all columns are deleted at once, since they
may tell what should not be known any more. Sealing and compaction change no event, and touch no column.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
from numpy.typing import NDArray

from obverse.lake.snapshot import Snapshot
from obverse.lake.table import EventTable
from obverse.tape.few import Column, Few
from obverse.tape.reel import Kind
from obverse.tape.store import FORMAT, MAX_BYTES, File, Store, bounded
from obverse.tape.wanted import Wanted

REWRITE = 16
"""Once the lake grew by one part in so many, a column is written anew; until then processes read the rest."""

Key = tuple[Kind, Wanted]
Known = tuple[Column, int]
"""A column, and up to which seq it goes."""

log = logging.getLogger("obverse.tape")


@dataclass(frozen=True)
class KeptColumn:
    """A column on disk: of which events, of what, up to which seq, its arrays' files by name."""

    kind: Kind
    wanted: Wanted
    last_seq: int
    files: dict[str, File]

    @property
    def key(self) -> Key:
        """What it is found by."""
        return self.kind, self.wanted

    @property
    def n(self) -> int:
        """How many events it has."""
        return self.files["which" if "which" in self.files else "values"].n


@dataclass(frozen=True)
class Listed:
    """Which columns are on disk.

    Attributes:
        lake: id of the lake they were made from.
        version: version of the lake when they were last kept.
        lost: how many events had been deleted from it by then.
        rewritten: `Snapshot.rewritten` then.
        duckdb: version of DuckDB that computed them: another may hash texts in another way.
        columns: the one used longest ago first.
        format: version of what is kept.
    """

    lake: str
    version: int
    lost: int
    rewritten: str
    duckdb: str
    columns: tuple[KeptColumn, ...]
    format: int = FORMAT

    def files(self) -> Iterator[File]:
        """Every file it names."""
        for column in self.columns:
            yield from column.files.values()

    def fits(self, snapshot: Snapshot) -> bool:
        """Tell whether the columns are of events that the lake still has as they were."""
        return _state(snapshot) == (self.lost, self.rewritten, self.duckdb) and all(
            column.last_seq <= snapshot.last_seq for column in self.columns
        )


class KeptColumns:
    """The columns of one lake on disk. Safe to use from many threads, and beside other processes.

    Args:
        path: directory that the tape keeps things in, None to keep none.
        table: the lake.
        lake: its id.
    """

    def __init__(self, path: Path | None, table: EventTable, lake: str) -> None:
        self._store = Store(path / "columns", lake, Listed) if path else None
        self._table = table
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._life = 0
        self._state = _state(table.snapshot)  # of the lake that memory and disk are of
        self._found = self._look(self._store) if self._store else {}

    def find(self, key: Key) -> Known | None:
        """Map a column from disk, if it is there."""
        if self._store is None:
            return None
        with self._lock:
            kept = self._found.pop(key, None)
            if kept is None:
                return None
            column = _mapped(self._store, kept)
            if column is None:
                return None
            self._found[key] = kept  # the one used last
            return column, kept.last_seq

    def due(self, key: Key, last_seq: int) -> bool:
        """Tell whether a column up to a seq is worth writing."""
        with self._lock:
            kept = self._found.get(key)
        return self._store is not None and (
            kept is None or last_seq - kept.last_seq > kept.last_seq // REWRITE
        )

    def forget(self) -> None:
        """Delete all columns: events of the lake were deleted or changed."""
        with self._lock:
            self._life += 1
            self._found.clear()
            self._state = _state(self._table.snapshot)
            if self._store:
                self._store.clear()

    def save(self, columns: Mapping[Key, Known]) -> dict[Key, Known]:
        """Write columns that are due; give what was written, mapped."""
        if self._store is None:
            return {}
        with self._saving, self._store.writing(wait=True) as held:
            try:
                return self._save(self._store, columns) if held else {}
            except OSError as error:
                log.warning("columns are not kept on disk: %s", error)
                self._store.sweep(self._store.load())
                return {}

    def _look(self, store: Store[Listed]) -> dict[Key, KeptColumn]:
        """Give what is on disk; delete it where events of the lake were deleted or changed since."""
        snapshot, listed = self._table.snapshot, store.load()
        if listed and listed.fits(snapshot):
            return {column.key: column for column in listed.columns}
        if listed and listed.version < snapshot.version:
            store.clear()
        return {}

    def _save(self, store: Store[Listed], columns: Mapping[Key, Known]) -> dict[Key, Known]:
        with self._lock:
            life, state = self._life, self._state
        snapshot, on_disk = self._table.snapshot, store.load()
        if _state(snapshot) != state:
            return {}  # the columns are of events that are no more, and will be forgotten
        others = (
            {column.key: column for column in on_disk.columns} if on_disk and on_disk.fits(snapshot) else {}
        )
        written: dict[Key, KeptColumn] = {}
        for key, (column, last_seq) in columns.items():
            old = others.get(key)
            if old and len(column) == old.n and _mapped(store, old) is not None:
                written[key] = replace(old, last_seq=max(old.last_seq, last_seq))
            else:
                written[key] = KeptColumn(*key, last_seq, store.write(_arrays(column)))
        if not written:
            return {}
        with self._lock:
            if life != self._life:
                store.sweep(on_disk)
                return {}
            mine = {key: others[key] for key in self._found if key in others}
            kept = {**{key: others[key] for key in others if key not in mine}, **mine, **written}
            fitting = bounded([*kept.values()], max(MAX_BYTES, snapshot.n_bytes) // 2)
            store.put(Listed(store.lake, snapshot.version, *_state(snapshot), fitting))
            self._found = {column.key: column for column in fitting}
        found = ((one, _mapped(store, one)) for one in fitting if one.key in written)
        return {one.key: (column, one.last_seq) for one, column in found if column is not None}


def _state(snapshot: Snapshot) -> tuple[int, str, str]:
    """Tell what columns hold good for: `Listed.lost`, `rewritten` and `duckdb`."""
    return snapshot.last_seq - snapshot.n_events, snapshot.rewritten, duckdb.__version__


def _arrays(column: Column) -> dict[str, NDArray[Any]]:
    return {"keys": column.keys, "which": column.which} if isinstance(column, Few) else {"values": column}


def _mapped(store: Store[Listed], kept: KeptColumn) -> Column | None:
    """Map a column; None where it is there no more or is torn."""
    try:
        arrays = {name: store.open(file) for name, file in kept.files.items()}
    except (OSError, ValueError):
        return None
    return Few(**arrays) if "which" in arrays else arrays["values"]
