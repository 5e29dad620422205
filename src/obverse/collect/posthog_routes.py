"""The paths of PostHog's HTTP API that Obverse answers, with or without a slash at their end."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

import msgspec

from obverse.collect import posthog_answers
from obverse.collect.reply import Reply, failed
from obverse.errors import ObverseError

CAPTURE: dict[str, str | None] = {
    **dict.fromkeys(("/e", "/i/v0/e", "/batch", "/capture", "/track", "/s"), None),
    "/engage": "$set",
}
"""Paths that take events, and the name of events that have none."""

_FLAGS = ("/flags", "/decide")
_SURVEYS = "/api/surveys/"
_NOT_DONE = (
    "/flags/definitions",
    "/api/feature_flag/local_evaluation",
    "/api/web_experiments",
    "/api/product_tours",
    "/api/early_access_features",
    "/i/v1/logs",
)
_CONFIG = re.compile(r"/array/([^/]+)/config(\.js)?")
_BUNDLE = re.compile(r"/array/[^/]+/array\.js|/static/(?:\d[\w.-]*/)?([a-z][a-z0-9.-]*)\.js")
BUNDLES = frozenset(
    (
        *("array", "array.full", "array.full.es5", "array.no-external", "array.full.no-external", "loader"),
        *("all-external-dependencies", "conversations", "crisp-chat-integration", "customizations"),
        *("dead-clicks-autocapture", "element-inference", "exception-autocapture", "intercom-integration"),
        *("lazy-recorder", "logs", "posthog-recorder", "product-tours", "recorder", "recorder-v2", "surveys"),
        *("toolbar", "tracing-headers", "web-vitals", "web-vitals-soft-navs", "web-vitals-with-attribution"),
        "web-vitals-with-attribution-soft-navs",
    )
)
"""Names of the scripts that posthog-js consists of and asks for."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """What a path is for.

    Attributes:
        method: that it takes.
        event: name of the events that have none.
        key: the write key that the path names, or that its query names as ``token`` or ``api_key``.
        answer: what is answered to who has the key, given the surveys that may be asked; None where it
            takes events.
        keyed: a wrong key or method is refused; else it is answered whatever comes.
    """

    method: str = "GET"
    event: str | None = None
    key: str | None = None
    answer: Callable[[str, posthog_answers.Told], Reply] | None = None
    keyed: bool = True


def matches(path: str) -> bool:
    """Tell whether a path is one of PostHog's.

    >>> matches("/i/v0/e/"), matches("/static/array.js"), matches("/static/obverse.js")
    (True, True, False)
    """
    return route(path, b"") is not None


def route(path: str, query: bytes) -> Route | None:
    """Find what a path is for; None where it is none of PostHog's."""
    plain = path.rstrip("/")
    if plain in CAPTURE:
        return Route(method="POST", event=CAPTURE[plain], key=_key(query))
    if plain in _FLAGS:
        return Route(method="POST", key=_key(query), answer=posthog_answers.flags)
    if path == _SURVEYS:
        return Route(key=_key(query), answer=posthog_answers.surveys_json)
    if plain in _NOT_DONE:
        return Route(answer=lambda *_: posthog_answers.not_done(path), keyed=False)
    found = _CONFIG.fullmatch(path)
    if found is not None:
        script = found[2] is not None
        return Route(
            key=found[1], answer=posthog_answers.config_script if script else posthog_answers.config_json
        )
    if bundle(path) is not None:
        return Route(answer=lambda *_: posthog_answers.no_bundle(path), keyed=False)
    return None


def bundle(path: str) -> str | None:
    """Give the name of the script that a path is of; None where it is none of PostHog's.

    >>> bundle("/static/array.js"), bundle("/static/1.449.2/surveys.js"), bundle("/static/obverse.js")
    ('array', 'surveys', None)
    """
    found = _BUNDLE.fullmatch(path)
    name = found and (found[1] or "array")
    return name if name in BUNDLES else None


def _key(query: bytes) -> str | None:
    if not query:
        return None
    named = dict(parse_qsl(query.decode("latin-1")))
    return named.get("token") or named.get("api_key") or None


_RETRIED = 503
_NOT_RETRIED = (408, 429)


def failure(error: ObverseError) -> Reply:
    """Answer a request that came to nothing as a whole, so that PostHog's clients do the right thing.

    They send the same again only after a status of 500 or more; and a browser would ask its reader for a
    password where Basic auth is named.
    """
    reply = failed(error)
    headers = [
        (b"www-authenticate", b"Bearer") if name == b"www-authenticate" else (name, value)
        for name, value in reply.headers
    ]
    return Reply(_RETRIED if reply.status in _NOT_RETRIED else reply.status, reply.body, headers)
