"""What happens within visits: scenes that each add rows, played in the order of their keys.

A scene is a function from the visits to rows. A row knows its visit and a key that says where in the visit
it stands; instants come last, from how long people stay before each kind of event. To extend the model, add
a scene to `play`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obverse.event import GROUPED, IDENTIFIED, PAGE_VIEWED, SCREEN_VIEWED
from obverse.simulate.calendar import HOUR_MS
from obverse.simulate.catalogue import (
    CART,
    CATEGORY_PAGE,
    CHECKOUT_PAGE,
    HOME,
    SEARCH,
    THANKS,
    Catalogue,
    product_page,
)
from obverse.simulate.model import ADD, APP, CHECKOUT, ORDER, Bools, Codes, Floats, Ints, begins
from obverse.simulate.visits import LogIns, Visits

EVENTS = {
    # name: mean seconds before it, in a visit
    PAGE_VIEWED: 26.0,
    SCREEN_VIEWED: 18.0,
    IDENTIFIED: 22.0,
    GROUPED: 0.3,
    "Signed Up": 0.3,
    "Application Installed": 1.0,
    "Application Opened": 1.0,
    "Products Searched": 14.0,
    "Product List Viewed": 0.4,
    "Product Viewed": 0.4,
    "Product Added": 24.0,
    "Product Removed": 12.0,
    "Cart Viewed": 0.5,
    "Checkout Started": 2.0,
    "Checkout Step Completed": 48.0,
    "Payment Info Entered": 42.0,
    "Order Completed": 14.0,
    "Support Contacted": 70.0,
    "Support Resolved": 0.0,
    "Order Refunded": 0.0,
    "Store Visited": 0.0,
    "Email Opened": 0.0,
    "Email Link Clicked": 0.0,
    "Order Delivered": 0.0,
}
"""The events of the model by number, with the time that people take before each."""

NAMES = tuple(EVENTS)
CODE = {name: number for number, name in enumerate(NAMES)}


@dataclass(frozen=True)
class Rows:
    """Rows of visits; all columns have shape (n,).

    Attributes:
        visit: its visit.
        key: where in the visit it stands.
        event: position in `NAMES`.
        page: number of the page, see `catalogue.pages`.
        detail: the event's own number: a product, a step of the checkout, a query; -1 for none.
    """

    visit: Codes
    key: Floats
    event: Codes
    page: Codes
    detail: Codes

    @classmethod
    def of(
        cls, visit: Codes | Ints, key: Floats | float, event: str, page: Codes | int, detail: Codes | int = -1
    ) -> Rows:
        """Make rows of one event."""
        n = len(visit)
        return cls(
            visit=visit.astype(np.int32),
            key=np.broadcast_to(np.asarray(key, dtype=np.float64), n),
            event=np.full(n, CODE[event], dtype=np.int32),
            page=np.broadcast_to(np.asarray(page, dtype=np.int32), n),
            detail=np.broadcast_to(np.asarray(detail, dtype=np.int32), n),
        )

    @classmethod
    def together(cls, parts: list[Rows]) -> Rows:
        """Put parts together, ordered by visit and key."""
        columns = [np.concatenate([getattr(part, c) for part in parts]) for c in cls.__dataclass_fields__]
        order = np.lexsort((columns[1], columns[0]))
        return cls(*(column[order] for column in columns))

    def only(self, kept: Bools) -> Rows:
        """Keep some rows."""
        return Rows(*(getattr(self, c)[kept] for c in self.__dataclass_fields__))


CART_KEY = 1e6
"""Key at which the cart is looked at; whatever was browsed stands before it."""


@dataclass(frozen=True)
class Cast:
    """What every scene reads: the chance, the visits, the stock."""

    chance: np.random.Generator
    seen: Visits
    stock: Catalogue


def play(cast: Cast, logged: LogIns, account: Codes, new_app: Bools, signed_up: Bools) -> Rows:
    """Play all scenes of all visits.

    Args:
        cast: what every scene reads.
        logged: where visits become known.
        account: shape (n_visits,), the organisation that the visit's person acts for, -1 for none.
        new_app: the app was installed for this visit.
        signed_up: the account was made with this visit's log-in.
    """
    browsing = _rounds(cast)
    views = _views(cast, browsing)
    adding = _adding(cast, views[1])
    scenes = [
        _landing(cast),
        _opening(cast, new_app),
        _lists(cast, browsing),
        *views,
        adding,
        _chatting(cast, views[1]),
        _cart(cast, adding),
        _checkout(cast),
        _known(logged, account, signed_up),
    ]
    return _as_screens(Rows.together(scenes), cast.seen)


def _landing(cast: Cast) -> Rows:
    """Enter: by the home page, by a category where a campaign leads there, by the cart on a return."""
    seen = cast.seen
    category = CATEGORY_PAGE + cast.chance.integers(0, len(cast.stock.categories), seen.n)
    page = np.where(cast.chance.random(seen.n) < np.where(seen.channel > 1, 0.6, 0.1), category, HOME)
    return Rows.of(np.arange(seen.n), 0.0, PAGE_VIEWED, np.where(seen.back, CART, page).astype(np.int32))


def _opening(cast: Cast, new_app: Bools) -> Rows:
    on_app = np.flatnonzero(cast.seen.kind == APP)
    new = np.flatnonzero(new_app)
    return Rows.together(
        [
            Rows.of(on_app, -1.0, "Application Opened", HOME),
            Rows.of(new, -2.0, "Application Installed", HOME),
        ]
    )


def _rounds(cast: Cast) -> tuple[Codes, Codes]:
    """Give each visit its rounds of browsing: the visit of each round, and its number in the visit."""
    chance, seen = cast.chance, cast.seen
    n = chance.geometric(np.where(seen.reached > 0, 0.55, 0.55))
    bounced = (seen.reached == 0) & (chance.random(seen.n) < 0.62)
    n = np.where(bounced | seen.back, 0, n.clip(1, 9))
    visit = np.repeat(np.arange(seen.n), n)
    return visit.astype(np.int32), (np.arange(len(visit)) - np.repeat(np.cumsum(n) - n, n)).astype(np.int32)


def _lists(cast: Cast, rounds: tuple[Codes, Codes]) -> Rows:
    """Begin each round with a category's list or a search."""
    visit, number = rounds
    n = len(visit)
    key = 10.0 * (number.astype(np.float64) + 1)
    search = cast.chance.random(n) < 0.28
    category = CATEGORY_PAGE + cast.chance.integers(0, len(cast.stock.categories), n).astype(np.int32)
    page = np.where(search, SEARCH, category).astype(np.int32)
    query = cast.chance.integers(0, 8, n).astype(np.int32)
    lists = Rows.of(visit, key + 1, "Product List Viewed", page, page - CATEGORY_PAGE)
    return Rows.together(
        [
            Rows.of(visit, key, PAGE_VIEWED, page),
            Rows.of(visit, key + 1, "Products Searched", SEARCH, query).only(search),
            lists.only(~search),
        ]
    )


def _views(cast: Cast, rounds: tuple[Codes, Codes]) -> tuple[Rows, Rows]:
    """Look at products in the rounds of visits that get that far: the pages, and the products."""
    visit, number = rounds
    sees = cast.seen.reached[visit] > 0
    visit, number = visit[sees], number[sees]
    n = cast.chance.geometric(0.52, len(visit)).clip(1, 12)
    start = np.repeat(np.cumsum(n) - n, n)
    key = np.repeat(10.0 * (number + 1), n) + 2 + 0.5 * (np.arange(n.sum()) - start)
    product = cast.stock.draw(cast.chance, int(n.sum()))
    page = product_page(cast.stock, product)
    shown = np.repeat(visit, n)
    return Rows.of(shown, key, PAGE_VIEWED, page), Rows.of(shown, key + 0.1, "Product Viewed", page, product)


def _last(views: Rows) -> Bools:
    """Mark the last row of each visit; rows are in order."""
    return np.concatenate((np.diff(views.visit) != 0, np.ones(min(len(views.visit), 1), dtype=bool)))


def _adding(cast: Cast, views: Rows) -> Rows:
    """Add the last product seen, and some of those before it."""
    kept = (cast.seen.reached[views.visit] >= ADD) & ~cast.seen.back[views.visit]
    kept &= _last(views) | (cast.chance.random(len(kept)) < 0.14)
    some = views.only(kept)
    return Rows.of(some.visit, some.key + 0.1, "Product Added", some.page, some.detail)


def _chatting(cast: Cast, views: Rows) -> Rows:
    """Ask support about the last product seen, before deciding."""
    asks = views.only(cast.seen.chat[views.visit] & _last(views))
    return Rows.of(asks.visit, asks.key + 0.05, "Support Contacted", asks.page, 0)


def _cart(cast: Cast, adding: Rows) -> Rows:
    """Look into the cart, and take out one of several things now and then."""
    chance, seen = cast.chance, cast.seen
    looks = (seen.reached >= CHECKOUT) | ((seen.reached == ADD) & (chance.random(seen.n) < 0.4))
    looking = np.flatnonzero(looks)
    first_of = np.searchsorted(adding.visit, np.arange(seen.n + 1))
    several = np.flatnonzero(looks & (np.diff(first_of) > 1) & (chance.random(seen.n) < 0.2))
    out = adding.only(np.isin(np.arange(len(adding.visit)), first_of[several]))
    page_too = looking[~seen.back[looking]]
    return Rows.together(
        [
            Rows.of(page_too, CART_KEY, PAGE_VIEWED, CART),
            Rows.of(looking, CART_KEY + 0.2, "Cart Viewed", CART),
            Rows.of(out.visit, CART_KEY + 0.1, "Product Removed", CART, out.detail),
        ]
    )


def _checkout(cast: Cast) -> Rows:
    """Go through the checkout up to where the visit leaves it; who fails to order fails late."""
    seen = cast.seen
    started = np.flatnonzero(seen.reached >= CHECKOUT)
    left = np.searchsorted([0.25, 0.5, 0.6], cast.chance.random(len(started)), side="right")
    left = np.where(seen.struck[started], 3, left)
    left = np.where(seen.reached[started] >= ORDER, 4, left)
    pay = 2 + CART_KEY + 10
    return Rows.together(
        [
            Rows.of(started, CART_KEY + 9, PAGE_VIEWED, CHECKOUT_PAGE),
            Rows.of(started, CART_KEY + 10, "Checkout Started", CHECKOUT_PAGE),
            Rows.of(started[left > 0], CART_KEY + 11, "Checkout Step Completed", CHECKOUT_PAGE, 1),
            Rows.of(started[left > 1], pay, "Checkout Step Completed", CHECKOUT_PAGE, 2),
            Rows.of(started[left > 2], pay + 1, "Payment Info Entered", CHECKOUT_PAGE),
            Rows.of(started[left > 3], pay + 2, "Order Completed", CHECKOUT_PAGE),
            Rows.of(started[left > 3], pay + 3, PAGE_VIEWED, THANKS),
        ]
    )


def _known(logged: LogIns, account: Codes, signed_up: Bools) -> Rows:
    """Log in, with the call that names the organisation where there is one."""
    at = np.where(logged.at_start, 1.0, CART_KEY + 8)
    where = np.where(logged.at_start, HOME, CART).astype(np.int32)
    here = np.flatnonzero(logged.at_start | logged.at_checkout)
    new = here[signed_up[here]]
    of_team = here[account[here] >= 0]
    return Rows.together(
        [
            Rows.of(here, at[here], IDENTIFIED, where[here]),
            Rows.of(new, at[new] + 0.1, "Signed Up", where[new]),
            Rows.of(of_team, at[of_team] + 0.2, GROUPED, where[of_team], account[of_team]),
        ]
    )


def _as_screens(rows: Rows, seen: Visits) -> Rows:
    """Call pages screens in the app."""
    page = (rows.event == CODE[PAGE_VIEWED]) & (seen.kind[rows.visit] == APP)
    event = np.where(page, CODE[SCREEN_VIEWED], rows.event).astype(np.int32)
    return Rows(rows.visit, rows.key, event, rows.page, rows.detail)


LONGEST_MS = round(2.6 * HOUR_MS)


def instants(chance: np.random.Generator, rows: Rows, seen: Visits) -> Ints:
    """Give each row its instant: its visit's start and the stays up to it, none over 20 minutes."""
    n = len(rows.visit)
    stay = 30 + 1000 * np.array(list(EVENTS.values()))[rows.event] * chance.exponential(1.0, n)
    first = begins(rows.visit)
    passed = np.cumsum(np.where(first, 0, stay.clip(30, 1_200_000).astype(np.int64)))
    passed -= np.maximum.accumulate(np.where(first, passed, 0))
    longest = np.zeros(seen.n, dtype=np.int64)
    np.maximum.at(longest, rows.visit, passed)
    squeeze = np.minimum(1.0, LONGEST_MS / longest.clip(1))[rows.visit]
    at: Ints = seen.start_ms[rows.visit] + np.ceil(passed * squeeze).astype(np.int64)
    return at
