"""Starting and stopping a real server: what it refuses, what it says, and that nothing is lost."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

import obverse
from obverse.folder import Folder
from obverse.settings.store import Settings

if TYPE_CHECKING:
    from tests.conftest import Server

NewServer = Callable[..., "Server"]


def _serve(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a server that should refuse to start."""
    command = [sys.executable, "-m", "obverse.cli", "serve", "--data", str(data), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**os.environ, **environment}, check=False
    )


def _send(server: Server, number: int) -> None:
    """Send one event and see it acknowledged."""
    body = {
        "type": "track",
        "event": "Product Viewed",
        "userId": f"u{number}",
        "messageId": f"m{number}",
    }
    with httpx.Client(trust_env=False) as client:
        answer = client.post(
            f"{server.address}/v1/batch", json={"batch": [body], "writeKey": server.write_key}, timeout=30
        )
    assert answer.status_code == 200, answer.text


def test_a_server_says_where_it_is_and_how_to_log_in_and_little_else(new_server: NewServer) -> None:
    server = new_server().start()
    assert server.address.startswith("http://127.0.0.1:")
    link = server.greeting.split()[-1]
    with server.anyone() as client:
        assert client.get(link).headers["location"] == "/setup"
        assert client.get("/healthz").text == "ok\n"
    assert server.stop(signal.SIGINT) == 0
    levels = [line.split(maxsplit=2)[1] for line in server.log.splitlines()]
    assert levels == ["INFO"] * 3
    assert "ready after" in server.log


def test_every_acknowledged_event_is_in_the_lake_after_a_stop(new_server: NewServer) -> None:
    server = new_server().start()
    for number in range(20):
        _send(server, number)
    assert server.stop(signal.SIGTERM) == 0
    assert "Traceback" not in server.log
    from obverse.lake.table import EventTable

    table = EventTable.open(Folder.open(server.data).events)
    ids = table.read(["message_id"])["message_id"].to_pylist()
    assert sorted(ids) == sorted(f"m{number}" for number in range(20))


def test_a_stop_waits_neither_for_idle_clients_nor_for_those_who_watch(new_server: NewServer) -> None:
    server = new_server().start()
    with (
        server.client() as client,
        client.stream("GET", "/api/live") as live,
        socket.create_connection(("127.0.0.1", server.port)) as half,
    ):
        half.sendall(b"GET / HT")
        lines = live.iter_lines()
        assert next(lines).startswith("retry")
        assert server.stop() == 0
        assert not [line for line in lines if line.startswith("data")]
    assert "did not take their answers" not in server.log


def test_a_folder_serves_again_where_it_was_and_keeps_its_sessions(new_server: NewServer) -> None:
    server = new_server().start()
    with server.client() as client:
        port = server.port
        server.stop()
        server.start(port)
        assert client.get("/setup").status_code == 200


def test_two_servers_never_share_a_folder(new_server: NewServer) -> None:
    server = new_server().start()
    assert server.process is not None
    second = _serve(server.data, "--port", "0")
    assert second.returncode == 1
    assert f"in use by process {server.process.pid}" in second.stderr
    _send(server, 1)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = _serve(tmp_path / "data", "--port", str(port))
    assert refused.returncode == 1
    assert f"port {port} on 127.0.0.1 is taken" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_server_that_others_could_reach_needs_a_password(tmp_path: Path, folder: Folder) -> None:
    refused = _serve(folder.root, "--host", "0.0.0.0", "--port", "0")
    assert refused.returncode == 1
    assert "no password is set" in refused.stderr


def test_a_public_address_needs_a_password_too(folder: Folder) -> None:
    with Settings.open(folder.settings) as settings:
        settings.set_value("public_url", "https://analytics.example.com")
    refused = _serve(folder.root, "--port", "0")
    assert refused.returncode == 1
    assert "https://analytics.example.com" in refused.stderr


def test_with_a_password_others_may_reach_the_server_and_no_link_goes_to_its_log(
    new_server: NewServer,
) -> None:
    server = new_server("data", "--host", "0.0.0.0")
    with server.settings() as settings:
        settings.access.set_password("correct horse battery")
    server.start()
    assert "token" not in server.greeting + server.log
    with server.anyone() as client:
        assert client.get("/login").status_code == 200


def test_a_newer_settings_database_is_refused_and_left_alone(folder: Folder) -> None:
    Settings.open(folder.settings).close()
    connection = sqlite3.connect(folder.settings)
    connection.execute("UPDATE alembic_version SET version_num = 'r9999'")
    connection.commit()
    connection.close()
    before = folder.settings.read_bytes()
    refused = _serve(folder.root, "--port", "0")
    assert refused.returncode == 1
    assert "r9999" in refused.stderr
    assert folder.settings.read_bytes() == before


def test_a_damaged_inbox_is_refused_and_left_alone(folder: Folder) -> None:
    folder.inbox.write_bytes(b"not an inbox" * 1000)
    refused = _serve(folder.root, "--port", "0")
    assert refused.returncode == 1
    assert "inbox.db" in refused.stderr
    assert folder.inbox.read_bytes() == b"not an inbox" * 1000


def test_a_missing_inbox_is_noticed_where_the_lake_has_events_from_it(new_server: NewServer) -> None:
    server = new_server().start()
    _send(server, 1)
    server.stop()
    inbox = Folder.open(server.data).inbox
    inbox.unlink()
    refused = _serve(server.data, "--port", "0")
    assert refused.returncode == 1
    assert "inbox.db is missing" in refused.stderr
    assert not inbox.exists()
    anew = new_server("data", "--new-inbox").start()
    _send(anew, 1)
    _send(anew, 2)
    anew.stop()
    with obverse.open(server.data) as lake:
        assert lake.sql("SELECT message_id FROM events ORDER BY seq")[0].to_pylist() == ["m1", "m2"]


def test_a_new_inbox_sets_a_damaged_one_aside(new_server: NewServer) -> None:
    server = new_server().start()
    _send(server, 1)
    server.stop()
    Folder.open(server.data).inbox.write_bytes(b"not an inbox")
    anew = new_server("data", "--new-inbox").start()
    _send(anew, 2)
    anew.stop()
    (aside,) = server.data.glob("inbox.db.aside-*")
    assert aside.read_bytes() == b"not an inbox"
    assert aside.name in anew.log
    with obverse.open(server.data) as lake:
        assert lake.sql("SELECT message_id FROM events ORDER BY seq")[0].to_pylist() == ["m1", "m2"]
