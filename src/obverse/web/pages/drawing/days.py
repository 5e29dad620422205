"""Names of places on an axis: days are written as people write them, whatever else as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from obverse.web.pages.figures import cut

_MONTH = timedelta(days=27)
_YEAR = timedelta(days=330)
_SHORT = 14
_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def short_names(axis: Sequence[str]) -> tuple[str, ...]:
    """Write the places of an axis as ticks do.

    >>> short_names(("2026-03-02", "2026-03-03")), short_names(("2026-02-01", "2026-03-01"))
    (('2 Mar', '3 Mar'), ('Feb 2026', 'Mar 2026'))
    >>> short_names(("2026-03-02T13:00",)), short_names(("desktop",))
    (('2 Mar 13:00',), ('desktop',))
    """
    moments = _moments(axis)
    if not moments:
        return tuple(cut(name, _SHORT) for name in axis)
    if _monthly(moments):
        return tuple(f"{one:%b} {one.year}" for one in moments)
    if any(one.hour or one.minute for one in moments):
        return tuple(f"{one.day} {one:%b} {_hour(one)}" for one in moments)
    year = " ’%y" if max(moments) - min(moments) > _YEAR else ""
    return tuple(f"{one.day} {one.strftime('%b' + year)}" for one in moments)


def full_names(axis: Sequence[str]) -> tuple[str, ...]:
    """Write the places of an axis in full.

    >>> full_names(("2026-03-02",)), full_names(("2026-02-01", "2026-03-01"))
    (('Mon 2 Mar 2026',), ('February 2026', 'March 2026'))
    >>> full_names(("2026-10-25T02:00", "2026-10-25T02:00+01:00"))
    ('Sun 25 Oct 2026 02:00', 'Sun 25 Oct 2026 02:00 (+01:00)')
    """
    moments = _moments(axis)
    if not moments:
        return tuple(axis)
    if _monthly(moments):
        return tuple(f"{one:%B} {one.year}" for one in moments)
    hours = any(one.hour or one.minute for one in moments)
    return tuple(
        f"{one:%a} {one.day} {one:%b} {one.year}{f' {_hour(one)}' if hours else ''}" for one in moments
    )


def _hour(moment: datetime) -> str:
    """Write an hour; one that has an offset is the second of its name, on the day that clocks go back."""
    offset = moment.isoformat()[len("2026-03-02T13:00:00") :]
    return f"{moment:%H:%M}{offset and f' ({offset})'}"


def are_days(axis: Sequence[str]) -> bool:
    """Tell whether the places of an axis are days or instants."""
    return bool(_moments(axis))


def _moments(axis: Sequence[str]) -> list[datetime]:
    """Read all places as days or instants; none of them where one is not."""
    if any(len(name) < len("2026-01-01") for name in axis):
        return []
    try:
        return [datetime.fromisoformat(name) for name in axis]
    except ValueError:
        return []


def _monthly(moments: list[datetime]) -> bool:
    apart = all(later.date() - earlier.date() > _MONTH for earlier, later in pairwise(moments))
    return len(moments) > 1 and apart and all(one.day == 1 for one in moments[1:])


def with_days(text: str) -> str:
    """Write the days in a text as people do, each on one line.

    >>> with_days("the week of 2026-03-02, not 2026-02-30").split("\u00a0")
    ['the week of 2', 'Mar', '2026, not 2026-02-30']
    """
    return _DAY.sub(_day, text)


def _day(found: re.Match[str]) -> str:
    try:
        day = date.fromisoformat(found[0])
    except ValueError:
        return found[0]
    return f"{day.day}\u00a0{day:%b}\u00a0{day.year}"
