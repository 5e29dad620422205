"""A proxy in front of the server, as a shop may have one: it notes what passes, and can be cut off."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import Server

_PASSED = ("content-type", "retry-after", "access-control-allow-origin", "access-control-expose-headers")


@dataclass(frozen=True)
class Request:
    """What a browser asked: `mode` is its ``Sec-Fetch-Mode``, which is ``no-cors`` for beacons."""

    path: str
    mode: str
    body: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events that it brought."""
        found: list[dict[str, Any]] = json.loads(self.body)["batch"] if self.path.endswith("/v1/b") else []
        return found


class Gateway:
    """Passes requests on.

    Attributes:
        address: of the gateway.
        cut: while set, requests for events get no answer and do not arrive.
        requests: all that came, also while cut.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.cut = False
        self.requests: list[Request] = []


@contextmanager
def open_gateway(server: Server) -> Iterator[Gateway]:
    """Pass requests on while the block runs."""
    with server.anyone() as client:

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                made.requests.append(
                    Request(self.path, self.headers.get("sec-fetch-mode", ""), body.decode())
                )
                if made.cut and self.command == "POST":
                    return  # which closes the connection
                kind = self.headers.get("content-type", "text/plain")
                reply = client.request(self.command, self.path, content=body, headers={"content-type": kind})
                self.send_response(reply.status_code)
                for name in _PASSED:
                    if name in reply.headers:
                        self.send_header(name, reply.headers[name])
                self.send_header("content-length", str(len(reply.content)))
                self.end_headers()
                self.wfile.write(reply.content)

            do_POST = do_GET  # noqa: N815 - the name that the server calls

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as site:
            site.daemon_threads = True
            made = Gateway(f"http://127.0.0.1:{site.server_address[1]}")
            serving = threading.Thread(target=site.serve_forever, args=(0.05,))
            serving.start()
            yield made
            site.shutdown()
            serving.join()
