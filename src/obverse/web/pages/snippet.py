"""How to send an event, ready to copy: the reader's own address and write key are filled in."""

from __future__ import annotations

from collections.abc import Mapping
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

    def filled(self, words: Mapping[str, str]) -> Snippet:
        """Fill in words, such as those of `words`.

        >>> Snippet("Shell", "curl ADDRESS/v1/track").filled({"ADDRESS": "http://localhost:8040"}).text
        'curl http://localhost:8040/v1/track'
        """
        text = self.text
        for word, value in words.items():
            text = text.replace(word, value)
        return Snippet(self.name, text)


def words(address: str, sdk_path: str, key: str) -> dict[str, str]:
    """Give what stands for words in snippets.

    Args:
        address: of this server, as the reader reached it, without a slash at the end.
        sdk_path: where on it the client for browsers is.
        key: a write key.
    """
    host = address.partition("://")[2]
    return {"SDK_URL": address + sdk_path, "ADDRESS": address, "HOST": host, "WRITE_KEY": key}


OWN_CLIENT = Snippet("HTML", '<script type="module" src="SDK_URL/obverse.js?key=WRITE_KEY"></script>')

CURL = Snippet(
    "Shell",
    """\
curl ADDRESS/v1/track -u WRITE_KEY: -H 'Content-Type: application/json' -d '{
  "userId": "ada@example.com",
  "event": "Order Completed",
  "properties": {"order_id": "1001", "total": 39.9, "currency": "EUR"}
}'""",
)
