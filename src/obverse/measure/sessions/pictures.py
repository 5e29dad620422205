"""What sessions show: how many there are, where they come from, begin and end; or what they bring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from obverse.measure.picture import Bar, Bars, Line, Lines, Pick, Picture, Side
from obverse.measure.scope import OTHER
from obverse.measure.wording import count, duration, percent

if TYPE_CHECKING:
    from obverse.measure.sessions.answer import SessionsAnswer, SessionsGroup, SessionsPlace

_BRIEF_S = 1.1
"""Shorter sessions, but for those of no length, are one column, up to 1.02 s; the next is up to 1.45 s."""

_TABLES = {
    "channel": ("Channels", "channels"),
    "source": ("Sources", "sources"),
    "campaign": ("Campaigns", "campaigns"),
    "entry": ("Entry pages", "entry_pages"),
    "exit": ("Exit pages", "exit_pages"),
}


def draw(answer: SessionsAnswer, side: Side) -> tuple[Picture, ...]:
    """Give the pictures of one side."""
    tables = tuple(_ranking(answer, part, side) for part in _TABLES)
    if side == "value":
        return (_over_time(answer, "value"), *tables)
    fields = ["sessions", "bounce_rate"] + ["conversion"] * (answer.question.conversion is not None)
    over_time = (_over_time(answer, field) for field in fields)
    return (*over_time, *tables, _lengths(answer), _depths(answer))


_LINES = {
    "sessions": ("Sessions", "count"),
    "bounce_rate": ("Share of sessions that bounce", "share"),
    "conversion": ("Share of sessions that convert", "share"),
    "value": ("Value of sessions", "money"),
}


def _over_time(answer: SessionsAnswer, field: str) -> Lines:
    title, of = _LINES[field]
    groups = answer.groups or (answer.totals,)
    return Lines(
        title=title,
        of=of,  # type: ignore[arg-type]
        axis=tuple(row.name for row in answer.totals.rows),
        axis_title=answer.question.grain,
        series=tuple(_line(answer, group, field) for group in groups),
    )


def _line(answer: SessionsAnswer, group: SessionsGroup, field: str) -> Line:
    found = [getattr(row, field) for row in group.rows]
    is_share = field in ("bounce_rate", "conversion")
    picked: dict[str, str] = {
        "outcome": {"bounce_rate": "bounced", "sessions": "any"}.get(field, "converted")
    }
    if answer.groups:
        picked["group"] = group.name
    return Line(
        name=group.name,
        values=tuple(one.value for one in found) if is_share else tuple(map(float, found)),
        low=tuple(one.low for one in found) if is_share else (),
        high=tuple(one.high for one in found) if is_share else (),
        open=tuple(not row.complete for row in group.rows),
        picks=tuple({**picked, "row": row.name} for row in group.rows),
    )


def _ranking(answer: SessionsAnswer, part: str, side: Side) -> Bars:
    title, table = _TABLES[part]
    places: tuple[SessionsPlace, ...] = getattr(answer, table)
    return Bars(
        title=f"{title}: {'sessions' if side == 'people' else 'value of their sessions'}",
        of="count" if side == "people" else "money",
        rows=tuple(
            Bar(
                name=place.name,
                value=float(place.sessions) if side == "people" else place.value,
                note=_said(answer, place),
                pick=_pick(part, place, side),
            )
            for place in places
        ),
    )


def _pick(part: str, place: SessionsPlace, side: Side) -> Pick | None:
    """Give what picks a bar's people; the rest is none of the question's places."""
    if place.name == OTHER:
        return None
    return {part: place.name, "outcome": "any" if side == "people" else "converted"}


def _said(answer: SessionsAnswer, place: SessionsPlace) -> str:
    text = f"{percent(place.bounce_rate.value or 0)} bounce"
    if answer.question.conversion is None:
        return text
    return f"{text}, {percent(place.conversion.value or 0)} convert"


def _lengths(answer: SessionsAnswer) -> Lines:
    columns = _columns(answer.lengths)
    return Lines(
        title="How long sessions are",
        of="count",
        axis=tuple(name for name, _ in columns),
        axis_title="up to; 0 s with one event, or several at once",
        series=(Line(name="sessions", values=tuple(float(n) for _, n in columns)),),
        mark="column",
    )


def _columns(lengths: Sequence[tuple[float, float, int]]) -> list[tuple[str, int]]:
    """Name the columns of a histogram of lengths: those without any first, then all up to a second as one."""
    none = [(duration(0), n) for start, _, n in lengths if start == 0]
    brief = [(end, n) for start, end, n in lengths if start > 0 and end < _BRIEF_S]
    if any(n for _, n in brief):
        none.append((duration(brief[-1][0]), sum(n for _, n in brief)))
    return [*none, *((duration(end), n) for _, end, n in lengths if end >= _BRIEF_S)]


def _depths(answer: SessionsAnswer) -> Lines:
    names = [count(n) for n in range(len(answer.depths))]
    return Lines(
        title="How many pages sessions view",
        of="count",
        axis=tuple(names),
        axis_title="page views",
        series=(Line(name="sessions", values=tuple(map(float, answer.depths))),),
        mark="column",
    )
