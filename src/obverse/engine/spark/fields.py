"""Which fields events have in their JSON columns: looked for on the executors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from obverse.engine.spark.narrowing import asked, bases
from obverse.tape.catalogue import JSON_COLUMNS, candidates, decoded, leaves, placed, pointer
from obverse.tape.expression import Path

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SAMPLED = 2_000
"""Events whose fields are suggested where one is unknown."""


class Looking:
    """Tells whether some event of a partition has a field, and reads no further then; sent to executors."""

    def __init__(self, path: Path) -> None:
        self._pointer = pointer(path)
        self._sql = f"SELECT bool_or(json_exists({path[0]}, $pointer)) FROM events"  # noqa: S608 - ours

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give a row if the field is found."""
        for base in bases(batches):
            if asked(base, self._sql, {"pointer": self._pointer}).column(0)[0].as_py():
                yield pa.record_batch({"found": [True]})
                return


class Fields:
    """Places fields, and remembers where they were found or missed.

    Args:
        frame: gives columns of all events.
    """

    def __init__(self, frame: Callable[[Sequence[str]], DataFrame]) -> None:
        self._frame = frame
        self._found: set[Path] = set()
        self._missed: dict[Path, int] = {}

    def place(self, path: Path, version: int) -> Path:
        """Say where a field lies that is not a column: in properties, else in context.

        Args:
            path: the field as it is written.
            version: of the events; a field that was missed is looked for again in another one.

        Raises:
            QuestionError: no event has it, or it was named without its place and lies in both.
        """
        self._look(candidates(path), version)
        return placed(path, self._found.__contains__, self._sampled)

    def _look(self, paths: Sequence[Path], version: int) -> None:
        """Look for fields that were not found yet: in a partition, then in some more, and so on."""
        for path in paths:
            if path in self._found or self._missed.get(path) == version:
                continue
            if self._frame((path[0],)).mapInArrow(Looking(path), "found boolean").take(1):
                self._found.add(path)
            else:
                self._missed[path] = version

    def _sampled(self) -> Iterable[Path]:
        rows = self._frame(JSON_COLUMNS).limit(SAMPLED).collect()
        return {
            path
            for row in rows
            for column in JSON_COLUMNS
            for path, _ in leaves((column,), decoded(row[column]))
        }
