"""Which session an event belongs to, found in one walk over a person's events, in memory of a person's size.

A *chain* is what sessions follow each other in: one for each touchpoint, and one for each of the client's own
session ids. An event brings the chain of its touchpoint up to date, and that of its id if it has one; a
silence (or midnight, or a new campaign) ends the chain's session. The event belongs to the session of its
id's chain, else of its touchpoint's. So events without an id are parted by silence among *all* of a
person's events at the touchpoint, as the tape parts them (`obverse.tape.units`).

The walk keeps a table of chains, a row each, that a new person begins anew, and finds an id's row by a small
hash table. Both grow, and are given back by the function that grew them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from obverse.tape.layout import Int32s, Int64s

OWNER, LAST, DAY_END, CAMPAIGN, PAGED, SESSION, ID, SLOT = range(8)
"""Columns of a chain: whose it is, its last event's time, when its session's day is over, the last campaign
that it came by, whether it has a page view, the number of its session (-1 for none yet), its id's code, and
where the hash table has it."""

WIDTH = 8
NEVER = 1 << 62

_SPREAD = 0x9E3779B1


class Cuts(NamedTuple):
    """What ends a session.

    Attributes:
        gap: a longer silence, µs.
        midnights: shape (n,), ascending: these instants; empty where midnight does not matter.
        campaigns: whether another campaign does.
        apart: whether each touchpoint has sessions of its own.
        ids: whether the client's own session ids count.
        n_touchpoints: codes of touchpoints are below this.
    """

    gap: int
    midnights: Int64s
    campaigns: bool
    apart: bool
    ids: bool
    n_touchpoints: int


@njit(nogil=True)
def new_chains(cuts: Cuts) -> tuple[Int64s, Int32s]:
    """Give a table of chains, those of touchpoints first, and a hash table of the others' rows."""
    chains = np.full((cuts.n_touchpoints + 64, WIDTH), -1, np.int64)
    return chains, np.zeros(256, np.int32)


@njit(nogil=True)
def brought_up(
    chains: Int64s, at: int, person: int, time: int, gap: int, campaign: int, viewed: bool, cuts: Cuts
) -> None:
    """Bring a chain up to an event, and leave it without a session where a new one begins.

    Args:
        chains: the table, changed in place.
        at: row of the chain.
        person: whose events these are.
        time: of the event.
        gap: a longer silence begins a new session, µs.
        campaign: number of the campaign that the event came by, -1 for none or where that does not matter.
        viewed: whether the event is a page view.
        cuts: what ends a session.
    """
    chain = chains[at]
    arrived = campaign >= 0 and chain[PAGED] == 1 and campaign != chain[CAMPAIGN]
    if chain[OWNER] != person or time - chain[LAST] > gap or time >= chain[DAY_END] or arrived:
        chain[OWNER] = person
        chain[DAY_END] = _day_end(cuts.midnights, time)
        chain[CAMPAIGN] = -1
        chain[PAGED] = 0
        chain[SESSION] = -1
    chain[LAST] = time
    if viewed:
        chain[PAGED] = 1
    if campaign >= 0:
        chain[CAMPAIGN] = campaign


@njit(nogil=True)
def _day_end(midnights: Int64s, time: int) -> int:
    at = np.searchsorted(midnights, time, side="right")
    return midnights[at] if at < len(midnights) else NEVER


@njit(nogil=True)
def chain_of_id(
    chains: Int64s, table: Int32s, first: int, n_ids: int, code: int
) -> tuple[Int64s, Int32s, int, int]:
    """Find the chain of a session id, or begin one.

    Args:
        chains: the table of chains.
        table: rows by hash. A place is taken if the row that it names is one of this person's and names the
            place in turn; so what former people left there is free.
        first: row of the first id's chain.
        n_ids: how many ids this person has shown so far.
        code: of the id.

    Returns:
        The two tables, grown where need be, how many ids there are now, and the chain's row.
    """
    at = _slot(chains, table, first, n_ids, code)
    row = first + n_ids
    if _taken(chains, table, first, n_ids, at):
        return chains, table, n_ids, table[at]
    if row == len(chains):
        chains = np.concatenate((chains, np.full_like(chains, -1)))
    chains[row, OWNER] = -1
    chains[row, ID] = code
    if 2 * (n_ids + 1) > len(table):
        table = np.zeros(2 * len(table), np.int32)
        for known in range(first, row):
            _put(chains, table, _slot(chains, table, first, known - first, chains[known, ID]), known)
        at = _slot(chains, table, first, n_ids, code)
    _put(chains, table, at, row)
    return chains, table, n_ids + 1, row


@njit(nogil=True)
def _slot(chains: Int64s, table: Int32s, first: int, n_ids: int, code: int) -> int:
    """Give the place of an id in the hash table, or the free one where it would be put."""
    at = (code * _SPREAD >> 8) & (len(table) - 1)
    while _taken(chains, table, first, n_ids, at) and chains[table[at], ID] != code:
        at = (at + 1) & (len(table) - 1)
    return at


@njit(nogil=True)
def _taken(chains: Int64s, table: Int32s, first: int, n_ids: int, at: int) -> bool:
    row = table[at]
    return bool(first <= row < first + n_ids and chains[row, SLOT] == at)


@njit(nogil=True)
def _put(chains: Int64s, table: Int32s, at: int, row: int) -> None:
    table[at] = row
    chains[row, SLOT] = at
