"""The way through a survey: branches, what is left of it, the sheet that a form carries along."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.surveys.branching import fits, n_left, walk
from obverse.surveys.checking import AnswerError, spell
from obverse.surveys.question import END, Branch, Question, ShortText
from obverse.surveys.sheet import Sheet, begin, check_all, turn
from obverse.surveys.survey import Survey
from tests.surveys.samples import QUESTIONS, all_kinds, values

BY_ID = {question.id: question for question in QUESTIONS}
GARBAGE = st.dictionaries(
    st.sampled_from([f"{kind}.{one.id}" for kind in "aoq" for one in QUESTIONS] + ["step", "go"]),
    st.lists(
        st.text(max_size=9) | st.sampled_from(["1", "5", "999", "back", '"price"', "[[[", "1e999"]),
        max_size=2,
    ),
)


@st.composite
def surveys(draw: st.DrawFn) -> Survey:
    """A survey of some questions in any order, with branches at random that lead forward."""
    some = draw(st.permutations(QUESTIONS).map(lambda found: found[:6]))
    questions = []
    for at, question in enumerate(some):
        goals = st.sampled_from([END, *(one.id for one in some[at + 1 :])])
        branch = st.builds(
            Branch,
            to=goals,
            any_of=st.lists(st.sampled_from(["price", "speed", "other"]), max_size=2).map(tuple),
            none_of=st.lists(st.sampled_from(["price", "speed", "other"]), max_size=2).map(tuple),
            contains=st.sampled_from(["", "1", "x"]),
            at_least=st.none() | st.integers(0, 10),
            at_most=st.none() | st.integers(0, 10),
            answered=st.none() | st.booleans(),
        )
        branches = tuple(draw(st.lists(branch, max_size=3)))
        questions.append(msgspec.structs.replace(question, branches=branches))
    return Survey(name="Any", questions=tuple(questions))


def sent(sheet: Sheet, put: dict[str, list[str]], go: str = "next") -> dict[str, list[str]]:
    """Give the fields of the form that a sheet is shown as, with what is put in."""
    own = f"q.{sheet.question.id}" if sheet.question else ""
    fields = {name: texts for name, texts in sheet.fields.items() if name.partition(".")[2] != own}
    fields |= {
        f"a.{name}": [msgspec.json.encode(value).decode()] for name, value in sheet.answers.values.items()
    }
    fields |= {f"o.{name}": [text] for name, text in sheet.answers.others.items()}
    return fields | {"step": [str(sheet.step)], "go": [go]} | put


@given(survey=surveys(), data=st.data())
def test_each_way_ends_forward_and_the_form_walks_it(survey: Survey, data: st.DataObject) -> None:
    answers = {one.id: data.draw(values(one)) for one in survey.questions if data.draw(st.booleans())}
    way = walk(survey, answers)
    order = [survey.questions.index(one) for one in way]
    assert order == sorted(set(order))
    assert way[0] is survey.questions[0]
    sheet = begin(survey)
    for at, question in enumerate(way):
        assert sheet.question == question
        assert (sheet.step, at + 1 <= sheet.n_steps) == (at + 1, True)
        sheet = turn(survey, sent(sheet, spell(question, answers.get(question.id))))
        assert sheet.accepted == question.id
    assert sheet.question is None
    on_the_way = {one.id for one in way}
    kept = {name: value for name, value in answers.items() if name in on_the_way}
    kept |= {one.id: False for one in way if one.id == "consent" and answers.get("consent") is None}
    assert sheet.answers.values == kept
    assert check_all(survey, dict(answers)).values == {n: v for n, v in answers.items() if n in on_the_way}


@given(survey=surveys(), fields=GARBAGE)
def test_any_form_leads_to_a_question_or_the_end(survey: Survey, fields: dict[str, list[str]]) -> None:
    sheet = turn(survey, fields)
    assert sheet.question is None or sheet.question in survey.questions
    on_the_way = {one.id for one in walk(survey, sheet.answers.values)}
    assert set(sheet.answers.values) <= on_the_way
    assert set(sheet.answers.others) <= set(sheet.answers.values)


@pytest.mark.parametrize(
    ("name", "value", "branch", "holds"),
    [
        ("nps", 9, Branch(to=END, at_least=9), True),
        ("nps", 8, Branch(to=END, at_least=9), False),
        ("nps", 6, Branch(to=END, at_least=4, at_most=6), True),
        ("nps", None, Branch(to=END, at_most=6), False),
        ("nps", None, Branch(to=END, answered=False), True),
        ("nps", 0, Branch(to=END, answered=True), True),
        ("nps", 3, Branch(to=END), True),
        ("consent", False, Branch(to=END, answered=True), False),
        ("single", "price", Branch(to=END, any_of=("price", "speed")), True),
        ("single", "other", Branch(to=END, any_of=("other",)), True),
        ("multiple", ["speed", "other"], Branch(to=END, any_of=("price",)), False),
        ("multiple", ["speed", "other"], Branch(to=END, none_of=("price",)), True),
        ("multiple", ["speed", "price"], Branch(to=END, none_of=("price", "taste")), False),
        ("single", "speed", Branch(to=END, none_of=("price",), any_of=("other",)), False),
        ("single", None, Branch(to=END, none_of=("price",)), False),
        ("short", "Zu TEUER für uns", Branch(to=END, contains="teuer"), True),
        ("short", "fine", Branch(to=END, contains="teuer"), False),
        ("short", None, Branch(to=END, contains="teuer"), False),
        ("matrix", {"price": "taste"}, Branch(to=END, any_of=("taste",)), True),
        ("ranking", ["taste", "price", "speed"], Branch(to=END, any_of=("price",)), False),
        ("ranking", ["taste", "price", "speed"], Branch(to=END, any_of=("taste",)), True),
        ("sus", [5, 1] * 5, Branch(to=END, at_least=80), True),
        ("sus", [5, None] * 5, Branch(to=END, at_most=100), False),
        ("short", "5", Branch(to=END, at_least=1), False),
    ],
)
def test_a_branch_fits_if_all_that_it_states_holds(
    name: str, value: Any, branch: Branch, holds: bool
) -> None:
    assert fits(branch, BY_ID[name], value) is holds


def test_what_is_left_is_counted_on_the_longest_way() -> None:
    questions: tuple[Question, ...] = (
        ShortText(id="a", text="?", branches=(Branch(to="c", answered=True),)),
        ShortText(id="b", text="?"),
        ShortText(id="c", text="?", branches=(Branch(to=END, answered=True),)),
        ShortText(id="d", text="?"),
    )
    survey = Survey(name="Ways", questions=questions)
    assert [n_left(survey, one) for one in questions] == [4, 3, 2, 1]
    assert [one.id for one in walk(survey, {"a": "x", "b": "skipped", "c": "y"})] == ["a", "c"]


def test_going_back_and_another_way_drops_what_is_skipped() -> None:
    questions = (
        ShortText(id="a", text="?", branches=(Branch(to="c", answered=False),)),
        ShortText(id="b", text="?"),
        ShortText(id="c", text="?"),
    )
    survey = Survey(name="Ways", questions=questions)
    at_b = turn(survey, sent(begin(survey), {"q.a": ["x"]}))
    at_c = turn(survey, sent(at_b, {"q.b": ["to be skipped"]}))
    back_b = turn(survey, sent(at_c, {"q.c": ["half"]}, "back"))
    assert back_b.question == questions[1]
    assert back_b.fields == {"q.b": ["to be skipped"], "q.c": ["half"]}
    back_a = turn(survey, sent(back_b, {}, "back"))
    assert turn(survey, sent(back_a, {}, "back")).question == questions[0]
    again = turn(survey, sent(back_a, {"q.a": [""]}))
    assert again.question == questions[2]
    assert again.fields["q.c"] == ["half"]
    done = turn(survey, sent(again, {"q.c": ["end"]}))
    assert (done.question, done.answers.values) == (None, {"c": "end"})


def test_nobody_steps_over_a_required_question() -> None:
    survey = all_kinds()
    needed = msgspec.structs.replace(survey.questions[0], required=True)
    survey = msgspec.structs.replace(survey, questions=(needed, *survey.questions[1:]))
    for carried in ({}, {"a.nps": ["null"]}, {"a.nps": ["99"]}, {"a.nps": ["[["]}):
        sheet = turn(survey, {"step": ["3"], "q.stars": ["5"], **carried})
        assert (sheet.question, sheet.step, sheet.accepted) == (needed, 1, None)
        assert sheet.error is not None
    with pytest.raises(AnswerError, match="required"):
        check_all(survey, {})
