"""What the builder's buttons do to a draft: add, remove and move its parts, and give names to what has none.

A button says what it does and where, ``remove:questions.2``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from obverse.errors import QuestionError
from obverse.web.pages.surveys.draft import Draft
from obverse.web.pages.surveys.kinds import MOMENTS, QUESTIONS, Kind, blank

_SLUG = re.compile(r"[^a-z0-9]+")


def change(draft: Draft, action: str) -> str:
    """Do what a button says.

    Args:
        draft: changed in place.
        action: the button's value.

    Returns:
        Path of the part that was worked on, to go on there.

    Raises:
        QuestionError: there is no such part, or nothing such can be done.
    """
    verb, _, path = action.partition(":")
    if verb == "add":
        return _add(draft, path)
    if verb == "language":
        language = str(draft.pop("new_language", "")).strip()
        draft.setdefault("translations", {}).setdefault(language, {})
        return f"translations.{language}"
    if verb == "drop":
        draft.get("translations", {}).pop(path.removeprefix("translations."), None)
        return "languages"
    items, at = _place(draft, path)
    if verb == "write":  # what was chosen is written into the filter whenever the form is sent
        return f"{path}.where"
    way = path.rpartition(".")[0]
    if verb == "remove":
        items.pop(at)
        return f"{way}.{min(at, len(items) - 1)}" if items else way
    if verb in ("up", "down"):
        to = max(0, min(len(items) - 1, at + (1 if verb == "down" else -1)))
        items.insert(to, items.pop(at))
        return f"{way}.{to}"
    raise QuestionError(f"do: {action!r} is nothing that can be done here")


def _add(draft: Draft, path: str) -> str:
    *way, last = path.split(".")
    if last == "questions":
        made: dict[str, Any] = _blank(QUESTIONS, draft.pop("new_question", ""))
    elif last == "moments":
        made = _blank(MOMENTS, draft.pop("new_moment", ""))
    else:
        made = {}
    parent = draft
    if way:
        items, at = _place(draft, ".".join(way))
        parent = items[at]
    items = parent.setdefault(last, [])
    items.append(made)
    return f"{path}.{len(items) - 1}"


def _blank(kinds: dict[str, Kind], wanted: object) -> dict[str, Any]:
    return blank(wanted if isinstance(wanted, str) and wanted in kinds else next(iter(kinds)))


def _place(draft: Draft, path: str) -> tuple[list[Any], int]:
    """Find the list that an item is in, and its place there."""
    *way, last = path.split(".")
    found: Any = draft
    for part in way:
        if isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            found = found.get(part) if isinstance(found, dict) else None
    if not isinstance(found, list) or not last.isdecimal() or int(last) >= len(found):
        raise QuestionError(f"do: there is nothing at {path!r}")
    return found, int(last)


def name_all(draft: Draft) -> None:
    """Give an id to each question, option, row and moment that has none, made of its words or its number."""
    questions = draft.get("questions", [])
    _name(questions, "q")
    _name(draft.get("moments", []), "m")
    for question in questions:
        for name in ("options", "rows"):
            _name([one for one in question.get(name, []) if one.get("text", "").strip()], "o", by_text=True)


def _name(items: Iterable[dict[str, Any]], letter: str, *, by_text: bool = False) -> None:
    items = list(items)
    taken = {one["id"] for one in items if one.get("id")}
    for number, one in enumerate(items, 1):
        if not one.get("id", "").strip():
            one["id"] = free_id(_slug(one["text"]) if by_text else "", f"{letter}{number}", taken)
            taken.add(one["id"])


def _slug(text: str) -> str:
    """Make an id of words; nothing where they have no letters that ids may have.

    >>> _slug("The price, really"), _slug("3 days"), _slug("価格")
    ('the_price_really', '', '')
    """
    made = _SLUG.sub("_", text.lower()).strip("_")[:30].strip("_")
    return made if made[:1].isalpha() and made != "end" else ""


def free_id(wanted: str, otherwise: str, taken: set[str]) -> str:
    """Find an id that is not taken.

    >>> free_id("", "q1", {"q1"}), free_id("price", "o1", set())
    ('q1_2', 'price')
    """
    first = wanted or otherwise
    found, number = first, 1
    while found in taken:
        number += 1
        found = f"{first}_{number}"
    return found
