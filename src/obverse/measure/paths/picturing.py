"""The pictures of paths, and the picks that they carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from obverse.measure.estimate import Estimate, scaled
from obverse.measure.picture import Bar, Bars, Edge, Flow, Heat, Node, Of, Pick, Picture, Side
from obverse.measure.split_figures import Figure
from obverse.measure.wording import count, percent

if TYPE_CHECKING:
    from obverse.measure.paths.answer import PathsAnswer, PathsPlace, PathsStream, PathsWhole

PARTS = ("column", "place", "not", "next", "next_not", "path")
"""What a pick may name: the number of a column; a place, or all but some; what comes next; the key of a whole
path."""


def picture(answer: PathsAnswer, side: Side) -> tuple[Picture, ...]:
    """Show the flow (or what follows what), the most frequent whole paths, and where the goal is reached."""
    if side == "value":
        if answer.value is None:
            return ()
        flow = () if answer.question.whole else (_flow(answer, side),)
        return (*flow, _money_of_paths(answer), *(() if flow else (_money_of_places(answer),)))
    goals = () if answer.goal is None else (_goals(answer),)
    if answer.question.whole:
        return (_frequent(answer), _follows(answer), _again(answer), *goals)
    return (_flow(answer, side), _frequent(answer), *goals)


# -- picks ----------------------------------------------------------------------------------------------


def place_pick(answer: PathsAnswer, place: PathsPlace) -> Pick:
    """Say who is behind a place."""
    column = {} if answer.question.whole else {"column": str(place.column)}
    return column | _meant(answer, place.column, place.name, place.kind == "other", "place")


def stream_pick(answer: PathsAnswer, stream: PathsStream) -> Pick | None:
    """Say who is behind a stream; None for the rest of them."""
    if stream.kind == "rest":
        return None
    whole = answer.question.whole
    others = {(one.column, one.name) for one in answer.places if one.kind == "other"}
    onward = stream.column if whole else stream.column + 1
    source, target = (stream.column, stream.source) in others, (onward, stream.target) in others
    return (
        ({} if whole else {"column": str(stream.column)})
        | _meant(answer, stream.column, stream.source, source, "place")
        | _meant(answer, onward, stream.target, target, "next")
    )


def path_pick(path: PathsWhole) -> Pick:
    """Say who is behind a whole path."""
    return {"path": path.key}


def _meant(answer: PathsAnswer, column: int, name: str, other: bool, part: str) -> dict[str, str]:
    if not other:
        return {part: name}
    named = [one.name for one in answer.places if one.column == column and one.kind == "place"]
    return {"not" if part == "place" else "next_not": msgspec.json.encode(named).decode()}


def figures(answer: PathsAnswer) -> tuple[Figure, ...]:
    """Give the shares and means that groups are compared by; of places, those that paths may miss."""
    goal, found = f"Paths that reach {answer.question.goal}", []
    if answer.goal is not None:
        found.append(Figure(what=goal, people=answer.people, value=answer.goal))
    if answer.value is not None and answer.people:
        value = scaled(answer.value, 1 / answer.people)
        found.append(
            Figure(what="Money of a person with paths", of="money", people=answer.people, value=value)
        )
    for place in answer.places:
        where = "" if answer.question.whole else answer.columns[place.column - 1]
        if place.people is None or where in ("start", "end"):
            continue
        name = f"{place.name}, {where}" if where else place.name
        pick = dict(place_pick(answer, place))
        found.append(
            Figure(what="Paths that pass", name=name, people=answer.people, value=place.share, pick=pick)
        )
        if place.goal is not None:
            found.append(
                Figure(what=f"{goal} from", name=name, people=place.people, value=place.goal, pick=pick)
            )
        if place.value is not None and place.people:
            value = scaled(place.value, 1 / place.people)
            found.append(
                Figure(
                    what="Money of a person who passes",
                    name=name,
                    of="money",
                    people=place.people,
                    value=value,
                    pick=pick,
                )
            )
    return tuple(found)


# -- pictures -------------------------------------------------------------------------------------------


def _flow(answer: PathsAnswer, side: Side) -> Flow:
    nodes: list[Node] = []
    index: dict[tuple[int, str], int] = {}

    def node(column: int, name: str, value: float, pick: Pick | None) -> None:
        index[column, name] = len(nodes)
        nodes.append(Node(column, name, value, pick))

    for place in answer.places:
        node(place.column - 1, place.name, _size(place, side), place_pick(answer, place))
    ends: dict[tuple[int, str], float] = {}
    drawn = [one for one in answer.streams if one.kind == "way"]
    for stream in answer.streams if side == "people" else ():
        backwards = stream.kind == "began"
        column = stream.column - 1 if backwards else stream.column
        if stream.kind in ("left", "open", "began") and 0 <= column < len(answer.columns):
            name = stream.source if backwards else stream.target
            ends[column, name] = ends.get((column, name), 0.0) + stream.times
            drawn.append(stream)
    for (column, name), value in ends.items():
        part = "place" if name == "(began)" else "next"
        number = column + 1 if part == "place" else column
        node(column, name, value, {"column": str(number), part: name})
    edges = [
        Edge(
            index[stream.column - 1, stream.source],
            index[stream.column, stream.target],
            _size(stream, side),
            stream_pick(answer, stream),
        )
        for stream in drawn
    ]
    title = "Paths, step by step" if side == "people" else "Money at or after each step of the paths"
    of: Of = "count" if side == "people" else "money"
    return Flow(title, of, answer.columns, tuple(nodes), tuple(edges))


def _size(row: PathsPlace | PathsStream, side: Side) -> float:
    if side == "people":
        return float(row.times)
    return (row.value.value if row.value else None) or 0.0


def _frequent(answer: PathsAnswer) -> Bars:
    rows = tuple(
        Bar(
            path.name,
            float(path.people),
            note=f"{count(path.paths)} paths, {percent(path.share.value or 0)}",
            pick=path_pick(path),
        )
        for path in answer.paths
    )
    return Bars("The most frequent whole paths", "people", rows)


def _goals(answer: PathsAnswer) -> Bars:
    rows = tuple(
        Bar(path.name, *_three(path.goal), note=f"{count(path.paths)} paths", pick=path_pick(path))
        for path in answer.paths
    )
    reference = answer.goal.value if answer.goal else None
    return Bars(f"Paths that reach {answer.question.goal}", "share", rows, reference, "all paths")


def _money_of_paths(answer: PathsAnswer) -> Bars:
    rows = tuple(
        Bar(path.name, *_three(path.value), note=f"{count(path.paths)} paths", pick=path_pick(path))
        for path in sorted(answer.paths, key=lambda one: -((one.value or Estimate()).value or 0.0))
    )
    return Bars("Money of the most frequent whole paths", "money", rows)


def _money_of_places(answer: PathsAnswer) -> Bars:
    rows = tuple(
        Bar(place.name, *_three(place.value), pick=place_pick(answer, place)) for place in answer.places
    )
    return Bars("Money at or after each place", "money", rows)


def _again(answer: PathsAnswer) -> Bars:
    rows = tuple(
        Bar(
            place.name, *_three(place.again), note=f"{count(place.times)} times in {count(place.paths)} paths"
        )
        for place in answer.places
    )
    return Bars("Paths that come back to a place", "share", rows)


def _follows(answer: PathsAnswer) -> Heat:
    names = tuple(place.name for place in answer.places)
    ways = {(one.source, one.target): one for one in answer.streams if one.kind == "way"}
    return Heat(
        "What follows what",
        "count",
        rows=names,
        columns=names,
        values=tuple(
            tuple(float(ways[a, b].times) if (a, b) in ways else None for b in names) for a in names
        ),
        row_title="from",
        column_title="to",
        sizes=tuple(place.people or 0 for place in answer.places),
        picks=tuple(
            tuple(stream_pick(answer, ways[a, b]) if (a, b) in ways else None for b in names) for a in names
        ),
    )


def _three(estimate: Estimate | None) -> tuple[float | None, float | None, float | None]:
    found = estimate or Estimate()
    return found.value, found.low, found.high
