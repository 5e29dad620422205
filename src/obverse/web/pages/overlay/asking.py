"""The questions behind a page's overlay: acts, time in view, Web Vitals, each held to one page and device."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msgspec.structs import replace as replace_fields

from obverse.errors import QuestionError
from obverse.measure.act import Act
from obverse.measure.funnel_text import Step, spell_steps
from obverse.measure.linger import Linger
from obverse.measure.pages import ANY

Device = Literal["desktop", "phone"]

PATH = "context.page.path"
WITHIN = "1d"
"""How long after they came people count as converted; the same for acts and for time in view."""

VIEWED = "Element Viewed"
VITAL = "Web Vital Measured"
DRAWN = "Page Drawn"
MOST_CHARS = 300

_DEVICE, _AGENT = "properties.device", "context.userAgent"
_ACTS = {
    "view": ("Page Viewed", "Screen Viewed"),
    "click": ("Element Clicked",),
    "rage": ("Rage Clicked",),
    "dead": ("Dead Clicked",),
    "error": ("Error Met",),
    "form_start": ("Form Started",),
    "form_field": ("Field Filled",),
    "form_submit": ("Form Submitted",),
}


def expression_of(pattern: str) -> str:
    """Write a pattern of paths, ``*`` for anything, as a regular expression of a whole path (RE2's).

    Raises:
        QuestionError: it is no path, or too long.

    >>> expression_of("/product/*"), expression_of("/")
    ('^/product/.*/?$', '^/?$')
    """
    if not pattern.startswith("/") or len(pattern) > MOST_CHARS or not pattern.isprintable():
        raise QuestionError(f"path: {pattern[:60]!r} is no page; write one such as /checkout or /product/*")
    pieces = (re.escape(piece) for piece in pattern.rstrip("/").split(ANY))
    return f"^{'.*'.join(pieces)}/?$"


@dataclass(frozen=True, kw_only=True)
class Place:
    """What an overlay is of.

    Attributes:
        path: pattern of the pages, ``*`` for anything.
        device: as whose screens are meant.
        fields: names of the fields that there are; what no event has cannot be asked for.
        start: first day; None for the beginning.
        end: day after the last; None for the end.
        zone: of the days.
        where: filter on all events; None for none.
        segment: name of the segment; None for everyone.
        conversion: the event that is hoped for.
    """

    path: str
    device: Device
    fields: Collection[str]
    start: str | None = None
    end: str | None = None
    zone: str = "UTC"
    where: str | None = None
    segment: str | None = None
    conversion: str = "Order Completed"

    @property
    def filter(self) -> str:
        """The filter on events of this page and device."""
        quoted = expression_of(self.path).replace("'", "''")
        return f"regexp_extract({PATH}, '{quoted}', 0) is not null and {self._on_device()}"

    def _on_device(self) -> str:
        """Take the device that the client tells, else what its name says: phones' are mobile (MDN)."""
        told, agent = (f"coalesce({name}, '')" if name in self.fields else "''" for name in (_DEVICE, _AGENT))
        if self.device == "phone":
            return f"({told} = 'phone' or ({told} <> 'desktop' and {agent} like '%Mobi%'))"
        return f"({told} = 'desktop' or ({told} <> 'phone' and not {agent} like '%Mobi%'))"

    def _held(self, *events: str) -> str:
        return spell_steps((Step(events=events, where=self.filter),))

    def _hoped_for(self) -> str:
        return spell_steps((Step(events=(self.conversion,)),))

    def _scope(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("start", "end", "zone", "where", "segment")}

    def acts(self) -> Act:
        """Ask what people press, fill in and run into; all pages of the pattern count as one."""
        named = "'" + self.path.replace("'", "''") + "'"
        events: dict[str, Any] = {name: self._held(*events) for name, events in _ACTS.items()}
        return Act(
            page=named,
            pages=False,
            conversion=self._hoped_for(),
            within=WITHIN,
            n_rows=200,
            **events,
            **self._scope(),
        )

    def views(self) -> Linger:
        """Ask how long elements are in view."""
        return Linger(
            of="element",
            elements=self._held(VIEWED),
            conversion=self._hoped_for(),
            within=WITHIN,
            top=100,
            **self._scope(),
        )

    def slow(self, good: Mapping[str, float]) -> Act:
        """Ask for whom a metric was worse than good: an act of theirs, so that it is counted as acts are.

        Args:
            good: up to which value each metric is good, by name.
        """
        worse = " or ".join(
            f"(properties.name = '{name}' and properties.value > {most})" for name, most in good.items()
        )
        step = Step(events=(VITAL,), where=f"{self.filter} and ({worse})")
        return replace_fields(self.acts(), error=spell_steps((step,)), element="properties.name")

    def vitals(self) -> Linger:
        """Ask for the quartiles of each metric: its value stands where the measure has seconds."""
        return Linger(
            of="element",
            elements=self._held(VITAL),
            element="properties.name",
            visible="1000 * properties.value",
            conversion=None,
            top=20,
            **self._scope(),
        )
