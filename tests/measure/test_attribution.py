"""Attribution against its oracle, by hand, and through the front door."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.measure.attribution import Attribution, AttributionAnswer, AttributionMeasure
from obverse.measure.attribution.markov import reach, shares
from obverse.measure.attribution.question import RULES
from obverse.measure.attribution.scan import LOST_JOURNEYS, OPEN_JOURNEYS, WITHOUT_TOUCH
from obverse.measure.protocol import Facts
from obverse.tape.layout import Layout
from tests.engine.lakes import row
from tests.measure import oracle_attribution as oracle
from tests.measure.laws import check_laws
from tests.measure.layouts import DAY, Happening, lay

MEASURE = AttributionMeasure()
CHANNELS = ("a", "b", "c", None)


@st.composite
def timelines(draw: st.DrawFn) -> tuple[list[Happening], int]:
    n_people = draw(st.integers(1, 4))
    times = draw(st.lists(st.tuples(st.integers(0, n_people - 1), st.integers(0, 40)), max_size=30))
    found = []
    for seq, (unit, day) in enumerate(times, 1):
        name = draw(st.sampled_from(("Visit", "Visit", "Buy")))
        label = draw(st.sampled_from(CHANNELS))
        found.append(Happening(unit, day * DAY, seq, name, value=float(seq), label=label))
    return found, n_people


def question(**fields: Any) -> Attribution:
    return Attribution(**{"conversion": "Buy", "touches": "*", "channel": "label", "gap": "1d"} | fields)


def counted(asked: Attribution, events: list[Happening], n_people: int, newest: int) -> oracle.Attributed:
    start, end = asked.period_us
    found = oracle.Attributed()
    for unit in range(n_people):
        mine = [one for one in events if one.unit == unit]
        found.person(
            [(one.time, one.seq, one.label) for one in mine],
            [(one.time, one.seq, one.value) for one in mine if one.name == "Buy"],
            start=start, end=end, newest=newest, lookback=10 * DAY, gap=DAY, half_life=float(3 * DAY),
        )  # fmt: skip
    return found


@settings(max_examples=150)
@given(timelines(), st.integers(30, 60), st.sampled_from([None, "1970-01-11"]))
def test_credits_and_steps_are_the_oracles(
    timeline: tuple[list[Happening], int], newest: int, start: str | None
) -> None:
    events, n_people = timeline
    asked = question(lookback="10d", half_life="3d", start=start)
    layout = lay(MEASURE.plan(asked), events, n_people, newest=newest * DAY)
    summary = MEASURE.scan(asked, layout, range(n_people))
    expected = counted(asked, events, n_people, newest * DAY)
    n, without, still_open, lost = summary.counts.tolist()
    assert (n, without, lost, still_open) == (
        expected.conversions,
        expected.without,
        expected.lost,
        expected.open,
    )
    for rule, model in enumerate(RULES):
        for code, label in enumerate(layout.labels[0]):
            if label is None:
                continue
            for moments, draws in (
                (summary.credits[rule, code], expected.credit[model, label]),
                (summary.worths[rule, code], expected.worth[model, label]),
            ):
                assert moments[0] * moments[1] == pytest.approx(sum(draws), abs=1e-9)
    states = [label or "" for label in layout.labels[0]] + ["(other)"]
    into, out = [*states, "conversion", "loss"], [*states, "start"]
    whole = summary.steps.sum(axis=0)
    steps = {(out[i], into[j]): whole[i, j] for i, j in zip(*np.nonzero(whole), strict=True)}
    assert steps == dict(expected.steps)
    if expected.conversions > expected.without:
        for code, label in enumerate(layout.labels[0]):
            exact = float(oracle.reach(expected.steps, label)) if label is not None else None
            if exact is not None:
                assert reach(whole, code) == pytest.approx(exact, abs=1e-9)


@settings(max_examples=40)
@given(timelines(), st.lists(st.integers(0, 4), max_size=3))
def test_summaries_keep_the_laws(timeline: tuple[list[Happening], int], cuts: list[int]) -> None:
    events, n_people = timeline
    layout = lay(MEASURE.plan(question()), events, n_people)
    within = [min(cut, n_people) for cut in cuts]
    check_laws(lambda units: MEASURE.scan(question(), layout, units), n_people, within)


def story(text: str) -> list[Happening]:
    """Read ``a b Buy``: one event a day, each a visit of a channel or a purchase worth 10."""
    return [
        Happening(0, day * DAY, day + 1, "Buy", value=10.0, label="shop")
        if word == "Buy"
        else Happening(0, day * DAY, day + 1, "Visit", label=None if word == "-" else word)
        for day, word in enumerate(text.split())
    ]


def answer_of(asked: Attribution, events: list[Happening], newest: int | None = None) -> AttributionAnswer:
    layout: Layout = lay(MEASURE.plan(asked), events, 1, newest=newest)
    summary = MEASURE.scan(asked, layout, range(1))
    return MEASURE.answer(asked, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


def credit(answer: AttributionAnswer, model: Any) -> dict[str, float]:
    found = {one.name: one.credit(model).conversions.value for one in answer.channels}
    return {name: round(value, 6) for name, value in found.items() if value}


def test_each_model_shares_one_conversion_out() -> None:
    answer = answer_of(question(half_life="1d", gap="0s"), story("a b b c Buy"))
    assert credit(answer, "first") == {"a": 1}
    assert credit(answer, "last") == {"c": 1}
    assert credit(answer, "linear") == {"a": 0.25, "b": 0.5, "c": 0.25}
    assert credit(answer, "time_decay") == {"a": round(1 / 15, 6), "b": 0.4, "c": round(8 / 15, 6)}
    assert credit(answer, "position") == {"a": 0.4, "b": 0.2, "c": 0.4}


def test_close_events_of_one_channel_are_one_touch() -> None:
    assert credit(answer_of(question(gap="1d"), story("a b b Buy")), "linear") == {"a": 0.5, "b": 0.5}


def test_events_without_a_channel_and_conversions_are_no_touches() -> None:
    answer = answer_of(question(), story("a - Buy - Buy"))
    assert credit(answer, "last") == {"a": 1}
    assert (answer.conversions, answer.without_touch) == (2, 1)
    assert any("had no touch" in note for note in answer.notes)


def test_a_touch_counts_until_the_lookback_ends_and_at_the_same_instant() -> None:
    events = [
        Happening(0, 0, 1, "Visit", label="a"),
        Happening(0, 10 * DAY, 2, "Buy", label="x"),
        Happening(0, 10 * DAY, 3, "Visit", label="b"),
    ]
    assert credit(answer_of(question(lookback="10d"), events), "linear") == {"a": 0.5, "b": 0.5}
    assert credit(answer_of(question(lookback="9d"), events), "linear") == {"b": 1}


def test_a_journey_that_may_yet_convert_is_open_and_not_lost() -> None:
    events = story("a b")
    for newest, expected in ((2 * DAY, (1, 0)), (40 * DAY, (0, 1))):
        answer = answer_of(question(), events, newest)
        assert (answer.open_journeys, answer.lost_journeys) == expected


def test_the_removal_effect_of_a_textbook_chain() -> None:
    # a converts half the time by itself, and passes on to b, which converts half the time.
    steps = np.zeros((3, 4))
    steps[2, 0] = 4
    steps[0] = [0, 2, 1, 1]
    steps[1] = [0, 0, 1, 1]
    assert reach(steps) == pytest.approx(1 / 2)
    assert reach(steps, 0) == 0
    assert reach(steps, 1) == pytest.approx(1 / 4)
    assert shares(steps).tolist() == pytest.approx([2 / 3, 1 / 3])


def test_few_conversions_have_no_markov_interval_but_a_reason() -> None:
    found = answer_of(question(), story("a Buy")).channels[0].credit("markov").conversions
    assert found.value == pytest.approx(1)
    assert found.reason == "too_few"


def test_nothing_says_nothing() -> None:
    answer = answer_of(question(), [])
    assert answer.conversions == 0
    assert answer.sentence() == "No conversion in the period had a touch before it."
    assert answer.table().num_rows == 0
    assert [len(one.rows) for one in answer.pictures()] == [0, 0]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": "best"}, "model: 'best' is none of first"),
        ({"lookback": "soon"}, "lookback: 'soon' is not a duration"),
        ({"half_life": "0s"}, "half_life"),
        ({"n_channels": 0}, "n_channels: 0"),
        ({"conversion": "A > B"}, "conversion: 'A > B' has 2 steps"),
    ],
)
def test_a_wrong_question_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        question(**fields)


ROWS = [
    row("ann", "Page Viewed", 0, properties={"utm": "mail"}),
    row("ann", "Page Viewed", 60, properties={"utm": "search"}),
    row("ann", "Order Completed", 90, value=40.0, currency="EUR"),
    row("ben", "Page Viewed", 0, properties={"utm": "search"}),
    row("ben", "Order Completed", 30, value=60.0, currency="EUR"),
    row("cy", "Page Viewed", 10, properties={"utm": "social"}),
]


def test_campaigns_of_rows_in_a_lake(ask: Any) -> None:
    answer = ask(ROWS, Attribution(channel="properties.utm"))
    assert credit(answer, "linear") == {"mail": 0.5, "search": 1.5}
    worth = {one.name: one.credit("linear").value.value for one in answer.channels}
    assert worth["search"] == pytest.approx(80)
    assert answer.open_journeys == 1
    assert answer.currency == "EUR"
    assert answer.sentence().startswith("Linear gives search the most: 75.0")


def test_counts_have_their_places() -> None:
    assert (WITHOUT_TOUCH, OPEN_JOURNEYS, LOST_JOURNEYS) == (1, 2, 3)
