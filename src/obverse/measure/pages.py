"""Pages by their kind: addresses that differ in an id only are one page.

Done on the labels of a layout, a few thousand texts, and not on events.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

ANY = "*"

_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d+(?:[.,:_-]\d+)*")
_HEX = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{8,}", re.IGNORECASE)
_TOKEN = re.compile(r"(?=.*\d.*\d)(?=.*[A-Za-z])[A-Za-z0-9_-]{20,}")
_MAIL = re.compile(r"[^/@\s]+(?:@|%40)[^/@\s]+\.[^/@\s]+")
_IDS = (_NUMBER, _UUID, _HEX, _TOKEN, _MAIL)


def folded(label: str) -> str:
    """Give a page's kind: its path without query, fragment and trailing slash, with ids as ``*``.

    An id is a part between slashes that is a number (dates and versions too), a UUID, eight or more
    hexadecimal digits with both letters and figures, twenty or more letters and figures with two figures or
    more, or an e-mail address. What is no path, such as a title, is left as it is but for such parts.

    >>> folded("/product/123?ref=mail"), folded("/orders/2026-03-01/"), folded("/")
    ('/product/*', '/orders/*', '/')
    >>> folded("/trail-shoe-2"), folded("https://shop.example/p/9f86d081884c7d65")
    ('/trail-shoe-2', 'https://shop.example/p/*')
    """
    path = re.split(r"[?#]", label, maxsplit=1)[0] if "/" in label else label
    parts = [ANY if part and _is_id(part) else part for part in path.split("/")]
    if len(parts) > 2 and parts[-1] == "":
        parts.pop()
    return "/".join(parts) or label


def _is_id(part: str) -> bool:
    return any(kind.fullmatch(part) for kind in _IDS)


class Patterns:
    """Places that count as one: patterns with ``*`` for anything, tried in order.

    Args:
        texts: ``/blog/*`` or, with a name of its own, ``/blog/* as Blog``.

    >>> Patterns(("/blog/* as Blog", "/help/*")).name_of("/blog/2026/hello")
    'Blog'
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._known: list[tuple[re.Pattern[str], str]] = []
        for text in texts:
            pattern, _, name = text.strip().partition(" as ")
            pieces = map(re.escape, pattern.strip().split(ANY))
            self._known.append((re.compile(".*".join(pieces), re.DOTALL), name.strip() or pattern.strip()))

    def name_of(self, label: str) -> str | None:
        """Give the name of the first pattern that a label fits; None where it fits none."""
        return next((name for pattern, name in self._known if pattern.fullmatch(label)), None)
