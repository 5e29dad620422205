"""Retention case by case: what each choice means at its boundaries."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from math import sqrt
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from scipy import stats

from obverse.errors import QuestionError
from obverse.measure import read_question
from obverse.measure.estimate import Estimate, Reason, wilson
from obverse.measure.picture import Heat
from obverse.measure.retention import Retention
from tests.measure.cohorts import (
    DAILY,
    HOUR,
    MEASURE,
    answered,
    ask,
    at,
    cells,
    many,
    picks_of,
    shares_of,
    story,
)
from tests.measure.layouts import DAY, Happening, lay
from tests.measure.oracle_retention import midnight


def test_one_event_that_matches_both_is_no_return_of_itself() -> None:
    question = Retention(start_event="*", interval="day", n_intervals=1)
    assert cells(ask(question, story((0, "02 10:00", "Start")), at("09 00:00"))) == {"2026-03-02": [0, 0]}


def test_an_event_at_the_same_time_is_a_return_whichever_came_first() -> None:
    for events in (
        story((0, "02 10:00", "Start"), (0, "02 10:00", "Back")),
        story((0, "02 10:00", "Back"), (0, "02 10:00", "Start")),
    ):
        assert cells(ask(DAILY, events, at("09 00:00"))) == {"2026-03-02": [1, 0, 0, 0]}


def test_a_return_event_before_the_start_is_none() -> None:
    events = story((0, "02 09:59", "Back"), (0, "02 10:00", "Start"), (0, "03 09:00", "Back"))
    assert cells(ask(DAILY, events, at("09 00:00"))) == {"2026-03-02": [0, 1, 0, 0]}


def test_calendar_days_turn_at_midnight_and_rolling_days_at_the_time_of_the_start() -> None:
    events = story((0, "02 10:00", "Start"), (0, "03 09:59", "Back"), (0, "04 10:00", "Back"))
    assert cells(ask(DAILY, events, at("09 00:00"))) == {"2026-03-02": [0, 1, 1, 0]}
    rolling = msgspec.structs.replace(DAILY, clock="rolling")
    assert cells(ask(rolling, events, at("09 00:00"))) == {"2026-03-02": [1, 0, 1, 0]}


def test_a_day_of_the_zone_is_as_long_as_its_clocks_make_it() -> None:
    # The 29th has 23 hours, so less than 23 hours after its first half hour it is the 30th.
    question = msgspec.structs.replace(DAILY, zone="Europe/Berlin")
    rolling = msgspec.structs.replace(question, clock="rolling")
    events = story((0, "29 00:30", "Start"), (0, "30 00:10", "Back"), zone="Europe/Berlin")
    newest = at("31 00:00", "Europe/Berlin")
    assert events[1].time - events[0].time < DAY - HOUR
    assert cells(ask(question, events, newest)) == {"2026-03-29": [0, 1, 0]}
    assert cells(ask(rolling, events, newest)) == {"2026-03-29": [1, 0]}
    assert cells(ask(DAILY, events, newest)) == {"2026-03-28": [0, 1, 0]}  # 23:30 and 22:10 in UTC


def test_a_day_of_25_hours_is_over_an_hour_later() -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = midnight(date(2026, 10, 25), zone)
    events = [Happening(0, start, 1, "Start")]
    question = msgspec.structs.replace(DAILY, zone="Europe/Berlin")
    assert ask(question, events, start + DAY).cohorts[0].cells[0].open
    assert not ask(question, events, start + DAY + HOUR).cohorts[0].cells[0].open


def test_an_interval_is_over_when_the_newest_event_is_at_its_end() -> None:
    events = story((0, "02 10:00", "Start"))
    assert [cell.observed for cell in ask(DAILY, events, at("03 00:00")).cohorts[0].cells] == [1, 0]
    assert [cell.observed for cell in ask(DAILY, events, at("03 00:00") - 1).cohorts[0].cells] == [0]
    rolling = msgspec.structs.replace(DAILY, clock="rolling")
    assert [cell.observed for cell in ask(rolling, events, at("03 10:00")).cohorts[0].cells] == [1, 0]


def test_the_first_ever_may_lie_before_the_period_and_the_first_in_it_does_not() -> None:
    events = story((0, "02 10:00", "Start"), (0, "05 10:00", "Start"), (1, "05 11:00", "Start"))
    question = Retention(start_event="Start", interval="day", n_intervals=1, start="2026-03-04")
    newest = at("09 00:00")
    assert ask(question, events, newest).people == 1
    assert ask(msgspec.structs.replace(question, entry="first_in_period"), events, newest).people == 2


def test_recurring_starts_an_entry_in_each_cohort_and_only_one() -> None:
    events = story(*((0, f"{day:02} {hour}:00", "Start") for day in (2, 3, 5) for hour in (10, 12)))
    question = Retention(start_event="Start", entry="recurring", interval="day", n_intervals=2)
    got = ask(question, events, at("12 00:00"))
    assert {one.name: one.people for one in got.cohorts if one.people} == {
        "2026-03-02": 1,
        "2026-03-03": 1,
        "2026-03-05": 1,
    }
    assert [(one.people, one.observed) for one in got.intervals] == [(3, 3), (1, 3), (1, 3)]
    weekly = ask(msgspec.structs.replace(question, cohort="week"), events, at("12 00:00"))
    assert [(one.name, one.people) for one in weekly.cohorts] == [("2026-03-02", 1)]


def test_on_or_after_never_rises_and_on_or_before_never_falls() -> None:
    events = story(
        (0, "02 10:00", "Start"), (0, "04 10:00", "Back"), (1, "02 10:00", "Start"), (1, "30 10:00", "Back")
    )
    after = ask(msgspec.structs.replace(DAILY, returning="on_or_after"), events)
    assert cells(after) == {"2026-03-02": [2, 2, 2, 1]}
    assert any("still may" in note for note in after.notes)
    before = ask(msgspec.structs.replace(DAILY, returning="on_or_before"), events)
    assert cells(before) == {"2026-03-02": [0, 0, 1, 1]}


def test_a_streak_ends_with_the_first_interval_without_a_return() -> None:
    events = story(
        *((0, f"{day:02} 10:00", "Start" if day == 2 else "Back") for day in (2, 3, 4, 5)),
        *((1, f"{day:02} 10:00", "Start" if day == 2 else "Back") for day in (2, 3, 5)),
        (2, "02 10:00", "Start"),
        (2, "02 11:00", "Back"),
        (2, "04 10:00", "Back"),
    )
    question = msgspec.structs.replace(DAILY, returning="streak")
    got = ask(question, events, at("30 00:00"))
    assert cells(got) == {"2026-03-02": [1, 2, 1, 1]}
    assert "on every day up to 3" in got.sentence()
    of_those = ask(msgspec.structs.replace(question, reference="previous"), events, at("30 00:00"))
    assert [(one.people, one.observed) for one in of_those.intervals] == [(1, 3), (2, 3), (1, 2), (1, 1)]
    apart = ask(msgspec.structs.replace(question, brackets=("1", "3")), events, at("30 00:00"))
    assert cells(apart) == {"2026-03-02": [2, 2]}


def test_brackets_put_intervals_together() -> None:
    events = story(
        (0, "02 10:00", "Start"), (0, "04 10:00", "Back"), (0, "06 10:00", "Back"), (0, "12 10:00", "Back")
    )
    question = msgspec.structs.replace(DAILY, brackets=("1-3", "4-7", "8", "10"))
    got = ask(question, events, at("30 00:00"))
    assert cells(got) == {"2026-03-02": [1, 1, 0, 1]}
    assert [one.name for one in got.intervals] == ["1-3", "4-7", "8", "10"]


def test_people_who_never_start_are_in_no_cohort() -> None:
    got = ask(DAILY, story((0, "02 10:00", "Back"), (1, "02 10:00", "Other")))
    assert (got.people, got.cohorts) == (0, ())
    assert got.sentence() == "Nobody started in the period."
    assert {one.share.reason for one in got.intervals} == {Reason.NOT_YET}
    assert got.start_value.reason is Reason.NOBODY


def test_an_empty_lake_has_no_cohorts() -> None:
    for question in (DAILY, msgspec.structs.replace(DAILY, start="2026-03-01", end="2026-04-01")):
        layout = lay(MEASURE.plan(question), [], 0)
        got = answered(question, layout)
        assert (got.people, got.cohorts, got.returns.days) == (0, (), ())
        assert [picture.title for picture in got.pictures()]


def test_a_single_event_is_a_cohort_that_is_open() -> None:
    got = ask(DAILY, story((0, "02 10:00", "Start")))
    assert [(one.people, one.open, len(one.cells)) for one in got.cohorts] == [(1, True, 1)]
    assert got.cohorts[0].cells[0].share == Estimate(0.0, reason=Reason.NOT_YET)
    assert got.sentence() == "1 people started; no interval is over for any of them yet."


def test_the_value_of_the_return_event_need_not_match_unless_asked() -> None:
    events = [
        Happening(0, at("02 10:00"), 1, "Start", label="web"),
        Happening(0, at("03 10:00"), 2, "Back", label="app"),
        Happening(1, at("02 10:00"), 3, "Start", label="app"),
        Happening(1, at("03 10:00"), 4, "Back", label="app"),
    ]
    question = msgspec.structs.replace(DAILY, by="label")
    loose = {group.name: shares_of(group.intervals) for group in ask(question, events, at("09 00:00")).groups}
    assert loose == {"web": [0, 1, 0, 0], "app": [0, 1, 0, 0]}
    strict = ask(msgspec.structs.replace(question, match=True), events, at("09 00:00"))
    assert {group.name: shares_of(group.intervals) for group in strict.groups} == {
        "web": [0, 0, 0, 0],
        "app": [0, 1, 0, 0],
    }


def test_values_without_a_group_of_their_own_are_still_told_apart_by_match() -> None:
    events = []
    for unit, (start, back) in enumerate([("a", "a"), ("a", "a"), ("a", "a"), ("b", "c"), ("c", "c")]):
        events += [
            Happening(unit, at("02 10:00"), 10 * unit + 1, "Start", label=start),
            Happening(unit, at("03 10:00"), 10 * unit + 2, "Back", label=back),
        ]
    question = msgspec.structs.replace(DAILY, by="label", n_groups=1, match=True)
    got = ask(question, events, at("09 00:00"))
    assert [(group.name, group.people) for group in got.groups] == [("a", 3), ("(other)", 2)]
    assert got.groups[1].intervals[1].people == 1


def test_money_is_of_the_return_events_and_the_start_events_is_apart() -> None:
    events = [
        Happening(0, at("02 10:00"), 1, "Order", value=100),
        Happening(0, at("02 12:00"), 2, "Order", value=7),
        Happening(0, at("04 12:00"), 3, "Order", value=30),
        Happening(1, at("02 13:00"), 4, "Order", value=50),
    ]
    question = Retention(start_event="Order", interval="day", n_intervals=2)
    cohort = ask(question, events, at("09 00:00")).cohorts[0]
    assert cohort.start_value.value == 75
    assert [cell.value.value for cell in cohort.cells] == [3.5, 0, 15]
    assert [cell.value_until.value for cell in cohort.cells] == [3.5, 3.5, 18.5]


def test_money_has_the_interval_of_students_t_over_all_members() -> None:
    events = []
    spent = [0.0, 0.0, 12.0, 30.0, 5.0]
    for unit, money in enumerate(spent):
        events += [
            Happening(unit, at("02 10:00"), 2 * unit, "Start"),
            Happening(unit, at("03 10:00"), 2 * unit + 1, "Back", value=money),
        ]
    got = ask(DAILY, events, at("09 00:00"))
    half = stats.t.ppf(0.975, 4) * np.std(spent, ddof=1) / sqrt(5)
    for found in (got.intervals[1].value, got.cohorts[0].cells[1].value):
        assert found.low == pytest.approx(9.4 - half)
        assert found.high == pytest.approx(9.4 + half)


def test_the_simple_mean_counts_each_cohort_alike_and_has_an_interval() -> None:
    events = many(40, 10) + many(10, 5, day=3, first=40)
    weighted = ask(DAILY, events, at("09 00:00")).intervals[1].share
    assert weighted.value == 0.3
    assert weighted.low == pytest.approx(wilson(15, 50)[0])
    simple = ask(msgspec.structs.replace(DAILY, mean="simple"), events, at("09 00:00")).intervals[1]
    assert (simple.share.value, simple.cohorts) == (0.375, 2)
    (a_low, a_high), (b_low, b_high) = wilson(10, 40), wilson(5, 10)
    assert simple.share.low == pytest.approx(0.375 - sqrt((0.25 - a_low) ** 2 + (0.5 - b_low) ** 2) / 2)
    assert simple.share.high == pytest.approx(0.375 + sqrt((a_high - 0.25) ** 2 + (b_high - 0.5) ** 2) / 2)


def test_the_newest_people_count_in_the_mean_as_far_as_they_were_watched() -> None:
    events = many(10, 5, day=2) + many(10, 10, day=8, first=10)
    got = ask(DAILY, events, at("10 00:00"))
    assert [(one.observed, one.cohorts) for one in got.intervals] == [(20, 2), (20, 2), (10, 1), (10, 1)]
    assert got.intervals[1].share.value == 0.75


def test_entries_of_one_person_are_not_taken_for_independent() -> None:
    # Ten people, each on ten days: five of them come back every day, five never.
    events: list[Happening] = []
    for unit in range(10):
        for day in range(2, 12):
            events.append(Happening(unit, at(f"{day:02} 10:00"), len(events), "Start"))
            if unit < 5:
                events.append(Happening(unit, at(f"{day + 1:02} 09:00"), len(events), "Back"))
    question = msgspec.structs.replace(DAILY, entry="recurring", n_intervals=1)
    got = ask(question, events, at("20 00:00")).intervals[1].share
    low, high = wilson(5, 10)
    assert got.value == 0.5
    assert got.low == pytest.approx(low, abs=0.03)
    assert got.high == pytest.approx(high, abs=0.03)
    assert wilson(50, 100)[0] > low + 0.1


def test_where_each_has_one_entry_recurring_has_wilsons_interval() -> None:
    question = msgspec.structs.replace(DAILY, entry="recurring", n_intervals=1)
    got = ask(question, many(200, 50), at("09 00:00")).intervals[1].share
    assert (got.low, got.high) == pytest.approx(wilson(50, 200), abs=1e-3)


def test_half_have_returned_by_a_day_with_its_interval_or_a_reason() -> None:
    events = many(40, 30)
    median = ask(DAILY, events, at("20 00:00")).returns.median_days
    assert (median.value, median.low, median.high, median.reason) == (2, 2, 2, None)
    rare = ask(DAILY, many(40, 5), at("20 00:00")).returns.median_days
    assert (rare.value, rare.reason) == (None, Reason.NOT_YET)


def test_who_was_not_watched_long_enough_is_censored_and_not_lost() -> None:
    events = many(10, 5, day=2) + [Happening(10 + n, at("19 23:00"), 100 + n, "Start") for n in range(90)]
    got = ask(DAILY, events, at("20 10:00"))
    assert got.people == 100
    assert [day.share.value for day in got.returns.days] == [0, 0.5, 0.5, 0.5]
    assert [day.at_risk for day in got.returns.days] == [10, 10, 5, 5]


def test_cohorts_are_the_newest_100_unless_a_start_is_named() -> None:
    events = [Happening(n, at("02 10:00") + 3 * n * DAY, n + 1, "Start") for n in range(200)]
    got = ask(DAILY, events)
    assert (len(got.cohorts), got.people) == (100, 34)
    assert got.notes[0].startswith("166 people started before the newest 100 cohorts;")
    with pytest.raises(QuestionError, match="cohort: 598 cohorts, one a day; at most 400"):
        ask(msgspec.structs.replace(DAILY, start="2026-03-02"), events)
    weekly = ask(msgspec.structs.replace(DAILY, start="2026-03-02", cohort="week"), events)
    assert weekly.people == 200
    assert weekly.notes == ()


def test_accounts_are_counted_and_have_no_people_behind_them() -> None:
    question = msgspec.structs.replace(DAILY, count="account")
    assert MEASURE.plan(question).unit == "account"
    layout = lay(MEASURE.plan(question), many(3, 1), 3, newest=at("09 00:00"))
    got = answered(question, layout)
    assert got.counted == "accounts"
    assert all(pick is None for picture in got.pictures() for pick in picks_of(picture))
    with pytest.raises(QuestionError, match="accounts are counted"):
        MEASURE.behind(question, layout, {})


@pytest.mark.parametrize("side", ["people", "value"])
def test_every_pick_of_a_picture_finds_people(side: Any) -> None:
    events = [
        replace(event, label="x" if event.unit % 2 else None) for event in many(6, 3) + many(4, 2, 8, 6)
    ]
    question = msgspec.structs.replace(DAILY, by="label")
    layout = lay(MEASURE.plan(question), events, 10, newest=at("11 00:00"))
    got = answered(question, layout)
    for picture in got.pictures(side):
        for pick in picks_of(picture):
            assert pick is None or MEASURE.behind(question, layout, pick).shape == (10,)
    heat = got.pictures(side)[-1 if side == "value" else 1]
    assert isinstance(heat, Heat)
    assert heat.rows[0] == "2026-03-02"
    assert heat.rows[-1] == "2026-03-08"
    assert heat.sizes[0] == 6
    assert {len(row) for row in (*heat.values, *heat.open, *heat.picks)} == {4}
    last = heat.picks[-1]
    assert last[2] == {"cohort": "2026-03-08", "interval": "2"}
    assert last[3] == {"cohort": "2026-03-08", "interval": "3"}
    assert heat.open[-1] == (False, False, False, True)


def test_a_question_keeps_its_meaning_through_json() -> None:
    question = Retention(start_event="A or B", brackets=("1-3", "4-7"), by="touchpoint", match=True)
    assert read_question(question.to_json()) == question
    assert b"n_intervals" not in question.to_json()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"start_event": "A > B"}, "start_event: 'A > B' has 2 steps"),
        ({"return_event": ""}, "return_event"),
        ({"entry": "second"}, "entry: 'second' is none of first_ever, first_in_period, recurring"),
        ({"interval": "year"}, "interval: 'year' is none of day, week, month"),
        ({"cohort": "hour"}, "cohort: 'hour' is none of day, week, month"),
        ({"n_intervals": 0}, "n_intervals: 0 is not between 1 and 100"),
        ({"brackets": ("3-1",)}, "brackets: '3-1' does not go from a number to one of at most 3660"),
        ({"brackets": ("1-9999",)}, "brackets: '1-9999' does not go"),
        ({"brackets": ("1-3", "3-5")}, "brackets: 3 follows 3; they must ascend and not overlap"),
        ({"brackets": ("soon",)}, "brackets: 'soon' is none; write the first and the last interval"),
        ({"match": True}, "match: name the field"),
        ({"match": True, "by": "segment: Buyers"}, "match: a segment is of people"),
        ({"zone": "Mars"}, "zone"),
        ({"start": "2026-02-01", "end": "2026-01-01"}, "end: '2026-01-01' is not after start"),
    ],
)
def test_a_wrong_question_is_refused_with_its_field(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(QuestionError, match=re.escape(why)):
        Retention(**fields)


@pytest.mark.parametrize(
    ("pick", "why"),
    [
        ({"cohort": "2026-03-09"}, "2026-03-09"),
        ({"interval": "9"}, "unknown interval '9'"),
        ({"interval": "1", "day": "2"}, "day: name an interval or a day, not both"),
        ({"day": "0"}, "day: '0' is not a number from 1 to 4"),
        ({"outcome": "away"}, "outcome: name the interval or the day"),
        ({"interval": "1", "outcome": "lost"}, "unknown outcome 'lost'"),
        ({"group": "DE"}, "group: 'DE' was asked for, but there is no split"),
        ({"step": "1"}, "step"),
    ],
)
def test_a_pick_of_nothing_is_refused(pick: dict[str, str], why: str) -> None:
    layout = lay(MEASURE.plan(DAILY), many(3, 1), 3)
    with pytest.raises(QuestionError, match=re.escape(why)):
        MEASURE.behind(DAILY, layout, pick)


def test_who_stayed_away_had_the_time_to_come_back() -> None:
    layout = lay(MEASURE.plan(DAILY), many(4, 1) + many(2, 0, day=8, first=4), 6, newest=at("09 12:00"))
    for pick in ({"interval": "1", "outcome": "away"}, {"day": "2", "outcome": "away"}):
        assert MEASURE.behind(DAILY, layout, pick).tolist() == [False, True, True, True, False, False]
    assert MEASURE.behind(DAILY, layout, {"day": "2"}).tolist() == [True, *[False] * 5]


def test_the_table_has_cells_then_means_then_groups() -> None:
    events = [replace(event, label="web") for event in many(4, 1)]
    got = ask(msgspec.structs.replace(DAILY, by="label"), events, at("20 00:00"))
    rows = got.table().to_pylist()
    assert [(row["group"], row["cohort"]) for row in rows[::4]] == [
        (None, "2026-03-02"),
        (None, None),
        ("web", None),
    ]
    assert rows[1] == rows[5] | {"cohort": "2026-03-02"}
    assert (rows[1]["started"], rows[1]["observed"], rows[1]["people"], rows[1]["share"]) == (4, 4, 1, 0.25)


def test_the_sentence_has_the_first_and_the_last_interval() -> None:
    got = ask(DAILY, many(40, 30), at("20 00:00"))
    assert got.sentence() == (
        "75.0\u202f% (59.8\u201385.8) of 40 people came back on day 1, "
        "0.0\u202f% (0.0\u20138.8) came back on day 3; half had come back within 2 days."
    )
    weeks = Retention(start_event="Start", return_event="Back", brackets=("1-3",), returning="on_or_after")
    assert "came back in or after weeks 1-3." in ask(weeks, many(40, 10), at("30 00:00") + 9 * DAY).sentence()


FOLLOWED = story(
    *((unit, "02 10:00", "Start") for unit in range(4)),
    *((unit, "03 10:00", "Back") for unit in (0, 1)),
    *((unit, "04 10:00", "Back") for unit in (0, 2)),
    *((unit, "05 10:00", "Back") for unit in (0, 1, 2, 3)),
)


def test_a_share_of_the_previous_interval_is_of_those_who_came_back_in_it() -> None:
    answer = ask(msgspec.structs.replace(DAILY, reference="previous"), FOLLOWED, at("09 00:00"))
    assert cells(answer) == {"2026-03-02": [0, 2, 1, 2]}
    assert [one.observed for one in answer.intervals] == [4, 4, 2, 2]
    assert [one.share.value for one in answer.intervals] == [0, 0.5, 0.5, 1]
    assert (answer.intervals[2].share.low, answer.intervals[2].share.high) == pytest.approx(wilson(1, 2))
    assert answer.sentence().startswith("50.0")
    assert "of those before came back on day 3" in answer.sentence()
    assert all("of those of the day before" in one.title for one in answer.pictures()[:2])


def test_of_brackets_the_first_is_of_all_who_started() -> None:
    question = msgspec.structs.replace(DAILY, brackets=("1", "2-3"), reference="previous")
    answer = ask(question, FOLLOWED, at("09 00:00"))
    assert [(one.people, one.observed) for one in answer.intervals] == [(2, 4), (2, 2)]


def test_who_is_away_of_the_previous_interval_came_back_in_that() -> None:
    question = msgspec.structs.replace(DAILY, reference="previous")
    layout = lay(MEASURE.plan(question), FOLLOWED, 4, newest=at("09 00:00"))
    away = MEASURE.behind(question, layout, {"interval": "2", "outcome": "away"})
    assert away.tolist() == [False, True, False, False]


def test_nobody_in_the_previous_interval_is_a_reason_and_no_zero() -> None:
    events = story((0, "02 10:00", "Start"), (0, "04 10:00", "Back"))
    answer = ask(msgspec.structs.replace(DAILY, reference="previous"), events, at("09 00:00"))
    assert answer.cohorts[0].cells[2].share == Estimate(reason=Reason.NOBODY)


def test_those_who_came_back_by_the_previous_interval_are_refused_as_a_reference() -> None:
    with pytest.raises(QuestionError, match="reference: who returned by the interval before"):
        Retention(returning="on_or_before", reference="previous")
