"""What the scan of the cart works on: what can become of a cart, the question as numbers, tallies."""

from __future__ import annotations

from typing import NamedTuple

from obverse.tape.layout import Bools, Floats, Int32s, Int64s

(
    OPENED,
    ORDERED,
    ABANDONED,
    UNDECIDED,
    CHECKOUT,
    CHECKOUT_ABANDONED,
    CHECKOUT_UNDECIDED,
    RECOVERED,
    LOST,
    PENDING,
    RECOVERED_IN_TIME,
    EMPTIED,
) = range(12)
"""What is said of a cart: each is a bit of it, and a column of the counts."""

OUTCOMES = (
    "opened",
    "ordered",
    "abandoned",
    "undecided",
    "checkout",
    "checkout abandoned",
    "checkout undecided",
    "recovered",
    "lost",
    "pending",
    "recovered in time",
    "emptied",
)
"""Their names. Who ``recovered in time`` belongs to the carts whose time to come back is over; the share that
comes back is of those alone."""

N_OUTCOMES = len(OUTCOMES)

LEFT, GIVEN_UP, BROUGHT_BACK, PAID = range(4)
"""Kinds of money: left in abandoned carts; that of carts lost for good; orders that brought carts back;
orders of carts never abandoned."""

N_MONEY = 4

NO_CART_CHECKOUTS, NO_CART_ORDERS, EARLIER = range(3)
"""What is counted aside: checkouts and orders without an open cart; carts opened before the first row."""

ANY = -1
"""In a watch: all of them."""


class Rules(NamedTuple):
    """The question as numbers.

    Attributes:
        edges: shape (rows + 1,), instants that part the rows.
        after: silence after which a cart is abandoned, µs.
        recover: time after that in which an order brings it back, µs.
        newest: time of the newest event, µs.
        keyed: whether a unit is one cart, named by a field.
        by_last: whether a cart is worth what it was last shown to be.
        split: whether carts have groups.
    """

    edges: Int64s
    after: int
    recover: int
    newest: int
    keyed: bool
    by_last: bool
    split: bool


class Lane(NamedTuple):
    """Events of one kind; `touches` are the codes of where they happened."""

    offsets: Int64s
    time: Int64s
    seq: Int64s
    value: Floats
    touches: Int32s


class Lanes(NamedTuple):
    """All events, by kind.

    Attributes:
        groups: code of the split of each event that adds; empty without a split.
        persons: the person of each unit; empty where a unit is a person.
    """

    adds: Lane
    removes: Lane
    views: Lane
    checkouts: Lane
    orders: Lane
    groups: Int32s
    persons: Int32s


class Tally(NamedTuple):
    """What is added to: see `obverse.measure.cart.summary.CartSummary`."""

    counts: Int64s
    money: Floats
    pairs: Floats
    row_people: Int64s
    group_people: Int64s
    places: Int64s
    place_money: Floats
    fates: Int64s
    times: Int64s
    aside: Int64s


class Watch(NamedTuple):
    """Which carts' people are noted; an empty `found` notes nobody.

    Attributes:
        found: shape (people,), set to true.
        bits: outcomes that all must hold.
        row: of the carts' opening.
        group: of the split.
        left: code of where it was abandoned.
        back: code of where it was brought back.
    """

    found: Bools
    bits: int
    row: int
    group: int
    left: int
    back: int
