"""Dashboards: named rows of panels, each a question and how its answer is shown.

What a question is made of is not this module's business: it is kept as JSON.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from obverse.errors import NotFoundError, QuestionError, unknown
from obverse.settings.database import writing
from obverse.settings.tables import dashboard

MAX_PANELS = 40
_MAX_NAME = 100


class PanelSpec(msgspec.Struct, frozen=True):
    """A panel of a dashboard.

    Attributes:
        title: what it is called; the answer's sentence says the rest.
        question: the question as JSON.
        side: which side of the coin it shows: people or value.
        wide: whether it takes the whole width.
        period: a period that moves with time, such as ``30d``, in place of the question's days; empty for
            those.
    """

    title: str
    question: msgspec.Raw
    side: str = "people"
    wide: bool = False
    period: str = ""


class Dashboard(msgspec.Struct, frozen=True):
    """A dashboard; instants are µs since 1970 UTC.

    Attributes:
        id: stands in its address.
        name: what people call it.
        panels: in order.
        share_token: whoever has it may look at the dashboard without logging in; None where nobody may.
        created_at: when it was made.
        changed_at: when it was last changed.
    """

    id: str
    name: str
    panels: tuple[PanelSpec, ...]
    share_token: str | None
    created_at: int
    changed_at: int


class Dashboards:
    """The dashboards of one settings database. Safe to use from several threads."""

    def __init__(self, engine: Engine, clock: Callable[[], int]) -> None:
        self._engine = engine
        self._clock = clock

    def create(self, name: str, panels: Sequence[PanelSpec] = ()) -> Dashboard:
        """Make a dashboard.

        Raises:
            QuestionError: the name is taken, empty or too long, or a panel is wrong; see `put`.
        """
        now = self._clock()
        text = _spelled(panels)
        made = Dashboard(secrets.token_urlsafe(9), _checked(name), tuple(panels), None, now, now)
        row = msgspec.structs.asdict(made) | {"panels": text}
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(dashboard).values(row))
        except IntegrityError:
            raise _taken(name) from None
        return made

    def all(self) -> list[Dashboard]:
        """List all dashboards, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(dashboard).order_by(dashboard.c.name)).mappings().all()
        return [_read(dict(row)) for row in rows]

    def get(self, key: str) -> Dashboard:
        """Find a dashboard by its id.

        Raises:
            NotFoundError: there is none.
        """
        with self._engine.connect() as connection:
            row = connection.execute(select(dashboard).where(dashboard.c.id == key)).mappings().first()
        if row is None:
            raise NotFoundError(unknown("dashboard", key, [one.id for one in self.all()]))
        return _read(dict(row))

    def shared(self, token: str) -> Dashboard:
        """Find a dashboard by the token of its link.

        Raises:
            NotFoundError: the link is not, or no longer, one of a dashboard.
        """
        with self._engine.connect() as connection:
            found = select(dashboard).where(dashboard.c.share_token == token)
            row = connection.execute(found).mappings().first()
        if row is None:
            raise NotFoundError("this link opens nothing; ask whoever gave it to you for a new one")
        return _read(dict(row))

    def rename(self, key: str, name: str) -> None:
        """Give a dashboard another name.

        Raises:
            NotFoundError: there is no such dashboard.
            QuestionError: the name is taken, empty or too long.
        """
        try:
            self._change(key, name=_checked(name))
        except IntegrityError:
            raise _taken(name) from None

    def put(self, key: str, panels: Sequence[PanelSpec]) -> None:
        """Replace a dashboard's panels.

        Raises:
            NotFoundError: there is no such dashboard.
            QuestionError: there are too many, or one has no title.
        """
        self._change(key, panels=_spelled(panels))

    def replace(self, key: str, name: str, panels: Sequence[PanelSpec]) -> None:
        """Replace a dashboard's name and panels; its link stays.

        Raises:
            NotFoundError: there is no such dashboard.
            QuestionError: the name is taken, empty or too long, or a panel is wrong; see `put`.
        """
        try:
            self._change(key, name=_checked(name), panels=_spelled(panels))
        except IntegrityError:
            raise _taken(name) from None

    def add(self, key: str, panel: PanelSpec) -> None:
        """Put a panel at a dashboard's end.

        Raises:
            NotFoundError: there is no such dashboard.
            QuestionError: there are too many, or it has no title.
        """
        self.put(key, (*self.get(key).panels, panel))

    def share(self, key: str) -> str:
        """Make a link's token, that opens the dashboard without logging in; an older one ends.

        Raises:
            NotFoundError: there is no such dashboard.
        """
        token = secrets.token_urlsafe(32)
        self._change(key, share_token=token)
        return token

    def unshare(self, key: str) -> None:
        """End a dashboard's link.

        Raises:
            NotFoundError: there is no such dashboard.
        """
        self._change(key, share_token=None)

    def delete(self, key: str) -> None:
        """Forget a dashboard.

        Raises:
            NotFoundError: there is no such dashboard.
        """
        with writing(self._engine) as connection:
            done = connection.execute(delete(dashboard).where(dashboard.c.id == key))
        if not done.rowcount:
            raise NotFoundError(unknown("dashboard", key, [one.id for one in self.all()]))

    def _change(self, key: str, **values: Any) -> None:
        with writing(self._engine) as connection:
            changed = update(dashboard).where(dashboard.c.id == key)
            done = connection.execute(changed.values(**values, changed_at=self._clock()))
        if not done.rowcount:
            raise NotFoundError(unknown("dashboard", key, [one.id for one in self.all()]))


def _checked(name: str) -> str:
    if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise QuestionError(f"name: {name!r} must have 1 to {_MAX_NAME} characters that print")
    return name.strip()


def _spelled(panels: Sequence[PanelSpec]) -> str:
    """Check panels and write them as JSON."""
    if len(panels) > MAX_PANELS:
        raise QuestionError(f"panels: {len(panels)} of them; a dashboard has at most {MAX_PANELS}")
    for number, panel in enumerate(panels, 1):
        if not panel.title.strip() or len(panel.title) > _MAX_NAME:
            raise QuestionError(f"panel {number}: its title must have 1 to {_MAX_NAME} characters")
        if panel.side not in ("people", "value"):
            raise QuestionError(f"panel {number}: side {panel.side!r} is neither people nor value")
    return msgspec.json.encode(panels).decode()


def _taken(name: str) -> QuestionError:
    return QuestionError(f"name: a dashboard named {name!r} exists already; choose another name")


def _read(row: dict[str, Any]) -> Dashboard:
    return Dashboard(**row | {"panels": msgspec.json.decode(row["panels"], type=tuple[PanelSpec, ...])})
