"""What retention shows: the mean curve, the triangle of cohorts, the time to the first return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from obverse.measure.picture import Heat, Line, Lines, Pick, Picture, Side

if TYPE_CHECKING:
    from obverse.measure.estimate import Estimate
    from obverse.measure.retention.answer import (
        RetentionAnswer,
        RetentionCell,
        RetentionGroup,
        RetentionReturns,
    )

_TITLES = {
    "share": "Who came back",
    "value": "Money per person on each {}",
    "value_until": "Money per person since the start, by the end of each {}",
}


def _title(answer: RetentionAnswer, field: str) -> str:
    text = _TITLES[field].format(answer.question.interval)
    of_those = f", of those of the {answer.question.interval} before"
    return text + (of_those if field == "share" and answer.question.reference == "previous" else "")


def draw(answer: RetentionAnswer, side: Side) -> tuple[Picture, ...]:
    """Give the pictures of one side."""
    if side == "people":
        return _curve(answer, "share"), _triangle(answer, "share"), _returns(answer)
    return _curve(answer, "value_until"), _curve(answer, "value"), _triangle(answer, "value")


def _parts(answer: RetentionAnswer) -> list[tuple[str, dict[str, str], RetentionAnswer | RetentionGroup]]:
    """Name everyone and each group, with what picks them."""
    groups = [(one.name, {"group": one.name}, one) for one in answer.groups]
    return [("everyone", {}, answer), *groups]


def _pick(answer: RetentionAnswer, **parts: str) -> Pick | None:
    """Give what picks people; there are none behind accounts."""
    return None if answer.question.count == "account" else parts


def _curve(answer: RetentionAnswer, field: str) -> Lines:
    return Lines(
        title=_title(answer, field),
        of="share" if field == "share" else "money",
        axis=answer.question.column_names,
        axis_title=f"{answer.question.interval} after the start",
        series=tuple(
            _line(
                name,
                [getattr(one, field) for one in part.intervals],
                [_pick(answer, **group, interval=one.name) for one in part.intervals],
            )
            for name, group, part in _parts(answer)
        ),
    )


def _line(name: str, estimates: list[Estimate], picks: list[Pick | None]) -> Line:
    return Line(
        name=name,
        values=tuple(one.value for one in estimates),
        low=tuple(one.low for one in estimates),
        high=tuple(one.high for one in estimates),
        picks=tuple(picks),
    )


def _triangle(answer: RetentionAnswer, field: str) -> Heat:
    share, names = field == "share", answer.question.column_names
    missing = (None,) * len(names)

    def padded(cells: tuple[RetentionCell, ...], values: list[float | None]) -> tuple[float | None, ...]:
        return (*values, *missing[len(cells) :])

    return Heat(
        title=_title(answer, field) + (", by cohort" if share else ""),
        of="share" if share else "money",
        rows=tuple(cohort.name for cohort in answer.cohorts),
        columns=names,
        values=tuple(
            padded(cohort.cells, [getattr(cell, field).value for cell in cohort.cells])
            for cohort in answer.cohorts
        ),
        row_title=f"{answer.question.rows_grain} of the start",
        column_title=f"{answer.question.interval} after the start",
        sizes=tuple(cohort.people for cohort in answer.cohorts),
        open=tuple(
            (*(cell.open for cell in cohort.cells), *(False for _ in names[len(cohort.cells) :]))
            for cohort in answer.cohorts
        ),
        picks=tuple(
            (
                *(_pick(answer, cohort=cohort.name, interval=cell.name) for cell in cohort.cells),
                *missing[len(cohort.cells) :],
            )
            for cohort in answer.cohorts
        ),
    )


def _returns(answer: RetentionAnswer) -> Lines:
    parts = _parts(answer)
    n = max(len(part.returns.days) for _, _, part in parts)
    return Lines(
        title="Who has come back for the first time, by days since the start",
        of="share",
        axis=tuple(str(day) for day in range(n + 1)),
        axis_title="days of 24 hours since the start",
        series=tuple(_steps(answer, name, group, part.returns, n) for name, group, part in parts),
        mark="step",
    )


def _steps(
    answer: RetentionAnswer, name: str, group: dict[str, str], returns: RetentionReturns, n: int
) -> Line:
    none = (None,) * (n - len(returns.days))
    shares = [one.share for one in returns.days]
    picks = [_pick(answer, **group, day=str(one.day)) for one in returns.days]
    return Line(
        name=name,
        values=(0.0, *(one.value for one in shares), *none),
        low=(0.0, *(one.low for one in shares), *none),
        high=(0.0, *(one.high for one in shares), *none),
        picks=(None, *picks, *none),
    )
