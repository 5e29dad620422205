"""From a summary of carts to their answer."""

from __future__ import annotations

from functools import reduce

import numpy as np

from obverse.measure import moments
from obverse.measure.cart.answer import CartAnswer, CartCounts, CartFlow, CartGroup, CartRow, CartTouch
from obverse.measure.cart.question import Cart
from obverse.measure.cart.state import (
    ABANDONED,
    BROUGHT_BACK,
    CHECKOUT,
    CHECKOUT_ABANDONED,
    CHECKOUT_UNDECIDED,
    EARLIER,
    EMPTIED,
    GIVEN_UP,
    LEFT,
    LOST,
    NO_CART_CHECKOUTS,
    NO_CART_ORDERS,
    OPENED,
    ORDERED,
    PAID,
    PENDING,
    RECOVERED,
    RECOVERED_IN_TIME,
    UNDECIDED,
)
from obverse.measure.cart.summary import CartSummary
from obverse.measure.clustered import share_of_things
from obverse.measure.estimate import Estimate, share, total
from obverse.measure.fields import selection
from obverse.measure.funnel_answer import Durations
from obverse.measure.grouping import kind_of
from obverse.measure.histogram import edges_ms, quantiles_s
from obverse.measure.protocol import Facts
from obverse.measure.rows import Rows
from obverse.measure.scope import OTHER, group_names
from obverse.tape.layout import Floats, Int64s

_MAY_LACK = ("remove", "viewed")
"""Events that many shops never send: that the lake has none of the usual name is not worth a note."""


def answer(question: Cart, summary: CartSummary, facts: Facts) -> CartAnswer:
    """Turn the summary of all units into the answer."""
    rows = question.rows(summary.newest)
    counts = summary.counts.sum(axis=(0, 1))
    touches, flows = _places(summary, facts.labels[0])
    return CartAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        grain=question.grain,
        carts=_counts(counts, _sum(_sum(summary.money)), summary.group_people[-1], summary.pairs[-1]),
        rows=_rows(question, rows, summary),
        groups=() if question.by is None else _groups(summary, facts.labels[1]),
        touches=touches,
        flows=flows,
        recovery_time=_durations(summary.times),
        checkouts_without_cart=int(summary.aside[NO_CART_CHECKOUTS]),
        orders_without_cart=int(summary.aside[NO_CART_ORDERS]),
        currency=facts.currencies[0] if len(facts.currencies) == 1 else None,
        notes=_notes(question, rows, summary, counts, facts),
    )


def _sum(parts: Floats) -> Floats:
    """Merge moments over their first axis; of none those of no draws."""
    if len(parts) == 0:
        return np.zeros(parts.shape[1:])
    found: Floats = reduce(moments.merge, parts)
    return found


def _counts(counts: Int64s, worth: Floats, people: Int64s, pairs: Floats | None = None) -> CartCounts:
    """Say what became of some carts; with moments of people's carts, shares are by people."""
    n = [int(one) for one in counts]
    over = n[RECOVERED_IN_TIME] + n[LOST]
    return CartCounts(
        carts=n[OPENED],
        ordered=n[ORDERED],
        abandoned=n[ABANDONED],
        undecided=n[UNDECIDED],
        abandonment=share(n[ABANDONED], n[ORDERED] + n[ABANDONED])
        if pairs is None
        else share_of_things(pairs[0]),
        checkouts=n[CHECKOUT],
        checkouts_abandoned=n[CHECKOUT_ABANDONED],
        checkouts_undecided=n[CHECKOUT_UNDECIDED],
        checkout_abandonment=share(n[CHECKOUT_ABANDONED], n[CHECKOUT] - n[CHECKOUT_UNDECIDED]),
        recovered=n[RECOVERED],
        lost=n[LOST],
        pending=n[PENDING],
        recovery=share(n[RECOVERED_IN_TIME], over) if pairs is None else share_of_things(pairs[1]),
        emptied=n[EMPTIED],
        people=int(people[0]),
        people_abandoned=int(people[1]),
        value_left=_total(worth[LEFT]),
        value_lost=_money(worth[GIVEN_UP]),
        value_recovered=_money(worth[BROUGHT_BACK]),
        value_ordered=_money(worth[PAID]),
    )


def _total(worth: Floats) -> Estimate:
    return total(int(worth[0]), float(worth[1]), float(worth[2]))


def _money(worth: Floats) -> float:
    """Give a sum from its moments, without the dust of having been a mean."""
    return round(float(worth[0] * worth[1]), 6)


def _rows(question: Cart, rows: Rows, summary: CartSummary) -> tuple[CartRow, ...]:
    """Make the rows; without a start, from the first with a cart."""
    first = 0
    if question.start is None:
        used = np.flatnonzero(summary.counts[:, :, OPENED].any(axis=0))
        first = int(used[0]) if len(used) else rows.n
    return tuple(
        CartRow(
            name=rows.name(row),
            start=rows.start(row),
            complete=rows.complete(row),
            counts=_counts(
                summary.counts[:, row].sum(axis=0), _sum(summary.money[:, row]), summary.row_people[row]
            ),
        )
        for row in range(first, rows.n)
    )


def _groups(summary: CartSummary, labels: tuple[str | None, ...]) -> tuple[CartGroup, ...]:
    found = [
        CartGroup(
            name=name,
            kind=kind_of(labels, code),
            counts=_counts(
                summary.counts[code].sum(axis=0),
                _sum(summary.money[code]),
                summary.group_people[code],
                summary.pairs[code],
            ),
        )
        for code, name in enumerate(group_names(labels))
        if summary.counts[code, :, OPENED].any()
    ]
    return tuple(sorted(found, key=lambda group: (group.name == OTHER, -group.counts.carts)))


def _places(
    summary: CartSummary, labels: tuple[str | None, ...]
) -> tuple[tuple[CartTouch, ...], tuple[CartFlow, ...]]:
    """Say where carts were left and where they came back, by place and from place to place."""
    names, carts, worth = group_names(labels), summary.places, summary.place_money
    n = len(names)
    back = carts[:, :n]
    touches = [
        CartTouch(
            name=name,
            abandoned=int(carts[at].sum()),
            recovery=share(int(summary.fates[at, 0]), int(summary.fates[at, 1])),
            value_left=round(float(worth[at].sum()), 6),
            recovered=int(back[:, at].sum()),
            share_of_recovered=share(int(back[:, at].sum()), int(back.sum())),
        )
        for at, name in enumerate(names)
        if carts[at].any() or back[:, at].any()
    ]
    flows = [
        CartFlow(
            source=names[at],
            outcome="recovered" if to < n else ("lost", "pending")[to - n],
            target=names[to] if to < n else None,
            carts=int(carts[at, to]),
            value=round(float(worth[at, to]), 6),
        )
        for at, to in np.argwhere(carts)
    ]
    return (
        tuple(sorted(touches, key=lambda one: (-one.abandoned, -one.recovered, one.name))),
        tuple(sorted(flows, key=lambda one: -one.carts)),
    )


def _durations(counts: Int64s) -> Durations | None:
    """Give quantiles of the times, and the mean of their bins' middles."""
    n = int(counts.sum())
    if n == 0:
        return None
    p25, median, p75, p90 = quantiles_s(counts, (0.25, 0.5, 0.75, 0.9))
    edges = edges_ms(len(counts))
    middle = (edges[:-1] + edges[1:]) / 2
    return Durations(p25, median, p75, p90, float(counts @ middle) / n / 1_000)


def _notes(question: Cart, rows: Rows, summary: CartSummary, counts: Int64s, facts: Facts) -> tuple[str, ...]:
    usual = {
        f"unknown event {name!r}"
        for field in _MAY_LACK
        if getattr(question, field) == getattr(Cart(), field)
        for name in selection(getattr(question, field), field).events
    }
    notes = [one for one in facts.strangers if not one.startswith(tuple(usual) or ("\0",))]
    if question.worth == "lines":
        notes.append("Money left is what was put into the carts less what was taken out.")
    else:
        notes.append(
            "Money left is what the cart was last shown to be worth, "
            "else what was put in less what was taken out."
        )
    if summary.money[..., LEFT, 0].any() and not summary.money[..., LEFT, 1].any():
        notes.append("No event of these carts carries money, so what was left in them is not known.")
    if len(facts.currencies) > 1 and summary.money[..., 1].any():
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    if question.cart is not None and counts[ABANDONED] and not counts[ORDERED] and not counts[RECOVERED]:
        notes.append(
            f"No order carries the {question.cart} of a cart, so all look abandoned; if no order ever does, "
            "ask without cart."
        )
    if summary.aside[NO_CART_ORDERS]:
        notes.append(f"{summary.aside[NO_CART_ORDERS]} orders came without a cart and are not counted here.")
    if question.start is None and summary.aside[EARLIER]:
        notes.append(
            f"{summary.aside[EARLIER]} carts opened before {rows.name(0)} are left out; "
            "choose a longer grain."
        )
    return tuple(notes)
