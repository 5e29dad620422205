"""What time between two events shows: the times, the share that gets there, groups, rows; or their money."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from obverse.measure.picture import Bar, Bars, Line, Lines, Pick, Picture, Side
from obverse.measure.wording import count, duration, percent

if TYPE_CHECKING:
    from obverse.measure.estimate import Estimate
    from obverse.measure.time_between.answer import TimeBetweenAnswer, TimeGroup, TimeRow


def draw(answer: TimeBetweenAnswer, side: Side) -> tuple[Picture, ...]:
    """Give the pictures of one side."""
    if side == "people":
        found: tuple[Picture, ...] = (_histogram(answer, side), _arrivals(answer), _medians(answer))
        return (*found, _bars(answer, side)) if answer.groups else found
    found = (_histogram(answer, side), _money(answer))
    return (*found, _bars(answer, side)) if answer.groups else found


def _pick(answer: TimeBetweenAnswer, **parts: str) -> Pick | None:
    """Give what picks people; there are none behind accounts."""
    return None if answer.question.count == "account" else parts


def _histogram(answer: TimeBetweenAnswer, side: Side) -> Lines:
    people = side == "people"
    spans = [(round(one.least_s * 1_000), round(one.below_s * 1_000)) for one in answer.bins]
    return Lines(
        title="How long it took" if people else "Money, by how long it took",
        of="count" if people else "money",
        axis=tuple(duration(one.below_s) for one in answer.bins),
        axis_title="time from the one event to the other, up to",
        series=(
            Line(
                name=answer.whole.name,
                values=tuple(float(one.reached) if people else one.value for one in answer.bins),
                picks=tuple(_pick(answer, least=f"{low}ms", below=f"{high}ms") for low, high in spans),
            ),
        ),
        mark="column",
    )


def _parts(answer: TimeBetweenAnswer) -> list[tuple[TimeGroup, dict[str, str]]]:
    """Give everything and each group, with what picks them."""
    return [(answer.whole, {}), *((one, {"group": one.name}) for one in answer.groups)]


def _arrivals(answer: TimeBetweenAnswer) -> Lines:
    names = {one.seconds: one.name for group, _ in _parts(answer) for one in group.arrivals}
    axis = sorted(names)
    return Lines(
        title="Who is there, by the time since the from-event",
        of="share",
        axis=tuple(names[seconds] for seconds in axis),
        axis_title="time since the from-event",
        series=tuple(_arrived(answer, group, pick, axis) for group, pick in _parts(answer)),
        mark="step",
    )


def _arrived(answer: TimeBetweenAnswer, group: TimeGroup, pick: dict[str, str], axis: list[int]) -> Line:
    known = {one.seconds: one for one in group.arrivals}
    shares = [known[seconds].share if seconds in known else None for seconds in axis]
    return Line(
        name=group.name,
        values=tuple(None if one is None else one.value for one in shares),
        low=tuple(None if one is None else one.low for one in shares),
        high=tuple(None if one is None else one.high for one in shares),
        picks=tuple(
            _pick(answer, **pick, within=known[seconds].name) if seconds in known else None
            for seconds in axis
        ),
    )


def _medians(answer: TimeBetweenAnswer) -> Lines:
    medians = [one.median_s for one in answer.rows]
    return _trend(
        answer,
        "Half of those that got there took no longer",
        "seconds",
        (
            Line(
                name="median",
                values=tuple(one.value for one in medians),
                low=tuple(one.low for one in medians),
                high=tuple(one.high for one in medians),
                open=_open(answer),
                picks=tuple(_pick(answer, row=one.name, outcome="there") for one in answer.rows),
            ),
        ),
    )


def _money(answer: TimeBetweenAnswer) -> Lines:
    kinds: list[tuple[str, str, Callable[[TimeRow], float]]] = [
        ("money of those that are there", "there", lambda row: row.value_reached),
        ("money that is not there", "not_there", lambda row: row.value_waiting),
    ]
    return _trend(
        answer,
        "Money, by when the from-event was",
        "money",
        tuple(
            Line(
                name=name,
                values=tuple(read(one) for one in answer.rows),
                open=_open(answer),
                picks=tuple(_pick(answer, row=one.name, outcome=outcome) for one in answer.rows),
            )
            for name, outcome, read in kinds
        ),
    )


def _open(answer: TimeBetweenAnswer) -> tuple[bool, ...]:
    return tuple(one.open > 0 or not one.complete for one in answer.rows)


def _trend(answer: TimeBetweenAnswer, title: str, of: str, series: tuple[Line, ...]) -> Lines:
    return Lines(
        title=title,
        of="money" if of == "money" else "seconds",
        axis=tuple(one.name for one in answer.rows),
        axis_title=f"{answer.question.grain} of the from-event",
        series=series,
    )


def _bars(answer: TimeBetweenAnswer, side: Side) -> Bars:
    people = side == "people"
    return Bars(
        title="Half took no longer" if people else "Money of the to-events",
        of="seconds" if people else "money",
        rows=tuple(_bar(answer, group, people) for group in answer.groups),
    )


def _bar(answer: TimeBetweenAnswer, group: TimeGroup, people: bool) -> Bar:
    found: Estimate | None = group.value_reached
    if people:
        found = None if group.times is None else group.times.median
    return Bar(
        name=group.name,
        value=None if found is None else found.value,
        low=None if found is None else found.low,
        high=None if found is None else found.high,
        note=f"{percent(group.share.value or 0)} of {count(group.starts)} are there",
        pick=_pick(answer, group=group.name, outcome="there"),
    )
