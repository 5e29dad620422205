"""Collect over HTTP, served by Granian: real clients, CORS, sizes, garbage, slow and half-closed requests."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import socket
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import rudderstack.analytics.client as rudder
import segment.analytics.client as segment

from obverse.collect.asgi import Collect
from obverse.collect.inbox import Inbox
from obverse.collect.refusal import Refusal
from tests.collect.collect_server import KEYS, Discard
from tests.collect.collect_serving import Serving, servers

Serve = Callable[..., Serving]
GOOD = {"event": "Seen", "userId": "u1", "messageId": "m1"}
KEYED = {**GOOD, "writeKey": "web-key"}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with servers(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Give a server that tests share which do not look into its inbox."""
    with servers(tmp_path_factory.mktemp("shared")) as start:
        yield start()


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def refused_by(reply: Any) -> list[str]:
    return [one["reason"] for one in reply["refused"]]


def test_segments_python_client_works_unchanged(serve: Serve) -> None:
    server = serve()
    errors: list[Any] = []
    for zipped in (False, True):
        client = segment.Client(
            "web-key",
            host=server.url,
            gzip=zipped,
            on_error=lambda *what: errors.append(what),
            upload_interval=0.05,
        )
        client.identify("u1", {"email": "x@example.org"}, anonymous_id="a1")
        client.track("u1", "Order Completed", {"total": 12, "currency": "eur"}, message_id=f"order-{zipped}")
        client.page("u1", "Docs", "Home", {"path": "/"})
        client.screen("u1", "Main", "Cart")
        client.group("u1", "acme", {"size": 3})
        client.alias("a1", "u1")
        client.track(anonymous_id="a2", event="Größe 😀", timestamp=datetime(2024, 5, 6, tzinfo=UTC))
        client.shutdown()
    events = server.events()
    assert errors == []
    assert [event.type for event in events[:7]] == [
        "identify",
        "track",
        "page",
        "screen",
        "group",
        "alias",
        "track",
    ]
    assert [event.event for event in events[:7]] == [event.event for event in events[7:]]
    assert (events[1].value, events[1].currency, events[1].message_id) == (12.0, "EUR", "order-False")
    assert json.loads(events[2].properties) == {"path": "/", "name": "Home", "category": "Docs"}
    assert events[6].event == "Größe 😀"
    assert abs(events[6].time - 1_714_953_600_000_000) < 60_000_000
    assert {event.touchpoint for event in events} == {"server"}


def test_rudderstacks_python_client_works_unchanged(serve: Serve) -> None:
    server = serve()
    errors: list[Any] = []
    client = rudder.Client(
        "store-key", host=server.url, on_error=lambda *what: errors.append(what), upload_interval=0.05
    )
    client.identify("u1", {"plan": "b"})
    client.track("u1", "Order Completed", {"revenue": 5})
    client.flush()
    client.join()
    events = server.events()
    assert errors == []
    assert [(event.event, event.touchpoint, event.source) for event in events] == [
        ("Identified", "store", "till"),
        ("Order Completed", "store", "till"),
    ]
    assert json.loads(events[0].properties) == {"plan": "b"}


def test_real_clients_see_why_they_were_refused_and_do_not_send_again(server: Serving) -> None:
    errors: list[Any] = []
    for make in (segment.Client, rudder.Client):
        client = make(
            "wrong", host=server.url, on_error=lambda error, _: errors.append(error), upload_interval=0.05
        )
        client.track("u1", "Seen")
        client.flush()
        client.join()
    assert [(error.status, error.code) for error in errors] == [(401, "unknown_key")] * 2


@pytest.mark.parametrize(
    ("origin", "protocol"), [("http://shop.example", "http"), ("https://shop.example", "https")]
)
def test_a_browser_is_told_to_send_to_where_it_asked(server: Serving, origin: str, protocol: str) -> None:
    _, _, settings = server.send("GET", "/v1/projects/web-key/settings", headers={"Origin": origin})
    own = settings["integrations"]["Segment.io"]
    assert (own["apiHost"], own["protocol"]) == (f"127.0.0.1:{server.port}/v1", protocol)


def test_where_to_send_is_what_the_operator_says() -> None:
    app = Collect(Discard(), KEYS.get, address="https://obverse.example")
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/v1/projects/web-key/settings", "headers": []}
    asyncio.run(app(scope, receive, send))
    own = json.loads(sent[1]["body"])["integrations"]["Segment.io"]
    assert (own["apiHost"], own["protocol"]) == ("obverse.example/v1", "https")


def test_the_kotlin_clients_requests_work(serve: Serve) -> None:
    server = serve()
    status, _, settings = server.send("GET", "/v1/projects/web-key/settings")
    own = settings["integrations"]["Segment.io"]
    assert (status, own["apiKey"], "apiHost" in own) == (200, "web-key", False)
    assert server.send("GET", "/projects/web-key/settings")[0] == 200
    event = {
        "type": "track",
        "event": "Product Viewed",
        "anonymousId": "a1",
        "messageId": "m1",
        "timestamp": "2024-05-06T07:08:09.000Z",
        "properties": {"price": 3},
        "context": {"library": {"name": "analytics-kotlin", "version": "1.16.3"}, "device": {"id": "d1"}},
        "integrations": {},
        "_metadata": {"bundled": [], "unbundled": [], "bundledIds": []},
    }
    body = json.dumps(
        {"batch": [event], "sentAt": "2024-05-06T07:08:10.000Z", "writeKey": "web-key"}
    ).encode()
    packed = gzip.compress(body)
    head = (
        "POST /v1/b HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n"
        "User-Agent: analytics-kotlin/1.16.3\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    chunks = (
        b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (packed[:20], packed[20:])) + b"0\r\n\r\n"
    )
    assert server.raw(head.encode() + chunks).startswith(b"HTTP/1.1 200 ")
    assert server.post("/b", gzip.compress(body.replace(b'"m1"', b'"m2"')), Content_Encoding="gzip")[0] == 200
    assert server.post("/v1/m", {"series": []}) == (200, *server.post("/m", {"series": []})[1:])
    events = server.events()
    assert [(one.message_id, one.touchpoint, one.value) for one in events] == [
        ("m1", "app", 3.0),
        ("m2", "app", 3.0),
    ]


def test_browsers_may_send_from_any_page(server: Serving) -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Headers": "content-type,authorization"}
    status, headers, body = server.send("OPTIONS", "/v1/t", None, asked)
    assert (status, body) == (204, None)
    assert headers["access-control-allow-headers"] == "content-type,authorization"
    assert "POST" in headers["access-control-allow-methods"]
    beacon = server.post("/v1/t", KEYED, Content_Type="text/plain;charset=UTF-8")
    wrong = server.post("/v1/t", {**GOOD, "writeKey": "x"})
    for _, headers, _ in (beacon, wrong):
        assert headers["access-control-allow-origin"] == "*"
    assert (beacon[0], wrong[0]) == (200, 401)


@pytest.mark.parametrize("path", ["track", "page", "screen", "identify", "group", "alias", *"tpsiga"])
def test_each_call_has_a_path_and_a_short_one(path: str) -> None:
    assert Collect.matches("POST", f"/v1/{path}")


def test_every_path_keeps_what_it_is_sent(serve: Serve) -> None:
    server = serve()
    for n, path in enumerate(
        ["track", "page", "screen", "identify", "group", "alias", "t", "p", "s", "i", "g", "a"]
    ):
        call = {**KEYED, "messageId": str(n), "groupId": "acme", "previousId": "a0"}
        assert server.post(f"/v1/{path}", call)[2] == {"success": True, "accepted": 1, "refused": []}
    for path in ("/v1/batch", "/v1/import", "/v1/b", "/b"):
        batch = {"batch": [{**GOOD, "type": "track", "messageId": path}], "writeKey": "web-key"}
        assert server.post(path, batch)[0] == 200
    types = [event.type for event in server.events()]
    assert types[:6] == types[6:12] == ["track", "page", "screen", "identify", "group", "alias"]
    assert types[12:] == ["track"] * 4


def test_the_write_key_comes_by_basic_auth_or_in_the_body(serve: Serve) -> None:
    server = serve()
    assert server.post("/v1/track", GOOD, Authorization=basic("web-key"))[0] == 200
    assert (
        server.post("/v1/track", {**GOOD, "writeKey": "store-key"}, Authorization=basic("web-key"))[0] == 200
    )
    assert server.post("/v1/track", KEYED, Authorization="Bearer token")[0] == 200
    assert [event.source for event in server.events()] == ["shop"] * 3


def test_without_a_known_write_key_nothing_is_kept_and_the_request_is_counted(serve: Serve) -> None:
    server = serve()
    for call, authorization, reason in [
        (GOOD, "", Refusal.NO_KEY),
        ({**GOOD, "writeKey": 7}, "", Refusal.NO_KEY),
        ({**GOOD, "writeKey": "nobody"}, "", Refusal.UNKNOWN_KEY),
        (GOOD, basic("nobody"), Refusal.UNKNOWN_KEY),
        (GOOD, "Basic ???", Refusal.NO_KEY),
    ]:
        status, found, reply = server.post("/v1/track", call, Authorization=authorization)
        assert (status, reply["code"], refused_by(reply)) == (401, reason, [reason])
        assert "basic" in found["www-authenticate"].lower()
    assert server.events() == []
    with closing(Inbox.open(server.inbox)) as inbox:
        assert [(one.source, one.reason, one.n) for one in inbox.ledger.tallies()] == [
            ("", Refusal.NO_KEY, 3),
            ("", Refusal.UNKNOWN_KEY, 2),
        ]
        assert "nobody" not in str(inbox.ledger.examples())


def test_a_batch_with_some_bad_events_is_answered_200_and_names_them(serve: Serve) -> None:
    server = serve()
    calls = [{**GOOD, "type": "track"}, {"type": "track", "event": "X", "messageId": "m2"}]
    status, _, reply = server.post("/v1/batch", {"batch": calls, "writeKey": "web-key"})
    assert status == 200
    assert reply == {
        "success": True,
        "accepted": 1,
        "refused": [
            {
                "index": 1,
                "message_id": "m2",
                "reason": "missing_id",
                "detail": "userId, anonymousId: neither is there",
            }
        ],
    }
    server.stop()
    with closing(Inbox.open(server.inbox)) as inbox:
        assert [(one.reason, one.n) for one in inbox.ledger.tallies()] == [("", 1), ("missing_id", 1)]


def test_where_all_events_are_bad_the_answer_is_400(serve: Serve) -> None:
    server = serve()
    status, _, reply = server.post("/v1/track", {"userId": "u1", "writeKey": "web-key"})
    assert (status, reply["success"], reply["code"]) == (400, False, "missing_field")
    status, _, reply = server.post("/v1/batch", {"batch": [{"type": "x"}] * 2, "writeKey": "web-key"})
    assert (status, refused_by(reply)) == (400, ["unknown_call"] * 2)
    status, _, reply = server.post("/v1/batch", {"batch": [], "writeKey": "web-key"})
    assert (status, reply["accepted"]) == (200, 0)
    assert server.events() == []


@pytest.mark.parametrize(
    ("body", "encoding", "status", "reason"),
    [
        (b"{", "", 400, Refusal.BAD_JSON),
        (b"", "", 400, Refusal.BAD_JSON),
        (b'{"properties":' + b"[" * 200_000, "", 400, Refusal.TOO_DEEP),
        (b'{"x":"' + b"y" * 600_000 + b'"}', "", 413, Refusal.BODY_TOO_LARGE),
        (gzip.compress(b" " * 50_000_000, mtime=0), "gzip", 413, Refusal.BODY_TOO_LARGE),
        (gzip.compress(b"{}", mtime=0)[:-9], "gzip", 400, Refusal.BAD_ENCODING),
        (b"\x1f\x8bnonsense", "gzip", 400, Refusal.BAD_ENCODING),
        (b"{}", "br", 415, Refusal.UNKNOWN_ENCODING),
    ],
)
def test_bodies_of_no_use_get_a_clear_answer(
    server: Serving, body: bytes, encoding: str, status: int, reason: Refusal
) -> None:
    found, _, reply = server.post(
        "/v1/track", body, Authorization=basic("web-key"), Content_Encoding=encoding
    )
    assert (found, reply["code"]) == (status, reason)
    assert server.post("/v1/track", KEYED)[0] == 200


def test_compressed_bodies_are_read_however_they_are_labelled(serve: Serve) -> None:
    server = serve()
    body = json.dumps(KEYED).encode()
    halves = gzip.compress(body[:9]) + gzip.compress(body[9:])
    for sent, label in [
        (gzip.compress(body), "gzip"),
        (gzip.compress(body), ""),
        (halves, "gzip"),
        (body, "gzip"),
        (zlib.compress(body), "deflate"),
        (zlib.compress(body, wbits=-15), "deflate"),
    ]:
        assert server.post("/v1/track", sent, Content_Encoding=label)[0] == 200, label
    assert len(server.events()) == 6


def test_a_declared_length_beyond_the_limit_is_refused(serve: Serve) -> None:
    server = serve(max_batch_bytes=2000)
    body = b'{"x":"' + b"y" * 20_000 + b'"}'
    status, _, reply = server.post("/v1/track", body, Authorization=basic("web-key"))
    assert (status, reply["code"]) == (413, "body_too_large")


def test_slow_half_closed_and_broken_requests_are_ended_and_keep_nothing(serve: Serve) -> None:
    server = serve(body_timeout_s=0.5)
    head = b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n"
    slow = server.raw(head + b'{"event"')
    assert slow.startswith(b"HTTP/1.1 408 ")
    assert b"body_too_slow" in slow
    server.raw(head + b'{"event"', half_close=True)
    assert server.raw(b"\x00\x01garbage\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    with socket.create_connection(("127.0.0.1", server.port)) as gone:
        gone.sendall(head)
    assert server.post("/v1/track", KEYED)[0] == 200
    assert len(server.events()) == 1


def test_pipelined_requests_are_each_answered(server: Serving) -> None:
    body = json.dumps(KEYED).encode()
    one = b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    last = one.replace(b"Host: x", b"Host: x\r\nConnection: close")
    assert server.raw(one * 3 + last).count(b"HTTP/1.1 200 ") == 4


def test_too_much_at_once_is_answered_429_and_comes_right(serve: Serve) -> None:
    server = serve(max_memory_bytes=3000, retry_after_s=7)
    head = b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as holding:
        holding.sendall(head + b"x" * 2900)
        status = 200
        for _ in range(1000):
            status, headers, reply = server.post("/v1/track", KEYED | {"properties": {"x": "y" * 200}})
            if status != 200:
                break
        assert (status, reply["code"]) == (429, "busy")
        assert headers["retry-after"] == headers["x-ratelimit-reset"] == "7"
    for _ in range(1000):
        if server.post("/v1/track", KEYED)[0] == 200:
            break
    assert server.post("/v1/track", KEYED)[0] == 200


def test_a_full_inbox_is_answered_503_and_keeps_what_it_has(serve: Serve) -> None:
    server = serve(inbox_bytes=20_000)
    kept = 0
    for n in range(200):
        call = {**KEYED, "messageId": str(n), "properties": {"x": "y" * 1000}}
        status, headers, reply = server.post("/v1/track", call)
        if status != 200:
            break
        kept += 1
    assert (status, reply["code"], reply["accepted"]) == (503, "busy", 0)
    assert int(headers["retry-after"]) > 0
    assert [event.message_id for event in server.events()] == [str(n) for n in range(kept)]
    with closing(Inbox.open(server.inbox)) as inbox:
        assert [(one.source, one.reason, one.n) for one in inbox.ledger.tallies()] == [
            ("shop", "", kept),
            ("shop", "busy", 1),
        ]


def test_a_wrong_method_and_an_unknown_project_get_their_answer(server: Serving) -> None:
    status, headers, _ = server.send("GET", "/v1/track")
    assert (status, headers["allow"]) == (405, "POST")
    assert server.send("POST", "/v1/projects/web-key/settings", {})[0] == 405
    assert server.send("GET", "/v1/projects/nobody/settings")[0] == 404
    assert not Collect.matches("GET", "/")
    assert not Collect.matches("POST", "/v1/people")


def test_memory_stays_flat_under_bad_requests(serve: Serve) -> None:
    server = serve()

    def resident_kib() -> int:
        text = Path(f"/proc/{server.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0])

    bomb = gzip.compress(b"[" * 100_000_000, 9)
    deep = b'{"properties":' + b"[" * 400_000
    huge = b'{"x":"' + b"y" * 4_000_000

    def torment(times: int) -> None:
        for _ in range(times):
            assert server.post("/v1/track", bomb, Content_Encoding="gzip")[0] == 413
            assert server.post("/v1/track", deep)[0] == 400
            assert server.post("/v1/track", huge)[0] == 413

    torment(5)
    before = resident_kib()
    torment(40)
    assert resident_kib() - before < 30_000
