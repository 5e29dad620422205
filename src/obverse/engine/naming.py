"""Which saved questions name a segment: they keep it from being deleted, and follow when it is renamed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import msgspec

from obverse.engine.groups import SPLIT
from obverse.errors import InUseError, QuestionError
from obverse.measure import read_question
from obverse.measure.asking import fields_of
from obverse.measure.question import Question
from obverse.settings.dashboards import Dashboard
from obverse.settings.store import Settings


@dataclass(frozen=True)
class Uses:
    """Who needs a segment.

    Attributes:
        segments: names of the other segments whose people are found by it.
        dashboards: those with a panel that is held to it or split by it.
    """

    segments: tuple[str, ...] = ()
    dashboards: tuple[Dashboard, ...] = ()


def names_in(question: bytes) -> frozenset[str]:
    """Give the names of the segments that a question is held to or split by; none if it is unreadable."""
    try:
        asked = read_question(question)
    except QuestionError:
        return frozenset()
    texts = _splits(asked).values()
    named = {text.removeprefix(SPLIT).strip() for text in texts if text.startswith(SPLIT)}
    return frozenset(named if asked.segment is None else {*named, asked.segment})


def reworded(question: bytes, name: str, to: str) -> bytes:
    """Put another name in the place of a segment's in a question; as it was where that is not in it."""
    if name not in names_in(question):
        return question
    asked = read_question(question)
    changes: dict[str, str] = {
        field: f"{SPLIT} {to}"
        for field, text in _splits(asked).items()
        if text.startswith(SPLIT) and text.removeprefix(SPLIT).strip() == name
    }
    if asked.segment == name:
        changes["segment"] = to
    return msgspec.structs.replace(asked, **changes).to_json()


def _splits(question: Question) -> dict[str, str]:
    """Give what stands in the fields that may say ``segment: NAME``."""
    names = (one.name for one in fields_of(type(question)) if one.widget == "field" or one.name == "by")
    return {name: text for name in names if isinstance(text := getattr(question, name), str)}


def uses(settings: Settings) -> dict[str, Uses]:
    """Find out who needs which segment, by its name; a snapshot has its people and needs no other."""
    segments: dict[str, list[str]] = {}
    for one in settings.segments.all():
        for name in frozenset() if one.is_snapshot else names_in(one.question) - {one.name}:
            segments.setdefault(name, []).append(one.name)
    boards: dict[str, list[Dashboard]] = {}
    for board in settings.dashboards.all():
        for name in frozenset().union(*(names_in(bytes(panel.question)) for panel in board.panels)):
            boards.setdefault(name, []).append(board)
    return {
        name: Uses(tuple(segments.get(name, ())), tuple(boards.get(name, ())))
        for name in segments.keys() | boards.keys()
    }


def rename(settings: Settings, name: str, to: str) -> None:
    """Give a segment another name, in all segments and dashboards that use it too.

    Raises:
        NotFoundError: there is none of this name.
        QuestionError: the new name is taken, empty, too long, or cannot be written in a question.
    """
    settings.segments.rename(name, to, partial(reworded, name=name, to=to))


def delete(settings: Settings, name: str) -> None:
    """Forget a segment that nobody needs.

    Raises:
        NotFoundError: there is none of this name.
        InUseError: another segment or a dashboard needs it.
    """
    found = uses(settings).get(name)
    if found is not None:
        users = [f"the segment {one!r}" for one in found.segments]
        users += [f"the dashboard {one.name!r}" for one in found.dashboards]
        raise InUseError(f"segment: {name!r} is used by {', '.join(users)}; take it out there first")
    settings.segments.delete(name)
