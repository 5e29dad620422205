"""Ingest: how fast events are taken in, each durable before its answer, and how soon a funnel shows them."""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from obverse.folder import Folder
from obverse.settings.store import Settings

N_CONNECTIONS = 64
RUNS = 3


@contextmanager
def server(mode: str) -> Iterator[tuple[int, str, str]]:
    """Run a server on a new folder; give its port, a write key and an API token."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Folder.open(Path(scratch) / "data", create=True)
        with Settings.open(folder.settings) as settings:
            key, token = settings.create_key("bench"), settings.access.create_token("bench")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "bench.serving", str(folder.root), mode, str(port)]
        with (Path(scratch) / "log").open("w") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
            assert process.stdout is not None
            assert process.stdout.readline(), "the server did not start"
            try:
                yield port, key, token
            finally:
                process.terminate()
                process.wait(timeout=120)


def bodies(key: str, run: str, n_requests: int, n_events: int) -> list[bytes]:
    """Make whole requests of `n_events` events each, no message id twice."""
    event = {
        "type": "track",
        "event": "Product Added",
        "userId": "user-USER",
        "anonymousId": "0b7b1d3e-anonymous-USER",
        "messageId": "RUN-MESSAGE",
        "timestamp": "2026-11-20T10:11:12.345Z",
        "properties": {
            "product_id": "p-17",
            "name": "A chair",
            "price": 49.9,
            "quantity": 2,
            "currency": "EUR",
        },
        "context": {
            "library": {"name": "analytics.js", "version": "2.11.1"},
            "page": {"path": "/chairs/17", "url": "https://shop.example/chairs/17", "title": "A chair"},
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
            "locale": "de-DE",
        },
    }
    pattern = json.dumps(event).replace("RUN", run)
    found = []
    for request in range(n_requests):
        ids = range(request * n_events, (request + 1) * n_events)
        batch = ",".join(pattern.replace("MESSAGE", str(i)).replace("USER", str(i % 10_007)) for i in ids)
        body = f'{{"writeKey":"{key}","batch":[{batch}]}}'.encode()
        head = "POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        found.append(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return found


def send(port: int, requests: list[bytes]) -> float:
    """Send all requests over some connections, each answered before its next; give the seconds."""
    waiting = iter(requests)
    chooser = selectors.DefaultSelector()
    begin = time.perf_counter()
    for first in [next(waiting) for _ in range(min(N_CONNECTIONS, len(requests)))]:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(first)
        chooser.register(connection, selectors.EVENT_READ)
    while chooser.get_map():
        for ready, _ in chooser.select(30):
            connection = ready.fileobj  # type: ignore[assignment]
            answer = connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200"), answer[:300]
            following = next(waiting, None)
            if following is None:
                chooser.unregister(connection)
                connection.close()
            else:
                connection.sendall(following)
    return time.perf_counter() - begin


def throughput(mode: str, n_requests: int, n_events: int) -> float:
    """Give the median seconds that a server in one mode takes for `n_requests` of `n_events` each."""
    with server(mode) as (port, key, _):
        send(port, bodies(key, "warm", max(20, n_requests // 20), n_events))
        timed = []
        for run in range(RUNS):
            requests = bodies(key, f"run{run}", n_requests, n_events)
            timed.append(send(port, requests))
    return median(timed)


def visible(n_probes: int = 100) -> list[float]:
    """Give the seconds from each acknowledged event to a funnel that counts it, under a load beside it."""
    question = json.dumps({"type": "funnel", "steps": [{"events": ["Probe"]}]}).encode()
    with server("store") as (port, key, token):
        ask = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/ask",
            question,
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        beside = bodies(key, "beside", n_probes, 500)
        found = []
        for number in range(n_probes):
            send(port, [beside[number]])
            send(port, _probe(key, number))
            begin = time.perf_counter()
            while True:
                with urllib.request.urlopen(ask, timeout=30) as answer:
                    people = json.load(answer)["steps"][0]["people"]
                if people > number:
                    break
                time.sleep(0.01)
            found.append(time.perf_counter() - begin)
    return sorted(found)


def _probe(key: str, number: int) -> list[bytes]:
    event = {"type": "track", "event": "Probe", "userId": f"probe-{number}", "messageId": f"probe-{number}"}
    body = json.dumps({"writeKey": key, "batch": [event]}).encode()
    head = f"POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
    return [head.encode() + body]
