"""What people did on the product pages of a shop, small enough to check by eye."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

PEOPLE, CLICKED, LOOKED_LONG, ON_PHONES = 100, 50, 60, 40
# 40 of those who clicked convert and 5 of the others: 45 of 100.
CONVERTING = {*range(40), *range(50, 55)}
BUY, TITLE = "[data-obverse=buy]", "main>h1"
PHONE = "Mozilla/5.0 (Linux; Android 14) Chrome/140.0 Mobile Safari/537.36"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36"

DRAWING = [
    ["header", 0, 0, 1280, 90],
    ["header>nav", 700, 20, 540, 50],
    [TITLE, 700, 140, 500, 60],
    ["main>section", 60, 120, 600, 700],
    ["main>section>img", 80, 140, 560, 560],
    [BUY, 700, 460, 280, 64],
    ["main>form", 700, 560, 500, 200],
    ["#reviews", 60, 900, 1160, 1500],
    ["footer", 0, 2500, 1280, 200],
]


class Telling:
    """Tells what happened on a page, minute by minute, three days ago."""

    def __init__(self, user: str, path: str, agent: str, start: int) -> None:
        self.user, self.path, self.agent, self.minute = user, path, agent, float(start)
        self.events: list[dict[str, Any]] = []

    def did(self, event: str, *, seconds: float = 5.0, **properties: Any) -> Telling:
        """Tell an event."""
        self.minute += seconds / 60
        at = datetime.now(UTC) - timedelta(days=3) + timedelta(minutes=self.minute)
        page = {"page": {"path": self.path}, "userAgent": self.agent}
        call = {"userId": self.user, "timestamp": at.isoformat(), "context": page, "properties": properties}
        self.events.append(
            {"type": "page", **call} if event == "" else {"type": "track", "event": event, **call}
        )
        return self


def person(i: int) -> list[dict[str, Any]]:
    """Tell what one of the people on desktops did."""
    one = Telling(f"shopper-{i}", f"/product/{('mug', 'hat', 'shoe-12')[i % 3]}", DESKTOP, i)
    one.did("").did("Element Viewed", element=TITLE, visible_ms=2000 + 10 * i, device="desktop")
    if i < LOOKED_LONG:
        one.did("Element Viewed", element=BUY, visible_ms=9000 - 100 * i, device="desktop")
    if i < CLICKED:
        one.did("Element Clicked", element=BUY, tag="button", device="desktop")
    if 45 <= i < 50:
        one.did("Rage Clicked", element=BUY, device="desktop")
    if i >= 92:
        one.did("Element Clicked", element="main>section>img", device="desktop")
        one.did("Dead Clicked", element="main>section>img", device="desktop")
    if i >= 97:
        one.did("Error Met", element="TypeError shop.js:12", device="desktop")
    if 60 <= i < 80:
        one.did("Form Started", form="question", device="desktop")
        one.did("Field Filled", seconds=7, form="question", field="email", device="desktop")
        if i < 65:
            one.did("Field Filled", seconds=20, form="question", field="text", device="desktop")
            one.did("Form Submitted", form="question", device="desktop")
    for name, value in (("LCP", 1500 + 20 * i), ("CLS", 0.3), ("INP", 100)):
        one.did("Web Vital Measured", seconds=0, name=name, value=value, device="desktop")
    if i in CONVERTING:
        one.path = "/thanks"
        one.did("Order Completed", seconds=600, total=20, currency="EUR")
    return one.events


def shelf() -> list[dict[str, Any]]:
    """Give all events."""
    events = [event for i in range(PEOPLE) for event in person(i)]
    for i in range(ON_PHONES):
        one = Telling(f"walker-{i}", "/product/mug/", PHONE, i).did("")
        events += one.did("Element Clicked", element="main>button", device="phone").events
    artist = Telling("artist", "/product/hat", DESKTOP, 1)
    artist.did("Page Drawn", elements=[["old", 0, 0, 9, 9]], width=1280, height=900, device="desktop")
    artist.did("Page Drawn", elements=DRAWING, width=1280, height=2700, device="desktop")
    artist.did("Page Drawn", elements="none", width="wide", height=0, device="phone")
    other = Telling("artist", "/cart", DESKTOP, 2 * 24 * 60)
    return [*events, *artist.events, *other.did("Page Drawn", elements=[], width=1, height=1).events]
