"""From strips to a layout: what is the same wherever the events of a question come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.tape.arrange import arrange, frozen, mark
from obverse.tape.columns import Wanted
from obverse.tape.labels import Labels
from obverse.tape.layout import Int32s, Int64s, Layout, Track
from obverse.tape.planning import Choice, Coded, Plan
from obverse.tape.units import looked_up, mixed, number_parts, session_starts


@dataclass(frozen=True)
class Strip:
    """Events on their way to a track: by unit and time, with the columns needed so far."""

    offsets: Int64s
    time: Int64s
    seq: Int64s
    columns: dict[str, NDArray[Any]]

    def take(self, offsets: Int64s, order: NDArray[Any]) -> Strip:
        """Pick and order events by index."""
        picked = {name: frozen(column[order]) for name, column in self.columns.items()}
        return Strip(frozen(offsets), frozen(self.time[order]), frozen(self.seq[order]), picked)


class Layer(ABC):
    """Makes a layout of strips; where the strips come from, subclasses say."""

    last_seq: int
    newest: int

    @property
    @abstractmethod
    def n_people(self) -> int:
        """How many people there are; known for good once the strips are made."""

    @abstractmethod
    def _strip(self, choice: Choice, wanted: dict[str, Wanted], plan: Plan) -> Strip:
        """Give the events of one selection by person, with columns under the names of `wanted`."""

    @abstractmethod
    def _everything(self) -> Strip:
        """Give all events of all people, with a column ``touchpoint`` of dense numbers."""

    @abstractmethod
    def _label(self, number: int, key: Coded, strips: Sequence[Strip]) -> Labels:
        """Give a key's labels, and its columns the final codes."""

    def _by_whole(self, strips: list[Strip], plan: Plan) -> tuple[list[Strip], int]:
        """Group strips by what is counted as a whole, and say how many of these there are: people."""
        return strips, self.n_people

    def lay(self, plan: Plan) -> Layout:
        """Lay a plan out."""
        strips = [self._strip(choice, plan.columns(track), plan) for track, choice in enumerate(plan.choices)]
        person: Int32s | None = None
        strips, n_persons = self._by_whole(strips, plan)
        n_units = n_persons
        if plan.unit == "session" or plan.same:
            strips, person = self._parts(strips, plan, n_persons)
            n_units = len(person)
        labels = tuple(self._label(i, key, strips) for i, key in enumerate(plan.keys))
        first, *others = (_track(strip, len(plan.keys), len(plan.numbers)) for strip in strips)
        tracks = (_marked(first, others) if plan.marks else first, *others)
        return Layout(n_units, tracks, person, n_persons, labels, self.last_seq, self.newest)

    def _parts(self, strips: Sequence[Strip], plan: Plan, n_whole: int) -> tuple[list[Strip], Int32s]:
        keys = [self._part_keys(strip, plan) for strip in strips]
        numbers, whole = number_parts([strip.offsets for strip in strips], keys, n_whole)
        return [
            regrouped(strip, part, len(whole)) for strip, part in zip(strips, numbers, strict=True)
        ], whole

    def _part_keys(self, strip: Strip, plan: Plan) -> Int64s:
        if plan.unit != "session":
            return strip.columns["same"]
        keys = self._session_keys(strip)
        return mixed(keys, strip.columns["same"]) if plan.same else keys

    def _session_keys(self, strip: Strip) -> Int64s:
        """Key each event's session: the client's id, or below -1 the first event of the derived one."""
        keys = strip.columns["session"]
        if not (keys == -1).any():
            return keys
        everything = self._everything()
        whole = everything.offsets, everything.time
        touchpoint = everything.columns["touchpoint"]
        n_touchpoints = int(touchpoint.max(initial=-1)) + 1
        starts = session_starts(*whole, touchpoint, n_touchpoints)
        found = looked_up(strip.offsets, strip.time, strip.seq, *whole, everything.seq)
        return np.where(keys == -1, -2 - starts[found], keys)


def _track(strip: Strip, n_keys: int, n_numbers: int) -> Track:
    """Make a track of a strip that has all its columns."""
    columns = strip.columns
    return Track(
        strip.offsets,
        strip.time,
        strip.seq,
        columns.get("value"),
        tuple(columns.get(f"key{i}") for i in range(n_keys)),
        tuple(columns.get(f"number{i}") for i in range(n_numbers)),
    )


def _marked(first: Track, others: Sequence[Track]) -> Track:
    """Give a track its marks."""
    marks = np.zeros(len(first.time), np.uint8)
    for bit, other in enumerate(others):
        theirs = other.offsets, other.time, other.seq
        mark(first.offsets, first.time, first.seq, *theirs, marks, np.uint8(1 << bit))
    return replace(first, marks=frozen(marks))


def regrouped(strip: Strip, unit: Int32s, n_units: int) -> Strip:
    """Group events by another unit; equal times keep their order."""
    offsets, order, _ = arrange(frozen(unit), n_units, strip.time)
    return strip.take(offsets, order)
