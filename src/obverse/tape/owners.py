"""The claims known so far, kept so that finding an event's person and adding late claims are both cheap.

Streams and people are dense numbers here (`obverse.tape.codes`); a person's number is that of their canonical
stream: a user id's, or that of an anonymous id nobody claimed. The rule is `obverse.lake.identity`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from obverse.lake.identity import claim_at
from obverse.tape.arrange import frozen
from obverse.tape.layout import Int32s, Int64s

_EMPTY: tuple[Int32s, Int64s, Int32s, Int64s] = (
    np.zeros(0, np.int32),
    np.zeros(0, np.int64),
    np.zeros(0, np.int32),
    np.zeros(0, np.int64),
)


@dataclass(frozen=True)
class Claimed:
    """Claims, one an index: an anonymous stream, a time in µs, a user's stream, the number of the event."""

    stream: Int32s
    time: Int64s
    user: Int32s
    seq: Int64s

    @classmethod
    def none(cls) -> Claimed:
        """Give no claims."""
        return cls(*_EMPTY)

    def take(self, order: Int64s) -> Claimed:
        """Pick and order claims by index."""
        return Claimed(self.stream[order], self.time[order], self.user[order], self.seq[order])


class Owners:
    """Whose a stream is at a time.

    The claims of one stream lie together in a pool, sorted by (time, user). New claims on it write all of its
    claims anew at the pool's end; what is left behind is swept once it is more than half of the pool.
    """

    def __init__(self) -> None:
        self._first = np.zeros(0, np.int32)
        self._count = np.zeros(0, np.int32)
        self._pool = Claimed.none()
        self._n_live = 0

    @classmethod
    def again(cls, claims: Claimed, n_streams: int) -> Owners:
        """Make it of what `all` gave."""
        owners = cls()
        owners._first, owners._count = np.zeros(n_streams, np.int32), np.zeros(n_streams, np.int32)
        owners._pool = claims
        owners._n_live = len(claims.stream)
        first = np.flatnonzero(np.diff(claims.stream, prepend=-1)).astype(np.int32)
        owners._first[claims.stream[first]] = first
        owners._count[claims.stream[first]] = np.diff(first, append=np.int32(len(claims.stream)))
        return owners

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return 24 * len(self._pool.stream) + 8 * len(self._first)

    def add(self, claims: Claimed, keys: Int64s) -> None:
        """Add claims; one that is there already changes nothing.

        Args:
            claims: in any order.
            keys: key of each stream: of users who claim a stream at the same time the smallest key wins.
        """
        self._widen(len(keys))
        touched = np.unique(claims.stream)
        both = _joined(self._of(touched), claims)
        both = both.take(np.lexsort((both.seq, keys[both.user], both.time, both.stream)))
        self._write(touched, both.take(np.flatnonzero(_distinct(both))))

    def _widen(self, n_streams: int) -> None:
        if n_streams > len(self._first):
            more = np.zeros(n_streams - len(self._first) + n_streams // 8, np.int32)
            self._first = np.concatenate([self._first, more])
            self._count = np.concatenate([self._count, more])

    def _of(self, streams: Int32s) -> Claimed:
        return self._pool.take(_spread(self._first[streams], self._count[streams]))

    def _write(self, streams: Int32s, claims: Claimed) -> None:
        self._n_live += len(claims.stream) - int(self._count[streams].sum())
        counts = np.diff(np.append(np.searchsorted(claims.stream, streams), len(claims.stream)))
        self._first[streams] = len(self._pool.stream) + np.cumsum(counts) - counts
        self._count[streams] = counts
        self._pool = _joined(self._pool, claims)
        if len(self._pool.stream) > 2 * self._n_live + 4096:
            self._sweep()

    def _sweep(self) -> None:
        streams = np.flatnonzero(self._count).astype(np.int32)
        self._pool = self._of(streams)
        counts = self._count[streams]
        self._first[streams] = np.cumsum(counts) - counts

    def all(self) -> Claimed:
        """Give every claim, for keeping."""
        self._sweep()
        return self._pool

    def since(self, seq: int) -> Int32s:
        """Give the streams with claims of later events than `seq`."""
        return np.unique(self._pool.stream[self._pool.seq > seq])

    def people(self, streams: Int32s, times: Int64s) -> Int32s:
        """Give the person of each event, by the stream it came under and its time."""
        if len(self._pool.stream) == 0:
            return streams
        return _people(
            frozen(streams), frozen(times), self._first, self._count, self._pool.time, self._pool.user
        )

    def users(self, streams: Int32s) -> Int32s:
        """Give all users who ever claimed one of the streams."""
        return np.unique(self._of(streams[streams < len(self._count)]).user)

    def streams(self, person: int) -> Int32s:
        """Give the streams that a person ever claimed, ascending."""
        return np.unique(self._pool.stream[self._pool.user == person])

    def spans(self, person: int) -> list[tuple[int, int | None, int | None]]:
        """Give (stream, after, until) of each stretch of a stream that belongs to a person.

        The stretch holds the events with ``after < time <= until``; None is no bound.
        """
        found: list[tuple[int, int | None, int | None]] = []
        for stream in self.streams(person).tolist():
            found += self._stretches(stream, person)
        if person >= len(self._count) or self._count[person] == 0:
            found.append((person, None, None))
        return found

    def _stretches(self, stream: int, person: int) -> list[tuple[int, int | None, int | None]]:
        mine = self._of(np.array([stream], np.int32))
        first = np.flatnonzero(np.append(True, mine.time[1:] != mine.time[:-1]))
        times, users = mine.time[first].tolist(), mine.user[first].tolist()
        return [
            (stream, times[i - 1] if i else None, times[i] if i + 1 < len(times) else None)
            for i in range(len(times))
            if users[i] == person
        ]


def _joined(some: Claimed, more: Claimed) -> Claimed:
    return Claimed(
        np.concatenate([some.stream, more.stream]),
        np.concatenate([some.time, more.time]),
        np.concatenate([some.user, more.user]),
        np.concatenate([some.seq, more.seq]),
    )


def _distinct(claims: Claimed) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    fresh = np.ones(len(claims.stream), bool)
    fresh[1:] = (
        (claims.stream[1:] != claims.stream[:-1])
        | (claims.time[1:] != claims.time[:-1])
        | (claims.user[1:] != claims.user[:-1])
    )
    return fresh


def _spread(first: Int32s, count: Int32s) -> Int64s:
    """List first, first + 1, …, first + count - 1 for each pair, one after the other."""
    ends = np.cumsum(count, dtype=np.int64)
    each: Int64s = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - count), count)
    return each


@njit(cache=True, nogil=True)
def _people(
    streams: Int32s, times: Int64s, first: Int32s, count: Int32s, claim_times: Int64s, users: Int32s
) -> Int32s:
    people = streams.copy()
    for i in range(len(streams)):
        stream = streams[i]
        if stream < len(count) and count[stream] > 0:
            end = first[stream] + count[stream]
            people[i] = users[claim_at(claim_times, first[stream], end, times[i])]
    return people
