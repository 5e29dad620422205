"""The demo's clients send everything, wait where they are asked to, and say clearly what is wrong."""

from __future__ import annotations

import json
import socket
import threading
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from obverse import demo
from obverse.demo import DemoError, load
from tests.simulate.shops import once, small

Answer = tuple[int, dict[str, str], dict[str, Any]]
Answers = Callable[[int], Answer | None]


class Answering(ThreadingHTTPServer):
    """A server that keeps message ids and answers each request as it is told to."""

    daemon_threads = True

    def __init__(self, answer: Answers) -> None:
        self.answer = answer
        self.kept: Counter[str] = Counter()
        self.keys: set[str] = set()
        self.n_requests = 0
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that the tests break."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Answering

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            number = self.server.n_requests
            self.server.n_requests += 1
            self.server.keys.add(b64decode(self.headers["Authorization"].split()[1]).decode())
            told = self.server.answer(number)
            if told and told[0] == 200:
                self.server.kept.update(message["messageId"] for message in body["batch"])
        if told is None:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        status, headers, said = told
        text = json.dumps(said).encode()
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(text))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


Start = Callable[[Answers], Answering]
OK: Answer = (200, {}, {"success": True, "refused": []})


@pytest.fixture
def start() -> Iterator[Start]:
    servers: list[Answering] = []

    def make(answer: Answers) -> Answering:
        servers.append(Answering(answer))
        threading.Thread(target=servers[-1].serve_forever, args=(0.05,), daemon=True).start()
        return servers[-1]

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def send(server: Answering) -> list[tuple[int, int]]:
    seen: list[tuple[int, int]] = []
    load(
        server.address,
        "the-key",
        small(),
        lambda n_sent, n_visible: seen.append((n_sent, n_visible)),
        lambda: len(server.kept),
    )
    return seen


def test_everything_is_sent_under_the_key_and_progress_ends_at_all_of_it(start: Start) -> None:
    server = start(lambda number: OK)
    seen = send(server)
    assert set(server.kept) == set(once())
    assert server.keys == {"the-key:"}
    assert seen[-1] == (sum(server.kept.values()), len(once()))


def test_a_full_server_is_asked_again_after_the_time_that_it_names(start: Start) -> None:
    full: list[Answer] = [
        (503, {"Retry-After": "0"}, {"message": "no room"}),
        (429, {"Retry-After": "0"}, {"message": "too many at once"}),
        OK,
        OK,
    ]
    server = start(lambda number: full[number % 4])
    send(server)
    assert set(server.kept) == set(once())
    assert server.n_requests > sum(1 for _ in small().bodies())


def test_broken_connections_are_made_anew(start: Start) -> None:
    server = start(lambda number: None if number % 11 == 5 else OK)
    send(server)
    assert set(server.kept) == set(once())


def test_a_refused_event_ends_the_load_and_is_named(start: Start) -> None:
    refused: Answer = (
        200,
        {},
        {"success": True, "refused": [{"index": 3, "reason": "bad_time", "detail": "timestamp: no"}]},
    )
    with pytest.raises(DemoError, match="refuses the shop's events: 200 timestamp: no"):
        send(start(lambda number: refused if number == 4 else OK))


def test_a_wrong_key_ends_the_load(start: Start) -> None:
    with pytest.raises(DemoError, match="401 this write key is not known"):
        send(start(lambda number: (401, {}, {"message": "this write key is not known"})))


def test_a_server_that_stays_full_ends_the_load(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PATIENCE_S", 0.0)
    with pytest.raises(DemoError, match="no room for two minutes: 503 disk full"):
        send(start(lambda number: (503, {"Retry-After": "0"}, {"message": "disk full"})))


def test_a_server_that_is_gone_ends_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "TRIES", 2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(DemoError, match="has stopped answering"):
            load(address, "k", small(), lambda n_sent, n_visible: None, lambda: 0)


def test_events_that_never_become_visible_end_the_load(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PATIENCE_S", 0.3)
    server = start(lambda number: OK)
    with pytest.raises(DemoError, match=f"only 7 of {small().n_events} events are visible"):
        load(server.address, "k", small(), lambda n_sent, n_visible: None, lambda: 7)
