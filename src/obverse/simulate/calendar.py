"""When things happen: hours of the week in each local time zone, under a slow trend.

The grid is of hours in UTC, each weighted by what its local hour of the week is, so that a change to or
from summer time needs no care: an hour that a zone skips is never drawn, and one that it has twice is twice
as likely.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from obverse.simulate.model import Codes, Floats, Ints

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

_DAY = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 11, 12, 11, 10, 10, 11, 13, 15, 18, 21, 20, 13, 6)
_ONLINE_DAYS = (1.0, 0.97, 0.96, 0.98, 0.93, 1.08, 1.25)
ONLINE = np.outer(_ONLINE_DAYS, _DAY).ravel()
"""Weight of each hour of a week (Monday 0 h first) for visits online."""

_OPEN = (0,) * 10 + (5, 7, 9, 9, 8, 9, 11, 12, 10, 6) + (0,) * 4
_STORE_DAYS = (0.8, 0.8, 0.9, 0.9, 1.2, 1.9, 0.0)
STORE = np.outer(_STORE_DAYS, _OPEN).ravel()
"""The same for trips to a store: open Monday to Saturday, 10 to 20 h."""


@dataclass(frozen=True)
class Calendar:
    """The period and how its hours are weighted in each zone.

    Attributes:
        start_ms: first instant, ms since 1970 UTC.
        end_ms: end of the period, not in it.
        reached: shape (n_zones, n_hours + 1), share of all weight before each hour, from 0 to 1.
    """

    start_ms: int
    end_ms: int
    reached: Floats

    @classmethod
    def of(cls, end: datetime, days: int, zones: list[str], week: Floats, growth: float) -> Calendar:
        """Weigh the hours of the `days` before `end` by `week` in each zone's local time."""
        end_ms = round(end.timestamp() * 1000)
        start_ms = end_ms - days * DAY_MS
        hours = start_ms / 1000 + 3600 * np.arange(days * 24)
        trend = 1 + growth * np.linspace(0, 1, len(hours))
        rows = []
        for name in zones:
            zone = ZoneInfo(name)
            local = [datetime.fromtimestamp(hour, UTC).astimezone(zone) for hour in hours.tolist()]
            weight = trend * week[[at.weekday() * 24 + at.hour for at in local]]
            rows.append(np.concatenate(([0.0], np.cumsum(weight) / weight.sum())))
        return cls(start_ms, end_ms, np.array(rows))

    def instants(self, zone: Codes, share: Floats) -> Ints:
        """Turn shares of all weight, 0 to 1, into instants: ms since 1970, ascending with the share."""
        at = np.empty(len(share))
        grid = np.arange(self.reached.shape[1], dtype=np.float64)
        for number, reached in enumerate(self.reached):
            here = zone == number
            at[here] = np.interp(share[here], reached, grid)
        return (self.start_ms + at * HOUR_MS).astype(np.int64)
