"""The form as HTML: what it names and describes, and that no words of anybody become markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from obverse.surveys.checking import AnswerError, spell
from obverse.surveys.languages import localized
from obverse.surveys.question import Matrix, Multiple, Option, Question, Rating, ShortText, Single
from obverse.surveys.rendering import Form, render, render_note, render_page
from obverse.surveys.sheet import Answers, Sheet, begin
from obverse.surveys.survey import Survey
from obverse.surveys.theme import DARK, LIGHT, contrast, readable, theme_css
from obverse.surveys.words import WORDS
from tests.surveys.samples import ANSWERS, QUESTIONS, all_kinds

EVIL = (
    "</legend></textarea><script>alert(1)</script><img src=x onerror=alert(2)>\"' autofocus {{7*7}} {% raw %}"
)
PLAIN = Form(action="/s/x", language="en")


class Dom(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def ids(self) -> list[str]:
        return [found["id"] for _, found in self.elements if "id" in found]


def sheet_at(survey: Survey, question: Question, **more: Any) -> Sheet:
    return msgspec.structs.replace(begin(survey), question=question, **more)


def evil(question: Question) -> Question:
    """Replace every word of a question."""
    changed: dict[str, Any] = {}
    for name in ("text", "help", "low", "high", "other", "product", "agree"):
        if hasattr(question, name):
            changed[name] = EVIL
    for name in ("options", "rows"):
        if hasattr(question, name):
            changed[name] = tuple(Option(one.id, EVIL) for one in getattr(question, name))
    return msgspec.structs.replace(question, **changed)


def pages() -> Iterator[tuple[str, str]]:
    """Give every form with hostile words in all places, by its name."""
    survey = Survey(
        name=EVIL[:100], questions=tuple(evil(one) for one in QUESTIONS), intro=EVIL[:200], thanks=EVIL
    )
    form = Form(
        action=EVIL, language="en", hidden={"ticket": EVIL, EVIL: EVIL}, event={"name": EVIL}, again=EVIL
    )
    for question in survey.questions:
        given = spell(question, ANSWERS[question.id], EVIL) | {f"q.{question.id}": [EVIL]}
        error = AnswerError(question.id, "required", EVIL)
        answers = Answers({"short": EVIL}, {"single": EVIL})
        yield (
            str(question.id),
            render(survey, sheet_at(survey, question, fields=given, error=error, answers=answers), form),
        )
    yield "thanks", render(survey, Sheet(Answers(), None, 1, 1), form)
    yield "note", render_note(survey, "en", "closed", EVIL)


@pytest.mark.parametrize("html", [pytest.param(html, id=name) for name, html in pages()])
def test_no_words_become_markup(html: str) -> None:
    page = render_page(None, "en", html, style="/form.css", title=EVIL, refresh=(1, EVIL))
    dom = Dom(page)
    tags = {tag for tag, _ in dom.elements}
    assert not tags & {"script", "img", "style", "iframe", "object"}
    attributes = {attribute for _, found in dom.elements for attribute in found}
    assert not [one for one in attributes if one.startswith("on") or one == "style"]
    assert len(dom.ids()) == len(set(dom.ids()))
    assert "<script>" in dom.text or any(
        "<script>" in text for _, found in dom.elements for text in found.values()
    )
    assert "49" not in dom.text


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: str(one.id))
def test_every_field_has_a_name_and_what_describes_it_is_there(question: Question) -> None:
    survey = all_kinds()
    helped = msgspec.structs.replace(question, help="Take your time.", required=True)
    survey = msgspec.structs.replace(survey, questions=(helped,))
    error = AnswerError(question.id, "required", "an answer is required")
    dom = Dom(render(survey, sheet_at(survey, helped, error=error), PLAIN))
    ids = set(dom.ids())
    fieldset = next(found for tag, found in dom.elements if tag == "fieldset")
    assert {"obv-help", "obv-error"} <= set(fieldset["aria-describedby"].split())
    for _, found in dom.elements:
        for name in ("aria-describedby", "aria-labelledby", "for"):
            assert set(found.get(name, "").split()) <= ids
        if found.get("href", "").startswith("#"):
            assert found["href"][1:] in ids
    alert = next(found for _, found in dom.elements if found.get("role") == "alert")
    assert alert["tabindex"] == "-1"
    form = next(found for tag, found in dom.elements if tag == "form")
    assert (form["data-question"], form["data-step"], "data-last" in form) == (question.id, "1", True)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: str(one.id))
def test_an_answer_is_shown_as_it_was_given(question: Question) -> None:
    filled_in = "a gift" if question.id in ("single", "multiple") else ""
    fields = spell(question, ANSWERS[question.id], filled_in)
    dom = Dom(render(all_kinds(), sheet_at(all_kinds(), question, fields=fields), PLAIN))
    shown: dict[str, list[str]] = {}
    for tag, found in dom.elements:
        if (
            tag == "input"
            and ("checked" in found or found.get("type") == "text")
            and found["name"].startswith("q.")
        ):
            shown.setdefault(found["name"], []).append(found["value"])
    if question.id == "long":
        assert "It came\non time." in dom.text
    elif question.id == "ranking":
        assert sum("selected" in found for _, found in dom.elements) == 3
    else:
        assert shown == fields


def test_a_form_carries_the_answers_before_it() -> None:
    survey = all_kinds()
    answers = Answers({"nps": 9, "single": "other", "long": 'a\n"b"'}, {"single": "a <b>"})
    kept = {"q.csat": ["3"], "q.multiple": ["price", "speed"], "q.nps": ["9"]}
    dom = Dom(
        render(survey, sheet_at(survey, survey.questions[1], step=2, answers=answers, fields=kept), PLAIN)
    )
    hidden = [(found["name"], found["value"]) for tag, found in dom.elements if found.get("type") == "hidden"]
    assert hidden == [
        *(
            ("step", "2"),
            ("a.nps", "9"),
            ("a.single", '"other"'),
            ("a.long", '"a\\n\\"b\\""'),
            ("o.single", "a <b>"),
        ),
        *(("q.multiple", "price"), ("q.multiple", "speed"), ("q.nps", "9")),
    ]


def test_words_are_filled_with_answers_and_what_happened() -> None:
    questions = (
        Single(id="why", text="Why?", options=(Option("price", "The <price>"),), other="Other"),
        ShortText(
            id="more", text="{answers.why}; {event.product|it}; {event.none|{}; {event.n}; {answers.zz|-}"
        ),
    )
    survey = Survey(name="Words", questions=questions, thanks="Bye, {answers.more|you}.")
    form = Form(action="/", language="en", event={"product": "a {answers.why} pan", "n": 2.0})
    sheet = sheet_at(survey, questions[1], answers=Answers({"why": "price"}))
    assert "The <price>; a {answers.why} pan; {event.none|{}; 2; -" in Dom(render(survey, sheet, form)).text
    other = sheet_at(survey, questions[1], answers=Answers({"why": "other"}, {"why": "The colour"}))
    assert "The colour; a" in Dom(render(survey, other, form)).text
    assert "Bye, you." in Dom(render(survey, Sheet(Answers(), None, 2, 2), form)).text


def test_options_are_shuffled_alike_for_one_person_and_otherwise_for_another() -> None:
    options = tuple(Option(f"o{n}", str(n)) for n in range(8))
    question = Multiple(id="q", text="?", options=options, other="Other", shuffled=True)
    survey = Survey(name="Shuffled", questions=(question,))

    def order(seed: str) -> list[str]:
        dom = Dom(render(survey, begin(survey), Form(action="/", language="en", seed=seed)))
        return [found["value"] for _, found in dom.elements if found.get("type") == "checkbox"]

    assert order("a") == order("a")
    assert len({tuple(order(seed)) for seed in "abcdef"}) > 1
    assert sorted(order("a")[:-1]) == [one.id for one in options]
    assert order("b")[-1] == "other"


def test_words_in_another_language_stand_in_and_the_rest_stays() -> None:
    survey = all_kinds(
        translations={
            "ar": {
                "nps.text": "نص",
                "nps.low": "منخفض",
                "single.price": "السعر",
                "sus.2": "معقد",
                "words.next": "التالي",
            }
        }
    )
    form = Form(action="/", language="ar")
    first = Dom(render(survey, begin(survey), form))
    assert first.elements[0][1]["dir"] == "rtl"
    assert all(text in first.text for text in ("نص", "منخفض", "Extremely likely", "التالي"))
    sus = Dom(render(survey, sheet_at(survey, survey.question("sus")), form)).text
    assert "معقد" in sus
    assert "I think that I would like to use the shop frequently" in sus
    single = localized(survey, "ar").question("single")
    assert isinstance(single, Single)
    assert [one.text for one in single.options] == ["السعر", "How fast it came", "Its taste"]


def test_the_words_of_the_form_are_there_in_each_language() -> None:
    assert {"en", "de", "fr", "es", "it", "nl", "pt"} <= set(WORDS)
    for name, text in WORDS["en"].items():
        for words in WORDS.values():
            places = {one for one in ("{n}", "{m}", "{low}", "{high}") if one in text}
            assert {one for one in ("{n}", "{m}", "{low}", "{high}") if one in words[name]} == places, (
                name,
                words,
            )


@pytest.mark.parametrize(
    "accent", ["#000000", "#ffffff", "#ffee00", "#0b57d0", "#7f7f7f", "#ff0000", "#00ff7f"]
)
def test_what_stands_on_or_in_any_accent_can_be_read(accent: str) -> None:
    for ground, towards in ((LIGHT, "#000000"), (DARK, "#ffffff")):
        assert contrast(readable(accent, (ground,), towards), ground) >= 4.5
    rules = re.findall(r"--obv-accent:(#\w+);--obv-fill:(#\w+);--obv-on-fill:(#\w+)", theme_css(accent))
    assert len(rules) == 3
    for (ink, fill, on_fill), ground in zip(rules, (LIGHT, DARK, DARK), strict=True):
        assert contrast(ink, ground) >= 4.5
        assert contrast(on_fill, fill) >= 4.5
    assert rules[0][1] == accent


def test_a_matrix_is_a_table_only_where_its_heads_fit_and_long_scales_have_all_their_points() -> None:
    ten = tuple(Option(f"o{n}", f"Option {n}") for n in range(10))
    matrix = Matrix(id="m", text="?", rows=ten[:2], options=ten)
    rating = Rating(id="r", text="?", points=10)
    survey = Survey(name="Long", questions=(matrix, rating))
    html = render(survey, begin(survey), PLAIN)
    assert "obv-table" not in html
    small = msgspec.structs.replace(matrix, options=ten[:5])
    few = Survey(name="Few", questions=(small,))
    assert "obv-table" in render(few, begin(few), PLAIN)
    assert html.count('type="radio"') == 20
    stars = render(survey, sheet_at(survey, rating), PLAIN)
    assert "10 of 10" in Dom(stars).text
