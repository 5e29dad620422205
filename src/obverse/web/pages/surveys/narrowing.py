"""What a survey's results are narrowed to, a period, a version, a segment, and what they are split by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from obverse.measure.period import instant_us
from obverse.surveys.answers import EVER
from obverse.web.pages.asked import Asked


@dataclass(frozen=True)
class Narrowed:
    """What the address says.

    Attributes:
        survey: id of the survey.
        start: first day of the period; None for all time.
        version: of the survey; None for all.
        segment: name of a segment; empty for everyone.
        by: what to split by; empty for nothing.
        zone: in which days begin.
    """

    survey: str
    start: str | None
    version: int | None
    segment: str
    by: str
    zone: str

    @classmethod
    def of(cls, asked: Asked, survey: str) -> Narrowed:
        """Read it from an address; the period is all time unless it says another."""
        period, version = asked.view.period, asked.address.get("version")
        start = None
        if asked.address.get("period") and period != "all":
            day = asked.now.astimezone(asked.view.zone) - timedelta(days=int(period[:-1]) - 1)
            start = day.date().isoformat()
        return cls(
            survey,
            start,
            int(version) if version.isdecimal() and len(version) < 7 else None,
            asked.address.get("segment").strip(),
            asked.address.get("by").strip(),
            asked.view.zone.key,
        )

    def fields(self) -> dict[str, Any]:
        """Give what questions about the survey have in common."""
        found = {"version": self.version, "segment": self.segment or None, "by": self.by or None}
        return {"survey": self.survey, "start": self.start, "zone": self.zone, **found}

    def period_us(self, asked: Asked) -> tuple[int, int]:
        """Give the period in µs since 1970 UTC."""
        start = EVER[0] if self.start is None else instant_us(self.start, asked.view.zone, "period")
        return start, EVER[1]
