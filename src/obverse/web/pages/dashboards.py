"""Dashboards: what does a team look at together? A list of them, and each, composed where it is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, ClassVar

from litestar import Request, Response, get, post
from litestar.response import Redirect

from obverse.errors import QuestionError
from obverse.web.pages import composing
from obverse.web.pages.address import Address
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.board import BoardPanel, Instead, panels_of
from obverse.web.pages.composing import Form
from obverse.web.pages.frame import PERIODS, Link
from obverse.web.pages.page import Page

Ask = Request[Any, Any, Any]
Act = Callable[[Asked, Form], str]
"""Makes a change and gives the address to go on to."""


@dataclass(frozen=True)
class Entry:
    """A dashboard in the list.

    Attributes:
        name: what people call it.
        href: where it is.
        titles: what its panels are called, in order.
        shared: whether a link opens it to anybody.
    """

    name: str
    href: str
    titles: tuple[str, ...]
    shared: bool


@dataclass(frozen=True, kw_only=True)
class DashboardsPage(Page):
    """All dashboards."""

    template: ClassVar[str] = "dashboards.html"
    section: ClassVar[str] = "/dashboards"

    dashboards: Annotated[tuple[Entry, ...], "All of them, by name."]
    problem: Annotated[str, "Why the one wanted could not be made."] = ""


@dataclass(frozen=True, kw_only=True)
class DashboardPage(Page):
    """One dashboard."""

    template: ClassVar[str] = "dashboard.html"
    section: ClassVar[str] = "/dashboards"

    action: Annotated[str, "Where changes are sent."]
    name: Annotated[str, "What people call it."]
    panels: Annotated[tuple[BoardPanel, ...], "In order."]
    periods: Annotated[tuple[Link, ...], "Periods for all panels together."]
    segment: Annotated[str, "The segment that all panels are of; empty where each has its own."]
    segments: Annotated[tuple[str, ...], "Names of the saved segments."]
    share_href: Annotated[str, "The link that opens it to anybody; empty where nobody may."]
    problem: Annotated[str, "Why a change could not be made."] = ""


def build_list(asked: Asked, problem: str = "") -> Response[bytes]:
    """Build the list of all dashboards."""
    found = tuple(
        Entry(
            one.name,
            f"/dashboards/{one.id}",
            tuple(panel.title for panel in one.panels),
            one.share_token is not None,
        )
        for one in asked.settings.dashboards.all()
    )
    page = DashboardsPage(title="Dashboards", dashboards=found, problem=problem)
    return asked.show(page, flips=False, status=400 if problem else 200)


def build_one(asked: Asked, id_: str, problem: str = "") -> Response[bytes]:
    """Build the page of one dashboard."""
    found = asked.settings.dashboards.get(id_)
    instead = Instead.of(asked.address)
    page = DashboardPage(
        title=found.name,
        action=f"/dashboards/{id_}",
        name=found.name,
        panels=tuple(panels_of(found, asked, instead, linked=True)),
        periods=_periods(asked.address, instead),
        segment=instead.segment or "",
        segments=tuple(asked.settings.segments.names()),
        share_href=f"{asked.host}/shared/{found.share_token}" if found.share_token else "",
        problem=problem,
    )
    return asked.show(page, flips=False, status=400 if problem else 200)


def _periods(address: Address, instead: Instead) -> tuple[Link, ...]:
    own = Link("", "Each its own", str(address.put(period=None)), not instead.period)
    return (
        own,
        *(
            Link(
                key,
                "All" if key == "all" else f"{key[:-1]}\u202fd",
                str(address.put(period=key)),
                key == instead.period,
                name,
            )
            for key, name in PERIODS.items()
        ),
    )


@get("/dashboards")
async def show(request: Ask) -> Response[bytes]:
    """Show all dashboards."""
    return await answer(request, build_list)


@post("/dashboards", status_code=303)
async def make(request: Ask) -> Response[Any]:
    """Make a dashboard, empty or for every morning."""
    return await _changed(request, composing.make)


@post("/dashboards/add", status_code=303)
async def add(request: Ask) -> Response[Any]:
    """Put a question on a dashboard."""
    return await _changed(request, composing.add)


@get("/dashboards/{id_:str}")
async def show_one(request: Ask, id_: str) -> Response[bytes]:
    """Show a dashboard."""
    return await answer(request, lambda asked: build_one(asked, id_))


@post("/dashboards/{id_:str}", status_code=303)
async def change(request: Ask, id_: str) -> Response[Any]:
    """Change a dashboard: its name, its panels, its link."""
    return await _changed(request, partial(composing.change, id_), id_)


async def _changed(request: Ask, act: Act, id_: str | None = None) -> Response[Any]:
    """Make a change and go on to where it shows; what is wrong is said on the page that it was sent from."""
    form = {name: str(value) for name, value in (await request.form()).items()}

    def build(asked: Asked) -> Response[Any]:
        try:
            return Redirect(act(asked, form), status_code=303)
        except QuestionError as error:
            here = replace(asked, address=Address(asked.address.path))
            return build_one(here, id_, str(error)) if id_ else build_list(here, str(error))

    return await answer(request, build)
