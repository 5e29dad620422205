"""Lays out the events of selections by unit, from reels and columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.tape.arrange import frozen, merged, thinned, widened
from obverse.tape.codes import Codes
from obverse.tape.columns import Columns, Wanted
from obverse.tape.few import Column, Few
from obverse.tape.labels import Labels, Texts, labelled
from obverse.tape.layout import Int32s, Layout
from obverse.tape.planning import ACCOUNT, EVERYTHING, GROUPED, SESSION, TOUCHPOINT, Choice, Coded, Plan
from obverse.tape.reel import Kind, Reel, mapped
from obverse.tape.reels import Reels
from obverse.tape.strips import Layer, Strip, regrouped
from obverse.tape.units import account_keys

SMALL_BYTES = 1 << 20


class ReelLayer(Layer):
    """Makes one layout of reels; used once, with the reels' lock held.

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
        self.last_seq, self.newest = reels.last_seq, reels.newest

    @property
    def n_people(self) -> int:
        """How many people there are."""
        return len(self._reels.streams)

    def lay(self, plan: Plan) -> Layout:
        """Lay a plan out as of the reels' last event."""
        if plan.unit == "session" and self._derives(plan):  # may number more people
            self._held = self._reels.get([*self._held, EVERYTHING])
        return super().lay(plan)

    @property
    def editions(self) -> dict[Kind, int]:
        """The reels used."""
        return {kind: reel.edition for kind, reel in self._held.items()}

    def own_bytes(self, layout: Layout) -> int | None:
        """Tell the memory that a layout holds on to; None where more than a little of it is the reels'.

        Such a one is not worth keeping: it would take the room that the reels need until they are on disk,
        and hold on to them when they are replaced. What is mapped from disk does not count.
        """
        shared = {id(array): mapped(array) for reel in self._held.values() for array in reel.arrays}
        own: dict[int, int] = {} if layout.person is None else {0: layout.person.nbytes}
        reels: dict[int, int] = {}
        for array in (array for track in layout.tracks for array in track.arrays):
            if id(array) not in shared:
                own[id(array)] = array.nbytes
            elif not shared[id(array)]:
                reels[id(array)] = array.nbytes
        n_own, n_reels = sum(own.values()), sum(reels.values())
        return None if n_reels > max(n_own // 8, SMALL_BYTES) else n_own + n_reels

    # -- one selection ----------------------------------------------------------------------------------

    def _strip(self, choice: Choice, wanted: dict[str, Wanted], plan: Plan) -> Strip:
        kinds = [kind for kind in choice.kinds if len(self._held[kind])] or choice.kinds[:1]
        strips = [self._of_kind(kind, choice.where, wanted, plan.value) for kind in kinds]
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
        found = dict(zip(wanted, self._columns_held(kind, [*wanted.values()]), strict=True))
        if where:
            offsets, kept = thinned(offsets, row, self._columns_of(kind, [where])[0])
            row, time, seq = row[kept], frozen(time[kept]), frozen(seq[kept])
        columns = {name: frozen(self._picked(name, found.pop(name), row)) for name in wanted}
        if valued and len(reel.value):
            columns["value"] = frozen(reel.value[kept]) if where else reel.value
        if where:
            reel.unload()  # the strip is a copy
        return Strip(frozen(offsets) if where else offsets, time, seq, columns)

    def _picked(self, name: str, column: Column, row: Int32s) -> NDArray[Any]:
        """Give the entries of a column that stand in some rows, those of a key as the codes of its groups."""
        if name.startswith("key"):
            return _coded(self._groups.setdefault(name, Codes()), column, row)
        return column.keys[column.which[row]] if isinstance(column, Few) else column[row]

    def _columns_held(self, kind: Kind, wanted: Sequence[Wanted]) -> list[Column]:
        return self._columns.held(kind, wanted, self._reels.last_seq, len(self._held[kind]))

    def _columns_of(self, kind: Kind, wanted: Sequence[Wanted]) -> list[NDArray[Any]]:
        return self._columns.get(kind, wanted, self._reels.last_seq, len(self._held[kind]))

    # -- units ------------------------------------------------------------------------------------------

    def _derives(self, plan: Plan) -> bool:
        """Tell whether any event comes without its client's session id."""
        kinds = {kind for choice in plan.choices for kind in choice.kinds}
        ids = [self._columns_held(kind, [SESSION])[0] for kind in kinds]
        return any(bool(((one.keys if isinstance(one, Few) else one) == -1).any()) for one in ids)

    def _everything(self) -> Strip:
        everything = self._held[EVERYTHING]
        touchpoint = _coded(Codes(), self._columns_held(EVERYTHING, [TOUCHPOINT])[0], everything.row)
        offsets = widened(everything.offsets, self.n_people)
        return Strip(offsets, everything.time, everything.seq, {"touchpoint": frozen(touchpoint)})

    def _by_whole(self, strips: list[Strip], plan: Plan) -> tuple[list[Strip], int]:
        return self._by_account(strips) if plan.unit == "account" else (strips, self.n_people)

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
            arranged.append(regrouped(ordered, number[by_seq], len(accounts)))
        return arranged, len(accounts)

    # -- codes ------------------------------------------------------------------------------------------

    def _label(self, number: int, key: Coded, strips: Sequence[Strip]) -> Labels:
        name = f"key{number}"
        mine = [strips[track] for track in key.tracks]
        groups = self._groups.setdefault(name, Codes())
        if key.named:
            columns = [strip.columns[name] for strip in mine]
            seqs = [strip.seq for strip in mine]
            codes, labels = labelled(key.wanted, groups, columns, seqs, key.n_labels, self._texts)
        else:
            codes, labels = [], ()
        if key.sparse and (len(groups) < 2 if key.named else (groups.keys == -1).all()):
            for strip in mine:
                del strip.columns[name]
            return labels
        if not key.named:
            none = np.append(groups.keys == -1, False)
            own = (strip.columns[name] for strip in mine)
            codes = [frozen(np.where(none[each], np.int32(-1), each)) for each in own]
        for strip, coded in zip(mine, codes, strict=True):
            strip.columns[name] = coded
        return labels


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


def _coded(codes: Codes, column: Column, row: Int32s) -> Int32s:
    """Give the codes of the entries of a column of keys that stand in some rows."""
    return column.coded(codes, row) if isinstance(column, Few) else codes.encode(frozen(column))[row]


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
