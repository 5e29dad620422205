"""Elements: which one a PostHog event is about, as the short path that acts are told apart by.

PostHog sends the chain of elements from the one that was pressed outwards, as one string::

    button.primary:attr__id="buy"nth-child="2"nth-of-type="1"text="Buy now";form:attr__name="order"…

The path that is made of it is a CSS selector: from the nearest element with a name of its own
(``data-obverse``, ``data-testid`` and the like, or an id), by tags and their places:
``#cart>button:nth-of-type(2)``. Classes and texts are not in it: they change, and texts may say who
somebody is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

import msgspec
from msgspec import Raw

MAX_CHARS = 16_384
"""Of a chain, the part that is looked at."""
MAX_STEPS = 6
"""Of a path, where no element has a name of its own."""

# Possessive, and matching whatever comes: a broken chain is read in one pass too.
_ELEMENT = re.compile(r'(?:[^;"]|"(?:\\.|[^"\\])*+"?)++', re.DOTALL)
_ATTRIBUTE = re.compile(r'([^="]*+)(?:="((?:\\.|[^"\\])*+)"?|[="]|\Z)', re.DOTALL)
_TAG = re.compile(r"[A-Za-z][\w-]*")
_NAMES = ("data-obverse", "data-testid", "data-test-id", "data-test", "data-cy", "data-attr")
_STEADY = re.compile(r"(?!.*\d{4})[A-Za-z][\w-]{0,63}", re.ASCII)
"""Names that somebody gave: four digits in a row look like an order's number, or made up by a program."""


class Element(msgspec.Struct, frozen=True):
    """One element of a chain.

    Attributes:
        tag: in lower case.
        place: among those of the same tag beside it, from 1.
        attributes: by name.
    """

    tag: str
    place: int
    attributes: dict[str, str]

    def name(self) -> str | None:
        """Give the attribute that names it for good, as a selector; None where there is none."""
        for attribute in _NAMES:
            if _STEADY.fullmatch(self.attributes.get(attribute, "")):
                return f"[{attribute}={self.attributes[attribute]}]"
        found = self.attributes.get("id", "")
        return f"#{found}" if _STEADY.fullmatch(found) else None

    def step(self) -> str:
        """Give its tag and place as a selector."""
        return self.tag if self.place < 2 else f"{self.tag}:nth-of-type({self.place})"

    def label(self) -> str | None:
        """Give what a form or a field is called: its ``name``, else what `name` gives."""
        found = self.attributes.get("name", "")
        return found if _STEADY.fullmatch(found) else self.name()


def elements_of(fields: dict[str, Raw]) -> list[Element]:
    """Read the elements of an event, the one it is about first; empty where it tells none."""
    chain = _decoded(fields.get("$elements_chain"))
    if isinstance(chain, str) and chain:
        parts = islice(_ELEMENT.finditer(chain[:MAX_CHARS]), 100)
        return [one for part in parts if (one := _of_text(part[0])) is not None]
    listed = _decoded(fields.get("$elements"))
    if isinstance(listed, list):
        return [one for part in listed[:100] if (one := _of_object(part)) is not None]
    return []


def path_of(elements: Iterable[Element]) -> str | None:
    """Write the path of an element from its chain.

    >>> path_of([Element("a", 2, {}), Element("nav", 1, {"id": "top"}), Element("body", 1, {})])
    '#top>a:nth-of-type(2)'
    """
    steps: list[str] = []
    for element in elements:
        name = element.name()
        if name is not None or element.tag in ("body", "html") or len(steps) == MAX_STEPS:
            steps += [name] if name is not None else []
            break
        steps.append(element.step())
    return ">".join(reversed(steps)) or None


def form_of(elements: list[Element]) -> str | None:
    """Name the form that an element is in, or is; None where it is in none."""
    for number, element in enumerate(elements):
        if element.tag == "form":
            return element.label() or path_of(elements[number:])
    return None


def field_of(elements: list[Element]) -> str | None:
    """Name a form's field: what the form calls it, else its path."""
    return (elements[0].label() or path_of(elements)) if elements else None


def _of_text(part: str) -> Element | None:
    tag = _TAG.match(part)
    if tag is None:
        return None
    attributes: dict[str, str] = {}
    for found in _ATTRIBUTE.finditer(part):
        if found[2] is not None:
            # The first one stands behind the tag and its classes, which may have colons too.
            attributes[found[1].rpartition(":")[2]] = found[2].replace('\\"', '"')
    return _element(tag[0], attributes.get("nth-of-type"), attributes)


def _of_object(part: Any) -> Element | None:
    if not isinstance(part, dict) or not isinstance(part.get("tag_name"), str):
        return None
    texts = {name: value for name, value in part.items() if isinstance(value, str)}
    return _element(part["tag_name"], part.get("nth_of_type"), texts)


def _element(tag: str, place: Any, attributes: dict[str, str]) -> Element | None:
    if not _TAG.fullmatch(tag):
        return None
    number = int(place) if str(place).isdecimal() and len(str(place)) < 7 else 1
    own = {
        name.removeprefix("attr__"): value for name, value in attributes.items() if name.startswith("attr__")
    }
    return Element(tag.lower()[:40], number, own)


def _decoded(raw: Raw | None) -> Any:
    return None if raw is None else msgspec.json.decode(raw)
