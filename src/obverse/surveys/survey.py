"""Survey: what is asked, in which moments and places, of whom and how often."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from obverse.errors import QuestionError, unknown
from obverse.measure.question import Spelled
from obverse.surveys.moment import AnyMoment
from obverse.surveys.question import END, Line, Question, Words

Place = Literal["page", "link", "kiosk", "phone", "api"]
PLACES: tuple[Place, ...] = ("page", "link", "kiosk", "phone", "api")
"""Where one can be asked: over the page, at an address of its own, on a device that stands there, read out
by an agent, by a program."""
Language = Annotated[str, msgspec.Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
Colour = Annotated[str, msgspec.Meta(pattern="^#[0-9a-fA-F]{6}$")]
Days = Annotated[float, msgspec.Meta(ge=0, le=3650)]
Instant = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z?)?$")]


class Audience(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who is asked.

    Attributes:
        segment: name of a saved segment; everyone unless given.
        share: of those people, picked by themselves: the same person is always in or always out.
        a_day: no more are shown it in a day (UTC); 0 for no limit.
        wanted: answers to reach by the end: people are picked so often as that takes; 0 for no such number.
    """

    segment: str = ""
    share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    a_day: Annotated[int, msgspec.Meta(ge=0)] = 0
    wanted: Annotated[int, msgspec.Meta(ge=0)] = 0


class Repeat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How often a person is asked.

    Attributes:
        how: ``once`` shown, never again; ``until_answered``; ``always``, answered or not.
        after_days: days between two times; a person who closes it is not shown it again sooner either.
        rests: keep to the rest period between any two surveys that holds for all of them.
    """

    how: Literal["once", "until_answered", "always"] = "once"
    after_days: Days = 30
    rests: bool = True


class Theme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How it looks.

    Attributes:
        accent: of buttons and what is chosen.
        corner: where over the page it stands.
        scheme: light, dark, or as the reader's device says.
    """

    accent: Colour = "#0b57d0"
    corner: Literal["bottom-right", "bottom-left", "center"] = "bottom-right"
    scheme: Literal["auto", "light", "dark"] = "auto"


class Survey(Spelled, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One version of a survey.

    Attributes:
        name: what the team calls it; those who are asked do not see it.
        questions: in order; at least one.
        intro: said before the first.
        thanks: said after the last.
        moments: that call for it over a page; any of them does.
        places: where it can be answered.
        audience: who is asked.
        repeat: how often.
        starts: first day or instant (UTC) on which it is asked.
        ends: day or instant after the last.
        priority: of surveys that a moment calls for, the highest is asked.
        anonymous: answers keep no link to the person; what was answered so stays so whatever is changed
            later.
        touchpoint: that answers are about, where it is not the one at which they are given.
        language: of the words here (BCP 47).
        translations: words in other languages: language, then which words, then those. Which: ``intro``,
            ``thanks``, or a question's id, a dot, and the field's name or the option's or row's id:
            ``q1.text``, ``q1.low``, ``q1.price``; an item of SUS or UMUX-Lite by its number, ``q1.1``; the
            form's own by ``words.`` and a name of `obverse.surveys.words`, ``words.next``.
        theme: how it looks.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    questions: Annotated[tuple[Question, ...], msgspec.Meta(min_length=1, max_length=100)]
    intro: Line = ""
    thanks: Words = "Thank you."
    moments: tuple[AnyMoment, ...] = ()
    places: tuple[Place, ...] = PLACES
    audience: Audience = Audience()
    repeat: Repeat = Repeat()
    starts: Instant | None = None
    ends: Instant | None = None
    priority: Annotated[int, msgspec.Meta(ge=-1000, le=1000)] = 0
    anonymous: bool = False
    touchpoint: str = ""
    language: Language = "en"
    translations: dict[Language, dict[str, Words]] = msgspec.field(default_factory=dict)
    theme: Theme = Theme()

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        ids = [question.id for question in self.questions]
        _check_unique(ids, "questions")
        _check_unique([moment.id for moment in self.moments], "moments")
        for at, question in enumerate(self.questions):
            for branch in question.branches:
                if branch.to != END and branch.to not in ids[at + 1 :]:
                    raise QuestionError(
                        f"questions.{question.id}.branches: {branch.to!r} is no later question, nor {END!r}"
                    )
        if self.starts is not None and self.ends is not None and self.starts >= self.ends:
            raise QuestionError(f"ends: {self.ends!r} is not after starts, {self.starts!r}")

    def question(self, name: str) -> Question:
        """Find a question by its id.

        Raises:
            QuestionError: there is none.
        """
        for question in self.questions:
            if question.id == name:
                return question
        raise QuestionError(unknown("question", name, [question.id for question in self.questions]))


def _check_unique(ids: list[str], field: str) -> None:
    for one in ids:
        if ids.count(one) > 1 or one == END:
            raise QuestionError(f"{field}: the id {one!r} is taken; each needs its own")
