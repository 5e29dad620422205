"""Layouts made from plain lists of events that have several fields each: an implementation of its own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from obverse.measure.protocol import Plan
from obverse.tape.layout import Layout, Track

MINUTE = 60_000_000
DAY = 1_440 * MINUTE


@dataclass(frozen=True)
class Said:
    """One event; `fields` by the expressions that questions name, text or numbers."""

    unit: int
    time: int
    seq: int
    name: str
    fields: Mapping[str, str | float] = field(default_factory=dict)
    value: float = 0.0

    def text(self, expression: str) -> str | None:
        """Give a field as a key reads it."""
        if expression == "event":
            return self.name
        found = self.fields.get(expression)
        return None if found is None else found if isinstance(found, str) else f"{found:g}"

    def number(self, expression: str) -> float:
        """Give a field as a number."""
        try:
            return float(self.fields.get(expression, math.nan))
        except ValueError:
            return math.nan


def lay(plan: Plan, events: Sequence[Said], n_units: int, newest: int) -> Layout:
    """Lay events out as a plan asks; filters are not looked at."""
    ordered = sorted(events, key=lambda one: (one.unit, one.time, one.seq))
    taken = [[one for one in ordered if one.name in selection.events] for selection in plan.selections]
    labels: list[tuple[str | None, ...]] = []
    for key in plan.keys:
        counts = Counter(one.text(key.field) for track in key.tracks for one in taken[track])
        if key.named:
            labels.append(tuple(label for label, _ in counts.most_common(key.n_labels)))
        else:
            labels.append(tuple(label for label in counts if label is not None))
    tracks = []
    for track, mine in enumerate(taken):
        codes = []
        for key, names in zip(plan.keys, labels, strict=True):
            place, other = {name: at for at, name in enumerate(names)}, len(names) if key.named else -1
            found = [place.get(one.text(key.field), other) for one in mine]
            codes.append(np.array(found, dtype=np.int32) if track in key.tracks else None)
        numbers = [
            np.array([one.number(wanted.field) for one in mine], dtype=np.float64)
            if wanted.track == track
            else None
            for wanted in plan.numbers
        ]
        sizes = np.bincount([one.unit for one in mine], minlength=n_units) if mine else np.zeros(n_units)
        tracks.append(
            Track(
                offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
                time=np.array([one.time for one in mine], dtype=np.int64),
                seq=np.array([one.seq for one in mine], dtype=np.int64),
                value=np.array([one.value for one in mine], dtype=np.float64),
                codes=tuple(codes),
                numbers=tuple(numbers),
            )
        )
    return Layout(
        n_units=n_units,
        tracks=tuple(tracks),
        person=None,
        n_persons=n_units,
        labels=tuple(one if key.named else () for key, one in zip(plan.keys, labels, strict=True)),
        last_seq=max((one.seq for one in events), default=0),
        newest=newest,
    )
