"""Home: how are we doing? People, customers, conversion and value, where people are, what happens now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from obverse.event import TOUCHPOINTS
from obverse.web.pages.figures import change
from obverse.web.pages.page import Page, Panel
from obverse.web.pages.snippet import Snippet

Values = tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One of the figures of the day: its number for the period, and how it moved day by day.

    Attributes:
        key: people, customers, conversion or value.
        name: as the reader sees it.
        side: which side of the coin it is on.
        kind: count, share or money: how to write it.
        number: for the whole period; None where it cannot be said.
        exact: the number in full, with what it means.
        currency: of money.
        low: lower end of the number's 95 % interval, where it is an estimate.
        high: upper end.
        before: the number for the period before.
        daily: the number of each day.
        daily_low: lower ends of their intervals.
        daily_high: upper ends.
        daily_before: the number of each day of the period before.
        titles: each day's number in words.
    """

    key: str
    name: str
    side: str
    kind: str
    number: float | None
    exact: str = ""
    currency: str | None = None
    low: float | None = None
    high: float | None = None
    before: float | None = None
    daily: Values = ()
    daily_low: Values = ()
    daily_high: Values = ()
    daily_before: Values = ()
    titles: tuple[str, ...] = ()

    @property
    def change(self) -> str:
        """How much more or less than in the period before."""
        return change(self.number, self.before)

    @property
    def rising(self) -> bool | None:
        """Whether it grew; None where it did not move."""
        if self.number is None or self.before is None or self.number == self.before:
            return None
        return self.number > self.before


@dataclass(frozen=True)
class Figures:
    """The four figures, in the order in which a page shows them."""

    people: Figure
    customers: Figure
    conversion: Figure
    value: Figure

    @property
    def all(self) -> tuple[Figure, ...]:
        """All four."""
        return (self.people, self.customers, self.conversion, self.value)


@dataclass(frozen=True)
class Day:
    """A row of the table of days, as text."""

    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A touchpoint and how much of the people or the value is there."""

    name: str
    share: float | None
    text: str
    exact: str


@dataclass(frozen=True)
class Happening:
    """An event as the ticker shows it."""

    at: str
    clock: str
    event: str
    who: str
    href: str
    touchpoint: str
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class HomePage(Page):
    """What people open every morning."""

    template: ClassVar[str] = "home.html"
    section: ClassVar[str] = "/"

    period_name: Annotated[str, "The period that the figures are for, in words."]
    before_name: Annotated[str, "The period of the same length before it, in words; empty for all time."] = ""
    figures: Annotated[Panel[Figures], "People, customers, conversion and value of the period."]
    comparison: Annotated[str, "How the period compares with the one before, in a sentence."] = ""
    labels: Annotated[tuple[str, ...], "The days of the period, short."] = ()
    unfinished: Annotated[bool, "The period's last day is not over yet."] = False
    days: Annotated[tuple[Day, ...], "The figures of each day."] = ()
    touchpoints: Annotated[Panel[tuple[Place, ...]], "Where people are or value is made, largest first."]
    live: Annotated[Panel[tuple[Happening, ...]], "The last events that arrived, newest first."]
    live_href: Annotated[str, "Address of the stream of events as they arrive."] = "/api/live"
    glyphs: Annotated[
        tuple[str, ...], "Touchpoints that have a shape of their own, then one that has none."
    ] = (
        *TOUCHPOINTS,
        "",
    )
    empty: Annotated[bool, "No event is in the period."] = False
    never: Annotated[bool, "No event has ever arrived."] = False
    all_href: Annotated[str, "The same page for all time."] = "/?period=all"
    snippets: Annotated[tuple[Snippet, ...], "How to send an event, with a write key of this server."] = ()
