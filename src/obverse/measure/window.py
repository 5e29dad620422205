"""The span of time that a measure counts in: rows of a grain, and what lies before that they cover too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from obverse.measure.calendar import (
    FIRST_DAY,
    HOUR_US,
    before_us,
    edges,
    local_day,
    midnight_us,
    next_start,
    start_of,
)
from obverse.measure.scope import FOREVER, Grain
from obverse.tape.layout import Int64s

WIDTH_US: dict[Grain, int] = {
    "hour": HOUR_US,
    "day": 24 * HOUR_US,
    "week": 7 * 24 * HOUR_US,
    "month": 28 * 24 * HOUR_US,
}
"""About how long a bucket is, the shortest month."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Window:
    """Buckets of time.

    Attributes:
        edges: shape (buckets + 1,), the instants that part them, µs since 1970 UTC, ascending.
        lead: how many of the buckets lie before the first row.
    """

    edges: Int64s
    lead: int = 0

    @property
    def start(self) -> int:
        """First instant of the rows."""
        return int(self.edges[self.lead])

    @property
    def end(self) -> int:
        """First instant after them."""
        return int(self.edges[-1])


def window_of(start: int, end: int, newest: int, zone: ZoneInfo, grain: Grain, rolling: int) -> Window:
    """Give the buckets of a period.

    Args:
        start: first instant of the period, µs; -FOREVER for the beginning.
        end: first instant after it; FOREVER for the end. Rows that begin after the newest event are left out,
            unless the whole period does.
        newest: time of the newest event in the lake.
        zone: whose hours, days, weeks and months.
        grain: of the buckets.
        rolling: how many buckets a point covers. With more than one the first row begins where its bucket
            begins, be that before the period or not.
    """
    if start == -FOREVER:
        start = midnight_us(FIRST_DAY, zone)
        rolling = 1  # there is nothing before the beginning
    last = next_bucket(max(newest, start), zone, grain)
    end = min(end, last) if newest >= start or end == FOREVER else end
    if rolling == 1:
        return Window(edges(start, end, zone, grain))
    return Window(edges(back_us(start, zone, grain, rolling - 1), end, zone, grain), rolling - 1)


def before_of(start: int, end: int, newest: int, zone: ZoneInfo, grain: Grain, rolling: int) -> Window | None:
    """Give the buckets of the period of equal length before one; None where there is none."""
    end = next_bucket(max(newest, start), zone, grain) if end == FOREVER else end
    before = before_us(start, end, zone)
    return None if before == start else window_of(before, start, start, zone, grain, rolling)


def next_bucket(instant: int, zone: ZoneInfo, grain: Grain) -> int:
    """Give the first instant of the bucket after the one that an instant is in."""
    if grain == "hour":
        return _hour(instant, zone) + HOUR_US
    return midnight_us(next_start(local_day(instant, zone), grain), zone)


def is_whole(start: int, end: int, zone: ZoneInfo, grain: Grain) -> bool:
    """Say whether a bucket is a whole hour, day, week or month."""
    return start == back_us(start, zone, grain, 0) and end == next_bucket(start, zone, grain)


def name_of(start: int, zone: ZoneInfo, grain: Grain) -> str:
    """Name a bucket: its first day; an hour by its time, of a repeated hour the second with its offset.

    >>> name_of(1_774_746_000_000_000, ZoneInfo("Europe/Berlin"), "hour")
    '2026-03-29T03:00'
    """
    local = (_EPOCH + timedelta(microseconds=start)).astimezone(zone)
    if grain != "hour":
        return local.date().isoformat()
    plain = local.replace(tzinfo=None).isoformat(timespec="minutes")
    return plain + local.isoformat()[-6:] if local.fold else plain


def written(instant: int, zone: ZoneInfo) -> str:
    """Write an instant with the zone's offset."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(zone).isoformat()


def back_us(instant: int, zone: ZoneInfo, grain: Grain, n: int) -> int:
    """Give the first instant of the bucket n before the one that an instant is in."""
    if grain == "hour":
        return _hour(instant, zone) - n * HOUR_US
    day = start_of(local_day(instant, zone), grain)
    for _ in range(n):
        day = start_of(day - timedelta(days=1), grain)
    return midnight_us(day, zone)


def _hour(instant: int, zone: ZoneInfo) -> int:
    """Give the first instant of the local hour that an instant is in."""
    local = (_EPOCH + timedelta(microseconds=instant)).astimezone(zone)
    into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return instant - into // timedelta(microseconds=1)
