"""Edge cases that every measure meets, by the front door: how little, how much, and how odd a lake can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from obverse.engine.lake import AnyLake
from obverse.measure import MEASURES
from obverse.measure.act import Act
from obverse.measure.attribution import Attribution
from obverse.measure.behaved import Behaved
from obverse.measure.cart import Cart
from obverse.measure.drivers import Drivers
from obverse.measure.funnel import Funnel
from obverse.measure.linger import Linger
from obverse.measure.overview import Overview
from obverse.measure.paths import Paths
from obverse.measure.question import Answer, Question
from obverse.measure.reliability import Reliability
from obverse.measure.responses import Responses
from obverse.measure.retention import Retention
from obverse.measure.score import Score
from obverse.measure.sessions import Sessions
from obverse.measure.stages import Stages
from obverse.measure.stickiness import Stickiness
from obverse.measure.time_between import TimeBetween
from obverse.measure.trend import Trend
from tests.engine.lakes import fill, row, spread

if TYPE_CHECKING:
    from tests.conftest import Engine

DAY = 24 * 60
PAID = "Order Completed"

QUESTIONS: dict[str, Question] = {
    "act": Act(click="*"),
    "attribution": Attribution(),
    "behaved": Behaved(rules=("did View",)),
    "cart": Cart(),
    "drivers": Drivers(),
    "funnel": Funnel.parse(f"View > * > {PAID}"),
    "linger": Linger(pages="*"),
    "overview": Overview(),
    "paths": Paths(),
    "reliability": Reliability(items=("properties.answers.a", "properties.answers.b"), events="*"),
    "responses": Responses(),
    "retention": Retention(),
    "score": Score(kind="mean", field="properties.scores.q", events="*"),
    "sessions": Sessions(),
    "stages": Stages(),
    "stickiness": Stickiness(),
    "time_between": TimeBetween(from_event="View", to_event="*"),
    "trend": Trend(series=("people: *", "events: *")),
}
EMPTY = {
    "act": "Nobody was on any page.",
    "attribution": "No conversion in the period had a touch before it.",
    "behaved": "Nobody was there in the period.",
    "cart": "No cart was opened in the period.",
    "drivers": "Nobody can be compared: nobody began in the period whose time is over by now.",
    "funnel": "Nobody took the first step, View.",
    "linger": "Nobody viewed a page for a known time.",
    "overview": "Nobody was there in the period.",
    "paths": "There are no such paths.",
    "reliability": "Nobody answered in the period.",
    "responses": "Nobody was asked in the period.",
    "retention": "Nobody started in the period.",
    "score": "Nobody answered in the period.",
    "sessions": "There were no sessions in the period.",
    "stages": "Nobody was seen by the end of the period.",
    "stickiness": "Nobody was active in the period.",
    "time_between": "Nobody got from View to *.",
    "trend": "Nothing happened in the period.",
}
ONE = {
    "act": "1 people were on 1 pages",
    "attribution": EMPTY["attribution"],
    "behaved": "100.0\u202f% (20.7–100.0) of 1 people pass the rule: 1.",
    "cart": EMPTY["cart"],
    "drivers": EMPTY["drivers"],
    "funnel": "0.0\u202f% of 1 people reached Order Completed; most left at View.",
    "linger": EMPTY["linger"],
    "overview": "1 people were there, 1 for the first time; none converted.",
    "paths": "1 paths of 1 people; the most frequent, 100.0\u202f% of them, is View.",
    "reliability": EMPTY["reliability"],
    "responses": EMPTY["responses"],
    "retention": "1 people started; no interval is over for any of them yet.",
    "score": EMPTY["score"],
    "sessions": "1 people had 1 sessions, half of them longer than 0\u202fs; 100.0\u202f% bounced",
    "stages": "100.0\u202f% of 1 people are not customers yet.",
    "stickiness": "1 person was active on 1 of 28 days on average.",
    "time_between": "None of 1 got from View to *.",
    "trend": "1 person did anything from 2026-03-01 to 2026-03-01. Anything happened 1 times.",
}
Rows = Sequence[dict[str, Any]]
Lakes = Callable[[Rows], AnyLake]


def check_whole(answer: Answer) -> None:
    """Read an answer in every way there is: as JSON, as a table, as pictures of both sides."""
    assert msgspec.json.decode(answer.to_json())["question"]["type"] in MEASURES
    assert len(answer.table().column_names) > 1
    for side in ("people", "value"):
        assert all(picture.title for picture in answer.pictures(side))


@pytest.fixture(scope="module")
def placed(request: pytest.FixtureRequest, either_engine: Engine) -> Iterator[Engine]:
    """Each engine, Spark with a partition an executor: what takes time here is how many there are."""
    if either_engine.name == "local":
        yield either_engine
        return
    conf = request.getfixturevalue("spark_session").conf
    before = conf.get("spark.sql.shuffle.partitions")
    conf.set("spark.sql.shuffle.partitions", "2")
    yield either_engine
    conf.set("spark.sql.shuffle.partitions", before)


@pytest.fixture(scope="module")
def lake_of(tmp_path_factory: pytest.TempPathFactory, placed: Engine) -> Iterator[Lakes]:
    """Opens a lake of some rows, which arrive in several files; the same rows have one lake for all tests."""
    opened: dict[bytes, AnyLake] = {}

    def open_(rows: Rows) -> AnyLake:
        key = msgspec.json.encode(rows)
        if key not in opened:
            opened[key] = placed.open(fill(tmp_path_factory.mktemp("edges") / "data", spread(rows)))
        return opened[key]

    yield open_
    for lake in opened.values():
        lake.close()


def test_no_measure_is_left_out() -> None:
    assert QUESTIONS.keys() == EMPTY.keys() == ONE.keys() == MEASURES.keys()


# -- as little as there can be ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_empty_lake_has_an_answer_that_says_so(lake_of: Lakes, name: str) -> None:
    answer = lake_of([]).ask(QUESTIONS[name])
    assert answer.sentence() == EMPTY[name]
    check_whole(answer)


@pytest.mark.parametrize("name", QUESTIONS)
def test_one_event_has_an_answer(lake_of: Lakes, name: str) -> None:
    answer = lake_of([row("ann", "View", 0)]).ask(QUESTIONS[name])
    assert answer.sentence().startswith(ONE[name])
    check_whole(answer)


SHOP = [
    *(row("ann", "View", 0), row("ann", "Product Added", 5), row("ann", PAID, 10, value=9.0, currency="EUR")),
    *(row("ben", "View", 0), row("ben", "Product Added", DAY), row("ben", "View", 2 * DAY)),
    *(row("cy", "View", 90 * DAY), row("cy", "Something Else", 90 * DAY)),
]
FROM_A_FIRST_STEP: dict[str, Question] = {
    "act": Act(click="View", error="View"),
    "attribution": Attribution(touches="View", channel="event"),
    "cart": Cart(),
    "drivers": Drivers(first="View", early="1h", within="2d"),
    "funnel": Funnel.parse(f"View > {PAID}"),
    "linger": Linger(pages="View", page="event"),
    "paths": Paths(after="View"),
    "retention": Retention(start_event="View"),
    "time_between": TimeBetween(from_event="View", to_event=PAID),
    "trend": Trend(series=("people: View",)),
}


@pytest.mark.parametrize("name", FROM_A_FIRST_STEP)
def test_people_who_never_take_the_first_step_change_nothing(lake_of: Lakes, name: str) -> None:
    question = FROM_A_FIRST_STEP[name]
    strangers = [row(f"stranger-{n}", "Something Else", n * DAY) for n in range(50)]
    got, wanted = (lake_of(rows).ask(question) for rows in ([*strangers, *SHOP], SHOP))
    assert msgspec.structs.replace(got, as_of_seq=0) == msgspec.structs.replace(wanted, as_of_seq=0)
    assert got.sentence() not in (EMPTY[name], ONE[name])


# -- time -------------------------------------------------------------------------------------------------

SHORT: dict[str, Any] = {"start": "2026-03-29", "end": "2026-03-30", "zone": "Europe/Berlin"}
IN_SHORT_DAY: dict[str, tuple[Question, Callable[[Any], Any], object]] = {
    "act": (Act(click="View", **SHORT), lambda got: got.people, 2),
    "attribution": (Attribution(conversion="View", **SHORT), lambda got: got.conversions, 2),
    "behaved": (Behaved(rules=("did View",), **SHORT), lambda got: got.everyone, 2),
    "cart": (Cart(add="View", **SHORT), lambda got: got.carts.carts, 2),
    "drivers": (Drivers(first="View", **SHORT), lambda got: got.people, 2),
    "funnel": (Funnel.parse("View > Buy", **SHORT), lambda got: got.steps[0].people, 2),
    "linger": (Linger(pages="View", page="event", **SHORT), lambda got: got.pages[0].people, 2),
    "overview": (Overview(**SHORT), lambda got: got.totals.people, 2),
    "paths": (Paths(**SHORT), lambda got: got.n_paths, 2),
    "reliability": (
        Reliability(items=("properties.n", "2 * properties.n"), events="View", **SHORT),
        lambda got: got.everyone.answers,
        2,
    ),
    "responses": (Responses(**SHORT), lambda got: got.everyone.submissions, 2),
    "retention": (Retention(**SHORT), lambda got: got.people, 2),
    "score": (
        Score(kind="mean", field="properties.n", events="View", **SHORT),
        lambda got: got.everyone.answers,
        2,
    ),
    "sessions": (Sessions(**SHORT), lambda got: got.totals.sessions, 2),
    "stages": (Stages(grain="day", **SHORT), lambda got: got.rows[-1].people, 3),  # who was seen by its end
    "stickiness": (Stickiness(**SHORT), lambda got: got.everyone.people, 2),
    "time_between": (
        TimeBetween(from_event="View", to_event="Buy", **SHORT),
        lambda got: got.whole.starts,
        2,
    ),
    "trend": (Trend(series=("A as X", "people: View"), **SHORT), lambda got: got.series[1].total.value, 2),
}


def instant(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1e6)


@pytest.mark.parametrize("name", IN_SHORT_DAY)
def test_a_day_of_23_hours_has_its_first_instant_and_not_the_first_of_the_next(
    lake_of: Lakes, name: str
) -> None:
    start, end = instant("2026-03-29T00:00+01:00"), instant("2026-03-30T00:00+02:00")
    times = {"early": start - 1, "first": start, "last": end - 1, "late": end}
    rows = [row(user, "View", 0, time=time, properties={"n": 1}) for user, time in times.items()]
    rows += [row(user, "Survey Shown", 0, time=time) for user, time in times.items()]
    question, counted, wanted = IN_SHORT_DAY[name]
    assert counted(lake_of([*rows, row("newest", "Ping", 365 * DAY)]).ask(question)) == wanted


def test_every_measure_knows_short_days() -> None:
    assert IN_SHORT_DAY.keys() == MEASURES.keys()


ASKED = {"submission_id": "s1", "scores": {"q": 9}}
AT_ONCE = [
    *(row("ann", "View", 0), row("ann", "Click", 0), row("ann", PAID, 0, value=1.0, currency="EUR")),
    *(row("ben", PAID, 0, value=1.0, currency="EUR"), row("ben", "Click", 0), row("ben", "View", 0)),
    *(row("cy", "View", 0), row("newest", "Ping", 100 * DAY)),
    row("dee", "Survey Answered", 0, properties=ASKED | {"scores": {"q": 3}}),
    row("dee", "Survey Partly Answered", 0, properties=ASKED),
]
TIED: dict[str, tuple[Question, Callable[[Any], Any], object]] = {
    # what happens at the same instant follows, whichever arrived first …
    "act": (
        Act(click="Click", element="event"),
        lambda got: [(one.people, one.share.value) for one in got.elements],
        [(2, 1.0)],
    ),
    "attribution": (
        Attribution(touches="View", channel="event"),
        lambda got: (got.conversions, got.without_touch),
        (2, 0),
    ),
    "funnel": (
        Funnel.parse(f"View > Click > {PAID}"),
        lambda got: [one.people for one in got.steps],
        [3, 2, 2],
    ),
    "retention": (
        Retention(start_event="View", return_event=PAID),
        lambda got: got.cohorts[0].cells[0].people,
        2,
    ),
    "time_between": (
        TimeBetween(from_event="View", to_event=PAID),
        lambda got: (got.whole.starts, got.whole.reached),
        (3, 2),
    ),
    # … as does a conversion, while what was sent last is what was completed, not what arrived last …
    "score": (Score(question="q"), lambda got: (got.everyone.answers, got.everyone.score.value), (1, -100.0)),
    "responses": (
        Responses(),
        lambda got: (got.everyone.answered.submissions, got.everyone.partly_answered.submissions),
        (1, 0),
    ),
    # … conversions as early as the beginning are no outcome of it …
    "drivers": (
        Drivers(first="View", early="1h", within="2h"),
        lambda got: (got.people, got.converted_early),
        (1, 2),
    ),
    # … and where one thing is the last or the next, arrival decides.
    "behaved": (Behaved(rules=("last event = 'View'",)), lambda got: got.people, 2),
    "cart": (Cart(add="View"), lambda got: (got.carts.carts, got.carts.ordered), (3, 1)),
    "paths": (
        Paths(after="View"),
        lambda got: sorted((one.target, one.times) for one in got.streams if one.column == 1),
        [("(left)", 2), ("Click", 1)],
    ),
    "sessions": (Sessions(), lambda got: got.totals.sessions, 5),
}


@pytest.mark.parametrize("name", TIED)
def test_events_at_one_instant_are_taken_as_the_measure_says(lake_of: Lakes, name: str) -> None:
    question, told, wanted = TIED[name]
    assert told(lake_of(AT_ONCE).ask(question)) == wanted


# -- one event that is two things -----------------------------------------------------------------------

BOTH = [
    row("ann", "View", 0),
    row("ann", PAID, 5, value=4.0, currency="EUR", properties={"gift": True}),
    row("newest", "Ping", 100 * DAY),
]
TWO_IN_ONE: dict[str, tuple[Question, Callable[[Any], Any], object]] = {
    "act": (
        Act(click=PAID, error=PAID),
        lambda got: sorted(one.kind for one in got.elements),
        ["click", "error"],
    ),
    "attribution": (
        Attribution(touches="*", channel="event"),
        lambda got: [one.name for one in got.channels if one.credits[0].conversions.value],
        ["View"],
    ),
    "behaved": (
        Behaved(rules=(f"did {PAID}", f"did {PAID} [properties.gift = true]", "spent at least 4")),
        lambda got: [one.people for one in got.rules],
        [1, 1, 1],
    ),
    "funnel": (
        Funnel.parse(f"View > {PAID} > {PAID} [properties.gift = true]"),
        lambda got: [one.people for one in got.steps],
        [1, 1, 0],
    ),
    "overview": (Overview(active=(PAID,)), lambda got: (got.totals.people, got.totals.orders), (1, 1)),
    "retention": (Retention(start_event=PAID), lambda got: got.cohorts[0].cells[0].people, 0),
    "time_between": (TimeBetween(from_event=PAID, to_event=PAID), lambda got: got.whole.reached, 0),
    "trend": (
        Trend(series=(PAID, "* [properties.gift = true]")),
        lambda got: [one.total.value for one in got.series],
        [1, 1],
    ),
}


@pytest.mark.parametrize("name", TWO_IN_ONE)
def test_one_event_that_is_two_things_counts_for_each_but_never_as_two(lake_of: Lakes, name: str) -> None:
    question, told, wanted = TWO_IN_ONE[name]
    assert told(lake_of(BOTH).ask(question)) == wanted


# -- as many names as there can be ------------------------------------------------------------------------

N_NAMES = 10_000
N_BUYERS = N_NAMES // 4


@pytest.fixture(scope="module")
def named(lake_of: Lakes) -> AnyLake:
    """Everyone views, does one thing that nobody else does, and every fourth buys."""
    rows = [row(f"u{n}", "View", n) for n in range(N_NAMES)]
    rows += [row(f"u{n}", f"Event {n}", n + 0.5) for n in range(N_NAMES)]
    rows += [row(f"u{n}", PAID, n + 1, value=1.0, currency="EUR") for n in range(0, N_NAMES, 4)]
    return lake_of(rows)


@pytest.mark.parametrize("name", QUESTIONS)
def test_ten_thousand_names_have_an_answer_as_small_as_the_question(named: AnyLake, name: str) -> None:
    answer = named.ask(QUESTIONS[name])
    check_whole(answer)
    assert len(answer.to_json()) < 64 << 10
    assert answer.table().num_rows < 1_000


def test_ten_thousand_names_are_all_counted(named: AnyLake) -> None:
    assert len(named.names()) == N_NAMES + 2
    steps = named.ask(Funnel.parse(f"View > * > {PAID}")).steps
    assert [one.people for one in steps] == [N_NAMES, N_NAMES, N_BUYERS]
    groups = named.ask(Trend(series=("events: *",), by="event", n_groups=5)).series[0].groups  # type: ignore[attr-defined] # a trend's
    assert sum(one.total.value for one in groups) == 2 * N_NAMES + N_BUYERS
    assert {one.name for one in groups} > {"View", PAID, "(other)"}
    paths: Any = named.ask(Paths())
    second = [one for one in paths.places if one.column == 2]
    assert sum(one.paths for one in second) == paths.n_paths == N_NAMES
    assert any(one.name.startswith("(other") for one in second)


# -- properties of mixed types ------------------------------------------------------------------------------

MIXED = (5, "5", "five", True, None, 2.5, [1], {"a": 1})
LABELS = {"5": 2, "five": 1, "true": 1, "2.5": 1, "[1]": 1, '{"a":1}': 1, "(no value)": 2}


@pytest.fixture(scope="module")
def mixed(lake_of: Lakes) -> AnyLake:
    """Nine people: one a value of `properties.x`, and one who has none."""
    rows = [row(f"u{n}", "View", n, properties={"x": x}) for n, x in enumerate(MIXED)]
    return lake_of([*rows, row("u8", "View", 8), row("u0", "Product Added", 9, properties={"x": [None]})])


BY_MIXED: dict[str, tuple[Question, Callable[[Any], dict[str, int]]]] = {
    "act": (
        Act(click="View", element="properties.x"),
        lambda got: {one.element: one.people for one in got.elements},
    ),
    "funnel": (
        Funnel.parse("View > Nothing", by="properties.x"),
        lambda got: {one.name: one.steps[0].people for one in got.groups},
    ),
    "linger": (
        Linger(of="element", elements="View", element="properties.x"),
        lambda got: {one.name: one.people for one in got.pages},
    ),
    "retention": (
        Retention(start_event="View", by="properties.x"),
        lambda got: {one.name: one.people for one in got.groups},
    ),
    "stickiness": (
        Stickiness(events="View", by="properties.x"),
        lambda got: {one.name: one.people for one in got.groups},
    ),
    "time_between": (
        TimeBetween(from_event="View", to_event="Nothing", by="properties.x"),
        lambda got: {one.name: one.starts for one in got.groups},
    ),
    "trend": (
        Trend(series=("people: View",), by="properties.x"),
        lambda got: {one.name: one.total.value for one in got.series[0].groups},
    ),
}


@pytest.mark.parametrize("name", BY_MIXED)
def test_a_property_of_mixed_types_splits_by_what_is_written(mixed: AnyLake, name: str) -> None:
    question, groups = BY_MIXED[name]
    assert groups(mixed.ask(question)) == LABELS


@pytest.mark.parametrize(
    ("where", "people"),
    [
        ("properties.x > 3", 2),
        ("properties.x = 5", 2),
        ("properties.x = '5'", 2),
        ("properties.x = true", 1),
        ("properties.x IN (5, 'five')", 3),
        ("properties.x IS NULL", 2),
    ],
)
def test_a_filter_passes_over_values_that_are_not_of_its_type(
    mixed: AnyLake, where: str, people: int
) -> None:
    assert mixed.ask(Funnel.parse("View", where=where)).steps[0].people == people
    assert mixed.ask(Overview(where=f"event = 'View' and {where}")).totals.people == people
    behaved: Any = mixed.ask(Behaved(rules=(f"any event = 'View' and {where}",)))
    assert behaved.people == people


def test_numbers_are_taken_of_values_that_are_numbers_alone(mixed: AnyLake) -> None:
    kinds = ("sum", "average", "minimum", "maximum", "median")
    got: Any = mixed.ask(Trend(series=tuple(f"{kind} properties.x: View" for kind in kinds)))
    assert [one.total.value for one in got.series] == pytest.approx([12.5, 12.5 / 3, 2.5, 5, 5], rel=0.008)
