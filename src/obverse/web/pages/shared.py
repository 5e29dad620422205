"""A dashboard by its link: for whoever has it, without logging in, and nothing else of this server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from litestar import Request, Response, get

from obverse.web.pages.address import Address
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.board import BoardPanel, Instead, panels_of
from obverse.web.pages.page import Page


@dataclass(frozen=True, kw_only=True)
class SharedPage(Page):
    """A dashboard that can only be looked at."""

    template: ClassVar[str] = "shared.html"

    name: Annotated[str, "What people call it."]
    panels: Annotated[tuple[BoardPanel, ...], "In order."]


def build(asked: Asked, token: str) -> Response[bytes]:
    """Build the page."""
    found = asked.settings.dashboards.shared(token)
    alone = replace(asked, address=Address(asked.address.path), csrf=None)
    panels = tuple(panels_of(found, alone, Instead(), linked=False))
    response = alone.show(SharedPage(title=found.name, name=found.name, panels=panels), flips=False)
    response.headers["x-robots-tag"] = "noindex, nofollow"
    response.headers["referrer-policy"] = "no-referrer"
    return response


@get("/shared/{token:str}", opt={"public": True})
async def show(request: Request[Any, Any, Any], token: str) -> Response[bytes]:
    """Show the dashboard that a link opens."""
    return await answer(request, lambda asked: build(asked, token))
