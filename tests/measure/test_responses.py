"""Responses against plain counting, on every engine, and at their edges."""

from __future__ import annotations

import os
import pickle
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import obverse
from obverse.errors import QuestionError
from obverse.measure import read_question
from obverse.measure.asked import STATES
from obverse.measure.estimate import Estimate, Reason, share
from obverse.measure.fields import field_help
from obverse.measure.protocol import Facts
from obverse.measure.responses import Responses, ResponsesAnswer, ResponsesGroup, ResponsesMeasure
from obverse.measure.responses.counting import MAX_SHOWN
from obverse.tape.layout import Layout
from tests.engine.lakes import fill, row, spread
from tests.measure import oracle_surveys as oracle
from tests.measure.conftest import Ask
from tests.measure.laws import check_laws
from tests.measure.surveyed import DAY, Said, lay

MEASURE = ResponsesMeasure()
PROFILE = settings(
    max_examples=40 if os.environ.get("NUMBA_DISABLE_JIT") else 100,
)
START = 1_772_323_200_000_000  # 2026-03-01
BUY = "Order Completed"
ANSWER = "properties.answers.q"
PEOPLE = 5
SHOWN, STARTED, PARTLY, ANSWERED, ABANDONED, DISMISSED = STATES


@st.composite
def worlds(draw: st.DrawFn) -> list[Said]:
    found = []
    for seq in range(1, draw(st.integers(1, 30))):
        name = draw(st.sampled_from([*STATES, SHOWN, ANSWERED, BUY]))
        fields: dict[str, str | float] = {}
        if name in (PARTLY, ANSWERED) and (said := draw(st.sampled_from(["a", '["a","b"]', "[]", None]))):
            fields[ANSWER] = said
        if (key := draw(st.sampled_from(["s1", "s2", "s3", None]))) is not None:
            fields[oracle.ID] = key
        if (moment := draw(st.sampled_from(["bought", "left", None]))) is not None:
            fields["moment"] = moment
        if name == ANSWERED:
            fields["properties.seconds"] = float(draw(st.integers(1, 90)))
        found.append(
            Said(
                unit=draw(st.integers(0, PEOPLE - 1)),
                time=START + draw(st.integers(-4, 20)) * DAY // 2,
                seq=seq,
                name=name,
                fields=fields,
                value=float(draw(st.integers(0, 9))),
            )
        )
    return found


def answered(question: Responses, layout: Layout) -> ResponsesAnswer:
    summary = MEASURE.scan(question, layout, range(layout.n_units))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


@PROFILE
@given(worlds(), st.booleans())
def test_every_number_is_what_plain_counting_gives(events: list[Said], split: bool) -> None:
    newest = START + 12 * DAY
    question = Responses(
        question="q",
        start="2026-03-01",
        end="2026-03-06",
        grain="day",
        within="2d",
        by="moment" if split else None,
    )
    layout = lay(MEASURE.plan(question), events, PEOPLE, newest)
    got = answered(question, layout)
    asked = [
        one for one in oracle.submissions(events, STATES) if START <= one.events[0].time < START + 5 * DAY
    ]
    check_group(got.everyone, asked)
    check_after(got.everyone, asked, events, newest)
    for group in got.groups:
        mine = None if group.name == "(no value)" else group.name
        check_group(group, [one for one in asked if one.group("moment") == mine])
    assert sum(group.submissions for group in got.groups) == (len(asked) if split else 0)
    for state in ("shown", "started", "partly_answered", "abandoned", "dismissed", "answered"):
        people = getattr(got.everyone, state).people
        assert MEASURE.behind(question, layout, {"state": state}).sum() == people
    for after in ("responded", "not_responded"):
        found = getattr(got.everyone, after)
        assert MEASURE.behind(question, layout, {"after": after}).sum() == found.people
        converted = MEASURE.behind(question, layout, {"after": after, "converted": "yes"})
        assert converted.sum() == found.converted
    for option in got.everyone.options:
        people = {one.unit for one in asked if option.name in chosen(one)}
        assert MEASURE.behind(question, layout, {"option": option.name}).sum() == len(people)


def chosen(one: oracle.Submission) -> list[str]:
    said = one.answer(ANSWER)
    return [] if said is None else ["a"] if said == "a" else msgspec.json.decode(str(said))


def check_group(got: ResponsesGroup, asked: Sequence[oracle.Submission]) -> None:
    begun = [one for one in asked if one.has(STARTED, PARTLY, ANSWERED, ABANDONED)]
    done = [one for one in asked if one.has(ANSWERED)]
    parts = {
        "shown": [one for one in asked if one.has(SHOWN)],
        "started": begun,
        "partly_answered": [one for one in asked if one.has(PARTLY) and one not in done],
        "abandoned": [one for one in asked if one.has(ABANDONED) and one not in done],
        "dismissed": [one for one in asked if one.has(DISMISSED) and one not in begun],
        "answered": done,
    }
    assert got.submissions == len(asked)
    for name, mine in parts.items():
        found = getattr(got, name)
        assert (found.submissions, found.people) == (len(mine), len({one.unit for one in mine})), name
    shown = parts["shown"]
    check_rate(got.response_rate, shown, [one for one in shown if one.responded], len(asked))
    seen = [one for one in shown if one in begun]
    check_rate(got.completion_rate, seen, [one for one in seen if one in done], len(asked))
    options = Counter(name for one in asked for name in chosen(one))
    assert {one.name: one.answers for one in got.options} == options
    said = sum(bool(chosen(one)) for one in asked)
    assert got.question_answers == said
    assert all(one.share.value == one.answers / said for one in got.options)
    if len({one.unit for one in asked if chosen(one)}) == said:
        assert all(one.share == share(one.answers, said) for one in got.options)
    for at, found in enumerate(got.rows):
        mine = [one for one in asked if START + at * DAY <= one.events[0].time < START + (at + 1) * DAY]
        assert found.answered == sum(one in done for one in mine)
        assert found.shown == sum(one in shown for one in mine)


def check_rate(
    got: Any, among: Sequence[oracle.Submission], marked: Sequence[oracle.Submission], asked: int
) -> None:
    if not among:
        assert got.value is None
        assert got.reason in (Reason.NOBODY, Reason.UNSEEN)
        return
    assert got.value == pytest.approx(len(marked) / len(among))
    if len({one.unit for one in among}) == len(among) > 1:
        wanted = share(len(marked), len(among))
        assert (got.low, got.high) == pytest.approx((wanted.low, wanted.high))


def check_after(
    got: ResponsesGroup, asked: Sequence[oracle.Submission], events: Sequence[Said], newest: int
) -> None:
    shown = sorted((one for one in asked if one.has(SHOWN)), key=lambda one: one.events[0].time)
    instants = Counter((one.unit, one.events[0].time) for one in shown)
    if any(n > 1 for n in instants.values()):  # of two at one instant either is the first
        return
    first: dict[int, oracle.Submission] = {}
    for one in shown:
        first.setdefault(one.unit, one)
    counts = {True: [0, 0, 0.0], False: [0, 0, 0.0]}
    recent = 0
    for unit, one in first.items():
        begin = one.events[0].time
        if begin + 2 * DAY > newest:
            recent += 1
            continue
        n, worth = oracle.money(events, unit, begin, begin + 2 * DAY)
        mine = counts[one.responded]
        mine[0] += 1
        mine[1] += n > 0
        mine[2] += worth
    assert got.too_recent == recent
    for responded, found in ((True, got.responded), (False, got.not_responded)):
        assert [found.people, found.converted, found.value] == pytest.approx(counts[responded])


@PROFILE
@given(
    worlds(),
    st.lists(st.integers(0, PEOPLE), max_size=4),
    st.sampled_from(["choice", "ranking", "number"]),
    st.booleans(),
)
def test_summaries_keep_the_laws(events: list[Said], cuts: list[int], shape: Any, split: bool) -> None:
    question = Responses(question="q", shape=shape, start="2026-03-01", by="moment" if split else None)
    layout = lay(MEASURE.plan(question), events, PEOPLE, START + 40 * DAY)
    check_laws(lambda units: MEASURE.scan(question, layout, units), PEOPLE, cuts)


# -- by the front door ----------------------------------------------------------------------------------


def told(user: str, minute: float, key: str, name: str, **more: Any) -> dict[str, Any]:
    """One event of survey a."""
    properties = {"survey_id": "a", "version": 1, "place": "page", "submission_id": key}
    return row(user, name, minute, properties=properties | more)


def answer(user: str, minute: float, value: object, name: str = ANSWERED) -> list[dict[str, Any]]:
    """A survey shown and answered."""
    key = f"s-{user}"
    return [
        told(user, minute, key, SHOWN),
        told(user, minute + 1, key, name, answers={"q": value}, seconds=30),
    ]


def test_late_and_doubled_events_of_a_submission_count_once(ask: Ask) -> None:
    rows = [
        told("ann", 2, "s1", ANSWERED, answers={"q": "b"}, seconds=40),
        told("ann", 1, "s1", PARTLY, answers={"q": "a"}),
        told("ann", 0, "s1", SHOWN),
        told("ann", 2, "s1", ANSWERED, answers={"q": "b"}, seconds=40),
        told("ann", 3, "s1", ABANDONED),
        *(told("ben", 0, "s2", SHOWN), told("ben", 1, "s2", DISMISSED)),
        *(told("cy", 0, "s3", SHOWN), told("cy", 1, "s3", STARTED), told("cy", 2, "s3", ABANDONED)),
        *(told("dee", 0, "s4", SHOWN), told("dee", 1, "s4", PARTLY, answers={"q": "a"})),
        *(told("eve", 0, "s5", SHOWN), told("fay", 0, "other", SHOWN, survey_id="b")),
    ]
    found = ask(rows, Responses(survey="a", question="q")).everyone
    states = ("shown", "started", "partly_answered", "abandoned", "dismissed", "answered")
    assert {name: getattr(found, name).submissions for name in states} == {
        "shown": 5, "started": 3, "partly_answered": 1, "abandoned": 1, "dismissed": 1, "answered": 1,
    }  # fmt: skip
    check_rate_of(found.response_rate, 2, 5)
    check_rate_of(found.completion_rate, 1, 3)
    assert {one.name: one.answers for one in found.options} == {"a": 1, "b": 1}
    assert found.seconds.value == pytest.approx(40, rel=0.01)


def check_rate_of(got: Estimate, marked: int, n: int) -> None:
    wanted = share(marked, n)
    assert (got.value, got.low, got.high) == pytest.approx((wanted.value, wanted.low, wanted.high))


def test_a_survey_is_narrowed_to_a_version_a_place_and_a_moment(ask: Ask) -> None:
    rows = [
        told(f"u{n}", n, f"s{n}", SHOWN, version=1 + n % 2, place="kiosk" if n % 3 else "page", moment="it's")
        for n in range(12)
    ]
    for fields, wanted in (
        ({}, 12),
        ({"version": 2}, 6),
        ({"place": "kiosk"}, 8),
        ({"version": 1, "place": "page"}, 2),
        ({"moment": "it's"}, 12),
        ({"moment": "left"}, 0),
        ({"where": "properties.version = 2 or properties.place = 'page'"}, 8),
    ):
        assert ask(rows, Responses(survey="a", **fields)).everyone.shown.people == wanted


@pytest.mark.parametrize(
    ("shape", "values", "wanted"),
    [
        ("choice", ["a", "b", "a"], {("", "a"): 2, ("", "b"): 1}),
        ("choice", [["a", "b"], ["b"], []], {("", "a"): 1, ("", "b"): 2}),
        (
            "choice",
            [{"speed": "good", "price": "bad"}, {"speed": "good"}],
            {("speed", "good"): 2, ("price", "bad"): 1},
        ),
        ("choice", [True, False, True], {("", "true"): 2, ("", "false"): 1}),
        ("number", [9, 9.0, 3], {("", "9"): 2, ("", "3"): 1}),
        ("ranking", [["x", "y"], ["x", "y"], ["y", "x"]], {("", "x"): 3, ("", "y"): 3}),
    ],
)
def test_answers_of_each_shape_are_counted_one_by_one(
    ask: Ask, shape: Any, values: list[object], wanted: dict[tuple[str, str], int]
) -> None:
    rows = [one for n, value in enumerate(values) for one in answer(f"u{n}", n, value)]
    found = ask(rows, Responses(survey="a", question="q", shape=shape)).everyone
    assert {(one.row, one.name): one.answers for one in found.options} == wanted
    if shape == "ranking":
        assert [one.mean_rank.value for one in found.options] == pytest.approx([4 / 3, 5 / 3])
    if shape == "number":
        assert found.mean.value == 7


def test_an_import_has_answers_and_no_rates(ask: Ask) -> None:
    rows = [told(f"u{n}", n, f"s{n}", ANSWERED, answers={"q": "a"}) for n in range(4)]
    found = ask(rows, Responses(survey="a"))
    assert found.everyone.answered.submissions == 4
    assert found.everyone.response_rate.reason is Reason.UNSEEN
    assert found.everyone.seconds.reason is Reason.NOBODY
    assert found.sentence() == "4 answered."


def test_10_000_options_are_counted_and_the_most_frequent_are_listed(ask: Ask) -> None:
    rows = [one for n in range(10_000) for one in answer(f"u{n}", n / 100, f"option {min(n, 9_990)}")]
    found = ask(rows, Responses(survey="a", question="q"))
    assert found.everyone.question_answers == 10_000
    assert len(found.everyone.options) == MAX_SHOWN
    assert (found.everyone.options[0].name, found.everyone.options[0].answers) == ("option 9990", 10)
    assert any("more options are not listed" in note for note in found.notes)


def test_who_answered_is_set_beside_who_did_not(ask: Ask) -> None:
    rows = [one for n in range(60) for one in answer(f"yes{n}", n, "a")]
    rows += [told(f"no{n}", n, f"s{n}", SHOWN) for n in range(60)]
    rows += [row(f"yes{n}", BUY, n + 30, value=10.0, currency="EUR") for n in range(30)]
    rows += [row(f"no{n}", BUY, n + 30, value=10.0, currency="EUR") for n in range(15)]
    rows += [row("newest", "Ping", 60 * 24 * 30)]
    found = ask(rows, Responses(survey="a", within="1d"))
    group = found.everyone
    assert (group.responded.converted, group.not_responded.converted) == (30, 15)
    assert group.difference.difference == pytest.approx(0.25)
    assert group.difference.low > 0
    assert group.responded.value_per_person.value == 5
    assert any("does not say that asking did it" in note for note in found.notes)
    assert all(picture.rows for picture in found.pictures("value"))


# -- the question ---------------------------------------------------------------------------------------


def test_the_question_round_trips_and_its_fields_are_explained() -> None:
    question = Responses(survey="a", question="q", shape="ranking", by="country", within="1h", version=2)
    assert read_question(question.to_json()) == question
    assert pickle.loads(pickle.dumps(question)) == question
    assert all(field_help(Responses).get(name) for name in Responses.__struct_fields__)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"question": "1"}, "question: .1. is no question"),
        ({"shape": "list"}, "shape: .list. is none of choice, ranking, number"),
        ({"within": "soon"}, "within: .soon. is not a duration"),
        ({"grain": "hour"}, "grain: .hour. is none of day"),
    ],
)
def test_a_wrong_question_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        Responses(**fields)


@pytest.mark.parametrize(
    "pick",
    [{"state": "x"}, {"option": "zz"}, {"group": "x"}, {"row": "2020-01-01"}, {"after": "x"}, {"x": "y"}],
)
def test_a_part_that_is_not_there_is_refused(tmp_path: Any, pick: dict[str, str]) -> None:
    rows = answer("ann", 0, "a")
    with (
        obverse.open(fill(tmp_path / "data", spread(rows))) as lake,
        pytest.raises(QuestionError),
    ):
        lake.people(Responses(survey="a", question="q"), pick)
