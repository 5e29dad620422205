"""Guesses: which column is what, and how its times are written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from obverse.errors import QuestionError
from tests.collect.importing_rig import brought_in, make, plan_of


def test_columns_are_guessed_by_name_and_the_reason_is_given(tmp_path: Path) -> None:
    head = "eventName,Customer ID,occurred_at,Revenue,currency,session_id,company_id,message_id,colour\n"
    path = make(tmp_path, "a.csv", head + "Bought,c1,2024-01-01,5,EUR,s1,g1,m1,red\n")
    with plan_of(path) as planned:
        assert {one.field: one.column for one in planned.choices} == {
            "person": "Customer ID",
            "time": "occurred_at",
            "event": "eventName",
            "value": "Revenue",
            "currency": "currency",
            "account": "company_id",
            "session": "session_id",
            "message_id": "message_id",
        }
        assert {one.why for one in planned.choices} == {"by its name", "its cells are times, as ISO 8601"}
        assert dict(planned.properties) == {"colour": "text"}


def test_a_name_is_not_believed_where_the_cells_speak_against_it(tmp_path: Path) -> None:
    head = "user_id,time,event,value,currency,message_id\n"
    rows = "a,2024-01-01,X,high,Euro,m1\nb,2024-01-01,X,low,Euro,m1\n"
    with plan_of(make(tmp_path, "a.csv", head + rows)) as planned:
        assert [one.field for one in planned.choices] == ["person", "time", "event"]


def test_an_id_in_every_row_is_the_person_where_no_name_says_so(tmp_path: Path) -> None:
    text = "colour,lead_id,page_id,won_date,event\nred,l1,,2024-01-01,X\nblue,l2,p,2024-01-02,Y\n"
    with plan_of(make(tmp_path, "a.csv", text)) as planned:
        assert planned.column("person") == "lead_id"


def test_only_an_anonymous_id_is_enough(tmp_path: Path) -> None:
    with plan_of(make(tmp_path, "a.csv", "device_id,time,event\nd,2024-01-01,X\n")) as planned:
        assert (planned.column("anonymous"), planned.column("person")) == ("device_id", None)


AT = datetime(2024, 2, 26, 19, 58, tzinfo=UTC)
DAY = datetime(2024, 2, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-02-26T19:58:00Z", AT),
        ("2024-02-26 20:58:00+01:00", AT),
        ("2024-02-26 19:58", AT),
        ("2024/02/26 19:58:00", AT),
        ("2024-02-26", DAY),
        ("1708977480", AT),
        ("1708977480.0", AT),
        ("1708977480000", AT),
        ("1708977480000000", AT),
        ("1708977480000000000", AT),
        ("20240226", DAY),
        ("20240226195800", AT),
        ("26-02-2024 19:58", AT),
        ("26.02.2024 19:58:00", AT),
        ("26/02/2024", DAY),
        ("02/26/2024 07:58:00 PM", AT),
        ("02/26/2024 07:58 PM", AT),
        ("02/26/2024", DAY),
        ("Mon, 26 Feb 2024 19:58:00 +0000", AT),
        ("Mon, 26 Feb 2024 19:58:00 GMT", AT),
        ("26/Feb/2024:19:58:00 +0000", AT),
        ("26 Feb 2024 19:58", AT),
        ("Feb 26, 2024", DAY),
        ("26-Feb-2024", DAY),
    ],
)
def test_times_are_read_as_they_are_written(tmp_path: Path, written: str, meant: datetime) -> None:
    rows, report = brought_in(make(tmp_path, "a.tsv", f"user_id\ttime\tevent\na\t{written}\tX\n"))
    assert report.refused == ()
    assert rows[0]["time"] == meant


def test_a_fraction_of_a_second_is_kept(tmp_path: Path) -> None:
    text = "user_id,time,event\na,1708977480.123456,X\na,1708977481.5,X\n"
    rows, _ = brought_in(make(tmp_path, "a.csv", text))
    assert [row["time"].microsecond for row in rows] == [123456, 500000]


def test_a_date_that_two_orders_fit_is_not_guessed(tmp_path: Path) -> None:
    path = make(tmp_path, "a.csv", "user_id,time,event\na,01/02/2024,X\nb,03/04/2024,X\n")
    with pytest.raises(QuestionError, match="say which with --time-format"):
        plan_of(path)
    rows, _ = brought_in(path, time_format="%m/%d/%Y")
    assert rows[0]["time"] == datetime(2024, 1, 2, tzinfo=UTC)


def test_one_date_in_the_file_that_only_one_order_fits_settles_it(tmp_path: Path) -> None:
    rows, _ = brought_in(make(tmp_path, "a.csv", "user_id,time,event\na,01/02/2024,X\nb,13/02/2024,X\n"))
    assert rows[0]["time"] == datetime(2024, 2, 1, tzinfo=UTC)


def test_a_time_without_a_zone_is_of_the_given_zone_in_summer_and_winter(tmp_path: Path) -> None:
    text = "user_id,time,event\na,2024-07-01 12:00,X\na,2024-01-01 12:00,X\na,2024-01-01T12:00Z,X\n"
    rows, _ = brought_in(make(tmp_path, "a.csv", text), zone="Europe/Berlin")
    assert [row["time"].hour for row in rows] == [10, 11, 12]


def test_a_constant_time_holds_for_all_rows(tmp_path: Path) -> None:
    rows, _ = brought_in(make(tmp_path, "a.csv", "user_id,event\na,X\nb,Y\n"), time="=2024-02-26 19:58")
    assert [row["time"] for row in rows] == [AT, AT]


def test_numbers_are_times_only_where_the_name_says_so(tmp_path: Path) -> None:
    text = "user_id,amount_cents,event\na,1708977480,X\n"
    with pytest.raises(QuestionError, match="no column is a time"):
        plan_of(make(tmp_path, "a.csv", text))
    rows, _ = brought_in(make(tmp_path, "b.csv", text), time="amount_cents")
    assert rows[0]["time"] == AT


def test_what_cannot_be_guessed_is_asked_for_with_the_columns_there_are(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="--event '=Order Completed'; there are: user_id, time, colour"):
        plan_of(make(tmp_path, "a.csv", "user_id,time,colour\na,2024-01-01,1\n"))
    with pytest.raises(QuestionError, match="--person COLUMN or --anonymous COLUMN; there are: colour, time"):
        plan_of(make(tmp_path, "b.csv", "colour,time,event\nred,2024-01-01,X\n"))


def test_a_plan_shows_the_first_events_and_what_would_be_refused(tmp_path: Path) -> None:
    text = "user_id,time,event\na,2024-01-01,X\nb,never,X\nc,2024-01-03,Y\n"
    with plan_of(make(tmp_path, "a.csv", text)) as planned:
        assert planned.sample.events.column("event").to_pylist() == ["X", "Y"]
        assert [(part.reason.value, part.n) for part in planned.sample.refused] == [("bad_time", 1)]
