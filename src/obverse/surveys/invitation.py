"""Invitation: a link for one known person, signed, so that nobody answers in another's name.

The same person gets the same link on the same day, and one link is one submission: opened twice or answered
twice, it counts once.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import msgspec

from obverse.surveys.ticket import TicketError

_BAD = "as: this invitation was not given out for this survey, or was changed; use the link as it was sent"


class Invitation(msgspec.Struct, frozen=True):
    """Who is invited, and on which day, counted from 1970.

    Attributes:
        user_id: of the person.
        day: on which the link was made (UTC).
        submission_id: of the answer.
    """

    user_id: str
    day: int
    submission_id: str


def sign(survey_id: str, user_id: str, day: int, secret: bytes) -> str:
    """Write the text that a link carries as ``as``."""
    body = msgspec.json.encode([user_id, day])
    return f"{_text(body)}.{_text(_mark(survey_id, body, secret))}"


def read(survey_id: str, text: str, secret: bytes) -> Invitation:
    """Read what `sign` wrote.

    Raises:
        TicketError: it was not signed so, or for another survey.
    """
    try:
        body, mark = (urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in text.split("."))
    except ValueError:
        raise TicketError(_BAD) from None
    expected = _mark(survey_id, body, secret)
    if not hmac.compare_digest(mark, expected):
        raise TicketError(_BAD)
    user_id, day = msgspec.json.decode(body, type=tuple[str, int])
    return Invitation(user_id, day, expected.hex())


def _mark(survey_id: str, body: bytes, secret: bytes) -> bytes:
    # The word in front keeps it from being taken for a ticket, which the same secret signs.
    return hmac.digest(secret, b"invitation\0" + survey_id.encode() + b"\0" + body, sha256)[:16]


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
