"""Columns computed for every event of a kind: whether it passes a filter, the key of a value.

They are ordered by seq, so an event keeps its place in them whoever it turns out to belong to, and they grow
at their end as the lake does. A reel's `row` says where in them each of its events is.

Most keys are of few values: touchpoints, countries, channels, ids that nobody sends. Such a column takes a
byte an event instead of eight.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.tape.arrange import frozen
from obverse.tape.cache import Cache, Worth
from obverse.tape.codes import Codes
from obverse.tape.expression import Expression, Form
from obverse.tape.layout import Int64s
from obverse.tape.reading import Reader
from obverse.tape.reel import Kind

_SQL = {
    "mask": "coalesce({sql}, FALSE)",
    "key": "CASE WHEN {sql} IS NULL THEN -1 ELSE (hash({sql}) >> 1)::BIGINT END",
    "number": "coalesce({sql}, 'nan'::DOUBLE)",
}
_TYPES: dict[str, type[np.generic]] = {"mask": np.bool_, "key": np.int64, "number": np.float64}


class Gone(Exception):  # noqa: N818 - not an error: the tape starts anew
    """Rows that were there are there no more: someone deleted from the lake."""


@dataclass(frozen=True)
class Wanted:
    """A column to compute.

    Attributes:
        form: ``mask``: does the condition hold; ``key``: 63-bit hash of a text, -1 for none; ``number``: NaN
            for none.
        text: the expression as asked, which tells columns apart.
        sql: its SQL.
        params: values of its parameters.
    """

    form: Form
    text: str
    sql: str
    params: tuple[tuple[str, object], ...] = ()

    @classmethod
    def of(cls, form: Form, expression: Expression) -> Wanted:
        """Want an expression's column."""
        return cls(form, expression.text, expression.sql, tuple(expression.params.items()))


MANY_KEYS = 256
"""From so many different keys on a column is kept as they are."""

_LOOKED_AT = 1 << 14


@dataclass(frozen=True)
class Few:
    """A column of few different keys.

    Attributes:
        keys: shape (fewer than `MANY_KEYS`,), each once.
        which: shape (n,), for each row the index of its key.
    """

    keys: Int64s
    which: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, rows: slice) -> Few:
        return Few(self.keys, self.which[rows])

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return self.keys.nbytes + self.which.nbytes

    def spelt(self) -> Int64s:
        """Give the key of each row."""
        return self.keys[self.which]

    @classmethod
    def of(cls, column: Int64s) -> Few | Int64s:
        """Give a column of few keys as such, another as it is."""
        if len(np.unique(column[:_LOOKED_AT])) >= MANY_KEYS:
            return column
        return cls(np.zeros(0, np.int64), np.zeros(0, np.uint8)).joined(column)

    def joined(self, more: Int64s) -> Few | Int64s:
        """Give this column and more rows after it."""
        codes = Codes(frozen(self.keys))
        parts = [self.which]
        for start in range(0, len(more), _LOOKED_AT):
            parts.append(codes.encode(frozen(more[start : start + _LOOKED_AT])).astype(np.uint8))
            if len(codes) >= MANY_KEYS:
                return np.concatenate([self.spelt(), more])
        return Few(codes.keys.copy(), np.concatenate(parts))


class Columns:
    """Computes columns and keeps them; of one kind of events one thread does, others wait for it."""

    def __init__(self, reader: Reader, cache: Cache) -> None:
        self._reader = reader
        self._cache = cache
        self._locks: defaultdict[Kind, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def get(self, kind: Kind, wanted: Sequence[Wanted], upto: int, n_rows: int) -> list[NDArray[Any]]:
        """Give columns of the kind's first `n_rows` events, which are those up to the seq `upto`.

        Columns that are not there yet are computed in one pass over the lake.

        Raises:
            Gone: the lake has fewer events.
        """
        found = self.held(kind, wanted, upto, n_rows)
        return [frozen(column.spelt() if isinstance(column, Few) else column) for column in found]

    def held(self, kind: Kind, wanted: Sequence[Wanted], upto: int, n_rows: int) -> list[Few | NDArray[Any]]:
        """Give columns as `get` does, those of few keys as such."""
        with self._guard:
            lock = self._locks[kind]
        with lock:
            found = {column: self._cache.get((kind, column)) or _none(column) for column in wanted}
            for covered in {covered for _, covered in found.values() if covered < upto}:
                behind = [column for column in found if found[column][1] == covered]
                for column, more in zip(behind, self._read(kind, behind, covered, upto), strict=True):
                    whole = _longer(column, found[column][0], more)
                    found[column] = whole, upto
                    self._cache.put((kind, column), found[column], whole.nbytes, Worth.COLUMN)
        if any(len(values) < n_rows for values, _ in found.values()):
            raise Gone
        return [found[column][0][:n_rows] for column in wanted]

    def _read(self, kind: Kind, wanted: Sequence[Wanted], after: int, upto: int) -> list[NDArray[Any]]:
        listed, params = select(wanted)
        _, columns = self._reader.columns(listed, kind, after, upto, params)
        return [
            columns[f"c{number}"].astype(_TYPES[column.form], copy=False)
            for number, column in enumerate(wanted)
        ]


def select(wanted: Sequence[Wanted]) -> tuple[dict[str, str], dict[str, object]]:
    """Write columns as SQL.

    Returns:
        The SQL of each under the names ``c0``, ``c1``, …, and the values of all their parameters.
    """
    listed: dict[str, str] = {}
    params: dict[str, object] = {}
    for number, column in enumerate(wanted):
        sql, its = bound(column, f"c{number}")
        listed[f"c{number}"] = _SQL[column.form].format(sql=sql)
        params |= its
    return listed, params


def bound(wanted: Wanted, name: str) -> tuple[str, dict[str, object]]:
    """Write a column's expression with parameters that begin with a name of its own."""
    sql = wanted.sql
    for param, _ in wanted.params:
        sql = re.sub(rf"\${param}\b", f"${name}_{param}", sql)
    return sql, {f"{name}_{param}": value for param, value in wanted.params}


def _longer(wanted: Wanted, column: Few | NDArray[Any], more: NDArray[Any]) -> Few | NDArray[Any]:
    """Put rows of a column behind those that are held."""
    if isinstance(column, Few):
        whole = column.joined(more)
    elif len(column):
        whole = np.concatenate([column, more])
    else:
        whole = Few.of(more) if wanted.form == "key" else more
    return whole if isinstance(whole, Few) else frozen(whole)


def _none(wanted: Wanted) -> tuple[Few | NDArray[Any], int]:
    return np.zeros(0, _TYPES[wanted.form]), 0
