"""Ticket: who was asked what, and where; signed, so that only who was asked can answer, and only that.

The browser carries it along with each step, so the server keeps nothing while somebody answers.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import msgspec

from obverse.errors import ObverseError

LASTS_S = 30 * 86_400
"""An answer may come this much later than the question, in seconds."""


class TicketError(ObverseError):
    """A ticket was not given out by this server, was changed, or is too old."""

    status = 403
    code = "bad_ticket"


class Ticket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One time of asking somebody. Of an anonymous survey it has nothing that leads to the person.

    Attributes:
        survey_id: of what is asked.
        version: of it.
        submission_id: random; the same in all events of this time.
        asked_at: when the ticket was given out, µs since 1970 UTC; of an anonymous survey the day.
        place: where, one of `obverse.surveys.survey.PLACES`.
        moment: id of the moment, or the place.
        language: in which it is shown.
        touchpoint: at which it is answered.
        share: share of people in this moment who were picked.
        anonymous_id: of the browser or device.
        user_id: of who is known.
        session_id: the client's.
        page: the page's ``path``, ``url``, ``title`` and ``referrer``.
        event: properties of the event that called for it, as words are filled with them.
        variants: variant by experiment.
    """

    survey_id: str
    version: int
    submission_id: str
    asked_at: int
    place: str
    moment: str
    language: str = "en"
    touchpoint: str = "web"
    share: float = 1.0
    anonymous_id: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    page: dict[str, str] = {}
    event: dict[str, str | float | bool] = {}
    variants: dict[str, str] = {}


def sign(ticket: Ticket, secret: bytes) -> str:
    """Write a ticket as text of an address's alphabet."""
    body = msgspec.json.encode(ticket)
    return _text(body) + "." + _text(hmac.digest(secret, body, sha256))


def read(text: str, secret: bytes, now: int) -> Ticket:
    """Read a ticket.

    Args:
        text: as `sign` wrote it.
        secret: that it was signed with.
        now: the time, µs since 1970 UTC.

    Raises:
        TicketError: it was not signed so, or is older than `LASTS_S`.
    """
    try:
        body, mark = (urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in text.split("."))
    except ValueError:
        raise TicketError("ticket: this is none; open the survey again") from None
    if not hmac.compare_digest(mark, hmac.digest(secret, body, sha256)):
        raise TicketError(
            "ticket: it was not given out by this server, or was changed; open the survey again"
        )
    ticket = msgspec.json.decode(body, type=Ticket)
    if now - ticket.asked_at > LASTS_S * 1_000_000:
        raise TicketError("ticket: it is too old; open the survey again")
    return ticket


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
