"""Keys of ids, computed for a whole batch at once in DuckDB: compiled, and without holding Python's lock."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obverse.event import STREAM_SQL

Keys = NDArray[np.uint64]

MESSAGE_KEY_SQL = "length(source) || ':' || source || message_id"
"""What makes two messages the same: the same id under the same write key.

Two sources may number their messages alike; taking the id alone would drop what the second one sends.
"""


_STREAMS = f"SELECT {STREAM_SQL} AS stream FROM rows"  # noqa: S608 - a constant


def streams(con: duckdb.DuckDBPyConnection, rows: pa.Table) -> pa.ChunkedArray:
    """Give the `stream` of each row from its `user_id` and `anonymous_id`; null where it has neither."""
    return _over(con, rows.select(["user_id", "anonymous_id"]), _STREAMS)["stream"]


def message_keys(con: duckdb.DuckDBPyConnection, rows: pa.Table) -> tuple[Keys, Keys]:
    """Give the 128-bit key of each row's message as two halves, from its `source` and `message_id`."""
    return split_keys(_over(con, rows.select(["source", "message_id"]), keys_sql("rows")))


def keys_sql(rows: str) -> str:
    """Spell in SQL the keys of the messages in a relation, as columns `upper` and `lower`.

    They are the first and the last eight bytes of an MD5 digest, each with the lowest byte first.
    """
    numbers = f"SELECT md5_number({MESSAGE_KEY_SQL}) AS number FROM {rows}"  # noqa: S608 - the program's own
    # `md5_number_upper` and `_lower` give the same, and take four times as long
    halves = f"(number & {2**64 - 1})::UBIGINT AS upper, (number >> 64)::UBIGINT AS lower"
    return f"SELECT {halves} FROM ({numbers})"  # noqa: S608


def split_keys(table: pa.Table) -> tuple[Keys, Keys]:
    """Take the two halves out of a table with columns `upper` and `lower`."""
    upper, lower = (np.asarray(table[name].combine_chunks(), dtype=np.uint64) for name in ("upper", "lower"))
    return upper, lower


def _over(con: duckdb.DuckDBPyConnection, rows: pa.Table, query: str) -> pa.Table:
    con.register("rows", rows)
    try:
        return con.sql(query).to_arrow_table()
    finally:
        con.unregister("rows")
