"""The people behind a number: a page of them."""

from __future__ import annotations

from dataclasses import dataclass

from obverse.tape.people import Person


@dataclass(frozen=True)
class PeoplePage:
    """Some of the people behind a number.

    Attributes:
        n: how many there are in all.
        people: those of this page.
    """

    n: int
    people: tuple[Person, ...]
