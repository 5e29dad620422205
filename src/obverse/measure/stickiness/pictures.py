"""The pictures of stickiness: the power-user curve, shares and people over time; or money by how often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from obverse.measure.estimate import Estimate
from obverse.measure.picture import Line, Lines, Pick, Picture, Side

if TYPE_CHECKING:
    from obverse.measure.stickiness.answer import StickinessAnswer, StickinessGroup


def pictures(answer: StickinessAnswer, side: Side) -> tuple[Picture, ...]:
    """Give the pictures of one side."""
    return _value(answer) if side == "value" else _people(answer)


def _people(answer: StickinessAnswer) -> tuple[Picture, ...]:
    grain, short, long = answer.question.grain, answer.short, answer.long
    split = bool(answer.groups)
    of_long = f"{grain} of {long} {grain}s"
    ratios = [
        (of_long, "of_long", "one"),
        (f"{grain} of {short} {grain}s", "of_short", "one"),
        (f"{short} of {long} {grain}s", "short_of_long", "short"),
    ]
    if split:
        over_time = [_over_time(answer, group, group.name, "of_long", "one") for group in answer.groups]
    else:
        over_time = [_over_time(answer, answer.everyone, *ratio) for ratio in ratios]
    axis = tuple(row.name for row in answer.everyone.rows)
    title = (
        f"Share of the last {long} {grain}s' people active in a {grain}" if split else "Who of them is active"
    )
    return (
        _often(answer),
        Lines(title, "share", axis, grain, tuple(over_time)),
        Lines("How many are active", "people", axis, grain, _counts(answer)),
    )


def _often(answer: StickinessAnswer) -> Lines:
    """Draw people by how often; groups by their shares, so that they can be compared."""
    axis = tuple(one.name for one in answer.everyone.frequencies)
    counted = answer.question.counted
    title = f"On how many {answer.question.grain}s" if counted == "intervals" else "How often"
    axis_title = f"{answer.question.grain}s" if counted == "intervals" else "times"
    if not answer.groups:
        people = tuple(one.people for one in answer.everyone.frequencies)
        line = Line(name="people", values=people, picks=_picks_by_often(answer, answer.everyone))
        return Lines(title, "people", axis, axis_title, (line,), mark="column")
    series = [
        _estimated(group.name, [one.share for one in group.frequencies], _picks_by_often(answer, group))
        for group in answer.groups
    ]
    return Lines(title, "share", axis, axis_title, tuple(series))


def _over_time(
    answer: StickinessAnswer, group: StickinessGroup, name: str, field: str, trailing: str
) -> Line:
    """Draw one ratio over time; behind a point is who its share is."""
    found = [getattr(row, field) for row in group.rows]
    picks = _picks_by_row(answer, group, trailing)
    return _estimated(name, found, picks, tuple(not row.complete for row in group.rows))


def _counts(answer: StickinessAnswer) -> tuple[Line, ...]:
    grain, short, long = answer.question.grain, answer.short, answer.long
    windows = [
        (f"in {long} {grain}s", "long_people", "long"),
        (f"in {short} {grain}s", "short_people", "short"),
        (f"in the {grain}", "people", "one"),
    ]
    if answer.groups:
        windows = windows[-1:]
    return tuple(
        Line(
            name=group.name if answer.groups else name,
            values=tuple(getattr(row, field) for row in group.rows),
            open=tuple(not row.complete for row in group.rows),
            picks=_picks_by_row(answer, group, trailing),
        )
        for group in answer.groups or (answer.everyone,)
        for name, field, trailing in windows
    )


def _value(answer: StickinessAnswer) -> tuple[Picture, ...]:
    axis = tuple(one.name for one in answer.everyone.frequencies)
    axis_title = f"{answer.question.grain}s" if answer.question.counted == "intervals" else "times"
    shown = answer.groups or (answer.everyone,)
    names = [group.name if answer.groups else "value" for group in shown]
    each = tuple(
        _estimated(name, [one.value_per_person for one in group.frequencies], _picks_by_often(answer, group))
        for name, group in zip(names, shown, strict=True)
    )
    sums = tuple(
        Line(
            name=name,
            values=tuple(one.value for one in group.frequencies),
            picks=_picks_by_often(answer, group),
        )
        for name, group in zip(names, shown, strict=True)
    )
    unit = "account" if answer.question.count == "account" else "person"
    return (
        Lines(f"Money of each {unit}, on average", "money", axis, axis_title, each),
        Lines("Money of all", "money", axis, axis_title, sums, mark="line" if answer.groups else "column"),
    )


def _estimated(
    name: str, found: Sequence[Estimate], picks: tuple[Pick | None, ...], open_: tuple[bool, ...] = ()
) -> Line:
    return Line(
        name=name,
        values=tuple(one.value for one in found),
        low=tuple(one.low for one in found),
        high=tuple(one.high for one in found),
        open=open_,
        picks=picks,
    )


def _picks_by_often(answer: StickinessAnswer, group: StickinessGroup) -> tuple[Pick | None, ...]:
    return _picks(answer, group, [{"often": one.name} for one in group.frequencies])


def _picks_by_row(answer: StickinessAnswer, group: StickinessGroup, trailing: str) -> tuple[Pick | None, ...]:
    return _picks(answer, group, [{"row": row.name, "window": trailing} for row in group.rows])


def _picks(
    answer: StickinessAnswer, group: StickinessGroup, picks: Sequence[dict[str, str]]
) -> tuple[Pick | None, ...]:
    """Add the group; nobody in particular is behind an account."""
    if answer.question.count == "account":
        return (None,) * len(picks)
    same = {"group": group.name} if answer.groups else {}
    return tuple(same | pick for pick in picks)
