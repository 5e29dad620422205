"""How to send an event, ready to copy: the reader's own address and write key are filled in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Snippet:
    """A piece of text to copy.

    Attributes:
        name: what it is written in.
        text: what to copy.
    """

    name: str
    text: str


_CURL = """\
curl {address}/v1/track -u {key}: -H 'Content-Type: application/json' -d '{{
  "userId": "ada@example.com",
  "event": "Order Completed",
  "properties": {{"order_id": "1001", "total": 39.9, "currency": "EUR"}}
}}'"""

_PYTHON = """\
# pip install segment-analytics-python
import segment.analytics as analytics

analytics.host = "{address}"
analytics.write_key = "{key}"
analytics.track("ada@example.com", "Order Completed",
                {{"order_id": "1001", "total": 39.9, "currency": "EUR"}})
analytics.flush()"""

_JAVASCRIPT = """\
await fetch("{address}/v1/track", {{
  method: "POST",
  keepalive: true,
  headers: {{"Content-Type": "text/plain"}},
  body: JSON.stringify({{
    writeKey: "{key}",
    anonymousId: localStorage.visitor ??= crypto.randomUUID(),
    messageId: crypto.randomUUID(),
    event: "Product Viewed",
    properties: {{product_id: "mug", price: 12.5, currency: "EUR"}},
  }}),
}});"""


def snippets(address: str, key: str) -> tuple[Snippet, ...]:
    """Write the same first event in each way there is to send it.

    Args:
        address: of this server, as the reader reached it, without a slash at the end.
        key: a write key.
    """
    return tuple(
        Snippet(name, text.format(address=address, key=key))
        for name, text in (
            ("Shell", _CURL),
            ("Python, with Segment’s client", _PYTHON),
            ("JavaScript, in a page", _JAVASCRIPT),
        )
    )
