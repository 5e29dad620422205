"""Ids: who an event came from, without placeholders that would weld strangers into one person."""

from __future__ import annotations

from obverse.collect.refusal import Refusal, RefusedError
from obverse.collect.wire import Text

NOTHING_SAID = frozenset(
    [
        *("undefined", "null", "none", "nil", "nan", "n/a", "[object object]"),
        "00000000-0000-0000-0000-000000000000",  # a phone's advertising id where tracking is denied
    ]
)
"""How broken clients, in lower case, spell that they have nothing to say."""

JUNK = NOTHING_SAID | {
    *("true", "false", "0", "-1", "unknown", "anonymous", "guest", "not_authenticated", "id", "email"),
    *("distinct_id", "distinctid", "user_id", "userid", "anonymous_id", "anonymousid"),
    "$posthog_cookieless",  # PostHog's clients, where nobody may be known, name everybody so
}
"""Placeholders, in lower case, that are sent instead of a person's id."""


def text_of(value: Text, field: str, max_chars: int) -> str | None:
    """Read an id or a name as text; None where it is missing or blank. A whole number reads without a point.

    Raises:
        RefusedError: it is longer than the limit.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        value = str(int(value)) if value == int(value) else repr(value)
    if len(value) > max_chars:
        raise RefusedError(
            Refusal.TOO_LONG,
            f"{field}: {value[:40]!r}… has {len(value)} characters, the limit is {max_chars}",
        )
    return value if value and not value.isspace() else None


def is_junk(value: str) -> bool:
    """Tell whether an id is a placeholder.

    >>> is_junk("[object Object]"), is_junk("u-17")
    (True, False)
    """
    return value.lower().strip() in JUNK


def who(user: Text, anonymous: Text, max_chars: int) -> tuple[str | None, str | None]:
    """Give an event's user id and anonymous id, at least one of them not None; placeholders are dropped.

    Raises:
        RefusedError: neither is left.
    """
    user_id = text_of(user, "userId", max_chars)
    anonymous_id = text_of(anonymous, "anonymousId", max_chars)
    junk = None
    if user_id is not None and is_junk(user_id):
        user_id, junk = None, f"userId: {user_id!r} is a placeholder, not an id"
    if anonymous_id is not None and is_junk(anonymous_id):
        anonymous_id, junk = None, f"anonymousId: {anonymous_id!r} is a placeholder, not an id"
    if user_id is None and anonymous_id is None:
        if junk:
            raise RefusedError(Refusal.JUNK_ID, junk)
        raise RefusedError(Refusal.MISSING_ID, "userId, anonymousId: neither is there")
    return user_id, anonymous_id
