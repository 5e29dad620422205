"""Carts as plainly as can be: a person's events in order, one cart after the other, each told as a dict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

KINDS = ("add", "remove", "viewed", "checkout", "order")


def carts(
    acts: Sequence[Any],
    names: Mapping[str, tuple[str, ...]],
    *,
    after: int,
    recover: int,
    newest: int,
    key: str | None = None,
    by_last: bool = False,
) -> tuple[list[dict[str, Any]], dict[str, list[int]]]:
    """Every cart with what became of it; and what came without a cart, as times."""
    units: dict[Any, list[Any]] = {}
    for act in sorted(acts, key=lambda act: (act.time, act.seq)):
        unit = (act.person, act.fields.get(key) if key else "")
        if unit[1] is not None:
            units.setdefault(unit, []).append(act)
    found: list[dict[str, Any]] = []
    aside: dict[str, list[int]] = {"checkout": [], "order": []}
    for own in units.values():
        found += _carts(own, names, after, recover, newest, key is not None, by_last, aside)
    return found, aside


def _carts(
    own: list[Any], names: Any, after: int, recover: int, newest: int, keyed: bool, by_last: bool, aside: Any
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    steps = [(act, kind) for act in own for kind in KINDS if act.name in names[kind]]
    while steps:
        while steps and steps[0][1] != "add":
            act, kind = steps.pop(0)
            if kind in aside:
                aside[kind].append(act.time)
        if not steps:
            break
        cart, steps = _one(steps, after, recover, newest, by_last)
        found.append(cart)
        if keyed and cart["outcome"] == "lost":  # closed until it is ordered
            while steps:
                act, kind = steps.pop(0)
                if kind in aside:
                    aside[kind].append(act.time)
                if kind == "order":
                    break
    return found


def _one(
    steps: list[Any], after: int, recover: int, newest: int, by_last: bool
) -> tuple[dict[str, Any], list[Any]]:
    """The cart that the first step opens, and the steps after it."""
    opener = steps[0][0]
    active: list[Any] = []  # what happens before it is ordered or abandoned
    rest = list(steps)
    while rest and rest[0][1] != "order" and (not active or rest[0][0].time <= active[-1][0].time + after):
        active.append(rest.pop(0))
    last = active[-1][0]
    lines = sum(a.value * {"add": 1, "remove": -1}.get(kind, 0) for a, kind in active)
    shown = [a.value for a, kind in active if kind in ("viewed", "checkout") and a.value]
    cart: dict[str, Any] = {
        "person": opener.person,
        "opened": opener.time,
        "first": opener,
        "touch": last.fields["touchpoint"],
        "checkout": any(kind == "checkout" for _, kind in active),
        "left": shown[-1] if by_last and shown else max(lines, 0.0),
        "emptied": sum(k == "remove" for _, k in active) >= sum(k == "add" for _, k in active),
        "paid": 0.0,
        "back": None,
        "in_time": False,
        "gone": last.time + after,
    }
    if rest and rest[0][1] == "order" and rest[0][0].time <= last.time + after:
        cart |= {"outcome": "ordered", "paid": rest[0][0].value}
        return cart, rest[1:]
    if newest <= last.time + after:
        cart |= {"outcome": "undecided"}
        return cart, []
    until = cart["gone"] + recover
    while rest and rest[0][0].time <= until:
        act, kind = rest.pop(0)
        if kind == "order":
            cart |= {
                "outcome": "recovered",
                "paid": act.value,
                "back": act.fields["touchpoint"],
                "in_time": newest > until,
                "took": act.time - cart["gone"],
            }
            return cart, rest
    cart |= {"outcome": "lost" if newest > until else "pending"}
    return cart, rest


def gone(cart: Mapping[str, Any]) -> bool:
    return cart["outcome"] in ("recovered", "lost", "pending")


def counts(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a `CartCounts` says, but for intervals."""
    n = {
        outcome: sum(c["outcome"] == outcome for c in found)
        for outcome in ("ordered", "undecided", "recovered", "lost", "pending")
    }
    left = [c for c in found if gone(c)]
    return n | {
        "carts": len(found),
        "abandoned": len(left),
        "checkouts": sum(c["checkout"] for c in found),
        "checkouts_abandoned": sum(c["checkout"] for c in left),
        "checkouts_undecided": sum(c["checkout"] and c["outcome"] == "undecided" for c in found),
        "emptied": sum(c["emptied"] for c in left),
        "people": len({c["person"] for c in found}),
        "people_abandoned": len({c["person"] for c in left}),
        "value_lost": sum(c["left"] for c in found if c["outcome"] == "lost"),
        "value_recovered": sum(c["paid"] for c in found if c["outcome"] == "recovered"),
        "value_ordered": sum(c["paid"] for c in found if c["outcome"] == "ordered"),
        "value_left": sum(c["left"] for c in left),
        "in_time": sum(c["in_time"] for c in found),
    }
