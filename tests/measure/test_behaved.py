"""Who behaved so, against plain Python, at the edges of its rules, and through the real lake."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import obverse
from obverse.errors import QuestionError
from obverse.measure.behaved import Behaved, BehavedAnswer, BehavedMeasure
from obverse.measure.behaved.rules import Did, Rule, Spent
from obverse.measure.estimate import Reason
from obverse.measure.picture import Side
from obverse.measure.protocol import Facts
from obverse.tape.layout import Layout
from tests.engine.lakes import fill, row, table_of
from tests.measure import oracle_behaved as oracle
from tests.measure.laws import check_laws
from tests.measure.picks import picked
from tests.measure.timelines import DAY, HOUR, Act, Filters, lay

MEASURE = BehavedMeasure()
MONDAY = 1_774_224_000_000_000  # 2026-03-23T00:00Z
WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
PROFILE = settings(max_examples=25 if WITHOUT_JIT else 120)
N = 4
GERMAN = "country = 'DE'"


def german(act: Act) -> bool | None:
    country = act.fields["country"]
    return None if country is None else country == "DE"


FILTERS: Filters = {
    f"({GERMAN})": lambda act: german(act) is True,
    f"not ({GERMAN})": lambda act: german(act) is False,
}


@st.composite
def worlds(draw: st.DrawFn) -> list[Act]:
    return [
        Act(
            person=draw(st.integers(0, N - 1)),
            time=MONDAY + draw(st.integers(0, 20)) * DAY // 2,
            seq=seq,
            name=draw(st.sampled_from(["View", "Add", "Buy", "Buy"])),
            value=float(draw(st.integers(-1, 9))),
            fields={"country": draw(st.sampled_from(["DE", "FR", None]))},
        )
        for seq in draw(st.permutations(range(1, draw(st.integers(1, 20)))))
    ]


WHENS = st.sampled_from(
    ["", " in 3d", " in 36h", " from 2026-03-25 to 2026-03-27", " from 2026-03-26T12:00", " to 2026-03-26"]
)
RULES = st.one_of(
    st.builds(
        "did {}{}{}{}".format,
        st.just(""),
        st.sampled_from(["Buy", "Add or Buy", "Never"]),
        st.sampled_from(["", " at least 2 times", " at most 1 time", " exactly 2 times"]),
        WHENS,
    ),
    st.builds("did not {}{}".format, st.sampled_from(["Buy", "View or Add"]), WHENS),
    st.builds(
        "spent {} {}{}{}".format,
        st.sampled_from(["at least", "at most"]),
        st.integers(0, 12),
        WHENS,
        st.sampled_from(["", " on Buy", " on Add or View"]),
    ),
    st.builds("{} {}{}".format, st.sampled_from(["first", "last", "any"]), st.just(GERMAN), WHENS),
)


@st.composite
def questions(draw: st.DrawFn) -> Behaved:
    return Behaved(
        rules=tuple(draw(st.lists(RULES, min_size=1, max_size=4))),
        match=draw(st.sampled_from(["all", "any"])),
        conversion="Buy",
        start=draw(st.sampled_from([None, "2026-03-24"])),
        end=draw(st.sampled_from([None, "2026-03-29T12:00"])),
    )


def answered(question: Behaved, layout: Layout) -> BehavedAnswer:
    summary = MEASURE.scan(question, layout, range(layout.n_units))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


def laid(question: Behaved, acts: list[Act], n: int = N) -> Layout:
    return lay(MEASURE.plan(question), acts, n, FILTERS)


def ask(question: Behaved, acts: list[Act], n: int = N) -> BehavedAnswer:
    return answered(question, laid(question, acts, n))


def passing(question: Behaved, rule: Rule, own: list[Act], newest: int) -> bool:
    part = oracle.within(own, *question.window_us(rule.when, newest))
    names = rule.events.events or None
    if isinstance(rule, Did):
        return oracle.did(part, names or ("View", "Add", "Buy"), rule.least, rule.most)
    if isinstance(rule, Spent):
        return oracle.spent(part, names, rule.least, rule.most)
    return oracle.is_(part, rule.which, german)


def wanted(question: Behaved, acts: list[Act]) -> tuple[set[int], set[int], list[set[int]]]:
    """Everyone, the members, and who passes each rule."""
    newest = max((act.time for act in acts), default=0)
    start, end = question.period_us
    own = {person: [act for act in acts if act.person == person] for person in range(N)}
    everyone = {person for person in own if oracle.within(own[person], start, end)}
    passes = [
        {person for person in everyone if passing(question, rule, own[person], newest)}
        for rule in question.parsed()
    ]
    inside = set.intersection(*passes) if question.match == "all" else set.union(*passes)
    return everyone, inside, passes


@PROFILE
@given(worlds(), questions())
def test_every_figure_is_what_plain_counting_gives(acts: list[Act], question: Behaved) -> None:
    got = ask(question, acts)
    everyone, inside, passes = wanted(question, acts)
    assert (got.everyone, got.people) == (len(everyone), len(inside))
    assert [one.people for one in got.rules] == [len(people) for people in passes]
    for number, one in enumerate(got.rules):
        others = [people for at, people in enumerate(passes) if at != number]
        if question.match == "all":
            assert one.without == len(everyone.intersection(*others))
        else:
            assert one.without == len(set().union(*others))
    start, end = question.period_us
    for side, people in zip(got.sides, (inside, everyone - inside), strict=True):
        bought = [
            act for act in acts if act.person in people and act.name == "Buy" and start <= act.time < end
        ]
        assert side.people == len(people)
        assert side.converting == len({act.person for act in bought})
        assert side.value == pytest.approx(sum(act.value for act in bought))
        if people:
            assert side.value_per_person.value == pytest.approx(side.value / len(people))


@PROFILE
@given(worlds(), questions())
def test_the_mask_of_an_empty_pick_is_the_members(acts: list[Act], question: Behaved) -> None:
    layout = laid(question, acts)
    everyone, inside, passes = wanted(question, acts)

    def behind(**pick: str) -> set[int]:
        return set(MEASURE.behind(question, layout, pick).nonzero()[0].tolist())

    assert behind() == behind(who="members") == inside
    assert behind(who="others") == everyone - inside
    assert behind(who="everyone") == everyone
    for number, people in enumerate(passes, 1):
        assert behind(rule=str(number)) == people
        assert behind(rule=str(number), who="others") == people - inside
    sides: tuple[Side, ...] = ("people", "value")
    for picture in (one for side in sides for one in answered(question, layout).pictures(side)):
        for pick, value in picked(picture):
            assert pick is not None
            if picture.of == "share":
                assert value == len(behind(**pick)) / len(everyone)


@PROFILE
@given(worlds(), questions(), st.lists(st.integers(0, N), max_size=3))
def test_summaries_merge_however_people_are_split(
    acts: list[Act], question: Behaved, cuts: list[int]
) -> None:
    layout = laid(question, acts)
    check_laws(partial(MEASURE.scan, question, layout), N, cuts)


def act(hour: float, name: str, value: float = 0, person: int = 0, country: str | None = None) -> Act:
    time = MONDAY + round(hour * HOUR)
    return Act(person, time, time // 1_000, name, value, {"country": country})


def members(acts: list[Act], *rules: str, n: int = 1, **fields: Any) -> list[int]:
    question = Behaved(rules=rules, conversion="Buy", **fields)
    return MEASURE.behind(question, laid(question, acts, n), {}).nonzero()[0].tolist()


def test_a_duration_counts_back_from_the_newest_event_and_includes_it() -> None:
    acts = [act(0, "Buy"), act(72, "View", person=1)]
    assert members(acts, "did Buy in 3d", n=2) == []  # exactly three days older than the newest
    assert members([act(1 / 3.6e9, "Buy"), acts[1]], "did Buy in 3d", n=2) == [0]
    assert members(acts, "did View in 1s", n=2) == [1]


def test_a_duration_counts_back_from_the_end_of_the_period_where_there_is_one() -> None:
    acts = [act(0, "Buy"), act(47, "View"), act(200, "View")]
    assert members(acts, "did Buy in 2d", end="2026-03-25") == [0]  # the first instant of the two days
    assert members(acts, "did Buy in 47h", end="2026-03-25") == []
    assert members(acts, "did Buy in 9d", start="2026-03-24") == []  # the period begins later


def test_days_of_a_rule_are_days_of_the_zone() -> None:
    acts = [act(23.5, "Buy")]
    assert members(acts, "did Buy from 2026-03-24 to 2026-03-25", zone="Europe/Berlin") == [0]
    assert members(acts, "did Buy from 2026-03-24 to 2026-03-25") == []
    assert members(acts, "did Buy to 2026-03-24") == [0]


def test_at_most_and_not_count_who_never_did_it_but_nobody_who_was_never_there() -> None:
    acts = [act(0, "View", person=0), act(0, "Buy", person=1), act(1, "Buy", person=1)]
    assert members(acts, "did not Buy", n=3) == [0]
    assert members(acts, "did Buy at most 1 time", n=3) == [0]
    assert members(acts, "spent at most 0", n=3) == [0, 1]
    assert members(acts, "did not Buy", n=3, seen="Buy") == []


def test_the_last_known_value_counts_by_time_then_arrival() -> None:
    moved = [act(0, "View", country="FR"), act(1, "View", country="DE"), act(2, "View")]
    assert members(moved, f"last {GERMAN}") == [0]
    assert members(moved, f"first {GERMAN}") == []
    assert members(moved, f"any {GERMAN}") == [0]
    assert members(moved, f"last {GERMAN} to 2026-03-23T01:00") == []
    web = {"country": "DE"}
    tied = [Act(0, MONDAY, 1, "View", 0.0, web), Act(0, MONDAY, 2, "View", 0.0, {"country": "FR"})]
    assert members(tied, f"last {GERMAN}") == []
    assert members(tied, f"first {GERMAN}") == [0]
    assert members([act(0, "View")], f"last {GERMAN}") == members([act(0, "View")], f"first {GERMAN}") == []


def test_sums_of_decimal_fractions_reach_what_they_sum_up_to() -> None:
    acts = [act(hour, "Buy", 0.1) for hour in range(3)]
    tenths = [act(hour, "Buy", 0.1) for hour in range(10)]
    assert sum(one.value for one in tenths) < 1  # as floats add up
    assert members(tenths, "spent at least 1 on Buy") == [0]
    assert members(acts, "spent at least 0.3 on Buy") == [0]
    assert members(acts, "spent at most 0.3 on Buy") == [0]
    assert members(acts, "spent at least 0.3002 on Buy") == []


def test_an_empty_lake_and_one_event_have_an_answer() -> None:
    question = Behaved(rules=("did not Buy in 30d",))
    nobody = ask(question, [], 0)
    assert nobody.sentence() == "Nobody was there in the period."
    assert nobody.share.reason is Reason.NOBODY
    assert nobody.pictures() == ()
    one = ask(question, [act(0, "View")], 1)
    assert (one.people, one.everyone) == (1, 1)
    assert one.sentence().startswith("100.0\u202f% (20.7\u2013100.0) of 1 people pass the rule: 1.")


def test_the_answer_speaks_and_tables() -> None:
    acts = [act(p, "View", person=p) for p in range(10)] + [act(20, "Buy", 30, person=p) for p in range(4)]
    got = ask(Behaved(rules=("did Buy", "did View"), conversion="Buy", match="any"), acts, 10)
    assert "pass any of 2 rules: 10, who spent \u20ac\u202f120." in got.sentence()
    assert got.table().column("name").to_pylist() == ["did Buy", "did View", "members"]
    assert got.table().column("people").to_pylist() == [4, 10, 10]
    assert [one.without for one in got.rules] == [10, 4]


def test_equal_selections_are_laid_out_once() -> None:
    question = Behaved(rules=("did Buy", "did Buy in 3d", "spent at least 5 on Buy"), conversion="Buy")
    assert len(MEASURE.plan(question).selections) == 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rules": ()}, "rules: 0 is not between 1 and 20"),
        ({"rules": ("did Buy",) * 21}, "rules: 21"),
        ({"rules": "did Buy", "match": "some"}, "match: 'some'"),
        ({"rules": "did Buy from 2026-02-30"}, "rules: '2026-02-30' is not a date"),
        ({"rules": "did Buy from 2026-03-02 to 2026-03-01"}, "'2026-03-01' is not after '2026-03-02'"),
        ({"rules": "did Buy", "seen": "A > B"}, "seen: 'A > B' has 2 steps"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        Behaved(**fields)


@pytest.mark.parametrize(
    ("pick", "message"),
    [
        ({"stage": "x"}, "unknown part of the answer 'stage'"),
        ({"rule": "2"}, "rule: '2' is not one of the 1 rules"),
        ({"who": "me"}, "who: 'me' is none of members, others, everyone"),
    ],
)
def test_a_pick_of_nothing_is_refused(pick: dict[str, str], message: str) -> None:
    question = Behaved(rules=("did Buy",))
    with pytest.raises(QuestionError, match=message):
        MEASURE.behind(question, laid(question, [act(0, "Buy")], 1), pick)


def test_a_question_round_trips_through_json() -> None:
    question = Behaved(rules=("did Buy", f"last {GERMAN}"), match="any", end="2026-04-01")
    assert Behaved.from_json(question.to_json()) == question
    assert msgspec.structs.replace(question, rules="did Buy").rules == ("did Buy",)


def test_through_the_lake_fields_filters_and_segments_mean_what_they_say(tmp_path: Path) -> None:
    day = 24 * 60
    german_phone = '{"country": "DE", "device": {"type": "phone"}}'
    french = '{"country": "FR", "device": {"type": "desktop"}}'
    rows = [
        row("ann", "Page Viewed", 0, context=french),
        row("ann", "Order Completed", 1 * day, value=80.0, currency="EUR", context=german_phone),
        row("ann", "Order Completed", 80 * day, value=40.0, currency="EUR"),
        row("ben", "Page Viewed", 0, context=german_phone),
        row("ben", "Order Completed", 2 * day, value=10.0, currency="EUR", context=french),
        row("cy", "Checkout Started", 79 * day, properties={"test": True}),
        row("dee", "Page Viewed", 100 * day, context=german_phone),
    ]
    cases = {
        ("did Order Completed at least 2 times",): ["ann"],
        ("did Order Completed in 90d",): ["ann"],
        ("did not Checkout Started in 30d", "did Page Viewed"): ["ann", "ben", "dee"],
        ("did not Checkout Started [test = true]",): ["ann", "ben", "dee"],
        ("spent at least 100 in 365d on Order Completed",): ["ann"],
        ("last context.country = 'DE'",): ["ann", "dee"],
        ("first context.country = 'DE'",): ["ben", "dee"],
        ("any context.device.type = 'phone'", "did Order Completed"): ["ann", "ben"],
        ("any context.device.type in ('phone', 'tablet') in 30d on Page Viewed",): ["dee"],
    }
    with obverse.open(fill(tmp_path / "data", [table_of(rows)])) as lake:
        for rules, names in cases.items():
            question = Behaved(rules=rules)
            got = lake.ask(question)
            assert isinstance(got, BehavedAnswer)
            assert sorted(one.user_id or "" for one in lake.people(question).people) == names, rules
            assert (got.people, got.everyone) == (len(names), 4)
        lake.save_segment("Germans", Behaved(rules=("last context.country = 'DE'",)))
        within = lake.ask(Behaved(rules=("did Order Completed",), segment="Germans"))
        assert isinstance(within, BehavedAnswer)
        assert (within.people, within.everyone) == (1, 2)
        assert within.sides[0].value == 120
        store = lake.ask(Behaved(rules=("did Page Viewed",), where="touchpoint = 'store'"))
        assert isinstance(store, BehavedAnswer)
        assert store.everyone == 0
        stranger = lake.ask(Behaved(rules=("did Order Complete",)))
        assert "did you mean 'Order Completed'" in stranger.notes[0]


def test_an_engine_of_any_kind_finds_the_same_people(ask: Any) -> None:
    rows = [
        row("ann", "Order Completed", 0, value=80.0, currency="EUR", context='{"country": "FR"}'),
        row("ann", "Order Completed", 60, value=40.0, currency="EUR", context='{"country": "DE"}'),
        row("ben", "Page Viewed", 0, context='{"country": "DE"}'),
    ]
    rules = ("last context.country = 'DE'", "spent at least 100 in 7d", "did not Checkout Started")
    got = ask(rows, Behaved(rules=rules))
    assert (got.people, got.everyone, [one.people for one in got.rules]) == (1, 2, [2, 1, 2])
    assert got.sides[0].value == 120
    assert got.chart().to_dict()["$schema"]
    assert got.chart("value").to_dict()["$schema"]
