"""The server is killed at random moments under load; nothing that it acknowledged is lost or doubled."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing

import pytest

import obverse
from tests.conftest import Server


class Client(threading.Thread):
    """Sends batches one after the other, each until it is acknowledged, as Segment's libraries do."""

    def __init__(self, port: int, key: str, name: str) -> None:
        super().__init__(daemon=True)
        self.port, self.name_, self.done = port, name, threading.Event()
        self.auth = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
        self.acknowledged: list[str] = []
        self.sent: list[str] = []
        self.retries = 0

    def run(self) -> None:
        number = 0
        while not self.done.is_set():
            ids = [f"{self.name_}-{number}-{index}" for index in range(20)]
            number += 1
            self.sent += ids
            body = gzip.compress(json.dumps({"batch": [self._event(one) for one in ids]}).encode(), 1)
            while not self._post(body):
                self.retries += 1
                if self.done.wait(0.05):
                    return
            self.acknowledged += ids

    @staticmethod
    def _event(message_id: str) -> dict[str, object]:
        return {
            "type": "track",
            "event": "Product Viewed",
            "userId": message_id.split("-")[0],
            "messageId": message_id,
            "properties": {"price": 3},
        }

    def _post(self, body: bytes) -> bool:
        headers = {"Authorization": self.auth, "Content-Encoding": "gzip", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with closing(connection):
            try:
                connection.request("POST", "/v1/batch", body, headers)
                with connection.getresponse() as reply:
                    status = reply.status
            except (OSError, http.client.HTTPException):
                return False
        assert status in (200, 429, 503), status
        return status == 200


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=[pytest.mark.proof, pytest.mark.timeout(900)])])
def test_each_acknowledged_message_is_in_the_lake_exactly_once(
    new_server: Callable[..., Server], kills: int
) -> None:
    server = new_server().start()
    port = server.port
    clients = [Client(port, server.write_key, f"client{index}") for index in range(3)]
    moments = random.Random(kills)
    for client in clients:
        client.start()
    try:
        for _ in range(kills):
            time.sleep(moments.uniform(0.1, 2.0))  # the random moment itself
            server.stop(signal.SIGKILL)
            server.start(port)
    finally:
        for client in clients:
            client.done.set()
        for client in clients:
            client.join(timeout=30)
        server.stop()
    with obverse.open(server.data) as lake:
        found = Counter(lake.sql("SELECT message_id FROM events").column(0).to_pylist())
    acknowledged = {one for client in clients for one in client.acknowledged}
    assert len(acknowledged) > 100
    assert {one for one in acknowledged if found[one] != 1} == set()
    assert {one for one, times in found.items() if times != 1} == set()
    assert set(found) <= {one for client in clients for one in client.sent}
