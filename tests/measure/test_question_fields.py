"""A question's own fields say how it is asked; text makes the question and the question makes the text."""

from __future__ import annotations

import doctest
import re
from collections.abc import Callable

import pytest

from obverse.errors import QuestionError
from obverse.measure import MEASURES, asking
from obverse.measure.asking import field_of, fields_of, question_from, texts_of
from obverse.measure.retention import Retention
from obverse.measure.score import Score
from obverse.measure.stages import Stages
from obverse.measure.trend import Trend


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(asking).failed == 0


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_every_field_of_every_measure_is_explained_and_can_be_asked_for(name: str) -> None:
    specs = fields_of(MEASURES[name].question)
    assert [spec.name for spec in specs if not spec.help] == []
    assert name == "funnel" or [spec.name for spec in specs if spec.kind == "other"] == []
    assert all(spec.choices for spec in specs if spec.kind == "choice")


NEED_ONE_OF_SEVERAL = {"reliability", "score"}
"""Measures none of whose fields is always needed, and that cannot be asked without any."""


@pytest.mark.parametrize("name", sorted(set(MEASURES) - {"funnel"}))
def test_every_default_is_a_question_that_its_own_text_makes_again(name: str) -> None:
    question = MEASURES[name].question
    if any(spec.required for spec in fields_of(question)):
        with pytest.raises(QuestionError, match=r"^\w+: nothing is given"):
            question_from(question, {})
        return
    if name in NEED_ONE_OF_SEVERAL:
        with pytest.raises(QuestionError, match=r"^\w+: "):
            question_from(question, {})
        return
    assert texts_of(question_from(question, {})) == {}
    whole = {spec.name: spec.default for spec in fields_of(question) if spec.default}
    assert question_from(question, whole) == question()


@pytest.mark.parametrize(
    "ask",
    [
        lambda where: Score(kind="nps", survey="shop", question="recommend", where=where),
        lambda where: Retention(start_event="A [value > 1]", where=where).selections,
        lambda where: Stages(prospect="A or B [value > 1]", where=where).selections,
    ],
)
@pytest.mark.parametrize("where", ["country =", "value > 1) or (value < 2", "a or"])
def test_a_filter_that_stands_among_others_is_read_by_itself(
    ask: Callable[[str], object], where: str
) -> None:
    with pytest.raises(QuestionError, match=f"^expression {re.escape(repr(where))}: it "):
        ask(where)


def test_a_field_is_what_its_type_says() -> None:
    specs = {spec.name: spec for spec in fields_of(Stages)}
    assert (specs["conversion"].kind, specs["conversion"].widget) == ("text", "events")
    assert (specs["engaged"].optional, specs["engaged"].default) == (True, ())
    assert (specs["engaged_after"].kind, specs["engaged_after"].default) == ("whole", ("2",))
    assert specs["grain"].choices == ("day", "week", "month"), "in the order in which they are declared"
    assert (specs["lapse"].widget, specs["lapse"].own, specs["where"].own) == ("duration", True, False)
    series = next(spec for spec in fields_of(Trend) if spec.name == "series")
    assert (series.several, series.positional) == (True, True)


def test_text_makes_the_question_and_what_is_blank_is_as_if_it_were_not() -> None:
    texts = {
        "series": ("A", " ", "B"),
        "grain": ("week",),
        "rolling": ("7",),
        "compare": ("false", "true"),
        "where": ("",),
    }
    made = question_from(Trend, texts | {"start": ("2026-01-01",)})
    assert made == Trend(series=("A", "B"), grain="week", rolling=7, compare=True, start="2026-01-01")
    assert question_from(Trend, texts_of(made)) == made


def test_a_default_that_may_be_empty_can_be_emptied() -> None:
    sessions = MEASURES["sessions"].question
    made = question_from(sessions, {"conversion": ("",)})
    assert getattr(made, "conversion") is None  # noqa: B009 - the type is any measure's
    assert texts_of(made) == {"conversion": ()}


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"engaged_after": ("x",)}, "engaged_after"),
        ({"engaged_after": ("99999999999999999999",)}, "engaged_after"),
        ({"grain": ("year",)}, "grain"),
        ({"lapse": ("soon",)}, "lapse"),
        ({"conversion": ("A [",)}, "conversion"),
        ({"where": ("'a",)}, "where"),
        ({"end": ("2026-01-01",), "start": ("2026-02-01",)}, "end"),
        ({"zone": ("Mars",)}, "zone"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(texts: dict[str, tuple[str, ...]], field: str) -> None:
    with pytest.raises(QuestionError) as error:
        question_from(Stages, texts)
    assert field_of(str(error.value), Stages) == field


def test_an_unknown_field_is_named_with_the_nearest() -> None:
    with pytest.raises(QuestionError, match="did you mean 'conversion'"):
        question_from(Stages, {"conversoin": ("A",)})
