"""The shop's parameters: everything that a simulation is made from besides its seed.

What an analyst can find in the data stands here as a number. A visit climbs four steps (product viewed,
product added, checkout started, order completed); the chance of each is the shop's own times a factor of
the visit's channel, device and country, times what is special about the visit.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

Bools: TypeAlias = NDArray[np.bool_]
Ints: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int32]
Floats: TypeAlias = NDArray[np.float64]

STEPS = ("Product Viewed", "Product Added", "Checkout Started", "Order Completed")
"""The funnel that the model is about."""

VIEW, ADD, CHECKOUT, ORDER = 1, 2, 3, 4
"""How far a visit came: the number of steps it climbed."""

Four: TypeAlias = tuple[float, float, float, float]


class Channel(msgspec.Struct, frozen=True):
    """What brings visits.

    Attributes:
        name: of the channel.
        share: of people whose first visit it brings.
        again: of later visits that it brings.
        factors: on the chance of each step.
        campaign: UTM source, medium and campaign, where it is one.
        referrer: address of the page that linked here, where there is one.
    """

    name: str
    share: float
    again: float
    factors: Four = (1.0, 1.0, 1.0, 1.0)
    campaign: tuple[str, str, str] | None = None
    referrer: str = ""


class Country(msgspec.Struct, frozen=True):
    """Where people live; `zone` is their IANA time zone, `factors` are on the chance of each step."""

    code: str
    zone: str
    locale: str
    share: float
    shipping: int
    factors: Four = (1.0, 1.0, 1.0, 1.0)


class Device(msgspec.Struct, frozen=True):
    """A kind of device; `share` is of people's first devices, `factors` are on the chance of each step."""

    name: str
    share: float
    factors: Four = (1.0, 1.0, 1.0, 1.0)


class Incident(msgspec.Struct, frozen=True):
    """Something that went wrong for some days: orders fail at payment on one kind of device.

    Attributes:
        name: what it was.
        from_share: when it began, as a share of the simulated period.
        days: how long it lasted.
        device: where it struck.
        factor: on the chance that a started checkout becomes an order.
        contacts: share of the failed checkouts after which the person contacts support.
    """

    name: str = "card payment fails on phones"
    from_share: float = 0.62
    days: float = 8.0
    device: str = "phone"
    factor: float = 0.2
    contacts: float = 0.35


class Wire(msgspec.Struct, frozen=True):
    """How clients really send.

    Attributes:
        offline_web: share of web visits whose events wait in an offline queue.
        offline_app: the same of app visits.
        offline_h: mean of that wait in hours; a few wait for days.
        resent: share of messages that are sent twice under one id.
        skewed: share of devices whose clock is wrong.
        batch: events in one request.
    """

    offline_web: float = 0.006
    offline_app: float = 0.05
    offline_h: float = 9.0
    resent: float = 0.006
    skewed: float = 0.012
    batch: int = 200


class Shop(msgspec.Struct, frozen=True):
    """All parameters of the simulated shop. The defaults are the demo's.

    Attributes:
        name: of the shop.
        steps: chance of each step for a visit that nothing is special about.
        channels: what brings visits; the first is the newsletter, which brings only subscribers.
        countries: where people live.
        devices: kinds of devices; see `people`.
        growth: how much more visits the last day has than the first, as a share.
        visits: mean number of later visits in a whole period, and the shape of its gamma distribution.
        before: share of people who knew the shop before the period began.
        members: share of people who have an account with the shop and may log in.
        subscribers: share of members who get the newsletter.
        second_device: share of people with a second device.
        app: share of people with the app.
        log_in: chance that a member logs in at a visit, and when checking out.
        sharing: share of people who share a tablet with another.
        store_people: share of people who go to the stores.
        store_trips: mean number of their trips in 120 days.
        store_buys: chance that a trip ends in a purchase.
        store_card: share of store people who show a card, so that the till knows them.
        store_effect: factor on adding and checking out in the 14 days after a trip.
        kiosk: chance that a trip includes a look at the store's kiosk.
        stores: cities with a store.
        chat: chance of a chat with support at a visit that sees products.
        chat_effect: factor of that chat on adding and on checking out.
        returns: chance that an abandoned cart, and an abandoned checkout, is taken up again in days.
        returns_order: chance that such a return ends in an order.
        open_rate: chance that a newsletter is opened.
        click_rate: chance that an opened newsletter is clicked.
        trouble: chance of a contact with support after an order.
        late: chance that an order online comes late, and that it had for those who ask where it is.
        business: share of people who act for an organisation.
        team: mean number of people of such an organisation.
        incident: what went wrong.
        wire: how clients send.
    """

    name: str = "Kranich Outdoor"
    steps: Four = (0.50, 0.068, 0.44, 0.56)
    channels: tuple[Channel, ...] = (
        Channel("newsletter", 0.0, 0.0, (1.2, 1.6, 1.15, 1.1), ("newsletter", "email", "weekly-news")),
        Channel("direct", 0.20, 0.52, (1.05, 1.15, 1.1, 1.0)),
        Channel("search", 0.31, 0.24, referrer="https://search.example/"),
        Channel("shopping ads", 0.15, 0.08, (1.3, 1.1, 1.0, 0.95), ("adsearch", "cpc", "brand-and-products")),
        Channel(
            "lookbook", 0.19, 0.05, (1.35, 0.28, 0.7, 0.9), ("photogram", "paid-social", "summer-lookbook")
        ),
        Channel("price comparison", 0.08, 0.06, (1.45, 1.2, 0.8, 0.9), ("pricewatch", "affiliate", "feed")),
        Channel("blogs", 0.07, 0.05, (0.9, 1.25, 1.0, 1.0), referrer="https://trailblog.example/"),
    )
    countries: tuple[Country, ...] = (
        Country("DE", "Europe/Berlin", "de-DE", 0.46, 490),
        Country("AT", "Europe/Vienna", "de-AT", 0.10, 590),
        Country("CH", "Europe/Zurich", "de-CH", 0.09, 1490, (1.0, 1.05, 0.95, 0.62)),
        Country("NL", "Europe/Amsterdam", "nl-NL", 0.10, 690, (1.0, 0.95, 1.0, 1.0)),
        Country("FR", "Europe/Paris", "fr-FR", 0.09, 790, (1.0, 0.9, 0.95, 0.95)),
        Country("GB", "Europe/London", "en-GB", 0.07, 1290, (1.0, 0.95, 0.9, 0.75)),
        Country("PL", "Europe/Warsaw", "pl-PL", 0.06, 690, (1.0, 0.75, 1.0, 0.95)),
        Country("US", "America/New_York", "en-US", 0.03, 2490, (0.9, 0.7, 0.8, 0.6)),
    )
    devices: tuple[Device, ...] = (
        Device("phone", 0.57, (0.97, 0.85, 0.88, 0.62)),
        Device("desktop", 0.37, (1.05, 1.1, 1.1, 1.15)),
        Device("tablet", 0.06, (1.0, 1.05, 1.0, 0.95)),
        Device("app", 0.0, (1.1, 1.3, 1.1, 1.1)),
        Device("kiosk", 0.0, (1.2, 0.5, 0.4, 0.5)),
    )
    growth: float = 0.25
    visits: tuple[float, float] = (3.9, 0.24)
    before: float = 0.42
    members: float = 0.21
    subscribers: float = 0.6
    second_device: float = 0.24
    app: float = 0.12
    log_in: tuple[float, float] = (0.16, 0.75)
    sharing: float = 0.012
    store_people: float = 0.10
    store_trips: float = 1.6
    store_buys: float = 0.18
    store_card: float = 0.75
    store_effect: float = 1.7
    kiosk: float = 0.12
    stores: tuple[str, ...] = ("Berlin", "Hamburg", "München", "Köln", "Leipzig", "Wien", "Graz", "Zürich")
    chat: float = 0.012
    chat_effect: float = 2.2
    returns: tuple[float, float] = (0.06, 0.12)
    returns_order: float = 0.5
    open_rate: float = 0.24
    click_rate: float = 0.16
    trouble: float = 0.08
    late: tuple[float, float] = (0.13, 0.9)
    business: float = 0.02
    team: float = 4.0
    incident: Incident = Incident()
    wire: Wire = Wire()

    def rates(self, channel: Codes, device: Codes, country: Codes) -> Floats:
        """Give the chance of each step, shape (n, 4), for visits of these groups and nothing special."""
        by_channel = np.array([c.factors for c in self.channels])[channel]
        by_device = np.array([d.factors for d in self.devices])[device]
        by_country = np.array([c.factors for c in self.countries])[country]
        return likely(np.array(self.steps) * by_channel * by_device * by_country)


PHONE, DESKTOP, TABLET, APP, KIOSK = range(5)
"""Positions of the kinds of devices in `Shop.devices`, which keeps this order."""

NEWSLETTER, DIRECT = 0, 1
"""Positions of the two channels that the model itself names in `Shop.channels`."""


LIKELIEST = 0.97
"""No step is surer than this."""


def likely(chances: Floats) -> Floats:
    """Keep chances below `LIKELIEST`."""
    return chances.clip(0.0, LIKELIEST)


def stream(seed: int, piece: str) -> np.random.Generator:
    """Give a piece of the model its own stream of chance, so that a new piece changes no other's draws."""
    return np.random.default_rng([seed, *piece.encode()])


def begins(group: Codes) -> Bools:
    """Mark where each group begins, of groups that stand together."""
    marked = np.ones(len(group), dtype=bool)
    marked[1:] = group[1:] != group[:-1]
    return marked


def pick(chance: np.random.Generator, shares: list[float], n: int) -> Codes:
    """Draw n positions in proportion to `shares`."""
    bounds = np.cumsum(np.array(shares))
    return np.searchsorted(bounds / bounds[-1], chance.random(n), side="right").astype(np.int32)
