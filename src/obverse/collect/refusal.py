"""Refusals: the closed list of reasons why collect turns something away.

Each one is answered to the client, counted a day and a source in the inbox's ledger, and shown to the
operator with recent examples. Nothing is dropped for a reason that is not in this list.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from obverse.errors import ObverseError

EXCERPT_CHARS = 300
"""The longest example that the ledger keeps of what was refused."""

_WRITE_KEY = re.compile(r'("(?:writeKey|api_key|\$?token)"\s*:\s*)"[^"]*"?')


class Refusal(StrEnum):
    """Why an event, or a whole request, was refused.

    >>> Refusal.JUNK_ID.status
    400
    """

    # A whole request.
    NO_KEY = "no_key"
    UNKNOWN_KEY = "unknown_key"
    BODY_TOO_LARGE = "body_too_large"
    BODY_TOO_SLOW = "body_too_slow"
    BAD_ENCODING = "bad_encoding"
    UNKNOWN_ENCODING = "unknown_encoding"
    BAD_JSON = "bad_json"
    BAD_BODY = "bad_body"
    BUSY = "busy"
    # A single event.
    TOO_DEEP = "too_deep"
    TOO_MANY_EVENTS = "too_many_events"
    EVENT_TOO_LARGE = "event_too_large"
    WRONG_TYPE = "wrong_type"
    BAD_TEXT = "bad_text"
    UNKNOWN_CALL = "unknown_call"
    MISSING_FIELD = "missing_field"
    MISSING_ID = "missing_id"
    JUNK_ID = "junk_id"
    TOO_LONG = "too_long"
    BAD_TIME = "bad_time"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    NOT_TAKEN = "not_taken"
    NOT_ASKED = "not_asked"
    WRONG_ANSWER = "wrong_answer"
    # A row of an imported file.
    BAD_ROW = "bad_row"

    @property
    def meaning(self) -> str:
        """Say in one sentence what was wrong and what to do, for docs and the data-health page."""
        return _MEANINGS[self]

    @property
    def status(self) -> int:
        """HTTP status of a request that came to nothing for this reason."""
        return _STATUSES.get(self, 400)


_STATUSES = {
    Refusal.NO_KEY: 401,
    Refusal.UNKNOWN_KEY: 401,
    Refusal.BODY_TOO_LARGE: 413,
    Refusal.BODY_TOO_SLOW: 408,
    Refusal.UNKNOWN_ENCODING: 415,
    Refusal.BUSY: 503,
}

_MEANINGS = {
    Refusal.NO_KEY: "The request carries no write key: send it by Basic auth or as `writeKey` in the body.",
    Refusal.UNKNOWN_KEY: "No source has this write key: it was mistyped or revoked.",
    Refusal.BODY_TOO_LARGE: "The request's body, decompressed, is over its limit: send smaller batches.",
    Refusal.BODY_TOO_SLOW: "The request's body did not arrive in full within the time limit.",
    Refusal.BAD_ENCODING: "The body is not what its Content-Encoding says, or ends too early.",
    Refusal.UNKNOWN_ENCODING: "The body's Content-Encoding is not one of identity, gzip and deflate.",
    Refusal.BAD_JSON: "The body is not JSON in UTF-8.",
    Refusal.BAD_BODY: "The body is JSON but not the call that its path names, as a batch without `batch`.",
    Refusal.BUSY: "No room or time just then; nothing was kept, and the client was asked to send it again.",
    Refusal.TOO_DEEP: "The JSON is nested deeper than the limit.",
    Refusal.TOO_MANY_EVENTS: "The batch has more events than the limit; those after it were not kept.",
    Refusal.EVENT_TOO_LARGE: "The event is larger than the limit.",
    Refusal.WRONG_TYPE: "A field has a type that its call does not allow, as `properties` that is no object.",
    Refusal.BAD_TEXT: "A text is not UTF-8, or an id or a name holds a NUL character.",
    Refusal.UNKNOWN_CALL: "The event's `type` is not one of track, page, screen, identify, group and alias.",
    Refusal.MISSING_FIELD: "A field that the call needs is not there: a track's `event`, a group's "
    "`groupId`, an alias's `previousId`.",
    Refusal.MISSING_ID: "The event has neither `userId` nor `anonymousId`.",
    Refusal.JUNK_ID: "The event's only id is a placeholder such as `undefined` or `null`, "
    "which would weld strangers into one person.",
    Refusal.TOO_LONG: "An id or a name is longer than the limit.",
    Refusal.BAD_TIME: "The `timestamp` is neither ISO 8601 nor a number of (milli)seconds since 1970.",
    Refusal.TIME_OUT_OF_RANGE: "The event's time, corrected for the client's clock, is before 1990 "
    "or more than a day ahead.",
    Refusal.NOT_TAKEN: "The event is of a kind that Obverse does not take, as a recording of a session.",
    Refusal.NOT_ASKED: "The event says what became of one of this server's own surveys; only the form that "
    "it gave to somebody can say that.",
    Refusal.WRONG_ANSWER: "The answer that PostHog's client sent is none that the survey takes: it breaks "
    "its question's rule, or the survey is closed or never had that version.",
    Refusal.BAD_ROW: "The row of an imported file cannot be read as its columns were mapped.",
}


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was refused.

    Attributes:
        reason: from the closed list.
        detail: the field, its value and the rule, for a person.
        index: position in the batch; None for a whole request.
        message_id: the client's id of the message, where it has one.
        excerpt: what was sent, cut short, without its write key.
    """

    reason: Refusal
    detail: str
    index: int | None = None
    message_id: str | None = None
    excerpt: str = ""


class RefusedError(ObverseError):
    """Raised where something is refused: the whole request, or the event at hand.

    Attributes:
        reason: from the closed list.
        detail: the field, its value and the rule.
        retry_after_s: seconds after which the same request may be sent again, where that helps.
    """

    status = 400
    code = "refused"

    def __init__(
        self, reason: Refusal, detail: str, status: int | None = None, retry_after_s: int = 0
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.status = status or reason.status
        self.code = reason.value
        self.retry_after_s = retry_after_s


def excerpt(sent: bytes) -> str:
    """Cut what was sent short for the ledger, leaving out its write key.

    >>> excerpt(b'{"writeKey":"k","event":1}')
    '{"writeKey":"…","event":1}'
    """
    text = sent[: EXCERPT_CHARS * 4].decode("utf-8", "replace").replace("\x00", "\ufffd")
    return _WRITE_KEY.sub(r'\1"…"', text)[:EXCERPT_CHARS]
