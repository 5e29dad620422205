"""Stays: views of the pages with the client, each with what the shop knows of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from obverse.event import PAGE_VIEWED
from obverse.simulate.acts.scenery import CART, CHECKOUT, PRODUCT
from obverse.simulate.catalogue import CART as CART_PAGE
from obverse.simulate.catalogue import CHECKOUT_PAGE, Catalogue, product_page
from obverse.simulate.happenings import World
from obverse.simulate.model import DESKTOP, PHONE, Ints
from obverse.simulate.moments import WEB_CLIENT
from obverse.simulate.scenes import CODE, NAMES

_PEOPLE_A_VIEW = 6
"""So many people there are for each view of the product's page that the client tells of, at most."""


@dataclass(frozen=True)
class Stay:
    """A view of a page, up to the next one or to the visit's last event.

    Attributes:
        kind: of the page, one of `scenery.PAGES`.
        person: whose.
        on_phone: on what.
        rows: numbers of the events meanwhile, the view itself first.
        times: when each was, ms since 1970 UTC.
        events: what each was.
        end_ms: when the page was left.
        next_page: number of the page that followed; -1 for none.
        ordered: the visit ends in an order after it.
        struck: the visit's payment is one that the incident could strike.
    """

    kind: str
    person: int
    on_phone: bool
    rows: list[int]
    times: list[int]
    events: list[str]
    end_ms: int
    next_page: int
    ordered: bool
    struck: bool

    @property
    def start_ms(self) -> int:
        """When it began."""
        return self.times[0]

    @property
    def length_ms(self) -> int:
        """How long it took."""
        return self.end_ms - self.start_ms

    def last(self, event: str) -> int | None:
        """When something last happened meanwhile; None where it did not."""
        found = [at for at, name in zip(self.times, self.events, strict=True) if name == event]
        return found[-1] if found else None


def product_with_acts(stock: Catalogue) -> int:
    """Choose the product whose page has the client: of the jackets, the one that is sought most."""
    sought = np.diff(stock.popularity, prepend=0.0)
    jackets = np.array(stock.categories)[stock.category] == "Jackets"
    return int(np.argmax(np.where(jackets, sought, 0.0)))


def stays(made: World, chance: np.random.Generator) -> list[Stay]:
    """List the stays of at least a second that the client tells of, in the order of visits.

    Of the cart and the checkout it tells all, of the product a sample that knows nothing of what follows.
    Devices with a wrong clock are left out, since they send each visit by itself.
    """
    page = product_page(made.stock, np.array([product_with_acts(made.stock)], dtype=np.int32))
    kinds = {int(page[0]): PRODUCT, CART_PAGE: CART, CHECKOUT_PAGE: CHECKOUT}
    found = [stay for stay in _stays(made, kinds) if stay.length_ms >= 1000]
    of_product = [at for at, stay in enumerate(found) if stay.kind == PRODUCT]
    n = min(len(of_product), made.who.n // _PEOPLE_A_VIEW)
    kept = set(chance.choice(of_product, n, replace=False).tolist()) if n else set()
    return [stay for at, stay in enumerate(found) if stay.kind != PRODUCT or at in kept]


def _watched(made: World) -> Ints:
    """Number the web events of phones and desktops with a right clock, visit by visit in order."""
    events = made.events
    rows = np.flatnonzero((events.visit >= 0) & (events.client == WEB_CLIENT))
    usual = np.isin(made.seen.kind[events.visit[rows]], (PHONE, DESKTOP))
    rows = rows[usual & (made.devices.skew_ms[events.device[rows]] == 0)]
    in_order: Ints = rows[np.argsort(events.visit[rows], kind="stable")]
    return in_order


def _stays(made: World, kinds: dict[int, str]) -> Iterator[Stay]:
    events, seen = made.events, made.seen
    rows = _watched(made)
    visit, event, page = events.visit[rows], events.event[rows], events.page[rows]
    at = events.at_ms[rows]
    buys = event == CODE["Order Completed"]
    orders = dict(zip(visit[buys].tolist(), at[buys].tolist(), strict=True))
    views = np.flatnonzero(event == CODE[PAGE_VIEWED])
    ends = np.searchsorted(visit, visit[views], side="right")
    for number in np.flatnonzero(np.isin(page[views], list(kinds))).tolist():
        first = int(views[number])
        following = int(views[number + 1]) if number + 1 < len(views) else len(rows)
        goes_on = following < ends[number]
        stop = following if goes_on else int(ends[number])
        own = first + np.flatnonzero(page[first:stop] == page[first])
        of = int(visit[first])
        yield Stay(
            kind=kinds[int(page[first])],
            person=int(events.person[rows[first]]),
            on_phone=bool(seen.kind[of] == PHONE),
            rows=rows[own].tolist(),
            times=at[own].tolist(),
            events=[NAMES[code] for code in event[own].tolist()],
            end_ms=int(at[following] if goes_on else at[stop - 1]),
            next_page=int(page[following]) if goes_on else -1,
            ordered=orders.get(of, -1) >= int(at[first]),
            struck=bool(seen.struck[of]),
        )
