"""Kill the server at random moments under load: whatever it acknowledged is in the inbox, once."""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.collect.collect_serving import Serving, servers

N_CLIENTS = 4
EACH = 5


class Client(threading.Thread):
    """Sends batches of its own events one by one until its server is gone, and none of them twice."""

    def __init__(self, port: int, name: str, enough: Callable[[], bool]) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.label = name
        self.enough = enough
        self.acknowledged: list[str] = []
        self.n_sent = 0

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        while not self.enough():
            ids = [f"{self.label}-{self.n_sent}-{n}" for n in range(EACH)]
            self.n_sent += 1
            calls = [{"type": "track", "event": "Seen", "userId": "u", "messageId": one} for one in ids]
            try:
                connection.request("POST", "/v1/batch", json.dumps({"batch": calls, "writeKey": "web-key"}))
                reply = connection.getresponse()
                reply.read()
            except (OSError, http.client.HTTPException):
                break
            assert reply.status == 200
            self.acknowledged += ids
        connection.close()


def _kill_under_load(server: Serving, label: str, after: int) -> list[str]:
    """Kill the server once its clients have about `after` acknowledgements; give the acknowledged ids."""
    clients: list[Client] = []
    reached = threading.Event()

    def enough() -> bool:
        if sum(len(client.acknowledged) for client in clients) >= after:
            reached.set()
        return False

    clients += [Client(server.port, f"{label}-{n}", enough) for n in range(N_CLIENTS)]
    for client in clients:
        client.start()
    assert reached.wait(60)
    server.kill()
    for client in clients:
        client.join(30)
    return [one for client in clients for one in client.acknowledged]


def _prove(folder: Path, n_kills: int, seed: int) -> None:
    chance = random.Random(seed)
    acknowledged: list[str] = []
    with servers(folder) as start:
        for n in range(n_kills):
            acknowledged += _kill_under_load(start(), str(n), chance.randrange(1, 3000))
        kept = Counter(event.message_id for event in start().events())
    assert len(acknowledged) > n_kills
    assert set(kept.values()) == {1}
    assert set(acknowledged) <= set(kept)
    # What was kept but not acknowledged was on its way at a kill: one batch a client at most.
    assert len(kept) - len(acknowledged) <= n_kills * N_CLIENTS * EACH


def test_kills_lose_nothing_acknowledged_and_double_nothing(tmp_path: Path) -> None:
    _prove(tmp_path, n_kills=3, seed=1)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(5))
def test_twenty_kills_lose_nothing_acknowledged_and_double_nothing(tmp_path: Path, seed: int) -> None:
    _prove(tmp_path, n_kills=20, seed=seed)
