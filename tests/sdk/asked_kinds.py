"""One question of each kind, the keys that answer it, and what it is to who cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A kind of question.

    Attributes:
        question: without id and text.
        keys: pressed, or typed where they are none, from the first control to where Enter sends.
        answer: that they give.
        tree: of accessible names, a part.
    """

    question: dict[str, Any]
    keys: tuple[str, ...]
    answer: Any
    tree: str


def _options(*texts: str) -> list[dict[str, str]]:
    return [{"id": text.lower(), "text": text} for text in texts]


def _scale(*names: str) -> str:
    return "\n".join(['- radiogroup "What do you say?":', *(f"  - radio {name}" for name in names)])


_SECOND = ("Space", "ArrowRight")
KINDS = (
    Kind({"type": "nps"}, _SECOND, 1, _scale("/^0/", "/^5/", "/^10/")),
    Kind({"type": "csat"}, _SECOND, 2, _scale("/^1\\W+Very dissatisfied/", "/^5\\W+Very satisfied/")),
    Kind({"type": "ces"}, _SECOND, 2, _scale("/^1/", "/^7/")),
    Kind({"type": "rating", "style": "stars"}, _SECOND, 2, _scale("/^1/", "/^5/")),
    Kind({"type": "rating", "style": "emoji", "points": 3}, _SECOND, 2, _scale("/^1/", "/^3/")),
    Kind({"type": "seq"}, _SECOND, 2, _scale("/^1\\W+Very difficult/", "/^7\\W+Very easy/")),
    Kind(
        {"type": "sus"},
        (*("Space", "Tab") * 9, "Space"),
        [1] * 10,
        "- radiogroup /use this system frequently/:\n  - radio /^1\\W+Strongly disagree/",
    ),
    Kind({"type": "umux_lite"}, ("Space", "Tab", "Space"), [1, 1], "- radiogroup /requirements/"),
    Kind(
        {"type": "single", "options": _options("Price", "Colour"), "other": "Something else"},
        ("Space", "ArrowDown"),
        "colour",
        _scale('"Price"', '"Colour"', '"Something else"'),
    ),
    Kind(
        {"type": "multiple", "options": _options("Price", "Colour", "Size")},
        ("Space", "Tab", "Tab", "Space"),
        ["price", "size"],
        '- group "What do you say?":\n  - checkbox "Price"\n  - checkbox "Colour"\n  - checkbox "Size"',
    ),
    Kind(
        {"type": "matrix", "rows": _options("Speed", "Help"), "options": _options("Good", "Bad")},
        ("Space", "Tab", "Space", "ArrowRight"),
        {"speed": "good", "help": "bad"},
        '- radiogroup "Speed":\n  - radio "Good"\n  - radio "Bad"\n- radiogroup "Help"',
    ),
    Kind(
        {"type": "ranking", "options": _options("Price", "Colour", "Size")},
        ("2", "Tab", "1", "Tab", "3", "Tab"),
        ["colour", "price", "size"],
        '- group "What do you say?":\n  - list:\n    - listitem:\n      - combobox "Price"',
    ),
    Kind({"type": "short_text"}, ("Good mugs",), "Good mugs", '- textbox "What do you say?"'),
    Kind(
        {"type": "long_text"}, ("Good", "Enter", "mugs", "Tab"), "Good\nmugs", '- textbox "What do you say?"'
    ),
    Kind({"type": "consent", "agree": "Ask me later"}, ("Space",), True, '- checkbox "Ask me later"'),
)
NAMES = [kind.question["type"] + "-" + kind.question.get("style", "") for kind in KINDS]
