"""The funnel's edge cases, each with its numbers beside it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from obverse.measure.estimate import Reason
from obverse.measure.funnel import Exclusion, Funnel, FunnelAnswer, FunnelMeasure, Step
from obverse.measure.picture import Bars
from obverse.measure.protocol import Facts
from obverse.tape.layout import Layout
from tests.measure.layouts import DAY, SECOND, Happening, lay

MEASURE = FunnelMeasure()


def events(*timelines: str, start: int = 0) -> list[Happening]:
    """Read "A0 B3" as events A at second 0 and B at 3 of one unit; they arrive in this order."""
    found: list[Happening] = []
    for unit, timeline in enumerate(timelines):
        for word in timeline.split():
            name, rest = word[0], word[1:]
            second, _, value = rest.partition("=")
            found.append(
                Happening(
                    unit, start + int(float(second) * SECOND), len(found) + 1, name, value=float(value or 0)
                )
            )
    return found


def answer_of(
    question: Funnel, happenings: list[Happening], person: list[int] | None = None, **facts: Any
) -> FunnelAnswer:
    n_units = len(person) if person else max((event.unit for event in happenings), default=-1) + 1
    layout = lay(MEASURE.plan(question), happenings, n_units, person)
    return answer_layout(question, layout, **facts)


def answer_layout(question: Funnel, layout: Layout, **facts: Any) -> FunnelAnswer:
    summary = MEASURE.scan(question, layout, range(layout.n_units))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, **facts))


def people(text: str, *timelines: str, **fields: Any) -> list[int]:
    """Give the number of people at each step."""
    question = Funnel.parse(text, **fields)
    return [step.people for step in answer_of(question, events(*timelines)).steps]


def test_an_empty_lake_has_nobody_at_any_step() -> None:
    assert people("A > B") == [0, 0]
    answer = answer_of(Funnel.parse("A > B"), [])
    assert answer.steps[0].share_of_first.reason == Reason.NOBODY
    assert answer.steps[1].since_first is None
    assert answer.sentence() == "Nobody took the first step, A."


def test_one_event_is_one_person_at_the_first_step() -> None:
    assert people("A > B", "A0") == [1, 0]


def test_without_the_first_step_nobody_enters() -> None:
    assert people("A > B", "B0 C1", "B5") == [0, 0]


def test_other_events_may_come_between_steps_in_order() -> None:
    assert people("A > B", "A0 C1 B2") == [1, 1]


def test_steps_in_the_wrong_order_do_not_count() -> None:
    assert people("A > B", "B0 A1") == [1, 0]


def test_equal_times_count_as_in_order_in_either_direction() -> None:
    assert people("A > B", "A0 B0", "B0 A0") == [2, 2]


def test_an_event_exactly_at_the_end_of_the_window_counts() -> None:
    assert people("A > B", "A0 B5", within="5s") == [1, 1]


def test_an_event_a_microsecond_after_the_window_does_not_count() -> None:
    assert people("A > B", "A0 B5.000001", within="5s") == [1, 0]


def test_the_window_runs_from_the_entry_and_not_from_the_step_before() -> None:
    assert people("A > B > C", "A0 B4 C6", within="5s") == [1, 1, 0]


def test_a_later_entry_that_does_better_counts() -> None:
    assert people("A > B > C", "A0 B1 A10 B11 C12", within="5s") == [1, 1, 1]


def test_an_entry_exactly_a_window_before_the_next_step_is_found_behind_ones_too_early() -> None:
    assert people("A > B", "A0 A1 A3 B7", within="4s") == [1, 1]


def test_the_first_of_equally_deep_entries_is_the_one_that_counts() -> None:
    answer = answer_of(Funnel.parse("A > B", within="5s"), events("A0 B2=7 A10 B11=9"))
    assert answer.steps[1].since_first is not None
    assert answer.steps[1].since_first.mean == 2
    assert answer.steps[1].value_reached.value == 7


def test_an_entry_whose_window_is_still_open_is_incomplete() -> None:
    question = Funnel.parse("A > B", within="5s")
    assert answer_of(question, events("A0", "A10 B11", "A9", "C14")).incomplete == 1


def test_within_grace_an_earlier_event_counts_as_in_order() -> None:
    assert people("A > B", "B0 A2", grace="2s") == [1, 1]
    assert people("A > B", "B0 A2.000001", grace="2s") == [1, 0]


def test_grace_is_measured_from_the_latest_step_so_far() -> None:
    # C is 2 s before B and at the time of A.
    assert people("A > B > C", "A0 C0 B2", grace="2s") == [1, 1, 1]
    assert people("A > B > C", "A0 C0 B2", grace="1s") == [1, 1, 0]


def test_a_repeated_step_needs_a_second_event() -> None:
    assert people("A > A", "A0", "A0 A1", "A0 A0") == [3, 2]
    assert people("A > A > A", "A0 A1", "A0 A1 A2") == [2, 2, 1]


def test_one_event_never_fills_two_steps_that_it_matches() -> None:
    # ClickHouse: windowFunnel(10)(time, event in ('A', 'B'), event in ('B', 'C')) over the one event B is 2.
    assert people("A or B > B or C", "B0", "B0 B1") == [2, 1]


def test_one_event_never_fills_two_steps_whose_filters_both_take_it() -> None:
    question = Funnel(steps=(Step(events=("A",)), Step(events=("A",), where="hot")))
    hot = [Happening(0, 0, 1, "A", hot=True), Happening(1, 0, 2, "A"), Happening(1, 1, 3, "A", hot=True)]
    assert [step.people for step in answer_of(question, hot).steps] == [2, 1]


def test_at_equal_times_events_are_shared_out_so_that_most_steps_are_taken() -> None:
    # The earliest A for step 2 would leave none for step 3; B takes step 2 instead.
    assert people("A > A or B > A", "A0 A0 B0") == [1, 1, 1]
    assert people("A > A or B or C > A or B > A", "A0 A0 B0 C0") == [1, 1, 1, 1]


def test_twenty_equal_steps_need_twenty_events() -> None:
    text = " > ".join("A" * 20)
    at_once = " ".join(["A0"] * 19)
    assert people(text, at_once, at_once + " A1")[18:] == [2, 1]


def test_twenty_different_steps_are_counted() -> None:
    names = "ABCDEFGHIJKLMNOPQRST"
    timeline = " ".join(f"{name}{place}" for place, name in enumerate(names))
    assert people(" > ".join(names), timeline, timeline[:-4]) == [2] * 19 + [1]


@pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="ten thousand tries want compilation")
def test_a_search_that_is_cut_short_is_said() -> None:
    # Eleven steps that ten simultaneous events all match: no way of sharing them out takes all steps.
    steps = (Step(events=("E",)), *(Step(events=("A", f"x{k}")) for k in range(11)))
    answer = answer_of(Funnel(steps=steps), events("E0 " + "A0 " * 10, "E0"))
    assert [step.people for step in answer.steps[-2:]] == [1, 0]
    assert answer.notes[0].startswith("For 1 of the people the search")


def test_nothing_may_come_between_in_strict_order() -> None:
    assert people("A > B", "A0 B1", "A0 C1 B2", order="strict") == [2, 1]


def test_events_at_equal_times_follow_their_arrival_in_strict_order() -> None:
    assert people("A > B", "A0 B0", "B0 A0", order="strict") == [2, 1]


def test_a_later_strict_entry_counts() -> None:
    assert people("A > B > C", "A0 B1 A2 B3 C4", order="strict") == [1, 1, 1]


def test_the_window_holds_in_strict_order_too() -> None:
    assert people("A > B", "A0 B6", order="strict", within="5s") == [1, 0]


def test_in_any_order_a_row_is_who_took_that_many_steps() -> None:
    assert people("A > B > C", "C0 A1 B2", "B0", "B0 B1 C2", "X0", order="any") == [3, 2, 1]


def test_in_any_order_one_event_fills_one_step() -> None:
    assert people("A or B > B or C", "B0", "B0 B1", order="any") == [2, 1]


def test_in_any_order_events_move_between_steps_to_fill_most() -> None:
    # B first fills the first step and must move to the second when A comes.
    assert people("A or B > B or C", "B0 A1", order="any") == [1, 1]


def test_in_any_order_the_window_starts_at_the_entry() -> None:
    assert people("A > B", "B0 A6 B8", order="any", within="5s") == [1, 1]
    assert people("A > B", "B0 A6", order="any", within="5s") == [1, 0]


def test_each_attempt_is_an_entry_and_one_inside_another_is_not() -> None:
    assert people("A > B", "A0 A1 B2 A3 B4 A5", count="entry") == [3, 2]


def test_an_attempt_ends_with_its_window() -> None:
    assert people("A > B", "A0 A5 A6 B7", count="entry", within="5s") == [2, 1]


def test_two_attempts_share_no_event_even_within_grace() -> None:
    assert people("A > B", "A0 B10 A11", count="entry", grace="2s") == [2, 1]


def test_an_excluded_event_between_ends_the_attempt() -> None:
    exclude = [Exclusion(events=("X",))]
    assert people("A > B", "A0 X1 B2", "A0 B1 X2", "X0 A1 B2", exclude=exclude) == [3, 2]


def test_an_excluded_event_at_the_time_of_a_step_is_not_between() -> None:
    exclude = [Exclusion(events=("X",))]
    assert people("A > B", "A0 X0 B2", "A0 X2 B2", exclude=exclude) == [2, 2]


def test_after_an_exclusion_another_entry_may_do_better() -> None:
    assert people("A > B", "A0 X1 B2 A3 B4", exclude=[Exclusion(events=("X",))]) == [1, 1]


def test_an_exclusion_that_removes_takes_the_person_out() -> None:
    question = Funnel.parse("A > B", exclude=[Exclusion(events=("X",))], on_exclusion="remove")
    answer = answer_of(question, events("A0 X1 B2 A3 B4", "A0 B1 X2", "A0"))
    assert [step.people for step in answer.steps] == [2, 1]
    assert answer.removed == 1


def test_steps_before_an_exclusion_still_count() -> None:
    exclude = [Exclusion(events=("X",), after=1, before=3)]
    assert people("A > B > C", "A0 B1 X2 C3", exclude=exclude) == [1, 1, 0]


def test_entries_outside_the_period_do_not_count_but_later_steps_may() -> None:
    question = Funnel.parse("A > B", start="1970-01-01T00:00:02", end="1970-01-01T00:00:05")
    counted = [step.people for step in answer_of(question, events("A1 B3", "A2 B9", "A5 B6")).steps]
    assert counted == [1, 1]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_of_a_clock_change_has_its_own_length(day: str, hours: int) -> None:
    after = f"{day[:-2]}{int(day[-2:]) + 1:02d}"
    question = Funnel.parse("A", start=day, end=after, zone="Europe/Berlin")
    start, end = question.period_us
    assert end - start == hours * 3600 * SECOND
    inside = [Happening(0, start, 1, "A"), Happening(1, end - 1, 2, "A"), Happening(2, end, 3, "A")]
    assert answer_of(question, inside).steps[0].people == 2


def test_a_person_counts_by_the_best_of_several_units() -> None:
    question = Funnel.parse("A > B", same="properties.cart_id")
    answer = answer_of(question, events("A0 B1", "A0", "A5", "B6"), person=[0, 0, 1, 1])
    assert [step.people for step in answer.steps] == [2, 1]


def test_each_session_counts() -> None:
    question = Funnel.parse("A > B", count="session")
    answer = answer_of(question, events("A0 B1", "A0", "A5"), person=[0, 0, 1])
    assert [step.people for step in answer.steps] == [3, 1]
    assert answer.counted == "sessions"


def split(label: str | None, converted: int, left: int, first: int) -> list[Happening]:
    found = []
    for unit in range(first, first + converted + left):
        found.append(Happening(unit, 0, 2 * unit + 1, "A", label=label))
        if unit < first + converted:
            found.append(Happening(unit, SECOND, 2 * unit + 2, "B"))
    return found


def test_a_split_has_the_largest_groups_the_others_and_those_without_a_value() -> None:
    happenings = split("x", 20, 20, 0) + split("y", 30, 5, 40) + split("z", 1, 2, 75) + split(None, 0, 36, 78)
    answer = answer_of(Funnel.parse("A > B", by="label", n_groups=3), happenings)
    rows = [(group.name, group.kind, [step.people for step in group.steps]) for group in answer.groups]
    assert rows == [
        ("x", "value", [40, 20]),
        ("y", "value", [35, 30]),
        ("(other)", "other", [3, 1]),
        ("(no value)", "none", [36, 0]),
    ]
    assert [step.people for step in answer.steps] == [114, 51]


def test_a_group_is_compared_with_the_rest_only_where_both_have_thirty_people() -> None:
    happenings = split("x", 20, 20, 0) + split("y", 30, 5, 40) + split("z", 1, 2, 75)
    answer = answer_of(Funnel.parse("A > B", by="label"), happenings)
    x, y, z = (group.versus_rest for group in answer.groups)
    assert x.p_value is not None
    assert x.p_value < 0.01
    assert x.difference is not None
    assert x.difference < 0
    assert y.reason is None
    assert z.reason == Reason.TOO_FEW
    assert z.p_value is None


def test_split_at_the_last_step_who_did_not_get_there_has_no_value() -> None:
    happenings = [
        Happening(0, 0, 1, "A", label="x"),
        Happening(0, 1, 2, "B", label="y"),
        Happening(1, 0, 3, "A", label="x"),
    ]
    answer = answer_of(Funnel.parse("A > B", by="label", by_at="last"), happenings)
    assert [(group.name, group.steps[0].people) for group in answer.groups] == [("y", 1), ("(no value)", 1)]
    assert answer.groups[0].versus_rest.reason == Reason.BY_OUTCOME


def test_value_is_reached_by_those_who_come_and_lost_by_those_who_leave() -> None:
    question = Funnel.parse("A > B > C")
    answer = answer_of(question, events("A0 B1=10 C2=12", "A0=3 B1=20", "A0=5", "A0"))
    assert [step.value_reached.value for step in answer.steps] == [8, 30, 12]
    assert [step.value_lost.value for step in answer.steps[:-1] if step.value_lost] == [5, 20]
    assert answer.steps[-1].value_lost is None


def test_who_leaves_after_a_step_without_value_loses_the_value_before() -> None:
    answer = answer_of(Funnel.parse("A > B > C"), events("A0=9 B1"))
    assert answer.steps[1].value_lost is not None
    assert answer.steps[1].value_lost.value == 9


def test_the_interval_of_value_takes_each_entrant_as_one_draw() -> None:
    # By hand: draws 10, 0, 0, 0: mean 2.5, s = 5, t(3) = 3.1824: 10 ± 3.1824 * 5 * 2.
    answer = answer_of(Funnel.parse("A"), events("A0=10", "A0", "A0", "A0"))
    reached = answer.steps[0].value_reached
    assert reached.low == pytest.approx(10 - 31.824, abs=0.01)
    assert reached.high == pytest.approx(10 + 31.824, abs=0.01)


def test_quantiles_of_the_time_to_convert_are_within_a_hundredth() -> None:
    chance = np.random.default_rng(5)
    took = np.sort(chance.lognormal(8, 2, 2001))
    timelines = [f"A0 B{second:.6f}" for second in took]
    found = answer_of(Funnel.parse("A > B", within="7000d"), events(*timelines)).steps[1].since_first
    assert found is not None
    exact = [took[500], took[1000], took[1500], took[1800]]
    assert [found.p25, found.median, found.p75, found.p90] == pytest.approx(exact, rel=0.01)
    assert found.mean == pytest.approx(took.mean(), rel=1e-4)


def test_several_currencies_are_said() -> None:
    answer = answer_of(Funnel.parse("A"), events("A0=10"), currencies=("EUR", "USD"))
    assert answer.currency is None
    assert answer.notes == ("Values in several currencies (EUR, USD) were added as they are.",)


def test_the_sentence_says_who_came_through_and_what_the_worst_step_cost() -> None:
    timelines = ["A0 B1=100 C2"] * 10 + ["A0 B1=100"] * 60 + ["A0"] * 30
    answer = answer_of(Funnel.parse("A > B > C"), events(*timelines), currencies=("EUR",))
    said = answer.sentence().replace("\u202f", " ")
    assert said == "10.0 % of 100 people reached C; most left at B, worth \u20ac 6.0 k (5.0\u20137.0)."


def test_the_table_has_a_row_for_each_step_of_each_group() -> None:
    happenings = split("x", 1, 1, 0) + split("y", 1, 0, 2)
    table = answer_of(Funnel.parse("A > B", by="label"), happenings).table()
    assert table.select(["group", "step", "people"]).to_pylist() == [
        {"group": "x", "step": 1, "people": 2},
        {"group": "x", "step": 2, "people": 1},
        {"group": "y", "step": 1, "people": 1},
        {"group": "y", "step": 2, "people": 1},
    ]


@pytest.mark.parametrize("side", ["people", "value"])
@pytest.mark.parametrize("by", [None, "label"])
def test_the_chart_is_drawn_for_people_and_value(side: Any, by: str | None) -> None:
    answer = answer_of(Funnel.parse("A > B", by=by), split("x", 2, 1, 0) + split("y", 1, 1, 3))
    chart = answer.chart(side).to_dict()
    assert ("facet" in chart) == (by is not None)
    assert len(chart["data"]["values"]) == (4 if by else 2)


def test_the_answer_as_json_has_steps_with_names_and_people() -> None:
    body = json.loads(answer_of(Funnel.parse("A > B"), events("A0 B1", "A0")).to_json())
    assert [(step["name"], step["people"]) for step in body["steps"]] == [("A", 2), ("B", 1)]
    assert body["question"]["type"] == "funnel"


def test_a_long_window_needs_no_more_than_its_bins() -> None:
    question = Funnel.parse("A > B", within="7305d")
    happenings = [Happening(0, 0, 1, "A"), Happening(0, 7305 * DAY, 2, "B")]
    assert [step.people for step in answer_of(question, happenings).steps] == [1, 1]


def test_tracks_without_values_are_worth_nothing() -> None:
    question = Funnel.parse("A > B > C")
    layout = lay(MEASURE.plan(question), events("A0=5 B1=7 C2=9", "A0=5 B1=7"), 2)
    first, *others = layout.tracks
    without = replace(layout, tracks=(replace(first, value=None), *others))
    answer = answer_layout(question, without)
    assert [step.value_reached.value for step in answer.steps] == [0, 14, 9]
    nothing = replace(layout, tracks=tuple(replace(track, value=None) for track in layout.tracks))
    assert [step.value_reached.value for step in answer_layout(question, nothing).steps] == [0, 0, 0]


def test_a_picture_has_a_bar_a_step_with_who_is_behind_it() -> None:
    happenings = split("x", 20, 20, 0) + split("y", 30, 5, 40)
    (plain,) = answer_of(Funnel.parse("A > B"), happenings).pictures()
    assert isinstance(plain, Bars)
    assert [(bar.name, bar.value, bar.pick) for bar in plain.rows] == [
        ("A", 75, {"step": "1"}),
        ("B", 50, {"step": "2"}),
    ]
    low, high = plain.rows[1].low, plain.rows[1].high
    assert low is not None
    assert high is not None
    assert low < 50 < high
    (groups,) = answer_of(Funnel.parse("A > B", by="label"), happenings).pictures("value")
    assert isinstance(groups, Bars)
    assert [(bar.group, bar.name) for bar in groups.rows] == [
        ("A", "x"), ("A", "y"), ("B", "x"), ("B", "y"),
    ]  # fmt: skip
