"""Hours, days, weeks and months of a period in a time zone, as instants; clocks may change in between."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from obverse.tape.layout import Int64s

Grain = Literal["day", "week", "month"]
FineGrain = Literal["hour", "day", "week", "month"]

GRAINS: tuple[Grain, ...] = ("day", "week", "month")

FIRST_DAY = date(1990, 1, 1)
"""No event is earlier: collect refuses those."""

HOUR_US = 3_600_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253_370_764_800_000_000  # 9999-01-01


def midnight_us(day: date, zone: ZoneInfo) -> int:
    """Give the first instant of a local day, µs since 1970 UTC."""
    return (datetime(day.year, day.month, day.day, tzinfo=zone) - _EPOCH) // timedelta(microseconds=1)


def local_day(instant: int, zone: ZoneInfo) -> date:
    """Give the local day that an instant is in."""
    return (_EPOCH + timedelta(microseconds=min(instant, _LATEST))).astimezone(zone).date()


def before_us(start: int, end: int, zone: ZoneInfo) -> int:
    """Give the start of the period of equal length before one: as many days, if it is made of days."""
    first, last = local_day(start, zone), local_day(end, zone)
    if start == midnight_us(first, zone) and end == midnight_us(last, zone):
        days = (last - first).days
        return midnight_us(first - timedelta(days=days), zone) if days <= first.toordinal() - 366 else start
    return start - (end - start)


@lru_cache(maxsize=64)
def edges(start: int, end: int, zone: ZoneInfo, grain: FineGrain) -> Int64s:
    """Give the instants that part a period: its start, each new hour, day, week or month in it, its end.

    An hour is an hour of time: a local hour that a clock change repeats is two.

    Args:
        start: first instant, µs.
        end: first instant after it.
        zone: whose days.
        grain: weeks begin on Monday.
    """
    if grain == "hour":
        first = (_EPOCH + timedelta(microseconds=start)).astimezone(zone)
        into = timedelta(minutes=first.minute, seconds=first.second, microseconds=first.microsecond)
        hours = np.arange(start - into // timedelta(microseconds=1) + HOUR_US, end, HOUR_US)
        return np.array([start, *hours.tolist(), end], dtype=np.int64)
    found = [start]
    day = next_start(local_day(start, zone), grain)
    while (instant := midnight_us(day, zone)) < end:
        if instant > start:
            found.append(instant)
        day = next_start(day, grain)
    return np.array([*found, end], dtype=np.int64)


def start_of(day: date, grain: Grain) -> date:
    """Give the first day of the week or month that a day is in."""
    if grain == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if grain == "month" else day


def next_start(day: date, grain: Grain) -> date:
    """Give the first day of the next day, week or month."""
    if grain == "day":
        return day + timedelta(days=1)
    if grain == "week":
        return start_of(day, grain) + timedelta(days=7)
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def grain_for(start: int, end: int) -> Grain:
    """Choose days up to three months, weeks up to two years, else months."""
    days = (end - start) / 86_400e6
    if days <= 93:
        return "day"
    return "week" if days <= 731 else "month"
