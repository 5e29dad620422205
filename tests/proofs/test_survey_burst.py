"""A burst of answers: each is kept once or refused with its reason, and the server's memory stays flat.

Among good answers come the same ones again, tickets that nobody gave out and answers to a survey that is
closed, from many connections at once.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

import obverse
from obverse.surveys.ticket import Ticket, sign
from tests.web.surveys.survey_server import make

if TYPE_CHECKING:
    from tests.conftest import Server

CONNECTIONS = 32
GROWTH_MIB = 96
"""What the server may take more at the end than after a tenth of the answers."""
_ANSWERED = """SELECT json_extract_string(properties, '$.survey_id') AS survey,
    json_extract_string(properties, '$.submission_id') AS submission, user_id,
    json_extract_string(properties, '$.answers.nps') AS nps FROM events WHERE event = 'Survey Answered'"""
_HEAD = (
    "POST /obverse/surveys/answer HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n"
    "content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n"
)
Answer = tuple[str, str]
"""What kind it is, and its ticket."""


class Burst:
    """Sends answers over many connections and counts what came back.

    Attributes:
        came: answers by kind and status.
        memory: what the server had resident after each tenth of them, MiB.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.came: Counter[tuple[str, int]] = Counter()
        self.memory: list[float] = []

    def send(self, answers: list[Answer]) -> None:
        """Send all, each until it is taken or refused."""
        asyncio.run(self._send(answers))

    async def _send(self, answers: list[Answer]) -> None:
        left, step = iter(answers), max(1, len(answers) // 10)

        def counted() -> Iterator[Answer]:
            for number, one in enumerate(left):
                if number % step == 0:
                    self.memory.append(self._mib())
                yield one

        shared = counted()
        await asyncio.gather(*(self._connection(shared) for _ in range(CONNECTIONS)))
        self.memory.append(self._mib())

    async def _connection(self, answers: Iterator[Answer]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        for kind, ticket in answers:
            body = urlencode({"ticket": ticket, "step": "1", "q.nps": "7", "go": "next"})
            status = 503
            while status == 503:
                writer.write((_HEAD.format(len(body)) + body).encode())
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                status = int(head.split(" ", 2)[1])
                length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
                await reader.readexactly(int(length[1]) if length else 0)
                await asyncio.sleep(0.1 if status == 503 else 0)
            self.came[kind, status] += 1
        writer.close()
        await writer.wait_closed()

    def _mib(self) -> float:
        assert self.server.process is not None
        text = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def answers_to(server: Server, good: str, closed: str, n: int, chance: random.Random) -> list[Answer]:
    """Make n good answers, a tenth of them twice, and among them forged ones and ones that come too late."""
    with server.settings() as settings:
        secret = settings.surveys.secret()

    def ticket(survey: str, number: int, key: bytes) -> str:
        known = {"anonymous_id": f"device-{number}", "user_id": f"user-{number}"}
        asked = {"survey_id": survey, "version": 1, "place": "page", "moment": "m1", **known}
        made = Ticket(submission_id=f"{survey}-{number}", asked_at=time.time_ns() // 1000, **asked)  # type: ignore[arg-type]  # plain fields
        return sign(made, key)

    made = [("good", ticket(good, number, secret)) for number in range(n)]
    again = [("good", one) for _, one in chance.sample(made, n // 10)]
    forged = [("forged", ticket(good, n + number, b"another key" * 3)) for number in range(n // 50)]
    late = [("closed", ticket(closed, number, secret)) for number in range(n // 50)]
    return chance.sample(both := made + again + forged + late, len(both))


@pytest.mark.parametrize(
    "n", [3_000, pytest.param(100_000, marks=[pytest.mark.proof, pytest.mark.timeout(3600)])]
)
def test_each_answer_of_a_burst_is_kept_once_or_refused_with_its_reason(
    new_server: Callable[..., Server], n: int
) -> None:
    server = new_server()
    good, closed = make(server), make(server, "closed")
    server.start()
    burst = Burst(server)
    burst.send(answers_to(server, good, closed, n, random.Random(n)))
    assert burst.came == {
        ("good", 200): n + n // 10,
        ("forged", 403): n // 50,
        ("closed", 410): n // 50,
    }
    with obverse.open(server.data) as lake:
        until = time.monotonic() + 300
        while (kept := lake.sql(_ANSWERED)).num_rows < n and time.monotonic() < until:
            assert server.process is not None
            assert server.process.poll() is None
    assert server.stop() == 0
    with obverse.open(server.data) as lake:
        kept = lake.sql(_ANSWERED)
    assert kept.num_rows == n, "none twice"
    assert set(kept["survey"].to_pylist()) == {good}
    assert set(kept["nps"].to_pylist()) == {"7"}
    pairs = set(zip(kept["submission"].to_pylist(), kept["user_id"].to_pylist(), strict=True))
    assert pairs == {(f"{good}-{number}", f"user-{number}") for number in range(n)}, "none lost"
    assert burst.memory[-1] - burst.memory[1] < GROWTH_MIB
