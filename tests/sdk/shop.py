"""A small shop with the browser client in its pages, on an origin of its own, and what arrived of a visit."""

from __future__ import annotations

import html
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import obverse

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request

    from tests.conftest import Server

WITHIN_S = 60
Event = dict[str, Any]
Sent = list[tuple[str, list[Event]]]

TAG = '<script type="module" src="{module}?key={key}" data-options="{options}"></script>'
KEY_IN_TAG = '<script type="module" src="{module}" data-key="{key}" data-options="{options}"></script>'

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>{head}{script}</head>
<body><h1>{title}</h1><nav><a href="/">Home</a> <a href="/mug">Mug</a> <a href="/cart">Cart</a></nav>{body}
</body></html>"""


class Shop:
    """The shop's pages, and what arrived of what was done in them.

    Attributes:
        server: where the events go.
        lake: where they end up.
        address: of the shop.
        host: where its pages load the client and send events.
        write_key: its own, so that tests do not see the events of others.
        options: of the client, for all pages.
        tag: how pages load the client: with places for its module, the write key and the options.
        head: what all pages have in front of the client.
        policy: the Content-Security-Policy of all pages; empty for none.
    """

    def __init__(self, server: Server, lake: obverse.Lake, source: str) -> None:
        self.server = server
        self.lake = lake
        self.source = source
        with server.settings() as settings:
            self.write_key = settings.create_key(source)
        self.address = ""
        self.host = server.address
        self.options: dict[str, Any] = {"act": False, "heartbeat": 0}
        self.tag = TAG
        self.head = ""
        self.policy = ""
        self.bodies = {"/": "", "/mug": "", "/cart": ""}

    @property
    def script(self) -> str:
        """The client's tag."""
        options = html.escape(json.dumps(self.options))
        return self.tag.format(module=f"{self.host}/obverse/obverse.js", key=self.write_key, options=options)

    def page(self, path: str) -> str:
        """Give a page's HTML."""
        title = path.strip("/").capitalize() or "Home"
        return _PAGE.format(title=title, head=self.head, script=self.script, body=self.bodies[path])

    def events(self) -> list[Event]:
        """Give what is in the lake of this shop, in order."""
        table = self.lake.sql(
            "SELECT event, message_id, anonymous_id, user_id, account_id, session_id, touchpoint, time,"
            f" properties, context FROM events WHERE source = '{self.source}' ORDER BY time, seq"
        )
        rows: list[Event] = table.to_pylist()
        for row in rows:
            row["properties"], row["context"] = json.loads(row["properties"]), json.loads(row["context"])
            row["path"] = row["context"]["page"]["path"]
        return rows

    def wait(self, arrived: Callable[[list[Event]], bool]) -> list[Event]:
        """Look until something has arrived; give all that has."""
        found: list[Event] = []

        def has_arrived() -> bool:
            found[:] = self.events()
            return arrived(found)

        self.until(has_arrived, lambda: [(row["event"], row["path"]) for row in found])
        return found

    @staticmethod
    def until(seen: Callable[[], bool], told: Callable[[], object] = str) -> None:
        """Look until something is so; fail, with what is told then, when it takes too long."""
        until = time.monotonic() + WITHIN_S
        while not seen():
            assert time.monotonic() < until, told()
            time.sleep(0.2)

    def wait_for(self, *names: str) -> list[Event]:
        """Wait until events of all these names have arrived."""
        return self.wait(lambda found: set(names) <= {row["event"] for row in found})

    def wait_for_so_many(self, name: str, n: int) -> list[Event]:
        """Wait until at least so many events of a name have arrived."""
        return self.wait(lambda found: sum(row["event"] == name for row in found) >= n)


def make_handler(shop: Shop) -> type[BaseHTTPRequestHandler]:
    """Make what answers for a shop."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            known = path in shop.bodies
            body = shop.page(path).encode() if known else b"not here"
            self.send_response(200 if known else 404)
            self.send_header("content-type", "text/html; charset=utf-8" if known else "text/plain")
            self.send_header("content-length", str(len(body)))
            if shop.policy:
                self.send_header("content-security-policy", shop.policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def open_shop(server: Server, source: str) -> Iterator[Shop]:
    """Serve a shop while the block runs."""
    with (
        obverse.open(server.data) as lake,
        ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as site,
    ):
        shop = Shop(server, lake, source)
        site.RequestHandlerClass = make_handler(shop)
        site.daemon_threads = True
        shop.address = f"http://127.0.0.1:{site.server_address[1]}"
        serving = threading.Thread(target=site.serve_forever, args=(0.05,))
        serving.start()
        yield shop
        site.shutdown()
        serving.join()


def call(page: Page, name: str, *given: Any) -> Any:
    """Call a method of the client, once it is loaded, as the page's own scripts do."""
    page.wait_for_function("() => window.obverse?.track")
    return page.evaluate("([name, given]) => window.obverse[name](...given)", [name, given])


def sent(context: BrowserContext, when: Literal["request", "requestfinished"] = "request") -> Sent:
    """Note from now on what goes over the wire, or arrives: the kind of each request, and its events."""
    noted: Sent = []

    def note(request: Request) -> None:
        if request.url.endswith("/v1/b") and request.method == "POST":
            noted.append((request.resource_type, json.loads(request.post_data or "{}")["batch"]))

    context.on(when, note)
    return noted


KEPT = """async () => ({
    cookies: document.cookie, local: Object.keys(localStorage), session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).length, caches: window.caches ? (await caches.keys()).length : 0,
})"""
"""What a page's browser keeps of the client, to be evaluated in a page."""

NOTHING = {"cookies": "", "local": [], "session": [], "databases": 0, "caches": 0}
