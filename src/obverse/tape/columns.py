"""Columns computed for every event of a kind: whether it passes a filter, the key of a value.

They are ordered by seq, so an event keeps its place in them whoever it turns out to belong to, and they grow
at their end as the lake does. A reel's `row` says where in them each of its events is.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.tape.arrange import frozen
from obverse.tape.cache import Cache, Worth
from obverse.tape.few import Column, Few, joined
from obverse.tape.kept_columns import KeptColumns, Key, Known
from obverse.tape.reading import Reader
from obverse.tape.reel import Kind, mapped
from obverse.tape.store import WORTH_KEEPING
from obverse.tape.wanted import Wanted

__all__ = ["Columns", "Gone", "Wanted", "bound", "select"]

_SQL = {
    "mask": "coalesce({sql}, FALSE)",
    "key": "CASE WHEN {sql} IS NULL THEN -1 ELSE (hash({sql}) >> 1)::BIGINT END",
    "number": "coalesce({sql}, 'nan'::DOUBLE)",
}
_TYPES: dict[str, type[np.generic]] = {"mask": np.bool_, "key": np.int64, "number": np.float64}


class Gone(Exception):  # noqa: N818 - not an error: the tape starts anew
    """Rows that were there are there no more: someone deleted from the lake."""


class Columns:
    """Computes columns and keeps them; of one kind of events one thread does, others wait for it."""

    def __init__(self, reader: Reader, cache: Cache, kept: KeptColumns) -> None:
        self._reader = reader
        self._cache = cache
        self._kept = kept
        self._waiting: dict[Key, Known] = {}  # for the disk, if the cache has no room for them meanwhile
        self._unread = 0  # events looked at for them
        self._life = 0
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
        life = self._life
        with self._lock_of(kind):
            found = {column: self._known((kind, column)) for column in wanted}
            for covered in {covered for _, covered in found.values() if covered < upto}:
                behind = [column for column in found if found[column][1] == covered]
                for column, more in zip(behind, self._read(kind, behind, covered, upto), strict=True):
                    whole = _longer(found[column][0], more)
                    found[column] = whole, upto
                    with self._guard:
                        if life == self._life:  # else what was read may be gone from the lake
                            self._take((kind, column), found[column], upto - covered)
        if any(len(values) < n_rows for values, _ in found.values()):
            raise Gone
        return [found[column][0][:n_rows] for column in wanted]

    def _known(self, key: Key) -> Known:
        """Give what is known of a column, in memory or on disk, and up to which seq."""
        found: Known | None = self._cache.get(key) or self._waiting.get(key)
        if found is None:
            with self._guard:  # so that nothing comes back that is being forgotten
                found = self._kept.find(key)
                if found:
                    self._hold(key, found)
        return found or (np.zeros(0, _TYPES[key[1].form]), 0)

    def _take(self, key: Key, known: Known, n_read: int) -> None:
        """Keep a column that was read, for the disk too if it is due there."""
        self._hold(key, known)
        if self._kept.due(key, known[1]):
            self._waiting[key] = known
            self._unread += n_read

    def _hold(self, key: Key, known: Known) -> None:
        column = known[0]
        rows = column.which if isinstance(column, Few) else column
        self._cache.put(key, known, 0 if mapped(rows) else column.nbytes, Worth.COLUMN)

    def forget(self) -> None:
        """Forget what is on disk, what is to go there, and what is being read now; the cache comes after."""
        with self._guard:
            self._life += 1
            self._waiting.clear()
            self._kept.forget()

    def worth_saving(self) -> bool:
        """Tell whether enough was read since columns were last kept on disk."""
        return self._unread >= WORTH_KEEPING

    def save(self) -> bool:
        """Keep columns on disk instead of in memory; False where it is not worth it, or cannot be done."""
        if not self.worth_saving():
            return False
        self._unread, known = 0, dict(self._waiting)
        saved = self._kept.save(known)
        for key, column in known.items():
            with self._lock_of(key[0]):
                if self._waiting.get(key) is column:
                    del self._waiting[key]
                if key in saved and self._cache.get(key) is column:
                    self._hold(key, saved[key])
        return bool(saved)

    def _lock_of(self, kind: Kind) -> threading.Lock:
        with self._guard:
            return self._locks[kind]

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
