"""Names of a few people by their keys: read by Spark, since only it has looked at all ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from obverse.engine.spark.narrowing import asked, bases
from obverse.engine.spark.source import Source
from obverse.tape.people import MAX_IDS, Person
from obverse.tape.reels import ANONYMOUS_SQL, CLAIM_SQL, CLAIMING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_IDS = ("user_id", "anonymous_id")


class Identifying:
    """Gives the ids that came under some streams, or the streams that some users claimed; sent to executors.

    Args:
        stream: SQL of an event's stream.
        keys: the streams.
        claims: whether to give the claims of these users instead of their ids.
    """

    def __init__(self, stream: str, keys: Sequence[int], claims: bool) -> None:
        self._keys = list(keys)
        what = f"{ANONYMOUS_SQL} AS anonymous" if claims else "user_id, anonymous_id"
        which = CLAIM_SQL if claims else "true"
        self._sql = (
            f"SELECT DISTINCT {stream} AS key, {what} FROM events "  # noqa: S608 - ours
            f"WHERE {which} AND {stream} IN (FROM unnest($keys))"
        )

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give what is found in each batch."""
        for base in bases(batches):
            yield from asked(base, self._sql, {"keys": self._keys}).to_batches()


def named(source: Source, keys: Sequence[int], claimed: bool) -> tuple[Person, ...]:
    """Name people, in the order given; what comes to the driver is bounded by how many they are."""
    if not keys:
        return ()
    streams = {key: {key} for key in keys}
    if claimed:
        for row in _claims(source, keys).collect():
            streams[row.key].add(row.anonymous)
    every = sorted({stream for mine in streams.values() for stream in mine})
    ids = {row.key: row for row in _ids(source, every).collect()}
    people = []
    for key in keys:
        devices = {one for stream in streams[key] if stream in ids for one in ids[stream].anonymous_ids}
        user = ids[key].user_id if key in ids else None
        people.append(Person(key, user, tuple(sorted(devices)[:MAX_IDS])))
    return tuple(people)


def _claims(source: Source, users: Sequence[int]) -> DataFrame:
    """Give the streams that some users ever claimed."""
    events = source.frame(("stream", "type", *_IDS)).where(f"type IN {CLAIMING}")
    return events.mapInArrow(Identifying(source.stream, users, True), "key long, anonymous long").distinct()


def _ids(source: Source, streams: Sequence[int]) -> DataFrame:
    """Give the user id of some streams and the anonymous ids that came under them."""
    from pyspark.sql import functions as fn

    events = source.frame(("stream", *_IDS))
    found = events.mapInArrow(
        Identifying(source.stream, streams, False), "key long, user_id string, anonymous_id string"
    )
    devices = fn.slice(fn.array_sort(fn.collect_set("anonymous_id")), 1, MAX_IDS)
    return found.groupBy("key").agg(fn.max("user_id").alias("user_id"), devices.alias("anonymous_ids"))
