"""Columns computed for every event of a kind: whether it passes a filter, the key of a value.

They are ordered by seq, so an event keeps its place in them whoever it turns out to belong to, and they grow
at their end as the lake does. A reel's `row` says where in them each of its events is.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.tape.arrange import frozen
from obverse.tape.cache import Cache, Worth
from obverse.tape.expression import Expression, Form
from obverse.tape.few import Column, Few, joined
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

    def held(self, kind: Kind, wanted: Sequence[Wanted], upto: int, n_rows: int) -> list[Column]:
        """Give columns as `get` does, those of few keys as such."""
        with self._guard:
            lock = self._locks[kind]
        with lock:
            found = {column: self._cache.get((kind, column)) or _none(column) for column in wanted}
            for covered in {covered for _, covered in found.values() if covered < upto}:
                behind = [column for column in found if found[column][1] == covered]
                for column, more in zip(behind, self._read(kind, behind, covered, upto), strict=True):
                    whole = _longer(found[column][0], more)
                    found[column] = whole, upto
                    self._cache.put((kind, column), found[column], whole.nbytes, Worth.COLUMN)
        if any(len(values) < n_rows for values, _ in found.values()):
            raise Gone
        return [found[column][0][:n_rows] for column in wanted]

    def _read(self, kind: Kind, wanted: Sequence[Wanted], after: int, upto: int) -> list[Column]:
        listed, params = select(wanted)
        named = {f"c{number}": column for number, column in enumerate(wanted)}

        def narrow(chunk: Mapping[str, NDArray[Any]]) -> dict[str, Column]:
            return {name: _narrowed(column, chunk[name]) for name, column in named.items()}

        _, columns = self._reader.columns(listed, kind, after, upto, params, narrow)
        return [columns[name] for name in named]


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


def _narrowed(wanted: Wanted, read: NDArray[Any]) -> Column:
    """Give what was read as it is kept."""
    typed = read.astype(_TYPES[wanted.form], copy=False)
    return Few.of(typed) if wanted.form == "key" else typed


def _longer(column: Column, more: Column) -> Column:
    """Put rows of a column behind those that are held."""
    if len(more) == 0:
        return column
    whole = joined([column, more]) if len(column) else more
    return whole if isinstance(whole, Few) else frozen(whole)


def _none(wanted: Wanted) -> tuple[Column, int]:
    return np.zeros(0, _TYPES[wanted.form]), 0
