"""Noted: what was decided so far, read for the operator from the file of askings."""

from __future__ import annotations

import msgspec

from obverse.web.surveys.askings import Askings

HOUR_US = 3_600_000_000


class Tally(msgspec.Struct, frozen=True):
    """How often a moment of a survey came to the same end within an hour.

    Attributes:
        hour: hours since 1970 UTC.
        moment: id of the moment.
        reason: an `obverse.surveys.reasons.Reason`, as text: another version may know others.
        n: how often.
    """

    hour: int
    moment: str
    reason: str
    n: int


class Decided(msgspec.Struct, frozen=True):
    """What was decided for a person and a survey, the last time that it was this.

    Attributes:
        person: key of the id that they had: a user's, or a device's.
        survey: id of the survey.
        moment: id of the moment.
        reason: as in `Tally`.
        at: µs since 1970 UTC.
        n: how often so far.
    """

    person: int
    survey: str
    moment: str
    reason: str
    at: int
    n: int


def tallies(askings: Askings, survey: str, since: int) -> list[Tally]:
    """Give the counts of a survey from an instant on (µs since 1970 UTC), by hour."""
    # What lapsed and came into view after all was taken out again, maybe of a file that did not have it.
    query = "SELECT hour, moment, reason, n FROM tally WHERE hour >= ? AND survey = ? AND n > 0 ORDER BY hour"
    return [Tally(*row) for row in askings.rows(query, (since // HOUR_US, survey))]


def latest(askings: Askings, survey: str, limit: int = 50) -> list[Decided]:
    """Give the last decisions on a survey, newest first."""
    return _decided(askings, "survey = ? ORDER BY at DESC LIMIT ?", (survey, limit))


def of_person(askings: Askings, person: int, limit: int = 200) -> list[Decided]:
    """Give the last decisions on a person, by their key, newest first."""
    return _decided(askings, "person = ? ORDER BY at DESC LIMIT ?", (person, limit))


def _decided(askings: Askings, which: str, values: tuple[object, ...]) -> list[Decided]:
    columns = ", ".join(Decided.__struct_fields__)
    query = f"SELECT {columns} FROM decision WHERE {which}"  # noqa: S608 - our own text
    return [Decided(*row) for row in askings.rows(query, values)]
