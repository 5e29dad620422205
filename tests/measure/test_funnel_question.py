from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.measure import MEASURES, measure_of, read_question
from obverse.measure.funnel import Exclusion, Funnel, Step

NAMES = st.one_of(
    st.text(min_size=1, max_size=12),
    st.text(alphabet='ab >or"[]*as\u00a0', min_size=1, max_size=10),
    st.sampled_from(["*", "or", "as", ">", "A > B", "A or B", "or B", "A or", "A as B", '"', "A [x]", " A"]),
)
FILTERS = st.one_of(
    st.none(),
    st.sampled_from(
        ["value > 50", "country = 'DE' and properties.price > 5", "x = ']'", "x in ['a', '[']", '"a]" = 1']
    ),
)
STEPS = st.builds(
    Step,
    events=st.lists(NAMES, max_size=3).map(tuple),
    where=FILTERS,
    name=st.one_of(st.none(), NAMES),
)


@st.composite
def funnels(draw: st.DrawFn) -> Funnel:
    steps = tuple(draw(st.lists(STEPS, min_size=2, max_size=20)))
    order: Any = draw(st.sampled_from(["ordered", "strict", "any"]))
    after = draw(st.integers(1, len(steps) - 1))
    exclusion = Exclusion(events=("X",), where=draw(FILTERS), after=after, before=len(steps))
    return Funnel(
        steps=steps,
        order=order,
        within=draw(st.sampled_from(["7d", "30m", "1.5h", "366d"])),
        grace="2s" if order == "ordered" and draw(st.booleans()) else "0s",
        count=draw(st.sampled_from(["person", "entry", "session", "account"])),
        where=draw(FILTERS),
        by=draw(st.sampled_from([None, "context.device.type"])),
        by_at=draw(st.sampled_from(["first", "last"])),
        n_groups=draw(st.integers(1, 25)),
        exclude=(exclusion,) if order != "strict" and draw(st.booleans()) else (),
        on_exclusion=draw(st.sampled_from(["drop", "remove"])),
        start=draw(st.sampled_from([None, "2026-01-01"])),
        end=draw(st.sampled_from([None, "2026-02-01T12:00", "2026-02-01T12:00:00+02:00"])),
        zone=draw(st.sampled_from(["UTC", "Europe/Berlin"])),
    )


@given(funnels())
def test_a_question_survives_json(question: Funnel) -> None:
    assert Funnel.from_json(question.to_json()) == question
    assert read_question(question.to_json()) == question


@given(st.lists(STEPS, min_size=1, max_size=6).map(tuple))
def test_steps_survive_their_text(steps: tuple[Step, ...]) -> None:
    question = Funnel(steps=steps)
    assert Funnel.parse(question.text()).steps == steps


@given(st.text(alphabet="AB >or\"[]*as'", max_size=30))
def test_any_text_is_read_or_refused_with_its_place(text: str) -> None:
    try:
        steps = Funnel.parse(text).steps
    except QuestionError as error:
        assert str(error).startswith("step")  # noqa: PT017
    else:
        assert Funnel.parse(Funnel(steps=steps).text()).steps == steps


def test_text_has_alternatives_filters_names_and_any_event() -> None:
    question = Funnel.parse('A B [value > 5] > "x > y" or C as "My step" > * [touchpoint = \'support\']')
    assert question.steps == (
        Step(events=("A B",), where="value > 5"),
        Step(events=("x > y", "C"), name="My step"),
        Step(where="touchpoint = 'support'"),
    )
    assert [step.label for step in question.steps] == ["A B", "My step", "any event"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"steps": ()}, "steps: 0 of them"),
        ({"steps": (Step(),) * 21}, "steps: 21 of them"),
        ({"steps": (Step(events=("",)),)}, "step 1: an event's name is empty"),
        ({"steps": (Step(events=("A",) * 51),)}, "step 1: 51 alternatives"),
        ({"steps": (Step(events=("A",), where="x = 'open"),)}, "step 1, where"),
        ({"where": " "}, "where: ' ' is blank"),
        ({"order": "sideways"}, "order: 'sideways' is none of ordered, strict, any"),
        ({"count": "people"}, "count: 'people' is none of"),
        ({"within": "a week"}, "within: 'a week' is not a duration"),
        ({"within": "0s"}, "within: '0s' is not between"),
        ({"within": "7306d"}, "within: '7306d' is not between"),
        ({"grace": "8d"}, "grace: '8d' is longer than within"),
        ({"grace": "1s", "order": "any"}, "grace: it has no meaning"),
        ({"start": "yesterday"}, "start: 'yesterday' is not a date"),
        ({"start": "2026-02-02", "end": "2026-02-02"}, "end: '2026-02-02' is not after start"),
        ({"zone": "Europe/Berln"}, "zone: unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?"),
        ({"zone": "Europe"}, "zone: unknown time zone"),
        ({"n_groups": 0}, "n_groups: 0 is not between 1 and 25"),
        ({"exclude": (Exclusion(after=2, before=2),)}, "exclude: between steps 2 and 2"),
        ({"exclude": (Exclusion(after=1, before=3),)}, "exclude: between steps 1 and 3 of 2"),
        ({"exclude": (Exclusion(),), "order": "strict"}, "exclude: in strict order"),
        ({"exclude": (Exclusion(),) * 11}, "exclude: 11 of them"),
        ({"same": "properties.cart_id", "count": "session"}, "same: it goes with"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_field(fields: dict[str, Any], message: str) -> None:
    steps = (Step(events=("A",)), Step(events=("B",)))
    with pytest.raises(QuestionError) as caught:
        Funnel(**{"steps": steps, **fields})
    assert str(caught.value).startswith(message)


def test_an_unknown_field_names_the_nearest() -> None:
    with pytest.raises(QuestionError, match="did you mean 'within'"):
        Funnel.parse("A > B", withn="7d")


def test_a_field_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(QuestionError, match=r"n_groups"):
        Funnel.parse("A > B", n_groups="many")
    assert Funnel.parse("A > B", n_groups="5").n_groups == 5


def test_json_of_an_unknown_field_or_type_is_refused() -> None:
    with pytest.raises(QuestionError, match="colour"):
        Funnel.from_json(b'{"steps":[{"events":["A"]}],"colour":"red"}')
    with pytest.raises(QuestionError, match="unknown type of question 'funel'; did you mean 'funnel'"):
        read_question(b'{"type":"funel"}')
    with pytest.raises(QuestionError, match="not a question"):
        read_question(b"[")


def test_each_measure_is_found_by_its_question_and_its_name() -> None:
    assert measure_of(Funnel.parse("A")) is MEASURES["funnel"]
    for name, measure in MEASURES.items():
        assert measure.question.__struct_config__.tag == name


def test_a_list_of_steps_serves_as_well() -> None:
    assert Funnel(steps=[Step(events=("A",))]) == Funnel.parse("A")  # type: ignore[arg-type]


def test_a_global_filter_and_a_steps_filter_both_hold() -> None:
    plan = MEASURES["funnel"].plan(Funnel.parse("A [x = 1 or y = 2] > B", where="z = 3 or u = 4"))
    assert [part.where for part in plan.selections] == [
        "(z = 3 or u = 4) and (x = 1 or y = 2)",
        "z = 3 or u = 4",
    ]
