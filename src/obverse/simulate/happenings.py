"""All that happened, as one table in the order of time: visits' rows and moments, with who is behind each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from obverse.simulate.calendar import ONLINE, STORE, Calendar
from obverse.simulate.catalogue import Catalogue, catalogue
from obverse.simulate.model import APP, KIOSK, Bools, Codes, Ints, Shop, begins, stream
from obverse.simulate.moments import (
    APP_CLIENT,
    DESK_CLIENT,
    KIOSK_CLIENT,
    TILL_CLIENT,
    WEB_CLIENT,
    Cases,
    Moments,
    at_stores,
    by_mail,
    delivered,
    sent_back,
    with_support,
)
from obverse.simulate.money import Carts, added_quantity, carts
from obverse.simulate.outside import letters, trips
from obverse.simulate.people import TILL, Devices, People, people
from obverse.simulate.scenes import CODE, Cast, Rows, instants, play
from obverse.simulate.visits import LogIns, Visits, log_ins, visits


@dataclass(frozen=True)
class Happenings:
    """The events, numbered from 0 in the order of time; all columns have shape (n,).

    Attributes:
        person: who is truly behind it.
        visit: its visit, -1 outside visits.
        at_ms: when it truly happened, ms since 1970 UTC.
        event: position in `scenes.NAMES`.
        client: what sends it.
        device: whose anonymous id it comes under, -1 for none.
        user: it comes under the person's user id.
        page: number of the page, -1 for none.
        cart: cart, order or receipt that it is about, -1 for none.
        detail: the event's own number, -1 for none.
        quantity: pieces that a Product Added is about.
        landing: the first event of its visit that has a page.
    """

    person: Codes
    visit: Codes
    at_ms: Ints
    event: Codes
    client: Codes
    device: Codes
    user: Bools
    page: Codes
    cart: Codes
    detail: Codes
    quantity: Codes
    landing: Bools

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.person)


@dataclass(frozen=True)
class World:
    """A whole simulated shop."""

    shop: Shop
    calendar: Calendar
    who: People
    devices: Devices
    stock: Catalogue
    seen: Visits
    carts: Carts
    cases: Cases
    events: Happenings

    def ahead_ms(self, numbers: Ints) -> Ints:
        """Tell how far ahead the clock was that timed each of some events: a device's own, or the shop's."""
        device = self.events.device[numbers]
        own = (device >= 0) & (self.events.client[numbers] < TILL_CLIENT)
        ahead: Ints = np.where(own, self.devices.skew_ms[device], 0)
        return ahead


def world(shop: Shop, seed: int, n_people: int, days: int, end: datetime) -> World:
    """Let the shop run: draw people, what they do outside, their visits, and all that follows."""
    zones = [c.zone for c in shop.countries]
    calendar = Calendar.of(end, days, zones, ONLINE, shop.growth)
    opening = Calendar.of(end, days, zones, STORE, 0.0)
    who, devices = people(stream(seed, "people"), shop, n_people)
    stock = catalogue(stream(seed, "catalogue"))
    went = trips(stream(seed, "trips"), shop, who, opening)
    read = letters(stream(seed, "letters"), shop, who, calendar)
    seen = visits(stream(seed, "visits"), shop, who, devices, calendar, went, read)
    logged = log_ins(stream(seed, "log-ins"), shop, who, devices, seen)
    rows = _played(seed, who, devices, stock, seen, logged)
    at = instants(stream(seed, "instants"), rows, seen)
    ended = np.zeros(seen.n, dtype=np.int64)
    np.maximum.at(ended, rows.visit, at)
    quantity = added_quantity(stream(seed, "quantity"), rows, seen, who)
    filled = carts(stream(seed, "carts"), shop, stock, seen, rows, quantity, went)
    user = _recognised(rows, logged)
    chat = np.flatnonzero(rows.event == CODE["Support Contacted"])
    support, cases = with_support(
        stream(seed, "support"),
        shop,
        who,
        seen,
        ended,
        (rows.visit[chat], at[chat], user[chat]),
    )
    moments = Moments.together(
        [
            at_stores(stream(seed, "stores"), who, went, len(devices.kind), seen.n),
            by_mail(read, seen),
            support,
            sent_back(stream(seed, "refunds"), who, seen, ended, filled),
            delivered(stream(seed, "deliveries"), shop, who, seen, ended, support, cases),
        ]
    )
    online = _online(rows, at, seen, user, quantity)
    events = _in_time(online, _elsewhere(moments), calendar)
    devices = _with_tills(devices, int(went.bought.sum()))
    return World(shop, calendar, who, devices, stock, seen, filled, cases, events)


def _played(seed: int, who: People, devices: Devices, stock: Catalogue, seen: Visits, logged: LogIns) -> Rows:
    chance = stream(seed, "scenes")
    knows = who.known[seen.person] | (chance.random(seen.n) < 0.35)
    first_log_in = _first_of(seen.person, seen.start_ms, logged.at_start | logged.at_checkout)
    on_app = seen.kind == APP
    new_app = _first_of(seen.device, seen.start_ms, on_app) & (chance.random(seen.n) < 0.8)
    return play(Cast(chance, seen, stock), logged, who.account[seen.person], new_app, first_log_in & ~knows)


def _first_of(group: Codes, at_ms: Ints, among: Bools) -> Bools:
    """Mark the first of each group among some."""
    some = np.flatnonzero(among)
    order = some[np.lexsort((at_ms[some], group[some]))]
    marked = np.zeros(len(group), dtype=bool)
    marked[order[begins(group[order])]] = True
    return marked


def _recognised(rows: Rows, logged: LogIns) -> Bools:
    """Tell which rows come under the user id: all after a log-in, the log-in included."""
    log_in = rows.event == CODE["Identified"]
    known_from = np.full(len(logged.before), np.inf)
    known_from[rows.visit[log_in]] = rows.key[log_in]
    return logged.before[rows.visit] | (rows.key >= known_from[rows.visit])


def _online(rows: Rows, at: Ints, seen: Visits, user: Bools, quantity: Codes) -> Happenings:
    kind = seen.kind[rows.visit]
    chat = rows.event == CODE["Support Contacted"]
    by_kind = np.select([kind == APP, kind == KIOSK], [APP_CLIENT, KIOSK_CLIENT], WEB_CLIENT)
    client = np.where(chat, DESK_CLIENT, by_kind)
    with_cart = np.isin(rows.event, [CODE[name] for name in _ABOUT_CARTS])
    detail = rows.detail.copy()
    detail[chat] = np.arange(chat.sum())
    return Happenings(
        person=seen.person[rows.visit],
        visit=rows.visit,
        at_ms=at,
        event=rows.event,
        client=client.astype(np.int32),
        device=seen.device[rows.visit],
        user=user,
        page=np.where(chat, -1, rows.page).astype(np.int32),
        cart=np.where(with_cart, seen.origin[rows.visit], -1).astype(np.int32),
        detail=detail,
        quantity=quantity,
        landing=begins(rows.visit),
    )


_ABOUT_CARTS = (
    "Product Added",
    "Product Removed",
    "Cart Viewed",
    "Checkout Started",
    "Checkout Step Completed",
    "Payment Info Entered",
    "Order Completed",
)


def _elsewhere(moments: Moments) -> Happenings:
    none = np.full(len(moments.person), -1, dtype=np.int32)
    return Happenings(
        person=moments.person,
        visit=none,
        at_ms=moments.at_ms,
        event=moments.event,
        client=moments.client,
        device=moments.device,
        user=moments.user,
        page=none,
        cart=moments.cart,
        detail=moments.detail,
        quantity=np.zeros(len(none), dtype=np.int32),
        landing=np.zeros(len(none), dtype=bool),
    )


def _in_time(online: Happenings, elsewhere: Happenings, calendar: Calendar) -> Happenings:
    """Order all by time and leave out what happens only after the end."""
    names = Happenings.__dataclass_fields__
    both = Happenings(*(np.concatenate((getattr(online, c), getattr(elsewhere, c))) for c in names))
    order = np.argsort(both.at_ms, kind="stable")
    order = order[both.at_ms[order] < calendar.end_ms]
    return Happenings(*(getattr(both, c)[order] for c in names))


def _with_tills(devices: Devices, n_receipts: int) -> Devices:
    """Add a device for each receipt of the stores, so that it has an anonymous id."""
    return Devices(
        kind=np.concatenate((devices.kind, np.full(n_receipts, TILL, dtype=np.int32))),
        country=np.concatenate((devices.country, np.zeros(n_receipts, dtype=np.int32))),
        skew_ms=np.concatenate((devices.skew_ms, np.zeros(n_receipts, dtype=np.int64))),
        shared=np.concatenate((devices.shared, np.zeros(n_receipts, dtype=bool))),
    )
