"""Replies: how the routes of surveys answer: JSON to widgets of any origin, pages that hold only a form."""

from __future__ import annotations

import gzip
from functools import lru_cache
from hashlib import blake2b

import msgspec

from obverse.collect.refusal import RefusedError
from obverse.collect.reply import Reply
from obverse.errors import BusyError, ObverseError
from obverse.surveys.style import VERSION, Kind, sheet
from obverse.web import problem

OPEN = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"retry-after"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
]
"""Any page may read the answer: nothing in it depends on who is signed in."""
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors {frames}"
)
_PAGE = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
]
_DEFAULT_ACCENT = "0b57d0"


def policy(frames: str = "'none'") -> str:
    """Give the content policy of a form's page: no scripts at all."""
    return _POLICY.format(frames=frames)


def page(html: str, status: int = 200, retry_after_s: int | None = None) -> Reply:
    """Answer with a page."""
    headers = [*_PAGE, (b"content-security-policy", policy().encode())]
    if retry_after_s is not None:
        headers.append((b"retry-after", str(retry_after_s).encode()))
    return Reply(status, html.encode(), headers)


def json(body: bytes, status: int = 200) -> Reply:
    """Answer a widget."""
    kept = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"), *OPEN]
    return Reply(status, body, kept)


def refused(error: Exception, path: str) -> Reply:
    """Answer a widget with what went wrong, as a problem document."""
    if isinstance(error, RefusedError):
        made = problem.Problem(
            title=error.code, status=error.status, detail=error.detail, code=error.code, instance=path
        )
        wait = error.retry_after_s or None
    else:
        made = problem.problem_of(error, path)
        wait = made.retry_after_s
    headers = [(b"content-type", problem.MEDIA_TYPE.encode()), (b"cache-control", b"no-store"), *OPEN]
    if wait is not None:
        headers.append((b"retry-after", str(wait).encode()))
    return Reply(made.status, msgspec.json.encode(made), headers)


def word_of(error: ObverseError) -> str:
    """Say which word tells a person of an error, on a page."""
    if isinstance(error, BusyError | RefusedError) and error.status in (429, 503):
        return "busy"
    return {"survey_closed": "closed", "not_found": "unknown"}.get(error.code, "bad_ticket")


def style_address(sdk_path: str, accent: str) -> str:
    """Give the address of the style sheet of pages with an accent, ``#rrggbb``."""
    return f"{sdk_path}/surveys/form.css?accent={accent[1:].lower()}&v={VERSION}"


def style(kind: Kind, accent: str, etag: str, zipped: bool) -> Reply:
    """Answer with a style sheet.

    Args:
        kind: of what is around the form.
        accent: as ``rrggbb``; blank for the usual one.
        etag: that the client has.
        zipped: the client takes gzip.
    """
    accent = (accent or _DEFAULT_ACCENT).lower()
    if len(accent) != 6 or not set(accent) <= set("0123456789abcdef"):
        return Reply(400, b"accent: six hexadecimal digits\n", [(b"content-type", b"text/plain"), *OPEN])
    plain, small, name = _style(kind, accent)
    headers = [
        (b"content-type", b"text/css; charset=utf-8"),
        (b"cache-control", b"public, max-age=3600, stale-while-revalidate=86400"),
        (b"etag", name.encode()),
        (b"vary", b"accept-encoding"),
        *OPEN,
    ]
    if etag == name:
        return Reply(304, b"", headers)
    return (
        Reply(200, small, [*headers, (b"content-encoding", b"gzip")])
        if zipped
        else Reply(200, plain, headers)
    )


@lru_cache(maxsize=64)
def _style(kind: Kind, accent: str) -> tuple[bytes, bytes, str]:
    body = sheet(kind, f"#{accent}").encode()
    return body, gzip.compress(body, 9, mtime=0), f'"{blake2b(body, digest_size=10).hexdigest()}"'
