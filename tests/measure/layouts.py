"""Layouts made from plain lists of events, for tests of kernels: an implementation of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from obverse.measure.protocol import Plan
from obverse.tape.layout import Layout, Selection, Track

SECOND = 1_000_000
DAY = 86_400 * SECOND


@dataclass(frozen=True)
class Happening:
    """One event; `hot` is what the filter "hot" asks for, `label` the value of the split."""

    unit: int
    time: int
    seq: int
    name: str
    hot: bool = False
    value: float = 0.0
    label: str | None = None


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
    labels: tuple[str | None, ...] = ()
    if plan.by is not None:
        split = [event.label for event in ordered if matches(plan.selections[plan.by_track], event)]
        labels = tuple(label for label, _ in Counter(split).most_common(plan.n_groups))
    tracks = [
        _track(
            [event for event in ordered if matches(selection, event)],
            n_units,
            labels if plan.by is not None and number == plan.by_track else None,
        )
        for number, selection in enumerate(plan.selections)
    ]
    return Layout(
        n_units=n_units,
        tracks=tuple(tracks),
        person=None if person is None else np.array(person, dtype=np.int32),
        n_persons=n_units if person is None else max(person, default=-1) + 1,
        labels=labels,
        last_seq=max((event.seq for event in events), default=0),
        newest=max((event.time for event in events), default=0) if newest is None else newest,
    )


def _track(events: Iterable[Happening], n_units: int, labels: tuple[str | None, ...] | None) -> Track:
    taken = list(events)
    sizes = np.bincount([event.unit for event in taken], minlength=n_units) if taken else np.zeros(n_units)
    codes = None
    if labels is not None:
        place = {label: code for code, label in enumerate(labels)}
        codes = np.array([place.get(event.label, len(labels)) for event in taken], dtype=np.int32)
    return Track(
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        time=np.array([event.time for event in taken], dtype=np.int64),
        seq=np.array([event.seq for event in taken], dtype=np.int64),
        value=np.array([event.value for event in taken], dtype=np.float64),
        code=codes,
    )
