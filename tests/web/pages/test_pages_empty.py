"""Before the first event, every page stands and teaches."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.web.pages.conftest import send, track, wait_for

if TYPE_CHECKING:
    from tests.conftest import Server

PAGES = ("/", "/funnel", "/people", "/health", "/install")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_without_any_event_renders_as_html_and_json(client: httpx.Client, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    assert len(re.findall(r"<h1[ >]", page.text)) == 1
    assert 'class="problem"' not in page.text
    answer = client.get(path, params={"format": "json"})
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()["title"]


@pytest.mark.parametrize("path", ["/", "/funnel", "/people"])
def test_an_empty_page_shows_what_to_send_with_the_readers_own_key(
    client: httpx.Client, server: Server, path: str
) -> None:
    text = client.get(path).text
    assert server.write_key in text
    assert f"{server.address}/v1/track" in text


@pytest.mark.parametrize("query", ["?steps=A > B", "?s1=&s2=&do=ask", "?s1=A&do=add", "?steps=A&side=value"])
def test_a_funnel_of_nothing_is_not_an_error(client: httpx.Client, query: str) -> None:
    assert client.get(f"/funnel{query}", follow_redirects=True).status_code == 200


def test_nobody_can_be_found_and_a_person_who_is_not_there_is_not_found(client: httpx.Client) -> None:
    assert client.get("/people", params={"q": "ada"}).status_code == 200
    for key in ("12345", "0", "u:ada", "9" * 40, "-1"):
        page = client.get(f"/people/{key}", headers={"accept": "text/html"})
        assert page.status_code == 404
        assert "This page is not here" in page.text


def test_pages_are_for_those_who_are_signed_in(server: Server) -> None:
    with server.anyone() as anyone:
        for path in (*PAGES, "/people/1", "/funnel/people"):
            answer = anyone.get(path, headers={"accept": "text/html"})
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login")


@pytest.mark.browser
def test_the_first_event_can_be_copied(browser_page: Page, server: Server) -> None:
    browser_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    browser_page.get_by_role("button", name="Copy").first.click()
    browser_page.get_by_role("button", name="Copied").wait_for()
    copied = str(browser_page.evaluate("navigator.clipboard.readText()"))
    assert copied.startswith(f"curl {server.address}/v1/track -u {server.write_key}:")


@pytest.mark.browser
def test_the_first_event_of_all_is_seen_to_arrive(
    fresh_page: Page, new_server: Callable[..., Server]
) -> None:
    server = new_server().start()
    fresh_page.goto(server.link())
    fresh_page.goto(server.address)
    fresh_page.get_by_text("Live: each event as it arrives.").wait_for()
    assert send(
        server, [track("ada", "Order Completed", 0, properties={"total": 9, "currency": "EUR"})]
    ).is_success
    fresh_page.get_by_text("Order Completed", exact=True).wait_for()
    with server.client() as client:
        wait_for(lambda: client.get("/api/health").json()["lake"]["events"] == 1)
    fresh_page.get_by_role("link", name="It has arrived").click()
    expect(fresh_page.locator(".answer")).to_contain_text("1 person came")
    expect(fresh_page.locator(".answer")).to_contain_text("worth €\u202f9")
