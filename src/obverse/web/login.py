"""Logging in: by the link that the server prints, then by password; logging out; setting the password."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated, Any

from litestar import MediaType, Request, Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body

from obverse.errors import QuestionError
from obverse.settings.access import ADMIN
from obverse.web.attempts import TooManyAttemptsError
from obverse.web.auth import csrf_token, form_cookie
from obverse.web.pages.render import ENVIRONMENT
from obverse.web.problem import ForbiddenError
from obverse.web.site import Site, local_path

Ask = Request[Any, Any, Any]
Form = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]

COOKIE_S = 400 * 86_400
"""How long browsers keep the cookie: as long as they do. When a session ends is decided here, not there."""
WRONG = "That is not the password."
SPENT = (
    "This link has been used, or is too old. Log in with your password, or make a new link on the server "
    "with `obverse login-link`."
)


@get("/login", opt={"public": True})
async def login_page(request: Ask, token: str | None = None) -> Response[Any]:
    """Show the log-in form, or log in with the one-time token of a link."""
    onward = local_path(request.query_params.get("next"))
    if request.user is not None:
        return _go(onward)
    if token is None:
        return await _form(request, onward)
    if not await asyncio.to_thread(request.app.state.access.spend_link, token):
        return await _form(request, onward, SPENT, 403)
    has_password = await asyncio.to_thread(request.app.state.access.has_password)
    return await _enter(request, onward if has_password else "/setup")


@post("/login", opt={"public": True}, status_code=303)
async def login(request: Ask, data: Form) -> Response[Any]:
    """Log in with the password."""
    state = request.app.state
    onward, address = local_path(data.get("next")), _client(request)
    try:
        state.attempts.take(address)
    except TooManyAttemptsError as error:
        page = await _form(request, onward, f"{error}".capitalize() + ".", error.status)
        page.headers["retry-after"] = str(error.retry_after_s)
        return page
    name, password = data.get("name") or ADMIN, data.get("password", "")
    async with state.hashing:
        right = await asyncio.to_thread(state.access.check_password, name, password)
    if not right:
        return await _form(request, onward, WRONG, 403)
    state.attempts.forgive(address)
    return await _enter(request, onward, name)


@post("/logout", status_code=303)
async def logout(request: Ask) -> Response[Any]:
    """End this session."""
    if request.auth is not None:
        await asyncio.to_thread(request.app.state.access.end_session, request.auth)
    return _go("/login", _cookie(request, "", max_age=0))


@get("/setup")
async def setup_page(request: Ask) -> Response[Any]:
    """Ask for a password to log in with from now on."""
    return _setup(request)


@post("/setup", status_code=303)
async def setup(request: Ask, data: Form) -> Response[Any]:
    """Set the password; where there is one already, it must be given too."""
    state = request.app.state
    if request.user.program:
        raise ForbiddenError("a program may not set a password")
    name, password = request.user.name, data.get("password", "")
    if data.get("again", password) != password:
        return _setup(request, "The two passwords differ.")
    try:
        state.attempts.take(_client(request))
        async with state.hashing:
            if request.user.has_password and not await asyncio.to_thread(
                state.access.check_password, name, data.get("current", "")
            ):
                return _setup(request, WRONG)
            await asyncio.to_thread(state.access.set_password, password, name)
    except (QuestionError, TooManyAttemptsError) as error:
        return _setup(request, f"{error}".capitalize() + ".", error.status)
    state.attempts.forgive(_client(request))
    return await _enter(request, "/", name)  # a session of its own: all older ones have ended


async def _enter(request: Ask, onward: str, name: str = ADMIN) -> Response[Any]:
    """Open a new session, whatever session the browser had before, and go on."""
    access, days = request.app.state.access, request.app.state["values"].session_days
    if request.auth is not None:
        await asyncio.to_thread(access.end_session, request.auth)
    token = await asyncio.to_thread(access.open_session, days, name)
    return _go(onward, _cookie(request, token, max_age=COOKIE_S))


async def _form(request: Ask, onward: str, error: str | None = None, status: int = 200) -> Response[Any]:
    site: Site = request.app.state.site
    name = form_cookie(site)
    secret = request.cookies.get(name) or secrets.token_urlsafe(32)
    has_password = await asyncio.to_thread(request.app.state.access.has_password)
    fields = {"next": onward, "csrf": csrf_token(secret), "has_password": has_password}
    page = _page("login.html", status, error=error, **fields)
    page.set_cookie(
        Cookie(key=name, value=secret, secure=site.secure, httponly=True, samesite="strict", path="/")
    )
    return page


def _setup(request: Ask, error: str | None = None, status: int | None = None) -> Response[Any]:
    fields = {"csrf": request.state.csrf, "has_password": request.user.has_password, "token": ""}
    return _page("setup.html", status or (400 if error else 200), error=error, **fields)


def _page(template: str, status: int, **fields: Any) -> Response[Any]:
    text = ENVIRONMENT.get_template(template).render(**fields)
    headers = {"cache-control": "no-store"}
    return Response(text.encode(), media_type=MediaType.HTML, status_code=status, headers=headers)


def _go(path: str, cookie: Cookie | None = None) -> Response[Any]:
    headers = {"location": path, "cache-control": "no-store"}
    return Response(b"", status_code=303, headers=headers, cookies=[cookie] if cookie else None)


def _cookie(request: Ask, value: str, max_age: int) -> Cookie:
    site: Site = request.app.state.site
    return Cookie(
        key=site.cookie,
        value=value,
        max_age=max_age,
        secure=site.secure,
        httponly=True,
        samesite="lax",
        path="/",
    )


def _client(request: Ask) -> str:
    peer = request.client.host if request.client else ""
    site: Site = request.app.state.site
    return site.client(peer, request.headers.get("x-forwarded-for"))


routes = Router(
    path="/", route_handlers=[login_page, login, logout, setup_page, setup], include_in_schema=False
)
"""The handlers of log-in."""
