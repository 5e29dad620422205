"""The events of a lake: the Parquet files of its newest version, read by Spark."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from obverse.engine.currencies import currencies
from obverse.engine.spark.fields import Fields
from obverse.engine.spark.source import Tally
from obverse.event import SCHEMA
from obverse.lake.snapshot import DataFile, Snapshot
from obverse.lake.table import EventTable
from obverse.tape.expression import Path

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_GLOB = re.compile(r"([\\\[\]{}*?])")
_GONE = ("PATH_NOT_FOUND", "FILE_NOT_EXIST")
_TYPES = {"int64": "long", "double": "double", "string": "string", "timestamp[us, tz=UTC]": "timestamp"}


class LakeSource:
    """All events of a lake that drivers and executors reach under the same path."""

    stream = "stream"

    def __init__(self, table: EventTable, session: SparkSession) -> None:
        self._table = table
        self._session = session
        self._snapshot: Snapshot = table.snapshot
        self._tally = Tally()
        self._tallied: Snapshot | None = None
        self._fields = Fields(self.frame)

    @property
    def last_seq(self) -> int:
        """Every event up to this is in."""
        return self._snapshot.last_seq

    @property
    def n_events(self) -> int:
        """How many events there are."""
        return self._snapshot.n_events

    def refresh(self) -> None:
        """Take the newest version of the lake."""
        self._snapshot = self._table.refresh()

    def tally(self) -> Tally:
        """Count all events; of a lake that was counted before only those that came since."""
        now, before = self._snapshot, self._tallied
        if before is None or now.version != before.version:
            came = now.last_seq - (before.last_seq if before else 0)
            if before is None or now.n_events - before.n_events != came:  # someone deleted from the lake
                self._tally, after = Tally(), 0
            else:
                after = before.last_seq
            if now.last_seq > after:
                fields = ("event", "type", "time", "seq")
                self._tally.add(self._read(fields, after).where(f"seq > {after}"))
            self._tallied = now
        return self._tally

    def frame(self, fields: Sequence[str], names: Collection[str] = ()) -> DataFrame:
        """Give columns of all events."""
        return self._read(fields, 0)

    def place(self, path: Path) -> Path:
        """Say where a field lies that is not a column."""
        return self._fields.place(path, self._snapshot.version)

    def currencies(self) -> tuple[str, ...]:
        """List the currencies of the events' values."""
        return currencies(self._snapshot.files)

    def notes(self) -> tuple[str, ...]:
        """Say nothing: the lake is the truth."""
        return ()

    def retrying(self, error: Exception) -> bool:
        """Tell whether a file was merged into another meanwhile, and take the newest version."""
        gone = any(word in str(error) for word in _GONE)
        if not gone or self._table.refresh().version == self._snapshot.version:
            return False
        self.refresh()
        return True

    def _read(self, fields: Sequence[str], after: int) -> DataFrame:
        """Read the files that have events after a seq."""
        files = [file for file in self._snapshot.files if file.max_seq > after]
        if not files:
            return self._session.createDataFrame([], self._schema).select(*fields)
        reader = self._session.read.schema(self._schema).option("datetimeRebaseMode", "CORRECTED")
        return reader.parquet(*map(_address, files)).select(*fields)

    @cached_property
    def _schema(self) -> str:
        return ", ".join(f"{field.name} {_TYPES[str(field.type)]}" for field in SCHEMA if field.name != "day")


def _address(file: DataFile) -> str:
    """Write a path as Spark reads it: on this file system, and with nothing that stands for other names."""
    return "file://" + _GLOB.sub(r"\\\1", file.path)
