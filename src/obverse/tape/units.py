"""Units other than people: parts of a person (sessions, same values) and accounts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from obverse.tape.arrange import arrange, frozen, units
from obverse.tape.layout import Int32s, Int64s

GAP_US = 30 * 60 * 1_000_000
"""A longer gap between a person's events at one touchpoint ends their session."""


def number_parts(
    offsets: Sequence[Int64s], keys: Sequence[Int64s], n_people: int
) -> tuple[list[Int32s], Int32s]:
    """Number the parts that events fall into: one for each person and key that occur together.

    Args:
        offsets: of each track, by person.
        keys: key of each track's events; -1 for an event that falls into none.
        n_people: people.

    Returns:
        The part of each track's events (-1 for none), and the person of each part, non-decreasing.
    """
    people = [units(frozen(part)) for part in offsets]
    for person, key in zip(people, keys, strict=True):
        person[key == -1] = -1
    all_people, all_keys = np.concatenate(people), np.concatenate(list(keys))
    bounds, order, by_key = arrange(frozen(all_people), n_people, frozen(all_keys))
    numbers = np.full(len(all_people), -1, np.int32)
    fresh = np.ones(len(order), bool)
    fresh[1:] = by_key[1:] != by_key[:-1]
    starts = bounds[:-1]
    fresh[starts[starts < len(order)]] = True
    numbers[order] = np.cumsum(fresh, dtype=np.int32) - 1
    cuts = np.cumsum([len(key) for key in keys])[:-1]
    return np.split(numbers, cuts), frozen(all_people[order[fresh]])


def mixed(keys: Int64s, more: Int64s) -> Int64s:
    """Give one 63-bit key for each pair of keys, -1 where either is; two pairs share one by chance alone."""
    both = _scattered(_scattered(keys.view(np.uint64)) + more.view(np.uint64)) >> np.uint64(1)
    return np.where((keys == -1) | (more == -1), -1, both.view(np.int64))


def _scattered(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread keys over all 64 bits, one to one: the finish of SplitMix64 (Steele, Lea and Flood 2014)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


@njit(cache=True, nogil=True)
def session_starts(offsets: Int64s, time: Int64s, touchpoint: Int32s, n_touchpoints: int) -> Int64s:
    """Find the session of every event: no gap over 30 minutes between a person's events at one touchpoint.

    Args:
        offsets: of all events, by person.
        time: of all events.
        touchpoint: of all events, below `n_touchpoints`.
        n_touchpoints: touchpoints.

    Returns:
        For each event the index of the first event of its session.
    """
    starts = np.empty(len(time), np.int64)
    last = np.zeros(n_touchpoints, np.int64)
    begun = np.full(n_touchpoints, -1, np.int64)
    for u in range(len(offsets) - 1):
        for i in range(offsets[u], offsets[u + 1]):
            at = touchpoint[i]
            if begun[at] < offsets[u] or time[i] - last[at] > GAP_US:
                begun[at] = i
            last[at] = time[i]
            starts[i] = begun[at]
    return starts


@njit(cache=True, nogil=True)
def looked_up(
    offsets: Int64s, time: Int64s, seq: Int64s, all_offsets: Int64s, all_time: Int64s, all_seq: Int64s
) -> Int64s:
    """Find a track's events among all events of the same people; -1 for one that is not there."""
    found = np.full(len(time), -1, np.int64)
    for u in range(len(offsets) - 1):
        j = all_offsets[u]
        for i in range(offsets[u], offsets[u + 1]):
            while j < all_offsets[u + 1] and (
                all_time[j] < time[i] or (all_time[j] == time[i] and all_seq[j] < seq[i])
            ):
                j += 1
            if j < all_offsets[u + 1] and all_seq[j] == seq[i]:
                found[i] = j
    return found


@njit(cache=True, nogil=True)
def account_keys(
    offsets: Int64s, time: Int64s, own: Int64s, group_offsets: Int64s, group_time: Int64s, group_key: Int64s
) -> Int64s:
    """Find the account of each event.

    It is the event's own; else that of the person's last group call at or before it, else of their first
    one; of several at the same time the smallest key.

    Args:
        offsets: of the track, by person.
        time: of the track's events.
        own: key of the account that each event names, -1 for none.
        group_offsets: of the group calls, by person.
        group_time: of the group calls.
        group_key: key of the account that each names.

    Returns:
        Key of each event's account, -1 for none.
    """
    keys = own.copy()
    for u in range(len(offsets) - 1):
        first, end = group_offsets[u], group_offsets[u + 1]
        at = first
        for i in range(offsets[u], offsets[u + 1]):
            while at + 1 < end and group_time[at + 1] <= time[i]:
                at += 1
            if keys[i] == -1 and first < end:
                keys[i] = _smallest_at(group_time, group_key, first, end, group_time[at])
    return keys


@njit(cache=True, nogil=True)
def _smallest_at(group_time: Int64s, group_key: Int64s, first: int, end: int, time: int) -> int:
    low, high = first, end
    while low < high:
        middle = (low + high) >> 1
        if group_time[middle] < time:
            low = middle + 1
        else:
            high = middle
    smallest: int = group_key[low]
    while low < end and group_time[low] == time:
        smallest = min(smallest, group_key[low])
        low += 1
    return smallest
