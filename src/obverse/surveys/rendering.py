"""Rendering: the one form, wherever it is asked: over a page, at an address, on the phone, in a preview.

Plain HTML that needs no script and no inline style, so that it works under any content policy and without
JavaScript. Jinja escapes every word. `obverse.surveys.style` has the style sheets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from obverse.surveys.controls import control
from obverse.surveys.languages import localized
from obverse.surveys.piping import filler
from obverse.surveys.question import Question
from obverse.surveys.sheet import Sheet
from obverse.surveys.survey import Survey
from obverse.surveys.words import is_rtl, said, said_of, words

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_FILLED = ("text", "help", "low", "high", "other", "agree")
"""A question's fields in which places are filled."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how a form is shown, whatever it asks.

    Attributes:
        action: where it is sent.
        language: of its words.
        event: properties of the event that called for it, to fill places with.
        hidden: fields that travel along, such as the ticket.
        method: ``post``, or ``get`` where nothing is kept.
        seed: orders options that are shuffled; the submission's id.
        again: address that the thanks link to, for the next person.
    """

    action: str
    language: str
    event: Mapping[str, str | float | bool] = {}
    hidden: Mapping[str, str] = {}
    method: str = "post"
    seed: str = ""
    again: str | None = None


def render(survey: Survey, sheet: Sheet, form: Form) -> str:
    """Write what a person sees at this step: the question at hand, or the thanks.

    Args:
        survey: in its own words.
        sheet: what was filled in so far.
        form: where it is sent, and in which language.

    Returns:
        A ``form``, or after the last question a ``div`` with the thanks, of class ``obverse-survey``.
    """
    told = _told(survey, form.language)
    shown = localized(survey, form.language)
    fill = filler(shown, sheet.answers.values, sheet.answers.others, form.event)
    if sheet.question is None:
        return _ENVIRONMENT.get_template("thanks.html").render(
            told, thanks=fill(shown.thanks), again=form.again
        )
    question = _filled(shown.question(sheet.question.id), fill)
    own = told["words"]
    return _ENVIRONMENT.get_template("form.html").render(
        told,
        form=form,
        sheet=sheet,
        question=question,
        control=control(shown, question, sheet.fields, form.language, own, form.seed),
        intro=fill(shown.intro) if sheet.step == 1 else "",
        error=said_of(own, sheet.error) if sheet.error else "",
        hidden=[*form.hidden.items(), *_carried(sheet, question)],
    )


def render_page(
    survey: Survey | None,
    language: str,
    body: str,
    *,
    style: str,
    title: str = "",
    refresh: tuple[int, str] | None = None,
    links: Iterable[tuple[str, str, bool]] = (),
) -> str:
    """Write a page of its own around a form.

    Args:
        survey: that it is about, if there is one.
        language: of its words.
        body: HTML that `render` or `render_note` gave.
        style: address of the style sheet.
        title: in the browser's tab, before the word for a survey.
        refresh: after how many seconds the page gives way to which.
        links: to the same in other languages: address, language and whether it is this one.
    """
    return _ENVIRONMENT.get_template("page.html").render(
        _told(survey, language),
        body=body,
        style=style,
        title=title,
        refresh=refresh,
        links=list(links),
    )


def render_note(survey: Survey | None, language: str, word: str, again: str | None = None) -> str:
    """Write why there is nothing to answer here.

    Args:
        survey: that it is about, if there is one.
        language: of the words.
        word: which of `obverse.surveys.words` says it.
        again: address of a link to begin anew.
    """
    told = _told(survey, language)
    return _ENVIRONMENT.get_template("note.html").render(told, note=told["words"][word], again=again)


def _told(survey: Survey | None, language: str) -> dict[str, Any]:
    return {
        "words": words(survey, language),
        "said": said,
        "language": language,
        "direction": "rtl" if is_rtl(language) else "ltr",
        "scheme": survey.theme.scheme if survey is not None else "auto",
    }


def _filled(question: Question, fill: Any) -> Question:
    return msgspec.structs.replace(
        question, **{name: fill(getattr(question, name)) for name in _FILLED if hasattr(question, name)}
    )


def _carried(sheet: Sheet, question: Question) -> list[tuple[str, str]]:
    """Give the hidden fields: the answers so far, and what is put into questions that are not on view."""
    own = f"q.{question.id}"
    return [
        ("step", str(sheet.step)),
        *((f"a.{name}", msgspec.json.encode(value).decode()) for name, value in sheet.answers.values.items()),
        *((f"o.{name}", text) for name, text in sheet.answers.others.items()),
        *(
            (name, text)
            for name, texts in sheet.fields.items()
            if name != own and not name.startswith(f"{own}.")
            for text in texts
        ),
    ]
