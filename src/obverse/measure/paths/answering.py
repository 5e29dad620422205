"""From a summary of paths to the answer: which places and ways are named, and what the others come to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from obverse.measure import moments
from obverse.measure.clustered import share_of_things
from obverse.measure.estimate import Estimate, Reason, total, wilson
from obverse.measure.frequent import Frequent
from obverse.measure.pairs import merge_pairs
from obverse.measure.paths.answer import PathsAnswer, PathsPlace, PathsStream, PathsWhole, StreamKind
from obverse.measure.paths.places import BEGAN, LEFT, MORE, OPEN, Places, places_of
from obverse.measure.paths.question import Paths
from obverse.measure.paths.state import (
    AGAIN,
    BEGINS,
    ENDS,
    OPEN_ENDS,
    PATHS,
    PEOPLE,
    PER_WORD,
    PLACE_BITS,
    SHOWN,
    TIME_BITS,
    TIMES,
)
from obverse.measure.paths.summary import PathsSummary
from obverse.measure.protocol import Facts
from obverse.measure.scope import OTHER
from obverse.measure.timed import N_BINS, median_s
from obverse.measure.wording import count
from obverse.tape.layout import Floats, Int64s

_LOW = (1 << PLACE_BITS) - 1
_KNOWN = 0.95
"""The smallest part of all times that must be known for a median."""


def answer(question: Paths, summary: PathsSummary, facts: Facts) -> PathsAnswer:
    """Turn the summary of all units into the answer."""
    maker = _Maker(question, summary, places_of(question, facts.labels))
    n_paths, _, _ = (int(number) for number in summary.totals)
    found, low, high = summary.paths.n_distinct
    single = len(facts.currencies) == 1
    return PathsAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        n_paths=n_paths,
        people=summary.n_people,
        open=int(summary.places.sums[:, OPEN_ENDS].sum()),
        goal=share_of_things(summary.pairs) if question.goal else None,
        value=total(*_three(summary.money)) if maker.valued else None,
        columns=() if question.whole else tuple(column_names(question)),
        places=tuple(maker.places()),
        streams=tuple(maker.streams()),
        paths=tuple(maker.wholes()),
        variants=Estimate(round(found), low, high),
        currency=facts.currencies[0] if single else None,
        notes=_notes(question, summary, facts),
    )


def column_names(question: Paths) -> list[str]:
    """Name the columns from left to right."""
    last = question.steps - 1
    if question.aligned_right:
        return [*(f"{_steps(last - column)} before" for column in range(last)), "end"]
    if question.after:
        return ["start", *(f"{_steps(column)} after" for column in range(1, last + 1))]
    return [f"step {column + 1}" for column in range(question.steps)]


def _steps(n: int) -> str:
    return "1 step" if n == 1 else f"{n} steps"


def _three(found: Floats) -> tuple[int, float, float]:
    return int(found[0]), float(found[1]), float(found[2])


def _part(part: float, whole: float, people: float) -> Estimate:
    """Estimate a share of things that people have several of, as if each of them had one thing (Wilson)."""
    if whole == 0:
        return Estimate(reason=Reason.NOBODY)
    share = min(part / whole, 1.0)
    low, high = wilson(share * people, people)
    return Estimate(share, min(low, share), max(high, share))


@dataclass(frozen=True)
class _Column:
    """A column's places: which are named, the others as one.

    Attributes:
        rows: of `PathsSummary.places`, named ones first.
        n_named: how many of them are named.
        names: of the named ones, then of the others.
        group: shape (places,), number of the name of each place.
    """

    rows: Int64s
    n_named: int
    names: tuple[str, ...]
    group: Int64s


class _Maker:
    """Makes the rows of one answer."""

    def __init__(self, question: Paths, summary: PathsSummary, places: Places) -> None:
        self.question = question
        self.summary = summary
        self.known = places
        self.valued = question.goal is not None or question.value is not None
        self._columns = [self._column(column) for column in range(question.n_columns)]

    # -- places -----------------------------------------------------------------------------------------

    def _column(self, column: int) -> _Column:
        n_places, places = self.summary.n_places, self.summary.places
        low, high = np.searchsorted(places.keys, [column * n_places, (column + 1) * n_places])
        rows = np.arange(low, high)
        which = places.keys[rows] - column * n_places
        names = [self._name(place) for place in which.tolist()]
        times = places.sums[rows, TIMES].tolist()
        order = sorted(range(len(rows)), key=lambda i: (which[i] == self.known.rest, -times[i], names[i]))
        n_named = min(self.question.n_places, len(rows) - int((which == self.known.rest).any()))
        others = len(rows) - n_named
        group = np.full(n_places, n_named, dtype=np.int64)
        group[which[order[:n_named]]] = np.arange(n_named)
        more = "over " if (which == self.known.rest).any() else ""
        rest = f"(other: {more}{count(others)} {'place' if others == 1 else 'places'})"
        return _Column(rows[order], n_named, (*(names[i] for i in order[:n_named]), rest), group)

    def _name(self, place: int) -> str:
        return MORE if place == self.known.special(MORE) else self.known.names[place]

    def places(self) -> list[PathsPlace]:
        """Make the rows of places."""
        made = []
        for number, column in enumerate(self._columns):
            singles = [column.rows[i : i + 1] for i in range(column.n_named)]
            groups = [*singles, column.rows[column.n_named :]]
            made += [
                self._place(number, rows, name)
                for rows, name in zip(groups, column.names, strict=True)
                if len(rows)
            ]
        return made

    def _place(self, column: int, rows: Int64s, name: str) -> PathsPlace:
        sums = self.summary.places.sums[rows].sum(axis=0)
        people, whole = self._people(column, rows), self.question.whole
        single = len(rows) == 1 and not name.startswith("(other: ")
        paths = int(sums[PATHS])
        goal, value = self._worth(self.summary.places, rows)
        return PathsPlace(
            column=0 if whole else column + 1,
            name=name,
            kind="place" if single else "other",
            times=int(sums[TIMES]),
            paths=paths,
            people=int(sums[PEOPLE]) if single else None,
            share=_part(paths, int(self.summary.totals[0]), self.summary.n_people),
            goal=goal,
            value=value,
            left=int(sums[ENDS]),
            open=int(sums[OPEN_ENDS]),
            began=int(sums[BEGINS]),
            again=_part(int(sums[AGAIN]), paths, people) if whole else None,
        )

    def _people(self, column: int, rows: Int64s) -> int:
        """Give the fewest people that can be behind some places of a column."""
        people = self.summary.places.sums[:, PEOPLE]
        of_others = people[self._columns[column].rows].sum() - people[rows].sum()
        return max(int(people[rows].max(initial=1)), int(self.summary.columns[column] - of_others))

    def _worth(self, counted: Frequent, rows: Int64s) -> tuple[Estimate | None, Estimate | None]:
        """Estimate the share that reaches the goal and the money, of one or several rows together."""
        if not self.valued:
            return None, None
        money = reduce(moments.merge, counted.money[rows], np.zeros(3))
        pairs = reduce(merge_pairs, counted.pairs[rows], np.zeros(6))
        goal = share_of_things(pairs) if self.question.goal else None
        return goal, total(*_three(money))

    # -- streams ----------------------------------------------------------------------------------------

    def streams(self) -> list[PathsStream]:
        """Make the rows of streams."""
        ways = _Ways(self.summary, self._columns)
        n_listed = len(ways) if self.question.whole else self.question.n_streams
        listed = {int(way) for way in ways.order[:n_listed]}
        made: list[PathsStream] = []
        for number in range(self.question.n_columns):
            in_column = [int(way) for way in ways.order if ways.column[way] == number]
            named = [self._way(ways, way) for way in in_column if way in listed]
            made += self._begun(number) if number == 0 else []
            made += [*named, *self._ended(number)]
            made += self._rest(number, len(in_column) - len(named), sum(one.times for one in named))
            made += self._begun(number + 1)
        return made

    def _way(self, ways: _Ways, way: int) -> PathsStream:
        column, rows = int(ways.column[way]), ways.rows(way)
        here, there = self._columns[column], self._next(column)
        source, target = int(ways.source[way]), int(ways.target[way])
        sums = self.summary.streams.sums[rows].sum(axis=0)
        single = len(rows) == 1 and source < here.n_named and target < there.n_named
        alone = single or not self.question.whole
        goal, value = self._worth(self.summary.streams, rows)
        return PathsStream(
            column=0 if self.question.whole else column + 1,
            source=here.names[source],
            target=there.names[target],
            times=int(sums[0]),
            paths=int(sums[1]) if alone else None,
            people=int(sums[2]) if single else None,
            share=self._share(column, source, int(sums[0])),
            goal=goal,
            value=value,
            median_s=ways.median_s(way, int(sums[0])),
        )

    def _next(self, column: int) -> _Column:
        return self._columns[column if self.question.whole else column + 1]

    def _rows_of(self, column: int, group: int) -> Int64s:
        found = self._columns[column]
        return found.rows[group : group + 1] if group < found.n_named else found.rows[found.n_named :]

    def _share(self, column: int, source: int, times: int) -> Estimate:
        rows = self._rows_of(column, source)
        passed = int(self.summary.places.sums[rows, TIMES].sum())
        return _part(times, passed, self._people(column, rows))

    def _ended(self, column: int) -> list[PathsStream]:
        """Make the streams of paths that end in a column."""
        kinds: tuple[tuple[int, str, StreamKind], ...] = ((ENDS, LEFT, "left"), (OPEN_ENDS, OPEN, "open"))
        made = []
        for group, name in enumerate(self._columns[column].names):
            sums = self.summary.places.sums[self._rows_of(column, group)].sum(axis=0)
            made += [
                PathsStream(
                    column=0 if self.question.whole else column + 1,
                    source=name,
                    target=end,
                    kind=kind,
                    times=int(sums[part]),
                    paths=int(sums[part]),
                    share=self._share(column, group, int(sums[part])),
                )
                for part, end, kind in kinds
                if sums[part]
            ]
        return made

    def _begun(self, column: int) -> list[PathsStream]:
        """Make the streams of paths that begin in a column, where that says something."""
        if column >= len(self._columns) or not (self.question.aligned_right or self.question.whole):
            return []
        begun = [
            (name, int(self.summary.places.sums[self._rows_of(column, group), BEGINS].sum()))
            for group, name in enumerate(self._columns[column].names)
        ]
        return [
            PathsStream(column=column, source=BEGAN, target=name, kind="began", times=times, paths=times)
            for name, times in begun
            if times
        ]

    def _rest(self, column: int, n_ways: int, listed: int) -> list[PathsStream]:
        """Make the stream of all that is not listed: what the next column has beside."""
        if not self.question.whole and column + 1 == self.question.n_columns:
            return []
        sums = self.summary.places.sums[self._next(column).rows].sum(axis=0)
        began = int(self.summary.totals[0]) if self.question.whole else int(sums[BEGINS])
        times = int(sums[TIMES]) - began - listed
        if times == 0:
            return []
        name = f"(other: {count(n_ways)} {'way' if n_ways == 1 else 'ways'})"
        number = 0 if self.question.whole else column + 1
        paths = None if self.question.whole else times
        return [PathsStream(column=number, source=OTHER, target=name, kind="rest", times=times, paths=paths)]

    # -- whole paths ------------------------------------------------------------------------------------

    def wholes(self) -> list[PathsWhole]:
        """Make the rows of whole paths."""
        paths, n_all = self.summary.paths, int(self.summary.totals[0])
        counts = paths.sums[:, 0]
        rows = np.lexsort((paths.keys, -counts))[: self.question.n_paths]
        named = sorted((-int(counts[row]), self._places_of(int(row)), int(row)) for row in rows)
        return [self._whole(row, places, n_all) for _, places, row in named]

    def _whole(self, row: int, places: tuple[str, ...], n_all: int) -> PathsWhole:
        paths = self.summary.paths
        goal, value = self._worth(paths, np.array([row]))
        n_paths = int(paths.sums[row, 0])
        return PathsWhole(
            key=f"{int(paths.keys[row]):016x}",
            places=places,
            length=int(paths.fixed[row, 0]),
            paths=n_paths,
            most=int(paths.mass[row]) + paths.error,
            people=int(paths.sums[row, 1]),
            share=_part(n_paths, n_all, self.summary.n_people),
            goal=goal,
            value=value,
        )

    def _places_of(self, row: int) -> tuple[str, ...]:
        length, words = int(self.summary.paths.fixed[row, 0]), self.summary.paths.fixed[row, 1:].tolist()
        return tuple(
            self._name(words[j // PER_WORD] >> PLACE_BITS * (j % PER_WORD) & _LOW)
            for j in range(min(length, SHOWN))
        )


class _Ways:
    """Streams between the named places of two columns, those of other places as one."""

    def __init__(self, summary: PathsSummary, columns: list[_Column]) -> None:
        self._summary = summary
        keys = summary.streams.keys
        column = keys >> 2 * PLACE_BITS
        groups = np.stack([one.group for one in columns])
        source = groups[column, keys >> PLACE_BITS & _LOW]
        target = groups[np.minimum(column + 1, len(columns) - 1), keys & _LOW]
        whole = np.stack([column, source, target], axis=1) if len(keys) else np.zeros((0, 3), np.int64)
        unique, self._way = np.unique(whole, axis=0, return_inverse=True)
        self.column, self.source, self.target = unique.T
        self._times = np.bincount(self._way, weights=summary.streams.sums[:, 0], minlength=len(unique))
        self.order = np.lexsort((self.target, self.source, self.column, -self._times))
        self._bins = self._histograms()

    def __len__(self) -> int:
        return len(self.column)

    def rows(self, way: int) -> Int64s:
        """Give the rows of the summary's streams that a way is made of."""
        return np.flatnonzero(self._way == way)

    def _histograms(self) -> Int64s:
        times = self._summary.times
        row = np.searchsorted(self._summary.streams.keys, times.keys >> TIME_BITS)
        row = np.minimum(row, max(len(self._summary.streams.keys) - 1, 0))
        there = np.zeros(len(row), dtype=np.bool_)
        if len(self._summary.streams.keys):
            there = self._summary.streams.keys[row] == times.keys >> TIME_BITS
        bins = np.zeros((len(self), N_BINS), dtype=np.int64)
        place = self._way[row[there]], times.keys[there] & (1 << TIME_BITS) - 1
        np.add.at(bins, place, times.sums[there, 0])
        return bins

    def median_s(self, way: int, times: int) -> float | None:
        """Give the median of how long a way took; None where too little is known of it."""
        bins = self._bins[way]
        known = int(bins.sum())
        return median_s(bins) if known and known >= _KNOWN * times else None


def _notes(question: Paths, summary: PathsSummary, facts: Facts) -> tuple[str, ...]:
    notes = list(facts.strangers)
    if len(facts.currencies) > 1 and summary.money[1]:
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    if summary.streams.error:
        notes.append(
            f"There are more ways from place to place than there is room for: each may have been taken up to "
            f"{count(summary.streams.error)} times more often than it says."
        )
    if summary.paths.error:
        notes.append(
            f"There are more different paths than there is room for: each may have been taken up to "
            f"{count(summary.paths.error)} times more often than it says, and their number is an estimate."
        )
    if summary.totals[0] > summary.totals[1]:
        notes.append("Some people have several paths; intervals take people, not paths, as independent.")
    return tuple(notes)
