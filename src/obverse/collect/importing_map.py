"""One chunk of a file's rows turned into events, and the rows that are refused, by reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obverse.collect.importing_sql import Terms, mapped_sql
from obverse.collect.refusal import Refusal
from obverse.event import SCHEMA

if TYPE_CHECKING:
    import duckdb

EVENT_FIELDS = pa.schema([one for one in SCHEMA if one.name not in ("seq", "day", "stream")])
"""Columns of events on their way to the lake."""

N_EXAMPLES = 3
_EXCERPT_CHARS = 200


@dataclass(frozen=True)
class RefusedRows:
    """Rows that were refused for one reason.

    Attributes:
        reason: from the closed list.
        detail: the field and the rule.
        n: how many rows.
        examples: the first of them: number in the file as a spreadsheet counts, and the beginning of the row.
    """

    reason: Refusal
    detail: str
    n: int
    examples: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Mapped:
    """What came out of some rows.

    Attributes:
        events: rows of `EVENT_FIELDS`.
        refused: by reason, in the order in which they came.
    """

    events: pa.Table
    refused: tuple[RefusedRows, ...] = field(default=())


def map_rows(
    connection: duckdb.DuckDBPyConnection, terms: Terms, raw: pa.Table, first: int, received_at: int
) -> Mapped:
    """Turn rows into events.

    Args:
        connection: to work with.
        terms: of the plan.
        raw: rows as the scan gives them; with a column ``row`` where they are not in the file's order.
        first: number of the first row, from 1.
        received_at: µs since 1970 UTC.
    """
    if "row" not in raw.column_names:
        numbers = pa.array(np.arange(first, first + raw.num_rows, dtype=np.int64))
        raw = raw.append_column("row", numbers)
    raw = raw.append_column("place", pa.array(np.arange(raw.num_rows, dtype=np.int64)))
    connection.register("raw", raw)
    found = _in_order(connection.sql(mapped_sql(terms, received_at)).to_arrow_table())
    good = pc.is_null(found.column("reason"))
    events = found.filter(good).select(EVENT_FIELDS.names).cast(EVENT_FIELDS)
    if events.num_rows == found.num_rows:
        return Mapped(events)
    return Mapped(events, tuple(_refused(found.select(["row", "reason"]), raw)))


def _in_order(found: pa.Table) -> pa.Table:
    """Put rows back in the order of `place`: several threads may have worked on them."""
    place = found.column("place").to_numpy()
    return found if np.all(place[1:] > place[:-1]) else found.take(np.argsort(place))


def _refused(found: pa.Table, raw: pa.Table) -> Iterable[RefusedRows]:
    rows, reasons = found.column("row"), found.column("reason")
    for counted in pc.value_counts(reasons.drop_null()).to_pylist():
        at = np.flatnonzero(pc.fill_null(pc.equal(reasons, counted["values"]), False).to_numpy())
        examples = tuple((rows[int(i)].as_py(), _excerpt(raw, int(i))) for i in at[:N_EXAMPLES])
        word, _, detail = counted["values"].partition(": ")
        yield RefusedRows(Refusal(word), detail, counted["counts"], examples)


def _excerpt(raw: pa.Table, at: int) -> str:
    """Give the beginning of a row."""
    cells = raw.slice(at, 1).to_pylist()[0]
    if "line" in cells:
        text = str(cells["line"])
    else:
        text = " | ".join(
            "" if cell is None else str(cell) for name, cell in cells.items() if name not in ("row", "place")
        )
    return text[:_EXCERPT_CHARS].replace("\x00", "\ufffd")


def merged(parts: Iterable[RefusedRows]) -> tuple[RefusedRows, ...]:
    """Add up refusals of the same reason and detail, the most frequent first."""
    found: dict[tuple[Refusal, str], RefusedRows] = {}
    for part in parts:
        key = (part.reason, part.detail)
        known = found.get(key)
        if known is None:
            found[key] = part
            continue
        examples = tuple(sorted({*known.examples, *part.examples})[:N_EXAMPLES])
        found[key] = replace(known, n=known.n + part.n, examples=examples)
    return tuple(sorted(found.values(), key=lambda one: -one.n))
