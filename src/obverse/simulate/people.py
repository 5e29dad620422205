"""Who there is: people, their devices, and which of these they share.

A device stands for one anonymous id: a browser, an installed app, a kiosk, or the receipt of a person whom
the till does not know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obverse.simulate.model import APP, DESKTOP, KIOSK, PHONE, TABLET, Bools, Codes, Floats, Ints, Shop, pick

_FIRST = (
    "Anna Ben Clara David Emma Felix Greta Hugo Ida Jonas Klara Leon Mia Noah Olga Paul Rosa Sven Tina Uwe"
)
_LAST = "Adler Bauer Cohen Dubois Ersoy Fischer Graf Huber Ivanov Jansen Keller Lange Meyer Novak Otto Peters"


@dataclass(frozen=True)
class Devices:
    """The devices, numbered from 0.

    Attributes:
        kind: shape (n,), position in `Shop.devices`; `TILL` for a receipt.
        country: shape (n,), position in `Shop.countries`.
        skew_ms: shape (n,), how far its clock is ahead.
        shared: shape (n,), used by more than one person.
    """

    kind: Codes
    country: Codes
    skew_ms: Ints
    shared: Bools


TILL = -1
"""Kind of a device that is only a till's receipt."""


@dataclass(frozen=True)
class People:
    """The people, numbered from 0. Positions of devices are -1 where there is none.

    Attributes:
        country: position in `Shop.countries`.
        channel: position in `Shop.channels` of what brought them first.
        first: share of the period's visits that had happened when they came first; negative: before it.
        activity: expected number of later visits, were the whole period left.
        member: has an account with the shop, so a user id.
        subscriber: gets the newsletter.
        known: was logged in on the first device before the period began.
        primary: device of the first visit.
        second: another device with a browser.
        app: device with the app.
        tablet: device shared with another person.
        goes_to_stores: goes to the stores.
        card: shows a card there, by which the till knows the user id.
        account: organisation that they act for, -1 for none.
        buyer: orders for it; its others only look and fill carts.
    """

    country: Codes
    channel: Codes
    first: Floats
    activity: Floats
    member: Bools
    subscriber: Bools
    known: Bools
    primary: Codes
    second: Codes
    app: Codes
    tablet: Codes
    goes_to_stores: Bools
    card: Bools
    account: Codes
    buyer: Bools

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.country)


def _having(owners: Bools, start: int) -> Codes:
    """Number one device, from `start`, for each owner; -1 for the others."""
    return np.where(owners, start + np.cumsum(owners) - 1, -1).astype(np.int32)


def _teams(chance: np.random.Generator, shop: Shop, n: int) -> tuple[Codes, Bools]:
    """Put some people into organisations; the first of each is its buyer."""
    in_team = chance.random(n) < shop.business
    seat = np.cumsum(in_team) - 1
    account = np.where(in_team, seat // round(shop.team), -1).astype(np.int32)
    return account, in_team & (seat % round(shop.team) == 0)


def _tablets(chance: np.random.Generator, shop: Shop, n: int, start: int) -> Codes:
    """Give pairs of people one tablet each."""
    pairs = round(n * shop.sharing / 2)
    tablet = np.full(n, -1, dtype=np.int32)
    tablet[chance.choice(n, size=2 * pairs, replace=False)] = start + np.arange(2 * pairs) // 2
    return tablet


def people(chance: np.random.Generator, shop: Shop, n: int) -> tuple[People, Devices]:
    """Draw the people and their devices; the kiosks, one a store, are the last devices."""
    country = pick(chance, [c.share for c in shop.countries], n)
    kind = pick(chance, [d.share for d in shop.devices], n)
    account, buyer = _teams(chance, shop, n)
    app = _having(chance.random(n) < shop.app, n)
    second = _having(chance.random(n) < shop.second_device, app.max(initial=n - 1) + 1)
    tablet = _tablets(chance, shop, n, max(app.max(initial=n - 1), second.max(initial=n - 1)) + 1)
    mean, shape = shop.visits
    activity = chance.gamma(shape, mean / shape, n) * np.where(app >= 0, 2.5, 1.0)
    attached = np.select([app >= 0, tablet >= 0], [2.5, 3.0], 0.8)
    member = chance.random(n) < np.where(account >= 0, 0.95, shop.members * attached)
    first = np.where(chance.random(n) < shop.before, -1.0, chance.random(n))
    goes = (chance.random(n) < shop.store_people) & np.isin(country, _store_countries(shop))
    who = People(
        country=country,
        channel=pick(chance, [c.share for c in shop.channels], n),
        first=first,
        activity=activity,
        member=member,
        subscriber=member & (chance.random(n) < shop.subscribers),
        known=member & (first < 0) & (chance.random(n) < 0.5),
        primary=np.arange(n, dtype=np.int32),
        second=second,
        app=app,
        tablet=tablet,
        goes_to_stores=goes,
        card=goes & member & (chance.random(n) < shop.store_card),
        account=account,
        buyer=buyer,
    )
    return who, _devices(chance, shop, who, kind)


def _store_countries(shop: Shop) -> list[int]:
    codes = [c.code for c in shop.countries]
    return [codes.index(code) for code in ("DE", "AT", "CH") if code in codes]


def _devices(chance: np.random.Generator, shop: Shop, who: People, kind: Codes) -> Devices:
    n = 1 + max(int(column.max(initial=0)) for column in (who.primary, who.app, who.second, who.tablet))
    kinds = np.full(n + len(shop.stores), KIOSK, dtype=np.int32)
    country = np.zeros(n + len(shop.stores), dtype=np.int32)
    for column, of in (
        (who.primary, kind),
        (who.app, np.full(who.n, APP)),
        (who.second, np.where(kind == DESKTOP, PHONE, DESKTOP)),
        (who.tablet, np.full(who.n, TABLET)),
    ):
        has = column >= 0
        kinds[column[has]] = of[has]
        country[column[has]] = who.country[has]
    shared = np.bincount(who.tablet[who.tablet >= 0], minlength=len(kinds)) > 1
    shared[n:] = True
    return Devices(kinds, country, _skews(chance, shop, kinds), shared)


def _skews(chance: np.random.Generator, shop: Shop, kind: Codes) -> Ints:
    """Set some clocks wrong: most by minutes, some by hours, one in ten by weeks to a year."""
    n = len(kind)
    wrong = (chance.random(n) < shop.wire.skewed) & (kind != KIOSK)
    far = chance.random(n) < 0.1
    minutes = np.where(far, chance.uniform(20_000, 500_000, n), chance.lognormal(2.5, 1.2, n))
    sign = np.where(chance.random(n) < 0.5, -1, 1)
    return np.where(wrong, sign * np.round(minutes * 60_000), 0).astype(np.int64)


def name(person: int) -> tuple[str, str]:
    """Give a person a first and a last name."""
    first, last = _FIRST.split(), _LAST.split()
    return first[person * 7 % len(first)], last[person * 11 // len(first) % len(last)]


def user_id(person: int) -> str:
    """Give a member's user id."""
    return f"u-{100_000 + person}"
