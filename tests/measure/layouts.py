"""Layouts made from plain lists of events, for tests of kernels: an implementation of its own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from obverse.measure.protocol import Plan
from obverse.tape.layout import Int32s, Layout, Selection, Track

SECOND = 1_000_000
DAY = 86_400 * SECOND


@dataclass(frozen=True)
class Happening:
    """One event.

    `hot` is what the filter "hot" asks for, `label` the value of the split, `number` that of a field.
    """

    unit: int
    time: int
    seq: int
    name: str
    hot: bool = False
    value: float = 0.0
    label: str | None = None
    number: float = math.nan


def matches(selection: Selection, event: Happening) -> bool:
    """Say whether a selection takes an event; the only filters are "hot" and "not hot"."""
    hot = {None: True, "hot": event.hot, "not hot": not event.hot}[selection.where]
    return hot and (not selection.events or event.name in selection.events)


def lay(
    plan: Plan,
    events: Sequence[Happening],
    n_units: int,
    person: Sequence[int] | None = None,
    newest: int | None = None,
) -> Layout:
    """Lay events out as a plan asks."""
    ordered = sorted(events, key=lambda event: (event.unit, event.time, event.seq))
    taken = [[event for event in ordered if matches(selection, event)] for selection in plan.selections]
    labels = tuple(
        tuple(
            label
            for label, _ in Counter(
                event.label for track in key.tracks for event in taken[track]
            ).most_common(key.n_labels)
        )
        if key.named
        else tuple({event.label: None for event in events if event.label is not None})
        for key in plan.keys
    )
    tracks = [
        _track(
            events_,
            n_units,
            [
                (names, len(names) if key.named else -1) if number in key.tracks else None
                for key, names in zip(plan.keys, labels, strict=True)
            ],
            [one.track == number for one in plan.numbers],
        )
        for number, events_ in enumerate(taken)
    ]
    return Layout(
        n_units=n_units,
        tracks=tuple(tracks),
        person=None if person is None else np.array(person, dtype=np.int32),
        n_persons=n_units if person is None else max(person, default=-1) + 1,
        labels=tuple(one if key.named else () for key, one in zip(plan.keys, labels, strict=True)),
        last_seq=max((event.seq for event in events), default=0),
        newest=max((event.time for event in events), default=0) if newest is None else newest,
    )


def _track(
    taken: Sequence[Happening],
    n_units: int,
    labels: Sequence[tuple[tuple[str | None, ...], int] | None],
    numbered: Sequence[bool],
) -> Track:
    sizes = np.bincount([event.unit for event in taken], minlength=n_units) if taken else np.zeros(n_units)
    return Track(
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        time=np.array([event.time for event in taken], dtype=np.int64),
        seq=np.array([event.seq for event in taken], dtype=np.int64),
        value=np.array([event.value for event in taken], dtype=np.float64),
        codes=tuple(None if names is None else _codes(taken, *names) for names in labels),
        numbers=tuple(np.array([event.number for event in taken]) if asked else None for asked in numbered),
    )


def _codes(taken: Sequence[Happening], names: tuple[str | None, ...], other: int) -> Int32s:
    place = {name: code for code, name in enumerate(names)}
    return np.array([place.get(event.label, other) for event in taken], dtype=np.int32)
