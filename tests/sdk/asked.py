"""Surveys that a shop asks: made live for one test, and seen through a visitor's browser."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from obverse.surveys.survey import Survey

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page, Request

    from tests.sdk.shop import Shop

Moment = dict[str, Any]
NPS = {"type": "nps", "id": "recommend", "text": "How likely are you to recommend us?"}
WHY = {"type": "long_text", "id": "why", "text": "What is the reason?"}
SEEN_WITHIN_S = 30
OPENED = [{"on": "page", "id": "opened"}]


class Asked:
    """The surveys of one test.

    Attributes:
        shop: where they are asked.
        offers: what browsers told of moments that came, in order.
    """

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.offers: list[dict[str, Any]] = []
        self._made: list[str] = []

    def make(self, moments: list[Moment], *questions: dict[str, Any], **fields: Any) -> str:
        """Make a survey live; give its id once the server tells browsers of it."""
        name = f"{self.shop.source} {len(self._made)}"
        told: dict[str, Any] = {"name": name, "questions": list(questions) or [NPS, WHY], "moments": moments}
        told = {"repeat": {"how": "always", "after_days": 0, "rests": False}, **told, **fields}
        survey = Survey.from_json(json.dumps(told))
        with self.shop.server.settings() as settings:
            key = settings.surveys.create(name, survey.to_json()).id
            settings.surveys.set_state(key, "live")
        self._made.append(key)
        self.wait_until_live()
        return key

    def close(self) -> None:
        """Close all of them."""
        with self.shop.server.settings() as settings:
            for key in self._made:
                settings.surveys.set_state(key, "closed")
        self._made.clear()

    def wait_until_live(self) -> None:
        """Look until browsers are told of these surveys and no others."""
        until = time.monotonic() + SEEN_WITHIN_S
        address = f"{self.shop.server.address}/obverse/surveys/live.json"
        while True:
            told = httpx.get(address, params={"key": self.shop.write_key}, trust_env=False).json()
            if {one["id"] for one in told.get("surveys", [{"id": "a new key"}])} == set(self._made):
                return
            assert time.monotonic() < until, told
            time.sleep(0.1)

    def watch(self, context: BrowserContext) -> None:
        """Note from now on what browsers tell of moments."""

        def note(request: Request) -> None:
            if request.url.endswith("/surveys/offer"):
                self.offers.append(json.loads(request.post_data or "{}"))

        context.on("request", note)

    @property
    def moments(self) -> list[str]:
        """The ids of the moments that were told, in order."""
        return [moment["moment"] for one in self.offers for moment in one["moments"]]

    @property
    def seen(self) -> list[str]:
        """Those of them that the browser saw come, with their event."""
        told = [moment for one in self.offers for moment in one["moments"]]
        return [moment["moment"] for moment in told if "event" in moment]


@contextmanager
def surveys_of(shop: Shop) -> Iterator[Asked]:
    """Ask surveys while the block runs."""
    asked = Asked(shop)
    asked.wait_until_live()
    try:
        yield asked
    finally:
        asked.close()


def card(page: Page) -> Locator:
    """Find the card with the survey."""
    return page.locator("obverse-survey").get_by_role("dialog")


def visit(context: BrowserContext, shop: Shop, path: str = "/", *, clock: bool = False) -> Page:
    """Open a page and wait until it watches for moments; with `clock`, its time is in the test's hand."""
    page = context.new_page()
    if clock:
        page.clock.install()
    return go(page, shop, path)


def go(page: Page, shop: Shop, path: str) -> Page:
    """Open a page in a tab, and wait until it watches for moments."""
    with page.expect_response("**/surveys-watch.js"):
        page.goto(shop.address + path, wait_until="load")
    settle(page)
    return page


def settle(page: Page) -> None:
    """Wait until the module runs: what is imported again is there only after it was run first."""
    page.evaluate("""async () => {
        const [script] = document.querySelectorAll("script[data-options]");
        await import(new URL("surveys-watch.js", script.src));
    }""")
