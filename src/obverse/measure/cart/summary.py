"""What a scan of carts leaves, and how two of them merge."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from obverse.measure import moments
from obverse.measure.cart.state import N_MONEY, N_OUTCOMES
from obverse.measure.histogram import n_bins
from obverse.measure.pairs import merge_pairs
from obverse.tape.layout import Floats, Int64s


@dataclass(frozen=True)
class CartSummary:
    """Counts of carts by group, row and outcome; at most some ten megabytes, whatever the number of carts.

    Attributes:
        counts: shape (groups, rows, outcomes), carts by the row in which they were opened.
        money: shape (groups, rows, kinds, 3), moments of the money of each such cart.
        pairs: shape (groups + 1, 2, 6): moments, over people, of (abandoned, decided) carts and of carts that
            came (back, or were given the time to); the last group is everyone.
        row_people: shape (rows, 2), people with a cart opened in the row; with one of them abandoned.
        group_people: shape (groups + 1, 2), the same for groups; the last is everyone.
        places: shape (touches + 1, touches + 3), abandoned carts by where they were left and where they came
            back; then lost, then pending.
        place_money: the money left in them.
        fates: shape (touches + 1, 2), carts by where they were left: recovered, of those whose time to come
            back is over.
        times: histogram of the time from abandonment to the order that brought a cart back.
        aside: shape (3,), checkouts and orders without an open cart; carts opened before the first row.
        newest: time of the newest event, µs.
    """

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
    newest: int = 0

    @classmethod
    def zero(cls, n_groups: int, n_rows: int, n_touches: int, recover_us: int, newest: int) -> Self:
        """Give the summary of no carts."""
        return cls(
            counts=np.zeros((n_groups, n_rows, N_OUTCOMES), dtype=np.int64),
            money=np.zeros((n_groups, n_rows, N_MONEY, 3)),
            pairs=np.zeros((n_groups + 1, 2, 6)),
            row_people=np.zeros((n_rows, 2), dtype=np.int64),
            group_people=np.zeros((n_groups + 1, 2), dtype=np.int64),
            places=np.zeros((n_touches + 1, n_touches + 3), dtype=np.int64),
            place_money=np.zeros((n_touches + 1, n_touches + 3)),
            fates=np.zeros((n_touches + 1, 2), dtype=np.int64),
            times=np.zeros(n_bins(recover_us), dtype=np.int64),
            aside=np.zeros(3, dtype=np.int64),
            newest=newest,
        )

    def tallied(self) -> dict[str, NDArray[Any]]:
        """Give the arrays that the walk over carts adds to, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "newest"}

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        summed = {
            field.name: getattr(self, field.name) + getattr(other, field.name)
            for field in fields(self)
            if field.name not in ("money", "pairs", "newest")
        }
        return type(self)(
            **summed,
            money=moments.merge(self.money, other.money),
            pairs=merge_pairs(self.pairs, other.pairs),
            newest=max(self.newest, other.newest),
        )
