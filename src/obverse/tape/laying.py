"""Lays out the events of selections by unit: from reels and columns to what a scan reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from obverse.tape.arrange import arrange, frozen, merged, thinned, widened
from obverse.tape.codes import Codes
from obverse.tape.columns import Columns, Wanted
from obverse.tape.labels import Labels, Texts, labelled
from obverse.tape.layout import Int32s, Int64s, Layout, Track
from obverse.tape.reel import Kind, Reel, mapped
from obverse.tape.reels import Reels
from obverse.tape.units import account_keys, looked_up, mixed, number_parts, session_starts

Unit = Literal["person", "session", "account"]

EVERYTHING = Kind()
SMALL_BYTES = 1 << 20
GROUPED = Kind("type", "group")
SESSION = Wanted("key", "session_id", "session_id")
ACCOUNT = Wanted("key", "account_id", "account_id")
TOUCHPOINT = Wanted("key", "touchpoint", "touchpoint")


@dataclass(frozen=True)
class Choice:
    """A selection made ready: the kinds of events, and the filter's column."""

    kinds: tuple[Kind, ...]
    where: Wanted | None


@dataclass(frozen=True)
class Coded:
    """A column whose values become codes of some tracks' events, so many values with a code of their own."""

    wanted: Wanted
    tracks: tuple[int, ...]
    n_labels: int


@dataclass(frozen=True)
class Plan:
    """What is to be laid out; also the key under which the layout is kept.

    Attributes:
        choices: one a track.
        unit: what a unit is.
        same: column whose values part units further.
        value: whether money is wanted.
        keys: columns whose values become codes.
        numbers: columns of numbers, each with its track.
    """

    choices: tuple[Choice, ...]
    unit: Unit
    same: Wanted | None
    value: bool
    keys: tuple[Coded, ...]
    numbers: tuple[tuple[Wanted, int], ...]

    def columns(self, track: int) -> dict[str, Wanted]:
        """Columns that a track's events need."""
        wanted: dict[str, Wanted] = {}
        wanted |= {f"key{i}": key.wanted for i, key in enumerate(self.keys) if track in key.tracks}
        wanted |= {f"number{i}": number for i, (number, its) in enumerate(self.numbers) if track == its}
        if self.same:
            wanted["same"] = self.same
        if self.unit == "session":
            wanted["session"] = SESSION
        if self.unit == "account":
            wanted["account"] = ACCOUNT
        return wanted

    def needs(self) -> dict[Kind, list[Wanted]]:
        """Every kind with the columns it needs."""
        found: dict[Kind, dict[Wanted, None]] = {GROUPED: {ACCOUNT: None}} if self.unit == "account" else {}
        for track, choice in enumerate(self.choices):
            wanted = [*self.columns(track).values(), *([choice.where] if choice.where else [])]
            for kind in choice.kinds:
                found.setdefault(kind, {}).update(dict.fromkeys(wanted))
        return {kind: list(wanted) for kind, wanted in found.items()}


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


class Layer:
    """Makes one layout; used once, with the reels' lock held.

    Args:
        reels: all reels.
        held: those of the plan's kinds.
        columns: all columns.
        texts: of keys.
    """

    def __init__(self, reels: Reels, held: dict[Kind, Reel], columns: Columns, texts: Texts) -> None:
        self._reels = reels
        self._columns = columns
        self._texts = texts
        self._held = held
        self._groups: dict[str, Codes] = {}

    def lay(self, plan: Plan) -> Layout:
        """Lay a plan out as of the reels' last event."""
        if plan.unit == "session" and self._derives(plan):  # may number more people
            self._held = self._reels.get([*self._held, EVERYTHING])
        strips = [
            self._strip(choice, plan.columns(track), plan.value) for track, choice in enumerate(plan.choices)
        ]
        person: Int32s | None = None
        n_persons = n_units = len(self._reels.streams)
        if plan.unit == "account":
            strips, n_persons = self._by_account(strips)
            n_units = n_persons
        if plan.unit == "session" or plan.same:
            strips, person = self._parts(strips, plan, n_persons)
            n_units = len(person)
        labels = tuple(self._label(f"key{i}", key, strips) for i, key in enumerate(plan.keys))
        tracks = tuple(_track(strip, len(plan.keys), len(plan.numbers)) for strip in strips)
        return Layout(n_units, tracks, person, n_persons, labels, self._reels.last_seq, self._reels.newest)

    @property
    def editions(self) -> dict[Kind, int]:
        """The reels used."""
        return {kind: reel.edition for kind, reel in self._held.items()}

    def own_bytes(self, layout: Layout) -> int | None:
        """Tell the memory a layout holds beside the reels; None where it shares what is not mapped from disk.

        Such a one is not worth keeping: it is made of the reels in no time, and would hold on to them when
        they are replaced.
        """
        shared = {id(array): mapped(array) for reel in self._held.values() for array in reel.arrays}
        own: dict[int, int] = {} if layout.person is None else {0: layout.person.nbytes}
        for track in layout.tracks:
            arrays = (track.offsets, track.time, track.seq, track.value, *track.codes, *track.numbers)
            for array in arrays:
                if array is not None and id(array) not in shared:
                    own[id(array)] = array.nbytes
                elif array is not None and not shared[id(array)] and array.nbytes > SMALL_BYTES:
                    return None
        return sum(own.values())

    # -- one selection ----------------------------------------------------------------------------------

    def _strip(self, choice: Choice, wanted: dict[str, Wanted], valued: bool) -> Strip:
        strips = [self._of_kind(kind, choice.where, wanted, valued) for kind in choice.kinds]
        strip = strips[0]
        for other in strips[1:]:
            strip = _merge(strip, other)
        return strip

    def _of_kind(
        self, kind: Kind, where: Wanted | None, wanted: dict[str, Wanted], valued: bool = False
    ) -> Strip:
        reel = self._held[kind]
        offsets = widened(reel.offsets, len(self._reels.streams))
        row, time, seq = reel.row, reel.time, reel.seq
        found = dict(zip(wanted, self._columns_of(kind, [*wanted.values()]), strict=True))
        for name in found:
            if name.startswith("key"):
                found[name] = self._groups.setdefault(name, Codes()).encode(found[name])
        if where:
            offsets, kept = thinned(offsets, row, self._columns_of(kind, [where])[0])
            row, time, seq = row[kept], frozen(time[kept]), frozen(seq[kept])
        columns = {name: frozen(column[row]) for name, column in found.items()}
        if valued and len(reel.value):
            columns["value"] = frozen(reel.value[kept]) if where else reel.value
        if where:
            reel.unload()  # the strip is a copy
        return Strip(frozen(offsets) if where else offsets, time, seq, columns)

    def _columns_of(self, kind: Kind, wanted: Sequence[Wanted]) -> list[NDArray[Any]]:
        return self._columns.get(kind, wanted, self._reels.last_seq, len(self._held[kind]))

    # -- units ------------------------------------------------------------------------------------------

    def _derives(self, plan: Plan) -> bool:
        """Tell whether any event comes without its client's session id."""
        kinds = {kind for choice in plan.choices for kind in choice.kinds}
        return any(bool((self._columns_of(kind, [SESSION])[0] == -1).any()) for kind in kinds)

    def _parts(self, strips: Sequence[Strip], plan: Plan, n_whole: int) -> tuple[list[Strip], Int32s]:
        keys = [self._part_keys(strip, plan) for strip in strips]
        numbers, whole = number_parts([strip.offsets for strip in strips], keys, n_whole)
        return [
            _regrouped(strip, part, len(whole)) for strip, part in zip(strips, numbers, strict=True)
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
        everything = self._held[EVERYTHING]
        touchpoints = Codes()
        touchpoint = touchpoints.encode(self._columns_of(EVERYTHING, [TOUCHPOINT])[0])[everything.row]
        offsets = widened(everything.offsets, len(self._reels.streams))
        starts = session_starts(offsets, everything.time, frozen(touchpoint), len(touchpoints))
        found = looked_up(strip.offsets, strip.time, strip.seq, offsets, everything.time, everything.seq)
        return np.where(keys == -1, -2 - starts[found], keys)

    def _by_account(self, strips: Sequence[Strip]) -> tuple[list[Strip], int]:
        grouped = self._of_kind(GROUPED, None, {"account": ACCOUNT})
        named = grouped.columns["account"] != -1
        offsets, kept = thinned(grouped.offsets, frozen(np.arange(len(named), dtype=np.int32)), frozen(named))
        grouped = grouped.take(offsets, kept)
        accounts = Codes()
        numbers = []
        for strip in strips:
            keys = account_keys(
                *(strip.offsets, strip.time, strip.columns["account"]),
                *(grouped.offsets, grouped.time, grouped.columns["account"]),
            )
            number = np.full(len(keys), -1, np.int32)
            number[keys != -1] = accounts.encode(frozen(keys[keys != -1]))
            numbers.append(number)
        arranged = []
        for strip, number in zip(strips, numbers, strict=True):
            by_seq = np.argsort(strip.seq)
            ordered = strip.take(strip.offsets, by_seq)
            arranged.append(_regrouped(ordered, number[by_seq], len(accounts)))
        return arranged, len(accounts)

    # -- codes ------------------------------------------------------------------------------------------

    def _label(self, name: str, key: Coded, strips: Sequence[Strip]) -> Labels:
        """Turn the strips' codes of a key into the final ones, and name them."""
        mine = [strips[track] for track in key.tracks]
        codes, labels = labelled(
            key.wanted,
            self._groups.setdefault(name, Codes()),
            [strip.columns[name] for strip in mine],
            [strip.seq for strip in mine],
            key.n_labels,
            self._texts,
        )
        for strip, coded in zip(mine, codes, strict=True):
            strip.columns[name] = coded
        return labels


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


def again(layout: Layout, plan: Plan, reels: Reels) -> Layout:
    """Bring a layout of unchanged reels up to date: there may be more people, who have no events in it."""
    now = replace(layout, last_seq=reels.last_seq, newest=reels.newest)
    if plan.unit == "account":
        return now
    n_people = len(reels.streams)
    if layout.person is not None:
        return replace(now, n_persons=n_people)
    tracks = tuple(replace(track, offsets=widened(track.offsets, n_people)) for track in layout.tracks)
    return replace(now, n_units=n_people, n_persons=n_people, tracks=tracks)


def _merge(one: Strip, other: Strip) -> Strip:
    columns = {
        name: np.concatenate([_column(one, name), _column(other, name)])
        for name in one.columns | other.columns
    }
    offsets, order = merged(one.offsets, one.time, one.seq, other.offsets, other.time, other.seq)
    both = Strip(
        offsets,
        np.concatenate([one.time, other.time]),
        np.concatenate([one.seq, other.seq]),
        columns,
    )
    return both.take(offsets, order)


def _column(strip: Strip, name: str) -> NDArray[Any]:
    """Give a strip's column; only money may be missing, where no event has any."""
    return strip.columns[name] if name != "value" or name in strip.columns else np.zeros(len(strip.time))


def _regrouped(strip: Strip, unit: Int32s, n_units: int) -> Strip:
    """Group events by another unit; equal times keep their order."""
    offsets, order, _ = arrange(frozen(unit), n_units, strip.time)
    return strip.take(offsets, order)
