"""What a page was asked for: its address, the reader's view, and the server's parts it may use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from litestar import Request, Response

from obverse.web.pages.address import Address
from obverse.web.pages.frame import Frame, View, frame
from obverse.web.pages.page import Page
from obverse.web.pages.render import render
from obverse.web.pages.snippet import CURL, Snippet, words

if TYPE_CHECKING:
    from obverse.collect.inbox import Inbox
    from obverse.engine.local import Lake
    from obverse.settings.store import Settings
    from obverse.settings.values import ServerSettings


@dataclass(frozen=True)
class Asked:
    """One request for a page.

    Attributes:
        address: what was asked for, without ``format``.
        view: side, period and zone.
        now: the present, UTC.
        as_json: the page object is wanted rather than its HTML.
        csrf: token for the forms of this reader.
        state: the server's parts.
        host: address of this server as the reader reached it.
    """

    address: Address
    view: View
    now: datetime
    as_json: bool
    csrf: str | None
    state: Any
    host: str

    @classmethod
    def of(cls, request: Request[Any, Any, Any]) -> Asked:
        """Read a request."""
        pairs = tuple((key, str(value)) for key, value in request.query_params.multi_items())
        address = Address(request.url.path, tuple(pair for pair in pairs if pair[0] != "format"))
        state = request.app.state
        return cls(
            address=address,
            view=View.of(address, state["values"].time_zone),
            now=datetime.now(UTC),
            as_json=("format", "json") in pairs,
            csrf=request.state.csrf,
            state=state,
            host=state["values"].public_url or f"{request.url.scheme}://{request.headers.get('host', '')}",
        )

    @property
    def lake(self) -> Lake:
        """Where questions are asked."""
        lake: Lake = self.state.lake
        return lake

    @property
    def inbox(self) -> Inbox:
        """Where events wait, and the ledger of what was refused."""
        inbox: Inbox = self.state.inbox
        return inbox

    @property
    def settings(self) -> Settings:
        """Write keys and values."""
        settings: Settings = self.state.settings
        return settings

    @property
    def values(self) -> ServerSettings:
        """The operator's values: currency, conversion event and others."""
        values: ServerSettings = self.state["values"]
        return values

    def snippets(self, found: Snippet = CURL) -> tuple[Snippet, ...]:
        """Say how to send events here, with the first write key in use; empty where there is none."""
        key = next((one.key for one in self.settings.write_keys() if one.revoked_at is None), None)
        return (found.filled(self.words(key)),) if key else ()

    def words(self, key: str) -> dict[str, str]:
        """Give what stands for words in snippets, with a write key."""
        return words(self.host, self.values.sdk_path, key)

    def frame(self, page: type[Page], **kinds: Any) -> Frame:
        """Build the frame of a page of this kind."""
        return frame(self.address, self.view, self.now, section=page.section, csrf=self.csrf, **kinds)

    def show(self, page: Page, status: int = 200, **kinds: Any) -> Response[bytes]:
        """Answer with a page."""
        made = self.frame(type(page), **kinds)
        return render(page, made, as_json=self.as_json, status=status)


Build = Callable[[Asked], Response[bytes]]


async def answer(request: Request[Any, Any, Any], build: Build) -> Response[bytes]:
    """Build a page's answer at the desk, where questions wait their turn, off the event loop."""
    response: Response[bytes] = await request.app.state.desk.run(build, Asked.of(request))
    return response
