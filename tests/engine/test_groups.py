"""Saved segments: as a filter and as a split of any question, found anew or kept as a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import obverse
from obverse.errors import NotFoundError, QuestionError
from obverse.measure.funnel import Funnel, FunnelMeasure
from obverse.measure.overview import Overview
from tests.engine.lakes import add, fill, row, table_of

ROWS = [
    row("ann", "View", 0),
    row("ann", "Buy", 1, value=10.0),
    row("ben", "View", 0),
    row("ben", "Buy", 1, value=5.0),
    row("ben", "Return", 2),
    row("cy", "View", 0),
    row(None, "View", 0, anonymous_id="device"),
]
FUNNEL = Funnel.parse("View > Buy")


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[obverse.Lake]:
    with obverse.open(fill(tmp_path / "data", [table_of(ROWS)])) as opened:
        yield opened


def counts(lake: obverse.Lake, **fields: Any) -> list[int]:
    return [step.people for step in lake.ask(Funnel.parse("View > Buy", **fields)).steps]


def test_a_question_of_a_segment_counts_its_people_alone(lake: obverse.Lake) -> None:
    lake.save_segment("Buyers", FUNNEL, {"step": "2"})
    assert counts(lake) == [4, 2]
    assert counts(lake, segment="Buyers") == [2, 2]
    assert lake.people(Funnel.parse("View", segment="Buyers")).n == 2
    assert lake.ask(Overview(conversion="Buy", segment="Buyers")).totals.people == 2


def test_a_question_is_split_by_who_is_in_a_segment(lake: obverse.Lake) -> None:
    lake.save_segment("Returners", Funnel.parse("Return"))
    answer = lake.ask(Funnel.parse("View > Buy", by="segment: Returners"))
    groups = {group.name: [step.people for step in group.steps] for group in answer.groups}
    assert groups["in Returners"] == [1, 1]
    assert groups["not in Returners"] == [3, 1]
    assert lake.people(answer.question, {"group": "in Returners"}).people[0].user_id == "ben"


def test_a_split_and_a_segment_go_together_with_parts_of_people(lake: obverse.Lake) -> None:
    lake.save_segment("Buyers", FUNNEL, {"step": "2"})
    lake.save_segment("Returners", Funnel.parse("Return"))
    answer = lake.ask(Funnel.parse("View > Buy", by="segment: Returners", segment="Buyers", count="session"))
    assert [step.people for step in answer.steps] == [2, 2]
    assert {group.name: group.steps[0].people for group in answer.groups} == {
        "in Returners": 1,
        "not in Returners": 1,
    }


def test_a_segment_grows_with_the_lake_and_a_snapshot_does_not(tmp_path: Path) -> None:
    root = fill(tmp_path / "data", [table_of(ROWS)])
    with obverse.open(root) as lake:
        lake.save_segment("Buyers", FUNNEL, {"step": "2"})
        lake.save_segment("Buyers of today", FUNNEL, {"step": "2"}, snapshot=True)
        add(root, [row("cy", "Buy", 3)], 7)
        assert counts(lake, segment="Buyers") == [3, 3]
        assert counts(lake, segment="Buyers of today") == [2, 2]


def test_a_snapshot_finds_who_has_identified_since(tmp_path: Path) -> None:
    root = fill(tmp_path / "data", [table_of(ROWS)])
    with obverse.open(root) as lake:
        lake.save_segment("Lookers", FUNNEL, {"outcome": "dropped"}, snapshot=True)
        add(root, [row("dee", "Identified", 3, type="identify", anonymous_id="device")], 7)
        found = lake.people(Funnel.parse("View", segment="Lookers")).people
        assert sorted(str(person.user_id) for person in found) == ["cy", "dee"]


def test_a_segment_of_a_segment(lake: obverse.Lake) -> None:
    lake.save_segment("Buyers", FUNNEL, {"step": "2"})
    lake.save_segment("Buyers who return", Funnel.parse("Return", segment="Buyers"))
    assert counts(lake, segment="Buyers who return") == [1, 1]


def test_a_segment_that_needs_itself_is_refused(lake: obverse.Lake) -> None:
    lake.save_segment("Buyers", FUNNEL)
    lake.save_segment("Round", Funnel.parse("View", segment="Buyers"))
    lake.segments.delete("Buyers")
    lake.segments.save("Buyers", Funnel.parse("View", segment="Round").to_json(), {})
    with pytest.raises(QuestionError, match="Round needs Buyers needs Round"):
        counts(lake, segment="Round")


def test_an_unknown_segment_names_the_nearest(lake: obverse.Lake) -> None:
    lake.save_segment("Buyers", FUNNEL)
    for asked in ({"segment": "Buyer"}, {"by": "segment: Buyer"}):
        with pytest.raises(QuestionError, match="did you mean 'Buyers'"):
            counts(lake, **asked)
    with pytest.raises(NotFoundError, match="did you mean 'Buyers'"):
        lake.segments.delete("Buyer")


def test_a_name_is_taken_once_and_must_be_written(lake: obverse.Lake) -> None:
    lake.save_segment("Buyers", FUNNEL)
    with pytest.raises(QuestionError, match="exists already"):
        lake.save_segment("Buyers", FUNNEL)
    for name in ("", " Buyers", "a\nb", "x" * 101):
        with pytest.raises(QuestionError, match="1 to 100 characters"):
            lake.save_segment(name, FUNNEL)


def test_a_segment_of_no_part_of_an_answer_is_refused_before_it_is_saved(lake: obverse.Lake) -> None:
    with pytest.raises(QuestionError, match="step: 9"):
        lake.save_segment("Nobody", FUNNEL, {"step": "9"}, snapshot=True)
    with pytest.raises(QuestionError, match="step: 9"):
        lake.save_segment("Nobody", FUNNEL, {"step": "9"})
    assert lake.segments.names() == []


def test_accounts_have_no_segments(lake: obverse.Lake) -> None:
    lake.save_segment("Buyers", FUNNEL)
    with pytest.raises(QuestionError, match="accounts are counted"):
        counts(lake, segment="Buyers", count="account")


def test_segments_are_kept_with_the_folder(tmp_path: Path) -> None:
    root = fill(tmp_path / "data", [table_of(ROWS)])
    with obverse.open(root) as lake:
        lake.save_segment("Buyers", FUNNEL, {"step": "2"})
    with obverse.open(root) as again:
        assert [(one.name, one.pick, one.is_snapshot) for one in again.segments.all()] == [
            ("Buyers", {"step": "2"}, False)
        ]
        assert counts(again, segment="Buyers") == [2, 2]


def test_the_layout_for_a_segment_is_kept_until_the_lake_or_the_segment_changes(tmp_path: Path) -> None:
    root = fill(tmp_path / "data", [table_of(ROWS)])
    with obverse.open(root) as lake:
        lake.save_segment("Buyers", FUNNEL, {"step": "2"})
        plan = FunnelMeasure().plan(FUNNEL)
        made = lake._groups.lay(plan, "Buyers")
        assert lake._groups.lay(plan, "Buyers") is made
        lake.segments.delete("Buyers")
        lake.save_segment("Buyers", FUNNEL)
        assert counts(lake, segment="Buyers") == [4, 2]
        add(root, [row("dee", "View", 3)], 7)
        assert counts(lake, segment="Buyers") == [5, 2]
