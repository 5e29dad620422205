"""Style: the sheets that a form is seen with: over a page (``card``), and on one of its own (``page``).

Shops' browsers load the card's. So it is sent without what only its authors read, has no rule that a card
never uses, and counts towards the 8 KB that a survey over a page may weigh.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from obverse.surveys.theme import theme_css

_HERE = Path(__file__).parent / "styles"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s*([{};,>~])\s*|(?<=:)\s+")


def minified(css: str) -> str:
    """Leave out comments and spaces that say nothing; for sheets without quoted spaces, as ours are.

    >>> minified("a > b { color: red; margin: calc(1px + 2px) } /* so */ .c :focus { top: 0; }")
    'a>b{color:red;margin:calc(1px + 2px)}.c :focus{top:0}'
    """
    small = _SPACE.sub(lambda found: found[1] or "", re.sub(r"\s+", " ", _COMMENT.sub("", css)))
    return small.replace(";}", "}").strip()


Kind = Literal["card", "page"]
_FORM = minified((_HERE / "form.css").read_text())
_KINDS: tuple[Kind, ...] = ("card", "page")
_AROUND = {kind: minified((_HERE / f"{kind}.css").read_text()) for kind in _KINDS}
_ALL = "".join((_FORM, *_AROUND.values(), theme_css("#000000")))
VERSION = blake2b(_ALL.encode(), digest_size=6).hexdigest()
"""Names what the sheets say."""


def sheet(kind: Kind, accent: str) -> str:
    """Write a form's style sheet.

    Args:
        kind: of what is around the form.
        accent: as ``#rrggbb``.
    """
    return theme_css(accent) + _FORM + _AROUND[kind]
