"""The pages of the import in a real browser: without scripts, on a phone, and accessible."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.axe import violations
from tests.conftest import Server

ROWS = "when,How satisfied are you with our shop?,Anything else?,code\n" + "".join(
    f"2026-03-0{k % 7 + 1},{k % 6},A rather long sentence with the number {k} in it,x{k}\n" for k in range(40)
)

pytestmark = pytest.mark.browser


def _through(page: Page, server: Server, name: str) -> None:
    page.goto(server.link())
    page.goto(f"{server.address}/surveys/import")
    page.get_by_label("File of answers").set_input_files(
        {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": ROWS.encode()}
    )
    page.get_by_role("button", name="Look at the file").click()


def test_axe_finds_nothing(fresh_page: Page, server: Server) -> None:
    fresh_page.goto(server.link())
    fresh_page.goto(f"{server.address}/surveys/import")
    assert violations(fresh_page) == []
    _through(fresh_page, server, "Axe")
    fresh_page.get_by_text("other column").click()
    assert violations(fresh_page) == []
    fresh_page.get_by_role("button", name="Import 40 answers").click()
    fresh_page.get_by_text("40 answers came in").wait_for()
    assert violations(fresh_page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_works_on_a_phone_without_scripts(browser: Browser, server: Server, scheme: str) -> None:
    context = browser.new_context(
        java_script_enabled=False,
        viewport={"width": 390, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    _through(page, server, f"Phone {scheme}")
    width = page.get_by_role("main").bounding_box()
    assert width is not None
    assert width["width"] <= 390
    for field in page.locator("main :is(input, select, textarea, button):visible").all():
        box = field.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 391 or box["width"] <= 1
    page.get_by_label("What values become").first.fill("0 = missing")
    page.get_by_role("button", name="Check again").click()
    page.get_by_role("button", name="Import 40 answers").click()
    page.get_by_text("40 answers came in").wait_for()
    context.close()
