"""What a PostHog event says of its page, campaign, device and client, put where Segment's clients put it.

So all measures find it in one place, whatever client sent it. What has such a place is moved there; all other
properties stay what and where they were.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Raw

from obverse.collect.posthog_wire import text
from obverse.collect.wire import Text

Fields = dict[str, Raw]
"""An event's properties, each as the JSON that it was sent as."""

PLACES: dict[str, tuple[str, ...]] = {
    "$current_url": ("page", "url"),
    "$pathname": ("page", "path"),
    "$referrer": ("page", "referrer"),
    "$title": ("page", "title"),
    "utm_source": ("campaign", "source"),
    "utm_medium": ("campaign", "medium"),
    "utm_campaign": ("campaign", "name"),
    "utm_term": ("campaign", "term"),
    "utm_content": ("campaign", "content"),
    "$device_type": ("device", "type"),
    "$device_id": ("device", "id"),
    "$device_manufacturer": ("device", "manufacturer"),
    "$device_model": ("device", "model"),
    "$os": ("os", "name"),
    "$os_version": ("os", "version"),
    "$browser": ("browser", "name"),
    "$browser_version": ("browser", "version"),
    "$raw_user_agent": ("userAgent",),
    "$browser_language": ("locale",),
    "$timezone": ("timezone",),
    "$screen_width": ("screen", "width"),
    "$screen_height": ("screen", "height"),
    "$app_name": ("app", "name"),
    "$app_version": ("app", "version"),
    "$app_build": ("app", "build"),
    "$lib": ("library", "name"),
    "$lib_version": ("library", "version"),
    "$session_id": ("sessionId",),
    "$ip": ("ip",),
}
"""Where in the context each property goes."""

_DEVICES = {"Mobile": "phone", "Desktop": "desktop", "Tablet": "tablet"}
_DIRECT = "$direct"
_CLICK_IDS = frozenset(
    (
        *("gad_source", "mc_cid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "fbclid", "msclkid"),
        *("twclid", "li_fat_id", "igshid", "ttclid", "rdt_cid", "epik", "qclid", "sccid", "oppref"),
        *("bfcid", "irclid", "_kx", "ph_keyword"),
    )
)
_NOISE = ("token", "api_key", "distinct_id", "$insert_id", "$lib_custom_api_host", "$config_defaults")
_ABOUT_SENDING = ("$sdk_debug_", "$lib_rate_limit_", "$session_recording_", "$replay_")
_ACCOUNT_TYPES = ("company", "organization", "organisation", "account")


def read(raw: Raw | None) -> Any:
    """Decode a property; None where there is none."""
    return None if raw is None else msgspec.json.decode(raw)


def words(raw: Raw | None) -> str | None:
    """Give a property that is a text; None where it is anything else, or empty."""
    value = read(raw)
    return value if isinstance(value, str) and value else None


def is_own(name: str) -> bool:
    """Tell whether a trait is one's own, rather than what the client knows of the browser and its address."""
    return not name.startswith(("$", "utm_")) and name not in _CLICK_IDS


def without_nulls(fields: Fields) -> Fields:
    """Leave out what says nothing: browsers send a null for each click id that an address might have."""
    return {name: raw for name, raw in fields.items() if bytes(raw) != b"null"}


def context_of(fields: Fields) -> dict[str, Any]:
    """Make a context of an event's properties, and take out of them what went there or is of no use."""
    context: dict[str, Any] = {}
    for name, place in PLACES.items():
        if name not in fields:
            continue
        raw = fields.pop(name)
        value = _told(name, raw)
        if value is None:
            continue
        inner = context
        for part in place[:-1]:
            inner = inner.setdefault(part, {})
        inner[place[-1]] = value
    _complete(context.get("page"))
    account = _account(fields)
    if account is not None:
        context["groupId"] = account
    for name in [one for one in fields if one in _NOISE or one.startswith(_ABOUT_SENDING)]:
        del fields[name]
    return context


def _told(name: str, raw: Raw) -> Any:
    """Give what a property has to say in Obverse's words; None for nothing."""
    if bytes(raw) == b'""':
        return None
    if name in ("$current_url", "$referrer", "$device_type", "$lib"):
        value = read(raw)
        if name == "$referrer":
            return None if value == _DIRECT else value
        if name == "$device_type":
            return _DEVICES.get(value, value.lower()) if isinstance(value, str) else None
        if name == "$lib":
            return "posthog-js" if value == "web" else value
        return value
    return raw


def _complete(page: dict[str, Any] | None) -> None:
    """Add what a page's address tells of its path and search."""
    if page is None or not isinstance(page.get("url"), str):
        return
    try:
        parts = urlsplit(page["url"])
    except ValueError:
        return
    page.setdefault("path", parts.path or "/")
    if parts.query:
        page["search"] = f"?{parts.query}"


def _account(fields: Fields) -> Text:
    """Give the organisation among an event's groups: by the usual names of its type, else the first one."""
    groups = read(fields.get("$groups"))
    if not isinstance(groups, dict):
        return None
    known = [groups[one] for one in _ACCOUNT_TYPES if one in groups] + list(groups.values())
    return next((found for one in known if (found := text(one)) not in (None, "")), None)
