"""What happens away from the screen and brings visits to it: trips to a store, newsletters read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obverse.simulate.calendar import DAY_MS, HOUR_MS, Calendar
from obverse.simulate.model import Bools, Codes, Ints, Shop
from obverse.simulate.people import People


@dataclass(frozen=True)
class Trips:
    """Trips to a store, sorted by person and time.

    Attributes:
        person: who went.
        start_ms: when they came in.
        store: position in `Shop.stores`.
        kiosk: looked something up at the kiosk.
        bought: bought something at the till.
    """

    person: Codes
    start_ms: Ints
    store: Codes
    kiosk: Bools
    bought: Bools

    def recent(self, person: Codes, at_ms: Ints) -> Bools:
        """Tell who had been to a store in the 14 days before."""
        if not len(self.person):
            return np.zeros(len(person), dtype=bool)
        when, asked = _line(self.person, self.start_ms), _line(person, at_ms)
        last = np.searchsorted(when, asked, side="right") - 1
        recent: Bools = (last >= 0) & (asked - when[last.clip(0)] < 14 * DAY_MS)
        return recent


def _line(person: Codes, at_ms: Ints) -> Ints:
    """Put all people's instants on one line, each person far from the next."""
    return person.astype(np.int64) * (1 << 45) + at_ms


def trips(chance: np.random.Generator, shop: Shop, who: People, opening: Calendar) -> Trips:
    """Draw the trips: some go often, most once or never; each has a store that they like."""
    days = (opening.end_ms - opening.start_ms) / DAY_MS
    n = np.where(who.goes_to_stores, chance.poisson(shop.store_trips * days / 120, who.n), 0)
    person = np.repeat(np.arange(who.n, dtype=np.int32), n)
    start = opening.instants(who.country[person], chance.random(len(person)))
    order = np.lexsort((start, person))
    person, start = person[order], start[order]
    kept = spaced(person, start, 20 * HOUR_MS)
    store = chance.integers(0, len(shop.stores), who.n)[person].astype(np.int32)
    return Trips(
        person=person[kept],
        start_ms=start[kept],
        store=store[kept],
        kiosk=(chance.random(len(person)) < shop.kiosk)[kept],
        bought=(chance.random(len(person)) < shop.store_buys)[kept],
    )


@dataclass(frozen=True)
class Letters:
    """Newsletters that were opened.

    Attributes:
        person: who opened it.
        issue: number of the week.
        opened_ms: when it was opened.
        clicked_ms: when its link was followed, 0 where it was not.
    """

    person: Codes
    issue: Codes
    opened_ms: Ints
    clicked_ms: Ints


def letters(chance: np.random.Generator, shop: Shop, who: People, calendar: Calendar) -> Letters:
    """Draw who reads the weekly newsletter, sent on Tuesdays at 8 h UTC."""
    first_day = calendar.start_ms // DAY_MS + 1
    tuesday = first_day + (5 - first_day) % 7  # 1970 began on a Thursday
    sent = np.arange(tuesday * DAY_MS + 8 * HOUR_MS, calendar.end_ms, 7 * DAY_MS)
    readers = np.flatnonzero(who.subscriber)
    opened = chance.random((len(readers), len(sent))) < shop.open_rate
    reader, issue = np.nonzero(opened)
    n = len(reader)
    at = sent[issue] + (chance.lognormal(0.9, 1.3, n) * HOUR_MS).astype(np.int64).clip(20_000, 6 * DAY_MS)
    clicked = np.where(chance.random(n) < shop.click_rate, at + chance.integers(4_000, 60_000, n), 0)
    there = at < calendar.end_ms
    return Letters(
        readers[reader][there].astype(np.int32), issue[there].astype(np.int32), at[there], clicked[there]
    )


def spaced(group: Codes, at_ms: Ints, gap_ms: int) -> Bools:
    """Keep what does not follow another of its group within the gap; the first of a group is always kept."""
    order = np.lexsort((at_ms, group))
    near = (np.diff(group[order]) == 0) & (np.diff(at_ms[order]) < gap_ms)
    kept = np.ones(len(group), dtype=bool)
    kept[order[1:][near]] = False
    return kept
