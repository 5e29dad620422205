"""Moments: reading the times that clients send, and correcting for their clocks."""

from __future__ import annotations

from datetime import UTC, datetime

from obverse.collect.refusal import Refusal, RefusedError
from obverse.collect.wire import Text

EARLIEST = 631_152_000_000_000
"""The earliest time that is believed: 1990-01-01, in µs since 1970 UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_BELOW = 1e11


def instant(value: Text) -> int | None:
    """Read a time in µs since 1970 UTC.

    A string is ISO 8601, in UTC where it names no zone; a number is milliseconds since 1970, or seconds where
    it is below 10¹¹. None where it is neither.

    >>> instant("2024-05-06T07:08:09.123Z") == instant(1714979289123) == 1714979289123000
    True
    """
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if value is None or not -1e15 < value < 1e15:
        return None
    return round(value * (1_000_000 if abs(value) < _SECONDS_BELOW else 1000))


def happened_at(
    original: Text, timestamp: Text, sent_at: int | None, received_at: int, max_ahead_s: int
) -> int:
    """Give the time of an event, corrected for the client's clock: ``received − (sent − timestamp)``.

    Without a time of sending the client's clock is trusted; without a time of its own the event happened when
    it was received. Where a client sends both ``originalTimestamp`` and ``timestamp``, the latter is already
    corrected, so only the former is corrected again.

    Args:
        original: ``originalTimestamp``, by the client's clock.
        timestamp: ``timestamp``.
        sent_at: when the client sent the request, by its own clock.
        received_at: when it was received, by ours.
        max_ahead_s: how far ahead of `received_at` a time is believed.

    Raises:
        RefusedError: it is no time, or the corrected time is not to be believed.
    """
    if original is not None and original != "":
        value, field = original, "originalTimestamp"
        skew = 0 if sent_at is None else received_at - sent_at
        if sent_at is None and timestamp is not None and timestamp != "":
            value, field = timestamp, "timestamp"
    elif timestamp is not None and timestamp != "":
        value, field = timestamp, "timestamp"
        skew = 0 if sent_at is None else received_at - sent_at
    else:
        return received_at
    time = instant(value)
    if time is None:
        raise RefusedError(Refusal.BAD_TIME, f"{field}: {value!r:.60} is not a time; send ISO 8601")
    time += skew
    if EARLIEST <= time <= received_at + max_ahead_s * 1_000_000:
        return time
    raise RefusedError(
        Refusal.TIME_OUT_OF_RANGE,
        f"{field}: {value!r:.60}, corrected by {skew / 1e6:.0f} s for the client's clock, is before 1990 "
        f"or more than {max_ahead_s} s ahead",
    )
