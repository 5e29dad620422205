"""Who asks, and whether they meant to: sessions, tokens, and forms that no other site can send.

`Authentication` runs before every route and puts a `Viewer` (or None) in ``request.user`` and the token for
this viewer's forms in ``request.state.csrf``. Two guards stand before every route: `signed_in`, unless the
route is marked ``opt={"public": True}``, and `meant`, which asks for that token where something is changed.
"""

from __future__ import annotations

import asyncio
import hmac
from typing import Any

import msgspec
from litestar.connection import ASGIConnection, Request
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from obverse.settings.access import Access
from obverse.web.problem import ForbiddenError, SignInError
from obverse.web.site import Site

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
Connection = ASGIConnection[Any, Any, Any, Any]


class Viewer(msgspec.Struct, frozen=True):
    """Whoever is signed in.

    Attributes:
        name: of the user, or of the API token.
        program: asks with an API token, not with a browser.
        has_password: could log in again with a password.
    """

    name: str
    program: bool = False
    has_password: bool = True


class Authentication(AbstractAuthenticationMiddleware):
    """Finds out who asks, by the session's cookie or by a bearer token.

    Needs ``access``, ``site`` and ``values`` in the app's state.
    """

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        """Find the viewer of a request.

        Raises:
            MisdirectedError: the request is for another host.
            ForbiddenError: another site's page sent it.
            SignInError: it has a bearer token that is not valid.
        """
        site: Site = connection.app.state.site
        site.check_host(connection.headers.get("host"))
        scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            connection.state.csrf = None
            return AuthenticationResult(user=await _program(connection.app.state.access, bearer), auth=None)
        _check_origin(connection, site)
        token = connection.cookies.get(site.cookie)
        viewer = await _person(connection, token) if token else None
        own = token if viewer else connection.cookies.get(form_cookie(site))
        connection.state.csrf = csrf_token(own) if own else None
        return AuthenticationResult(user=viewer, auth=token if viewer else None)


async def _program(access: Access, bearer: str) -> Viewer:
    name = await asyncio.to_thread(access.token_name, bearer.strip())
    if name is None:
        raise SignInError("the bearer token is not valid")
    return Viewer(name, program=True)


async def _person(connection: Connection, token: str) -> Viewer | None:
    state = connection.app.state
    session = await asyncio.to_thread(state.access.session_of, token, state["values"].session_days)
    return Viewer(session.user, has_password=session.has_password) if session else None


def _check_origin(connection: Connection, site: Site) -> None:
    """Refuse a change that a page of another site asks for; browsers say so in two header fields."""
    if connection.scope.get("method") in SAFE:
        return
    origin, host = connection.headers.get("origin"), connection.headers.get("host")
    fetched = connection.headers.get("sec-fetch-site", "same-origin")
    if fetched not in {"same-origin", "none"} or (origin and not site.is_own_origin(origin, host)):
        raise ForbiddenError(f"a page of another site ({origin or fetched}) may not send this")


def form_cookie(site: Site) -> str:
    """Name the cookie that binds the forms of somebody who is not signed in."""
    return f"{site.cookie}-form"


def csrf_token(secret: str) -> str:
    """Derive the token of a session's forms from the session's own secret."""
    return hmac.digest(secret.encode(errors="surrogatepass"), b"csrf", "sha256").hex()


def signed_in(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: somebody is signed in, unless the route is for everybody.

    Raises:
        SignInError: nobody is.
    """
    if connection.user is None and not handler.opt.get("public"):
        raise SignInError("log in first, or send an API token as `Authorization: Bearer …`")


async def meant(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: a change was asked for by one of our own pages, with its viewer's token, or by a program.

    The token comes in the form's field ``csrf`` or in ``X-CSRF-Token``. A JSON body that a browser says is
    from our own page needs none, as no other site's page could have sent it.

    Raises:
        ForbiddenError: the token is missing or is another's.
    """
    if connection.scope.get("method") in SAFE or (connection.user is not None and connection.user.program):
        return
    given = connection.headers.get("x-csrf-token")
    kind = connection.headers.get("content-type", "").partition(";")[0].strip()
    if given is None and kind in FORMS and isinstance(connection, Request):
        given = (await connection.form()).get("csrf")
    if given is None and kind == "application/json" and _says_own_page(connection):
        return
    expected = connection.state.csrf
    if (
        not expected
        or not isinstance(given, str)
        or not hmac.compare_digest(given.encode(), expected.encode())
    ):
        raise ForbiddenError(
            "the form is too old or not ours; go back, load the page again and send it again"
        )


def _says_own_page(connection: Connection) -> bool:
    return connection.headers.get("sec-fetch-site") == "same-origin" or "origin" in connection.headers
