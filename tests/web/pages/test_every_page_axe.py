"""axe-core finds nothing on any page: each that the server has is looked at here, or by a test named here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from litestar import Router
from litestar.routes import HTTPRoute
from playwright.sync_api import Browser, Page

from obverse.settings.dashboards import PanelSpec
from obverse.web import login, pages
from obverse.web.surveys import routes as survey_pages
from tests.axe import violations
from tests.web.pages.conftest import send, wait_for
from tests.web.pages.shelf import shelf
from tests.web.pages.surveys.test_survey_pages import kept
from tests.web.pages.surveys.test_surveys_browser import PAGES as SURVEYS
from tests.web.pages.test_pages_browser import PATHS

if TYPE_CHECKING:
    from tests.conftest import Server

IMPORT = ("/surveys/import", "/surveys/import/KEY")
"""What test_survey_import_browser looks at."""
HERE = (
    "/setup",
    "/dashboards",
    "/dashboards/{board}",
    "/shared/{token}",
    "/overlay",
    "/overlay?path=/product/*",
    "/people/in?segment=Buyers",
    "/funnel/people?steps=Product+Viewed+%3E+Order+Completed&step=1&outcome=converted",
    "/surveys/{phone}/phone",
    "/surveys/{phone}/form",
    "/surveys/{paused}",
    "/surveys/{closed}",
    "/nothing/is/here",
)
ANYBODY = (
    "/login",
    "/shared/{token}",
    "/shared/nothing",
    "/s/{phone}",
    "/s/{paused}",
    "/s/{closed}",
    "/s/nothing",
)
EMPTY = (
    *("/", "/funnel", "/explore", "/explore/trend", "/people", "/health", "/install", "/segments"),
    *("/dashboards", "/overlay", "/surveys", "/surveys/new"),
)
FILES = {"/export/{file:str}", "/surveys/{key:str}/{file:str}", "/surveys/{key:str}/qr.svg"}
"""Routes that give a file, and no page."""
QUESTION = '{"type":"funnel","steps":[{"events":["Product Viewed"]},{"events":["Order Completed"]}]}'


def routes() -> set[str]:
    """Give the paths of all pages that can be opened."""
    handlers = Router("/", route_handlers=[login.routes, *pages.routes, *survey_pages.routes])
    read = [one for one in handlers.routes if isinstance(one, HTTPRoute) and "GET" in one.methods]
    return {one.path for one in read} - FILES


def test_each_page_of_the_server_is_looked_at() -> None:
    paths = (*PATHS, *SURVEYS.values(), *IMPORT, *HERE, *ANYBODY)
    looked = {one.partition("?")[0].replace("PERSON", "/people/KEY") for one in paths}
    known = routes()
    assert len(known) > 20
    patterns = {one: re.sub(r"{[^}]*}", "[^/]+", one) for one in known if "{" in one}
    others = looked - known
    seen = {route for route, pattern in patterns.items() if any(re.fullmatch(pattern, one) for one in others)}
    assert known - looked - seen == set()


@pytest.fixture(scope="module")
def names(filled: Server) -> dict[str, str]:
    """What stands in paths: a dashboard, the token that shares it, and surveys in each state."""
    with filled.settings() as settings:
        board = settings.dashboards.create("Looked at").id
        settings.dashboards.put(board, [PanelSpec("From view to order", msgspec.Raw(QUESTION.encode()))])
        token = settings.dashboards.share(board)
        settings.segments.save("Buyers", QUESTION.encode(), {"step": "1", "outcome": "converted"})
    drawn = shelf()
    with filled.client() as client:
        known = client.get("/api/health").json()["lake"]["events"]
        send(filled, drawn)
        wait_for(lambda: client.get("/api/health").json()["lake"]["events"] >= known + len(drawn))
    places = {"places": ["page", "link", "phone"]}
    return {
        "board": board,
        "token": token,
        "phone": kept(filled, "By phone", "live", **places),
        "paused": kept(filled, "Paused", "paused", **places),
        "closed": kept(filled, "Closed", "closed", **places),
    }


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of nobody yet, where nothing moves."""
    context = browser.new_context(reduced_motion="reduce")
    made = context.new_page()
    made.set_default_timeout(120_000)
    yield made
    context.close()


def found_on(page: Page, address: str) -> list[str]:
    """Look at a page in light and in dark, with all that opens opened."""
    page.goto(address)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    found = []
    schemes: tuple[Any, ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        found += [f"{address}, {scheme}: {one}" for one in violations(page)]
    return found


@pytest.mark.browser
def test_axe_finds_nothing_on_the_pages_of_who_is_signed_in(
    filled: Server, names: dict[str, str], page: Page
) -> None:
    page.goto(filled.link())
    addresses = [filled.address + path.format(**names) for path in HERE]
    assert [fault for one in addresses for fault in found_on(page, one)] == []


@pytest.mark.browser
def test_axe_finds_nothing_on_the_pages_of_anybody(filled: Server, names: dict[str, str], page: Page) -> None:
    addresses = [filled.address + path.format(**names) for path in ANYBODY]
    assert [fault for one in addresses for fault in found_on(page, one)] == []


@pytest.mark.browser
def test_axe_finds_nothing_on_pages_that_are_empty(new_server: Callable[..., Server], page: Page) -> None:
    other = new_server("empty").start()
    page.goto(other.link())
    assert [fault for path in EMPTY for fault in found_on(page, other.address + path)] == []
