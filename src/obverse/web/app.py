"""The ASGI app: ingest goes straight to collect, the rest through Litestar to pages, API and log-in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import msgspec
from litestar import Litestar, Request, Response, Router, get
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from obverse.collect.body import Message, Receive, Scope, Send
from obverse.errors import NotFoundError
from obverse.web import api, login, pages, problem
from obverse.web.assets import ASSETS
from obverse.web.auth import Authentication, meant, signed_in
from obverse.web.delivery import Asgi, Delivery, accepts_gzip
from obverse.web.pages.survey_import import page as survey_import
from obverse.web.posthog_js import PosthogJs
from obverse.web.sdk import Sdk
from obverse.web.site import local_path
from obverse.web.surveys import routes as survey_pages

if TYPE_CHECKING:
    from obverse.collect.asgi import Collect

MAX_BODY = 1 << 20
BODY_TIMEOUT_S = 20.0
UPLOAD_TIMEOUT_S = 600.0
"""For a file that somebody sends from a page."""
FAILED = b'{"title":"Internal Server Error","status":500,"detail":"see the log","code":"failure"}'


class App:
    """The whole server as one ASGI callable.

    Args:
        collect: takes the ingest routes.
        state: what handlers find in ``request.app.state``.
    """

    def __init__(self, collect: Collect, state: Mapping[str, Any]) -> None:
        self._collect = collect
        self._state = state
        self._open: set[asyncio.Task[Any] | None] = set()
        self._pages = cast("Asgi", _litestar(state))
        self._rest = Delivery(self._pages)
        self._sdk = Sdk(state["values"].sdk_path)
        self._posthog_js = PosthogJs(state["values"].posthog_js)
        self._surveys = state["survey_routes"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the server's start and stop."""
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        sent = _Sent(send)
        task = asyncio.current_task()
        self._open.add(task)
        try:
            inner = self._sdk.inner(path)
            if self._posthog_js.matches(inner):
                await self._posthog_js({**scope, "path": inner}, receive, sent)
            elif self._collect.matches(method, inner):
                await self._collect({**scope, "path": inner}, receive, sent)
            elif self._sdk.matches(path):
                await self._sdk(scope, receive, sent)
            elif self._surveys.matches(path):
                await self._surveys(scope, receive, sent)
            elif path == "/healthz":
                await self._healthz(sent)
            else:
                await self._rest(scope, _in_time(receive, _patience(path)), sent)
        except Exception as error:
            problem.problem_of(error, path)  # which logs it
            if sent.started:
                raise
            await _send(sent, 500, FAILED, problem.MEDIA_TYPE)
        finally:
            self._open.discard(task)

    def is_idle(self) -> bool:
        """Tell whether no request is being answered."""
        return not self._open

    def end_streams(self) -> None:
        """End the answers that would go on for ever."""
        self._state["live"].close()

    def abort(self) -> None:
        """Give up on the requests that are being answered."""
        for task in tuple(self._open):
            if task is not None:
                task.cancel()

    async def _healthz(self, send: Send) -> None:
        well = self._state["is_well"]()
        await _send(send, 200 if well else 503, b"ok\n" if well else b"not well; see the log\n", "text/plain")


class _Sent:
    """A `send` that knows whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        self.started = True
        await self._send(message)


async def _send(send: Send, status: int, body: bytes, media_type: str) -> None:
    headers = [(b"content-type", media_type.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _patience(path: str) -> float:
    return UPLOAD_TIMEOUT_S if path == survey_import.PATH else BODY_TIMEOUT_S


def _in_time(receive: Receive, patience_s: float) -> Receive:
    """Give a client so long for its body, then treat it as gone."""
    until, whole = time.monotonic() + patience_s, False

    async def timed() -> Any:
        nonlocal whole
        if whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), max(0.0, until - time.monotonic()))
        except TimeoutError:
            message = {"type": "http.disconnect"}
        whole = not message.get("more_body", False)
        return message

    return timed


@get("/static/{path:path}", opt={"public": True}, include_in_schema=False, sync_to_thread=False)
def static(request: Request[Any, Any, Any], path: str) -> Response[bytes]:
    """Send a static file."""
    found = ASSETS.find(path.removeprefix("/"))
    if found is None:
        raise NotFoundError(f"no static file {path}")
    asset, kept = found
    headers = {"cache-control": kept, "etag": asset.etag, "vary": "accept-encoding"}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    if asset.zipped is not None and accepts_gzip(request.headers.get("accept-encoding", "")):
        headers["content-encoding"] = "gzip"
        return Response(asset.zipped, media_type=asset.media_type, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


def _answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer with what went wrong; somebody who has to log in first is sent to do that."""
    if isinstance(error, problem.SignInError) and problem.wants_page(request):
        url = request.url
        wanted = f"{url.path}?{url.query}" if url.query else url.path
        onward = local_path(wanted) if request.method == "GET" else "/"
        place = "/login" if onward == "/" else f"/login?next={quote(onward, safe='/')}"
        return Response(b"", status_code=303, headers={"location": place, "cache-control": "no-store"})
    return problem.answer(request, error)


def _litestar(state: Mapping[str, Any]) -> Litestar:
    return Litestar(
        [
            *(static, login.routes, api.routes),
            Router("/", route_handlers=[*pages.routes, *survey_pages.routes], include_in_schema=False),
        ],
        middleware=[Authentication],
        guards=[signed_in, meant],
        exception_handlers={Exception: _answer},
        request_max_body_size=MAX_BODY,
        openapi_config=OpenAPIConfig(
            title="Obverse",
            version=version("obverse"),
            path="/api/schema",
            render_plugins=[JsonRenderPlugin(path="/")],
        ),
        logging_config=None,
        state=State(dict(state), deep_copy=False),
        type_encoders={msgspec.Struct: msgspec.to_builtins},
    )
