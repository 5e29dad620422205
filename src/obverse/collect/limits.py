"""Limits: how much collect takes, each a setting with a safe default and a refusal."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one request, one event and all requests together may take.

    Attributes:
        max_event_bytes: one event: its known fields with properties and context, as JSON.
        max_batch_bytes: a request's body, as sent and decompressed.
        max_batch_events: events in a batch; those after it are refused one by one.
        max_depth: nesting of an event's properties or context.
        max_message_id_chars: a message id.
        max_id_chars: a user's, anonymous, account's or session's id.
        max_name_chars: an event's name.
        max_ahead_s: how far an event's time may lie ahead of its receipt.
        body_timeout_s: from a request's head until its whole body is there.
        max_requests: requests being read or waiting for their commit; more are answered 429.
        max_memory_bytes: their bodies together; more are answered 429.
        retry_after_s: what a client is asked to wait after 429 or 503.
    """

    max_event_bytes: int = 32 * 1024
    max_batch_bytes: int = 500 * 1024
    max_batch_events: int = 2500
    max_depth: int = 64
    max_message_id_chars: int = 100
    max_id_chars: int = 512
    max_name_chars: int = 512
    max_ahead_s: int = 86_400
    body_timeout_s: float = 20.0
    max_requests: int = 4096
    max_memory_bytes: int = 64 * 1024 * 1024
    retry_after_s: int = 5
