"""A small shop that came in by the front door, and a strict eye on every page that is opened."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

if TYPE_CHECKING:
    from tests.conftest import Server

VISIBLE_WITHIN_S = 30
HOSTILE = "<img src=x onerror=alert(1)>\u202e\U0001f600 " + "w" * 470
ARABIC = "اشترى المنتج"

# What happened, small enough to check by eye: 10 looked, 6 added, 5 checked out, 3 bought for 20 € each;
# one of the three on the phone, two on the web. A visitor never said who they were.
LOOKED, ADDED, CHECKED_OUT, BOUGHT = 10, 6, 5, 3


def track(user: str, event: str, minute: int, **fields: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(hours=3) + timedelta(minutes=minute)
    return {"type": "track", "userId": user, "event": event, "timestamp": at.isoformat(), **fields}


def shop() -> list[dict[str, Any]]:
    """Give the events of the shop."""
    events: list[dict[str, Any]] = []
    for i in range(LOOKED):
        user, device = f"user-{i}", {"context": {"device": {"type": "phone" if i % 2 else "desktop"}}}
        events.append(track(user, "Product Viewed", i, properties={"name": "Blue mug"}, **device))
        if i < ADDED:
            events.append(track(user, "Product Added", i + 1, **device))
        if i < CHECKED_OUT:
            events.append(track(user, "Checkout Started", i + 2, **device))
        if i < BOUGHT:
            money = {"properties": {"order_id": f"o{i}", "total": 20, "currency": "EUR"}}
            events.append(track(user, "Order Completed", i + 3, **money, **device))
    email = {
        "type": "identify",
        "userId": "user-0",
        "anonymousId": "device-0",
        "traits": {"email": "ada@x.example"},
    }
    events += [email, {**track("", "Page Viewed", 1), "userId": None, "anonymousId": "visitor-1"}]
    events += [track("user-0", HOSTILE, 50, properties={"</bdi><b>": HOSTILE}), track("user-0", ARABIC, 51)]
    return events


def send(server: Server, events: list[dict[str, Any]]) -> httpx.Response:
    """Send events as a client does."""
    body = json.dumps({"batch": events, "writeKey": server.write_key}, ensure_ascii=True)
    return httpx.post(f"{server.address}/v1/batch", content=body, trust_env=False, timeout=30)


def wait_for(seen: Callable[[], bool]) -> None:
    """Look again and again until something is so; fail when it takes too long."""
    until = time.monotonic() + VISIBLE_WITHIN_S
    while not seen():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """The shared server with the shop in it."""
    n = len(shop())
    assert send(server, shop()).status_code == 200
    junk = {"type": "track", "userId": "undefined", "event": "<b>Junk</b>"}
    send(server, [junk, {**junk, "userId": None}])
    with server.client() as client:
        wait_for(lambda: client.get("/api/health").json()["lake"]["events"] >= n)
    return server


class Eye:
    """Opens pages and notes whatever goes wrong in them."""

    def __init__(self, browser: Browser, state: Any) -> None:
        self._browser = browser
        self._state = state
        self._contexts: list[BrowserContext] = []
        self.problems: list[str] = []

    def open(self, url: str, width: int = 1280, **options: Any) -> Page:
        """Open an address in a browser context of its own, signed in."""
        context = self._browser.new_context(
            storage_state=self._state, viewport={"width": width, "height": 900}, **options
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.set_default_navigation_timeout(120_000)  # the first question of a kind may compile its kernel
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        answer = page.goto(url)
        assert answer is not None
        assert answer.status < 400, answer.text()[:2000]
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, server: Server) -> Any:
    """The cookies of somebody who is signed in to the shared server."""
    context = browser.new_context()
    context.new_page().goto(server.link())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def eye(browser: Browser, signed_in: Any) -> Iterator[Eye]:
    """Opens pages of the shared server; an error in a script or a broken policy fails the test."""
    made = Eye(browser, signed_in)
    yield made
    made.close()
    assert made.problems == []
