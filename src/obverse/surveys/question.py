"""The kinds of question, their words, and which answer each takes.

Words are in the survey's own language; `Survey.translations` has them in others. They may hold places to
fill, ``{answers.NAME}`` and ``{event.NAME}``, with what to say where there is nothing after a bar:
``{event.product|it}``.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Id = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
"""Names a question, an option or a row in answers: it outlives a change of words."""
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
Line = Annotated[str, msgspec.Meta(max_length=200)]

OTHER = "other"
"""The option that a person fills in: what was written stands in the event's ``others``."""
END = "end"
"""Where a branch goes that ends the survey."""


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An option to choose, a row of a matrix, or a thing to rank."""

    id: Id
    text: Words


class Branch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where to go on after an answer; of a question's branches the first that fits is taken.

    A branch fits if all that it states holds; one that states nothing always fits.

    Attributes:
        to: id of a later question, or ``end``.
        any_of: options of which one was chosen.
        none_of: options of which none was chosen, though there is an answer.
        contains: what the words of the answer have somewhere, in large or small letters.
        at_least: the number answered is not lower.
        at_most: the number answered is not higher.
        answered: whether there is an answer at all.
    """

    to: Id
    any_of: tuple[Id, ...] = ()
    none_of: tuple[Id, ...] = ()
    contains: Line = ""
    at_least: float | None = None
    at_most: float | None = None
    answered: bool | None = None


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What questions of every kind have.

    Attributes:
        id: names it in answers.
        text: what is asked.
        help: a line below it.
        required: without an answer there is no going on.
        branches: where to go on; to the next question if none fits.
    """

    id: Id
    text: Words
    help: Line = ""
    required: bool = False
    branches: tuple[Branch, ...] = ()


class Nps(Asked, frozen=True, tag_field="type", tag="nps"):
    """How likely one is to recommend: a whole number from 0 to 10."""

    low: Line = "Not at all likely"
    high: Line = "Extremely likely"


class Csat(Asked, frozen=True, tag_field="type", tag="csat"):
    """How satisfied one is: a whole number from 1 to `points`; the best two count as satisfied."""

    points: Annotated[int, msgspec.Meta(ge=2, le=10)] = 5
    style: Literal["numbers", "stars", "emoji"] = "numbers"
    low: Line = "Very dissatisfied"
    high: Line = "Very satisfied"


class Ces(Asked, frozen=True, tag_field="type", tag="ces"):
    """How easy it was: a whole number from 1 to `points`, most being easiest; the mean counts."""

    points: Annotated[int, msgspec.Meta(ge=2, le=10)] = 7
    low: Line = "Strongly disagree"
    high: Line = "Strongly agree"


class Rating(Asked, frozen=True, tag_field="type", tag="rating"):
    """A whole number from 1 to `points`."""

    points: Annotated[int, msgspec.Meta(ge=2, le=10)] = 5
    style: Literal["numbers", "stars", "emoji"] = "stars"
    low: Line = ""
    high: Line = ""


class Seq(Asked, frozen=True, tag_field="type", tag="seq"):
    """The Single Ease Question, asked after a task: a whole number from 1 to 7."""

    low: Line = "Very difficult"
    high: Line = "Very easy"


class Sus(Asked, frozen=True, tag_field="type", tag="sus"):
    """The System Usability Scale: ten items from 1 to 5, a list of ten with null where one was left out.

    Attributes:
        product: what "the system" is called in the items.
    """

    product: Line = ""
    low: Line = "Strongly disagree"
    high: Line = "Strongly agree"


class UmuxLite(Asked, frozen=True, tag_field="type", tag="umux_lite"):
    """UMUX-Lite: two items from 1 to 7, a list of two with null where one was left out.

    Attributes:
        product: what "this system" is called in the items.
    """

    product: Line = ""
    low: Line = "Strongly disagree"
    high: Line = "Strongly agree"


class Single(Asked, frozen=True, tag_field="type", tag="single"):
    """One of some options: its id, or ``other``.

    Attributes:
        options: to choose from.
        other: what the option that is filled in says; without, there is none.
        shuffled: in another order for each person.
    """

    options: Annotated[tuple[Option, ...], msgspec.Meta(min_length=1, max_length=50)]
    other: Line = ""
    shuffled: bool = False


class Multiple(Asked, frozen=True, tag_field="type", tag="multiple"):
    """Any of some options: a list of ids, in the order of the options.

    Attributes:
        options: to choose from.
        other: what the option that is filled in says; without, there is none.
        shuffled: in another order for each person.
        at_most: how many may be chosen.
    """

    options: Annotated[tuple[Option, ...], msgspec.Meta(min_length=1, max_length=50)]
    other: Line = ""
    shuffled: bool = False
    at_most: Annotated[int, msgspec.Meta(ge=1)] | None = None


class Matrix(Asked, frozen=True, tag_field="type", tag="matrix"):
    """One of the same options for each row: an object of option ids by row id."""

    rows: Annotated[tuple[Option, ...], msgspec.Meta(min_length=1, max_length=20)]
    options: Annotated[tuple[Option, ...], msgspec.Meta(min_length=2, max_length=10)]


class Ranking(Asked, frozen=True, tag_field="type", tag="ranking"):
    """Options in order, the first the best: a list of all their ids."""

    options: Annotated[tuple[Option, ...], msgspec.Meta(min_length=2, max_length=12)]


class ShortText(Asked, frozen=True, tag_field="type", tag="short_text"):
    """A line of text."""

    max_length: Annotated[int, msgspec.Meta(ge=1, le=500)] = 200


class LongText(Asked, frozen=True, tag_field="type", tag="long_text"):
    """Text of several lines."""

    max_length: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 2000


class Consent(Asked, frozen=True, tag_field="type", tag="consent"):
    """Agreement by a tick: true, or false where it was not given."""

    agree: Words = "I agree"


Question = (
    Nps
    | Csat
    | Ces
    | Rating
    | Seq
    | Sus
    | UmuxLite
    | Single
    | Multiple
    | Matrix
    | Ranking
    | ShortText
    | LongText
    | Consent
)
"""A question of any kind; ``type`` tells them apart in JSON."""

Value = int | bool | str | list[str] | list[int | None] | dict[str, str]
"""What an answer to a question can be; the docstring of each kind says which."""
