"""Visits to a site as plain events, and layouts made of them: an implementation of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.measure.protocol import Plan
from obverse.tape.layout import Layout, Selection, Track

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOON = 1_772_366_400_000_000  # 2026-03-01T12:00Z


@dataclass(frozen=True)
class Visit:
    """One event. Texts that are empty are told by no field."""

    person: int
    time: int
    seq: int
    name: str = "Page Viewed"
    touchpoint: str = "web"
    session: str = ""
    page: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""
    site: str = ""
    click: str = ""
    device: str = ""
    element: str = ""
    value: float = 0.0
    visible_ms: float = float("nan")


def read(field: str, event: Visit) -> str | None:
    """Give the value of a field of an event."""
    if "context.campaign" in field:
        return "\x1f".join((event.source, event.medium, event.campaign, event.site, event.click, "false"))
    attribute = "page" if "page.path" in field else field.removesuffix("_id").rpartition(".")[2]
    return str(getattr(event, attribute)) or None


def takes(selection: Selection, event: Visit) -> bool:
    """Say whether a selection takes an event; there are no filters."""
    assert selection.where is None
    return not selection.events or event.name in selection.events


def lay(plan: Plan, events: Sequence[Visit], n_people: int, newest: int | None = None) -> Layout:
    """Lay events out as a plan asks."""
    ordered = sorted(events, key=lambda event: (event.person, event.time, event.seq))
    tracks = [[event for event in ordered if takes(one, event)] for one in plan.selections]
    labels: list[tuple[str | None, ...]] = []
    codes: list[list[Any]] = [[] for _ in tracks]
    for key in plan.keys:
        seen = Counter(read(key.field, event) for number in key.tracks for event in tracks[number])
        if key.named:
            names = tuple(name for name, _ in seen.most_common(key.n_labels))
            place: dict[str | None, int] = {name: code for code, name in enumerate(names)}
            rest = len(names)
        else:
            names, rest = (), -1
            place = {
                name: code for code, name in enumerate(sorted(name for name in seen if name is not None))
            }
        labels.append(names)
        for number, track in enumerate(tracks):
            own = [place.get(read(key.field, event), rest) for event in track]
            codes[number].append(np.array(own, np.int32) if number in key.tracks else None)
    made = []
    for number, track in enumerate(tracks):
        counts = (
            np.bincount([event.person for event in track], minlength=n_people) if track else [0] * n_people
        )
        made.append(
            Track(
                offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
                time=np.array([event.time for event in track], np.int64),
                seq=np.array([event.seq for event in track], np.int64),
                value=np.array([event.value for event in track]) if plan.value else None,
                codes=tuple(codes[number]),
                numbers=tuple(
                    np.array([event.visible_ms for event in track]) if one.track == number else None
                    for one in plan.numbers
                ),
                marks=_marks(tracks) if plan.marks and number == 0 else None,
            )
        )
    return Layout(
        n_units=n_people,
        tracks=tuple(made),
        person=None,
        n_persons=n_people,
        labels=tuple(labels),
        last_seq=max((event.seq for event in events), default=0),
        newest=max((event.time for event in events), default=0) if newest is None else newest,
    )


def _marks(tracks: Sequence[Sequence[Visit]]) -> NDArray[np.uint8]:
    first, *others = tracks
    theirs = [{event.seq for event in track} for track in others]
    marks = [sum((event.seq in seqs) << bit for bit, seqs in enumerate(theirs)) for event in first]
    return np.array(marks, np.uint8)
