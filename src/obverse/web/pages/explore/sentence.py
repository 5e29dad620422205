"""An answer's sentence with its figures set apart: they are what a reader looks for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from obverse.web.pages.drawing.days import with_days
from obverse.web.pages.figures import cut
from obverse.web.pages.part import Part, Sentence

_SPACE = "[ \u00a0\u202f]"
_NUMBER = rf"−?\d+(?:{_SPACE}\d{{3}})*(?:[.,]\d+)?"
_FIGURE = re.compile(
    r"(?P<day>\b\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?:[+-]\d{2}:\d{2})?)?\b)"
    rf"|(?P<value>(?:[€$£¥₹]|\b[A-Z]{{3}}\b){_SPACE}?{_NUMBER}(?:{_SPACE}?(?:k|M|G|bn|T)\b)?)"
    rf"|(?P<range>\({_NUMBER}(?:{_SPACE}?%)?(?:–| to ){_NUMBER}(?:{_SPACE}?(?:%|k|M|G|\w{{1,4}}))?\))"
    rf"|(?P<figure>{_NUMBER}{_SPACE}?%)"
    rf"|(?P<people>{_NUMBER}{_SPACE}(?:people|persons?|customers|buyers))"
    r"|(?P<plain>(?<![\w.])(?<!week )(?<!day )(?<!month )"
    rf"{_NUMBER}(?:{_SPACE}(?:k|M|G|s|min|h|d|days?|weeks?|months?)\b)?(?!\w))"
)
_MARKS = {"plain": "figure"}


def set_apart(text: str, names: Iterable[str] = ()) -> Sentence:
    """Find the figures of a sentence, and the names that others gave.

    Args:
        text: the sentence.
        names: of events and groups, which are set as names, figures in them and all.

    >>> [part.mark for part in set_apart("3.2\u202f% (3–4) of 48\u202f112 people did A 1.", ["A 1"])]
    ['figure', '', 'range', '', 'people', '', 'name', '']
    """
    known = sorted({name for name in names if name}, key=len, reverse=True)
    named = re.compile("|".join(re.escape(name) for name in known)) if known else None
    parts: list[Part] = []
    at = 0
    for found in named.finditer(text) if named else ():
        parts += _figures(text[at : found.start()])
        parts.append(Part(cut(found[0]), "name", found[0]))
        at = found.end()
    return (*parts, *_figures(text[at:]))


def _figures(text: str) -> list[Part]:
    parts: list[Part] = []
    at = 0
    for found in _FIGURE.finditer(text):
        if found.start() > at:
            parts.append(Part(text[at : found.start()]))
        kind = found.lastgroup or ""
        if kind == "day":
            parts.append(Part(_day(found[0])))
            at = found.end()
            continue
        title = "95\u202f% interval" if kind == "range" else ""
        parts.append(Part(found[0], _MARKS.get(kind, kind), title))
        at = found.end()
    if at < len(text):
        parts.append(Part(text[at:]))
    return parts


def _day(text: str) -> str:
    """Write a day, or an hour of it, as people do, on one line.

    >>> _day("2026-10-25T02:00+01:00").split("\u00a0")
    ['25', 'Oct', '2026,', '02:00+01:00']
    """
    return with_days(text.replace("T", ",\u00a0", 1))
