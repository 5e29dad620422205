"""How clients put events into words: Segment's calls as JSON text, one function a kind of event.

Texts are put together from parts that are made once, since a million messages are written in seconds; the
tests read them back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from obverse.event import GROUPED, IDENTIFIED, PAGE_VIEWED, SCREEN_VIEWED
from obverse.simulate.catalogue import QUERIES, SITE, pages
from obverse.simulate.happenings import World
from obverse.simulate.ids import ANONYMOUS, MESSAGE, texts, uuids
from obverse.simulate.model import APP, DESKTOP, KIOSK, PHONE, TABLET, Ints
from obverse.simulate.moments import (
    AFTER_ORDER,
    APP_CLIENT,
    COURIER_CLIENT,
    DESK_CLIENT,
    KIOSK_CLIENT,
    MAIL_CLIENT,
    REASONS,
    REMINDER,
    TILL_CLIENT,
    WEB_CLIENT,
)
from obverse.simulate.people import TILL, name, user_id
from obverse.simulate.scenes import NAMES

_LIBRARIES: dict[int, tuple[str, str, dict[str, object]]] = {
    # client: library, its version, what it says of itself for a whole batch
    WEB_CLIENT: ("analytics.js", "2.11.1", {}),
    APP_CLIENT: ("analytics-kotlin", "1.19.1", {"app": {"name": "Kranich", "version": "4.2.0"}}),
    KIOSK_CLIENT: ("analytics.js", "2.11.1", {"touchpoint": "store"}),
    TILL_CLIENT: ("analytics-python", "2.3.3", {"touchpoint": "store"}),
    DESK_CLIENT: ("analytics-python", "2.3.3", {"touchpoint": "support"}),
    MAIL_CLIENT: ("analytics-python", "2.3.3", {"touchpoint": "email"}),
    COURIER_CLIENT: ("analytics-python", "2.3.3", {"touchpoint": "delivery"}),
}
TOUCHPOINTS = ("web", "app", "store", "store", "support", "email", "delivery")
"""Touchpoint of what each client sends."""

_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_BLINK = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0"
_AGENTS = {
    PHONE: (
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {_WEBKIT} Version/18.5 Mobile Safari/604.1",
        f"Mozilla/5.0 (Linux; Android 10; K) {_BLINK} Mobile Safari/537.36",
        "Mozilla/5.0 (Android 15; Mobile; rv:139.0) Gecko/139.0 Firefox/139.0",
    ),
    DESKTOP: (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_BLINK} Safari/537.36",
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/18.5 Safari/605.1.15",
        "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
    ),
    TABLET: (f"Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) {_WEBKIT} Version/18.5 Mobile Safari/604.1",),
    KIOSK: (f"Mozilla/5.0 (X11; Linux x86_64) {_BLINK} Safari/537.36",),
}
_SYSTEMS = (("Android", "15"), ("iOS", "18.5"))
_TYPES = {IDENTIFIED: "identify", GROUPED: "group", PAGE_VIEWED: "page", SCREEN_VIEWED: "screen"}


class Line(NamedTuple):
    """One event on its way into words; see `happenings.Happenings` for the numbers."""

    event: int
    message_id: str
    clock: str
    person: int
    client: int
    device: int
    user: bool
    page: int
    visit: int
    cart: int
    detail: int
    quantity: int
    landing: bool


def _text(of: object) -> str:
    return json.dumps(of, separators=(",", ":"), ensure_ascii=False)


def _fields(of: dict[str, object]) -> str:
    """Write a JSON object's fields without its braces."""
    return _text(of)[1:-1]


def money(cents: int) -> str:
    """Write cents as a JSON number.

    >>> money(1290)
    '12.90'
    """
    return f"{cents // 100}.{cents % 100:02d}"


def batch_context(client: int) -> str:
    """Write the context that a client says once for a whole batch."""
    library, version, said = _LIBRARIES[client]
    return _text({"library": {"name": library, "version": version}, **said})


def anonymous_ids(made: World, seed: int) -> list[str]:
    """List the anonymous id of each device."""
    kinds = made.devices.kind.tolist()
    ids = texts(uuids(seed, ANONYMOUS, np.arange(len(kinds))))
    return [f"till-{one}" if kind == TILL else one for one, kind in zip(ids, kinds, strict=True)]


class Author:
    """Writes a simulation's events as messages."""

    def __init__(self, made: World, seed: int) -> None:
        self._made = made
        self._seed = seed
        self._anonymous = anonymous_ids(made, seed)
        self._groups = [f'"groupId":"org-{a}"' if a >= 0 else "" for a in made.who.account.tolist()]
        self._pages = [_fields({"page": {"path": p, "title": t}}) for _, p, t in pages(made.stock)]
        self._channels = [_channel(c.campaign, c.name, c.referrer) for c in made.shop.channels]
        self._devices = _devices(made)
        self._places = [_fields({"location": {"country": c.code}}) for c in made.shop.countries]
        self._heads = [_head(event) for event in NAMES]
        details = _Details(made).by_event
        self._details = [details[event] for event in NAMES]

    def messages(self, numbers: Ints) -> list[str]:
        """Write the messages of some events, each timed by the clock of what sends it."""
        return [self._message(*row) for row in self._lines(numbers)]

    def circumstances(self, numbers: Ints) -> list[tuple[str, str]]:
        """Write who is behind some events, as fields that end with a comma, and their contexts' fields."""
        return [(self._who(line), self._context(line, *rest)) for line, *rest in self._lines(numbers)]

    def _lines(self, numbers: Ints) -> Iterator[tuple[Line, int, int]]:
        """Give events with the countries of their people and the channels of their visits."""
        made, events = self._made, self._made.events
        by_clock = (events.at_ms[numbers] + made.ahead_ms(numbers)).astype("datetime64[ms]")
        clock = np.datetime_as_string(by_clock, unit="ms")
        columns = zip(
            events.event[numbers].tolist(),
            texts(uuids(self._seed, MESSAGE, numbers)),
            clock.tolist(),
            events.person[numbers].tolist(),
            events.client[numbers].tolist(),
            events.device[numbers].tolist(),
            events.user[numbers].tolist(),
            events.page[numbers].tolist(),
            events.visit[numbers].tolist(),
            events.cart[numbers].tolist(),
            events.detail[numbers].tolist(),
            events.quantity[numbers].tolist(),
            events.landing[numbers].tolist(),
            made.who.country[events.person[numbers]].tolist(),
            made.seen.channel[events.visit[numbers]].tolist(),
            strict=True,
        )
        return ((Line(*row[:-2]), *row[-2:]) for row in columns)

    def _who(self, line: Line) -> str:
        who = f'"anonymousId":"{self._anonymous[line.device]}",' if line.device >= 0 else ""
        return who + (f'"userId":"{user_id(line.person)}",' if line.user else "")

    def _message(self, line: Line, country: int, channel: int) -> str:
        return (
            f'{self._heads[line.event]}"messageId":"{line.message_id}",{self._who(line)}'
            f'"timestamp":"{line.clock}Z",'
            f'{self._details[line.event](line)},"context":{{{self._context(line, country, channel)}}}}}'
        )

    def _context(self, line: Line, country: int, channel: int) -> str:
        if line.client >= TILL_CLIENT:
            said = self._places[country]
        else:
            said = self._devices[line.device]
            if line.client == WEB_CLIENT:
                said += self._channels[channel]
            if line.client != APP_CLIENT:
                said += "," + self._pages[line.page]
        if line.user and (group := self._groups[line.person]):
            return f"{said},{group}"
        return said


def _head(event: str) -> str:
    """Write how the message of an event begins."""
    return f'{{"type":"{_TYPES[event]}",' if event in _TYPES else f'{{"type":"track","event":"{event}",'


def _channel(campaign: tuple[str, str, str] | None, name: str, referrer: str) -> str:
    """Write what the context of a visit says of the channel that brought it."""
    said: dict[str, object] = {}
    if campaign:
        said["campaign"] = dict(zip(("source", "medium", "name"), campaign, strict=True))
    if referrer:
        said["referrer"] = {"name": name, "url": referrer}
    return f",{_fields(said)}" if said else ""


def _devices(made: World) -> list[str]:
    """Write what the context of each device's messages says of it."""
    known: dict[tuple[int, int, int], str] = {}
    lines = []
    for number, (kind, country) in enumerate(
        zip(made.devices.kind.tolist(), made.devices.country.tolist(), strict=True)
    ):
        key = (kind, country, number % 3)
        if key not in known:
            known[key] = "" if kind == TILL else _fields(_said_of(made, *key))
        lines.append(known[key])
    return lines


def _said_of(made: World, kind: int, country: int, variant: int) -> dict[str, object]:
    place = made.shop.countries[country]
    said: dict[str, object] = {"device": {"type": "phone" if kind == APP else made.shop.devices[kind].name}}
    if kind == APP:
        system = _SYSTEMS[variant % 2]
        said["os"] = {"name": system[0], "version": system[1]}
    else:
        agents = _AGENTS[kind]
        said["userAgent"] = agents[variant % len(agents)]
    said |= {"locale": place.locale, "timezone": place.zone, "location": {"country": place.code}}
    return said


class _Details:
    """What each kind of event says besides who, when and where: a function of its line a kind."""

    def __init__(self, made: World) -> None:
        self._made = made
        stock, bags = made.stock, made.carts
        self._products = [self._product(number) for number in range(len(stock.names))]
        self._offsets = bags.offsets.tolist()
        self._subtotal = bags.subtotal.tolist()
        self._discount = bags.discount.tolist()
        self._shipping = bags.shipping.tolist()
        self._page_calls = [self._page(*page) for page in pages(stock)]
        self._screens = [
            f'"name":"{name}","properties":{_text({"title": title})}' for name, _, title in pages(stock)
        ]
        self._referrers = [c.referrer for c in made.shop.channels]
        self.by_event: dict[str, Callable[[Line], str]] = {
            PAGE_VIEWED: self._page_viewed,
            SCREEN_VIEWED: lambda line: self._screens[line.page],
            IDENTIFIED: self._identified,
            GROUPED: self._grouped,
            "Signed Up": lambda line: '"properties":{"method":"email"}',
            "Application Installed": lambda line: '"properties":{"version":"4.2.0","build":"420"}',
            "Application Opened": lambda line: '"properties":{"from_background":false,"version":"4.2.0"}',
            "Products Searched": lambda line: f'"properties":{{"query":"{QUERIES[line.detail]}"}}',
            "Product List Viewed": self._list_viewed,
            "Product Viewed": lambda line: f'"properties":{{{self._products[line.detail]}}}',
            "Product Added": self._moved,
            "Product Removed": self._moved,
            "Cart Viewed": self._cart_viewed,
            "Checkout Started": self._checkout_started,
            "Checkout Step Completed": self._step_completed,
            "Payment Info Entered": self._payment_entered,
            "Order Completed": self._ordered,
            "Order Refunded": self._refunded,
            "Support Contacted": self._contacted,
            "Support Resolved": self._resolved,
            "Store Visited": self._store_visited,
            "Email Opened": lambda line: f'"properties":{{{_letter(line.detail)}}}',
            "Email Link Clicked": self._clicked,
            "Order Delivered": _delivered,
        }

    def _product(self, number: int) -> str:
        stock = self._made.stock
        name = stock.names[number]
        category = stock.categories[stock.category[number]]
        said = _fields(
            {"product_id": f"p-{number:03d}", "name": name, "category": category, "brand": name.split()[0]}
        )
        return f'{said},"price":{money(int(stock.price[number]))},"currency":"EUR"'

    def _page(self, name: str, path: str, title: str) -> str:
        said = {"path": path, "title": title, "url": SITE + path}
        return f'"name":"{name}","properties":{{{_fields(dict(said))}'

    def _page_viewed(self, line: Line) -> str:
        if line.landing and (referrer := self._referrers[self._made.seen.channel[line.visit]]):
            return f'{self._page_calls[line.page]},"referrer":"{referrer}"}}'
        return self._page_calls[line.page] + "}"

    def _identified(self, line: Line) -> str:
        who = self._made.who
        first, last = name(line.person)
        traits: dict[str, object] = {
            "firstName": first,
            "lastName": last,
            "email": f"{first}.{last}.{line.person}@mail.example".lower(),
            "country": self._made.shop.countries[who.country[line.person]].code,
            "newsletter": bool(who.subscriber[line.person]),
        }
        if who.account[line.person] >= 0:
            traits["role"] = "buyer" if who.buyer[line.person] else "user"
        return f'"traits":{_text(traits)}'

    def _grouped(self, line: Line) -> str:
        traits = {"name": f"Verein Bergfreunde {line.detail}", "plan": "business"}
        return f'"groupId":"org-{line.detail}","traits":{_text(traits)}'

    def _list_viewed(self, line: Line) -> str:
        category = self._made.stock.categories[line.detail]
        return f'"properties":{{"list_id":"{category.lower()}","category":"{category}"}}'

    def _moved(self, line: Line) -> str:
        return (
            f'"properties":{{"cart_id":"{_cart(line.cart)}",{self._products[line.detail]},'
            f'"quantity":{line.quantity}}}'
        )

    def _lines(self, cart: int) -> str:
        """Write what is in a cart."""
        bags = self._made.carts
        some = range(self._offsets[cart], self._offsets[cart + 1])
        products = [(self._products[bags.product[at]], bags.quantity[at]) for at in some]
        return ",".join(f'{{{product},"quantity":{quantity}}}' for product, quantity in products)

    def _cart_viewed(self, line: Line) -> str:
        return f'"properties":{{"cart_id":"{_cart(line.cart)}","products":[{self._lines(line.cart)}]}}'

    def _checkout_started(self, line: Line) -> str:
        return (
            f'"properties":{{"cart_id":"{_cart(line.cart)}","value":{money(self._subtotal[line.cart])},'
            f'"currency":"EUR","products":[{self._lines(line.cart)}]}}'
        )

    def _step_completed(self, line: Line) -> str:
        said = '"shipping_method":"standard"' if line.detail == 1 else '"payment_method":"card"'
        return f'"properties":{{"cart_id":"{_cart(line.cart)}","step":{line.detail},{said}}}'

    def _payment_entered(self, line: Line) -> str:
        return f'"properties":{{"cart_id":"{_cart(line.cart)}","payment_method":"card"}}'

    def _ordered(self, line: Line) -> str:
        cart = line.cart
        revenue = self._subtotal[cart] - self._discount[cart]
        coupon = '"coupon":"NEWS10",' if self._discount[cart] else ""
        online = line.client < TILL_CLIENT
        place = f'"cart_id":"{_cart(cart)}",' if online else self._store(line.detail) + ","
        return (
            f'"properties":{{"order_id":"{order_id(cart)}",{place}'
            f'"subtotal":{money(self._subtotal[cart])},"discount":{money(self._discount[cart])},{coupon}'
            f'"revenue":{money(revenue)},"shipping":{money(self._shipping[cart])},'
            f'"total":{money(revenue + self._shipping[cart])},"currency":"EUR",'
            f'"products":[{self._lines(cart)}]}}'
        )

    def _refunded(self, line: Line) -> str:
        back = self._made.carts.refund(self._made.stock.price, np.array([line.cart]), np.array([line.detail]))
        cents = int(back[0])
        return f'"properties":{{"order_id":"{order_id(line.cart)}","total":{money(cents)},"currency":"EUR"}}'

    def _case(self, line: Line) -> str:
        cases = self._made.cases
        channel = "phone" if cases.by_phone[line.detail] else "chat"
        after = cases.reason[line.detail] >= AFTER_ORDER
        about = f',"order_id":"{order_id(line.cart)}"' if after else ""
        reason = REASONS[cases.reason[line.detail]]
        return f'"case_id":"c-{line.detail}","reason":"{reason}","channel":"{channel}"{about}'

    def _contacted(self, line: Line) -> str:
        return f'"properties":{{{self._case(line)}}}'

    def _resolved(self, line: Line) -> str:
        return f'"properties":{{{self._case(line)},"duration":{self._made.cases.duration_s[line.detail]}}}'

    def _store(self, store: int) -> str:
        city = self._made.shop.stores[store]
        return f'"store_id":"s-{store}","affiliation":"{self._made.shop.name} {city}"'

    def _store_visited(self, line: Line) -> str:
        return f'"properties":{{{self._store(line.detail)}}}'

    def _clicked(self, line: Line) -> str:
        path = "/cart" if line.detail == REMINDER else "/"
        return f'"properties":{{{_letter(line.detail)},"link_url":"{SITE}{path}"}}'


def _cart(number: int) -> str:
    return f"k-{number}"


def order_id(number: int) -> str:
    """Give the id of the order of a cart."""
    return f"o-{100_000 + number}"


def _delivered(line: Line) -> str:
    said = f'"order_id":"{order_id(line.cart)}","carrier":"Bergpost","days_late":{line.detail}'
    return f'"properties":{{{said}}}'


def _letter(issue: int) -> str:
    """Write which letter an event of the mailer is about."""
    if issue == REMINDER:
        return '"campaign_name":"cart-reminder","email_subject":"Still in your cart"'
    subject = f"Out this week, no. {issue + 1}"
    return f'"campaign_name":"weekly-news","email_id":"news-{issue}","email_subject":"{subject}"'
