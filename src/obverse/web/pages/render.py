"""From a page object to an answer over HTTP: HTML, or with ``format=json`` the object itself."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response

from obverse.web.assets import ASSETS
from obverse.web.pages import chart
from obverse.web.pages.figures import FILTERS
from obverse.web.pages.frame import Frame
from obverse.web.pages.page import Page

TEMPLATES = Path(__file__).parent.parent / "templates"
"""Where the templates lie; log-in, set-up and errors are rendered from here too."""


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    made.globals["chart"] = chart
    made.globals["asset"] = ASSETS.url
    return made


ENVIRONMENT = _environment()
"""Jinja with the filters of `figures`; everything is escaped unless a template says otherwise."""


def render(page: Page, frame: Frame, *, as_json: bool = False, status: int = 200) -> Response[bytes]:
    """Answer with a page.

    Args:
        page: what it shows.
        frame: what stands around it.
        as_json: answer with the page object itself.
        status: of the answer.
    """
    if as_json:
        return Response(page.to_json(), media_type=MediaType.JSON, status_code=status)
    text = ENVIRONMENT.get_template(page.template).render(page=page, frame=frame)
    return Response(text.encode(), media_type=MediaType.HTML, status_code=status)
