"""What the scan of the cart works on: what can become of a cart, the question as numbers, tallies."""

from __future__ import annotations

from dataclasses import dataclass

from obverse.measure.records import record_type
from obverse.tape.layout import Int64s

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


N_KINDS = 5
"""Kinds of events: add, remove, viewed, checkout, order."""

N_MINE = 4
"""What is counted of a person's carts: abandoned, decided, back in time, with the time for that over."""

WALK = record_type(
    numbers=(
        "n_groups",
        "n_rows",
        "n_places",  # places that are told apart, the others one of them
        "after",  # silence after which a cart is abandoned, µs
        "recover",  # time after that in which an order brings it back, µs
        "newest",  # time of the newest event, µs
        "keyed",  # 1 where a unit is one cart, named by a field
        "by_last",  # 1 where a cart is worth what it was last shown to be
        "split",  # 1 where carts have groups
        "in_parts",  # 1 where units are parts of people
        # Which carts' people are noted; `ANY` for all:
        *("watch_bits", "watch_row", "watch_group", "watch_left", "watch_back"),
        # What is known of the cart:
        "person",
        "open",
        "gone",  # 1 where it is abandoned
        "dead",  # 1 where it is a named cart that may not open again
        "row",  # in which it was opened; -1 for none: it is not counted
        "group",
        "last",  # time of its last event before it was abandoned
        "gone_at",  # when it was abandoned
        "adds",
        "removes",
        "checkout",  # 1 where paying began
        "touch",  # where its last event was
        "bits",  # what became of it
        "begun",  # 1 where the person has a cart that counts
    ),
    arrays=(
        "edges",  # instants that part the rows
        *("a_offsets", "a_time", "a_seq", "a_value", "a_touch", "groups"),
        *("r_offsets", "r_time", "r_seq", "r_value", "r_touch"),
        *("v_offsets", "v_time", "v_seq", "v_value", "v_touch"),
        *("c_offsets", "c_time", "c_seq", "c_value", "c_touch"),
        *("o_offsets", "o_time", "o_seq", "o_value", "o_touch", "persons"),
        # What is added to: see `obverse.measure.cart.summary.CartSummary`
        *("counts", "money", "pairs", "row_people", "group_people"),
        *("places", "place_money", "fates", "times", "aside"),
        "worth",  # shape (2,): lines put in less taken out; what the cart was last shown to be worth
        "mine",  # shape (groups + 1, N_MINE), the person's carts; the last group is all
        "row_seen",  # shape (rows, 2), the last person counted with a cart; with an abandoned one
        "group_seen",  # shape (groups + 1, 2), the same
        "noted",  # shape (people,), 1 for who has a cart that is watched for; of no length to note nobody
    ),
    scratch={"heads": N_KINDS, "stops": N_KINDS},  # the next event of each kind; the unit's end
)
"""All that the walk works on."""


@dataclass(frozen=True)
class Watch:
    """Which carts' people are noted; a `noted` of no length notes nobody.

    Attributes:
        noted: shape (people,), set to 1.
        bits: outcomes that all must hold.
        row: of the carts' opening.
        group: of the split.
        left: code of where it was abandoned.
        back: code of where it was brought back.
    """

    noted: Int64s
    bits: int = 0
    row: int = ANY
    group: int = ANY
    left: int = ANY
    back: int = ANY
