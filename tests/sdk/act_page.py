"""A page with the module that records acts; in place of the client, what writes down what it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

SDK = Path(__file__).parents[2] / "sdk"
STRICT = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; form-action 'self'"

_RECORDER = """
import { start } from "/obverse/act.js";
window.told = [];
const handlers = { page: [], consent: [] };
let consent = new URLSearchParams(location.search).get("consent") ?? "granted";
let path = location.pathname;
const client = {
  track: (event, properties) => void told.push({ event, properties, path }),
  consent: () => consent,
  on: (what, handler) => void handlers[what].push(handler),
};
window.turn = (next) => {
  history.pushState(null, "", next);
  handlers.page.forEach((one) => one()); // as the client does, before it turns itself
  path = next;
};
window.allow = (state) => { consent = state; handlers.consent.forEach((one) => one(state)); };
const options = JSON.parse(new URLSearchParams(location.search).get("options") ?? "{}");
window.stop = start(client, { draw: 0, ...options });
window.ready = true;
"""


class Site:
    """Serves pages that tests make, the modules of `sdk/`, and whatever else with nothing in it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, tuple[str, bytes]] = {"/recorder.js": ("text/javascript", _RECORDER.encode())}
        for path in SDK.glob("*.js"):
            self.files[f"/obverse/{path.name}"] = ("text/javascript", path.read_bytes())

    def put(self, path: str, text: str, kind: str = "text/html") -> None:
        """Serve a file; HTML gets the recorder."""
        head = '<!doctype html><meta charset="utf-8"><script type="module" src="/recorder.js"></script>'
        self.files[path] = (kind, ((head if kind == "text/html" else "") + text).encode())

    def open(self, page: Page, body: str, query: str = "", before: str = "") -> Acts:
        """Open a page with this body, its clock in the test's hand; `before` is a script that runs first."""
        if before:
            self.put("/before.js", before, "text/javascript")
            body = f'<script src="/before.js"></script>{body}'
        self.put("/shop", body)
        page.clock.install()
        page.goto(f"{self.address}/shop{query}")
        acts = Acts(page)
        while not page.evaluate("window.ready"):
            time.sleep(0.01)  # the test's own limit ends this
        return acts


class Acts:
    """What a page was told."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def all(self) -> list[dict[str, Any]]:
        """All of it, in order."""
        found: list[dict[str, Any]] = self.page.evaluate("told")
        return found

    @property
    def names(self) -> list[str]:
        """The names of events."""
        return [one["event"] for one in self.all]

    def of(self, event: str) -> list[dict[str, Any]]:
        """The properties of all events of a name."""
        return [one["properties"] for one in self.all if one["event"] == event]

    def wait(self, n: int, event: str = "") -> None:
        """Wait until the page was told so many events, or so many of a name."""
        until = time.monotonic() + 15
        while len(self.of(event) if event else self.all) < n:
            assert time.monotonic() < until, self.names
            time.sleep(0.02)

    def after(self, ms: int) -> Acts:
        """Let time pass on the page."""
        self.page.clock.run_for(ms)
        return self


@contextmanager
def site() -> Iterator[Site]:
    """Serve until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = made.files.get(urlsplit(self.path).path, ("text/html", b"<!doctype html>"))
            self.send_response(200)
            self.send_header("content-type", f"{kind}; charset=utf-8")
            self.send_header("content-security-policy", STRICT)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that the server calls

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Site(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield made
        server.shutdown()
        thread.join()
