"""Keys of ids against Python's own digest: they are on disk, and no version may change them."""

from __future__ import annotations

from hashlib import md5

import duckdb
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from obverse.event import stream_key
from obverse.lake.hashing import message_keys, streams

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(st.lists(st.tuples(TEXT, TEXT, TEXT, TEXT | st.none()), max_size=20))
def test_keys_are_those_of_the_digest(rows: list[tuple[str, str, str, str | None]]) -> None:
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    names = ("source", "message_id", "anonymous_id", "user_id")
    table = pa.table([pa.array(values, pa.string()) for values in columns], names=names)
    with duckdb.connect() as con:
        upper, lower = message_keys(con, table)
        found = streams(con, table).to_pylist()
    digests = [
        md5(f"{len(one[0])}:{one[0]}{one[1]}".encode(), usedforsecurity=False).digest() for one in rows
    ]
    assert upper.tolist() == [int.from_bytes(one[:8], "little") for one in digests]
    assert lower.tolist() == [int.from_bytes(one[8:], "little") for one in digests]
    assert found == [stream_key(user, anonymous) for _, _, anonymous, user in rows]
