"""What filters and splits may name, as forms offer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from obverse.web.pages.page import panel

if TYPE_CHECKING:
    from obverse.engine.local import Lake

MOST_OFFERED = 500
"""Names of events that a form offers, the most frequent; others are typed in full."""


@dataclass(frozen=True)
class Known:
    """A field that filters and splits may name."""

    name: str
    type: str
    examples: str


@dataclass(frozen=True)
class Offered:
    """A field that events of one name have, and a few of its values."""

    name: str
    examples: tuple[str, ...]


def known_fields(lake: Lake) -> tuple[Known, ...]:
    """List the fields of the events in the lake; none where that fails."""
    fields = panel(lambda: tuple(lake.tape.fields())).value or ()
    return tuple(Known(one.name, one.type, _examples(one.examples)) for one in fields)


def offered(lake: Lake, event: str) -> tuple[Offered, ...]:
    """List what events of a name have, their own properties first; none where that fails."""
    fields = panel(lambda: tuple(lake.tape.fields(event))).value or ()
    found = (Offered(one.name, one.examples) for one in fields if one.name != "event")
    return tuple(sorted(found, key=lambda one: not one.name.startswith("properties.")))


def _examples(values: Any) -> str:
    text = ", ".join(str(value) for value in list(values)[:3])
    return text if len(text) <= 80 else f"{text[:79]}…"
