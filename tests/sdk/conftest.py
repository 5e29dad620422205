"""What the tests of the browser client share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.sdk.shop import Shop, open_shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

    from tests.conftest import Server


@pytest.fixture
def shop(server: Server) -> Iterator[Shop]:
    """A shop of this test's own."""
    with open_shop(server, f"shop-{uuid4().hex[:8]}") as made:
        yield made


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has never been anywhere; errors in the scripts of its pages fail."""
    problems: list[str] = []
    context = browser.new_context()
    context.set_default_timeout(30_000)
    context.on("weberror", lambda error: problems.append(str(error.error)))
    yield context
    context.close()
    assert problems == []
