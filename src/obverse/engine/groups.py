"""Saved segments in questions: as a filter (`Question.segment`) and as a split (``segment: NAME``).

A segment is a question and a part of its answer: its people are those behind that part, found anew at each
question, or kept as a snapshot. So whatever a measure can count, questions can be filtered and split by.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np
from numba import njit

from obverse.errors import QuestionError
from obverse.measure import measure_of, read_question
from obverse.measure.protocol import Plan
from obverse.settings.segments import Segment
from obverse.tape.arrange import frozen
from obverse.tape.layout import Bools, Int32s, Int64s, Key, Layout, Track

SPLIT = "segment:"
"""What a split by a segment begins with."""

MAX_DEPTH = 8
"""Segments within segments."""

INSIDE, OUTSIDE = 0, 1


@dataclass(frozen=True)
class Needs:
    """What a question needs beside the lake.

    Attributes:
        plans: all that is laid out for it, its own first.
        segments: those whose people are found.
    """

    plans: tuple[Plan, ...]
    segments: tuple[Segment, ...]

    def __add__(self, other: Needs) -> Needs:
        return Needs(self.plans + other.plans, self.segments + other.segments)


class Kept:
    """Layouts for segments as they were last made, up to a number of bytes. Safe to use from many threads.

    One holds as long as the tape gives the same layout for everyone: then the lake is what it was.
    """

    def __init__(self, budget_bytes: int = 256 << 20) -> None:
        self._budget_bytes = budget_bytes
        self._made: OrderedDict[Hashable, tuple[Layout, Layout, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, asked: Hashable, whole: Layout) -> Layout | None:
        """Give what was made of a layout; None where nothing was, or the layout is another now."""
        with self._lock:
            found = self._made.get(asked)
            if found is None or found[0] is not whole:
                return None
            self._made.move_to_end(asked)
            return found[1]

    def put(self, asked: Hashable, whole: Layout, made: Layout) -> None:
        """Keep what was made of a layout, in place of what was made of an earlier one."""
        n_bytes = sum(array.nbytes for track in made.tracks for array in track.arrays)
        with self._lock:
            self._made.pop(asked, None)
            self._made[asked] = whole, made, n_bytes
            while self._made and sum(size for _, _, size in self._made.values()) > self._budget_bytes:
                self._made.popitem(last=False)


class Groups:
    """Finds the people of segments, and lays questions out for them.

    Args:
        find: gives a saved segment by its name.
        lay: lays a plan out.
        numbered: gives the numbers of people by their keys.
    """

    def __init__(
        self,
        find: Callable[[str], Segment],
        lay: Callable[[Plan], Layout],
        numbered: Callable[[Int64s], Int32s],
    ) -> None:
        self._find = find
        self._lay = lay
        self._numbered = numbered
        self._kept = Kept()

    def lay(self, plan: Plan, segment: str | None, within: tuple[str, ...] = ()) -> Layout:
        """Lay a plan out for the people of a segment, split by segments where it asks for that.

        Args:
            plan: what is wanted.
            segment: name of the segment; None for everyone.
            within: names of the segments that are being found: none may need itself.

        Raises:
            QuestionError: there is no such segment, or accounts are counted.
        """
        if segment is None and not any(key.field.startswith(SPLIT) for key in plan.keys):
            return self._lay(plan)
        needed = self.needs(plan, segment, within).segments
        asked = (plan, segment, tuple((one.name, one.created_at) for one in needed))
        plan, splits = _parted(plan, segment)
        whole = self._lay(plan)
        kept = self._kept.get(asked, whole)
        if kept is not None:
            return kept
        layout = whole
        for at, (name, tracks) in splits.items():
            layout = split(layout, at, tracks, name, self.members(name, layout, within))
        if segment is not None:
            layout = restricted(layout, self.members(segment, layout, within))
        self._kept.put(asked, whole, layout)
        return layout

    def members(self, name: str, layout: Layout, within: tuple[str, ...] = ()) -> Bools:
        """Say who is in a segment; shape (n_persons,) of the layout.

        Raises:
            QuestionError: there is no such segment, or it needs itself.
        """
        found = self._found(name, within)
        inside = np.zeros(layout.n_persons, dtype=np.bool_)
        if found.people is not None:
            numbers = self._numbered(frozen(np.frombuffer(found.people, np.int64)))
            inside[numbers[numbers < len(inside)]] = True
            return inside
        question = read_question(found.question)
        measure = measure_of(question)
        theirs = self.lay(measure.plan(question), question.segment, (*within, name))
        behind = measure.behind(question, theirs, found.pick)[: len(inside)]
        inside[: len(behind)] = behind
        return inside

    def needs(self, plan: Plan, segment: str | None, within: tuple[str, ...] = ()) -> Needs:
        """List what `lay` needs for the same arguments, without laying anything out.

        Raises:
            QuestionError: there is no such segment, one needs itself, or accounts are counted.
        """
        plan, splits = _parted(plan, segment)
        needs = Needs((plan,), ())
        names = [name for name, _ in splits.values()] + ([] if segment is None else [segment])
        for name in dict.fromkeys(names):
            found = self._found(name, within)
            needs += Needs((), (found,))
            if found.people is None:
                question = read_question(found.question)
                theirs = measure_of(question).plan(question)
                needs += self.needs(theirs, question.segment, (*within, name))
        return needs

    def _found(self, name: str, within: tuple[str, ...]) -> Segment:
        if name in within or len(within) >= MAX_DEPTH:
            raise QuestionError(f"segment: {' needs '.join([*within, name])}; a segment cannot need itself")
        return self._find(name)


def _parted(plan: Plan, segment: str | None) -> tuple[Plan, dict[int, tuple[str, tuple[int, ...]]]]:
    """Part a plan from its splits by segments: for the number of each key its segment and its tracks."""
    splits = {
        at: (key.field.removeprefix(SPLIT).strip(), key.tracks)
        for at, key in enumerate(plan.keys)
        if key.field.startswith(SPLIT)
    }
    if (splits or segment is not None) and plan.unit == "account":
        raise QuestionError("segment: segments are groups of people, and accounts are counted here")
    # A key in the place of a split that costs nothing keeps the others' numbers.
    keys = (Key("type", (), 1) if at in splits else key for at, key in enumerate(plan.keys))
    return replace(plan, keys=tuple(keys)), splits


def split(layout: Layout, at: int, tracks: Sequence[int], name: str, members: Bools) -> Layout:
    """Code events by whether their person is in a group.

    Args:
        layout: what is split.
        at: number of the key that gets the codes.
        tracks: numbers of the tracks that get them.
        name: of the group.
        members: shape (n_persons,).
    """
    units = members if layout.person is None else members[layout.person]
    coded = [
        replace(track, codes=_put(track.codes, at, _codes(track.offsets, frozen(units))))
        if number in tracks
        else track
        for number, track in enumerate(layout.tracks)
    ]
    labels = (f"in {name}", f"not in {name}")
    return replace(
        layout, tracks=tuple(coded), labels=(*layout.labels[:at], labels, *layout.labels[at + 1 :])
    )


def _put(codes: tuple[Int32s | None, ...], at: int, new: Int32s) -> tuple[Int32s | None, ...]:
    return (*codes[:at], frozen(new), *codes[at + 1 :])


def restricted(layout: Layout, members: Bools) -> Layout:
    """Leave only the events of some people; units keep their numbers.

    Args:
        layout: all events.
        members: shape (n_persons,).
    """
    units = members if layout.person is None else members[layout.person]
    return replace(layout, tracks=tuple(_restricted(track, frozen(units)) for track in layout.tracks))


def _restricted(track: Track, units: Bools) -> Track:
    counts = np.where(units, np.diff(track.offsets), 0)
    kept = np.repeat(units, np.diff(track.offsets))
    return Track(
        offsets=frozen(np.concatenate([[0], np.cumsum(counts)])),
        time=frozen(track.time[kept]),
        seq=frozen(track.seq[kept]),
        value=None if track.value is None else frozen(track.value[kept]),
        codes=tuple(None if one is None else frozen(one[kept]) for one in track.codes),
        numbers=tuple(None if one is None else frozen(one[kept]) for one in track.numbers),
        marks=None if track.marks is None else frozen(track.marks[kept]),
    )


@njit(cache=True, nogil=True)
def _codes(offsets: Int64s, units: Bools) -> Int32s:
    codes = np.empty(offsets[-1], np.int32)
    for unit in range(len(offsets) - 1):
        code = INSIDE if units[unit] else OUTSIDE
        for i in range(offsets[unit], offsets[unit + 1]):
            codes[i] = code
    return codes
