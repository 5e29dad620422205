"""Forgetting: what is deleted of who was asked what, as no rule can need it any more."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterable

import msgspec

from obverse.errors import QuestionError
from obverse.settings.surveys import SavedSurvey
from obverse.surveys.facts import NEVER, Running
from obverse.surveys.remembering import Memory, memory
from obverse.web.surveys.askings_rows import DAY_US, HOUR_US

_TALLY_DAYS, _SUBMISSION_DAYS, _UNIT_DAYS = 100, 31, 400
_AT_ONCE = 20_000
"""Askings that are forgotten in one go, so that whoever is asked just then does not wait."""

_TRIM = """DELETE FROM decision WHERE (person, survey, reason) IN (SELECT person, survey, reason
    FROM decision ORDER BY at LIMIT max(0, (SELECT count(*) FROM decision) - ?))"""
_MEMORY = "CREATE TEMP TABLE IF NOT EXISTS memory (survey TEXT PRIMARY KEY, unanswered REAL, answered REAL)"
_ASKINGS = f"""DELETE FROM asking WHERE (person, survey) IN (
    SELECT person, survey FROM asking LEFT JOIN memory USING (survey)
    WHERE asked_at < coalesce(iif(answered_at = {NEVER}, unanswered, answered), ?) LIMIT {_AT_ONCE})"""  # noqa: S608 - our own numbers


class Kept(msgspec.Struct, frozen=True):
    """What is kept for how long.

    Attributes:
        days: that decisions are kept.
        decisions: that are kept at most: the newest of each person, survey and reason.
        surveys: lists the surveys whose rules askings are kept for; without, all are kept.
        rest_days: days between any two surveys.
    """

    days: float = 30
    decisions: int = 200_000
    surveys: Callable[[], Iterable[SavedSurvey]] | None = None
    rest_days: float = 0


KEPT = Kept()


def forget(connection: sqlite3.Connection, kept: Kept, now: int) -> None:
    """Delete what is too old.

    Args:
        connection: to the file of askings.
        kept: what is kept for how long.
        now: µs since 1970 UTC.
    """
    run, day = connection.execute, now // DAY_US
    run("DELETE FROM decision WHERE at < ?", (now - round(kept.days * DAY_US),))
    run(_TRIM, (kept.decisions,))
    run("DELETE FROM tally WHERE hour < ?", (now // HOUR_US - 24 * _TALLY_DAYS,))
    run("DELETE FROM submission WHERE day < ?", (day - _SUBMISSION_DAYS,))
    run("DELETE FROM unit WHERE day < ?", (day - _UNIT_DAYS,))
    if kept.surveys is not None:
        _forget_askings(connection, kept.surveys(), kept.rest_days, now)


def _forget_askings(
    connection: sqlite3.Connection, surveys: Iterable[SavedSurvey], rest_days: float, now: int
) -> None:
    run = connection.execute
    run(_MEMORY)
    run("DELETE FROM temp.memory")
    for one in surveys:
        found = _memory(one, rest_days, now)
        since = now - found.unanswered * DAY_US, now - found.answered * DAY_US
        run("INSERT INTO temp.memory VALUES (?, ?, ?)", (one.id, *since))
    run(_ASKINGS, (now - memory(None, rest_days, now).unanswered * DAY_US,))


def _memory(saved: SavedSurvey, rest_days: float, now: int) -> Memory:
    try:
        return memory(Running.of(saved), rest_days, now)
    except QuestionError:  # of a later version, which may come back
        return Memory(math.inf, math.inf)
