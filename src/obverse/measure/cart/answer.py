"""The answer of the cart: carts opened, ordered, abandoned and recovered, and the money in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import msgspec
import pyarrow as pa

from obverse.measure.calendar import Grain
from obverse.measure.cart.pictures import draw
from obverse.measure.cart.question import Cart
from obverse.measure.estimate import Estimate
from obverse.measure.funnel_answer import Durations
from obverse.measure.grouping import GroupKind
from obverse.measure.picture import Picture, Side
from obverse.measure.question import Answer
from obverse.measure.wording import count, money, percent


class CartCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of some carts.

    Attributes:
        carts: opened.
        ordered: without having been abandoned.
        abandoned: no order came in time.
        undecided: may yet be ordered in time; neither ordered nor abandoned.
        abandonment: share abandoned of those ordered or abandoned.
        checkouts: carts with a checkout, before they were ordered or abandoned.
        checkouts_abandoned: of them, abandoned.
        checkouts_undecided: of them, undecided.
        checkout_abandonment: share abandoned of the checkouts that are decided.
        recovered: abandoned carts that came back in time.
        lost: abandoned carts that did not.
        pending: abandoned carts that may yet come back.
        recovery: share recovered of the abandoned carts whose time to come back is over.
        emptied: abandoned carts with as many things taken out as put in.
        people: who opened them.
        people_abandoned: who abandoned at least one.
        value_left: money left in abandoned carts.
        value_lost: of it, that of carts that are lost.
        value_recovered: money of the orders that brought carts back.
        value_ordered: money of the orders of carts never abandoned.
    """

    carts: int
    ordered: int
    abandoned: int
    undecided: int
    abandonment: Estimate
    checkouts: int
    checkouts_abandoned: int
    checkouts_undecided: int
    checkout_abandonment: Estimate
    recovered: int
    lost: int
    pending: int
    recovery: Estimate
    emptied: int
    people: int
    people_abandoned: int
    value_left: Estimate
    value_lost: float
    value_recovered: float
    value_ordered: float


class CartRow(msgspec.Struct, frozen=True, kw_only=True):
    """Carts opened in a day, week or month.

    Attributes:
        name: its first day, such as ``2026-03-02``.
        start: its first instant, with the zone's offset.
        complete: it is whole in the period, and over when the newest event happened.
        counts: what became of its carts.
    """

    name: str
    start: str
    complete: bool
    counts: CartCounts


class CartGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Carts of one group of a split.

    Attributes:
        name: the field's value, or ``(other)``, or ``(no value)``.
        kind: whether it is a ``value``, all ``other`` values, or ``none``.
        counts: what became of its carts.
    """

    name: str
    kind: GroupKind
    counts: CartCounts


class CartTouch(msgspec.Struct, frozen=True, kw_only=True):
    """A place where carts were left, or where they came back.

    Attributes:
        name: value of the field.
        abandoned: carts left there.
        recovery: of those whose time to come back is over, the share recovered, anywhere.
        value_left: money left in them.
        recovered: carts that came back there, wherever they were left.
        share_of_recovered: of all carts that came back.
    """

    name: str
    abandoned: int
    recovery: Estimate
    value_left: float
    recovered: int
    share_of_recovered: Estimate


class CartFlow(msgspec.Struct, frozen=True, kw_only=True):
    """Abandoned carts by where they were left and what became of them.

    Attributes:
        source: where they were left.
        outcome: ``recovered``, ``lost`` or ``pending``.
        target: where they came back; None where they did not.
        carts: how many.
        value: money left in them.
    """

    source: str
    outcome: str
    target: str | None
    carts: int
    value: float


class CartAnswer(Answer, frozen=True, kw_only=True):
    """The answer to `Cart`.

    Attributes:
        question: what was asked.
        grain: what a row is.
        carts: all of them.
        rows: by when they were opened.
        groups: of the split, largest first; empty without one.
        touches: places, most carts left first.
        flows: from where carts were left to where they came back, most first.
        recovery_time: how long after they were abandoned carts came back; None where none did.
        checkouts_without_cart: checkouts in the period with no cart open.
        orders_without_cart: orders in the period with no cart open.
        currency: of the values; None where there is none or several.
        notes: what else the reader must know.
    """

    measure: ClassVar[str] = "cart"

    question: Cart
    grain: Grain
    carts: CartCounts
    rows: tuple[CartRow, ...]
    groups: tuple[CartGroup, ...] = ()
    touches: tuple[CartTouch, ...] = ()
    flows: tuple[CartFlow, ...] = ()
    recovery_time: Durations | None = None
    checkouts_without_cart: int = 0
    orders_without_cart: int = 0
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Say how many carts were abandoned, what was left in them and how many came back."""
        counts = self.carts
        if not counts.carts:
            return "No cart was opened in the period."
        if counts.abandonment.value is None:
            return f"{count(counts.carts)} carts were opened, none of them decided yet."
        decided = counts.ordered + counts.abandoned
        text = f"{_share(counts.abandonment)} of {count(decided)} carts were abandoned"
        left = counts.value_left
        if left.value:
            text += f", with {money(left.value, self.currency, left.low, left.high)} left in them"
        if counts.recovery.value is not None:
            text += f"; {_share(counts.recovery)} of those came back within {self.question.recover}"
        return text + "."

    def table(self) -> pa.Table:
        """Give a row for each day, week or month, and for each group of the whole period."""
        return pa.Table.from_pylist(list(self._records()), schema=_schema(self.grain))

    def _records(self) -> Iterator[dict[str, object]]:
        for row in self.rows:
            yield {self.grain: row.name, "complete": row.complete} | _record(row.counts)
        for group in self.groups:
            yield {"group": group.name} | _record(group.counts)

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Show one side: carts and shares, or the money in them.

        Args:
            side: ``people`` or ``value``.
        """
        return draw(self, side)


def _share(found: Estimate) -> str:
    interval = (
        ""
        if found.low is None or found.high is None
        else (f" ({100 * found.low:.1f}\u2013{100 * found.high:.1f})")
    )
    return percent(found.value or 0.0) + interval


def _record(counts: CartCounts) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in msgspec.structs.fields(CartCounts):
        value = getattr(counts, field.name)
        if isinstance(value, Estimate):
            found |= {
                field.name: value.value,
                f"{field.name}_low": value.low,
                f"{field.name}_high": value.high,
            }
        else:
            found[field.name] = value
    return found


def _schema(grain: Grain) -> pa.Schema:
    fields = [pa.field(grain, pa.string()), pa.field("complete", pa.bool_()), pa.field("group", pa.string())]
    for field in msgspec.structs.fields(CartCounts):
        if field.type is Estimate:
            fields += [pa.field(field.name + end, pa.float64()) for end in ("", "_low", "_high")]
        else:
            fields.append(pa.field(field.name, pa.int64() if field.type is int else pa.float64()))
    return pa.schema(fields)
