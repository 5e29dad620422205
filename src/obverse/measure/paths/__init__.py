"""Paths: what people do after an event, before it, or between two; which ways are frequent; where they lead.

What is counted, exactly
    A *step* is an event of `events` that passes `where` and is not excluded; its *place* is its name, or the
    value of a field, with ids folded (`obverse.measure.pages`) and `patterns` applied. Events of `after` and
    `before` are steps too; one that is not among `events` stands under its own name. Steps are in order of
    time, then of arrival. With `fold`, the same place several times in a row is one step, at the time of the
    first.

    Paths are cut from *trails*. ``trail="session"``: a person's steps with no silence longer than `gap` (a
    silence of just `gap` does not end it). ``trail="person"``: all of a person's steps.

    - Without ends, a path begins with the first step of a session, or with a person's first step in the
      period.
    - With `after`, it begins with an event of it. (PostHog: start point; Mixpanel: steps after; Amplitude:
      starting with.)
    - With `before`, it ends with one, and is followed backwards: column by column from the end, the last
      `steps` steps. (PostHog: end point; Mixpanel: steps before; Amplitude: ending with.)
    - With both, it goes from the first event of `after` that is followed by one of `before`, in the trail and
      `within`, to the next of those, which is a later event. One with more than `steps` steps shows its first
      ones and its last; those between are one, ``(more steps)``. (PostHog shows an ellipsis.)

    ``count="first"``: one path a trail, from the first such event (PostHog; Mixpanel: uniques by session).
    ``"every"``: each event that is not inside an earlier path: not before the place after its last shown
    step, or after its end (Mixpanel: totals).

    A path belongs to the period in which it begins; with `before`, in which it ends. What comes later (or was
    before) belongs to it all the same. `within` is closed: a step exactly so much later counts.

Ends
    A path that goes no further than `steps` has room for was *left*, when the trail or `within` was over
    before the newest event; else it is *not over yet*. All of a person's steps, with no `within`, are never
    over: there, left says that nothing has come since.

Goal and money
    A path reaches the goal at a step if an event of `goal` is that event or a later one, before the trail or
    `within` is over, shown or not; events that are no steps belong to a session until `gap` after its last
    step. With `before` alone, `within` runs on from the end. The money of a step is that of the events of
    `value` (the goal's, where that is not asked for) at or after it. The money of a path is that from its
    first shown step on.

Whole paths
    ``whole=True`` follows each path to its end and counts which place follows which, wherever in the path:
    the directly-follows graph of process mining (PM4Py, Retentioneering), variants, and how often a path
    comes back to a place (rework). ``Paths(whole=True, trail="person", fold=False)`` gives the variants of a
    process whose cases are the people.

Bounds
    Places are exact: those of the most frequent 10 000 values of the field; all others are one. Ways from
    place to place and whole paths are exact while there are no more than 32 768 of each; where there are
    more, a count is at least what it says, and at most so much more as the answer's notes say: n / 32 769 of
    all n there are, at worst (`obverse.measure.frequent`). What is not listed is always there as one row, so
    that each column adds up.

``by``
    A person is in the group of the value at their first `after` in the period; without one at their first
    `before`, without both at their first event. A group has all paths of its people
    (`obverse.measure.split`).

Intervals
    Shares that reach the goal, and money: people are independent, their paths need not be
    (`obverse.measure.clustered`; Student's t over people). Other shares: Wilson, of as many draws as people.
"""

from __future__ import annotations

import msgspec
import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.paths.answer import PathsAnswer, PathsPlace, PathsStream, PathsWhole
from obverse.measure.paths.answering import answer
from obverse.measure.paths.picturing import PARTS
from obverse.measure.paths.places import N_LABELS, SPECIAL, Places, places_of
from obverse.measure.paths.question import EVENT, Paths
from obverse.measure.paths.scan import scan
from obverse.measure.paths.state import ANY_COLUMN, State
from obverse.measure.paths.summary import PathsSummary
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.tape.layout import Bools, Int64s, Key, Layout

__all__ = [
    "Paths",
    "PathsAnswer",
    "PathsMeasure",
    "PathsPlace",
    "PathsStream",
    "PathsSummary",
    "PathsWhole",
]


class PathsMeasure:
    """Paths as a measure: see `obverse.measure.protocol`."""

    question = Paths

    def plan(self, question: Paths) -> Plan:
        """Name the steps, then the ends, exclusions, goals and values that are asked for."""
        selections = question.selections()
        roles = list(selections)
        pins = tuple(roles.index(role) for role in ("after", "before") if role in roles)
        if question.place == EVENT:
            keys: tuple[Key, ...] = (Key(EVENT, (0, *pins), N_LABELS),)
        else:
            keys = (Key(question.place, (0,), N_LABELS), *((Key(EVENT, pins, N_LABELS),) if pins else ()))
        valued = question.goal is not None or question.value is not None
        return Plan(selections=tuple(selections.values()), value=valued, keys=keys)

    def split_at(self, question: Paths) -> tuple[int, ...]:
        """Split by what paths begin or end with; where they need neither, by any event."""
        roles = list(question.selections())
        pin = next((role for role in ("after", "before") if role in roles), None)
        return tuple(range(len(roles))) if pin is None else (roles.index(pin),)

    def scan(self, question: Paths, layout: Layout, units: range) -> PathsSummary:
        """Scan a slice of units."""
        return PathsSummary.of(State(question, layout, places_of(question, layout.labels)), units)

    def behind(self, question: Paths, layout: Layout, pick: Pick) -> Bools:
        """Say who is behind a place, a stream or a whole path; without any, who has a path."""
        check_pick(pick, PARTS)
        places = places_of(question, layout.labels)
        state = State(question, layout, places)
        if "path" in pick:
            try:
                state.seek_path(layout.n_persons, int(pick["path"], 16))
            except ValueError:
                raise QuestionError(f"path: {pick['path']!r} is not the key of a path") from None
        else:
            column = pick.get("column")
            if column is not None and not column.isdecimal():
                raise QuestionError(f"column: {column!r} is not the number of a column")
            state.seek_places(
                layout.n_persons,
                ANY_COLUMN if column is None or question.whole else int(column) - 1,
                _wanted(places, pick, "place", "not"),
                _wanted(places, pick, "next", "next_not"),
            )
        scan(state.walk, 0, layout.n_units)
        found: Bools = state.found > 0
        return found

    def answer(self, question: Paths, summary: PathsSummary, facts: Facts) -> PathsAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)


def _wanted(places: Places, pick: Pick, name: str, but: str) -> Int64s:
    """Say of each place whether a pick means it."""
    numbers = {one: places.special(one) for one in SPECIAL} | {one: at for at, one in enumerate(places.names)}
    n = places.n + len(SPECIAL)
    if name in pick:
        if pick[name] not in numbers:
            raise QuestionError(unknown(name, pick[name], numbers))
        found = np.zeros(n, np.int64)
        found[numbers[pick[name]]] = 1
    elif but in pick:
        found = np.ones(n, np.int64)
        found[[numbers[one] for one in _listed(pick[but], but) if one in numbers]] = 0
        found[[places.special(one) for one in SPECIAL[1:]]] = 0
    else:
        found = np.ones(n, np.int64)
    return found


def _listed(text: str, part: str) -> list[str]:
    try:
        return msgspec.json.decode(text, type=list[str])
    except msgspec.DecodeError as error:
        raise QuestionError(f"{part}: {text!r} is not a list of names in JSON: {error}") from error
