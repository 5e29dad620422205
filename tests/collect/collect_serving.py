"""What the tests of collect share: a real server of the ingest routes, in a process of its own."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from obverse.collect.inbox import Inbox
from obverse.event import Event

SERVER = Path(__file__).with_name("collect_server.py")


class Serving:
    """A server that runs, and a client for it."""

    def __init__(self, inbox: Path, limits: dict[str, Any], inbox_bytes: int) -> None:
        self.inbox = inbox
        self.process = subprocess.Popen(
            [sys.executable, str(SERVER), str(inbox), json.dumps(limits), str(inbox_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"
        self._wait()

    def _wait(self) -> None:
        for _ in range(100_000):
            try:
                if self.send("GET", "/v1/track")[0] == 405:
                    return
            except ConnectionRefusedError:
                assert self.process.poll() is None, "the server ended"
        raise AssertionError("the server does not listen")

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """Send a request on a connection of its own; give status, headers (lower case) and decoded body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            data = body if isinstance(body, bytes | type(None)) else json.dumps(body).encode()
            connection.request(method, path, data, headers or {})
            reply = connection.getresponse()
            text = reply.read()
            found = {name.lower(): value for name, value in reply.getheaders()}
            return reply.status, found, json.loads(text) if text else None
        finally:
            connection.close()

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, dict[str, str], Any]:
        """Send a POST; header names are given with underscores."""
        return self.send(
            "POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()}
        )

    def raw(self, sent: bytes, half_close: bool = False) -> bytes:
        """Send bytes as they are; give all that comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(sent)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
            return b"".join(parts)

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        self.process.kill()
        self.process.wait(10)
        self._close()

    def stop(self) -> None:
        """End the process in order."""
        if self.process.poll() is None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            assert self.process.wait(20) == 0
        self._close()

    def _close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def events(self) -> list[Event]:
        """Stop the server and give what its inbox holds."""
        self.stop()
        inbox = Inbox.open(self.inbox, create=False)
        try:
            return events_of(inbox)
        finally:
            inbox.close()


def events_of(inbox: Inbox) -> list[Event]:
    """Give all events of an inbox, decoded strictly, in order."""
    rows = inbox.read(0, 1 << 40)
    found = [msgspec.json.decode(line, type=Event) for row in rows for line in row.body.splitlines()]
    assert len(found) == sum(row.n_events for row in rows)
    return found


@contextmanager
def servers(folder: Path) -> Iterator[Callable[..., Serving]]:
    """Give what starts servers over ``inbox.db`` in a folder; they end with the block."""
    started: list[Serving] = []

    def start(inbox_bytes: int = 1 << 30, **limits: Any) -> Serving:
        started.append(Serving(folder / "inbox.db", limits, inbox_bytes))
        return started[-1]

    yield start
    for one in started:
        one.stop()
