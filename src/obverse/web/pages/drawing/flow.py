"""Streams between places, column by column: as wide as what passes, named where they stand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from obverse.measure.picture import Edge, Flow, Node
from obverse.web.pages.chart import WIDTH
from obverse.web.pages.drawing.bars import NUMBER_TITLES
from obverse.web.pages.drawing.grid import MOST_ROWS, Cell, Grid, Row
from obverse.web.pages.drawing.writing import Hand
from obverse.web.pages.figures import count, percent

MOST_NODES = 14
"""Places of a column that are drawn; the smaller ones are drawn as one."""
_COLUMN = 140
"""Least width of a column in pixels; a narrow screen scrolls."""
_TALL = 300.0
"""Units that all that passes the fullest column fills."""
_LEAST = 1e-9
"""A column through which less passes than that is drawn as empty: nothing can be divided by so little."""
_APART = 12.0
_LABEL = 36.0
"""Units that a place's name and number need."""
_HEAD = 26.0


@dataclass(frozen=True)
class DrawnNode:
    """A place: per cent across, units down; the width is that of its column."""

    left: float
    y: float
    height: float
    width: float
    name: str
    text: str
    title: str
    href: str


@dataclass(frozen=True)
class Stream:
    """A stream as a path, what it says, who is in it."""

    path: str
    title: str
    href: str


@dataclass(frozen=True, kw_only=True)
class DrawnFlow:
    """Streams between places, laid out.

    Attributes:
        title: what is shown.
        columns: (per cent across, name) of each.
        min_width: pixels below which a reader scrolls.
        height: units.
        nodes: the places.
        streams: the largest first.
        grid: the numbers.
    """

    title: str
    columns: tuple[tuple[float, str], ...]
    min_width: int
    height: float
    nodes: tuple[DrawnNode, ...]
    streams: tuple[Stream, ...]
    grid: Grid

    kind = "flow"
    any_before = False
    any_open = False
    any_band = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.nodes


@dataclass(frozen=True)
class _Place:
    """Where a place's bar stands: units down, and how high it is."""

    y: float
    height: float


def draw_flow(picture: Flow, hand: Hand) -> DrawnFlow:
    """Lay out streams."""
    nodes, edges = _fewer(picture)
    n = max([len(picture.columns), *(node.column + 1 for node in nodes)])
    scale = _TALL / max([_LEAST, *_totals(nodes).values()])
    places, height = _stand(nodes, scale)
    wide = 100 / max(n, 1)
    return DrawnFlow(
        title=picture.title,
        columns=tuple((round(k * wide, 3), name) for k, name in enumerate(picture.columns)),
        min_width=n * _COLUMN,
        height=height,
        nodes=tuple(
            _node(node, place, wide, picture, hand) for node, place in zip(nodes, places, strict=True)
        ),
        streams=_streams(nodes, edges, places, scale, n, picture, hand),
        grid=_grid(picture, hand),
    )


def _totals(nodes: list[Node]) -> dict[int, float]:
    totals: dict[int, float] = defaultdict(float)
    for node in nodes:
        totals[node.column] += node.value
    return totals


def _fewer(picture: Flow) -> tuple[list[Node], list[Edge]]:
    """Join the smallest places of a column that has too many; nothing that passes is lost."""
    kept, joined = set(range(len(picture.nodes))), dict[int, list[int]]()
    for column in {node.column for node in picture.nodes}:
        here = [i for i, node in enumerate(picture.nodes) if node.column == column]
        if len(here) > MOST_NODES:
            small = sorted(here, key=lambda i: -picture.nodes[i].value)[MOST_NODES - 1 :]
            kept -= set(small)
            joined[column] = small
    nodes = [picture.nodes[i] for i in sorted(kept)]
    number = {old: new for new, old in enumerate(sorted(kept))}
    for column, small in joined.items():
        number |= dict.fromkeys(small, len(nodes))
        worth = sum(picture.nodes[i].value for i in small)
        nodes.append(Node(column, f"({count(len(small))} smaller ones)", worth))
    found: dict[tuple[int, int], list[Edge]] = defaultdict(list)
    for edge in picture.edges:
        found[number[edge.source], number[edge.target]].append(edge)
    edges = [
        Edge(source, target, sum(one.value for one in some), some[0].pick if len(some) == 1 else None)
        for (source, target), some in found.items()
    ]
    return nodes, edges


def _stand(nodes: list[Node], scale: float) -> tuple[list[_Place], float]:
    """Stand the places of each column below each other, with room for their names."""
    foot: dict[int, float] = defaultdict(lambda: _HEAD)
    places = []
    for node in nodes:
        tall = max(node.value * scale, 2.0)
        places.append(_Place(foot[node.column], round(tall, 2)))
        foot[node.column] += max(tall, _LABEL) + _APART
    return places, round(max(foot.values(), default=_HEAD), 1)


def _node(node: Node, place: _Place, wide: float, picture: Flow, hand: Hand) -> DrawnNode:
    return DrawnNode(
        left=round(node.column * wide, 3),
        y=round(place.y, 2),
        height=place.height,
        width=round(wide, 3),
        name=node.name,
        text=hand.brief(node.value, picture.of),
        title=f"{node.name}: {hand.exact(node.value, picture.of)}",
        href=hand.href(node.pick),
    )


def _streams(
    nodes: list[Node],
    edges: list[Edge],
    places: list[_Place],
    scale: float,
    n: int,
    picture: Flow,
    hand: Hand,
) -> tuple[Stream, ...]:
    """Lay the streams side by side at both their ends, in the order of what they come from and lead to."""
    leave = {i: place.y for i, place in enumerate(places)}
    reach = dict(leave)
    starts, ends = {}, {}
    for edge in sorted(edges, key=lambda one: (one.source, places[one.target].y)):
        starts[edge.source, edge.target] = leave[edge.source]
        leave[edge.source] += edge.value * scale
    for edge in sorted(edges, key=lambda one: (one.target, places[one.source].y)):
        ends[edge.source, edge.target] = reach[edge.target]
        reach[edge.target] += edge.value * scale
    made = []
    for edge in sorted(edges, key=lambda one: -one.value):
        source, target = nodes[edge.source], nodes[edge.target]
        key = edge.source, edge.target
        left = source.column / n * WIDTH
        path = _ribbon(left, starts[key], target.column / n * WIDTH, ends[key], max(edge.value * scale, 0.6))
        made.append(Stream(path, _said(source, target, edge, picture, hand), hand.href(edge.pick)))
    return tuple(made)


def _ribbon(left: float, start: float, right: float, end: float, tall: float) -> str:
    """Draw a band that leaves and arrives level."""
    middle = (left + right) / 2
    upper = f"M{left:.1f} {start:.1f}C{middle:.1f} {start:.1f} {middle:.1f} {end:.1f} {right:.1f} {end:.1f}"
    a, b = start + tall, end + tall
    return f"{upper}V{b:.1f}C{middle:.1f} {b:.1f} {middle:.1f} {a:.1f} {left:.1f} {a:.1f}Z"


def _said(source: Node, target: Node, edge: Edge, picture: Flow, hand: Hand) -> str:
    share = f", {percent(edge.value / source.value)} of {source.name}" if source.value else ""
    return f"{source.name} → {target.name}: {hand.exact(edge.value, picture.of)}{share}"


def _grid(picture: Flow, hand: Hand) -> Grid:
    by_value = sorted(picture.edges, key=lambda edge: (picture.nodes[edge.source].column, -edge.value))
    rows = []
    for edge in by_value[:MOST_ROWS]:
        source, target = picture.nodes[edge.source], picture.nodes[edge.target]
        rows.append(
            Row(
                source.name,
                (
                    Cell(target.name),
                    Cell(_column(picture, source.column)),
                    Cell(hand.cell(edge.value, picture.of), hand.href(edge.pick)),
                    Cell(percent(edge.value / source.value) if source.value else ""),
                ),
            )
        )
    columns = ("From", "To", "Leaving", NUMBER_TITLES[picture.of], "Of those there")
    return Grid(columns, tuple(rows), max(0, len(by_value) - MOST_ROWS), n_text=2)


def _column(picture: Flow, number: int) -> str:
    return picture.columns[number] if number < len(picture.columns) else str(number + 1)
