"""The scan of the cart: a walk over each unit's events by (time, arrival), with at most one cart."""

from __future__ import annotations

from typing import Any

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
    N_KINDS,
    N_MINE,
    N_MONEY,
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
)
from obverse.measure.histogram import bin_of
from obverse.measure.kernel import kernel
from obverse.measure.moments import push
from obverse.measure.overview_scan import row_of
from obverse.measure.pairs import push_pair
from obverse.measure.records import Record, codes, floats, ints

_NEVER = 1 << 62
_LINES, _SHOWN = range(2)
_ADD, _REMOVE, _VIEW, _PAY, _ORDER = range(N_KINDS)
_GONE_N, _DECIDED_N, _BACK_N, _OVER_N = range(N_MINE)


@kernel
def walk(w: Record, low: int, high: int) -> None:
    """Walk the carts of units; the units of a person stand together, and all are in one walk.

    Args:
        w: a record of `obverse.measure.cart.state.WALK`.
        low: first unit.
        high: unit after the last.
    """
    for unit in range(low, high):
        if _begin(w, unit):
            person = codes(w.persons)[unit] if w.in_parts else unit
            if person != w.person:
                _push_person(w)
                w.person = person
            w.open, w.gone, w.dead = 0, 0, 0
            _walk_unit(w)
    _push_person(w)


@njit(nogil=True, inline="always")
def _begin(w: Record, unit: int) -> bool:
    """Go to a unit's first events; say whether it has any that matter."""
    w.heads[_ADD], w.stops[_ADD] = ints(w.a_offsets)[unit], ints(w.a_offsets)[unit + 1]
    w.heads[_PAY], w.stops[_PAY] = ints(w.c_offsets)[unit], ints(w.c_offsets)[unit + 1]
    w.heads[_ORDER], w.stops[_ORDER] = ints(w.o_offsets)[unit], ints(w.o_offsets)[unit + 1]
    w.heads[_REMOVE], w.stops[_REMOVE] = ints(w.r_offsets)[unit], ints(w.r_offsets)[unit + 1]
    w.heads[_VIEW], w.stops[_VIEW] = ints(w.v_offsets)[unit], ints(w.v_offsets)[unit + 1]
    return (  # type: ignore[no-any-return]
        w.heads[_ADD] < w.stops[_ADD] or w.heads[_PAY] < w.stops[_PAY] or w.heads[_ORDER] < w.stops[_ORDER]
    )


@njit(nogil=True)
def _walk_unit(w: Record) -> None:
    """Walk one unit's events, then let time pass until now."""
    while True:
        time, seq = _nearer(w, _ADD, ints(w.a_time), ints(w.a_seq), _NEVER, _NEVER)
        time, seq = _nearer(w, _REMOVE, ints(w.r_time), ints(w.r_seq), time, seq)
        time, seq = _nearer(w, _VIEW, ints(w.v_time), ints(w.v_seq), time, seq)
        time, seq = _nearer(w, _PAY, ints(w.c_time), ints(w.c_seq), time, seq)
        time, seq = _nearer(w, _ORDER, ints(w.o_time), ints(w.o_seq), time, seq)
        if time == _NEVER:
            break
        _pass(w, time)
        _meet(w, seq)
    _pass(w, w.newest)
    if w.open:
        _close(w, PENDING if w.gone else UNDECIDED, 0, 0.0, 0)


@njit(nogil=True, inline="always")
def _nearer(w: Record, kind: int, times: Any, seqs: Any, time: int, seq: int) -> Any:
    """Give (time, seq) of the earlier of the next event of a kind and another."""
    at = w.heads[kind]
    if at < w.stops[kind] and (times[at] < time or (times[at] == time and seqs[at] < seq)):
        return times[at], seqs[at]
    return time, seq


@njit(nogil=True, inline="always")
def _take(w: Record, kind: int, seqs: Any, seq: int) -> int:
    """Take an event off its kind if it is the next; give its index, -1 if it is not of this kind."""
    at = w.heads[kind]
    if at < w.stops[kind] and seqs[at] == seq:
        w.heads[kind] = at + 1
        return at  # type: ignore[no-any-return]
    return -1


@njit(nogil=True)
def _meet(w: Record, seq: int) -> None:
    """Let one event do all that it does; it may be of several kinds."""
    at = _take(w, _ADD, ints(w.a_seq), seq)
    if at >= 0:
        if not w.open and not w.dead:
            _open(w, ints(w.a_time)[at], codes(w.groups)[at] if w.split else 0)
        if w.open and not w.gone:
            floats(w.worth)[_LINES] += floats(w.a_value)[at]
            w.adds += 1
            w.last, w.touch = ints(w.a_time)[at], codes(w.a_touch)[at]
    at = _take(w, _REMOVE, ints(w.r_seq), seq)
    if at >= 0 and w.open and not w.gone:
        floats(w.worth)[_LINES] -= floats(w.r_value)[at]
        w.removes += 1
        w.last, w.touch = ints(w.r_time)[at], codes(w.r_touch)[at]
    at = _take(w, _VIEW, ints(w.v_seq), seq)
    if at >= 0 and w.open and not w.gone:
        _show(w, floats(w.v_value)[at])
        w.last, w.touch = ints(w.v_time)[at], codes(w.v_touch)[at]
    _meet_checkout(w, seq)
    _meet_order(w, seq)


@njit(nogil=True, inline="always")
def _meet_checkout(w: Record, seq: int) -> None:
    """Begin to pay, if that is what the event does."""
    at = _take(w, _PAY, ints(w.c_seq), seq)
    if at >= 0 and not w.open:
        ints(w.aside)[NO_CART_CHECKOUTS] += _in_period(w, ints(w.c_time)[at])
    elif at >= 0 and not w.gone:
        w.checkout = 1
        _show(w, floats(w.c_value)[at])
        w.last, w.touch = ints(w.c_time)[at], codes(w.c_touch)[at]


@njit(nogil=True, inline="always")
def _meet_order(w: Record, seq: int) -> None:
    """Order what is in the cart, if that is what the event does."""
    at = _take(w, _ORDER, ints(w.o_seq), seq)
    if at < 0:
        return
    time = ints(w.o_time)[at]
    if w.open:
        _close(w, RECOVERED if w.gone else ORDERED, time, floats(w.o_value)[at], codes(w.o_touch)[at])
    else:
        ints(w.aside)[NO_CART_ORDERS] += _in_period(w, time)
    w.dead = 0


@njit(nogil=True, inline="always")
def _show(w: Record, value: float) -> None:
    """Note what the cart is shown to be worth."""
    if value != 0.0:
        floats(w.worth)[_SHOWN] = value


@njit(nogil=True, inline="always")
def _in_period(w: Record, time: int) -> int:
    return 1 if ints(w.edges)[0] <= time < ints(w.edges)[w.n_rows] else 0


@njit(nogil=True, inline="always")
def _open(w: Record, time: int, group: int) -> None:
    """Open a cart."""
    w.open, w.gone, w.adds, w.removes, w.checkout = 1, 0, 0, 0, 0
    w.group, w.last = group, time
    floats(w.worth)[_LINES] = 0.0
    floats(w.worth)[_SHOWN] = 0.0
    w.row = row_of(ints(w.edges), 0, time) if _in_period(w, time) else -1
    ints(w.aside)[EARLIER] += time < ints(w.edges)[0]


@njit(nogil=True, inline="always")
def _pass(w: Record, time: int) -> None:
    """Let time pass until an instant: carts are abandoned, and lost. Both windows are closed."""
    if w.open and not w.gone and time > w.last + w.after:
        w.gone, w.gone_at = 1, w.last + w.after
    if w.open and w.gone and time > w.gone_at + w.recover:
        _close(w, LOST, 0, 0.0, 0)
        w.dead = w.keyed


@njit(nogil=True)
def _close(w: Record, outcome: int, time: int, value: float, touch: int) -> None:
    """Close a cart and count it; `time`, `value` and `touch` are those of its order, if there is one."""
    w.open = 0
    if w.row < 0:
        return
    _judge(w, outcome)
    _count(w)
    _see(w)
    left = _left(w) if w.gone else 0.0
    _pay(w, outcome, left, value)
    if w.gone:
        _leave(w, outcome, left, touch)
    if outcome == RECOVERED:
        ints(w.times)[bin_of(time - w.gone_at)] += 1
    if len(ints(w.noted)) and _wanted(w, outcome, touch):
        ints(w.noted)[w.person] = 1


@njit(nogil=True, inline="always")
def _judge(w: Record, outcome: int) -> None:
    """Say all that is so of a cart, as bits."""
    w.bits = (1 << OPENED) | (1 << outcome)
    if w.gone:
        w.bits |= 1 << ABANDONED
        if w.removes >= w.adds:
            w.bits |= 1 << EMPTIED
        if outcome == RECOVERED and w.newest > w.gone_at + w.recover:
            w.bits |= 1 << RECOVERED_IN_TIME
    if w.checkout:
        w.bits |= 1 << CHECKOUT
        if w.gone:
            w.bits |= 1 << CHECKOUT_ABANDONED
        elif outcome == UNDECIDED:
            w.bits |= 1 << CHECKOUT_UNDECIDED


@njit(nogil=True, inline="always")
def _is(w: Record, outcome: int) -> int:
    return (w.bits >> outcome) & 1  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def _left(w: Record) -> float:
    """Give what an abandoned cart holds."""
    worth = floats(w.worth)
    if w.by_last and worth[_SHOWN] != 0.0:
        return worth[_SHOWN]  # type: ignore[no-any-return]
    return max(worth[_LINES], 0.0)  # type: ignore[no-any-return]


@njit(nogil=True, inline="always")
def _count(w: Record) -> None:
    """Count a cart by its bits, and for its person."""
    counts, mine = ints(w.counts), ints(w.mine)
    place = (w.group * w.n_rows + w.row) * N_OUTCOMES
    for outcome in range(N_OUTCOMES):
        counts[place + outcome] += _is(w, outcome)
    w.begun = 1
    for group in (w.group, w.n_groups):
        mine[group * N_MINE + _GONE_N] += w.gone
        mine[group * N_MINE + _DECIDED_N] += 1 - _is(w, UNDECIDED)
        mine[group * N_MINE + _BACK_N] += _is(w, RECOVERED_IN_TIME)
        mine[group * N_MINE + _OVER_N] += _is(w, RECOVERED_IN_TIME) + _is(w, LOST)


@njit(nogil=True)
def _pay(w: Record, outcome: int, left: float, value: float) -> None:
    """Add a cart's money to the moments of each kind."""
    money, place = floats(w.money), (w.group * w.n_rows + w.row) * N_MONEY * 3
    if w.gone:
        push(money[place + 3 * LEFT : place + 3 * LEFT + 3], left)
    kind, amount = -1, value
    if outcome == LOST:
        kind, amount = GIVEN_UP, left
    elif outcome == RECOVERED:
        kind = BROUGHT_BACK
    elif outcome == ORDERED:
        kind = PAID
    if kind >= 0:
        push(money[place + 3 * kind : place + 3 * kind + 3], amount)


@njit(nogil=True, inline="always")
def _leave(w: Record, outcome: int, left: float, touch: int) -> None:
    """Count an abandoned cart by where it was left, and what became of it."""
    back = touch if outcome == RECOVERED else w.n_places + (1 if outcome == PENDING else 0)
    place = w.touch * (w.n_places + 2) + back
    ints(w.places)[place] += 1
    floats(w.place_money)[place] += left
    ints(w.fates)[2 * w.touch] += _is(w, RECOVERED_IN_TIME)
    ints(w.fates)[2 * w.touch + 1] += _is(w, RECOVERED_IN_TIME) + _is(w, LOST)


@njit(nogil=True, inline="always")
def _see(w: Record) -> None:
    """Count the cart's person once in its row, in its group and in all."""
    _see_once(w, ints(w.row_seen), ints(w.row_people), w.row)
    _see_once(w, ints(w.group_seen), ints(w.group_people), w.group)
    _see_once(w, ints(w.group_seen), ints(w.group_people), w.n_groups)


@njit(nogil=True, inline="always")
def _see_once(w: Record, seen: Any, people: Any, place: int) -> None:
    """Count the cart's person once: with a cart, and with an abandoned one."""
    for part in range(1 + w.gone):
        if seen[2 * place + part] != w.person:
            seen[2 * place + part] = w.person
            people[2 * place + part] += 1


@njit(nogil=True)
def _wanted(w: Record, outcome: int, touch: int) -> bool:
    """Say whether a cart is one of those that are watched for."""
    if w.bits & w.watch_bits != w.watch_bits:
        return False
    if w.watch_row not in (ANY, w.row) or w.watch_group not in (ANY, w.group):
        return False
    if w.watch_left != ANY and not (w.gone and w.watch_left == w.touch):
        return False
    return w.watch_back == ANY or (outcome == RECOVERED and w.watch_back == touch)


@njit(nogil=True)
def _push_person(w: Record) -> None:
    """Add a person's carts to the moments, and clear them."""
    if not w.begun:
        return
    pairs, mine = floats(w.pairs), ints(w.mine)
    for group in range(w.n_groups + 1):
        place, own = group * 12, group * N_MINE
        if mine[own + _DECIDED_N]:
            push_pair(pairs[place : place + 6], float(mine[own + _GONE_N]), float(mine[own + _DECIDED_N]))
        if mine[own + _OVER_N]:
            push_pair(pairs[place + 6 : place + 12], float(mine[own + _BACK_N]), float(mine[own + _OVER_N]))
        for part in range(N_MINE):
            mine[own + part] = 0
    w.begun = 0
