"""The pictures of the cart: what becomes of carts over time, by group, and from where to where they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from obverse.measure.picture import Bar, Bars, Edge, Flow, Line, Lines, Node, Pick, Picture, Side

if TYPE_CHECKING:
    from obverse.measure.cart.answer import CartAnswer, CartCounts, CartFlow, CartRow
    from obverse.measure.estimate import Estimate

_OUTCOMES = ("opened", "ordered", "abandoned", "recovered")


def draw(answer: CartAnswer, side: Side) -> tuple[Picture, ...]:
    """Show one side of the answer."""
    if not answer.carts.carts:
        return ()
    if side == "value":
        return (_money(answer), *_groups(answer, side), _flow(answer, side))
    return (_carts(answer), _abandonment(answer), *_groups(answer, side), _flow(answer, side), _back(answer))


def _carts(answer: CartAnswer) -> Lines:
    parts: dict[str, Callable[[CartCounts], int]] = {
        "opened": lambda counts: counts.carts,
        "ordered": lambda counts: counts.ordered,
        "abandoned": lambda counts: counts.abandoned,
        "recovered": lambda counts: counts.recovered,
    }
    series = tuple(
        Line(
            name,
            tuple(float(value(row.counts)) for row in answer.rows),
            open=tuple(_is_open(row, name) for row in answer.rows),
            picks=_picks(answer.rows, name),
        )
        for name, value in parts.items()
    )
    return Lines(f"Carts opened each {answer.grain}", "count", _axis(answer), answer.grain, series)


def _axis(answer: CartAnswer) -> tuple[str, ...]:
    return tuple(row.name for row in answer.rows)


def _is_open(row: CartRow, outcome: str) -> bool:
    """Say whether a row's number may still grow."""
    waiting = {"opened": 0, "recovered": row.counts.pending + row.counts.undecided}
    return not row.complete or waiting.get(outcome, row.counts.undecided) > 0


def _picks(rows: Sequence[CartRow], outcome: str) -> tuple[Pick, ...]:
    return tuple({"row": row.name, "outcome": outcome} for row in rows)


def _abandonment(answer: CartAnswer) -> Lines:
    series = (
        _shares("abandoned", answer.rows, lambda counts: counts.abandonment, "abandoned"),
        _shares(
            "abandoned at checkout",
            answer.rows,
            lambda counts: counts.checkout_abandonment,
            "checkout abandoned",
        ),
        _shares("recovered", answer.rows, lambda counts: counts.recovery, "recovered in time"),
    )
    return Lines(
        f"Share of carts abandoned and recovered, by the {answer.grain} of opening",
        "share",
        _axis(answer),
        answer.grain,
        series,
    )


def _shares(
    name: str, rows: Sequence[CartRow], share: Callable[[CartCounts], Estimate], outcome: str
) -> Line:
    found = [share(row.counts) for row in rows]
    waiting = "recovered" if outcome == "recovered in time" else "abandoned"
    return Line(
        name,
        tuple(one.value for one in found),
        tuple(one.low for one in found),
        tuple(one.high for one in found),
        tuple(_is_open(row, waiting) for row in rows),
        _picks(rows, outcome),
    )


def _money(answer: CartAnswer) -> Lines:
    rows, left = answer.rows, [row.counts.value_left for row in answer.rows]
    series = (
        Line(
            "left in abandoned carts",
            tuple(one.value or 0.0 for one in left),
            tuple(one.low for one in left),
            tuple(one.high for one in left),
            tuple(_is_open(row, "abandoned") for row in rows),
            _picks(rows, "abandoned"),
        ),
        Line(
            "came back",
            tuple(row.counts.value_recovered for row in rows),
            open=tuple(_is_open(row, "recovered") for row in rows),
            picks=_picks(rows, "recovered"),
        ),
        Line(
            "ordered at once",
            tuple(row.counts.value_ordered for row in rows),
            open=tuple(_is_open(row, "ordered") for row in rows),
            picks=_picks(rows, "ordered"),
        ),
    )
    return Lines(f"Money of carts opened each {answer.grain}", "money", _axis(answer), answer.grain, series)


def _groups(answer: CartAnswer, side: Side) -> tuple[Bars, ...]:
    if not answer.groups:
        return ()
    rows = []
    for group in answer.groups:
        found = group.counts.abandonment if side == "people" else group.counts.value_left
        rows.append(
            Bar(
                group.name,
                found.value,
                found.low,
                found.high,
                f"{group.counts.carts} carts",
                {"group": group.name, "outcome": "abandoned"},
            )
        )
    if side == "people":
        whole = answer.carts.abandonment.value
        return (Bars("Share of carts abandoned", "share", tuple(rows), whole, "all carts"),)
    return (Bars("Money left in abandoned carts", "money", tuple(rows)),)


def _flow(answer: CartAnswer, side: Side) -> Flow:
    """Show where carts were left, and where they came back."""
    flows = answer.flows
    sources = list(dict.fromkeys(one.source for one in flows))
    targets = list(dict.fromkeys((one.outcome, one.target) for one in flows))

    def size(one: CartFlow) -> float:
        return float(one.carts) if side == "people" else one.value

    nodes = [
        Node(
            0,
            source,
            sum(size(one) for one in flows if one.source == source),
            {"outcome": "abandoned", "left": source},
        )
        for source in sources
    ] + [
        Node(
            1,
            outcome if target is None else f"back at {target}",
            sum(size(one) for one in flows if (one.outcome, one.target) == (outcome, target)),
            _outcome_pick(outcome, target),
        )
        for outcome, target in targets
    ]
    edges = tuple(
        Edge(
            sources.index(one.source),
            len(sources) + targets.index((one.outcome, one.target)),
            size(one),
            {"left": one.source, **_outcome_pick(one.outcome, one.target)},
        )
        for one in flows
    )
    title = "Where carts are left, and where they come back" if side == "people" else "Money left in them"
    return Flow(title, "count" if side == "people" else "money", ("left at", "then"), tuple(nodes), edges)


def _outcome_pick(outcome: str, target: str | None) -> dict[str, str]:
    return {"outcome": outcome} if target is None else {"outcome": outcome, "back": target}


def _back(answer: CartAnswer) -> Bars:
    rows = tuple(
        Bar(
            one.name,
            one.share_of_recovered.value,
            one.share_of_recovered.low,
            one.share_of_recovered.high,
            str(one.recovered),
            {"outcome": "recovered", "back": one.name},
        )
        for one in sorted(answer.touches, key=lambda one: -one.recovered)
        if one.recovered
    )
    return Bars("Where carts come back", "share", rows)
