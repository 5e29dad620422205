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
    """Tells for a partition which fields some event has, and reads no further once it has seen all of them.

    Sent to executors.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._pointers = [pointer(path) for path in paths]
        found = (f"bool_or(json_exists({path[0]}, $p{at}))" for at, path in enumerate(paths))
        self._sql = f"SELECT {', '.join(found)} FROM events"  # noqa: S608 - ours

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give the number of each field found."""
        params = {f"p{at}": one for at, one in enumerate(self._pointers)}
        found: set[int] = set()
        for base in bases(batches):
            seen = asked(base, self._sql, params)
            found |= {at for at, column in enumerate(seen.columns) if column[0].as_py()}
            if len(found) == len(self._pointers):
                break
        yield pa.record_batch({"found": pa.array(sorted(found), pa.int64())})


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
        new = [one for one in paths if one not in self._found and self._missed.get(one) != version]
        if not new:
            return
        columns = sorted({path[0] for path in new})
        for row in self._frame(columns).mapInArrow(Looking(new), "found long").distinct().collect():
            self._found.add(new[row.found])
        self._missed |= {path: version for path in new if path not in self._found}

    def _sampled(self) -> Iterable[Path]:
        rows = self._frame(JSON_COLUMNS).limit(SAMPLED).collect()
        return {
            path
            for row in rows
            for column in JSON_COLUMNS
            for path, _ in leaves((column,), decoded(row[column]))
        }
