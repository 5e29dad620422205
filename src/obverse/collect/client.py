"""Client: what an event's context says about the program that sent it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Raw

from obverse.collect.privacy import Privacy
from obverse.collect.refusal import Refusal, RefusedError
from obverse.collect.wire import NOTHING

_EMPTY = ("", "{}", "null", "[]")  # some PHP clients send an empty object as []


class _Context(msgspec.Struct, rename="camel"):
    sdk: Any = msgspec.field(default=None, name="library")
    group_id: Any = None
    session_id: Any = None
    touchpoint: Any = None
    device: Raw = NOTHING
    page: Raw = NOTHING
    traits: Raw = NOTHING


class Client(msgspec.Struct, frozen=True):
    """What collect knows from a context.

    Attributes:
        text: the context to keep, as JSON text: the batch's and the event's own, scrubbed.
        touchpoint: as the context names it; else None.
        likely: touchpoint that the kind of client suggests.
        account_id: the context's ``groupId``.
        session_id: the context's ``sessionId``.
        traits: the context's ``traits`` as JSON text; some clients send an identify's traits there.
    """

    text: str
    touchpoint: str | None
    likely: str
    account_id: str | int | float | None
    session_id: str | int | float | None
    traits: str


_decoder = msgspec.json.Decoder(_Context)
_fields = msgspec.json.Decoder(dict[str, Raw])

NO_CLIENT = Client("{}", None, "server", None, None, "{}")


def object_text(raw: Raw, field: str) -> str:
    """Give the text of a JSON object as it was sent; ``{}`` where there is none.

    Raises:
        RefusedError: it is something else than an object, or not UTF-8.
    """
    try:
        text = str(raw, "utf-8")
    except UnicodeDecodeError:
        raise RefusedError(Refusal.BAD_TEXT, f"{field}: not UTF-8") from None
    if text[:1] == "{":
        return text
    if text.replace(" ", "") in _EMPTY:
        return "{}"
    raise RefusedError(Refusal.WRONG_TYPE, f"{field}: expected an object, got {text:.40}")


def read_client(text: str, shared: str, privacy: Privacy) -> Client:
    """Read a context, laid over the one that its batch shares; both are JSON text of an object."""
    if shared != "{}":
        merged = {**_fields.decode(shared), **_fields.decode(text)}
        text = msgspec.json.encode(merged).decode()
    text = privacy.context(text)
    if text == "{}":
        return NO_CLIENT
    found = _decoder.decode(text)
    return Client(
        text=text,
        touchpoint=found.touchpoint if isinstance(found.touchpoint, str) else None,
        likely=_likely(found),
        account_id=_plain(found.group_id),
        session_id=_plain(found.session_id),
        traits=object_text(found.traits, "context.traits") if len(memoryview(found.traits)) else "{}",
    )


_MOBILE = ("kotlin", "swift", "ios", "android", "react-native", "flutter", "xamarin", "unity")


@lru_cache(maxsize=256)
def _library_touchpoint(name: str) -> str | None:
    """Tell the touchpoint from a library's name, where that says it."""
    name = name.lower()
    if any(word in name for word in _MOBILE):
        return "app"
    return "web" if name == "analytics.js" or "javascript" in name else None


def _likely(context: _Context) -> str:
    """Tell the touchpoint from the kind of client: its library, a page or a device; else it is a server."""
    name = context.sdk.get("name") if isinstance(context.sdk, dict) else None
    named = _library_touchpoint(name) if isinstance(name, str) else None
    if named is not None:
        return named
    if _is_object(context.page):
        return "web"
    return "app" if _is_object(context.device) else "server"


def _is_object(raw: Raw) -> bool:
    return bytes(memoryview(raw)[:1]) == b"{"


def _plain(value: Any) -> str | int | float | None:
    if value is None or isinstance(value, bool):
        return None
    return value if isinstance(value, str | int | float) else None
