"""Trends through the lake: names, filters, money, sessions, accounts, segments, the people behind a point."""

from __future__ import annotations

from pathlib import Path

import pytest

import obverse
from obverse.errors import QuestionError
from obverse.measure.trend import Trend, TrendAnswer
from tests.engine.lakes import fill, row, table_of
from tests.measure.conftest import Ask

DAY = 24 * 60

ROWS = [
    row("ann", "Product Viewed", 0, touchpoint="web", properties={"price": 10, "colour": "red"}),
    row("ann", "Product Viewed", 10, touchpoint="web", properties={"price": "20"}),
    row("ann", "Product Viewed", 90, touchpoint="app", properties={"price": "cheap", "colour": "red"}),
    row("ben", "Product Viewed", 5, touchpoint="web", properties={"colour": "blue"}),
    row("ben", "Order Completed", DAY, touchpoint="store", value=30.0, currency="EUR"),
    row("ann", "Order Completed", DAY + 1, touchpoint="web", value=5.0, currency="EUR"),
    row("ann", "Product Viewed", 2 * DAY, touchpoint="web", properties={"price": 3.5}),
    row("dee", "Grouped", 0, type="group", account_id="acme"),
    row("dee", "Product Viewed", 3, touchpoint="web"),
]


def values(got: TrendAnswer, series: int = 0, group: int = 0) -> list[float | None]:
    return [found.value for found in got.series[series].groups[group].values]


def test_one_question_counts_in_every_way(ask: Ask) -> None:
    series = (
        "Product Viewed",
        "people: Product Viewed",
        "sessions: Product Viewed",
        "value: Order Completed",
        "average properties.price: Product Viewed",
        "median value: Order Completed",
    )
    got = ask(ROWS, Trend(series=series, start="2026-03-01", formulas=("A / B as Views each",)))
    assert [row.name for row in got.rows] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert values(got, 0) == [5, 0, 1]
    assert values(got, 1) == [3, 0, 1]
    assert values(got, 2) == [4, 0, 1]  # ann's two on the web are one session, the one in the app another
    assert values(got, 3) == [0, 35, 0]
    assert values(got, 4) == [15, None, 3.5]  # a text that is a number counts, another does not
    assert values(got, 5) == [None, pytest.approx(5, rel=1 / 128), None]
    assert values(got, 6) == [pytest.approx(5 / 3), None, 1]
    assert got.currency == "EUR"


def test_events_are_split_by_their_own_value(ask: Ask) -> None:
    got = ask(ROWS, Trend(series=("people: Product Viewed", "Product Viewed"), by="properties.colour"))
    people = {group.name: group.total.value for group in got.series[0].groups}
    assert people == {"red": 1, "blue": 1, "(no value)": 2}
    assert got.series[0].total.value == 3
    got = ask(ROWS, Trend(series=("people: *",), by="touchpoint", n_groups=1))
    assert {group.name: group.total.value for group in got.series[0].groups} == {"web": 3, "(other)": 2}


def test_filters_are_of_the_series_and_of_all(ask: Ask) -> None:
    question = Trend(series=("Product Viewed [properties.price > 5]", "*"), where="touchpoint = 'web'")
    got = ask(ROWS, question)
    assert [one.total.value for one in got.series] == [2, 7]


def test_accounts_are_those_of_group_calls(ask: Ask) -> None:
    got = ask(ROWS, Trend(series=("accounts: Product Viewed",)))
    assert got.series[0].total.value == 1


def test_the_people_behind_a_point_are_named_and_make_a_segment(tmp_path: Path) -> None:
    with obverse.open(fill(tmp_path / "data", [table_of(ROWS)])) as lake:
        question = Trend(series=("people: Order Completed",), by="touchpoint")
        pick = {"series": "A", "row": "2026-03-02", "group": "store"}
        page = lake.people(question, pick)
        assert [person.user_id for person in page.people] == ["ben"]
        lake.save_segment("In store", question, pick)
        got = lake.ask(Trend(series=("Product Viewed",), segment="In store"))
        assert isinstance(got, TrendAnswer)
        assert values(got) == [1, 0, 0]


def test_an_unknown_event_or_field_is_named(ask: Ask) -> None:
    got = ask(ROWS, Trend(series=("people: Order Complete",)))
    assert got.rows == ()
    assert "did you mean 'Order Completed'" in got.notes[0]
    with pytest.raises(QuestionError, match="colour"):
        ask(ROWS, Trend(series=("average properties.color: Product Viewed",)))


def test_an_empty_lake_is_answered(ask: Ask) -> None:
    got = ask([], Trend(series=("people: *", "p90 value: *"), by="touchpoint"))
    assert got.rows == ()
