"""Lays out the rows of a chunk as the tape lays out a lake, segments and all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from obverse.engine.groups import Groups
from obverse.engine.spark.chunks import Rows
from obverse.engine.spark.recipe import ALL, Recipe, Take
from obverse.measure.protocol import Plan as Asked
from obverse.settings.segments import Segment
from obverse.tape.arrange import frozen
from obverse.tape.codes import Codes
from obverse.tape.columns import Wanted
from obverse.tape.labels import Labels
from obverse.tape.layout import Int32s, Int64s, Layout
from obverse.tape.planning import TOUCHPOINT, Choice, Coded, Plan
from obverse.tape.strips import Layer, Strip


@dataclass(frozen=True)
class Named:
    """The values of a key that have a code of their own.

    Attributes:
        labels: by code.
        keys: the values' keys by code.
    """

    labels: Labels = ()
    keys: tuple[int, ...] = ()

    def codes(self, keys: Int64s) -> Int32s:
        """Give the code of each key, the number of labels for one that has none."""
        ordered = np.argsort(np.array(self.keys, np.int64))
        known = np.array(self.keys, np.int64)[ordered]
        at = np.searchsorted(known, keys)
        found = np.append(known, -2)[at] == keys
        return np.where(found, np.append(ordered, 0)[at], len(self.labels)).astype(np.int32)


@dataclass(frozen=True)
class Brief:
    """All that an executor must know to lay out a chunk and find the people of segments.

    Attributes:
        recipe: what the rows hold.
        plans: each plan as asked and made ready, with the named values of its keys.
        segments: those that are needed, by name; a snapshot's people stand in the rows, and its `people` here
            is the number of their bit.
        last_seq: every event up to this is in.
        newest: time of the newest event of all, µs.
    """

    recipe: Recipe
    plans: Mapping[Asked, tuple[Plan, tuple[Named, ...]]]
    segments: Mapping[str, Segment]
    last_seq: int
    newest: int

    def layout(self, rows: Rows, plan: Asked, segment: str | None) -> Layout:
        """Lay a chunk out for a plan and the people of a segment.

        Args:
            rows: sorted by unit, time and seq; all rows of the units in it.
            plan: one of `plans`, or one with splits by segments.
            segment: name of one of `segments`; None for everyone.

        Raises:
            QuestionError: as `Groups.lay`.
        """
        chunk = _Chunk(self, rows)
        return Groups(self.segments.__getitem__, chunk.lay, chunk.numbered).lay(plan, segment)

    def nobody(self) -> Rows:
        """Give a chunk without rows."""
        return {
            field.name: frozen(np.zeros(0, field.type.to_pandas_dtype()))
            for field in self.recipe.row_schema()
        }


class _Chunk:
    """The rows of some people, which any of the brief's plans can be laid out of."""

    def __init__(self, brief: Brief, rows: Rows) -> None:
        self.brief = brief
        self.rows = rows
        fresh = np.diff(rows["unit"], prepend=rows["unit"][:1] - 1) != 0
        self.keys: Int64s = rows["unit"][fresh]
        self.unit: Int32s = frozen(np.cumsum(fresh, dtype=np.int32) - 1)

    def lay(self, plan: Asked) -> Layout:
        ready, named = self.brief.plans[plan]
        return _ChunkLayer(self, named).lay(ready)

    def numbered(self, snapshot: Int64s) -> Int32s:
        """Give the numbers of the people in a snapshot, which is given as the number of its bit."""
        return np.unique(self.unit[self.taken(int(snapshot[0]))])

    def taken(self, bit: int) -> Int64s:
        return np.flatnonzero(self.rows["bits"] & (1 << bit))

    def strip(self, taken: Int64s, columns: Mapping[str, Wanted], valued: bool) -> Strip:
        offsets = np.zeros(len(self.keys) + 1, np.int64)
        np.cumsum(np.bincount(self.unit[taken], minlength=len(self.keys)), out=offsets[1:])
        ours = self.brief.recipe.columns
        found = {name: self.rows[f"c{ours.index(one)}"] for name, one in columns.items()}
        found |= {"value": self.rows["value"]} if valued else {}
        whole = Strip(frozen(offsets), self.rows["time"], self.rows["seq"], found)
        return whole.take(offsets, taken)


class _ChunkLayer(Layer):
    """Lays out one plan of a chunk."""

    def __init__(self, chunk: _Chunk, named: Sequence[Named]) -> None:
        self._chunk = chunk
        self._named = named
        self.last_seq, self.newest = chunk.brief.last_seq, chunk.brief.newest

    @property
    def n_people(self) -> int:
        """How many people, or accounts, the chunk has."""
        return len(self._chunk.keys)

    def _strip(self, choice: Choice, wanted: dict[str, Wanted], plan: Plan) -> Strip:
        bit = self._chunk.brief.recipe.takes.index(Take(choice, plan.same))
        return self._chunk.strip(self._chunk.taken(bit), wanted, plan.value)

    def _everything(self) -> Strip:
        bit = self._chunk.brief.recipe.takes.index(ALL)
        strip = self._chunk.strip(self._chunk.taken(bit), {"touchpoint": TOUCHPOINT}, False)
        strip.columns["touchpoint"] = frozen(Codes().encode(strip.columns["touchpoint"]))
        return strip

    def _label(self, number: int, key: Coded, strips: Sequence[Strip]) -> Labels:
        name, apart = f"key{number}", Codes()
        for columns in (strips[track].columns for track in key.tracks):
            keys = columns[name]
            if key.named:
                columns[name] = frozen(self._named[number].codes(keys))
            else:
                columns[name] = frozen(np.where(keys == -1, np.int32(-1), apart.encode(keys)))
        return self._named[number].labels
