"""Home: how are we doing? People, customers, conversion and value, where people are, what happens now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from litestar import Request, Response, get

from obverse.event import TOUCHPOINTS
from obverse.measure.overview_question import Overview
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.figures import clock, instant, money, short_day
from obverse.web.pages.frame import Link, held_by, period_named
from obverse.web.pages.home_figures import Figures, figures_of
from obverse.web.pages.latest import latest
from obverse.web.pages.page import Page, Panel, panel
from obverse.web.pages.person import display_name, person_href
from obverse.web.pages.snippet import Snippet
from obverse.web.pages.timeline import RowOf

if TYPE_CHECKING:
    from obverse.measure.overview_answer import OverviewAnswer

LIVE_EVENTS = 10


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
    figures: Annotated[Panel[Figures], "People, customers, conversion, value, and where people are."]
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
    held: Annotated[tuple[Link, ...], "The same without its filter, without its segment."] = ()


def build(asked: Asked) -> Response[bytes]:
    """Build the page."""
    never = not asked.lake.table.refresh().last_seq
    figures = panel(lambda: _figures(asked))
    empty = figures.value is not None and not figures.value.people.number
    page = HomePage(
        title="Home",
        period_name=period_named(asked.address, asked.view.period),
        figures=figures,
        live=panel(lambda: _live(asked)),
        empty=empty,
        never=never,
        all_href=str(asked.address.put(period="all", start=None, end=None)),
        snippets=asked.snippets() if never else (),
        held=held_by(asked.address),
    )
    return asked.show(page, periods=True, scripts=("live",))


def _figures(asked: Asked) -> Figures:
    (start, end), whole = _period(asked), None
    today = (
        asked.now.astimezone(asked.view.zone).date().isoformat()
    )  # is not over, so it compares with nothing
    last = min(end or today, today)
    if start is not None and start < last:
        whole = _ask(asked, start, last)
    return figures_of(_ask(asked, start, end), whole, asked.view.side)


def _period(asked: Asked) -> tuple[str | None, str | None]:
    """Give the days that the address names, else those of the period; None for no bound."""
    start, end = asked.address.get("start").strip(), asked.address.get("end").strip()
    if start or end or asked.view.period == "all":
        return start or None, end or None
    day = asked.now.astimezone(asked.view.zone).date()
    first = day - timedelta(days=int(asked.view.period.removesuffix("d")) - 1)
    return first.isoformat(), (day + timedelta(days=1)).isoformat()


def _ask(asked: Asked, start: str | None, end: str | None) -> OverviewAnswer:
    question = Overview(
        start=start,
        end=end,
        zone=asked.view.zone.key,
        conversion=asked.values.conversion_event,
        where=asked.address.get("where").strip() or None,
        segment=asked.address.get("segment") or None,
    )
    return asked.lake.ask(question)


def _live(asked: Asked) -> tuple[Happening, ...]:
    return tuple(_happening(row, asked) for row in latest(asked.lake.table, LIVE_EVENTS))


def _happening(row: RowOf, asked: Asked) -> Happening:
    at, today = instant(row["time"], asked.view.zone), asked.now.astimezone(asked.view.zone).date()
    user_id, anonymous_id = row["user_id"], row["anonymous_id"]
    key = asked.lake.tape.person_of(user_id=user_id, anonymous_id=None if user_id else anonymous_id)
    return Happening(
        at=at.isoformat(timespec="seconds"),
        clock=clock(at) if at.date() == today else f"{short_day(at)} {at:%H:%M}",
        event=row["event"],
        who=display_name(user_id, anonymous_id),
        href=person_href(key),
        touchpoint=row["touchpoint"],
        value=money(row["value"], row["currency"]) if row["value"] else "",
    )


@get("/")
async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show how things are going."""
    return await answer(request, build)
