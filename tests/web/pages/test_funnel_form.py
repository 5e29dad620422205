"""The builder's form, its address and the question are one thing in three spellings."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.measure.funnel_question import Exclusion
from obverse.measure.funnel_text import Step
from obverse.web.pages.address import Address
from obverse.web.pages.frame import View
from obverse.web.pages.funnel_form import FunnelForm, address_of, draft_of, edit, question_of, read_form

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)


def form(query: str) -> FunnelForm:
    address = Address("/funnel", tuple(parse_qsl(query, keep_blank_values=True)))
    return read_form(address, View.of(address))


def again(address: Address) -> FunnelForm:
    return form(urlsplit(str(address)).query)


def names(made: FunnelForm) -> list[tuple[str, ...]]:
    return [step.events for step in made.steps]


def test_a_finished_question_is_spelled_as_on_the_command_line() -> None:
    made = form(
        "steps=Product Viewed > A or B [value > 5] > Order Completed&within=2d&by=touchpoint&period=all"
    )
    question = question_of(made, NOW)
    assert question.steps == (
        Step(events=("Product Viewed",)),
        Step(events=("A", "B"), where="value > 5"),
        Step(events=("Order Completed",)),
    )
    assert (question.within, question.by, question.start, question.end) == ("2d", "touchpoint", None, None)


def test_what_the_form_sends_asks_the_same_as_the_finished_address() -> None:
    typed = form("s1=A&s2=B&s2=C&w2=value+>+5&s3=&within=7d&order=ordered&by=&x1=Z&xa1=1&xb1=2&do=ask")
    finished = again(address_of(typed))
    assert question_of(typed, NOW) == question_of(finished, NOW)
    assert question_of(finished, NOW).exclude == (Exclusion(events=("Z",), after=1, before=2),)
    assert "within" not in str(address_of(typed)), "what has its default is left out"


names_of_events = st.text(min_size=1, max_size=12).filter(lambda text: text.strip() == text and text != "*")


@given(st.lists(st.lists(names_of_events, min_size=1, max_size=3), min_size=1, max_size=5))
def test_any_names_survive_the_address(steps: list[list[str]]) -> None:
    pairs = tuple((f"s{i}", name) for i, events in enumerate(steps, 1) for name in events)
    typed = read_form(Address("/funnel", pairs), View())
    finished = again(address_of(typed))
    assert [list(step.events) for step in question_of(finished, NOW).steps] == steps
    assert names(again(draft_of(typed))) == [tuple(events) for events in steps]


def test_the_period_counts_back_from_today_where_the_reader_is() -> None:
    assert question_of(form("s1=A&period=7d"), NOW).start == "2026-03-09"
    assert question_of(form("s1=A"), NOW).start == "2026-02-14"
    dated = question_of(form("s1=A&period=dates&start=2026-01-01&end=2026-02-01"), NOW)
    assert (dated.start, dated.end) == ("2026-01-01", "2026-02-01")


def test_dates_count_only_where_the_period_says_so() -> None:
    assert question_of(form("s1=A&period=7d&start=2020-01-01"), NOW).start == "2026-03-09"


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("add", ["A", "B", "C", ""]),
        ("remove-2", ["A", "C"]),
        ("up-3", ["A", "C", "B"]),
        ("up-1", ["A", "B", "C"]),
        ("down-1", ["B", "A", "C"]),
        ("down-3", ["A", "B", "C"]),
        ("remove-9", ["A", "B", "C"]),
        ("explode", ["A", "B", "C"]),
        ("up-99999999999", ["A", "B", "C"]),
    ],
)
def test_each_button_does_what_it_says(action: str, expected: list[str]) -> None:
    made = edit(form("s1=A&s2=B&s3=C"), action)
    assert [step.events[0] for step in made.steps] == expected
    assert [step.number for step in made.steps] == list(range(1, len(expected) + 1))


def test_the_last_step_cannot_be_removed_and_the_twentieth_is_the_last() -> None:
    assert names(edit(form("s1=A"), "remove-1")) == [("A",)]
    full = form("&".join(f"s{i}=E{i}" for i in range(1, 21)))
    assert len(edit(full, "add").steps) == 20


def test_an_alternative_and_a_filter_open_at_their_step_and_stay_in_the_address() -> None:
    made = again(draft_of(edit(edit(form("s1=A&s2=B"), "or-2"), "where-1")))
    assert names(made) == [("A",), ("B", "")]
    assert [step.where for step in made.steps] == ["", None]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("s1=A&within=soon", "within"),
        ("s1=A&within=30000d", "within"),
        ("s1=A&order=sideways", "order"),
        ("s1=A&grace=8d", "grace"),
        ("s1=A&n_groups=99", "n_groups"),
        ("s1=A&n_groups=many", "n_groups"),
        ("s1=A&period=dates&start=yesterday", "start"),
        ("s1=A&period=dates&start=2026-02-01&end=2026-01-01", "end"),
        ("s1=A&zone=Mars", "zone"),
        ("s1=A&s2=B&x1=Z&xa1=2", "x1"),
        ("s1=A&s2=B&x1=Y > Z", "x1"),
        ("s1=A&s2=B&w2=price > 'open", "w2"),
        ("s1=A&where=] or [", "where"),
    ],
)
def test_what_is_wrong_is_shown_at_its_field(query: str, field: str) -> None:
    made = form(query)
    with pytest.raises(QuestionError) as caught:
        question_of(made, NOW)
    assert made.with_problem(str(caught.value)).problem_of(field) == str(caught.value)


def test_steps_that_cannot_be_read_stay_as_they_were_typed() -> None:
    made = form("steps=A > > B")
    assert made.steps[0].events == ("A > > B",)
    assert made.problem_of("s1") is not None


def test_an_empty_form_has_two_empty_steps() -> None:
    made = form("")
    assert names(made) == [("",), ("",)]
    assert not made.asks
