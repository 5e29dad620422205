"""Columns computed for every event of a kind: whether it passes a filter, its money, the key of a value.

They are ordered by seq, so an event keeps its place in them whoever it turns out to belong to, and they grow
at their end as the lake does. A reel's `row` says where in them each of its events is.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from obverse.tape.arrange import frozen
from obverse.tape.cache import Cache
from obverse.tape.expression import Expression
from obverse.tape.reading import Reader
from obverse.tape.reel import Kind

Form = Literal["mask", "value", "key"]

_SQL = {
    "mask": "coalesce({sql}, FALSE)",
    "value": "coalesce(nullif({sql}, 'nan'::DOUBLE), 0)",
    "key": "CASE WHEN {sql} IS NULL THEN -1 ELSE (hash({sql}) >> 1)::BIGINT END",
}
_TYPES: dict[str, type[np.generic]] = {"mask": np.bool_, "value": np.float64, "key": np.int64}


class Gone(Exception):  # noqa: N818 - not an error: the tape starts anew
    """Rows that were there are there no more: someone deleted from the lake."""


@dataclass(frozen=True)
class Wanted:
    """A column to compute.

    Attributes:
        form: ``mask``: does the condition hold; ``value``: a number, 0 for none; ``key``: 63-bit hash of a
            text, -1 for none.
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


VALUE = Wanted("value", "value", "value")


class Columns:
    """Computes columns and keeps them; one thread computes a column, others wait for it."""

    def __init__(self, reader: Reader, cache: Cache) -> None:
        self._reader = reader
        self._cache = cache
        self._locks: defaultdict[tuple[Kind, Wanted], threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def get(self, kind: Kind, wanted: Wanted, upto: int, n_rows: int) -> NDArray[Any]:
        """Give the column of the kind's first `n_rows` events, which are those up to the seq `upto`.

        Raises:
            Gone: the lake has fewer.
        """
        column, _ = self._upto(kind, wanted, upto)
        if len(column) < n_rows:
            raise Gone
        return frozen(column[:n_rows])

    def prepare(self, kind: Kind, wanted: Wanted, upto: int) -> None:
        """Compute a column ahead of its use."""
        self._upto(kind, wanted, upto)

    def _upto(self, kind: Kind, wanted: Wanted, upto: int) -> tuple[NDArray[Any], int]:
        key = (kind, wanted)
        with self._guard:
            lock = self._locks[key]
        with lock:
            column, covered = self._cache.get(key) or (np.zeros(0, _TYPES[wanted.form]), 0)
            if covered >= upto:
                return column, covered
            sql = _SQL[wanted.form].format(sql=wanted.sql)
            _, more = self._reader.columns({"found": sql}, kind, covered, upto, dict(wanted.params))
            new = more["found"].astype(_TYPES[wanted.form], copy=False)
            column = frozen(np.concatenate([column, new]) if len(column) else new)
            self._cache.put(key, (column, upto), column.nbytes)
            return column, upto
