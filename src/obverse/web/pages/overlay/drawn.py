"""What a page looks like: the newest drawing that a client sent, places and sizes of its elements alone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from obverse.web.pages.figures import instant
from obverse.web.pages.overlay.asking import DRAWN, Device, expression_of
from obverse.web.pages.timeline import rows_of

if TYPE_CHECKING:
    from obverse.lake.table import EventTable

MOST_ELEMENTS = 200
_WHERE = (
    f"event = '{DRAWN}' AND regexp_matches(json_extract_string(context, '$.page.path'), ?) "
    "AND json_extract_string(properties, '$.device') = ?"
)

Element = tuple[str, float, float, float, float]


class Drawing(msgspec.Struct, frozen=True):
    """What a client said of a page's looks.

    Attributes:
        elements: of each its path, then left, top, width and height in CSS px of the document.
        width: of the document.
        height: of the document.
        at: when it was drawn; None where that is not known.
    """

    elements: tuple[Element, ...]
    width: float
    height: float
    at: datetime | None = None


def newest(table: EventTable, path: str, device: Device, zone: ZoneInfo) -> Drawing | None:
    """Find the newest drawing of a page on a device; None where there is none that can be read."""
    table.refresh()
    found = rows_of(table.read(("seq", "time"), _WHERE, [expression_of(path), device]))
    if not found:
        return None
    last = max(found, key=lambda row: (row["time"], row["seq"]))
    text = table.read(("properties",), "seq = ?", [last["seq"]])["properties"][0].as_py()
    return read_drawing(text, instant(last["time"], zone))


def read_drawing(text: str, at: datetime | None = None) -> Drawing | None:
    """Read a drawing from an event's properties; None where it is none: anybody can send anything.

    >>> read_drawing('{"elements": [["h1", 0, 8, 300, 40]], "width": 390, "height": 800}').width
    390.0
    >>> read_drawing('{"elements": "none"}')
    """
    try:
        found = msgspec.json.decode(text, type=Drawing, strict=True)
    except msgspec.DecodeError:
        return None
    if not (1 <= found.width <= 1e5 and 1 <= found.height <= 1e6):
        return None
    return Drawing(found.elements[:MOST_ELEMENTS], found.width, found.height, at)
