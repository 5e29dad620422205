"""What a scan of acts leaves, and how two of them merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from obverse.measure.act.scan import scan
from obverse.measure.act.state import (
    BITS,
    KEPT_FIELDS,
    N_ACT,
    N_FIELD,
    N_FORM_SUMS,
    N_KINDS,
    N_PAGE_SUMS,
    P_PEOPLE,
    State,
)
from obverse.measure.frequent import KEY, Frequent
from obverse.measure.timed import N_BINS
from obverse.tape.layout import Floats, Int64s

BIN_BITS = 8
_ALL = 1 << 62


@dataclass(frozen=True)
class ActSummary:
    """Counts by page, by page and element, by form and by its fields.

    Some kilobytes for usual questions, a few megabytes at most, whatever the number of people.

    Attributes:
        people: who was on any page, or did anything.
        pages: by number of the page. Exact.
        acts: by page and element: the key is the page, shifted by `BITS`, plus the element.
        forms: by page and form, likewise.
        fields: by page, form and field, likewise.
        times: how often each field took how long: the key is the field's, shifted, plus the bin.
    """

    people: int
    pages: Frequent
    acts: Frequent
    forms: Frequent
    fields: Frequent
    times: Frequent

    @classmethod
    def of(cls, state: State, units: range) -> Self:
        """Scan a slice of units."""
        scan(state.walk, units.start, units.stop)
        walk = state.walk
        return cls(
            people=int(state.totals[0]),
            pages=_pages(state),
            acts=Frequent.of(walk.acts, state.acts, n_sums=N_ACT, money_at=0, n_money=N_KINDS),
            forms=Frequent.of(walk.forms, state.forms, n_sums=N_FORM_SUMS, pairs_at=0),
            fields=Frequent.of(walk.fields, state.fields, n_sums=N_FIELD),
            times=_times(state),
        )

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        return type(self)(
            people=self.people + other.people,
            pages=self.pages.merge(other.pages),
            acts=self.acts.merge(other.acts),
            forms=self.forms.merge(other.forms),
            fields=self.fields.merge(other.fields),
            times=self.times.merge(other.times),
        )


def _pages(state: State) -> Frequent:
    used = np.flatnonzero(state.pages[:, P_PEOPLE])
    sums = state.pages[used, :N_PAGE_SUMS].copy()
    return _exact(used.astype(np.int64), sums, state.page_floats[used].copy(), _ALL)


def _times(state: State) -> Frequent:
    n = int(state.walk.fields.n)
    row, bin_ = np.nonzero(state.fields.bins[:n])
    counts = state.fields.bins[row, bin_].astype(np.int64)
    keys = state.fields.ints[row, KEY] << BIN_BITS | bin_
    order = np.argsort(keys)
    return _exact(keys[order], counts[order, None], np.zeros((len(keys), 0)), KEPT_FIELDS * N_BINS).shrunk()


def _exact(keys: Int64s, sums: Int64s, money: Floats, keep: int) -> Frequent:
    return Frequent(
        keys=keys,
        mass=sums[:, 0].copy(),
        sums=sums,
        fixed=np.zeros((len(keys), 0), dtype=np.int64),
        money=money,
        pairs=np.zeros((len(keys), 0)),
        ranks=np.zeros(0, dtype=np.int64),
        error=0,
        keep=keep,
    )


def parted(key: int) -> tuple[int, int]:
    """Part the key of an element or a form into page and number.

    >>> parted(3 << 15 | 7)
    (3, 7)
    """
    return key >> BITS, key & (1 << BITS) - 1
