"""Install: how do events get here? Each client with the reader's own key, and whether anything arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from litestar import Request, Response, get

from obverse.web.pages.arriving import MINUTES, Arrived, TurnedAway, arrived, turned_away
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.client import CLIENTS, Client
from obverse.web.pages.frame import Link
from obverse.web.pages.page import Page, Panel, panel
from obverse.web.pages.snippet import Snippet

MAKE_A_KEY = Snippet("A write key", "obverse key create --name shop --touchpoint web")


@dataclass(frozen=True)
class Key:
    """A write key in use.

    Attributes:
        name: of its source.
        key: to copy.
        touchpoint: where its events happen, if that is set.
        href: this page with the key filled in.
        current: it is filled in.
    """

    name: str
    key: str
    touchpoint: str | None
    href: str
    current: bool


@dataclass(frozen=True, kw_only=True)
class InstallPage(Page):
    """What to send, where, and with which key; and what arrives."""

    template: ClassVar[str] = "install.html"
    section: ClassVar[str] = "/install"

    address: Annotated[str, "Where clients send events."]
    clients: Annotated[tuple[Link, ...], "All clients, the chosen one marked."]
    client: Annotated[Client, "The chosen client; what to copy has the key filled in, if there is one."]
    keys: Annotated[Panel[tuple[Key, ...]], "Write keys in use, oldest first."]
    make_a_key: Annotated[Snippet, "How to make another write key."]
    minutes: Annotated[int, "How far back `arrived` and `refused` look."]
    arrived: Annotated[Panel[tuple[Arrived, ...]], "What arrived, client by client, the newest first."]
    refused: Annotated[Panel[tuple[TurnedAway, ...]], "What was refused, the newest first."]


def build(asked: Asked) -> Response[bytes]:
    """Build the page."""
    keys = panel(lambda: _keys(asked))
    key = next((one.key for one in keys.value or () if one.current), "WRITE_KEY")
    chosen = asked.address.get("client")
    client = next((one for one in CLIENTS if one.slug == chosen), CLIENTS[0])
    page = InstallPage(
        title="Send events",
        address=asked.host,
        clients=tuple(
            Link(one.slug, one.name, str(asked.address.put(client=one.slug)), one is client)
            for one in CLIENTS
        ),
        client=_filled(client, asked.words(key)),
        keys=keys,
        make_a_key=MAKE_A_KEY,
        minutes=MINUTES,
        arrived=panel(lambda: arrived(asked.lake.table, asked.now, asked.view.zone)),
        refused=panel(lambda: turned_away(asked.inbox.ledger.examples(), asked.now, asked.view.zone)),
    )
    return asked.show(page, flips=False, scripts=("install",))


def _filled(client: Client, words: dict[str, str]) -> Client:
    def fill(text: str) -> str:
        return Snippet("", text).filled(words).text

    return Client(
        client.slug,
        client.name,
        client.said,
        tuple(one.filled(words) for one in client.snippets),
        tuple(fill(note) for note in client.notes),
    )


def _keys(asked: Asked) -> tuple[Key, ...]:
    in_use = [one for one in asked.settings.write_keys() if one.revoked_at is None]
    wanted = asked.address.get("key")
    current = next((one for one in in_use if one.name == wanted), in_use[0] if in_use else None)
    return tuple(
        Key(one.name, one.key, one.touchpoint, str(asked.address.put(key=one.name)), one is current)
        for one in in_use
    )


@get("/install")
async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show how to send events."""
    return await answer(request, build)
