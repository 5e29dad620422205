"""Who an event belongs to: a function of the events and claims there are, not of the order they came in.

A *claim* says that an anonymous id was a certain user at a certain time; identify and alias calls make them.
An event with a user id belongs to that user. An event with only an anonymous id belongs to the user of the
next claim on that id at or after it, else of the last claim before it, else to the anonymous id itself. So a
shared device does not weld two people together, and a late claim corrects the past.

Ids are *streams* here: the 63-bit keys of `obverse.event.stream_key`. Where two claims on one anonymous id
name different users for the same microsecond, the smaller stream wins: a rule as good as any that does not
look at the order of arrival.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Int64s = NDArray[np.int64]


@dataclass(frozen=True)
class Claims:
    """Claims in any order, repeated ones included.

    Attributes:
        stream: shape (n,), the anonymous id's stream.
        time: shape (n,), µs since 1970 UTC.
        user: shape (n,), the user's stream.
    """

    stream: Int64s
    time: Int64s
    user: Int64s

    def sorted(self) -> Claims:
        """Sort by (stream, time, user), as `claim_at` needs them."""
        order = np.lexsort((self.user, self.time, self.stream))
        return Claims(self.stream[order], self.time[order], self.user[order])


def resolve(streams: Int64s, times: Int64s, claims: Claims) -> Int64s:
    """Give the stream of the person that each event belongs to.

    Args:
        streams: shape (n,), the stream each event came under; that of a user id resolves to itself.
        times: shape (n,), µs since 1970 UTC.
        claims: all claims known.

    Returns:
        Shape (n,), the person's stream: a user's, or an anonymous one that nobody ever claimed.

    >>> claims = Claims(np.array([7, 7]), np.array([100, 200]), np.array([1, 2]))
    >>> resolve(np.array([7, 7, 7, 8]), np.array([100, 101, 999, 0]), claims).tolist()
    [1, 2, 2, 8]
    """
    ordered = claims.sorted()
    first = np.searchsorted(ordered.stream, streams, side="left")
    end = np.searchsorted(ordered.stream, streams, side="right")
    return _owners(streams, times, first, end, ordered.time, ordered.user)


@njit(cache=True, nogil=True)
def claim_at(times: Int64s, first: int, end: int, time: int) -> int:
    """Find the claim that holds at a time among one id's, ``times[first:end]``, ascending and not empty.

    Returns:
        Index of the next at or after `time`, else of the last; the first one of several at the same time.
    """
    wanted = min(time, times[end - 1])
    low, high = first, end - 1
    while low < high:
        middle = (low + high) >> 1
        if times[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def _owners(
    streams: Int64s, times: Int64s, first: Int64s, end: Int64s, claim_times: Int64s, users: Int64s
) -> Int64s:
    people = streams.copy()
    for i in range(len(streams)):
        if first[i] < end[i]:
            people[i] = users[claim_at(claim_times, first[i], end[i], times[i])]
    return people
