"""Whose the events without a user id are: claims and events of one stream come together, claims first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obverse.engine.spark.recipe import CLAIM
from obverse.lake.identity import Claims, resolve


class Owning:
    """Replaces the stream of events by their person; sent to executors.

    Batches are sorted by stream, a stream's claims before its events, so that no more is held than a batch
    and the claims of one stream.

    Args:
        schema: of the rows to give.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give the events of each batch with their person as ``unit``."""
        held = _claims(pa.table({name: np.zeros(0, np.int64) for name in ("unit", "time", "seq")}))
        for batch in batches:
            rows = pa.Table.from_batches([batch])
            claiming = pc.not_equal(pc.bit_wise_and(rows["bits"], pa.scalar(1 << CLAIM)), 0)
            events = rows.filter(pc.invert(claiming))
            claims = _joined(held, _claims(rows.filter(claiming)))
            if rows.num_rows:
                held = _of(claims, rows["unit"][-1].as_py())
            if events.num_rows:
                yield from self._owned(events, claims)

    def _owned(self, events: pa.Table, claims: Claims) -> Iterator[pa.RecordBatch]:
        person = resolve(events["unit"].to_numpy(), events["time"].to_numpy(), claims)
        owned = events.set_column(0, "unit", pa.array(person))
        yield from owned.select(self._schema.names).cast(self._schema).to_batches()


def _claims(rows: pa.Table) -> Claims:
    return Claims(*(rows[name].to_numpy() for name in ("unit", "time", "seq")))


def _joined(some: Claims, more: Claims) -> Claims:
    return Claims(
        np.concatenate([some.stream, more.stream]),
        np.concatenate([some.time, more.time]),
        np.concatenate([some.user, more.user]),
    )


def _of(claims: Claims, stream: int) -> Claims:
    mine = claims.stream == stream
    return Claims(claims.stream[mine], claims.time[mine], claims.user[mine])
