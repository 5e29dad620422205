"""The answer of paths: places, the ways from place to place, whole paths."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec
import pyarrow as pa

from obverse.measure.estimate import Estimate
from obverse.measure.paths.picturing import figures, picture
from obverse.measure.paths.question import Paths
from obverse.measure.picture import Picture, Side
from obverse.measure.split_answer import AnswerGroup, SplitAnswer
from obverse.measure.split_figures import Figure
from obverse.measure.tabled import cells, estimated
from obverse.measure.wording import count, duration, percent

PlaceKind = Literal["place", "other"]
StreamKind = Literal["way", "left", "open", "began", "rest"]


class PathsPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a column, or all places of the column that are not named.

    Attributes:
        column: number of its column, from 1; 0 where whole paths are followed.
        name: what it is called; ``(other: 213 places)`` for all others.
        kind: ``place``, or ``other`` for all others together.
        times: how often it was passed. As often as there are `paths`, but where whole paths are followed.
        paths: paths that pass it.
        people: people whose paths do; None for several places together, as some people may be at more than
            one.
        share: of all paths, those that pass it.
        goal: of the paths that pass it, the share that reach the goal there or later; None without a goal.
        value: money there or later, over all of them; None where no money is asked for.
        left: paths that end there.
        open: paths that are there and may yet go on.
        began: paths that begin there, where they are followed backwards or as a whole.
        again: of the paths that pass it, the share that come back to it; None where single steps are
            followed.
    """

    column: int
    name: str
    kind: PlaceKind = "place"
    times: int
    paths: int
    people: int | None
    share: Estimate
    goal: Estimate | None = None
    value: Estimate | None = None
    left: int = 0
    open: int = 0
    began: int = 0
    again: Estimate | None = None


class PathsStream(msgspec.Struct, frozen=True, kw_only=True):
    """What goes from one place to the next.

    Attributes:
        column: number of the column it comes from, from 1; 0 where whole paths are followed, and for what
            begins in the first column.
        source: name of the place it comes from.
        target: name of the place it goes to.
        kind: ``way``; ``left`` and ``open`` for paths that end or may yet go on; ``began`` for those that
            begin with the target; ``rest`` for all ways of a column that are not listed, together.
        times: how often it was taken.
        paths: paths that take it; None for several ways together that one path can take.
        people: people whose paths do; None for several ways together.
        share: of the times that the source was passed, those that went on like this; None for the rest.
        goal: of the paths that take it, the share that reach the goal at its target or later.
        value: money at its target or later, over all of them.
        median_s: half of them took no longer from place to place, in seconds; read off a histogram, so up to
            a quarter off, as a rule far less. None where it is not known.
    """

    column: int
    source: str
    target: str
    kind: StreamKind = "way"
    times: int
    paths: int | None = None
    people: int | None = None
    share: Estimate | None = None
    goal: Estimate | None = None
    value: Estimate | None = None
    median_s: float | None = None


class PathsWhole(msgspec.Struct, frozen=True, kw_only=True):
    """A whole path, as long as it is followed.

    Attributes:
        key: stands for it when its people are asked for.
        places: names of its places, at most the first twenty.
        length: how many places it has.
        paths: how often it was taken: at least so often, and at most `most`.
        most: equal to `paths` where there was room to count every path.
        people: who took it.
        share: of all paths.
        goal: of these paths, the share that reach the goal; None without a goal.
        value: money during and after it, over all of them.
    """

    key: str
    places: tuple[str, ...]
    length: int
    paths: int
    most: int
    people: int
    share: Estimate
    goal: Estimate | None = None
    value: Estimate | None = None

    @property
    def name(self) -> str:
        """Its places in one line."""
        more = f" > … {self.length - len(self.places)} more" if self.length > len(self.places) else ""
        return " > ".join(self.places) + more


class PathsAnswer(SplitAnswer, frozen=True, kw_only=True):
    """The answer to `Paths`.

    Attributes:
        question: what was asked.
        n_paths: how many paths there are.
        people: who has one.
        open: paths that may yet go on.
        goal: of the paths, the share that reach the goal; None without a goal.
        value: money of all of them; None where no money is asked for.
        columns: names of the columns; empty where whole paths are followed.
        places: column by column, the most frequent first.
        streams: column by column, the most frequent first.
        paths: whole paths, the most frequent first.
        variants: how many different paths there are; with an interval where there were too many to count.
        currency: of the money; None where there is none or several.
        notes: what else the reader must know.
        groups: the same for each group of a split, largest first; empty without one.
    """

    measure: ClassVar[str] = "paths"

    question: Paths
    n_paths: int
    people: int
    open: int
    goal: Estimate | None
    value: Estimate | None
    columns: tuple[str, ...]
    places: tuple[PathsPlace, ...]
    streams: tuple[PathsStream, ...]
    paths: tuple[PathsWhole, ...]
    variants: Estimate
    currency: str | None = None
    notes: tuple[str, ...] = ()
    groups: tuple[AnswerGroup[PathsAnswer], ...] = ()

    def _sentence(self) -> str:
        """Say how many paths there are, how most go on, and how many are left where."""
        if not self.n_paths:
            return "There are no such paths."
        text = f"{count(self.n_paths)} paths of {count(self.people)} people"
        if self.question.whole:
            text += f" in {count(round(self.variants.value or 0))} variants"
        first = self.paths[0]
        text += f"; the most frequent, {percent(first.share.value or 0)} of them, is {first.name}"
        onward = [
            one for one in self.streams if one.kind == "way" and one.column <= 1 and one.people is not None
        ]
        if not self.question.whole and onward:
            way = max(onward, key=lambda one: one.times)
            took = "" if way.median_s is None else f", half of them within {duration(way.median_s)}"
            text += f"; from {way.source} most went on to {way.target}{took}"
        if self.goal is not None and self.goal.value is not None:
            text += f"; {percent(self.goal.value)} reached {self.question.goal}"
        return text + "."

    def figures(self) -> tuple[Figure, ...]:
        """Give who reaches the goal, who passes each place and reaches it from there, and their money."""
        return figures(self)

    def _table(self) -> pa.Table:
        """Give a row for each stream."""
        return pa.Table.from_pylist([_stream_row(one) for one in self.streams], schema=_STREAMS)

    def places_table(self) -> pa.Table:
        """Give a row for each place."""
        return pa.Table.from_pylist([_place_row(one) for one in self.places], schema=_PLACES)

    def paths_table(self) -> pa.Table:
        """Give a row for each whole path."""
        return pa.Table.from_pylist([_whole_row(one) for one in self.paths], schema=_WHOLE)

    def _pictures(self, side: Side) -> tuple[Picture, ...]:
        """Show the flow, the most frequent whole paths, and where the goal is reached, or the money."""
        return picture(self, side)


_STREAMS = pa.schema(
    [
        pa.field("column", pa.int32()),
        pa.field("source", pa.string()),
        pa.field("target", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("times", pa.int64()),
        pa.field("paths", pa.int64()),
        pa.field("people", pa.int64()),
        *estimated("share", "goal", "value"),
        pa.field("median_s", pa.float64()),
    ]
)

_PLACES = pa.schema(
    [
        pa.field("column", pa.int32()),
        pa.field("name", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("times", pa.int64()),
        pa.field("paths", pa.int64()),
        pa.field("people", pa.int64()),
        *estimated("share", "goal", "value", "again"),
        pa.field("left", pa.int64()),
        pa.field("open", pa.int64()),
        pa.field("began", pa.int64()),
    ]
)

_WHOLE = pa.schema(
    [
        pa.field("places", pa.list_(pa.string())),
        pa.field("length", pa.int64()),
        pa.field("paths", pa.int64()),
        pa.field("most", pa.int64()),
        pa.field("people", pa.int64()),
        *estimated("share", "goal", "value"),
    ]
)


def _plain(row: msgspec.Struct, schema: pa.Schema, estimates: tuple[str, ...]) -> dict[str, object]:
    found: dict[str, object] = {name: getattr(row, name) for name in schema.names if hasattr(row, name)}
    for name in estimates:
        found |= cells(name, getattr(row, name))
    return found


def _stream_row(row: PathsStream) -> dict[str, object]:
    return _plain(row, _STREAMS, ("share", "goal", "value"))


def _place_row(row: PathsPlace) -> dict[str, object]:
    return _plain(row, _PLACES, ("share", "goal", "value", "again"))


def _whole_row(row: PathsWhole) -> dict[str, object]:
    return _plain(row, _WHOLE, ("share", "goal", "value"))
