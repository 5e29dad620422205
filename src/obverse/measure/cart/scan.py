"""The scan of the cart: a walk over each unit's events by (time, arrival), with at most one cart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from obverse.measure.cart.state import (
    ABANDONED,
    ANY,
    BROUGHT_BACK,
    CHECKOUT,
    CHECKOUT_ABANDONED,
    CHECKOUT_UNDECIDED,
    EARLIER,
    EMPTIED,
    GIVEN_UP,
    LEFT,
    LOST,
    N_OUTCOMES,
    NO_CART_CHECKOUTS,
    NO_CART_ORDERS,
    OPENED,
    ORDERED,
    PAID,
    PENDING,
    RECOVERED,
    RECOVERED_IN_TIME,
    UNDECIDED,
    Lane,
    Lanes,
    Rules,
    Tally,
    Watch,
)
from obverse.measure.histogram import bin_of
from obverse.measure.kernel import kernel
from obverse.measure.moments import push
from obverse.measure.overview_scan import row_of
from obverse.measure.pairs import push_pair
from obverse.tape.layout import Floats, Int64s

_NEVER = 1 << 62

_OPEN, _GONE, _DEAD, _ROW, _GROUP, _LAST, _GONE_AT, _ADDS, _REMOVES, _CHECKOUT, _TOUCH, _PERSON = range(12)
"""What is known of the cart: whether it is open, abandoned, or dead (a named cart that may not open again);
row (-1: not counted) and group; time of its last event; when it was abandoned; things put in and taken out;
whether paying began; where its last event was; whose it is."""

_LINES, _SHOWN = range(2)
"""Its money: lines put in less taken out; what it was last shown to be worth."""

_N_KINDS = 5

_GONE_N, _DECIDED_N, _BACK_N, _OVER_N = range(4)
"""A person's carts: abandoned, decided, back in time, those whose time to come back is over."""


class _Walk(NamedTuple):
    """What the walk carries: the question, the events, what is added to, and what is known so far.

    `cart` and `money` are the cart's; `mine` the counts of the person's carts, shape (groups + 1, 4);
    `row_seen` and `group_seen` who was counted last with a cart there, and with an abandoned one; `heads` and
    `stops` the next event of each kind and the unit's end.
    """

    rules: Rules
    lanes: Lanes
    tally: Tally
    watch: Watch
    cart: Int64s
    money: Floats
    mine: Int64s
    row_seen: Int64s
    group_seen: Int64s
    heads: Int64s
    stops: Int64s


@kernel
def walk(rules: Rules, lanes: Lanes, tally: Tally, watch: Watch, low: int, high: int) -> None:
    """Walk the carts of units `low` to before `high`; the units of a person stand together."""
    n_groups, n_rows = tally.counts.shape[0], tally.counts.shape[1]
    w = _Walk(
        rules,
        lanes,
        tally,
        watch,
        np.zeros(12, dtype=np.int64),
        np.zeros(2),
        np.zeros((n_groups + 1, 4), dtype=np.int64),
        np.full((n_rows, 2), -1, dtype=np.int64),
        np.full((n_groups + 1, 2), -1, dtype=np.int64),
        np.zeros(_N_KINDS, dtype=np.int64),
        np.zeros(_N_KINDS, dtype=np.int64),
    )
    w.cart[_PERSON] = -1
    for unit in range(low, high):
        if _begin(w, unit):
            person = lanes.persons[unit] if len(lanes.persons) else unit
            if person != w.cart[_PERSON]:
                _push_person(w)
            w.cart[:] = 0
            w.cart[_PERSON] = person
            _walk_unit(w)
    _push_person(w)


@njit(nogil=True)
def _walk_unit(w: _Walk) -> None:
    """Walk one unit's events, then let time pass until now."""
    time, seq = _next(w)
    while time != _NEVER:
        _pass(w, time)
        _meet(w, time, seq)
        time, seq = _next(w)
    _pass(w, w.rules.newest)
    if w.cart[_OPEN]:
        _close(w, PENDING if w.cart[_GONE] else UNDECIDED, 0, 0.0, 0)


@njit(nogil=True)
def _begin(w: _Walk, unit: int) -> bool:
    """Go to a unit's first events; say whether it has any that matter."""
    lanes, heads, stops = w.lanes, w.heads, w.stops
    heads[0], stops[0] = lanes.adds.offsets[unit], lanes.adds.offsets[unit + 1]
    heads[3], stops[3] = lanes.checkouts.offsets[unit], lanes.checkouts.offsets[unit + 1]
    heads[4], stops[4] = lanes.orders.offsets[unit], lanes.orders.offsets[unit + 1]
    if heads[0] == stops[0] and heads[3] == stops[3] and heads[4] == stops[4]:
        return False
    heads[1], stops[1] = lanes.removes.offsets[unit], lanes.removes.offsets[unit + 1]
    heads[2], stops[2] = lanes.views.offsets[unit], lanes.views.offsets[unit + 1]
    return True


@njit(nogil=True)
def _next(w: _Walk) -> tuple[int, int]:
    """Give the time and seq of the unit's next event; `_NEVER` if there is none."""
    lanes, heads, stops = w.lanes, w.heads, w.stops
    time, seq = _nearer(lanes.adds, heads[0], stops[0], _NEVER, _NEVER)
    time, seq = _nearer(lanes.removes, heads[1], stops[1], time, seq)
    time, seq = _nearer(lanes.views, heads[2], stops[2], time, seq)
    time, seq = _nearer(lanes.checkouts, heads[3], stops[3], time, seq)
    return _nearer(lanes.orders, heads[4], stops[4], time, seq)


@njit(nogil=True)
def _nearer(lane: Lane, at: int, stop: int, time: int, seq: int) -> tuple[int, int]:
    """Give the earlier of a lane's next event and another."""
    if at < stop and (lane.time[at] < time or (lane.time[at] == time and lane.seq[at] < seq)):
        return lane.time[at], lane.seq[at]
    return time, seq


@njit(nogil=True)
def _take(w: _Walk, lane: Lane, kind: int, time: int, seq: int) -> int:
    """Take the event off its lane if it is its next; give its index, -1 if it is not of this kind."""
    at = w.heads[kind]
    if at < w.stops[kind] and lane.time[at] == time and lane.seq[at] == seq:
        w.heads[kind] = at + 1
        return at  # type: ignore[no-any-return]
    return -1


@njit(nogil=True)
def _meet(w: _Walk, time: int, seq: int) -> None:
    """Let one event do all that it does; it may be of several kinds."""
    lanes, cart = w.lanes, w.cart
    at = _take(w, lanes.adds, 0, time, seq)
    if at >= 0:
        if not cart[_OPEN] and not cart[_DEAD]:
            _open(w, time, lanes.groups[at] if w.rules.split else 0)
        _put(w, lanes.adds, at, 1)
    at = _take(w, lanes.removes, 1, time, seq)
    if at >= 0:
        _put(w, lanes.removes, at, -1)
    at = _take(w, lanes.views, 2, time, seq)
    if at >= 0:
        _show(w, lanes.views, at)
    at = _take(w, lanes.checkouts, 3, time, seq)
    if at >= 0:
        if not cart[_OPEN]:
            w.tally.aside[NO_CART_CHECKOUTS] += _in_period(w.rules, time)
        elif not cart[_GONE]:
            cart[_CHECKOUT] = 1
        _show(w, lanes.checkouts, at)
    at = _take(w, lanes.orders, 4, time, seq)
    if at >= 0:
        if cart[_OPEN]:
            outcome = RECOVERED if cart[_GONE] else ORDERED
            _close(w, outcome, time, lanes.orders.value[at], lanes.orders.touches[at])
        else:
            w.tally.aside[NO_CART_ORDERS] += _in_period(w.rules, time)
        cart[_DEAD] = 0


@njit(nogil=True)
def _put(w: _Walk, lane: Lane, at: int, sign: int) -> None:
    """Put something into the cart or take it out, until it is abandoned."""
    if w.cart[_OPEN] and not w.cart[_GONE]:
        w.money[_LINES] += sign * lane.value[at]
        w.cart[_ADDS if sign > 0 else _REMOVES] += 1
        w.cart[_LAST], w.cart[_TOUCH] = lane.time[at], lane.touches[at]


@njit(nogil=True)
def _show(w: _Walk, lane: Lane, at: int) -> None:
    """Note what the cart is shown to be worth, until it is abandoned."""
    if w.cart[_OPEN] and not w.cart[_GONE]:
        if lane.value[at] != 0.0:
            w.money[_SHOWN] = lane.value[at]
        w.cart[_LAST], w.cart[_TOUCH] = lane.time[at], lane.touches[at]


@njit(nogil=True)
def _in_period(rules: Rules, time: int) -> int:
    return 1 if rules.edges[0] <= time < rules.edges[-1] else 0


@njit(nogil=True)
def _open(w: _Walk, time: int, group: int) -> None:
    """Open a cart."""
    cart = w.cart
    person = cart[_PERSON]
    cart[:] = 0
    w.money[:] = 0.0
    cart[_PERSON], cart[_OPEN], cart[_GROUP] = person, 1, group
    cart[_ROW] = row_of(w.rules.edges, 0, time) if _in_period(w.rules, time) else -1
    w.tally.aside[EARLIER] += time < w.rules.edges[0]


@njit(nogil=True)
def _pass(w: _Walk, time: int) -> None:
    """Let time pass until an instant: carts are abandoned, and lost. Both windows are closed."""
    cart = w.cart
    if cart[_OPEN] and not cart[_GONE] and time > cart[_LAST] + w.rules.after:
        cart[_GONE], cart[_GONE_AT] = 1, cart[_LAST] + w.rules.after
    if cart[_OPEN] and cart[_GONE] and time > cart[_GONE_AT] + w.rules.recover:
        _close(w, LOST, 0, 0.0, 0)
        cart[_DEAD] = 1 if w.rules.keyed else 0


@njit(nogil=True)
def _close(w: _Walk, outcome: int, time: int, value: float, touch: int) -> None:
    """Close a cart and count it; `time`, `value` and `touch` are those of its order, if there is one."""
    cart, tally = w.cart, w.tally
    cart[_OPEN] = 0
    if cart[_ROW] < 0:
        return
    bits = _bits(w.rules, cart, outcome)
    left = _left(w.rules, w.money) if cart[_GONE] else 0.0
    _count(w, bits)
    _pay(tally.money[cart[_GROUP], cart[_ROW]], outcome, cart[_GONE], left, value)
    _see(w.row_seen[cart[_ROW]], tally.row_people[cart[_ROW]], cart)
    _see(w.group_seen[cart[_GROUP]], tally.group_people[cart[_GROUP]], cart)
    _see(w.group_seen[-1], tally.group_people[-1], cart)
    if cart[_GONE]:
        n_touches = tally.places.shape[0]
        back = touch if outcome == RECOVERED else n_touches + (1 if outcome == PENDING else 0)
        tally.places[cart[_TOUCH], back] += 1
        tally.place_money[cart[_TOUCH], back] += left
        in_time = (bits >> RECOVERED_IN_TIME) & 1
        tally.fates[cart[_TOUCH], 0] += in_time
        tally.fates[cart[_TOUCH], 1] += in_time + (outcome == LOST)
    if outcome == RECOVERED:
        tally.times[bin_of(time - cart[_GONE_AT])] += 1
    if len(w.watch.found) and _wanted(w.watch, cart, bits, outcome, touch):
        w.watch.found[cart[_PERSON]] = True


@njit(nogil=True)
def _bits(rules: Rules, cart: Int64s, outcome: int) -> int:
    """Say all that is so of a cart, as bits."""
    bits = (1 << OPENED) | (1 << outcome)
    if cart[_GONE]:
        bits |= 1 << ABANDONED
        if cart[_REMOVES] >= cart[_ADDS]:
            bits |= 1 << EMPTIED
        if outcome == RECOVERED and rules.newest > cart[_GONE_AT] + rules.recover:
            bits |= 1 << RECOVERED_IN_TIME
    if cart[_CHECKOUT]:
        bits |= 1 << CHECKOUT
        if cart[_GONE]:
            bits |= 1 << CHECKOUT_ABANDONED
        elif outcome == UNDECIDED:
            bits |= 1 << CHECKOUT_UNDECIDED
    return bits


@njit(nogil=True)
def _left(rules: Rules, money: Floats) -> float:
    """Give what an abandoned cart holds."""
    if rules.by_last and money[_SHOWN] != 0.0:
        return money[_SHOWN]  # type: ignore[no-any-return]
    return max(money[_LINES], 0.0)  # type: ignore[no-any-return]


@njit(nogil=True)
def _count(w: _Walk, bits: int) -> None:
    """Count a cart by its bits, and for its person."""
    cart, mine = w.cart, w.mine
    counts = w.tally.counts[cart[_GROUP], cart[_ROW]]
    for outcome in range(N_OUTCOMES):
        counts[outcome] += (bits >> outcome) & 1
    in_time = (bits >> RECOVERED_IN_TIME) & 1
    for group in (cart[_GROUP], len(mine) - 1):
        mine[group, _GONE_N] += cart[_GONE]
        mine[group, _DECIDED_N] += 1 - ((bits >> UNDECIDED) & 1)
        mine[group, _BACK_N] += in_time
        mine[group, _OVER_N] += in_time + ((bits >> LOST) & 1)


@njit(nogil=True)
def _pay(money: Floats, outcome: int, gone: int, left: float, value: float) -> None:
    """Add a cart's money to the moments of each kind."""
    if gone:
        push(money[LEFT], left)
    if outcome == LOST:
        push(money[GIVEN_UP], left)
    elif outcome == RECOVERED:
        push(money[BROUGHT_BACK], value)
    elif outcome == ORDERED:
        push(money[PAID], value)


@njit(nogil=True)
def _see(seen: Int64s, people: Int64s, cart: Int64s) -> None:
    """Count the cart's person once: with a cart, and with an abandoned one."""
    if seen[0] != cart[_PERSON]:
        seen[0] = cart[_PERSON]
        people[0] += 1
    if cart[_GONE] and seen[1] != cart[_PERSON]:
        seen[1] = cart[_PERSON]
        people[1] += 1


@njit(nogil=True)
def _wanted(watch: Watch, cart: Int64s, bits: int, outcome: int, touch: int) -> bool:
    """Say whether a cart is one of those that are watched for."""
    if bits & watch.bits != watch.bits:
        return False
    if watch.row not in (ANY, cart[_ROW]) or watch.group not in (ANY, cart[_GROUP]):
        return False
    if watch.left != ANY and not (cart[_GONE] and watch.left == cart[_TOUCH]):
        return False
    return watch.back == ANY or (outcome == RECOVERED and watch.back == touch)


@njit(nogil=True)
def _push_person(w: _Walk) -> None:
    """Add a person's carts to the moments, and clear them."""
    pairs, mine = w.tally.pairs, w.mine
    everyone = len(mine) - 1
    if not mine[everyone].any():
        return
    for group in range(len(mine)):
        if mine[group, _DECIDED_N]:
            push_pair(pairs[group, 0], float(mine[group, _GONE_N]), float(mine[group, _DECIDED_N]))
        if mine[group, _OVER_N]:
            push_pair(pairs[group, 1], float(mine[group, _BACK_N]), float(mine[group, _OVER_N]))
    mine[:] = 0
