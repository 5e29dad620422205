"""A sentence with figures in it, in pieces, so that a page can set its figures apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A piece of a sentence.

    Attributes:
        text: as it reads.
        mark: ``people``, ``value``, ``figure``, ``name`` or ``range``; empty for plain words.
        title: the figure in full.
    """

    text: str
    mark: str = ""
    title: str = ""


Sentence = tuple[Part, ...]


def ranged(text: str) -> Part:
    """Write an interval after its figure; nothing for none."""
    return Part(f"\u00a0({text})", "range", "95\u202f% interval") if text else Part("")


def plain(sentence: Sentence) -> str:
    """Read a sentence without its marks.

    >>> plain((Part("3 people", "people"), Part(" came.")))
    '3 people came.'
    """
    return "".join(part.text for part in sentence)
