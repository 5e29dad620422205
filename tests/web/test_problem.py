"""Every error's one way out."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from obverse.errors import BusyError, DataError, NotFoundError, QuestionError
from obverse.web.problem import problem_of

if TYPE_CHECKING:
    from tests.conftest import Server


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (QuestionError("steps: none"), 400, "wrong_question"),
        (NotFoundError("no such person"), 404, "not_found"),
        (BusyError("later", retry_after_s=7), 503, "busy"),
        (DataError("the lake is damaged"), 500, "data"),
    ],
)
def test_our_own_errors_say_what_they_are(error: Exception, status: int, code: str) -> None:
    problem = problem_of(error, "/api/ask")
    assert (problem.status, problem.code, problem.detail) == (status, code, str(error))
    assert problem.id is None
    assert problem.headers.get("retry-after") == ("7" if status == 503 else None)


def test_an_unforeseen_error_says_nothing_but_where_the_log_has_it(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("obverse").propagate = True
    problem = problem_of(ZeroDivisionError("secret detail"), "/api/ask")
    assert problem.status == 500
    assert problem.id is not None
    assert "secret" not in problem.detail
    assert problem.id in caplog.text
    assert "secret detail" in caplog.text


def test_the_api_answers_with_problem_documents_and_pages_with_a_page(client: httpx.Client) -> None:
    answer = client.get("/api/nothing", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "title": "Not Found",
        "status": 404,
        "detail": "nothing is at /api/nothing",
        "code": "not_found",
        "instance": "/api/nothing",
    }
    page = client.get("/nothing", headers={"accept": "text/html,application/xhtml+xml"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "othing is at /nothing" in page.text


def test_a_wrong_method_or_parameter_is_named(client: httpx.Client) -> None:
    assert client.get("/api/ask").json()["code"] == "method_not_allowed"
    answer = client.get("/api/people", params={"find": "x", "limit": 0})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert "limit" in json.dumps(answer.json()["errors"])


def test_too_large_a_body_is_refused(client: httpx.Client) -> None:
    headers = {"sec-fetch-site": "same-origin", "content-type": "application/json"}
    answer = client.post("/api/ask", content=b" " * (2 << 20), headers=headers)
    assert answer.status_code == 413


def test_a_fault_before_any_route_is_answered_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    from obverse.web.app import App
    from obverse.web.posthog_js import PosthogJs
    from obverse.web.sdk import Sdk

    class Broken:
        """An ingest app with a defect."""

        @staticmethod
        def matches(_method: str, _path: str) -> bool:
            raise RuntimeError("defect")

    logging.getLogger("obverse").propagate = True
    sent: list[Any] = []
    app = App.__new__(App)
    app._collect, app._sdk, app._open = Broken(), Sdk("/obverse"), set()  # type: ignore[assignment]
    app._posthog_js = PosthogJs(None)
    asyncio.run(_request(app, sent.append))
    assert sent[0]["status"] == 500
    assert json.loads(sent[1]["body"])["code"] == "failure"
    assert "defect" in caplog.text
    assert app.is_idle()


async def _request(app: Any, sent: Callable[[Any], None]) -> None:
    async def send(message: Any) -> None:
        sent(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)


def test_a_request_that_is_half_sent_does_not_hold_others_up(server: Server) -> None:
    import socket

    head = b"POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 10\r\n\r\n"
    halves = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    for half in halves:
        half.sendall(head + b"c")
    with server.anyone() as anyone:
        assert anyone.get("/healthz", timeout=5).status_code == 200
    for half in halves:
        half.close()
