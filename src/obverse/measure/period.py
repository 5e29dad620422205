"""A period of time as people write it: days and instants in a named time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from obverse.errors import QuestionError, unknown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
"""Nothing happened before, and nothing will after; rows may reach beyond without leaving the calendar."""


def zone_of(name: str, field: str = "zone") -> ZoneInfo:
    """Find a time zone by its name.

    Raises:
        QuestionError: there is none; it names the nearest.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise QuestionError(f"{field}: {unknown('time zone', name, available_timezones())}") from None


def instant_us(text: str, zone: ZoneInfo, field: str) -> int:
    """Read a day or an instant as µs since 1970 UTC; a day is its first instant in the zone.

    An instant without an offset is in the zone. One that a clock change skips is read with the offset from
    before the change; one that it repeats is the first of the two. Before 1900 means 1900, after 3000, 3000.

    Raises:
        QuestionError: it is neither.

    >>> instant_us("1970-01-02", ZoneInfo("Europe/Berlin"), "start") // 3_600_000_000
    23
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise QuestionError(
            f"{field}: {text!r} is not a date; write '2026-03-01' or '2026-03-01T12:00'"
        ) from None
    local = found if found.tzinfo else found.replace(tzinfo=zone)
    return (min(max(local, _FIRST), _LAST) - _EPOCH) // timedelta(microseconds=1)
