"""Install: how do events get here? The server's address and the reader's own write keys, ready to copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from litestar import Request, Response, get

from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.page import Page, Panel, panel
from obverse.web.pages.snippet import Snippet


@dataclass(frozen=True)
class Key:
    """A write key in use."""

    name: str
    key: str
    touchpoint: str | None


@dataclass(frozen=True, kw_only=True)
class InstallPage(Page):
    """What to send, where, and with which key."""

    template: ClassVar[str] = "install.html"
    section: ClassVar[str] = "/install"

    address: Annotated[str, "Where clients send events."]
    keys: Annotated[Panel[tuple[Key, ...]], "Write keys in use, oldest first."]
    snippets: Annotated[tuple[Snippet, ...], "A first event in several languages, with the oldest key."]
    commands: Annotated[tuple[Snippet, ...], "What to type on the server's own command line."]


def build(asked: Asked) -> Response[bytes]:
    """Build the page."""
    page = InstallPage(
        title="Send events",
        address=asked.host,
        keys=panel(lambda: _keys(asked)),
        snippets=asked.snippets(),
        commands=(
            Snippet("Another write key", "obverse key create --name shop --touchpoint web"),
            Snippet(
                "CSV, JSON lines or Parquet", "obverse import orders.csv --dry-run\nobverse import orders.csv"
            ),
        ),
    )
    return asked.show(page, flips=False)


def _keys(asked: Asked) -> tuple[Key, ...]:
    in_use = (one for one in asked.settings.write_keys() if one.revoked_at is None)
    return tuple(Key(one.name, one.key, one.touchpoint) for one in in_use)


@get("/install")
async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show how to send events."""
    return await answer(request, build)
