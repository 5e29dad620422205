"""A trend's pictures: what was asked on the people side, the money of those events on the value side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from obverse.measure.estimate import Estimate
from obverse.measure.picture import Line, Lines, Of, Pick, Picture, Side

if TYPE_CHECKING:
    from obverse.measure.trend.answer import TrendAnswer, TrendGroup, TrendSeries

_TITLES: dict[Of, str] = {
    "people": "How many people",
    "count": "How often",
    "money": "Money",
    "number": "Numbers",
}


def pictures(answer: TrendAnswer, side: Side) -> tuple[Picture, ...]:
    """Give the pictures of one side.

    Series that are counted in the same thing share a picture; where they are split each has its own. A side
    that nothing was asked for has the other side's series rather than none.
    """
    if side == "value":
        return _money(answer)
    shown = [one for one in answer.series if one.of != "money"] or list(answer.series)
    if answer.question.by is not None:
        return tuple(_lines(answer, one.name, one.of, [one]) for one in shown)
    kinds = list(dict.fromkeys(one.of for one in shown))
    return tuple(
        _lines(answer, same[0].name if len(same) == 1 else _title(answer, of), of, same, _names(answer, same))
        for of in kinds
        if (same := [one for one in shown if one.of == of])
    )


def _title(answer: TrendAnswer, of: Of) -> str:
    return "How many accounts" if of == "people" and answer.question.unit == "account" else _TITLES[of]


def _money(answer: TrendAnswer) -> tuple[Picture, ...]:
    """Draw the money of each series' events once, then other series of money, such as an average."""
    texts = {one.letter: one.what for one in answer.question.lines}
    events = dict.fromkeys(texts[one.letter] for one in answer.series if one.letter)
    first = {text: next(one for one in answer.series if texts.get(one.letter) == text) for text in events}
    split = answer.question.by is not None
    axis = tuple(row.name for row in answer.rows)
    kinds = [
        [
            Line(
                name=group.name if split else text,
                values=group.worth,
                open=_open(answer),
                picks=_picks(answer, one, group, before=False),
            )
            for group in one.groups
        ]
        for text, one in first.items()
    ]
    if split:
        drawn = [
            Lines(f"Money of {text}", "money", axis, answer.question.grain, tuple(lines))
            for text, lines in zip(first, kinds, strict=True)
        ]
    else:
        flat = tuple(line for lines in kinds for line in lines)
        drawn = [Lines("Money of the events", "money", axis, answer.question.grain, flat)]
    others = [one for one in answer.series if one.of == "money" and one.counting != "value"]
    return (*drawn, *(_lines(answer, one.name, one.of, [one]) for one in others))


def _names(answer: TrendAnswer, series: Sequence[TrendSeries]) -> tuple[str, ...]:
    """Name series that share a picture: by their events alone where the title says how they are counted."""
    lines = {one.letter: one for one in answer.question.lines}
    if series[0].of != "people" or not all(one.letter in lines for one in series):
        return tuple(one.name for one in series)
    return tuple(lines[one.letter].label or lines[one.letter].what for one in series)


def _lines(
    answer: TrendAnswer, title: str, of: Of, series: Sequence[TrendSeries], names: Sequence[str] = ()
) -> Lines:
    axis = tuple(row.name for row in answer.rows)
    called = names or [one.name for one in series]
    drawn = [
        line
        for one, name in zip(series, called, strict=True)
        for group in one.groups
        for line in _line(answer, one, group, name)
    ]
    drawn.sort(key=lambda line: line.before)
    return Lines(title, of, axis, answer.question.grain, tuple(drawn))


def _line(answer: TrendAnswer, one: TrendSeries, group: TrendGroup, called: str) -> Iterable[Line]:
    name = group.name if answer.question.by is not None else called
    yield Line(
        name=name,
        values=_values(group.values),
        low=_ends(group.values, "low"),
        high=_ends(group.values, "high"),
        open=_open(answer),
        picks=_picks(answer, one, group, before=False),
    )
    if answer.before_rows:
        before = group.before[: len(answer.rows)]
        missing = (None,) * (len(answer.rows) - len(before))
        yield Line(
            name=f"{name}, period before",
            values=_values(before) + missing,
            picks=(*_picks(answer, one, group, before=True)[: len(before)], *missing),
            before=True,
        )


def _values(found: Sequence[Estimate]) -> tuple[float | None, ...]:
    return tuple(one.value for one in found)


def _ends(found: Sequence[Estimate], which: str) -> tuple[float | None, ...]:
    """Give one end of all intervals; nothing where there are none at all."""
    ends = tuple(getattr(one, which) for one in found)
    return ends if any(end is not None for end in ends) else ()


def _open(answer: TrendAnswer) -> tuple[bool, ...]:
    return tuple(not row.complete for row in answer.rows)


def _picks(
    answer: TrendAnswer, one: TrendSeries, group: TrendGroup, *, before: bool
) -> tuple[Pick | None, ...]:
    """Say who is behind each point: nobody in particular behind a formula or an account."""
    rows = answer.before_rows if before else answer.rows
    if not one.letter or answer.question.unit == "account":
        return (None,) * len(rows)
    same = {"series": one.letter}
    same |= {"group": group.name} if answer.question.by is not None else {}
    same |= {"period": "before"} if before else {}
    return tuple({**same, "row": row.name} for row in rows)
