"""Scores against plain counting, on every engine, and at their edges."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import obverse
from obverse.errors import QuestionError
from obverse.measure import read_question
from obverse.measure.asked import STATES
from obverse.measure.estimate import Reason, share
from obverse.measure.fields import field_help
from obverse.measure.picture import Bars
from obverse.measure.protocol import Facts
from obverse.measure.responses import Responses, ResponsesAnswer
from obverse.measure.score import Score, ScoreAnswer, ScoreGroup, ScoreMeasure
from obverse.measure.score.scale import Kind, scale_of
from obverse.measure.scores import nps
from obverse.surveys.events import SURVEY_EVENTS
from obverse.tape.layout import Layout
from tests.engine.lakes import fill, row, spread
from tests.measure import oracle_surveys as oracle
from tests.measure.conftest import Ask
from tests.measure.laws import check_laws
from tests.measure.surveyed import DAY, Said, lay

MEASURE = ScoreMeasure()
PROFILE = settings(
    max_examples=40 if os.environ.get("NUMBA_DISABLE_JIT") else 100,
)
START = 1_772_323_200_000_000  # 2026-03-01
BUY = "Order Completed"
SCORE = "properties.scores.q"
PEOPLE = 5


@st.composite
def worlds(draw: st.DrawFn) -> list[Said]:
    found = []
    for seq in range(1, draw(st.integers(1, 30))):
        fields: dict[str, str | float] = {}
        number = draw(st.sampled_from([0.0, 3, 6, 7, 8, 9, 10, 11, -1, 7.5, "often", None]))
        if number is not None:
            fields[SCORE] = number
        if (key := draw(st.sampled_from(["s1", "s2", "s3", None]))) is not None:
            fields[oracle.ID] = key
        if (moment := draw(st.sampled_from(["bought", "left", "met", None]))) is not None:
            fields["moment"] = moment
        found.append(
            Said(
                unit=draw(st.integers(0, PEOPLE - 1)),
                time=START + draw(st.integers(-14, 20)) * DAY // 2,
                seq=seq,
                name=draw(st.sampled_from([oracle.FINAL, oracle.PARTLY, BUY])),
                fields=fields,
                value=float(draw(st.integers(0, 9))),
            )
        )
    return found


def answered(question: Score, layout: Layout) -> ScoreAnswer:
    summary = MEASURE.scan(question, layout, range(layout.n_units))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


def plain(events: Sequence[Said], low: int, high: int) -> list[tuple[int, int, Any, Any]]:
    """Give unit, time, number and moment of each answer that counts in [low, high)."""
    found = []
    for one in oracle.submissions(events, (oracle.FINAL, oracle.PARTLY)):
        said = one.authority
        assert said is not None
        if SCORE in said.fields and low <= said.time < high:
            found.append((one.unit, said.time, said.fields[SCORE], said.fields.get("moment")))
    return found


def on_scale(number: object) -> bool:
    return isinstance(number, int | float) and 0 <= number <= 10 and number == int(number)


@PROFILE
@given(worlds(), st.booleans())
def test_every_number_of_an_nps_is_what_plain_counting_gives(events: list[Said], split: bool) -> None:
    end, newest = START + 5 * DAY, START + 40 * DAY
    question = Score(
        question="q",
        start="2026-03-01",
        end="2026-03-06",
        grain="day",
        by="moment" if split else None,
        n_groups=2,
    )
    layout = lay(MEASURE.plan(question), events, PEOPLE, newest)
    got = answered(question, layout)
    now, before = plain(events, START, end), plain(events, START - 5 * DAY, START)
    check_group(got.everyone, now, before, now, events, end)
    kept = {label for label in layout.labels[3] if label is not None} if split else set()
    for group in got.groups:
        wanted = {"(no value)": None}.get(group.name, group.name)

        def mine(moment: object, wanted: str | None = wanted) -> bool:
            if wanted == "(other)":
                return (moment is None and None not in layout.labels[3]) or moment not in {*kept, None}
            return moment == wanted

        parts = [[one for one in part if mine(one[3])] for part in (now, before)]
        check_group(group, parts[0], parts[1], now, events, end)
    assert sum(group.answers for group in got.groups) == (got.everyone.answers if split else 0)
    for picture in got.pictures():
        if isinstance(picture, Bars):
            assert all(
                MEASURE.behind(question, layout, bar.pick).any() or not bar.value
                for bar in picture.rows
                if bar.pick
            )
    for level in got.everyone.levels:
        assert MEASURE.behind(question, layout, {"level": level.name, "latest": "yes"}).sum() == level.people
    for value in got.everyone.values:
        people = {one[0] for one in now if one[2] == value.value}
        assert MEASURE.behind(question, layout, {"value": value.name}).sum() == len(people)


def check_group(
    got: ScoreGroup,
    now: list[tuple[int, int, Any, Any]],
    before: list[tuple[int, int, Any, Any]],
    everybodys: list[tuple[int, int, Any, Any]],
    events: Sequence[Said],
    end: int,
) -> None:
    good = [one for one in now if on_scale(one[2])]
    earlier = [one for one in before if on_scale(one[2])]
    assert (got.answers, got.refused, got.answers_before) == (len(good), len(now) - len(good), len(earlier))
    assert got.people == len({one[0] for one in good})
    sizes = [sum(bounds[0] <= one[2] <= bounds[1] for one in good) for bounds in ((0, 6), (7, 8), (9, 10))]
    assert [level.answers for level in got.levels] == sizes
    assert [level.share for level in got.levels] == [share(n, len(good)) for n in sizes]
    if good:
        assert got.score.value == pytest.approx(100 * (sizes[2] - sizes[0]) / len(good))
        assert got.mean.value == pytest.approx(np.mean([one[2] for one in good]))
        assert {int(one.value): one.answers for one in got.values if one.answers} == {
            number: sum(one[2] == number for one in good) for number in {int(one[2]) for one in good}
        }
    else:
        assert got.score.reason is Reason.NOBODY
    if len({one[0] for one in good}) == len(good):
        wanted = nps(*sizes)
        assert (got.score.low, got.score.high) == pytest.approx((wanted.low, wanted.high))
    scored = [one for one in everybodys if on_scale(one[2])]
    last = {one[0]: one for one in sorted(scored, key=lambda one: one[1])}
    worth = [0.0, 0.0, 0.0]
    for unit, one in last.items():  # a person's money is in one group: that of their latest answer
        if one in good:
            level = 0 if one[2] <= 6 else 1 if one[2] <= 8 else 2
            worth[level] += oracle.money(events, unit, START - 1, end - 1)[1]
    ties = len({(one[0], one[1]) for one in scored}) < len(scored)
    if not ties:  # of two answers at one instant either is the latest
        assert [level.value for level in got.levels] == pytest.approx(worth)
    for at, found in enumerate(got.rows):
        mine = [one for one in good if START + at * DAY <= one[1] < START + (at + 1) * DAY]
        assert found.answers == len(mine) == sum(found.levels)


@PROFILE
@given(worlds(), st.lists(st.integers(0, PEOPLE), max_size=4), st.sampled_from(get_args(Kind)), st.booleans())
def test_summaries_keep_the_laws(events: list[Said], cuts: list[int], kind: Kind, split: bool) -> None:
    question = Score(question="q", kind=kind, start="2026-03-01", by="moment" if split else None)
    layout = lay(MEASURE.plan(question), events, PEOPLE, START + 40 * DAY)
    check_laws(lambda units: MEASURE.scan(question, layout, units), PEOPLE, cuts)


def test_the_names_of_a_surveys_events_are_those_that_are_written() -> None:
    assert STATES == SURVEY_EVENTS


# -- by the front door ----------------------------------------------------------------------------------


def said(
    user: str, minute: float, key: str | None, number: object, name: str = oracle.FINAL, **more: Any
) -> dict[str, Any]:
    """One answer to question q of survey a."""
    properties = {"survey_id": "a", "version": 1, "place": "page", "scores": {"q": number}}
    properties |= {"submission_id": key} if key else {}
    return row(user, name, minute, properties=properties | more)


DAY_MINUTES = 1_440


def test_a_score_counts_latest_answers_and_nobody_who_dismissed(ask: Ask) -> None:
    rows = [
        said("ann", 0, "s1", 3, oracle.PARTLY),
        said("ann", 1, "s1", 9),
        said("ben", 0, "s2", 10),
        said("ben", 0, "s2", 10),  # came twice
        said("cy", 3, "s3", 2, oracle.PARTLY),
        *(
            row(f"d{n}", "Survey Dismissed", n, properties={"survey_id": "a", "submission_id": f"d{n}"})
            for n in range(5)
        ),
        said("eve", 4, "s5", 11),
        said("fay", 4, "s6", "ten"),
        said("gus", 4, "s7", 7),
        row("ann", BUY, 60, value=40.0, currency="EUR"),
        row("cy", BUY, 60, value=5.0, currency="EUR"),
        row("gus", "Survey Answered", 9, properties={"survey_id": "b", "scores": {"q": 0}}),
    ]
    found = ask(rows, Score(survey="a", question="q"))
    everyone = found.everyone
    assert (everyone.answers, everyone.people, everyone.refused) == (4, 4, 2)
    assert [(one.name, one.answers, one.value) for one in everyone.levels] == [
        ("detractors", 1, 5.0),
        ("passives", 1, 0.0),
        ("promoters", 2, 40.0),
    ]
    assert everyone.score.value == 25
    assert "2 answers are no whole number from 0 to 10, and counted nowhere." in found.notes
    assert found.sentence().startswith("NPS is 25.0 (")


def test_a_score_splits_and_compares_with_the_period_before(ask: Ask) -> None:
    rows = [
        said(
            f"u{n}", (n % 14) * DAY_MINUTES, f"s{n}", 9 if n % 3 else 2, moment="bought" if n % 2 else "left"
        )
        for n in range(42)
    ]
    found = ask(
        rows,
        Score(
            survey="a",
            question="q",
            start="2026-03-08",
            end="2026-03-15",
            by="properties.moment",
            grain="day",
        ),
    )
    assert (found.everyone.answers, found.everyone.answers_before) == (21, 21)
    assert {group.name: group.answers for group in found.groups} == {"bought": 12, "left": 9}
    assert found.everyone.change.value == pytest.approx(
        found.everyone.score.value - found.everyone.score_before.value
    )
    assert len(found.everyone.rows) == 7
    plain = ask(rows, Score(survey="a", question="q", start="2026-03-08", end="2026-03-15")).pictures()
    beside = next(one for one in plain if one.title == "NPS and the period before")
    assert [bar.name for bar in beside.rows] == ["this period", "the period before"]


def test_promoters_are_a_segment_that_scores_and_responses_are_split_by(tmp_path: Any) -> None:
    rows = [said(f"u{n}", n, f"s{n}", 10 if n % 3 == 0 else 5) for n in range(30)]
    rows += [row(f"u{n}", "Survey Shown", n - 0.5, properties={"submission_id": f"s{n}"}) for n in range(30)]
    with obverse.open(fill(tmp_path / "data", spread(rows))) as lake:
        question = Score(survey="a", question="q")
        lake.save_segment("Promoters", question, {"level": "promoters"})
        split = lake.ask(Score(survey="a", question="q", by="segment: Promoters"))
        assert isinstance(split, ScoreAnswer)
        assert sorted((group.answers, group.score.value) for group in split.groups) == [(10, 100), (20, -100)]
        shown = lake.ask(Responses(by="segment: Promoters"))
        assert isinstance(shown, ResponsesAnswer)
        assert sorted(group.shown.people for group in shown.groups) == [10, 20]
        held = lake.ask(Score(survey="a", question="q", segment="Promoters"))
        assert isinstance(held, ScoreAnswer)
        assert held.everyone.score.value == 100


@pytest.mark.parametrize(
    ("kind", "number", "score", "level"),
    [
        ("csat", 4, 1.0, "satisfied"),
        ("ces", 5, 5.0, "middle"),
        ("rating", 1, 1.0, "low"),
        ("seq", 7, 7.0, "easy"),
        ("sus", 82.5, 82.5, "A"),
        ("umux_lite", 75, 75.0, "high"),
        ("mean", -3.5, -3.5, "answered"),
        ("nps", 9, 100.0, "promoters"),
    ],
)
def test_one_answer_has_a_score_of_each_kind(
    tmp_path: Any, kind: Kind, number: float, score: float, level: str
) -> None:
    with obverse.open(fill(tmp_path / "data", spread([said("ann", 0, "s1", number)]))) as lake:
        question = Score(survey="a", question="q", kind=kind)
        found = lake.ask(question)
        assert isinstance(found, ScoreAnswer)
        assert found.everyone.score.value == pytest.approx(score)
        assert found.everyone.score.reason is (None if kind == "nps" else Reason.TOO_FEW)
        assert lake.people(question, {"level": level}).n == 1
        for side in get_args(obverse.measure.picture.Side):
            assert found.pictures(side)


def test_sus_has_a_grade_and_umux_lite_the_grade_of_its_sus(ask: Ask) -> None:
    rows = [said(f"u{n}", n, f"s{n}", number) for n, number in enumerate([65, 75, 70, 80])]
    sus = ask(rows, Score(survey="a", question="q", kind="sus")).everyone.standing
    assert (sus.score.value, sus.grade) == (72.5, "C+")
    lite = ask(rows, Score(survey="a", question="q", kind="umux_lite")).everyone.standing
    assert lite.score.value == pytest.approx(0.65 * 72.5 + 22.9)
    assert lite.grade == "C"


def test_answers_of_any_event_can_be_scored_by_a_field(ask: Ask) -> None:
    rows = [row(f"u{n}", "Airport Survey", n, properties={"NETPRO": n}) for n in range(12)]
    found = ask(rows, Score(events="Airport Survey", field="properties.NETPRO"))
    assert (found.everyone.answers, found.everyone.refused) == (11, 1)


def test_answers_at_one_instant_count_as_the_one_that_was_completed(ask: Ask) -> None:
    rows = [said("ann", 0, "s1", 9), said("ann", 0, "s1", 0, oracle.PARTLY)]
    found = ask(rows, Score(survey="a", question="q")).everyone
    assert (found.answers, found.score.value) == (1, 100)


def test_an_answer_that_was_taken_back_counts_no_more(ask: Ask) -> None:
    rows = [
        said("ann", 0, "s1", 9, oracle.PARTLY),
        row("ann", oracle.FINAL, 1, properties={"survey_id": "a", "submission_id": "s1"}),
    ]
    assert ask(rows, Score(survey="a", question="q")).everyone.answers == 0


def test_10_000_different_numbers_have_a_mean(ask: Ask) -> None:
    rows = [row(f"u{n % 700}", "Weighed", n / 10, properties={"g": n}) for n in range(10_000)]
    found = ask(rows, Score(kind="mean", events="Weighed", field="properties.g")).everyone
    assert (found.answers, found.people, found.mean.value) == (10_000, 700, pytest.approx(4_999.5))


# -- the question ---------------------------------------------------------------------------------------


def test_the_question_round_trips_and_its_fields_are_explained() -> None:
    question = Score(survey="a", question="q", kind="csat", points=7, by="country", start="2026-03-01")
    assert read_question(question.to_json()) == question
    assert pickle.loads(pickle.dumps(question)) == question
    assert all(field_help(Score).get(name) for name in Score.__struct_fields__)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "question: name a survey's question, or else a field"),
        ({"question": "q", "field": "properties.x"}, "question: name a survey's question, or else a field"),
        ({"question": "Q 1"}, "question: 'Q 1' is no question's id"),
        ({"question": "q", "kind": "nsp"}, "kind: 'nsp' is none of nps"),
        ({"question": "q", "points": 5}, "points: a scale of kind 'nps' has none to choose"),
        ({"question": "q", "kind": "csat", "points": 1}, "points: 1 is not between 2 and 100"),
        ({"question": "q", "grain": "hour"}, "grain: 'hour' is none of day"),
        ({"field": " "}, "field: name a field"),
    ],
)
def test_a_wrong_question_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(QuestionError, match=message.replace("'", ".")):
        Score(**fields)


@pytest.mark.parametrize(
    "pick", [{"level": "promotors"}, {"value": "12"}, {"group": "x"}, {"row": "2020-01-01"}, {"x": "y"}]
)
def test_a_part_that_is_not_there_is_refused(tmp_path: Any, pick: dict[str, str]) -> None:
    with (
        obverse.open(fill(tmp_path / "data", spread([said("ann", 0, "s1", 9)]))) as lake,
        pytest.raises(QuestionError),
    ):
        lake.people(Score(survey="a", question="q"), pick)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_each_number_of_a_scale_has_its_level(kind: Kind) -> None:
    scale = scale_of(kind, None)
    numbers = np.array([scale.value(at) for at in range(scale.n_values)])
    assert scale.takes(numbers).all()
    assert (scale.place_of(numbers) == np.arange(scale.n_values)).all()
    assert ((scale.level_of(numbers) >= 0) & (scale.level_of(numbers) < len(scale.levels))).all()
    for points in (2, 3, 4, 5, 7, 10):
        if kind in ("csat", "ces", "rating", "seq"):
            levels = [scale_of(kind, points).level_of(np.array([float(n)]))[0] for n in range(1, points + 1)]
            assert levels == sorted(levels)
            assert set(levels) == set(range(max(levels) + 1))
