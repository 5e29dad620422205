"""The builder's form as its page shows it, made from a draft."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from obverse.surveys.items import standard_items
from obverse.surveys.question import END, OTHER, Branch, Option
from obverse.surveys.survey import Audience, Repeat, Survey, Theme
from obverse.web.pages.figures import cut
from obverse.web.pages.known import Offered
from obverse.web.pages.surveys.draft import Draft, Problems
from obverse.web.pages.surveys.fields import Choice, Field, fields_of
from obverse.web.pages.surveys.filter_form import FilterForm, filter_of
from obverse.web.pages.surveys.kinds import MOMENT_TYPES, MOMENTS, QUESTION_TYPES, QUESTIONS

MOST_POINTS = 10
"""Points that a scale has at most."""
_FIRST = ("text", "help", "required")
_LAST = ("id",)
_WORD_OF = {
    "intro": "before the first question",
    "thanks": "after the last question",
    "text": "question",
    "help": "line below",
    "low": "low end",
    "high": "high end",
    "other": "to fill in",
    "agree": "agreement",
    "product": "the system",
}


@dataclass(frozen=True)
class ItemForm:
    """An option, a row or a branch: the path of it and its fields."""

    path: str
    fields: tuple[Field, ...]
    problem: str


@dataclass(frozen=True)
class ListForm:
    """The options or rows of a question, an empty one at the end to go on with."""

    path: str
    title: str
    one: str
    items: tuple[ItemForm, ...]
    problem: str


@dataclass(frozen=True)
class QuestionForm:
    """A question: its number, what kind it is, and its fields."""

    path: str
    number: int
    type: str
    title: str
    text: str
    fields: tuple[Field, ...]
    more: tuple[Field, ...]
    lists: tuple[ListForm, ...]
    branches: tuple[ItemForm, ...]
    may_branch: bool
    is_last: bool
    problem: str


@dataclass(frozen=True)
class MomentForm:
    """A moment: what kind it is, its fields, and its filter where it has one."""

    path: str
    on: str
    title: str
    fields: tuple[Field, ...]
    filter: FilterForm | None
    more: tuple[Field, ...]
    problem: str


@dataclass(frozen=True)
class Translated:
    """Words, and the field for them in another language."""

    of: str
    text: str
    field: Field


@dataclass(frozen=True)
class LanguageForm:
    """A language that the survey is translated into; how many words there are, and how many have theirs."""

    path: str
    language: str
    done: int
    words: tuple[Translated, ...]
    problem: str


@dataclass(frozen=True)
class Form:
    """All of it.

    Attributes:
        name: what the team calls it.
        questions: in order.
        question_kinds: to add one: groups of kinds.
        words: what is said before and after.
        moments: that call for it.
        moment_kinds: to add one.
        places: where it is asked.
        audience: who.
        repeat: how often.
        schedule: when, and before which others.
        about: anonymity and touchpoint.
        theme: how it looks.
        language: of the words.
        languages: others.
    """

    name: Field
    questions: tuple[QuestionForm, ...]
    question_kinds: tuple[tuple[str, tuple[Choice, ...]], ...]
    words: tuple[Field, ...]
    moments: tuple[MomentForm, ...]
    moment_kinds: tuple[Choice, ...]
    places: tuple[Field, ...]
    audience: tuple[Field, ...]
    repeat: tuple[Field, ...]
    schedule: tuple[Field, ...]
    about: tuple[Field, ...]
    theme: tuple[Field, ...]
    language: Field
    languages: tuple[LanguageForm, ...]


def form_of(
    draft: Draft, problems: Problems, offered: Callable[[str], Sequence[Offered]] = lambda event: ()
) -> Form:
    """Lay a draft out as a form.

    Args:
        draft: what was filled in.
        problems: what is wrong, by path.
        offered: gives what events of a name have.
    """
    groups = groupby(QUESTIONS.items(), lambda one: one[1].group)

    def own(*names: str, hints: bool = True) -> tuple[Field, ...]:
        return fields_of(Survey, draft, "", problems, names, hints=hints)

    def part(name: str, struct: type[Audience | Repeat | Theme]) -> tuple[Field, ...]:
        return fields_of(struct, draft.get(name, {}), f"{name}.", problems, hints=True)

    return Form(
        name=own("name")[0],
        questions=tuple(_questions(draft, problems)),
        question_kinds=tuple(
            (group, tuple(Choice(key, kind.title, False) for key, kind in kinds)) for group, kinds in groups
        ),
        words=own("intro", "thanks", hints=False),
        moments=tuple(_moments(draft, problems, offered)),
        moment_kinds=tuple(Choice(key, kind.title, False) for key, kind in MOMENTS.items()),
        places=fields_of(Survey, draft, "", problems, ("places",)),
        audience=part("audience", Audience),
        repeat=part("repeat", Repeat),
        schedule=own("starts", "ends", "priority"),
        about=own("anonymous", "touchpoint"),
        theme=part("theme", Theme),
        language=own("language")[0],
        languages=tuple(_languages(draft, problems)),
    )


def _questions(draft: Draft, problems: Problems) -> Iterator[QuestionForm]:
    asked = [one for one in draft.get("questions", []) if isinstance(one, dict)]
    for at, one in enumerate(asked):
        type_ = one.get("type") if one.get("type") in QUESTION_TYPES else "short_text"
        struct, path = QUESTION_TYPES[str(type_)], f"questions.{at}"
        own = [name for name in struct.__struct_fields__ if name not in (*_FIRST, *_LAST)]
        later = {other.get("id", ""): _short(other, n) for n, other in enumerate(asked[at + 1 :], at + 2)}
        yield QuestionForm(
            path=path,
            number=at + 1,
            type=str(type_),
            title=QUESTIONS[str(type_)].title,
            text=cut(str(one.get("text", "")), 80),
            fields=fields_of(struct, one, f"{path}.", problems, _FIRST[:1]),
            more=fields_of(struct, one, f"{path}.", problems, (*_FIRST[1:], *own, *_LAST)),
            lists=tuple(_lists(one, struct.__struct_fields__, path, problems)),
            branches=tuple(_branches(one, path, problems, later)),
            may_branch=bool(later),
            is_last=at + 1 == len(asked),
            problem=problems.get(path, ""),
        )


def _short(question: Draft, number: int) -> str:
    return f"{number}. {cut(str(question.get('text', '')), 40)}"


def _lists(question: Draft, names: tuple[str, ...], path: str, problems: Problems) -> Iterator[ListForm]:
    for name, title, one in (("rows", "Rows", "row"), ("options", "Options", "option")):
        if name not in names:
            continue
        items = [one for one in question.get(name, []) if isinstance(one, dict)]
        blank = not items or items[-1].get("text") or items[-1].get("id")
        yield ListForm(
            path=f"{path}.{name}",
            title=title,
            one=one,
            items=tuple(
                ItemForm(
                    f"{path}.{name}.{at}",
                    fields_of(Option, item, f"{path}.{name}.{at}.", problems, ("text", "id")),
                    problems.get(f"{path}.{name}.{at}", ""),
                )
                for at, item in enumerate((*items, {}) if blank else items)
            ),
            problem=problems.get(f"{path}.{name}", ""),
        )


def _branches(question: Draft, path: str, problems: Problems, later: Mapping[str, str]) -> Iterator[ItemForm]:
    options = {one.get("id", ""): cut(str(one.get("text", "")), 40) for one in question.get("options", [])}
    options |= {OTHER: str(question.get("other"))} if question.get("other") else {}
    options.pop("", None)
    worded = "max_length" in question
    numbered = not (question.get("options") or worded or "agree" in question)
    own = ("any_of", "none_of") if options else ("contains",) if worded else ()
    names = ("at_least", "at_most") if numbered else own
    ways = {"": "", **later, END: "the end"}
    for at, one in enumerate(question.get("branches", [])):
        where = f"{path}.branches.{at}"
        given = {"to": ways, "any_of": options, "none_of": options}
        given |= {name: _numbers(question, str(one.get(name, ""))) for name in ("at_least", "at_most")}
        fields = fields_of(Branch, one, f"{where}.", problems, (*names, "answered", "to"), options=given)
        yield ItemForm(where, fields, problems.get(where, ""))


def _numbers(question: Draft, given: str) -> dict[str, str]:
    """Give the numbers of a question's scale to choose from, and what was given; none without a scale."""
    points = str(question.get("points", "7" if question.get("type") == "seq" else ""))
    if question.get("type") == "nps":
        numbers = [*map(str, range(11))]
    elif points.isdecimal() and int(points) <= MOST_POINTS:
        numbers = [str(number) for number in range(1, int(points) + 1)]
    else:
        return {}
    return {one: one for one in ("", *numbers, given)}


def _moments(
    draft: Draft, problems: Problems, offered: Callable[[str], Sequence[Offered]]
) -> Iterator[MomentForm]:
    for at, one in enumerate(draft.get("moments", [])):
        on = one.get("on") if one.get("on") in MOMENT_TYPES else "page"
        struct, path = MOMENT_TYPES[str(on)], f"moments.{at}"
        own = [name for name in struct.__struct_fields__ if name not in ("id", "delay_s", "page")]
        yield MomentForm(
            path=path,
            on=str(on),
            title=MOMENTS[str(on)].title,
            fields=fields_of(struct, one, f"{path}.", problems, (*own, "page"), hints=True),
            filter=filter_of(one, path, problems, offered(str(one.get("event", ""))))
            if "where" in own
            else None,
            more=fields_of(struct, one, f"{path}.", problems, ("delay_s", "id"), hints=True),
            problem=problems.get(path, ""),
        )


def _words(draft: Draft) -> Iterator[tuple[str, str, str]]:
    """List the words to translate: key, what they are, the words."""
    for key in ("intro", "thanks"):
        yield key, _WORD_OF[key], str(draft.get(key, ""))
    for number, one in enumerate(draft.get("questions", []), 1):
        for name, word in _WORD_OF.items():
            yield f"{one.get('id', '')}:{name}", f"{number}, {word}", str(one.get(name, ""))
        for option in (*one.get("rows", []), *one.get("options", [])):
            text = str(option.get("text", ""))
            yield f"{one.get('id', '')}:{option.get('id', '')}", f"{number}, option", text
        for at, text in enumerate(standard_items(str(one.get("type")), str(one.get("product", ""))), 1):
            yield f"{one.get('id', '')}:{at}", f"{number}, item {at}", text


def _languages(draft: Draft, problems: Problems) -> Iterator[LanguageForm]:
    words = [one for one in _words(draft) if one[2] and not one[0].startswith(("thanks:", "intro:"))]
    for language, texts in draft.get("translations", {}).items():
        path = f"translations.{language}"
        given = texts if isinstance(texts, dict) else {}
        shown = tuple(
            Translated(of, text, _translation(f"{path}.{key}", given.get(key, ""), language, of))
            for key, of, text in words
        )
        done = sum(bool(one.field.value) for one in shown)
        yield LanguageForm(path, language, done, shown, problems.get(path, ""))


def _translation(path: str, value: str, language: str, of: str) -> Field:
    return Field(
        path, "words", f"{of}, in {language}", "line", value, (), "", "", (("maxlength", "2000"),), ""
    )
