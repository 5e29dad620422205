"""Surveys: what the team made of each, one version after the other, and whether it is being asked.

What a version says is not this module's business: it is kept as JSON (`obverse.surveys.survey.Survey`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from obverse.errors import InUseError, NotFoundError, QuestionError, unknown
from obverse.settings.database import writing
from obverse.settings.tables import secret, survey, survey_version

State = Literal["draft", "live", "paused", "closed", "imported"]
STATES: tuple[State, ...] = ("draft", "live", "paused", "closed", "imported")
"""``draft``: not asked yet; ``live``: asked; ``paused``: nobody new is asked, who has it open may answer;
``closed``: no more answers; ``imported``: asked elsewhere, its answers came from a file."""


class SavedSurvey(msgspec.Struct, frozen=True):
    """A survey as it is kept; instants are µs since 1970 UTC.

    Attributes:
        id: in addresses and in answers; never changes.
        name: no two are the same.
        state: see `STATES`.
        version: the newest, counted from 1.
        body: JSON of that version.
        created_at: when it was made.
        changed_at: when its state or version last changed.
    """

    id: str
    name: str
    state: State
    version: int
    body: bytes
    created_at: int
    changed_at: int


class SavedVersion(msgspec.Struct, frozen=True):
    """One version of a survey: its number, its JSON, and when it was made, µs since 1970 UTC."""

    version: int
    body: bytes
    created_at: int


class Surveys:
    """The surveys of one settings database. Safe to use from several threads."""

    def __init__(self, engine: Engine, clock: Callable[[], int]) -> None:
        self._engine = engine
        self._clock = clock

    def create(self, name: str, body: bytes, state: State = "draft", key: str | None = None) -> SavedSurvey:
        """Keep a new survey, its body as version 1.

        Args:
            name: what the team calls it.
            body: JSON of the version.
            state: a draft, or one whose answers come from a file.
            key: its id; a random one unless given.

        Raises:
            QuestionError: another survey has the name or the id.
        """
        now, key = self._clock(), key or secrets.token_hex(8)
        row = {"id": key, "name": name, "state": state, "version": 1, "created_at": now, "changed_at": now}
        first = {"survey_id": key, "version": 1, "body": body.decode(), "created_at": now}
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(survey).values(row))
                connection.execute(insert(survey_version).values(first))
        except IntegrityError:
            raise QuestionError(
                f"name: a survey named {name!r} exists already; choose another name"
            ) from None
        return self.get(key)

    def edit(self, key: str, name: str, body: bytes) -> SavedSurvey:
        """Keep another version; the same words again make none.

        Raises:
            NotFoundError: there is no such survey.
            QuestionError: another survey has the name.
        """
        found = self.get(key)
        version, now = found.version + 1, self._clock()
        if found.body == body:
            return found
        try:
            with writing(self._engine) as connection:
                row = {"survey_id": key, "version": version, "body": body.decode(), "created_at": now}
                connection.execute(insert(survey_version).values(row))
                changed = update(survey).where(survey.c.id == key)
                connection.execute(changed.values(name=name, version=version, changed_at=now))
        except IntegrityError:
            raise QuestionError(
                f"name: a survey named {name!r} exists already, or somebody else has just changed this one"
            ) from None
        return self.get(key)

    def set_state(self, key: str, state: State) -> SavedSurvey:
        """Begin, pause or end asking.

        Raises:
            NotFoundError: there is no such survey.
            QuestionError: the state is none.
        """
        if state not in STATES:
            raise QuestionError(unknown("state", state, STATES))
        with writing(self._engine) as connection:
            changed = update(survey).where(survey.c.id == key)
            connection.execute(changed.values(state=state, changed_at=self._clock()))
        return self.get(key)

    def delete(self, key: str) -> None:
        """Forget a draft.

        Raises:
            NotFoundError: there is no such survey.
            InUseError: it was asked: its answers need its words.
        """
        if self.get(key).state != "draft":
            raise InUseError("a survey that was asked cannot be deleted, as its answers need it; close it")
        with writing(self._engine) as connection:
            connection.execute(delete(survey_version).where(survey_version.c.survey_id == key))
            connection.execute(delete(survey).where(survey.c.id == key))

    def all(self) -> list[SavedSurvey]:
        """List all surveys, the newest first."""
        with self._engine.connect() as connection:
            found = _newest().order_by(survey.c.created_at.desc(), survey.c.id)
            return [_read(dict(row)) for row in connection.execute(found).mappings()]

    def get(self, key: str) -> SavedSurvey:
        """Find a survey, its newest version.

        Raises:
            NotFoundError: there is none.
        """
        with self._engine.connect() as connection:
            row = connection.execute(_newest().where(survey.c.id == key)).mappings().first()
        if row is None:
            raise NotFoundError(unknown("survey", key, [one.id for one in self.all()]))
        return _read(dict(row))

    def version(self, key: str, version: int) -> bytes:
        """Give the JSON of a version.

        Raises:
            NotFoundError: there is none.
        """
        of = survey_version.c.survey_id == key, survey_version.c.version == version
        with self._engine.connect() as connection:
            body = connection.execute(select(survey_version.c.body).where(*of)).scalar()
        if body is None:
            raise NotFoundError(f"survey {key!r} has no version {version}")
        return str(body).encode()

    def versions(self, key: str) -> list[SavedVersion]:
        """List the versions of a survey, the newest first.

        Raises:
            NotFoundError: there is no such survey.
        """
        self.get(key)
        columns = survey_version.c.version, survey_version.c.body, survey_version.c.created_at
        of = select(*columns).where(survey_version.c.survey_id == key)
        with self._engine.connect() as connection:
            rows = connection.execute(of.order_by(survey_version.c.version.desc())).all()
        return [SavedVersion(number, str(body).encode(), made) for number, body, made in rows]

    def secret(self) -> bytes:
        """Give the 32 bytes that tickets are signed with, the same for ever."""
        with writing(self._engine) as connection:
            named = secret.c.name == "survey tickets"
            found = connection.execute(select(secret.c.value).where(named)).scalar()
            if found is None:
                found = secrets.token_bytes(32)
                connection.execute(insert(secret).values(name="survey tickets", value=found))
        return bytes(found)


def _newest() -> Any:
    newest = (survey_version.c.survey_id == survey.c.id) & (survey_version.c.version == survey.c.version)
    return select(survey, survey_version.c.body).join(survey_version, newest)


def _read(row: dict[str, Any]) -> SavedSurvey:
    return SavedSurvey(**row | {"body": str(row["body"]).encode()})
