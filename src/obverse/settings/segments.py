"""Saved segments: named groups of people, each the people behind a part of an answer.

What a question or a pick is made of is not this module's business: both are kept as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from obverse.errors import NotFoundError, QuestionError, unknown
from obverse.settings.database import writing
from obverse.settings.tables import dashboard, segment

_MAX_NAME = 100


class Segment(msgspec.Struct, frozen=True):
    """A named group of people.

    Attributes:
        name: what questions call it by.
        question: JSON of the question whose answer they are behind.
        pick: which part of the answer.
        people: keys of the people, 8 bytes each, for a snapshot that never changes; None for a group that is
            made anew at each question.
        created_at: when it was saved, µs since 1970 UTC.
    """

    name: str
    question: bytes
    pick: dict[str, str]
    people: bytes | None
    created_at: int

    @property
    def is_snapshot(self) -> bool:
        """Whether its people stay the same."""
        return self.people is not None


class Segments:
    """The saved segments of one settings database. Safe to use from several threads."""

    def __init__(self, engine: Engine, clock: Callable[[], int]) -> None:
        self._engine = engine
        self._clock = clock

    def save(
        self, name: str, question: bytes, pick: Mapping[str, str], people: bytes | None = None
    ) -> Segment:
        """Save a segment under a new name.

        Raises:
            QuestionError: the name is taken, empty, too long, or cannot be written in a question.
        """
        saved = Segment(_checked(name), question, dict(pick), people, self._clock())
        row = {
            "name": name,
            "question": question.decode(),
            "pick": msgspec.json.encode(saved.pick).decode(),
            "people": people,
            "created_at": saved.created_at,
        }
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(segment).values(row))
        except IntegrityError:
            raise _taken(name) from None
        return saved

    def rename(self, name: str, to: str, reword: Callable[[bytes], bytes]) -> None:
        """Give a segment another name, everywhere or nowhere.

        Args:
            name: what it is called.
            to: what it will be called.
            reword: puts the new name into the JSON of a question that has the old one. All saved questions go
                through it: those of segments and those of dashboards.

        Raises:
            NotFoundError: there is none of this name.
            QuestionError: the new name is taken, empty, too long, or cannot be written in a question.
        """
        renamed = update(segment).where(segment.c.name == name).values(name=_checked(to))
        try:
            with writing(self._engine) as connection:
                if not connection.execute(renamed).rowcount:
                    raise NotFoundError(unknown("segment", name, self.names()))
                _reword(connection, reword)
        except IntegrityError:
            raise _taken(to) from None

    def delete(self, name: str) -> None:
        """Forget a segment; questions that name it fail from now on.

        Raises:
            NotFoundError: there is none of this name.
        """
        with writing(self._engine) as connection:
            done = connection.execute(delete(segment).where(segment.c.name == name))
        if not done.rowcount:
            raise NotFoundError(unknown("segment", name, self.names()))

    def names(self) -> list[str]:
        """List the names of all segments, in order."""
        with self._engine.connect() as connection:
            return list(connection.execute(select(segment.c.name).order_by(segment.c.name)).scalars())

    def all(self) -> list[Segment]:
        """List all segments, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(segment).order_by(segment.c.name)).mappings().all()
        return [_read(dict(row)) for row in rows]

    def get(self, name: str) -> Segment:
        """Find a segment.

        Raises:
            QuestionError: there is none of this name; the nearest is named.
        """
        with self._engine.connect() as connection:
            row = connection.execute(select(segment).where(segment.c.name == name)).mappings().first()
        if row is None:
            raise QuestionError(unknown("segment", name, self.names()))
        return _read(dict(row))


def _checked(name: str) -> str:
    if not name.strip() or name != name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise QuestionError(
            f"name: {name!r} must have 1 to {_MAX_NAME} characters that print, none blank at its ends"
        )
    return name


def _taken(name: str) -> QuestionError:
    return QuestionError(f"name: a segment named {name!r} exists already; choose another")


def _reword(connection: Connection, reword: Callable[[bytes], bytes]) -> None:
    for name, question in connection.execute(select(segment.c.name, segment.c.question)).all():
        new = reword(question.encode()).decode()
        if new != question:
            connection.execute(update(segment).where(segment.c.name == name).values(question=new))
    for key, text in connection.execute(select(dashboard.c.id, dashboard.c.panels)).all():
        panels = msgspec.json.decode(text, type=list[dict[str, msgspec.Raw]])
        for panel in panels:
            panel["question"] = msgspec.Raw(reword(bytes(panel["question"])))
        new = msgspec.json.encode(panels).decode()
        if new != text:
            connection.execute(update(dashboard).where(dashboard.c.id == key).values(panels=new))


def _read(row: dict[str, object]) -> Segment:
    return Segment(
        name=str(row["name"]),
        question=str(row["question"]).encode(),
        pick=msgspec.json.decode(str(row["pick"]), type=dict[str, str]),
        people=row["people"] if isinstance(row["people"], bytes) else None,
        created_at=int(str(row["created_at"])),
    )
