"""The install page: each client with the reader's own key, and what arrives."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from obverse.web.pages.client import CLIENTS
from tests.web.pages.conftest import send, track, wait_for

if TYPE_CHECKING:
    from tests.conftest import Server

SLUGS = [one.slug for one in CLIENTS]


def told(client: httpx.Client, /, **asked: str) -> dict[str, Any]:
    page: dict[str, Any] = client.get("/install", params={"format": "json", **asked}).json()
    return page


@pytest.mark.parametrize("slug", SLUGS)
def test_each_client_is_filled_in_with_address_and_key(
    client: httpx.Client, server: Server, slug: str
) -> None:
    page = told(client, client=slug)
    assert [one["key"] for one in page["clients"] if one["current"]] == [slug]
    copied = "\n".join(one["text"] for one in page["client"]["snippets"])
    assert not re.search("ADDRESS|HOST|WRITE_KEY|SDK_URL", copied + "".join(page["client"]["notes"]))
    if slug != "files":
        assert server.write_key in copied
        assert server.address.partition("://")[2] in copied


def test_another_key_can_be_filled_in(client: httpx.Client, server: Server) -> None:
    with server.settings() as settings:
        key = settings.create_key("till <1>", touchpoint="store")
    page = told(client, key="till <1>")
    assert key in page["client"]["snippets"][0]["text"]
    assert [one["name"] for one in page["keys"]["value"] if one["current"]] == ["till <1>"]
    assert "till &lt;1&gt;" in client.get("/install").text
    assert server.write_key in told(client, key="nobody", client="none")["client"]["snippets"][0]["text"]


def test_without_a_key_the_page_says_how_to_make_one(new_server: Callable[..., Server]) -> None:
    server = new_server()
    with server.settings() as settings:
        settings.revoke_key("default")
    with server.start().client() as client:
        page = client.get("/install").text
    assert "There is no write key yet" in page
    assert "obverse key create" in page


def test_what_arrived_and_what_was_refused_is_told_by_client(client: httpx.Client, server: Server) -> None:
    mine = {"library": {"name": "my-own", "version": "2"}}
    send(
        server, [{**track("ann", "Seen", 0), "context": mine}, {**track("ann", "Bought", 1), "context": mine}]
    )
    send(server, [track("undefined", "Seen", 0)])
    wait_for(lambda: any(one["client"] == "my-own 2" for one in told(client)["arrived"]["value"]))
    wait_for(lambda: bool(told(client)["refused"]["value"]))
    page = told(client)
    (one,) = [one for one in page["arrived"]["value"] if one["client"] == "my-own 2"]
    assert (one["source"], one["n"]) == ("default", 2)
    assert one["ago"]
    assert page["refused"]["value"][0]["reason"] == "junk_id"


@pytest.mark.browser
def test_the_page_tells_of_a_new_client_by_itself(browser_page: Page, server: Server) -> None:
    page = browser_page
    page.goto(f"{server.address}/install?client=http")
    expect(page.get_by_text("renews itself")).to_be_visible()
    send(server, [{**track("bea", "Seen", 0), "context": {"library": {"name": "late-comer"}}}])
    expect(page.locator("[data-client=late-comer]")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("status")).to_contain_text("late-comer")


@pytest.mark.browser
def test_clients_are_chosen_by_keyboard_and_without_scripts(browser: Browser, server: Server) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(server.link())
    page.goto(f"{server.address}/install")
    page.get_by_role("link", name="PostHog in pages").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/install?client=posthog-browser")
    expect(page.get_by_role("heading", name="PostHog in pages")).to_be_visible()
    expect(page.get_by_role("link", name="Look again")).to_be_visible()
    context.close()
