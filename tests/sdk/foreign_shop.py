"""A shop on a server of its own, whose pages have somebody else's client in them, as npm brings it."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tests.conftest import Server

MODULES = Path(__file__).parents[2] / "sdk" / "node_modules"
SEEN_WITHIN_S = 60

PAGE = """<!doctype html><html lang="en"><title>Shop {path}</title>
<link rel="icon" href="data:,">
<script>{shim}</script><script src="/client.js"></script>
<nav id="top"><a href="/">Home</a> <a href="/cart">Cart</a></nav>
<main data-testid="shop"><p><button>Look</button></p><p><button>Add</button></p>
<form name="order" onsubmit="event.preventDefault()">
  <input name="street" aria-label="Street"><button id="buy">Buy</button></form></main>
<script>{start}</script></html>"""


@contextmanager
def shop(client: Path | None, start: str, shim: str = "") -> Iterator[str]:
    """Serve the shop; give its address.

    Args:
        client: the client's file, served as it is; None where the page gets it elsewhere.
        start: script that starts it on every page.
        shim: script that runs before the client's file.
    """
    script = client.read_bytes() if client else b""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            is_script = path == "/client.js"
            page = PAGE.format(path=path, start=start, shim=shim).encode()
            self.send_response(200)
            self.send_header("content-type", "text/javascript" if is_script else "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(script if is_script else page)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def history(server: Server, who: str) -> list[dict[str, Any]]:
    """Give all events of the person with an id, oldest first; empty while there is nobody."""
    with server.client() as client:
        found = client.get("/api/people", params={"find": who}).json()["people"]
        exact = [one["key"] for one in found if who == one["user_id"] or who in one["anonymous_ids"]]
        if not exact:
            return []
        events = client.get(f"/api/people/{exact[0]}/timeline", params={"limit": 1000}).json()["events"]
    return sorted(events, key=lambda event: (event["time"], event["seq"]))


def counted(events: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Count events by name."""
    return dict(Counter(event["event"] for event in events))


def events_come_to(
    server: Server, who: str, expected: Iterable[str] | Mapping[str, int]
) -> list[dict[str, Any]]:
    """Wait until a person has just these events, given by their names or how many of each; give them."""
    wanted = Counter(expected)
    wait_for(
        lambda: counted(history(server, who)) == wanted,
        lambda: f"{counted(history(server, who))} is not {wanted}",
    )
    return history(server, who)


def wait_for(seen: Callable[[], bool], told: Callable[[], object] = lambda: "") -> None:
    """Look again and again until something is so; fail, with what is told then, when it takes too long."""
    until = time.monotonic() + SEEN_WITHIN_S
    while not seen():
        assert time.monotonic() < until, told()
        time.sleep(0.1)


def js(value: object) -> str:
    """Write a value as JavaScript."""
    return json.dumps(value)
