"""The first step on executors: from rows of the lake to narrow rows of the events that a question wants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa

from obverse.engine.spark.recipe import CLAIM, Recipe, Take, versions
from obverse.errors import DataError
from obverse.tape.columns import Wanted, bound, select
from obverse.tape.reel import Kind
from obverse.tape.reels import ANONYMOUS_SQL, CLAIM_SQL, VALUE_SQL

MAX_SEEN = 100_000
"""Values of a key whose texts a task remembers to have sent; past that it sends some again."""

_CLAIMS = (
    f"SELECT {ANONYMOUS_SQL} AS unit, epoch_us(time) AS time, {{stream}} AS seq "  # noqa: S608 - ours
    f"FROM events WHERE {CLAIM_SQL}"
)


class Narrowing:
    """Evaluates a recipe on batches of rows; sent to executors.

    Args:
        recipe: what to compute.
        stream: SQL of a row's stream.
    """

    def __init__(self, recipe: Recipe, stream: str) -> None:
        self._recipe = recipe
        self._stream = stream
        self._sql, self._params = _query(recipe, stream)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give the narrow rows of each batch.

        Raises:
            DataError: this machine has other versions, or a row cannot be read.
        """
        if versions() != self._recipe.versions:
            raise DataError(
                f"an executor has {versions()}, the driver {self._recipe.versions}: install the same"
            )
        texts = _Texts(self._recipe)
        for base in bases(batches):
            yield from self._narrowed(base, texts)

    def _narrowed(self, base: duckdb.DuckDBPyConnection, texts: _Texts) -> Iterator[pa.RecordBatch]:
        schema = self._recipe.schema()
        found = asked(base, self._sql, self._params)
        yield from filled(found, schema)
        if self._recipe.labelled and found.num_rows:
            yield from filled(texts.new(found), schema)
        if self._recipe.claimed:
            claims = asked(base, _CLAIMS.format(stream=self._stream), {})
            bits = pa.array(np.full(claims.num_rows, 1 << CLAIM))
            yield from filled(claims.append_column("bits", bits), schema)


class _Texts:
    """Which texts of labelled keys a task has sent already."""

    def __init__(self, recipe: Recipe) -> None:
        self._labelled = recipe.labelled
        self._seen: dict[int, set[int]] = {at: set() for at, _ in recipe.labelled}

    def new(self, found: pa.Table) -> pa.Table:
        """Give a row for each value not seen before."""
        units, times, texts = [], [], []
        wanted = found["bits"].to_numpy()
        for at, bits in self._labelled:
            keys = found[f"c{at}"].to_numpy()
            rows = np.flatnonzero((wanted & bits != 0) & (keys != -1))
            _, first = np.unique(keys[rows], return_index=True)
            seen = self._seen[at]
            new = [row for row in rows[first].tolist() if int(keys[row]) not in seen]
            seen.update(keys[new].tolist())
            if len(seen) > MAX_SEEN:
                seen.clear()
            units.append(keys[new])
            times.append(np.full(len(new), at))
            texts += found[f"t{at}"].take(pa.array(new, pa.int64())).to_pylist()
        return pa.table(
            {
                "unit": np.concatenate(units),
                "time": np.concatenate(times),
                "known": np.ones(len(texts), bool),
                "text": pa.array(texts, pa.string()),
            }
        )


def bases(batches: Iterable[pa.RecordBatch]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give this process's DuckDB with each batch in turn as the view `events`; empty ones are left out."""
    base = _base()
    try:
        for batch in batches:
            if batch.num_rows:
                base.register("events", pa.Table.from_batches([batch]))
                yield base
    finally:
        base.unregister("events")


def asked(base: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, object]) -> pa.Table:
    """Run a query over the view `events`.

    Raises:
        DataError: an event cannot be read, as where its JSON is broken.
    """
    try:
        return base.sql(sql, params=dict(params)).to_arrow_table()
    except duckdb.InvalidInputException as error:
        raise DataError(f"an event cannot be read: {str(error).splitlines()[0]}") from error


@cache
def _base() -> duckdb.DuckDBPyConnection:
    base = duckdb.connect(config={"threads": 1})
    base.execute("SET TimeZone = 'UTC'")
    return base


def filled(found: pa.Table, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Give rows exactly the columns of a schema; what they lack is 0, false or no text."""
    n = found.num_rows
    columns = []
    for field in schema:
        if field.name in found.column_names:
            columns.append(found[field.name].cast(field.type))
        elif pa.types.is_string(field.type):
            columns.append(pa.nulls(n, field.type))
        else:
            columns.append(pa.array(np.zeros(n, field.type.to_pandas_dtype())))
    yield from pa.table(columns, schema=schema).to_batches()


def _query(recipe: Recipe, stream: str) -> tuple[str, dict[str, object]]:
    """Write the query that narrows, over the view `events`."""
    filters = {one: None for take in recipe.takes for one in (take.choice.where, take.same) if one}
    columns = [*recipe.columns, *(one for one in filters if one not in recipe.columns)]
    listed, params = select(columns)
    sql = dict(zip(columns, listed.values(), strict=True))
    names: dict[Kind, str] = {}
    bits = [_bit(number, take, sql, names) for number, take in enumerate(recipe.takes)]
    parts = [f"{stream} AS unit", "epoch_us(time) AS time", "seq", f"{' | '.join(bits)} AS bits"]
    parts += [f"{sql[one]} AS c{at}" for at, one in enumerate(recipe.columns)]
    parts += [f"{VALUE_SQL} AS value"] if recipe.valued else []
    parts += ["user_id IS NOT NULL AS known"] if recipe.claimed else []
    parts += [f"{bound(recipe.columns[at], f'c{at}')[0]} AS t{at}" for at, _ in recipe.labelled]
    query = f"SELECT * FROM (SELECT {', '.join(parts)} FROM events) WHERE bits <> 0"  # noqa: S608 - checked
    return query, params | {word: kind.value for kind, word in names.items()}


def _bit(number: int, take: Take, sql: dict[Wanted, str], names: dict[Kind, str]) -> str:
    """Write the bit of a take; filters are nested, so that only events of its names are filtered."""
    found = f"{1 << number}::BIGINT"
    if take.same:
        found = f"CASE WHEN {sql[take.same]} <> -1 THEN {found} ELSE 0 END"
    if take.choice.where:
        found = f"CASE WHEN {sql[take.choice.where]} THEN {found} ELSE 0 END"
    listed: dict[str, list[str]] = {}
    for kind in take.choice.kinds:
        if kind.column:
            listed.setdefault(kind.column, []).append("$" + names.setdefault(kind, f"n{len(names)}"))
    for column, words in listed.items():  # kinds of one choice share their column
        found = f"CASE WHEN {column} IN ({', '.join(words)}) THEN {found} ELSE 0 END"
    return found
