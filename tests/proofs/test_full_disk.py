"""A file system that fills up: refusals that ask to come back, then recovery, nothing lost."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import obverse
from tests.conftest import Server


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MiB."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(mounted)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small file system to fill")
    yield mounted
    subprocess.run(["umount", "-l", str(mounted)], check=True)


def _post(port: int, key: str, ids: list[str]) -> tuple[int, str | None]:
    call = {"type": "track", "event": "Filled", "userId": "u"}
    events = [{**call, "messageId": one, "properties": {"pad": os.urandom(9000).hex()}} for one in ids]
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", "/v1/batch", json.dumps({"writeKey": key, "batch": events}))
        with connection.getresponse() as reply:
            return reply.status, reply.headers.get("Retry-After")


@pytest.mark.timeout(240)
def test_a_full_disk_is_refused_politely_and_loses_nothing(small_disk: Path) -> None:
    server = Server(small_disk / "data")
    server.start()
    key = server.write_key
    acknowledged: list[str] = []
    try:
        refused = None
        for number in range(1500):
            ids = [f"before-{number}-{index}" for index in range(10)]
            status, retry_after = _post(server.port, key, ids)
            if status == 200:
                acknowledged += ids
                continue
            assert status == 503
            refused = retry_after
            break
        assert refused is not None
        assert int(refused) > 0
        assert acknowledged
        subprocess.run(["mount", "-o", "remount,size=512m", str(small_disk)], check=True)
        deadline = time.monotonic() + 60
        while (outcome := _post(server.port, key, ["after-0"]))[0] != 200:
            assert outcome[0] == 503
            assert time.monotonic() < deadline, "the server did not recover"
            time.sleep(0.2)
        acknowledged.append("after-0")
    finally:
        server.stop()
    with obverse.open(server.data) as lake:
        found = Counter(lake.sql("SELECT message_id FROM events").column(0).to_pylist())
    assert {one for one in acknowledged if found[one] != 1} == set()
    assert max(found.values()) == 1
