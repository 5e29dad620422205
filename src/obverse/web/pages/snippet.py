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

    def filled(self, address: str, key: str) -> Snippet:
        """Fill in the words ADDRESS (with its protocol), HOST (without) and WRITE_KEY.

        >>> Snippet("Shell", "curl ADDRESS/v1/track -u WRITE_KEY:").filled("http://localhost:8040", "k").text
        'curl http://localhost:8040/v1/track -u k:'
        """
        words = {"ADDRESS": address, "HOST": address.partition("://")[2], "WRITE_KEY": key}
        text = self.text
        for word, value in words.items():
            text = text.replace(word, value)
        return Snippet(self.name, text)


CURL = Snippet(
    "Shell",
    """\
curl ADDRESS/v1/track -u WRITE_KEY: -H 'Content-Type: application/json' -d '{
  "userId": "ada@example.com",
  "event": "Order Completed",
  "properties": {"order_id": "1001", "total": 39.9, "currency": "EUR"}
}'""",
)


def snippets(address: str, key: str) -> tuple[Snippet, ...]:
    """Write a first event for pages that have nothing to show yet.

    Args:
        address: of this server, as the reader reached it, without a slash at the end.
        key: a write key.
    """
    return (CURL.filled(address, key),)
