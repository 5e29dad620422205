"""From a layout to a summary of carts: which arrays go into the walk."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.measure.cart.question import Cart
from obverse.measure.cart.scan import walk
from obverse.measure.cart.state import N_MINE, WALK, Watch
from obverse.measure.cart.summary import CartSummary
from obverse.measure.records import Held
from obverse.measure.rows import Rows
from obverse.tape.layout import Int32s, Layout, Track

_LANES = "arvco"
"""First letters of the kinds' arrays in the record, in the order of the tracks."""


def scan(question: Cart, layout: Layout, units: range, watch: Watch) -> CartSummary:
    """Scan a slice of units, noting whose carts are watched for."""
    rows = question.rows(layout.newest)
    n_groups = 1 if question.by is None else len(layout.labels[1]) + 1
    found = CartSummary.zero(n_groups, rows.n, len(layout.labels[0]), question.waits_us()[1], layout.newest)
    if rows.n:
        held = Held(
            WALK,
            **_numbers(question, layout, rows, n_groups),
            **_events(question, layout),
            **found.tallied(),
            **_scratch(n_groups, rows),
            noted=watch.noted,
            watch_bits=watch.bits,
            watch_row=watch.row,
            watch_group=watch.group,
            watch_left=watch.left,
            watch_back=watch.back,
        )
        walk(held.record, units.start, units.stop)
    return found


def _numbers(question: Cart, layout: Layout, rows: Rows, n_groups: int) -> dict[str, int]:
    after, recover = question.waits_us()
    return {
        "n_groups": n_groups,
        "n_rows": rows.n,
        "n_places": len(layout.labels[0]) + 1,
        "after": after,
        "recover": recover,
        "newest": layout.newest,
        "keyed": question.cart is not None,
        "by_last": question.worth == "last",
        "split": question.by is not None,
        "in_parts": layout.person is not None,
        "person": -1,
    }


def _events(question: Cart, layout: Layout) -> dict[str, NDArray[Any]]:
    none = np.zeros(0, dtype=np.int32)
    found: dict[str, NDArray[Any]] = {
        "groups": none if question.by is None else _codes(layout.tracks[0], 1),
        "persons": none if layout.person is None else layout.person,
    }
    for lane, track in zip(_LANES, layout.tracks, strict=True):
        found |= {
            f"{lane}_offsets": track.offsets,
            f"{lane}_time": track.time,
            f"{lane}_seq": track.seq,
            f"{lane}_value": np.zeros(len(track.time)) if track.value is None else track.value,
            f"{lane}_touch": _codes(track, 0),
        }
    return found


def _scratch(n_groups: int, rows: Rows) -> dict[str, NDArray[Any]]:
    return {
        "edges": rows.edges,
        "worth": np.zeros(2),
        "mine": np.zeros((n_groups + 1, N_MINE), dtype=np.int64),
        "row_seen": np.full((rows.n, 2), -1, dtype=np.int64),
        "group_seen": np.full((n_groups + 1, 2), -1, dtype=np.int64),
    }


def _codes(track: Track, key: int) -> Int32s:
    codes = track.codes[key]
    if codes is None:
        raise ValueError("the layout lacks codes that the plan asked for")
    return codes
