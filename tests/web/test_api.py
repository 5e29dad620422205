"""The JSON API, by the front door: events in through collect, answers out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import segment.analytics

import obverse

if TYPE_CHECKING:
    from tests.conftest import Server

SAME = {"sec-fetch-site": "same-origin"}
JSON = {"content-type": "application/json"}
FUNNEL = {
    "type": "funnel",
    "steps": [{"events": ["Product Viewed"]}, {"events": ["Order Completed"]}],
    "within": "7d",
}
PEOPLE = 12
BUYERS = 5


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """The server with a small shop in it: 12 people looked, 5 of them bought, for 10 EUR each."""
    calls: list[dict[str, Any]] = []
    for number in range(PEOPLE):
        sku = {"sku": f"p{number % 3}"}
        calls.append(_track(number, "Product Viewed", f"2026-01-02T10:{number:02}:00Z", sku))
        if number < BUYERS:
            order = {"revenue": 10, "currency": "EUR"}
            calls.append(_track(number, "Order Completed", f"2026-01-02T11:{number:02}:00Z", order))
    calls.append({"type": "track", "event": "Nobody", "messageId": "bad", "properties": {}})
    with server.anyone() as sender:
        answer = sender.post("/v1/batch", json={"batch": calls}, auth=(server.write_key, ""))
    assert answer.status_code == 200, answer.text
    with server.client() as client:
        _wait(lambda: _ask(client, FUNNEL)["steps"][0]["people"] == PEOPLE)
    return server


def _track(number: int, event: str, at: str, properties: dict[str, Any]) -> dict[str, Any]:
    who = f"u{number:02}"
    return {
        "type": "track",
        "event": event,
        "userId": who,
        "messageId": f"{event}-{who}",
        "timestamp": at,
        "properties": properties,
    }


@pytest.fixture
def client(filled: Server) -> Iterator[httpx.Client]:
    with filled.client() as made:
        yield made


def _ask(client: httpx.Client, question: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/api/ask", json=question, headers=SAME)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _wait(happened: Callable[[], bool], within_s: float = 30) -> float:
    """Wait until something has happened, and tell how long that took."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < within_s
    return time.monotonic() - began


def test_a_funnel_s_steps_are_answered(client: httpx.Client) -> None:
    steps = _ask(client, FUNNEL)["steps"]
    assert [(step["name"], step["people"]) for step in steps] == [
        ("Product Viewed", PEOPLE),
        ("Order Completed", BUYERS),
    ]


def test_the_api_and_python_give_the_same_answer(client: httpx.Client, filled: Server) -> None:
    question = obverse.Funnel.parse("Product Viewed > Order Completed", within="7d", by="properties.sku")

    def both() -> tuple[dict[str, Any], dict[str, Any]]:
        with obverse.open(filled.data) as lake:
            ours: dict[str, Any] = json.loads(lake.ask(question).to_json())
        return ours, client.post("/api/ask", content=question.to_json(), headers=SAME | JSON).json()

    # What another test has just sent may come into the lake between the two: until both saw the same events.
    expected, answer = both()
    until = time.monotonic() + 30
    while expected["as_of_seq"] != answer["as_of_seq"] and time.monotonic() < until:
        expected, answer = both()
    assert answer == expected


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not"),
        (b"[]", "Expected"),
        (b"{}", "type"),
        (b'{"type": "funel"}', "did you mean 'funnel'"),
        (b'{"type": "funnel", "steps": []}', "steps"),
        (b'{"type": "funnel", "steps": [{"events": ["a"]}], "within": "7 years"}', "within"),
        (b'{"type": "funnel", "steps": [{"events": ["a"]}], "color": "red"}', "color"),
        (b'{"type": "funnel", "steps": [{"events": ["a"], "where": "properties.x; DROP"}]}', ""),
        (b'{"type": "funnel", "steps": [{"events": ["a"], "where": "usr_id = 1"}]}', "user_id"),
    ],
)
def test_a_wrong_question_says_what_is_wrong(client: httpx.Client, body: bytes, says: str) -> None:
    answer = client.post("/api/ask", content=body, headers=SAME | JSON)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "wrong_question"
    assert says in answer.json()["detail"]


def test_a_program_asks_with_a_token_until_that_is_revoked(filled: Server) -> None:
    with filled.settings() as settings, filled.anyone() as program:
        program.headers["authorization"] = f"Bearer {settings.access.create_token('report')}"
        assert program.post("/api/ask", json=FUNNEL).status_code == 200
        settings.access.revoke_token("report")
        answer = program.post("/api/ask", json=FUNNEL)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_session_alone_is_not_enough_to_ask_by_post(client: httpx.Client, filled: Server) -> None:
    assert client.post("/api/ask", json=FUNNEL).status_code == 403
    assert client.post("/api/ask", json=FUNNEL, headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post("/api/ask", json=FUNNEL, headers={"origin": filled.address}).status_code == 200
    plain = {"content-type": "text/plain", "origin": filled.address}
    assert client.post("/api/ask", content=json.dumps(FUNNEL), headers=plain).status_code == 403


def test_names_and_fields_say_what_can_be_asked_about(client: httpx.Client) -> None:
    names = client.get("/api/names").json()["names"]
    assert {"name": "Product Viewed", "count": PEOPLE} in names
    assert {"name": "Order Completed", "count": BUYERS} in names
    fields = {field["name"]: field for field in client.get("/api/fields").json()["fields"]}
    assert "p1" in fields["properties.sku"]["examples"]


def test_a_person_is_found_and_has_a_timeline_newest_first(client: httpx.Client) -> None:
    people = client.get("/api/people", params={"find": "u03"}).json()["people"]
    assert [person["user_id"] for person in people] == ["u03"]
    key = people[0]["key"]
    timeline = client.get(f"/api/people/{key}/timeline").json()
    assert [event["event"] for event in timeline["events"]] == ["Order Completed", "Product Viewed"]
    assert timeline["events"][1]["properties"] == {"sku": "p0"}
    assert timeline["events"][0]["value"] == 10
    first = client.get(f"/api/people/{key}/timeline", params={"limit": 1}).json()
    next_page = {"limit": 1, "before": first["before"]}
    rest = client.get(f"/api/people/{key}/timeline", params=next_page).json()
    assert [event["event"] for event in rest["events"]] == ["Product Viewed"]


def test_health_tells_what_was_accepted_and_refused_and_why(client: httpx.Client) -> None:
    health = client.get("/api/health").json()
    assert health["well"]
    assert health["accepted"] >= PEOPLE + BUYERS
    assert health["lake"]["events"] >= PEOPLE + BUYERS
    refused = {row["reason"]: row for row in health["refused"]}
    assert refused["missing_id"]["count"] == 1
    assert refused["missing_id"]["source"] == "default"
    assert refused["missing_id"]["meaning"]
    assert [example["message_id"] for example in health["examples"]] == ["bad"]
    assert health["inbox"]["lag_s"] < 30


def test_who_watches_sees_events_arrive(client: httpx.Client, filled: Server) -> None:
    with client.stream("GET", "/api/live") as live, filled.anyone() as sender:
        assert live.headers["content-type"].startswith("text/event-stream")
        lines = live.iter_lines()
        assert next(lines) == "retry: 3000"
        call = {"event": "Store Visited", "anonymousId": "a7", "context": {"touchpoint": "store"}}
        assert sender.post("/v1/track", json=call, auth=(filled.write_key, "")).status_code == 200
        shown = next(json.loads(line[6:]) for line in lines if line.startswith("data: "))
    assert (shown["event"], shown["who"]) == ("Store Visited", "a7")
    assert abs(shown["time"] / 1e6 - time.time()) < 60


def test_what_segment_s_own_client_sends_is_in_a_funnel_within_five_seconds(
    client: httpx.Client, filled: Server
) -> None:
    sender = segment.analytics.Client(filled.write_key, host=filled.address, max_retries=0)
    sender.track("ada", "Trial Started", {"plan": "pro"})
    sender.track("ada", "Trial Converted", {"plan": "pro"})
    sender.flush()
    question = {"type": "funnel", "steps": [{"events": ["Trial Started"]}, {"events": ["Trial Converted"]}]}
    took_s = _wait(lambda: [step["people"] for step in _ask(client, question)["steps"]] == [1, 1])
    sender.join()
    assert took_s < 5


def test_the_api_describes_itself(client: httpx.Client) -> None:
    schema = client.get("/api/schema").json()
    assert set(schema["paths"]) == {
        "/api/ask",
        "/api/names",
        "/api/fields",
        "/api/people",
        "/api/people/{key}/timeline",
        "/api/health",
        "/api/segments",
        "/api/segments/{name}",
        "/api/dashboards",
        "/api/dashboards/{id_}",
        "/api/surveys",
        "/api/surveys/{key}",
        "/api/surveys/{key}/answers",
        "/api/surveys/{key}/invitations",
    }
    assert "http" not in json.dumps(schema.get("servers", []))


def test_who_asks_when_too_many_ask_is_told_to_come_again(client: httpx.Client, filled: Server) -> None:
    async def crowd() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=150)
        async with httpx.AsyncClient(cookies=client.cookies, limits=limits, timeout=60) as many:
            url = f"{filled.address}/api/ask"
            return list(
                await asyncio.gather(*(many.post(url, json=FUNNEL, headers=SAME) for _ in range(150)))
            )

    seen: set[int] = set()
    busy: list[httpx.Response] = []
    until = time.monotonic() + 30
    while not busy and time.monotonic() < until:
        answers = asyncio.run(crowd())
        seen |= {answer.status_code for answer in answers}
        busy = [answer for answer in answers if answer.status_code == 503]
    assert seen == {200, 503}
    assert int(busy[0].headers["retry-after"]) > 0
    assert busy[0].json()["code"] == "busy"


def test_taking_events_in_stays_quick_while_questions_are_asked(client: httpx.Client, filled: Server) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def send(number: int) -> float:
        call = {"event": "Pinged", "anonymousId": f"a{number}"}
        began = time.monotonic()
        with filled.anyone() as sender:
            answer = sender.post("/v1/track", json=call, auth=(filled.write_key, ""))
        assert answer.status_code == 200
        return time.monotonic() - began

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(_ask, client, FUNNEL) for _ in range(20)]
        took_s = sorted(pool.map(send, range(20)))
        assert all(one.result()["steps"] for one in asked)
    assert took_s[10] < 1
