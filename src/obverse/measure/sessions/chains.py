"""Which session an event belongs to, found in one walk over a person's events, in memory of a person's size.

A *chain* is what sessions follow each other in: one for each touchpoint, and one for each of the client's own
session ids. An event brings the chain of its touchpoint up to date, and that of its id if it has one; a
silence (or midnight, a new campaign, its greatest length) ends the chain's session. The event belongs to the
session of its id's chain, else of its touchpoint's. So events without an id are parted by silence among *all*
of a person's events at the touchpoint, as the tape parts them (`obverse.tape.units`).

The walk keeps a table of chains, a row each, that a new person begins anew, and finds an id's row by a small
hash table. Both have room for the person with the most events.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from obverse.tape.layout import Int32s, Int64s

OWNER, LAST, UNTIL, CAMPAIGN, PAGED, SESSION, ID, SLOT = range(8)
"""Columns of a chain: whose it is, its last event's time, when its session ends at the latest, the last
campaign that it came by, whether it has a page view, the number of its session (-1 for none yet), its id's
code, and where the hash table has it."""

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
        longest: no event belongs to a session that began longer ago, µs.
    """

    gap: int
    midnights: Int64s
    campaigns: bool
    apart: bool
    ids: bool
    n_touchpoints: int
    longest: int = NEVER


def new_chains(cuts: Cuts, most: int) -> tuple[Int64s, Int32s]:
    """Give a table of chains, those of touchpoints first, and a hash table of the others' rows.

    Args:
        cuts: what ends a session.
        most: the most events that a person has. A row is written when it is first used; so what nobody needs
            takes no memory.
    """
    most = most if cuts.ids else 0
    chains = np.empty((cuts.n_touchpoints + most, WIDTH), np.int64)
    chains[: cuts.n_touchpoints] = -1
    return chains, np.zeros(1 << max(8, (2 * most).bit_length()), np.int32)


@njit(nogil=True)
def goes_on(chains: Int64s, at: int, person: int, time: int, gap: int) -> bool:
    """Say whether a chain's session goes on with an event, campaigns apart."""
    mine = chains[at, OWNER] == person
    return bool(mine and time - chains[at, LAST] <= gap and time < chains[at, UNTIL])


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
    arrived = campaign >= 0 and chains[at, PAGED] == 1 and campaign != chains[at, CAMPAIGN]
    if arrived or not goes_on(chains, at, person, time, gap):
        chains[at, OWNER] = person
        chains[at, UNTIL] = session_end(cuts, time)
        chains[at, CAMPAIGN] = -1
        chains[at, PAGED] = 0
        chains[at, SESSION] = -1
    chains[at, LAST] = time
    if viewed:
        chains[at, PAGED] = 1
    if campaign >= 0:
        chains[at, CAMPAIGN] = campaign


@njit(nogil=True)
def session_end(cuts: Cuts, start: int) -> int:
    """Give the instant from which on no event belongs to a session, whatever happens in between.

    Args:
        cuts: what ends a session.
        start: of the session, µs.
    """
    end = start + cuts.longest + 1
    if len(cuts.midnights):
        at = np.searchsorted(cuts.midnights, start, side="right")
        if at < len(cuts.midnights):
            end = min(end, cuts.midnights[at])
    return end


@njit(nogil=True)
def chain_of_id(chains: Int64s, table: Int32s, first: int, n_ids: int, code: int) -> int:
    """Find the chain of a session id, or begin one.

    Args:
        chains: the table of chains.
        table: rows by hash. A place is taken if the row that it names is one of this person's and names the
            place in turn; so what former people left there is free.
        first: row of the first id's chain.
        n_ids: how many ids this person has shown so far.
        code: of the id.

    Returns:
        The chain's row; ``first + n_ids`` for a new one.
    """
    at = _slot(chains, table, first, n_ids, code)
    if _taken(chains, table, first, n_ids, at):
        return int(table[at])
    row = first + n_ids
    chains[row, OWNER] = -1
    chains[row, ID] = code
    chains[row, SLOT] = at
    table[at] = row
    return row


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
