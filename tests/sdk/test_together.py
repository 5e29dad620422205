"""The client and its module of acts, in one page: from a press of a button to the overlay of that page."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import BrowserContext

from tests.sdk.shop import Shop

pytestmark = pytest.mark.browser

_BODY = """<main><button id="buy" type="button" onclick="this.dataset.done = 1">Buy</button>
<form id="newsletter" onsubmit="event.preventDefault(); this.dataset.sent = 1">
<label>Mail <input name="mail"></label><button>Subscribe</button></form></main>"""


def test_what_is_pressed_and_filled_in_is_seen_over_the_page(
    shop: Shop, visitor: BrowserContext, client: httpx.Client
) -> None:
    shop.options = {"heartbeat": 0, "act": {"draw": 1}}
    shop.bodies["/mug"] = _BODY
    page = visitor.new_page()
    with page.expect_response(lambda answer: answer.url.endswith("/obverse/act.js")):
        page.goto(f"{shop.address}/mug")
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Buy").click()
    page.get_by_label("Mail").fill("ann@example.com")
    page.get_by_role("button", name="Subscribe").click()
    page.wait_for_timeout(1_500)  # so long the page is looked at
    page.get_by_role("link", name="Cart").click()

    wanted = {
        "Page Drawn",
        "Element Clicked",
        "Form Started",
        "Field Filled",
        "Form Submitted",
        "Element Viewed",
    }
    found = shop.wait(lambda rows: wanted <= {row["event"] for row in rows})
    assert len({(row["anonymous_id"], row["session_id"]) for row in found}) == 1
    assert len({row["message_id"] for row in found}) == len(found)
    assert "ann@example.com" not in str(found)
    pressed = [row for row in found if row["event"] == "Element Clicked"]
    (clicked,) = (row for row in pressed if "buy" in row["properties"]["element"])
    assert clicked["path"] == "/mug"
    assert [row["properties"]["field"] for row in found if row["event"] == "Field Filled"] == ["mail"]

    told = client.get(
        "/overlay",
        params={"path": "/mug", "format": "json", "where": f"source = '{shop.source}'"},
        timeout=300,
    )
    assert told.status_code == 200, told.text
    assert clicked["properties"]["element"] in told.text
