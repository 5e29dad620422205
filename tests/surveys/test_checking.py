"""Answers against their questions: what a form gives back, and what is refused in words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.surveys.checking import AnswerError, check, check_other, read, spell
from obverse.surveys.question import Consent, Multiple, Question
from obverse.surveys.scoring import score
from obverse.surveys.words import WORDS, said_of
from tests.surveys.samples import ANSWERS, OPTIONS, QUESTIONS, values

BY_ID = {question.id: question for question in QUESTIONS}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: str(one.id))
@given(data=st.data())
def test_the_fields_of_a_valid_answer_read_as_that_answer(question: Question, data: st.DataObject) -> None:
    value = data.draw(values(question))
    assert check(question, value) == value
    raw, _ = read(question, spell(question, value))
    assert check(question, raw) == value


@given(data=st.data(), text=st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=50))
def test_what_is_filled_in_comes_back(data: st.DataObject, text: str) -> None:
    question = BY_ID[data.draw(st.sampled_from(["single", "multiple"]))]
    value: Any = "other" if question.id == "single" else ["price", "other"]
    raw, other = read(question, spell(question, value, text))
    assert (check(question, raw), check_other(question, value, other)) == (value, text)


def is_said(question: Question, error: AnswerError) -> None:
    """Check that an error names its question, and is said in each language with its numbers."""
    assert str(error).startswith(f"answers.{question.id}: ")
    assert all("{" not in said_of(words, error) for words in WORDS.values())


FIELDS = st.sampled_from(
    [
        f"q.{question.id}{part}"
        for question in QUESTIONS
        for part in ("", ".other", ".1", ".2", ".10", ".price", ".speed", ".taste", ".none")
    ]
)
TEXTS = st.text(max_size=30) | st.sampled_from(
    ["1", "0", "-1", "11", "1e3", "٣", "²", "true", "price", "other", "null", "[]", "9" * 400]
)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: str(one.id))
@given(fields=st.dictionaries(FIELDS, st.lists(TEXTS, max_size=4), max_size=12))
def test_any_form_gives_an_answer_or_an_error_in_words(
    question: Question, fields: dict[str, list[str]]
) -> None:
    raw, other = read(question, fields)
    try:
        value = check(question, raw)
        check_other(question, value, other)
    except AnswerError as error:
        is_said(question, error)
    else:
        assert check(question, value) == value
        msgspec.json.encode(value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["price"]),
    lambda inner: st.lists(inner, max_size=11) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: str(one.id))
@given(value=JSON)
def test_any_json_is_an_answer_or_an_error(question: Question, value: object) -> None:
    try:
        clean = check(question, value)
    except AnswerError as error:
        is_said(question, error)
    else:
        assert check(question, clean) == clean
        score(question, clean)


WRONG = (
    ("nps", 11, "answers.nps: 11 is no whole number from 0 to 10"),
    ("nps", True, "answers.nps: True is no whole number"),
    ("nps", 7.0, "answers.nps: 7.0 is no whole number"),
    ("csat", 0, "answers.csat: 0 is no whole number from 1 to 5"),
    ("sus", [1] * 9, "answers.sus: has to be a list of 10 numbers"),
    ("umux", [1, 8], "answers.umux: 8 is no whole number from 1 to 7"),
    ("single", "cheap", "answers.single: 'cheap' is none of price, speed, taste, other"),
    ("multiple", ["price", "speed", "taste", "other"], "answers.multiple: 4 are chosen, at most 3 may be"),
    ("matrix", {"price": "cheap"}, "answers.matrix: 'cheap' is none of"),
    ("matrix", {"cheap": "price"}, "answers.matrix: 'cheap' is none of"),
    ("ranking", ["price", "price", "speed"], "answers.ranking: has to name each of price, speed, taste once"),
    ("short", "x" * 21, "answers.short: has 21 characters, the limit is 20"),
    ("consent", "yes", "answers.consent: 'yes' is neither true nor false"),
)


@pytest.mark.parametrize(("name", "value", "words"), WRONG)
def test_an_error_names_the_question_and_the_rule(name: str, value: object, words: str) -> None:
    with pytest.raises(AnswerError) as caught:
        check(BY_ID[name], value)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: str(one.id))
def test_a_required_question_needs_a_whole_answer(question: Question) -> None:
    needed = msgspec.structs.replace(question, required=True)
    assert check(needed, ANSWERS[question.id]) == ANSWERS[question.id]
    raw, _ = read(needed, {})
    for nothing in (None, raw):
        with pytest.raises(AnswerError) as caught:
            check(needed, nothing)
        assert caught.value.rule == ("consent" if isinstance(question, Consent) else "required")


@pytest.mark.parametrize(
    ("name", "value"), [("sus", [1, None] + [3] * 8), ("umux", [1, None]), ("matrix", {"price": "taste"})]
)
def test_rows_left_out_are_kept_unless_the_question_is_required(name: str, value: Any) -> None:
    assert check(BY_ID[name], value) == value
    assert score(BY_ID[name], value) is None
    with pytest.raises(AnswerError, match="each row needs an answer"):
        check(msgspec.structs.replace(BY_ID[name], required=True), value)


def test_texts_are_kept_without_what_nobody_sees() -> None:
    assert check(BY_ID["long"], " a\r\nb\x00\x1b\ud800 \n") == "a\nb"
    assert check(BY_ID["short"], "a\r\n b") == "a b"
    assert check(BY_ID["short"], " \n ") is None


def test_choices_are_kept_in_the_order_of_the_options() -> None:
    assert check(BY_ID["multiple"], ["other", "speed", "price", "speed"]) == ["price", "speed", "other"]
    assert check(Multiple(id="m", text="?", options=OPTIONS), []) is None
