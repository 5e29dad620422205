"""Carts, orders and what they are worth, in cents.

A cart has the number of the visit that filled it; the receipts of the stores' tills follow the visits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obverse.simulate.catalogue import Catalogue
from obverse.simulate.model import NEWSLETTER, ORDER, Bools, Codes, Floats, Ints, Shop
from obverse.simulate.outside import Trips
from obverse.simulate.people import People
from obverse.simulate.scenes import CODE, Rows
from obverse.simulate.visits import Visits

FREE_SHIPPING = 10_000
"""Cents from which shipping is free in the shop's own country and the next; elsewhere it never is."""


@dataclass(frozen=True)
class Carts:
    """What is in each cart and what it costs. Cart c holds lines offsets[c]:offsets[c + 1].

    Attributes:
        offsets: shape (n_carts + 1,).
        product: shape (n_lines,).
        quantity: shape (n_lines,).
        subtotal: shape (n_carts,), prices times quantities.
        discount: shape (n_carts,), taken off by a coupon.
        shipping: shape (n_carts,).
        sent_back: shape (n_carts,), chance that an order of this cart is returned.
    """

    offsets: Ints
    product: Codes
    quantity: Codes
    subtotal: Ints
    discount: Ints
    shipping: Ints
    sent_back: Floats

    @property
    def revenue(self) -> Ints:
        """What the shop earns by each, without shipping."""
        return self.subtotal - self.discount

    def refund(self, price: Ints, cart: Codes | Ints, line: Codes | Ints) -> Ints:
        """Give what is paid back for orders returned wholly (line -1) or in their first line (0)."""
        first = self.offsets[cart]
        part = price[self.product[first]] * self.quantity[first]
        whole = self.subtotal[cart]
        return self.revenue[cart] * np.where(line < 0, whole, part) // whole


def added_quantity(chance: np.random.Generator, rows: Rows, seen: Visits, who: People) -> Codes:
    """Draw how many pieces are added or removed; organisations buy for their team. 0 for other events."""
    n = len(rows.visit)
    pieces = np.where(chance.random(n) < 0.08, 2, 1)
    pieces = np.where(who.account[seen.person[rows.visit]] >= 0, chance.integers(3, 16, n), pieces)
    added, removed = (rows.event == CODE[f"Product {what}"] for what in ("Added", "Removed"))
    pieces[removed] = pieces[_taken_out(rows, added, removed)]
    return np.where(added | removed, pieces, 0).astype(np.int32)


def carts(
    chance: np.random.Generator,
    shop: Shop,
    stock: Catalogue,
    seen: Visits,
    rows: Rows,
    quantity: Codes,
    trips: Trips,
) -> Carts:
    """Fill the carts from what was added and not removed, and the receipts of the stores at random."""
    added, removed = (rows.event == CODE[f"Product {what}"] for what in ("Added", "Removed"))
    kept = added & ~_taken_out(rows, added, removed)
    receipts = np.flatnonzero(trips.bought)
    n_lines = chance.geometric(0.6, len(receipts)).clip(1, 5)
    cart = np.concatenate((rows.visit[kept], np.repeat(seen.n + np.arange(len(receipts)), n_lines)))
    product = np.concatenate((rows.detail[kept], stock.draw(chance, int(n_lines.sum()))))
    pieces = np.concatenate((quantity[kept], np.ones(n_lines.sum(), dtype=np.int32)))
    n = seen.n + len(receipts)
    subtotal = np.bincount(cart, stock.price[product] * pieces, n).astype(np.int64)
    sent_back = np.zeros(n)
    np.maximum.at(sent_back, cart, stock.sent_back[product])
    return Carts(
        offsets=np.concatenate(([0], np.cumsum(np.bincount(cart, minlength=n)))),
        product=product.astype(np.int32),
        quantity=pieces.astype(np.int32),
        subtotal=subtotal,
        discount=_discount(seen, subtotal),
        shipping=_shipping(shop, seen, subtotal),
        sent_back=sent_back,
    )


def _taken_out(rows: Rows, added: Bools, removed: Bools) -> Bools:
    """Mark the first row that added something in each visit with a removal: that is what it takes out."""
    taken = np.zeros(len(rows.visit), dtype=bool)
    where = np.flatnonzero(added)
    first = np.searchsorted(rows.visit[where], rows.visit[removed])
    taken[where[first]] = True
    return taken


def _discount(seen: Visits, subtotal: Ints) -> Ints:
    """Take ten per cent off the orders that come by the newsletter."""
    cut = np.zeros(len(subtotal), dtype=bool)
    by_letter = (seen.reached >= ORDER) & (seen.channel == NEWSLETTER)
    cut[seen.origin[by_letter]] = True
    return np.where(cut, subtotal // 10, 0)


def _shipping(shop: Shop, seen: Visits, subtotal: Ints) -> Ints:
    cost = np.zeros(len(subtotal), dtype=np.int64)
    cost[: seen.n] = np.array([c.shipping for c in shop.countries])[seen.country]
    return np.where((subtotal >= FREE_SHIPPING) & (cost < 1_000), 0, cost)
