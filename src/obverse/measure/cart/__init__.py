"""The cart: how many are abandoned and with how much in them, how many come back, and where.

What is counted, exactly
    A *cart* is opened by an event of `add` when its person has none open; with the field `cart`, when there
    is none open with that value of it. It is closed by the next event of `order` of its person (with the
    field: with that value). What is counted are carts opened in ``[start, end)``; what becomes of them may
    follow later.

    A cart's *activity* is an event of `add`, `remove`, `viewed` or `checkout` (Segment's e-commerce events by
    default). A cart is

    - *ordered* if an order comes at most `after` after its last activity;
    - *abandoned* if none does: at the instant `after` after that activity, and only once, whatever follows;
    - *undecided* if the newest event is not yet later than that: never counted as abandoned, and not part
      of the share.

    An abandoned cart is *recovered* by an order at most `recover` after it was abandoned. It is *lost* if
    none came in that time, and *pending* while that time is not over. The share recovered is of carts whose
    time is
    over: it leaves out those of the last days that came back as much as those that may yet. A lost cart is
        closed: what its person adds later opens another; with the field `cart` it stays closed until it is
        ordered.

    *Checkouts* are carts that had an event of `checkout` before they were ordered or abandoned. A checkout or
    an order with no cart open is none of a cart; both are counted aside. *Emptied* is an abandoned cart with
    as many things taken out as put in (events, not quantities).

    Both windows are closed: an order exactly at their end counts. Events at one time count in the order of
    arrival; an event that several fields name does what each of them does, in the order of the fields.

    (PostHog, Mixpanel and Amplitude have no cart; their funnels from adding to ordering count people, or
    entries with Mixpanel's totals, and a step's "dropped" includes those that are not decided yet.)

Value
    What is *left* in an abandoned cart is the value of what was put in less that of what was taken out, never
    below 0; with ``worth="last"`` the value of the last event of `viewed` or `checkout` that carries one.
    What *came back* is the value of the orders of recovered carts.

Where
    A cart is left at the `touch` of its last activity before it was abandoned, and comes back at that of the
    order that recovers it.

Intervals
    Shares of all carts and of groups: people are independent, the carts of one person are not; see
    `obverse.measure.clustered`. Shares of rows, checkouts and touches: Wilson, which takes carts as
    independent. Money left: Student's t over abandoned carts, of the sum.
"""

from __future__ import annotations

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.cart.answer import CartAnswer, CartCounts, CartFlow, CartGroup, CartRow, CartTouch
from obverse.measure.cart.answering import answer
from obverse.measure.cart.question import Cart
from obverse.measure.cart.running import scan
from obverse.measure.cart.state import ANY, OPENED, OUTCOMES, Watch
from obverse.measure.cart.summary import CartSummary
from obverse.measure.grouping import code_of
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.tape.layout import Bools, Key, Layout

__all__ = [
    "Cart",
    "CartAnswer",
    "CartCounts",
    "CartFlow",
    "CartGroup",
    "CartMeasure",
    "CartRow",
    "CartSummary",
    "CartTouch",
]

N_TOUCHES = 12
"""Places that are told apart."""


class CartMeasure:
    """The cart as a measure: see `obverse.measure.protocol`."""

    question = Cart

    def plan(self, question: Cart) -> Plan:
        """Name the five kinds of events, with where they happened."""
        keys = [Key(question.touch, (0, 1, 2, 3, 4), N_TOUCHES)]
        if question.by is not None:
            keys.append(Key(question.by, (0,), question.n_groups))
        return Plan(selections=question.selections(), same=question.cart, value=True, keys=tuple(keys))

    def scan(self, question: Cart, layout: Layout, units: range) -> CartSummary:
        """Scan a slice of units."""
        return scan(question, layout, units, Watch(np.zeros(0, dtype=np.int64)))

    def behind(self, question: Cart, layout: Layout, pick: Pick) -> Bools:
        """Say whose carts are behind a part of the answer.

        Parts of a pick: ``outcome`` (opened unless named), ``row``, ``group``, ``left`` and ``back`` (where
        the cart was left, and where it came back).

        Raises:
            QuestionError: there is no such part.
        """
        check_pick(pick, ("outcome", "row", "group", "left", "back"))
        outcome = pick.get("outcome", OUTCOMES[OPENED])
        if outcome not in OUTCOMES:
            raise QuestionError(unknown("outcome", outcome, OUTCOMES))
        if "group" in pick and question.by is None:
            raise QuestionError(f"group: {pick['group']!r} was asked for, but the question has no split")
        noted = np.zeros(layout.n_persons, dtype=np.int64)
        watch = Watch(
            noted,
            1 << OUTCOMES.index(outcome),
            question.rows(layout.newest).number(pick["row"]) if "row" in pick else ANY,
            code_of(layout.labels[1], pick["group"]) if "group" in pick else ANY,
            code_of(layout.labels[0], pick["left"]) if "left" in pick else ANY,
            code_of(layout.labels[0], pick["back"]) if "back" in pick else ANY,
        )
        scan(question, layout, range(layout.n_units), watch)
        found: Bools = noted > 0
        return found

    def answer(self, question: Cart, summary: CartSummary, facts: Facts) -> CartAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)
