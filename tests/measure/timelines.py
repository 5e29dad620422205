"""Layouts made from plain lists of events with any fields: an implementation of its own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.measure.protocol import Plan
from obverse.tape.layout import Layout, Selection, Track

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR


@dataclass(frozen=True)
class Act:
    """One event of a person; `fields` are what splits, filters and `same` read."""

    person: int
    time: int
    seq: int
    name: str
    value: float = 0.0
    fields: Mapping[str, str | float | None] = field(default_factory=dict)


Filters = Mapping[str, Callable[[Act], bool]]
"""What each filter's text means."""


def lay(
    plan: Plan, acts: Sequence[Act], n_persons: int, filters: Filters | None = None, newest: int | None = None
) -> Layout:
    """Lay events out as a plan asks; an event without the field of `same` is in no unit."""
    known = filters or {}
    taken = [[act for act in acts if _takes(one, act, known)] for one in plan.selections]
    units, person = _units(plan, taken, n_persons)
    taken = [
        sorted(
            (act for act in track if _unit(plan, act) in units),
            key=lambda act: (units[_unit(plan, act)], act.time, act.seq),
        )
        for track in taken
    ]
    labels = tuple(
        tuple(
            label
            for label, _ in Counter(
                _read(key.field, act) for track in key.tracks for act in taken[track]
            ).most_common(key.n_labels)
        )
        for key in plan.keys
    )
    return Layout(
        n_units=len(units),
        tracks=tuple(
            _track(plan, number, track, [units[_unit(plan, act)] for act in track], len(units), labels)
            for number, track in enumerate(taken)
        ),
        person=None if plan.same is None else _frozen(person, np.int32),
        n_persons=n_persons,
        labels=labels,
        last_seq=max((act.seq for act in acts), default=0),
        newest=max((act.time for act in acts), default=0) if newest is None else newest,
    )


def _takes(selection: Selection, act: Act, filters: Filters) -> bool:
    named = not selection.events or act.name in selection.events
    return named and (selection.where is None or filters[selection.where](act))


def _read(name: str, act: Act) -> Any:
    return act.name if name == "event" else act.fields.get(name)


def _unit(plan: Plan, act: Act) -> Any:
    return act.person if plan.same is None else (act.person, _read(plan.same, act))


def _units(plan: Plan, taken: list[list[Act]], n_persons: int) -> tuple[dict[Any, int], list[int]]:
    if plan.same is None:
        return {person: person for person in range(n_persons)}, list(range(n_persons))
    found = sorted(
        {(act.person, _read(plan.same, act)) for track in taken for act in track}
        - {(person, None) for person in range(n_persons)}
    )
    return {unit: number for number, unit in enumerate(found)}, [person for person, _ in found]


def _track(
    plan: Plan, number: int, track: list[Act], units: list[int], n_units: int, labels: tuple[Any, ...]
) -> Track:
    sizes = np.bincount(units, minlength=n_units) if units else np.zeros(n_units)
    return Track(
        offsets=_frozen(np.concatenate([[0], np.cumsum(sizes)]), np.int64),
        time=_frozen([act.time for act in track], np.int64),
        seq=_frozen([act.seq for act in track], np.int64),
        value=_frozen([act.value for act in track], np.float64),
        codes=tuple(
            _frozen([_code(names, _read(key.field, act)) for act in track], np.int32)
            if number in key.tracks
            else None
            for key, names in zip(plan.keys, labels, strict=True)
        ),
        numbers=tuple(
            _frozen([_number(_read(one.field, act)) for act in track], np.float64)
            if one.track == number
            else None
            for one in plan.numbers
        ),
    )


def _code(names: tuple[Any, ...], value: Any) -> int:
    return names.index(value) if value in names else len(names)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _frozen(values: Any, kind: Any) -> NDArray[Any]:
    found = np.array(values, dtype=kind)
    found.flags.writeable = False
    return found
