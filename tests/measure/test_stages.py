"""The stages against plain Python, at the edges of their rules, and through the real lake."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import obverse
from obverse.errors import QuestionError
from obverse.measure.estimate import Reason
from obverse.measure.picture import Side
from obverse.measure.protocol import Facts
from obverse.measure.stages import Stages, StagesAnswer, StagesMeasure, StagesRow
from obverse.tape.layout import Layout
from tests.engine.lakes import fill, row, table_of
from tests.measure import oracle_stages as oracle
from tests.measure.laws import check_laws
from tests.measure.picks import picked
from tests.measure.timelines import DAY, HOUR, Act, lay

MEASURE = StagesMeasure()
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = 1_774_224_000_000_000  # 2026-03-23T00:00Z; clocks change in Berlin on the Sunday after
WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
PROFILE = settings(max_examples=25 if WITHOUT_JIT else 120)
N = 5


@st.composite
def worlds(draw: st.DrawFn) -> list[Act]:
    return [
        Act(
            person=draw(st.integers(0, N - 1)),
            time=MONDAY + draw(st.integers(-30, 60)) * DAY // 2 - draw(st.sampled_from([0, 0, HOUR])),
            seq=seq,
            name=draw(st.sampled_from(["View", "View", "Star", "Add", "Buy", "Buy"])),
            value=float(draw(st.integers(-1, 9))),
            fields={
                "touchpoint": draw(st.sampled_from(["web", "store", None])),
                "plan": draw(st.sampled_from(["a", "b", "c"])),
            },
        )
        for seq in draw(st.permutations(range(1, draw(st.integers(1, 24)))))
    ]


@st.composite
def questions(draw: st.DrawFn) -> Stages:
    start = draw(st.sampled_from([None, "2026-03-19", "2026-03-23", "2026-03-25T13:00"]))
    end = draw(st.sampled_from([None, "2026-03-30", "2026-04-03T05:00"]))
    return Stages(
        start=start,
        end=end,
        zone=draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])),
        engaged=draw(st.sampled_from([None, "Star"])),
        engaged_after=draw(st.integers(1, 4)),
        engaged_by=draw(st.sampled_from(["days", "events"])),
        prospect="Add",
        conversion="Buy",
        lapse=draw(st.sampled_from(["12h", "3d", "10d"])),
        lapse_by=draw(st.sampled_from(["seen", "conversion"])),
        grain=draw(st.sampled_from(["day", "week"])),
        by=draw(st.sampled_from([None, "plan"])),
        n_groups=2,
    )


def rule(question: Stages) -> oracle.Rule:
    return oracle.Rule(
        question.engaged_after,
        question.engaged_by == "days",
        question.lapse_us,
        question.lapse_by == "conversion",
        ZoneInfo(question.zone),
        question.engaged,
    )


def answered(question: Stages, layout: Layout) -> StagesAnswer:
    summary = MEASURE.scan(question, layout, range(layout.n_units))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


def ask(question: Stages, acts: list[Act], n: int = N) -> StagesAnswer:
    return answered(question, lay(MEASURE.plan(question), acts, n))


def stands(row: StagesRow) -> dict[str, int]:
    return {one.name: one.people for one in row.stages if one.people}


def positive(found: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in found.items() if abs(value) > 1e-9}


@PROFILE
@given(worlds(), questions())
def test_every_row_is_what_plain_counting_gives(acts: list[Act], question: Stages) -> None:
    layout = lay(MEASURE.plan(question), acts, N)
    got = answered(question, layout)
    rows = question.rows(layout.newest)
    wanted = oracle.rows(rule(question), acts, rows.edges.tolist(), rows.before)
    if question.start is None:
        wanted = [one for one in wanted if one["stands"]]
    assert len(got.rows) == len(wanted)
    for line, want in zip(got.rows, wanted, strict=True):
        assert stands(line) == dict(want["stands"])
        assert line.people == sum(want["stands"].values())
        assert {(one.source, one.target): one.people for one in line.flows} == dict(want["flows"])
        assert {one.name: one.people for one in line.lives if one.people} == dict(want["lives"])
        assert positive({one.name: one.value for one in line.stages}) == positive(want["worth"])
        assert positive({one.name: one.value_so_far for one in line.stages}) == positive(want["so_far"])
        assert positive({one.name: one.value for one in line.lives}) == positive(want["life_worth"])


@PROFILE
@given(worlds(), questions())
def test_moves_activity_and_touches_are_what_plain_counting_gives(acts: list[Act], question: Stages) -> None:
    layout = lay(MEASURE.plan(question), acts, N)
    got = answered(question, layout)
    rows = question.rows(layout.newest)
    if rows.n == 0:
        assert (got.activity, got.touches) == ((), ())
        return
    wanted = oracle.moves(rule(question), acts, rows.edges.tolist(), rows.complete)
    for one in got.moves:
        for move, share in (("on", one.moved_on), ("converted", one.converted), ("silent", one.fell_silent)):
            x, n = wanted.get((one.stage, move), (0, 0))
            assert one.rows == n
            if share is not None:
                assert share.value == (pytest.approx(x / n) if n else None)
    start, end = question.period_us[0], int(rows.edges[-1])
    assert {one.event: (one.not_yet, one.customers) for one in got.activity} == oracle.activity(
        rule(question), acts, start, end
    )
    assert {one.name: (one.people, one.value) for one in got.touches} == {
        "(no value)" if name is None else name: found
        for name, found in oracle.touches(rule(question), acts, start, end, "touchpoint").items()
    }


@PROFILE
@given(worlds(), questions())
def test_groups_add_up_to_everyone(acts: list[Act], question: Stages) -> None:
    split = msgspec.structs.replace(question, by="plan")
    got = ask(split, acts)
    first = {person: own[0].fields["plan"] for person, own in oracle.people(acts).items()}
    rows = split.rows(max((act.time for act in acts), default=0))
    if not got.rows:
        return
    found = {group.name: {one.name: one.people for one in group.stages if one.people} for group in got.groups}
    for name, counts in found.items():
        if name == "(other)":
            continue
        theirs = [act for act in acts if first[act.person] == name]
        whole = oracle.rows(rule(split), theirs, rows.edges.tolist(), rows.before)
        assert counts == dict(whole[-1]["stands"])
    assert sum(group.people for group in got.groups) == got.rows[-1].people


@PROFILE
@given(worlds(), questions(), st.lists(st.integers(0, N), max_size=3))
def test_summaries_merge_however_people_are_split(acts: list[Act], question: Stages, cuts: list[int]) -> None:
    layout = lay(MEASURE.plan(question), acts, N)
    check_laws(partial(MEASURE.scan, question, layout), N, cuts)


@PROFILE
@given(worlds(), questions())
def test_as_many_people_are_behind_each_number_as_it_says(acts: list[Act], question: Stages) -> None:
    layout = lay(MEASURE.plan(question), acts, N)
    got = answered(question, layout)

    def behind(**pick: str) -> int:
        return int(MEASURE.behind(question, layout, pick).sum())

    if not got.rows:
        return
    assert behind() == got.rows[-1].people
    for line in got.rows[-3:]:
        for one in line.stages:
            assert behind(row=line.name, stage=one.name) == one.people
        for flow in line.flows:
            assert behind(row=line.name, **{"from": flow.source, "to": flow.target}) == flow.people
        for life in line.lives:
            assert behind(row=line.name, life=life.name) == life.people
    for one_ in got.activity:
        assert behind(event=one_.event, customer="no") == one_.not_yet
        assert behind(event=one_.event, customer="yes") == one_.customers
    assert behind(customer="no") == got.not_yet
    for touch in got.touches:
        assert behind(touch=touch.name) == touch.people
    for group in got.groups:
        for standing in group.stages:
            assert behind(group=group.name, stage=standing.name) == standing.people


@PROFILE
@given(worlds(), questions())
def test_every_pick_of_a_picture_leads_to_people(acts: list[Act], question: Stages) -> None:
    layout = lay(MEASURE.plan(question), acts, N)
    got = answered(question, layout)
    sides: tuple[Side, ...] = ("people", "value")
    for picture in (one for side in sides for one in got.pictures(side)):
        for pick, value in picked(picture):
            assert pick is not None
            n = int(MEASURE.behind(question, layout, pick).sum())
            if picture.of == "people":
                assert n == value
            elif picture.of == "share":
                assert (n > 0) == bool(value)


def at(day: int, hour: float = 12) -> int:
    return MONDAY + day * DAY + round(hour * HOUR)


def act(
    person: int, time: int, name: str = "View", value: float = 0.0, touch: str = "web", seq: int = 0
) -> Act:
    return Act(person, time, seq or time // HOUR, name, value, {"touchpoint": touch})


DAYS = Stages(prospect="Add", conversion="Buy", grain="day", lapse="3d")


def test_each_rung_of_the_ladder_is_one_event_away() -> None:
    acts = [
        act(0, at(0)),
        act(0, at(1)),
        act(0, at(2), "Add"),
        act(0, at(3), "Buy", 5),
        act(0, at(4), "Buy", 7),
        act(1, at(8)),
    ]
    got = ask(DAYS, acts, 2)
    assert [next(iter(stands(row))) for row in got.rows[:5]] == [
        "visitor",
        "engaged",
        "prospect",
        "customer",
        "repeat",
    ]
    assert [stands(row) for row in got.rows[5:]] == [
        {"repeat": 1},
        {"repeat": 1},
        {"lapsed": 1},  # 3 days and a half after noon of the fourth
        {"lapsed": 1, "visitor": 1},
    ]
    assert [row.stages[5].value_so_far for row in got.rows[4:7]] == [12, 12, 12]


def test_a_silence_of_exactly_lapse_is_a_lapse() -> None:
    acts = [act(0, at(0, 0)), act(1, at(0, 0) + 1), act(2, at(5))]
    got = ask(DAYS, acts, 3)
    assert stands(got.rows[2]) == {"dormant": 1, "visitor": 1}
    assert stands(got.rows[3]) == {"dormant": 2}


def test_who_comes_back_stands_where_the_history_says() -> None:
    acts = [act(0, at(0), "Buy"), act(0, at(8)), act(1, at(10))]
    got = ask(DAYS, acts, 2)
    assert stands(got.rows[7]) == {"lapsed": 1}
    assert stands(got.rows[8]) == {"customer": 1}
    assert {(one.source, one.target) for one in got.rows[8].flows} == {("lapsed", "customer")}
    assert [one.people for one in got.rows[8].lives] == [0, 0, 1, 0]
    by_order = msgspec.structs.replace(DAYS, lapse_by="conversion")
    assert stands(ask(by_order, acts, 2).rows[8]) == {"lapsed": 1}


def test_the_open_row_ends_right_after_the_newest_event() -> None:
    acts = [act(0, at(0, 1)), act(1, at(2, 2))]
    month = ask(msgspec.structs.replace(DAYS, grain="month"), acts, 2)
    assert [(row.name, row.complete) for row in month.rows] == [("2026-03-01", False)]
    assert stands(month.rows[0]) == {"visitor": 2}  # by the end of March the first would be dormant


def test_no_move_is_counted_in_a_row_that_is_not_complete() -> None:
    acts = [act(0, at(0)), act(0, at(1), "Buy"), act(1, at(1, 13))]
    got = ask(DAYS, acts, 2)
    assert [row.complete for row in got.rows] == [True, False]
    assert {one.stage: one.rows for one in got.moves if one.rows} == {}
    later = ask(DAYS, [*acts, act(1, at(2))], 2)
    prospects = {one.stage: (one.rows, one.moved_on.value) for one in later.moves if one.rows}
    assert prospects == {"visitor": (1, 1.0)}


def test_days_of_engagement_are_days_of_the_zone_through_a_clock_change() -> None:
    before = 1_774_735_200_000_000  # 2026-03-28T22:00Z, 23:00 in Berlin; the 29th has 23 hours there
    berlin = msgspec.structs.replace(DAYS, zone="Europe/Berlin", engaged_after=3)
    three = [act(0, before), act(0, before + HOUR), act(0, before + 24 * HOUR)]
    assert stands(ask(berlin, three, 1).rows[-1]) == {"engaged": 1}
    two = [act(0, before), act(0, before + HOUR), act(0, before + 24 * HOUR - 1)]
    assert stands(ask(berlin, two, 1).rows[-1]) == {"visitor": 1}
    assert [row.start[-6:] for row in ask(berlin, three, 1).rows] == ["+01:00", "+01:00", "+02:00"]


def test_the_last_touch_is_by_time_then_arrival_and_never_the_conversion_itself() -> None:
    acts = [
        act(0, at(0), "View", touch="app", seq=1),
        act(0, at(0), "Buy", 9, "store", seq=2),
        act(0, at(0), "View", touch="web", seq=3),
        act(1, at(0), "Buy", 4, "store", seq=4),
        act(1, at(1), "Buy", 100, "store", seq=5),
    ]
    got = ask(DAYS, acts, 2)
    assert {(one.name, one.people, one.value) for one in got.touches} == {
        ("app", 1, 9.0),
        ("(nothing before)", 1, 4.0),
    }


def test_who_was_seen_before_the_period_is_no_new_person_in_it() -> None:
    acts = [act(0, at(-40)), act(1, at(-1)), act(0, at(0)), act(1, at(0)), act(2, at(0)), act(3, at(3))]
    got = ask(msgspec.structs.replace(DAYS, start="2026-03-23", end="2026-03-25"), acts, 4)
    assert [(one.name, one.people) for one in got.rows[0].lives] == [
        ("new", 1),
        ("returning", 1),
        ("resurrected", 1),
        ("dormant", 0),
    ]
    assert got.rows[0].flows[0].source in ("new", "visitor", "dormant")
    assert [one.people for one in got.rows[1].lives] == [0, 0, 0, 3]


def test_an_empty_lake_and_a_period_after_the_newest_event_have_an_answer() -> None:
    for question in (DAYS, msgspec.structs.replace(DAYS, start="2026-05-01", end="2026-05-03")):
        for acts in ([], [act(0, at(0))]):
            if acts and question.start is None:
                continue
            got = ask(question, acts, len(acts))
            assert got.rows == ()
            assert got.moves[0].moved_on.reason is Reason.NOBODY
            assert got.sentence() == "Nobody was seen by the end of the period."
            assert got.pictures() == got.pictures("value") == ()
            assert got.table().num_rows == 0


def test_one_event_is_one_visitor() -> None:
    got = ask(DAYS, [act(0, at(0))], 1)
    assert stands(got.rows[0]) == {"visitor": 1}
    assert got.rows[0].stages[0].value_per_person.reason is Reason.TOO_FEW
    assert "100" in got.sentence()


def test_the_answer_speaks_and_tables() -> None:
    acts = [act(p, at(d)) for p in range(8) for d in range(0, 30, 1 + p % 3)]
    acts += [act(p, at(3 + p), "Add") for p in range(8)] + [act(p, at(9 + p), "Buy", 20) for p in range(4)]
    got = ask(DAYS, acts, 8)
    assert "of prospects become customers" in got.sentence()
    assert got.table().column_names[:4] == ["day", "complete", "stage", "people"]
    assert got.table().num_rows == 7 * len(got.rows)
    moves = {one.stage: one for one in got.moves}
    assert moves["customer"].converted is None
    assert moves["lapsed"].fell_silent is None


def test_too_many_rows_are_refused_and_without_a_start_the_last_are_shown() -> None:
    old = [act(0, at(0) - 3_000 * DAY), act(0, at(0))]
    with pytest.raises(QuestionError, match="more than 2000 rows"):
        ask(msgspec.structs.replace(DAYS, start="2010-01-01"), old, 1)
    got = ask(DAYS, old, 1)
    assert stands(got.rows[-1]) == {"engaged": 1}
    assert any("Only the last 2000 rows" in note for note in got.notes)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"grain": "hour"}, "grain: 'hour'"),
        ({"lapse": "soon"}, "lapse: 'soon'"),
        ({"engaged_after": 0}, "engaged_after: 0"),
        ({"engaged_by": "hours"}, "engaged_by: 'hours'"),
        ({"conversion": "*"}, "conversion: '\\*' is any event"),
        ({"prospect": "A > B"}, "prospect: 'A > B' has 2 steps"),
        ({"start": "2026-02-01", "end": "2026-01-01"}, "end: '2026-01-01'"),
        ({"by": "plan", "n_groups": 99}, "n_groups: 99"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(fields: dict[str, object], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        Stages(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pick", "message"),
    [
        ({"colour": "red"}, "unknown part of the answer 'colour'"),
        ({"stage": "visitr"}, "did you mean 'visitor'"),
        ({"row": "1999-01-01"}, "unknown row"),
        ({"move": "converted"}, "under 'from'"),
        ({"group": "a"}, "no split"),
        ({"touch": "moon"}, "unknown touch"),
    ],
)
def test_a_pick_of_nothing_is_refused(pick: dict[str, str], message: str) -> None:
    layout = lay(MEASURE.plan(DAYS), [act(0, at(0))], 1)
    with pytest.raises(QuestionError, match=message):
        MEASURE.behind(DAYS, layout, pick)


def test_a_question_round_trips_through_json() -> None:
    question = Stages(engaged="Star", by="plan", start="2026-01-01", where="touchpoint = 'web'")
    assert Stages.from_json(question.to_json()) == question


def shop(tmp_path: Path, rows: list[dict[str, Any]]) -> obverse.Lake:
    return obverse.open(fill(tmp_path / "data", [table_of(rows)]))


def test_through_the_lake_filters_names_and_segments_mean_what_they_say(tmp_path: Path) -> None:
    day = 24 * 60
    web, store = {"touchpoint": "web"}, {"touchpoint": "store"}
    rows = [
        row("ann", "Page Viewed", 0, **web),
        row("ann", "Product Added", 5, **web),
        row("ann", "Order Completed", 2 * day, value=30.0, currency="EUR", **store),
        row("ann", "Order Completed", 3 * day, value=10.0, currency="EUR", **web),
        row("ben", "Page Viewed", 1, properties={"path": "/vip"}, **web),
        row("ben", "Mail Opened", day, **web),
        row("cy", "Mail Opened", day, **web),
        row("dee", "Checkout Started", day, properties={"test": True}, **web),
    ]
    question = Stages(grain="day")
    with shop(tmp_path, rows) as lake:
        got = lake.ask(question)
        assert isinstance(got, StagesAnswer)
        assert stands(got.rows[-1]) == {"repeat": 1, "engaged": 1, "visitor": 1, "prospect": 1}
        assert got.currency == "EUR"
        assert [(one.name, one.people, one.value) for one in got.touches] == [("web", 1, 30.0)]
        assert lake.people(question, {"stage": "prospect"}).people[0].user_id == "dee"

        named = lake.ask(Stages(grain="day", seen="Page Viewed", engaged="Page Viewed [path = '/vip']"))
        assert isinstance(named, StagesAnswer)
        assert stands(named.rows[-1]) == {"repeat": 1, "engaged": 1, "prospect": 1}  # cy only opened a mail

        only_web = lake.ask(Stages(grain="day", where="touchpoint = 'web'"))
        assert isinstance(only_web, StagesAnswer)
        assert stands(only_web.rows[-1])["customer"] == 1

        real = lake.ask(Stages(grain="day", prospect="Checkout Started [test is null]"))
        assert isinstance(real, StagesAnswer)
        assert stands(real.rows[-1]) == {"repeat": 1, "engaged": 1, "visitor": 2}

        lake.save_segment("Prospects", question, {"stage": "prospect"})
        split = lake.ask(Stages(grain="day", by="segment: Prospects"))
        assert isinstance(split, StagesAnswer)
        assert {group.name: group.people for group in split.groups} == {
            "in Prospects": 1,
            "not in Prospects": 3,
        }


def test_a_name_that_was_never_seen_is_said(tmp_path: Path) -> None:
    with shop(tmp_path, [row("ann", "Order Complete", 0)]) as lake:
        notes = lake.ask(Stages(prospect="Order Complete")).notes
        assert notes == ("unknown event 'Order Completed'; did you mean 'Order Complete'?",)


DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no public data sets at {DATA}")
def test_the_buyers_of_cdnow_stand_where_sql_puts_them() -> None:
    with gzip.open(DATA / "cdnow" / "CDNOW_master.txt.gz", "rt") as lines:
        found = [line.split() for line in lines][1:]
    people = {person: number for number, person in enumerate(sorted({one[0] for one in found}))}
    days = [datetime.strptime(one[1], "%Y%m%d").replace(tzinfo=UTC) for one in found]
    acts = [
        Act(
            people[one[0]], int(day.timestamp()) * 1_000_000, seq, "Buy", float(one[3]), {"touchpoint": "web"}
        )
        for seq, (one, day) in enumerate(zip(found, days, strict=True), 1)
    ]
    purchases = pa.table({"person": [one[0] for one in found], "day": [day.date() for day in days]})
    with duckdb.connect() as base:
        base.register("purchases", purchases)
        wanted = base.sql(
            """SELECT count(*) FILTER (WHERE last <= DATE '1998-07-01' - 90) AS lapsed,
                count(*) FILTER (WHERE last > DATE '1998-07-01' - 90 AND n = 1) AS customer,
                count(*) FILTER (WHERE last > DATE '1998-07-01' - 90 AND n > 1) AS repeat
            FROM (SELECT person, count(*) AS n, max(day) AS last FROM purchases GROUP BY person)"""
        ).fetchall()[0]
    question = Stages(prospect="Add", conversion="Buy", grain="month", end="1998-07-01")
    layout = lay(MEASURE.plan(question), acts, len(people), newest=at(0))
    got = answered(question, layout)
    assert len(acts) == 69_659
    assert len(people) == 23_570
    last = stands(got.rows[-1])
    assert (last["lapsed"], last.get("customer", 0), last["repeat"]) == wanted
    assert sum(one.value_so_far for one in got.rows[-1].stages) == pytest.approx(2_500_315.63)
    assert sum(one.people for one in got.rows[-1].stages) == 23_570
    assert [row.lives[0].people for row in got.rows[3:]] == [0] * 15  # all came in the first quarter of 1997


def test_what_happens_at_the_end_of_the_period_is_after_it() -> None:
    acts = [act(0, at(0)), act(1, at(1, 0)), act(0, at(4))]
    got = ask(msgspec.structs.replace(DAYS, start="2026-03-23", end="2026-03-24"), acts, 2)
    assert [(one.name, one.people) for one in got.rows] == [("2026-03-23", 1)]
    assert got.not_yet == 1


def test_an_engine_of_any_kind_gives_the_same_stages(ask: Any) -> None:
    day = 24 * 60
    rows = [
        row("ann", "Page Viewed", 0),
        row("ann", "Order Completed", 2 * day, value=30.0, currency="EUR"),
        row("ann", "Order Completed", 3 * day, value=10.0, currency="EUR"),
        row("ben", "Product Added", 0),
        row("cy", "Page Viewed", day),
    ]
    got = ask(rows, Stages(grain="day", by="touchpoint"))
    assert stands(got.rows[-1]) == {"repeat": 1, "prospect": 1, "visitor": 1}
    assert sum(one.value_so_far for one in got.rows[-1].stages) == 40
    assert [(group.name, group.people) for group in got.groups] == [("web", 3)]
    assert got.chart().to_dict()["$schema"]
    assert got.chart("value").to_dict()["$schema"]
