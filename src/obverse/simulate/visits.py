"""Visits to the shop online: who came when, on what, through what, and how far each got."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from obverse.simulate.calendar import DAY_MS, HOUR_MS, Calendar
from obverse.simulate.model import (
    ADD,
    APP,
    CHECKOUT,
    DESKTOP,
    DIRECT,
    KIOSK,
    NEWSLETTER,
    ORDER,
    Bools,
    Codes,
    Floats,
    Ints,
    Shop,
    begins,
    likely,
    pick,
)
from obverse.simulate.outside import Letters, Trips, spaced
from obverse.simulate.people import Devices, People

SPACE_MS = 3 * HOUR_MS
"""The least time between the starts of two visits of one person; a visit itself is shorter."""


@dataclass(frozen=True)
class Visits:
    """The visits, numbered from 0. All columns have shape (n,) but `chances`.

    Attributes:
        person: whose it is.
        device: on what.
        channel: position in `Shop.channels` of what brought it.
        start_ms: when it began, ms since 1970 UTC.
        kind: position in `Shop.devices` of the device's kind.
        country: position in `Shop.countries`.
        origin: visit whose cart it takes up; its own number where it does not.
        chat: had a chat with support.
        struck: the incident could strike it.
        chances: shape (n, 4), the chance of each step that it was drawn with; 0 for steps before a return's.
        reached: how many of the four steps it climbed.
        reminded: was brought by a reminder of the cart, by e-mail.
    """

    person: Codes
    device: Codes
    channel: Codes
    start_ms: Ints
    kind: Codes
    country: Codes
    origin: Codes
    chat: Bools
    struck: Bools
    chances: Floats
    reached: Codes
    reminded: Bools

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.person)

    @property
    def back(self) -> Bools:
        """Whether each takes up an earlier visit's cart."""
        back: Bools = self.origin != np.arange(self.n)
        return back


@dataclass(frozen=True)
class _Arrivals:
    person: Codes
    device: Codes
    channel: Codes
    start_ms: Ints

    def only(self, kept: Bools) -> _Arrivals:
        return _Arrivals(self.person[kept], self.device[kept], self.channel[kept], self.start_ms[kept])


def visits(
    chance: np.random.Generator,
    shop: Shop,
    who: People,
    devices: Devices,
    calendar: Calendar,
    trips: Trips,
    letters: Letters,
) -> Visits:
    """Draw all visits: people's own, those from newsletters, those at kiosks, and the returns to carts."""
    came = [
        _own(chance, shop, who, calendar),
        _from_letters(chance, who, letters),
        _at_kiosks(shop, devices, trips),
    ]
    names = _Arrivals.__dataclass_fields__
    all_of = _Arrivals(*(np.concatenate([getattr(part, c) for part in came]) for c in names))
    all_of = all_of.only(all_of.start_ms < calendar.end_ms - SPACE_MS)
    all_of = all_of.only(spaced(all_of.person, all_of.start_ms, SPACE_MS))
    together = spaced(all_of.device, all_of.start_ms, SPACE_MS) | ~devices.shared[all_of.device]
    drawn = _outcomes(chance, shop, who, devices, calendar, trips, all_of.only(together))
    return _returns(chance, shop, who, devices, calendar, drawn)


def _own(chance: np.random.Generator, shop: Shop, who: People, calendar: Calendar) -> _Arrivals:
    """Draw each person's first visit and, denser soon after it, the later ones."""
    since = who.first.clip(0)
    later = chance.poisson(who.activity * (1 - since)).clip(0, 70)
    number = np.concatenate((np.arange(who.n), np.repeat(np.arange(who.n), later)))
    soon = chance.beta(0.75, 1.25, len(number))
    since_long = who.first[number] < 0
    share = np.where(since_long, chance.random(len(number)), since[number] + (1 - since[number]) * soon)
    is_first = np.arange(len(number)) < who.n
    share = np.where(is_first & ~since_long, who.first[number], share)
    again = pick(chance, [c.again for c in shop.channels], len(number))
    own = chance.random(len(number)) < 0.15
    return _Arrivals(
        person=number.astype(np.int32),
        device=np.where(is_first, who.primary[number], _choice(chance, who, number, app=1.6)),
        channel=np.where(is_first | own, who.channel[number], again),
        start_ms=calendar.instants(who.country[number], share),
    )


def _choice(chance: np.random.Generator, who: People, person: Codes | Ints, app: float) -> Codes:
    """Choose one of each one's devices: mostly the first, or the app where there is one."""
    owned = np.stack([who.primary, who.second, who.app, who.tablet], axis=1)[person]
    weight = np.cumsum(np.where(owned >= 0, np.array([1.0, 0.55, app, 0.7]), 0.0), axis=1)
    drawn = chance.random(len(person)) * weight[:, -1]
    position = (drawn[:, None] >= weight).sum(axis=1)
    return np.take_along_axis(owned, position[:, None], axis=1)[:, 0].astype(np.int32)


def _from_letters(chance: np.random.Generator, who: People, letters: Letters) -> _Arrivals:
    clicked = letters.clicked_ms > 0
    person = letters.person[clicked]
    return _Arrivals(
        person=person,
        device=_choice(chance, who, person, app=0.0),
        channel=np.full(len(person), NEWSLETTER, dtype=np.int32),
        start_ms=letters.clicked_ms[clicked] + 1_500,
    )


def _at_kiosks(shop: Shop, devices: Devices, trips: Trips) -> _Arrivals:
    first_kiosk = len(devices.kind) - len(shop.stores)
    return _Arrivals(
        person=trips.person[trips.kiosk],
        device=(first_kiosk + trips.store[trips.kiosk]).astype(np.int32),
        channel=np.full(trips.kiosk.sum(), DIRECT, dtype=np.int32),
        start_ms=trips.start_ms[trips.kiosk] + 150_000,
    )


def struck(shop: Shop, calendar: Calendar, kind: Codes, at_ms: Ints) -> Bools:
    """Tell where and when the planted incident could strike."""
    start, end = incident_window(shop, calendar)
    names = [d.name for d in shop.devices]
    hit: Bools = (kind == names.index(shop.incident.device)) & (at_ms >= start) & (at_ms < end)
    return hit


def incident_window(shop: Shop, calendar: Calendar) -> tuple[int, int]:
    """Give the incident's first instant and the first after it, ms since 1970 UTC."""
    length = calendar.end_ms - calendar.start_ms
    start = calendar.start_ms + round(shop.incident.from_share * length / HOUR_MS) * HOUR_MS
    return start, min(start + round(shop.incident.days * DAY_MS), calendar.end_ms)


def _outcomes(
    chance: np.random.Generator,
    shop: Shop,
    who: People,
    devices: Devices,
    calendar: Calendar,
    trips: Trips,
    came: _Arrivals,
) -> Visits:
    """Draw how far each visit gets, from its groups' chances and from what is special about it."""
    n = len(came.person)
    kind, country = devices.kind[came.device], who.country[came.person]
    chances = shop.rates(came.channel, kind, country)
    chat = chance.random(n) < shop.chat
    warm = trips.recent(came.person, came.start_ms) & (kind != KIOSK)
    eager = np.where(chat, shop.chat_effect, 1.0) * np.where(warm, shop.store_effect, 1.0)
    chances[:, 1] *= eager
    chances[:, 2] *= np.sqrt(eager)
    only_looks = (who.account[came.person] >= 0) & ~who.buyer[came.person]
    chances[only_looks, 1] *= 1.8
    chances[only_looks, 2] = 0.0
    hit = struck(shop, calendar, kind, came.start_ms)
    chances[hit, 3] *= shop.incident.factor
    chances = likely(chances)
    climbed = np.cumprod(chance.random((n, 4)) < chances, axis=1)
    reached = climbed.sum(axis=1).astype(np.int32)
    return Visits(
        person=came.person,
        device=came.device,
        channel=came.channel.astype(np.int32),
        start_ms=came.start_ms,
        kind=kind,
        country=country,
        origin=np.arange(n, dtype=np.int32),
        chat=chat & (reached > 0),
        struck=hit,
        chances=chances,
        reached=reached,
        reminded=np.zeros(n, dtype=bool),
    )


def _returns(
    chance: np.random.Generator, shop: Shop, who: People, devices: Devices, calendar: Calendar, seen: Visits
) -> Visits:
    """Add visits that take up a cart days later: often on the desktop; in organisations by the buyer."""
    for_buyer = (who.account[seen.person] >= 0) & ~who.buyer[seen.person]
    share = np.select([for_buyer, seen.reached == ADD, seen.reached == CHECKOUT], [0.5, *shop.returns], 0.0)
    taken_up = (chance.random(seen.n) < share) & (seen.reached >= ADD) & (seen.reached < ORDER)
    origin = np.flatnonzero(taken_up & (seen.kind != KIOSK)).astype(np.int32)
    n = len(origin)
    person = seen.person[origin]
    person = np.where(for_buyer[origin], _buyer_of(who)[who.account[person]], person)
    at = seen.start_ms[origin] + chance.integers(1, 4, n) * DAY_MS + chance.integers(-2, 3, n) * HOUR_MS
    second = who.second[person]
    at_desk = (second >= 0) & (devices.kind[second] == DESKTOP) & (chance.random(n) < 0.6)
    device = np.where(at_desk, second, who.primary[person]).astype(np.int32)
    reminded = who.subscriber[person] & ~for_buyer[origin] & (chance.random(n) < 0.5)
    channel = np.where(reminded, NEWSLETTER, DIRECT).astype(np.int32)
    hit = struck(shop, calendar, devices.kind[device], at)
    ordering = shop.rates(channel, devices.kind[device], who.country[person])[:, 3] / shop.steps[3]
    ordering = likely(shop.returns_order * ordering * np.where(hit, shop.incident.factor, 1.0))
    chances = np.zeros((n, 4))
    chances[:, 2], chances[:, 3] = 1.0, ordering
    back = Visits(
        person=person.astype(np.int32),
        device=device,
        channel=channel,
        start_ms=at,
        kind=devices.kind[device],
        country=who.country[person],
        origin=origin,
        chat=np.zeros(n, dtype=bool),
        struck=hit,
        chances=chances,
        reached=np.where(chance.random(n) < ordering, ORDER, CHECKOUT).astype(np.int32),
        reminded=reminded,
    )
    names = Visits.__dataclass_fields__
    both = Visits(*(np.concatenate((getattr(seen, c), getattr(back, c))) for c in names))
    return _apart(both, seen.n, calendar)


def _buyer_of(who: People) -> Codes:
    """Give the buyer of each organisation, and -1 at its end, for those who have none."""
    buyer = np.full(int(who.account.max(initial=-1)) + 2, -1, dtype=np.int32)
    buyer[who.account[who.buyer]] = np.flatnonzero(who.buyer)
    return buyer


def _apart(both: Visits, n_first: int, calendar: Calendar) -> Visits:
    """Leave out returns that are too near another visit of their person, or too late."""
    order = np.lexsort((both.start_ms, both.person))
    near = (np.diff(both.person[order]) == 0) & (np.diff(both.start_ms[order]) < SPACE_MS)
    crowded = np.zeros(both.n, dtype=bool)
    crowded[order[1:][near]] = True
    crowded[order[:-1][near]] = True
    late = both.start_ms >= calendar.end_ms - SPACE_MS
    kept = (np.arange(both.n) < n_first) | ~(crowded | late)
    thinned = Visits(*(getattr(both, c)[kept] for c in Visits.__dataclass_fields__))
    numbers = np.arange(thinned.n, dtype=np.int32)
    return replace(thinned, origin=np.where(numbers < n_first, numbers, thinned.origin).astype(np.int32))


@dataclass(frozen=True)
class LogIns:
    """Where visits become known.

    Attributes:
        before: shape (n_visits,), the device was logged in by this person before the visit.
        at_start: logs in soon after the visit's start.
        at_checkout: logs in when checking out.
    """

    before: Bools
    at_start: Bools
    at_checkout: Bools


def log_ins(chance: np.random.Generator, shop: Shop, who: People, devices: Devices, seen: Visits) -> LogIns:
    """Draw the log-ins: once on one's own device, which stays logged in; at each visit on a shared one."""
    member = who.member[seen.person]
    brought = seen.channel == NEWSLETTER
    often = np.select([seen.reminded, seen.kind == APP, brought], [0.9, 0.7, 0.5], shop.log_in[0])
    early = member & (chance.random(seen.n) < often)
    late = member & (seen.reached >= CHECKOUT) & (chance.random(seen.n) < shop.log_in[1])
    shared = devices.shared[seen.device]
    order = np.lexsort((seen.start_ms, seen.device))
    flagged = (early | late)[order].astype(np.int64)
    so_far = np.cumsum(flagged) - flagged
    so_far -= np.maximum.accumulate(np.where(begins(seen.device[order]), so_far, 0))
    before = np.zeros(seen.n, dtype=bool)
    before[order] = so_far > 0
    before |= who.known[seen.person] & (seen.device == who.primary[seen.person])
    before &= ~shared
    return LogIns(before, early & ~before, late & ~early & ~before)
