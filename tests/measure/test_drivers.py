"""Drivers against their oracle, with a planted driver, and through the front door."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from obverse.errors import QuestionError
from obverse.measure.drivers import Drivers, DriversAnswer, DriversMeasure
from obverse.measure.drivers.answer import difference_of_means
from obverse.measure.drivers.summary import DriversSummary
from obverse.measure.protocol import Facts
from obverse.tape.layout import Layout
from tests.engine.lakes import row
from tests.measure.laws import check_laws
from tests.measure.layouts import DAY, Happening, lay
from tests.measure.oracle_drivers import Compared

MEASURE = DriversMeasure()
STATES = ("not entered", "customer", "too early", "unknown", "stayed", "converted")
MINUTE = 60_000_000


@st.composite
def timelines(draw: st.DrawFn) -> tuple[list[Happening], int]:
    n_people = draw(st.integers(1, 5))
    found = []
    for seq, (unit, day) in enumerate(
        draw(st.lists(st.tuples(st.integers(0, n_people - 1), st.integers(0, 20)), max_size=30)), 1
    ):
        name = draw(st.sampled_from(("Visit", "Search", "Buy")))
        found.append(Happening(unit, day * DAY, seq, name, value=float(seq), label=name))
    return found, n_people


def question(**fields: Any) -> Drivers:
    return Drivers(**{"conversion": "Buy", "behaviour": "label", "early": "3d", "within": "9d"} | fields)


@settings(max_examples=150)
@given(
    timelines(),
    st.integers(15, 40),
    st.sampled_from([None, "1970-01-04"]),
    st.sampled_from(["*", "Visit"]),
    st.integers(1, 2),
    st.booleans(),
)
def test_counts_are_the_oracles(
    timeline: tuple[list[Happening], int],
    newest: int,
    start: str | None,
    first: str,
    times: int,
    not_yet: bool,
) -> None:
    events, n_people = timeline
    asked = question(start=start, first=first, times=times, not_yet=not_yet)
    layout = lay(MEASURE.plan(asked), events, n_people, newest=newest * DAY)
    summary = MEASURE.scan(asked, layout, range(n_people))
    expected, states = Compared(), []
    low, high = asked.period_us
    for unit in range(n_people):
        mine = [one for one in events if one.unit == unit]
        state = expected.person(
            [one.time for one in mine if first == "*" or one.name == first],
            [(one.time, one.value) for one in mine if one.name == "Buy"],
            [(one.time, one.name) for one in mine],
            start=low, end=high, early=3 * DAY, within=9 * DAY, newest=newest * DAY,
            times=times, not_yet=not_yet,
        )  # fmt: skip
        states.append(state)
    assert summary.states.tolist() == [expected.states[state] for state in STATES]
    for code, label in enumerate(layout.labels[0]):
        done = expected.did[label or "", True]
        assert summary.did[code].tolist() == [done + expected.did[label or "", False], done]
        worth = expected.worth_did[label or ""]
        assert summary.worth_did[code][0] == len(worth)
        assert summary.worth_did[code][0] * summary.worth_did[code][1] == pytest.approx(sum(worth))
        behind = MEASURE.behind(asked, layout, {"behaviour": label or "", "outcome": "converted"})
        assert behind.sum() == done
        others = MEASURE.behind(asked, layout, {"behaviour": label or "", "did": "no"})
        assert others.sum() == len(expected.worth) - len(worth)
    behind = MEASURE.behind(asked, layout, {})
    assert behind.tolist() == [state in ("stayed", "converted") for state in states]


@settings(max_examples=40)
@given(timelines(), st.lists(st.integers(0, 5), max_size=3))
def test_summaries_keep_the_laws(timeline: tuple[list[Happening], int], cuts: list[int]) -> None:
    events, n_people = timeline
    layout = lay(MEASURE.plan(question()), events, n_people)
    within = [min(cut, n_people) for cut in cuts]
    check_laws(lambda units: MEASURE.scan(question(), layout, units), n_people, within)


def planted(n_people: int, seed: int = 1) -> list[Happening]:
    """Half of the people search early and convert at 40 %, the others at 20 %; twenty habits do nothing."""
    chance, events = random.Random(seed), []
    for unit in range(n_people):
        searches = unit % 2 == 0
        done = ["Visit"] + ["Search"] * searches + [f"Habit {i}" for i in range(20) if chance.random() < 0.5]
        events += [Happening(unit, i * MINUTE, 0, name, label=name) for i, name in enumerate(done)]
        if chance.random() < (0.4 if searches else 0.2):
            events.append(Happening(unit, 5 * DAY, 0, "Buy", value=50.0, label="Buy"))
    return [
        Happening(one.unit, one.time, seq, one.name, value=one.value, label=one.label)
        for seq, one in enumerate(events, 1)
    ]


def answer_of(asked: Drivers, events: list[Happening], n_people: int) -> DriversAnswer:
    layout: Layout = lay(MEASURE.plan(asked), events, n_people, newest=60 * DAY)
    summary: DriversSummary = MEASURE.scan(asked, layout, range(n_people))
    return MEASURE.answer(asked, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


def test_a_planted_driver_is_found_and_its_lift_is_about_two() -> None:
    answer = answer_of(question(), planted(1_200), 1_200)
    best = answer.drivers[0]
    assert (best.name, best.clear) == ("Search", True)
    assert best.lift.low is not None
    assert best.lift.high is not None
    assert best.lift.low < 2 < best.lift.high
    assert best.value.low is not None
    assert best.value.low > 0
    assert "Search early converted later" in answer.sentence()
    assert "association" in answer.sentence()
    assert [row.name for row in answer.pictures()[0].rows] == [  # type: ignore[union-attr]
        one.name for one in answer.drivers if one.clear
    ]


def test_habits_that_do_nothing_are_rarely_called_clear() -> None:
    clear = 0
    for seed in range(12):
        answer = answer_of(question(), planted(400, seed), 400)
        clear += sum(one.clear for one in answer.drivers if one.name.startswith("Habit"))
    assert clear <= 6, "of 240 habits some 5 % of the discoveries may be false"


def test_the_unmerged_interval_is_welchs() -> None:
    mine, rest = [1.0, 2.0, 4.0, 9.0], [0.0, 0.0, 1.0, 5.0, 3.0]

    def moments(draws: list[float]) -> Any:
        mean = sum(draws) / len(draws)
        return [len(draws), mean, sum((one - mean) ** 2 for one in draws)]

    import numpy as np

    found = difference_of_means(np.array(moments(mine)), np.array(moments(mine + rest)))
    expected = stats.ttest_ind(mine, rest, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_a_behaviour_that_few_did_or_that_all_did_is_not_compared() -> None:
    events = planted(200)
    assert "Visit" not in {one.name for one in answer_of(question(), events, 200).drivers}
    assert answer_of(question(min_people=101), events, 200).compared <= 20
    assert answer_of(question(min_people=200), events, 200).drivers == ()


def test_a_behaviour_counts_until_the_early_time_ends_and_a_conversion_from_then_on() -> None:
    events = [
        Happening(0, 0, 1, "Visit", label="Visit"),
        Happening(0, 3 * DAY - 1, 2, "Search", label="Search"),
        Happening(0, 3 * DAY, 3, "Late", label="Late"),
        Happening(0, 9 * DAY, 4, "Buy", label="Buy"),
        Happening(1, 0, 5, "Visit", label="Visit"),
        Happening(1, 9 * DAY + 1, 6, "Buy", label="Buy"),
    ]
    layout = lay(MEASURE.plan(question()), events, 2, newest=60 * DAY)
    summary = MEASURE.scan(question(), layout, range(2))
    did = dict(zip(layout.labels[0], summary.did.tolist(), strict=False))
    assert did["Search"] == [1, 1]
    assert did["Late"] == [0, 0]
    assert summary.states[4:].tolist() == [1, 1]


def test_nobody_gives_a_reason_and_no_zero() -> None:
    answer = answer_of(question(), [], 0)
    assert answer.sentence().startswith("Nobody can be compared")
    assert answer.converting.reason == "nobody"
    assert answer.table().num_rows == 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"early": "9d"}, "within: '9d' must be longer than early, '9d'"),
        ({"times": 0}, "times: 0"),
        ({"min_people": 1}, "min_people: 1"),
        ({"n_behaviours": 20_000}, "n_behaviours: 20000"),
        ({"first": "A > B"}, "first: 'A > B' has 2 steps"),
    ],
)
def test_a_wrong_question_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        question(**fields)


def test_drivers_of_rows_in_a_lake(ask: Any) -> None:
    rows = []
    for number in range(12):
        rows.append(row(f"u{number}", "Visit", 0))
        if number % 2:
            rows.append(row(f"u{number}", "Search", 5))
        if number % 3:
            rows.append(row(f"u{number}", "Order Completed", 120, value=10.0, currency="EUR"))
    rows.append(row("last", "Visit", 10_000))
    answer = ask(rows, Drivers(early="1h", within="1d", min_people=2))
    assert answer.people == 12
    assert answer.not_yet_known == 1
    (search,) = (one for one in answer.drivers if one.name == "Search")
    assert search.people == 6
    assert search.converting.value == pytest.approx(4 / 6)
    assert search.difference.reason == "too_few"
    assert not search.clear
