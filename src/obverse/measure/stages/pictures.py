"""The pictures of the stages: who stands where over time, the flow of a row, moves, lifecycle, activity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from obverse.measure.picture import Bar, Bars, Edge, Flow, Line, Lines, Node, Pick, Picture, Side
from obverse.measure.stages.state import LIVES, SHOWN, STAGES

if TYPE_CHECKING:
    from obverse.measure.estimate import Estimate
    from obverse.measure.stages.answer import StageActivity, StageMoves, StagesAnswer, StagesRow

_SHOWN_EVENTS = 12


def draw(answer: StagesAnswer, side: Side) -> tuple[Picture, ...]:
    """Show one side of the answer."""
    if not answer.rows:
        return ()
    if side == "value":
        return _value(answer)
    return (
        _stands(answer),
        flow(answer, _last_whole(answer.rows)),
        _lives(answer, side),
        _moves(answer),
        _activity(answer.activity),
        _touches(answer, side),
    )


def _value(answer: StagesAnswer) -> tuple[Picture, ...]:
    last = answer.rows[_last_whole(answer.rows)]
    each = tuple(
        Bar(
            one.name,
            one.value_per_person.value,
            one.value_per_person.low,
            one.value_per_person.high,
            pick={"row": last.name, "stage": one.name},
        )
        for one in last.stages
    )
    return (
        _over_stages(answer, "Money by stage", lambda row, at: row.stages[at].value),
        _over_stages(answer, "Money so far by stage", lambda row, at: row.stages[at].value_so_far),
        Bars(f"Money a person in the {answer.grain} of {last.name}, by stage at its end", "money", each),
        _lives(answer, "value"),
        _touches(answer, "value"),
    )


def _last_whole(rows: Sequence[StagesRow]) -> int:
    """Choose the last complete row, or the last where none is."""
    return next((at for at in range(len(rows) - 1, -1, -1) if rows[at].complete), len(rows) - 1)


def _line(rows: Sequence[StagesRow], name: str, values: Sequence[float], picks: Sequence[Pick]) -> Line:
    return Line(name, tuple(values), open=tuple(not row.complete for row in rows), picks=tuple(picks))


def _axis(rows: Sequence[StagesRow]) -> tuple[str, ...]:
    return tuple(row.name for row in rows)


def _stands(answer: StagesAnswer) -> Lines:
    rows = answer.rows
    series = [
        _line(
            rows,
            STAGES[stage],
            [float(row.stages[at].people) for row in rows],
            [{"row": row.name, "stage": STAGES[stage]} for row in rows],
        )
        for at, stage in enumerate(SHOWN)
    ]
    return Lines(
        f"People by stage at the end of each {answer.grain}",
        "people",
        _axis(rows),
        answer.grain,
        tuple(series),
    )


def _over_stages(answer: StagesAnswer, title: str, value: Callable[[StagesRow, int], float]) -> Lines:
    rows = answer.rows
    series = tuple(
        _line(
            rows,
            STAGES[stage],
            [value(row, at) for row in rows],
            [{"row": row.name, "stage": STAGES[stage]} for row in rows],
        )
        for at, stage in enumerate(SHOWN)
    )
    return Lines(f"{title}, each {answer.grain}", "money", _axis(rows), answer.grain, series)


def flow(answer: StagesAnswer, at: int) -> Flow:
    """Show where people stood at the start of one row and at its end."""
    row = answer.rows[at]
    order = ["new", *(STAGES[stage] for stage in SHOWN)]
    sources = [name for name in order if any(one.source == name for one in row.flows)]
    targets = [name for name in order if any(one.target == name for one in row.flows)]
    nodes = [
        Node(
            0,
            name,
            float(sum(one.people for one in row.flows if one.source == name)),
            {"row": row.name, "from": name},
        )
        for name in sources
    ] + [
        Node(
            1,
            name,
            float(sum(one.people for one in row.flows if one.target == name)),
            {"row": row.name, "to": name},
        )
        for name in targets
    ]
    edges = tuple(
        Edge(
            sources.index(one.source),
            len(sources) + targets.index(one.target),
            float(one.people),
            {"row": row.name, "from": one.source, "to": one.target},
        )
        for one in row.flows
    )
    title = f"From stage to stage in the {answer.grain} of {row.name}"
    return Flow(title, "people", ("at its start", "at its end"), tuple(nodes), edges)


def _lives(answer: StagesAnswer, side: Side) -> Lines:
    rows = answer.rows
    people = side == "people"
    series = tuple(
        _line(
            rows,
            name,
            [float(row.lives[at].people) if people else row.lives[at].value for row in rows],
            [{"row": row.name, "life": name} for row in rows],
        )
        for at, name in enumerate(LIVES)
        if people or name != "dormant"
    )
    title = "Lifecycle" if people else "Money by lifecycle"
    return Lines(
        f"{title}, each {answer.grain}",
        "people" if people else "money",
        _axis(rows),
        answer.grain,
        series,
        "column",
    )


def _moves(answer: StagesAnswer) -> Bars:
    rows = tuple(bar for moves in answer.moves for bar in _bars_of(moves))
    return Bars(f"What a {answer.grain} does to who begins it in a stage", "share", rows)


def _bars_of(moves: StageMoves) -> list[Bar]:
    parts: list[tuple[str, Estimate | None]] = [
        ("moved on", moves.moved_on),
        ("converted", moves.converted),
        ("fell silent", moves.fell_silent),
    ]
    return [
        Bar(
            name,
            share.value,
            share.low,
            share.high,
            note="" if share.reason is None else share.reason.value.replace("_", " "),
            pick={"from": moves.stage, "move": name},
            group=moves.stage,
        )
        for name, share in parts
        if share is not None
    ]


def _activity(activity: Sequence[StageActivity]) -> Bars:
    rows = []
    for one in activity[:_SHOWN_EVENTS]:
        sides = (("not yet customers", one.not_yet_share, "no"), ("customers", one.customer_share, "yes"))
        rows += [
            Bar(
                name,
                share.value,
                share.low,
                share.high,
                pick={"event": one.event, "customer": customer},
                group=one.event,
            )
            for name, share, customer in sides
        ]
    return Bars("What people do", "share", tuple(rows))


def _touches(answer: StagesAnswer, side: Side) -> Bars:
    if side == "value":
        rows = tuple(Bar(one.name, one.value, pick={"touch": one.name}) for one in answer.touches)
        return Bars("Money of first conversions, by where people were last before", "money", rows)
    rows = tuple(
        Bar(one.name, one.share.value, one.share.low, one.share.high, str(one.people), {"touch": one.name})
        for one in answer.touches
    )
    return Bars("Where people were last before they became customers", "share", rows)
