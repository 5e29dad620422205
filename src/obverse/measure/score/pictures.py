"""What a score shows: its levels, itself over time and by group, the numbers; or the levels' money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from obverse.measure.picture import Bar, Bars, Line, Lines, Of, Pick, Picture, Side
from obverse.measure.score.telling import TITLES
from obverse.measure.wording import count

if TYPE_CHECKING:
    from obverse.measure.estimate import Estimate
    from obverse.measure.score.answer import ScoreAnswer, ScoreGroup


def pictures(answer: ScoreAnswer, side: Side) -> tuple[Picture, ...]:
    """Give the pictures of one side."""
    if side == "value":
        return (_money(answer, each=True), _money(answer, each=False))
    found: list[Picture] = [_levels(answer)] if len(answer.everyone.levels) > 1 else []
    if answer.groups:
        found.append(_by_group(answer))
    elif answer.everyone.answers_before:
        found.append(_with_before(answer))
    found += [_over_time(answer)]
    found += [_values(answer)] if answer.everyone.values else []
    return tuple(found)


def _of(answer: ScoreAnswer) -> Of:
    return "share" if answer.question.kind == "csat" else "number"


def _parts(answer: ScoreAnswer) -> list[tuple[ScoreGroup, dict[str, str]]]:
    """Give the groups, or everyone where there is no split, with what picks them."""
    return [(one, {"group": one.name}) for one in answer.groups] or [(answer.everyone, {})]


def _levels(answer: ScoreAnswer) -> Bars:
    """Draw what the score is made of, the best first."""
    return Bars(
        title=f"What {TITLES[answer.question.kind]} is made of",
        of="share",
        rows=tuple(
            _bar(level.name, level.share, count(level.answers), pick | {"level": level.name}, group, answer)
            for group, pick in _parts(answer)
            for level in reversed(group.levels)
        ),
    )


def _bar(name: str, found: Estimate, note: str, pick: Pick, group: ScoreGroup, answer: ScoreAnswer) -> Bar:
    return Bar(
        name=name,
        value=found.value,
        low=found.low,
        high=found.high,
        note=note,
        pick=pick,
        group=group.name if answer.groups else "",
    )


def _by_group(answer: ScoreAnswer) -> Bars:
    return Bars(
        title=f"{TITLES[answer.question.kind]} by {answer.question.by}",
        of=_of(answer),
        rows=tuple(
            Bar(
                name=group.name,
                value=group.score.value,
                low=group.score.low,
                high=group.score.high,
                note=f"{count(group.answers)} answers",
                pick={"group": group.name},
            )
            for group in answer.groups
        ),
        reference=answer.everyone.score.value,
        reference_name="everyone",
    )


def _with_before(answer: ScoreAnswer) -> Bars:
    """Draw the score beside that of the period before; who gave that one is another question."""
    group = answer.everyone
    parts: list[tuple[str, Estimate, int, Pick | None]] = [
        ("this period", group.score, group.answers, {}),
        ("the period before", group.score_before, group.answers_before, None),
    ]
    return Bars(
        title=f"{TITLES[answer.question.kind]} and the period before",
        of=_of(answer),
        rows=tuple(
            Bar(name=name, value=one.value, low=one.low, high=one.high, note=f"{count(n)} answers", pick=pick)
            for name, one, n, pick in parts
        ),
    )


def _over_time(answer: ScoreAnswer) -> Lines:
    return Lines(
        title=f"{TITLES[answer.question.kind]} over time",
        of=_of(answer),
        axis=tuple(row.name for row in answer.everyone.rows),
        axis_title=answer.question.grain,
        series=tuple(
            _line(
                group.name,
                [row.score for row in group.rows],
                tuple(not row.complete for row in group.rows),
                tuple(pick | {"row": row.name} for row in group.rows),
            )
            for group, pick in _parts(answer)
        ),
    )


def _line(
    name: str, found: list[Estimate], growing: tuple[bool, ...], picks: tuple[Pick | None, ...]
) -> Line:
    return Line(
        name=name,
        values=tuple(one.value for one in found),
        low=tuple(one.low for one in found),
        high=tuple(one.high for one in found),
        open=growing,
        picks=picks,
    )


def _values(answer: ScoreAnswer) -> Lines:
    """Draw how many gave each number; groups by their shares, so that they can be compared."""
    split = bool(answer.groups)
    return Lines(
        title="What was answered",
        of="share" if split else "count",
        axis=tuple(one.name for one in answer.everyone.values),
        axis_title="answer",
        series=tuple(
            Line(
                name=group.name if split else "answers",
                values=tuple(one.share.value if split else float(one.answers) for one in group.values),
                picks=tuple(pick | {"value": one.name} for one in group.values),
            )
            for group, pick in _parts(answer)
        ),
        mark="line" if split else "column",
    )


def _money(answer: ScoreAnswer, each: bool) -> Bars:
    rows = [
        _bar(
            level.name,
            level.value_per_person,
            f"{count(level.people)} people",
            pick | {"level": level.name, "latest": "yes"},
            group,
            answer,
        )
        for group, pick in _parts(answer)
        for level in reversed(group.levels)
    ]
    if not each:
        sums = [level.value for group, _ in _parts(answer) for level in reversed(group.levels)]
        rows = [
            Bar(name=row.name, value=value, note=row.note, pick=row.pick, group=row.group)
            for row, value in zip(rows, sums, strict=True)
        ]
    return Bars("Money of each person, on average" if each else "Money of all", "money", tuple(rows))
