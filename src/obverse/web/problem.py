"""Every error's one way out: a problem document (RFC 9457) for programs, a page for people."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, NotFoundException

from obverse.errors import BusyError, ObverseError

_LOG = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"


class SignInError(ObverseError):
    """Nobody is signed in."""

    status = 401
    code = "not_signed_in"


class ForbiddenError(ObverseError):
    """Whoever is signed in may not do this, or did not mean to."""

    status = 403
    code = "forbidden"


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A problem document.

    Attributes:
        title: what the status means.
        status: HTTP status.
        detail: what was wrong here, in a sentence.
        code: a stable word for programs.
        instance: path that was asked for.
        id: number of the entry in the server's log, where the fault is the server's.
        retry_after_s: seconds to wait before trying again.
        errors: the parts of the request that are wrong, where there are several.
    """

    title: str
    status: int
    detail: str
    code: str
    instance: str | None = None
    id: str | None = None
    retry_after_s: int | None = None
    errors: list[Any] | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Header fields that go with it."""
        made = {"cache-control": "no-store"}
        if self.retry_after_s is not None:
            made["retry-after"] = str(self.retry_after_s)
        if self.status == HTTPStatus.UNAUTHORIZED:
            made["www-authenticate"] = "Bearer"
        return made


def problem_of(error: Exception, path: str) -> Problem:
    """Describe an error. One that nobody foresaw is logged under an id, and says nothing else."""
    if isinstance(error, ObverseError):
        retry_after_s = error.retry_after_s if isinstance(error, BusyError) else None
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and retry_after_s is None:
            _LOG.error("%s: %s", path, error)
        return _made(error.status, str(error), error.code, path, retry_after_s=retry_after_s)
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_").replace("-", "_")
        errors = error.extra if isinstance(error.extra, list) and error.extra else None
        detail = f"nothing is at {path}" if isinstance(error, NotFoundException) else error.detail
        return _made(error.status_code, detail, code, path, errors=errors)
    number = secrets.token_hex(6)
    _LOG.error("unforeseen error %s at %s", number, path, exc_info=error)
    detail = f"Something went wrong in the server. Its log has the rest under {number}."
    return _made(500, detail, "failure", path, id=number)


def _made(status: int, detail: str, code: str, path: str, **more: Any) -> Problem:
    title = HTTPStatus(status).phrase
    return Problem(title=title, status=status, detail=detail, code=code, instance=path, **more)


def as_json(problem: Problem) -> Response[bytes]:
    """Answer with the problem document."""
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )


def as_page(problem: Problem) -> Response[bytes]:
    """Answer with the error page."""
    from obverse.web.pages.render import ENVIRONMENT

    text = ENVIRONMENT.get_template("error.html").render(problem=problem)
    return Response(
        text.encode(), status_code=problem.status, media_type=MediaType.HTML, headers=problem.headers
    )


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Tell whether a person asked, with a browser, rather than a program."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer a request with what went wrong in it."""
    problem = problem_of(error, request.url.path)
    return as_page(problem) if wants_page(request) else as_json(problem)
