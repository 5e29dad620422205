"""Layouts with codes of events' names beside those of a field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from obverse.measure.protocol import Plan
from obverse.tape.layout import Layout
from tests.measure.layouts import Happening, lay


def lay_named(plan: Plan, events: Sequence[Happening], n_units: int, newest: int | None = None) -> Layout:
    """Lay events out as a plan asks; the field ``event`` is an event's name, any other its label."""
    by_label = lay(plan, events, n_units, newest=newest)
    by_name = lay(plan, [replace(event, label=event.name) for event in events], n_units, newest=newest)
    named = [key.field == "event" for key in plan.keys]
    tracks = tuple(
        replace(
            track,
            codes=tuple(
                b if is_name else a for a, b, is_name in zip(track.codes, other.codes, named, strict=True)
            ),
        )
        for track, other in zip(by_label.tracks, by_name.tracks, strict=True)
    )
    labels = tuple(
        b if is_name else a for a, b, is_name in zip(by_label.labels, by_name.labels, named, strict=True)
    )
    return replace(by_label, tracks=tracks, labels=labels)
