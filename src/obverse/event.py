"""The one record: what happened to one person at one instant, at one touchpoint.

`Event` is a record on its way in (collect writes it to the inbox, one JSON line each), `SCHEMA` is the
same record at rest in the lake. Names and meanings follow Segment's spec.
"""

from __future__ import annotations

from hashlib import md5

import msgspec
import pyarrow as pa

PAGE_VIEWED = "Page Viewed"
SCREEN_VIEWED = "Screen Viewed"
IDENTIFIED = "Identified"
GROUPED = "Grouped"
ALIASED = "Aliased"
WEB_VITAL_MEASURED = "Web Vital Measured"

TYPE_EVENTS = {
    "page": PAGE_VIEWED,
    "screen": SCREEN_VIEWED,
    "identify": IDENTIFIED,
    "group": GROUPED,
    "alias": ALIASED,
}
"""The event name of each call of Segment's API that has none of its own; a `track` names its event."""

TOUCHPOINTS = ("web", "app", "email", "store", "phone", "chat", "support", "social", "delivery", "server")
"""The usual touchpoints. Others are accepted as they come."""


class Event(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One accepted event on its way from collect through the inbox to the lake.

    Attributes:
        event: name, such as ``Product Viewed``.
        type: Segment call: track, page, screen, identify, group or alias.
        message_id: the client's id for this message; the same id within 30 days is the same event.
        time: when it happened, µs since 1970 UTC, clock skew corrected.
        received_at: when it was received, µs since 1970 UTC.
        touchpoint: where it happened.
        source: name of the write key that it came with.
        anonymous_id: id of a device or browser; an alias carries its previous id here.
        user_id: id of a known user. One of the two ids is there.
        account_id: the organisation that the person acts for.
        session_id: the client's own session id, where it sends one.
        value: money that the event stands for, in `currency`.
        currency: ISO 4217 code.
        properties: the event's own fields as JSON text (an identify's and a group's traits).
        context: what the client says about itself, as JSON text.
    """

    event: str
    type: str
    message_id: str
    time: int
    received_at: int
    touchpoint: str
    source: str
    anonymous_id: str | None = None
    user_id: str | None = None
    account_id: str | None = None
    session_id: str | None = None
    value: float | None = None
    currency: str | None = None
    properties: str = "{}"
    context: str = "{}"


_INSTANT = pa.timestamp("us", tz="UTC")

SCHEMA = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),  # unique, ascending in the order of arrival in the lake
        pa.field("day", pa.date32(), nullable=False),  # day received (UTC): the partition
        pa.field("stream", pa.int64(), nullable=False),  # key of the id it came under: see `stream_key`
        pa.field("event", pa.string(), nullable=False),
        pa.field("time", _INSTANT, nullable=False),
        pa.field("received_at", _INSTANT, nullable=False),
        pa.field("type", pa.string(), nullable=False),
        pa.field("message_id", pa.string(), nullable=False),
        pa.field("touchpoint", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("anonymous_id", pa.string()),
        pa.field("user_id", pa.string()),
        pa.field("account_id", pa.string()),
        pa.field("session_id", pa.string()),
        pa.field("value", pa.float64()),
        pa.field("currency", pa.string()),
        pa.field("properties", pa.string(), nullable=False),
        pa.field("context", pa.string(), nullable=False),
    ]
)
"""A row of the lake. Instants are microseconds in UTC."""

STREAM_SQL = (
    "(md5_number(CASE WHEN user_id IS NOT NULL THEN 'u:' || user_id "
    "ELSE 'a:' || anonymous_id END) >> 65)::BIGINT"
)
"""`stream_key` of a row, in DuckDB's SQL."""


def stream_key(user_id: str | None, anonymous_id: str | None) -> int:
    """Give the 63-bit key of the id that an event came under: its user id, else its anonymous id.

    The key is the upper 63 bits of the second half of an MD5, which every SQL engine can compute too.

    >>> stream_key("x", None)
    2335604221772777752
    """
    text = f"u:{user_id}" if user_id is not None else f"a:{anonymous_id}"
    return int.from_bytes(md5(text.encode(), usedforsecurity=False).digest()[8:], "little") >> 1
