"""People: finding one, naming those behind a number, and a person's timeline over all ids and devices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from obverse.errors import NotFoundError
from obverse.event import SCHEMA, stream_key
from obverse.tape.arrange import frozen
from obverse.tape.directory import Directory
from obverse.tape.layout import Int32s, Int64s
from obverse.tape.reading import Reader
from obverse.tape.reels import Reels

MAX_IDS = 50
"""Anonymous ids of one person that are named."""

Span = tuple[int, int, int]
EVER = 1 << 62

_COLUMNS = ", ".join(name for name in SCHEMA.names if name != "day")
_SPANS = "(SELECT unnest($streams) AS stream, unnest($after) AS after, unnest($until) AS until)"
_IDS = "SELECT DISTINCT stream, user_id, anonymous_id FROM {ids} WHERE list_contains($streams, stream)"
_TIMELINE = (
    f"SELECT {_COLUMNS} FROM {{events}} JOIN {_SPANS} USING (stream) "  # noqa: S608 - ours
    "WHERE epoch_us(time) > after AND epoch_us(time) <= until AND epoch_us(time) < $before "
    "QUALIFY rank() OVER (ORDER BY time DESC) <= $n ORDER BY time DESC, seq DESC"
)
_FOUND = """SELECT stream, min(fit) AS fit FROM (SELECT stream, CASE
    WHEN user_id = $text OR anonymous_id = $text THEN 0
    WHEN starts_with(lower(user_id), $lower) OR starts_with(email, $lower) THEN 1
    WHEN starts_with(lower(anonymous_id), $lower) THEN 2 END AS fit
  FROM {ids}) WHERE fit IS NOT NULL GROUP BY stream ORDER BY fit, stream LIMIT $n"""
FEW_STREAMS = 6
"""Streams that are read one by one, which lets the files' statistics rule out most of them."""


@dataclass(frozen=True)
class Person:
    """One person as far as is known.

    Attributes:
        key: stream key of the user id, or of the anonymous id of one who never identified; as text in a URL,
            since it has 63 bits.
        user_id: None for one who never identified.
        anonymous_ids: devices and browsers, ascending, at most `MAX_IDS`; shared ones are with each who used
            them.
    """

    key: int
    user_id: str | None
    anonymous_ids: tuple[str, ...]


class People:
    """Looks people up in the lake by the streams that belong to them."""

    def __init__(self, reels: Reels, reader: Reader, directory: Directory) -> None:
        self._reels = reels
        self._reader = reader
        self._directory = directory

    def person_of(self, user_id: str | None, anonymous_id: str | None) -> int:
        """Give the key of a user, or of the person who an anonymous id belongs to from now on."""
        key = stream_key(user_id, anonymous_id)
        with self._reels.lock:
            self._reels.refresh()
            code = self._reels.streams.lookup(np.array([key]))
            owner = self._reels.owners.people(code, np.array([EVER])) if code[0] >= 0 else code
            return int(self._reels.streams.keys[owner[0]]) if owner[0] >= 0 else key

    def numbered(self, persons: Int32s) -> list[Person]:
        """Name people by their numbers in a layout."""
        with self._reels.lock:
            keys = self._reels.streams.keys[persons].tolist()
        return self.named(keys)

    def keys(self, persons: Int32s) -> Int64s:
        """Give the keys of people by their numbers in a layout."""
        with self._reels.lock:
            return self._reels.streams.keys[persons]

    def numbers(self, keys: Int64s) -> Int32s:
        """Give the numbers of the people behind keys, ascending, each once; of who is unknown none."""
        with self._reels.lock:
            self._reels.refresh()
            codes = self._reels.streams.lookup(keys)
            known = frozen(codes[codes >= 0])
            return np.unique(self._reels.owners.people(known, frozen(np.full(len(known), EVER))))

    def streams(self, persons: Int32s) -> tuple[Int64s, Int64s]:
        """Give the keys of all ids whose next event would be one of some people's.

        Args:
            persons: their numbers in a layout, each once.

        Returns:
            The keys, ascending, and for each the position of its person in `persons`.
        """
        with self._reels.lock:
            n = len(self._reels.streams)
            owners = self._reels.owners.people(np.arange(n, dtype=np.int32), np.full(n, EVER))
            at = np.full(n, -1)
            at[persons] = np.arange(len(persons))
            whose = at[owners]
            found = np.flatnonzero(whose >= 0)
            keys = self._reels.streams.keys[found]
        order = np.argsort(keys)
        return keys[order], whose[found][order]

    def named(self, keys: Sequence[int]) -> list[Person]:
        """Name people by key, in the order given."""
        with self._reels.lock:
            self._reels.refresh()
            streams = {key: [span[0] for span in self._spans(key)] for key in keys}
        wanted = sorted({stream for mine in streams.values() for stream in mine} | set(keys))
        ids = self._directory.ask(_IDS, {"streams": wanted}).to_pylist() if wanted else []
        users = {row["stream"]: row["user_id"] for row in ids}
        devices: dict[int, set[str]] = {}
        for row in ids:
            if row["anonymous_id"] is not None:
                devices.setdefault(row["stream"], set()).add(row["anonymous_id"])
        people = []
        for key in keys:
            names = {name for stream in {key, *streams[key]} for name in devices.get(stream, ())}
            people.append(Person(key, users.get(key), tuple(sorted(names)[:MAX_IDS])))
        return people

    def behind(self, keys: Sequence[int]) -> list[Person]:
        """Name the people whom ids belong to from now on, by the keys of the ids, in the order given."""
        with self._reels.lock:
            self._reels.refresh()
            codes = self._reels.streams.lookup(np.array(keys, np.int64))
            known = frozen(codes[codes >= 0])
            owners = iter(self._reels.owners.people(known, frozen(np.full(len(known), EVER))).tolist())
            streams = self._reels.streams.keys
            people = [
                int(streams[next(owners)]) if code >= 0 else key
                for key, code in zip(keys, codes.tolist(), strict=True)
            ]
        return self.named(people)

    def find(self, text: str, limit: int) -> list[Person]:
        """Find people by an id or the beginning of an id or of an e-mail address, exact ids first."""
        if not text.strip() or limit < 1:
            return []
        with self._reels.lock:
            self._reels.refresh()
        params = {"text": text.strip(), "lower": text.strip().lower(), "n": 10 * limit}
        found = self._directory.ask(_FOUND, params)["stream"].to_pylist()
        with self._reels.lock:
            keys = dict.fromkeys(owner for stream in found for owner in self._owners(stream))
        return self.named(list(keys)[:limit])

    def timeline(self, key: int, limit: int, before: int | None) -> pa.Table:
        """Read a person's events, newest first.

        Args:
            key: the person's.
            limit: rows; more only where the last of them share one instant with others.
            before: only events before this, µs since 1970 UTC: the time of the last row of the page before.

        Raises:
            NotFoundError: no event belongs to that person.
        """
        with self._reels.lock:
            self._reels.refresh()
            spans = self._spans(key)
        bounds = {"before": EVER if before is None else before, "n": limit}
        names = ("streams", "after", "until")
        params = {name: [span[at] for span in spans] for at, name in enumerate(names)}
        sql = _TIMELINE.format(events=_events({span[0] for span in spans}))
        found = self._reader.arrow(sql, {**params, **bounds}) if spans else SCHEMA.empty_table()
        if found.num_rows == 0 and before is None:
            raise NotFoundError(f"no person {key}")
        if "day" not in found.column_names:
            found = found.append_column("day", pc.cast(found["received_at"], pa.date32(), safe=False))
        return found.select(SCHEMA.names).cast(SCHEMA)

    def _spans(self, key: int) -> list[Span]:
        """Give (stream key, after, until) of each stretch of events that are a person's."""
        code = int(self._reels.streams.lookup(np.array([key]))[0])
        if code < 0:
            return [(key, -EVER, EVER)]
        keys = self._reels.streams.keys
        return [
            (int(keys[stream]), -EVER if after is None else after, EVER if until is None else until)
            for stream, after, until in self._reels.owners.spans(code)
        ]

    def _owners(self, stream: int) -> Iterable[int]:
        code = self._reels.streams.lookup(np.array([stream]))
        users = self._reels.owners.users(code) if code[0] >= 0 else code[:0]
        return self._reels.streams.keys[users].tolist() or [stream]


def _events(streams: set[int]) -> str:
    """Write the source of some streams' events, ``{source}`` still to be filled in."""
    if len(streams) > FEW_STREAMS:
        return "{source}"
    each = [f"(SELECT {_COLUMNS} FROM {{source}} WHERE stream = {int(stream)})" for stream in sorted(streams)]  # noqa: S608
    return "(" + " UNION ALL ".join(each) + ")"
