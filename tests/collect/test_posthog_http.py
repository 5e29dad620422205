"""PostHog's endpoints over HTTP: the shapes its clients send, what they ask for, how they are refused."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from obverse.collect.inbox import Inbox
from tests.collect.collect_serving import Serving, servers

Serve = Callable[..., Serving]
EVENT = {"event": "Seen", "distinct_id": "u1", "uuid": "m1"}
BATCH = {"api_key": "web-key", "batch": [EVENT], "sent_at": "2024-05-06T07:08:20Z"}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with servers(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Give a server that tests share which do not look into its inbox."""
    with servers(tmp_path_factory.mktemp("shared")) as start:
        yield start()


def test_each_endpoint_takes_each_packing_and_has_it_on_disk_when_it_answers(serve: Serve) -> None:
    server = serve()
    plain = json.dumps(BATCH).encode()
    form = b"data=" + quote(b64encode(plain)).encode()
    sent = [
        ("/e/", plain, "application/json"),
        ("/e/?compression=gzip-js", gzip.compress(plain), "text/plain"),
        ("/e/?compression=base64", form, "application/x-www-form-urlencoded"),
        ("/i/v0/e/", gzip.compress(plain), "text/plain"),
        ("/batch/", plain, "application/json"),
        ("/batch", plain, "application/json"),
        ("/capture/", json.dumps({**EVENT, "api_key": "web-key"}).encode(), "application/json"),
        ("/track/?token=web-key", json.dumps([EVENT]).encode(), "text/plain"),
    ]
    for path, body, kind in sent:
        status, headers, reply = server.post(path, body, Content_Type=kind, Origin="https://shop.example")
        assert (status, reply["accepted"], path) == (200, 1, path)
        assert headers["access-control-allow-origin"] == "*"
    server.kill()
    inbox = Inbox.open(server.inbox, create=False)
    rows = inbox.read(0, 1 << 30)
    inbox.close()
    assert sum(row.n_events for row in rows) == len(sent)


def test_the_python_client_works_unchanged_but_for_its_host(serve: Serve) -> None:
    posthog = pytest.importorskip("posthog", reason="comes with the benchmarks alone")
    server = serve()
    errors: list[Any] = []
    for zipped in (False, True):
        client = posthog.Posthog(
            "web-key", host=server.url, gzip=zipped, on_error=lambda *what: errors.append(what)
        )
        client.capture(
            "Order Completed", distinct_id="ann", properties={"total": 12}, groups={"company": "acme"}
        )
        client.capture("Seen")
        client.set(distinct_id="ann", properties={"plan": "pro"})
        client.alias("a1", "ann")
        client.group_identify("company", "acme", {"size": 3}, distinct_id="ann")
        client.shutdown()
    events = server.events()
    assert errors == []
    ordered, seen, identified, aliased, grouped = events[:5]
    assert [one.event for one in events[5:]] == [one.event for one in events[:5]]
    assert (ordered.user_id, ordered.value, ordered.account_id) == ("ann", 12.0, "acme")
    assert (seen.user_id, seen.touchpoint) == (None, "server")
    assert json.loads(identified.properties) == {"plan": "pro"}
    assert (aliased.user_id, aliased.anonymous_id) == ("ann", "a1")
    assert (grouped.type, grouped.account_id) == ("group", "acme")
    assert len({one.message_id for one in events}) == 10


def test_traits_come_by_the_endpoint_of_old(serve: Serve) -> None:
    server = serve()
    body = {"$token": "web-key", "$distinct_id": "u1", "$set": {"plan": "pro"}}
    assert server.post("/engage/", body)[0] == 200
    (event,) = server.events()
    assert (event.event, event.user_id, json.loads(event.properties)) == ("Identified", "u1", {"plan": "pro"})


def test_one_bad_event_is_named_with_its_reason_and_counted(serve: Serve) -> None:
    server = serve()
    recording = {"event": "$snapshot", "distinct_id": "u1"}
    status, _, reply = server.post("/batch/", {**BATCH, "batch": [recording, EVENT]})
    assert (status, reply["accepted"]) == (200, 1)
    assert [(one["index"], one["reason"]) for one in reply["refused"]] == [(0, "not_taken")]
    status, _, reply = server.post("/s/", {**BATCH, "batch": [recording]})
    assert (status, reply["code"]) == (400, "not_taken")
    server.stop()
    inbox = Inbox.open(server.inbox, create=False)
    counted = {one.reason: one.n for one in inbox.ledger.tallies()}
    inbox.close()
    assert counted == {"": 1, "not_taken": 2}


def test_what_a_browser_asks_first_keeps_it_from_asking_for_what_there_is_not(server: Serving) -> None:
    status, headers, config = server.send("GET", "/array/web-key/config")
    assert (status, headers["access-control-allow-origin"]) == (200, "*")
    assert config["supportedCompression"] == ["gzip-js"]
    asked = ("sessionRecording", "heatmaps", "hasFeatureFlags", "capturePerformance", "captureDeadClicks")
    assert [config[name] for name in asked] == [False] * len(asked)
    assert "surveys" not in config  # even a no would make the client load a script
    script = server.raw(b"GET /array/web-key/config.js HTTP/1.0\r\nHost: x\r\n\r\n").decode()
    assert "text/javascript" in script
    assert 'all["web-key"] = {' in script


@pytest.mark.parametrize("path", ["/flags/?v=2", "/flags?v=2&config=true", "/decide/?v=3"])
def test_there_are_no_feature_flags_and_the_answer_says_so_in_their_shape(server: Serving, path: str) -> None:
    body = gzip.compress(json.dumps({"token": "web-key", "distinct_id": "u1"}).encode())
    status, _, reply = server.post(path, body, Content_Type="text/plain")
    assert (status, reply["flags"], reply["featureFlags"]) == (200, {}, {})
    assert reply["errorsWhileComputingFlags"] is False


def test_there_are_no_surveys(server: Serving) -> None:
    assert server.send("GET", "/api/surveys/?token=web-key")[::2] == (200, {"surveys": []})
    assert server.send("GET", "/api/surveys/")[0] == 401


@pytest.mark.parametrize(
    "path",
    [
        "/static/array.js",
        "/static/1.449.2/surveys.js",
        "/static/recorder.js?v=1.2",
        "/array/web-key/array.js",
        "/api/web_experiments/",
        "/api/feature_flag/local_evaluation?token=web-key",
    ],
)
def test_what_there_is_not_is_refused_in_words(server: Serving, path: str) -> None:
    for method in ("GET", "POST"):
        status, _, reply = server.send(method, path)
        assert (status, reply["code"]) == (404, "not_found")
        assert path.partition("?")[0] in reply["message"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/e/", {**BATCH, "api_key": "nobody"}),
        ("POST", "/e/", [EVENT]),
        ("POST", "/flags/?v=2", {"token": "nobody"}),
        ("GET", "/array/nobody/config", None),
        ("GET", "/api/surveys/?token=nobody", None),
    ],
)
def test_a_wrong_key_is_refused_and_no_browser_asks_for_a_password(
    server: Serving, method: str, path: str, body: Any
) -> None:
    status, headers, reply = server.send(method, path, body)
    assert (status, reply["code"]) in ((401, "unknown_key"), (401, "no_key"))
    assert headers["www-authenticate"] == "Bearer"


def test_a_client_that_must_wait_is_told_so_as_it_understands_it(serve: Serve) -> None:
    full = serve(inbox_bytes=10)
    status, headers, _ = full.post("/e/", BATCH)
    assert status == 503
    assert int(headers["retry-after"]) > 0
    full.stop()
    crowded = serve(max_memory_bytes=10)
    assert crowded.post("/e/", BATCH)[0] == 503  # PostHog's clients take 429 for good
    assert crowded.post("/v1/batch", {**BATCH, "writeKey": "web-key"})[0] == 429


def test_sizes_and_methods_are_held_to(serve: Serve) -> None:
    small = serve(max_batch_bytes=1000)
    assert small.post("/e/", gzip.compress(b" " * 5000 + json.dumps(BATCH).encode()))[0] == 413
    assert small.post("/e/", b"{")[0] == 400
    assert small.send("GET", "/e/")[0] == 405
    assert small.send("POST", "/array/web-key/config", {})[0] == 405
    status, headers, _ = small.send(
        "OPTIONS", "/e/", headers={"Access-Control-Request-Headers": "content-type,x-own"}
    )
    assert (status, headers["access-control-allow-headers"]) == (204, "content-type,x-own")
