"""What a file's rows become: by hand-made files small enough to check by eye."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obverse.collect.importing import ImportMapping, plan, run
from obverse.collect.privacy import Privacy
from obverse.errors import QuestionError
from tests.collect.importing_rig import NOW, Rows, brought_in, make, plan_of, reasons

CSV = """user_id,timestamp,event,device,price,plan,zip,member
u1,2024-05-06T07:08:09Z,Product Viewed,d-1,19.90,,01067,true
u2,2024-05-06 07:08:10,Signed Up,d-2,,pro,10115,false
"""


def test_every_cell_finds_its_place(tmp_path: Path) -> None:
    rows, report = brought_in(make(tmp_path, "a.csv", CSV), anonymous="device", touchpoint="=Store")
    assert report.n_new == report.n_rows == 2
    assert report.refused == ()
    first = rows[0]
    assert first["user_id"] == "u1"
    assert first["anonymous_id"] == "d-1"
    assert first["event"] == "Product Viewed"
    assert first["time"] == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert first["type"] == "track"
    assert first["touchpoint"] == "store"
    assert first["source"] == "import"
    assert first["context"] == {}
    assert first["received_at"] == datetime.fromtimestamp(NOW / 1e6, UTC)


def test_numbers_and_truths_keep_their_types_and_empty_cells_are_left_out(tmp_path: Path) -> None:
    rows, _ = brought_in(make(tmp_path, "a.csv", CSV))
    assert rows[0]["properties"] == {"device": "d-1", "price": 19.9, "zip": "01067", "member": True}
    assert rows[1]["properties"] == {"device": "d-2", "plan": "pro", "zip": "10115", "member": False}


def test_digits_that_a_number_would_lose_stay_text(tmp_path: Path) -> None:
    rows, _ = brought_in(
        make(tmp_path, "a.csv", "user_id,time,event,n\na,2024-01-01,X,12345678901234567890\n")
    )
    assert rows[0]["properties"] == {"n": "12345678901234567890"}


def test_a_word_in_a_column_of_numbers_stays_a_word(tmp_path: Path) -> None:
    text = "user_id,time,event,n\na,2024-01-01,X,1\na,2024-01-01,X,NA\n"
    rows, _ = brought_in(make(tmp_path, "a.csv", text))
    assert [row["properties"]["n"] for row in rows] == [1, "NA"]


def test_a_constant_holds_for_every_row_and_a_bare_equals_leaves_out(tmp_path: Path) -> None:
    text = "user_id,time,value,session_id\na,2024-01-01,3,s1\n"
    rows, _ = brought_in(
        make(tmp_path, "a.csv", text), event="=Order Completed", currency="=eur", session="="
    )
    assert rows[0]["event"] == "Order Completed"
    assert rows[0]["currency"] == "EUR"
    assert rows[0]["value"] == 3.0
    assert rows[0]["session_id"] is None
    assert rows[0]["properties"] == {"session_id": "s1"}


def test_each_bad_row_is_refused_by_itself_with_its_number_and_reason(tmp_path: Path) -> None:
    text = (
        "user_id,time,event,value\n"  # row 1
        "a,2024-01-01,X,1\n"
        "b,2024\n"
        ",2024-01-01,X,1\n"
        "undefined,2024-01-01,X,1\n"
        "c,2024-01-01,,1\n"
        "d,,X,1\n"
        "e,yesterday,X,1\n"
        "f,1969-01-01,X,1\n"
        "g,2031-01-01,X,1\n"
        "h,2024-01-01,X,dear\n"
        "i,2024-01-01,X,1,2\n"
        f"{'j' * 600},2024-01-01,X,1\n"
        "k,2024-01-02,X,2\n"
    )
    rows, report = brought_in(make(tmp_path, "a.csv", text), value="value")
    assert [row["user_id"] for row in rows] == ["a", "k"]
    assert reasons(report) == {
        "bad_row: fewer cells than columns": [3],
        "missing_id: the row names no person": [4],
        "junk_id: the id is a placeholder": [5],
        "missing_field: event: the cell is empty": [6],
        "missing_field: time: the cell is empty": [7],
        "bad_time: time: not written as ISO 8601": [8],
        "time_out_of_range: time: before 1990 or more than a day ahead": [9, 10],
        "bad_row: value: not a number": [11],
        "bad_row: more cells than columns": [12],
        "too_long: user_id: over 512": [13],
    }
    assert report.n_rows == report.n_new + report.n_refused == 13


def test_row_numbers_count_cells_with_line_ends_as_one_row(tmp_path: Path) -> None:
    text = 'user_id,time,event,note\na,2024-01-01,X,"one\ntwo"\nb,never,X,\n'
    rows, report = brought_in(make(tmp_path, "a.csv", text))
    assert rows[0]["properties"] == {"note": "one\ntwo"}
    assert reasons(report) == {"bad_time: time: not written as ISO 8601": [3]}


def test_a_placeholder_beside_a_real_id_is_dropped(tmp_path: Path) -> None:
    text = "user_id,device_id,time,event\nnull,d1,2024-01-01,X\nu1,undefined,2024-01-01,X\n"
    rows, _ = brought_in(make(tmp_path, "a.csv", text), anonymous="device_id")
    assert [(row["user_id"], row["anonymous_id"]) for row in rows] == [(None, "d1"), ("u1", None)]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12.50", 12.5),
        ("$1,234.50", 1234.5),
        ("12,50 €", 12.5),
        ("1.234,50", 1234.5),
        ("-3", -3.0),
        ("1e2", 100.0),
    ],
)
def test_money_is_read_as_people_write_it(tmp_path: Path, written: str, value: float) -> None:
    path = make(tmp_path, "a.csv", f"user_id;time;event;v\na;2024-01-01;X;{written}\n")
    rows, _ = brought_in(path, value="v")
    assert rows[0]["value"] == value


@pytest.mark.parametrize("written", ["NaN", "inf", "1_000", "12 apples"])
def test_what_is_no_amount_is_refused(tmp_path: Path, written: str) -> None:
    path = make(tmp_path, "a.csv", f"user_id,time,event,v\na,2024-01-01,X,{written}\n")
    _, report = brought_in(path, value="v")
    assert reasons(report) == {"bad_row: value: not a number": [2]}


def test_json_lines_bring_their_types_and_what_lies_deeper(tmp_path: Path) -> None:
    row = {
        "user": {"id": 7, "mail": "m"},
        "timestamp": "2024-01-01T00:00:00+02:00",
        "event": "X",
        "properties": {"price": 3, "quantity": 2, "tags": ["a"]},
        "context": {"ip": "192.0.2.1", "locale": "de"},
        "extra": None,
    }
    rows, _ = brought_in(make(tmp_path, "a.jsonl", json.dumps(row) + "\n"), person="user.id")
    assert rows[0]["user_id"] == "7"
    assert rows[0]["time"] == datetime(2023, 12, 31, 22, tzinfo=UTC)
    assert rows[0]["value"] == 6.0
    assert rows[0]["properties"] == {
        "user": {"mail": "m"}, "extra": None, "price": 3, "quantity": 2, "tags": ["a"],
    }  # fmt: skip
    assert rows[0]["context"] == {"locale": "de"}


def test_a_line_that_is_no_object_is_refused_by_itself(tmp_path: Path) -> None:
    good = '{"userId":"a","timestamp":"2024-01-01","event":"X"}\n'
    path = make(tmp_path, "a.jsonl", good + "{bad\n[1]\n" + good.replace('"X"', '"X","n":NaN') + good)
    rows, report = brought_in(path)
    assert len(rows) == 2
    assert reasons(report) == {
        "bad_row: not a JSON object": [2, 3],
        "bad_row: NaN and Infinity are not JSON": [4],
    }


def test_a_json_array_is_read_as_rows(tmp_path: Path) -> None:
    one = '{"userId":"a","timestamp":"2024-01-01",\n "event":"X"}'
    other = '{"userId":"b","timestamp":"2024-01-01","event":"Y"}'
    text = f"[\n{one},\n{other}]"
    rows, _ = brought_in(make(tmp_path, "a.json", text))
    assert [(row["user_id"], row["event"]) for row in rows] == [("a", "X"), ("b", "Y")]


def test_parquet_brings_its_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "user_id": pa.array([157.0, None, 3.0]),
            "time": pa.array([1_704_110_400_000_000] * 3, pa.timestamp("us")),
            "event": ["X", "X", "X"],
            "n": pa.array([1.5, 2.5, float("nan")]),
            "code": ["007", "8", ""],
            "nested": [{"a": 1}, {"a": 2}, None],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    rows, report = brought_in(tmp_path / "a.parquet", zone="Europe/Berlin")
    assert [row["user_id"] for row in rows] == ["157", "3"]
    assert rows[0]["time"] == datetime(2024, 1, 1, 11, tzinfo=UTC)
    assert rows[0]["properties"] == {"n": 1.5, "code": "007", "nested": {"a": 1}}
    assert plan_of(tmp_path / "a.parquet").properties["code"] == "text"
    assert plan_of(tmp_path / "a.parquet").properties["n"] == "double"
    assert rows[1]["properties"] == {}
    assert reasons(report) == {"missing_id: the row names no person": [2]}


def test_same_time_rows_come_in_the_order_of_a_named_column(tmp_path: Path) -> None:
    text = "user_id,time,event,step\na,2024-01-01,Third,10\na,2024-01-01,First,1\na,2024-01-01,Second,9\n"
    rows, _ = brought_in(make(tmp_path, "a.csv", text), order="step")
    assert [row["event"] for row in rows] == ["First", "Second", "Third"]
    plain, _ = brought_in(make(tmp_path, "b.csv", text))
    assert [row["event"] for row in plain] == ["Third", "First", "Second"]


def test_names_of_standard_events_give_their_types(tmp_path: Path) -> None:
    cells = ["u,d,2024-01-01,Identified", "u,d,2024-01-01,Page Viewed", "u,,2024-01-01,Aliased"]
    text = "user_id,device_id,time,event\n" + "\n".join(cells) + "\n"
    rows, _ = brought_in(make(tmp_path, "a.csv", text), anonymous="device_id")
    assert [row["type"] for row in rows] == ["identify", "page", "track"]


def test_properties_that_privacy_forbids_are_not_kept(tmp_path: Path) -> None:
    path = make(tmp_path, "a.csv", "user_id,time,event,mail,n\na,2024-01-01,X,m@x.example,1\n")
    rows = Rows()
    with plan(path, received_at=NOW, privacy=Privacy(drop_properties=("mail",))) as planned:
        run(planned, rows.append)
    assert rows.rows()[0]["properties"] == {"n": 1}


def test_small_chunks_give_the_same_events_as_one(tmp_path: Path) -> None:
    lines = [f"u{n},2024-01-01,X,{n}" if n % 7 else f"u{n},2024" for n in range(1000)]
    path = make(tmp_path, "a.csv", "user_id,time,event,n\n" + "\n".join(lines) + "\n")
    whole, parts = Rows(), Rows()
    seen: list[int] = []
    with plan_of(path) as planned:
        one = run(planned, whole.append)
        many = run(planned, parts.append, chunk_rows=100, progress=seen.append)
    assert whole.table.equals(parts.table)
    assert one == many
    assert len(parts.tables) > 5
    assert seen == sorted(seen)
    assert seen[-1] == 857


def test_a_run_goes_on_after_the_rows_that_are_done(tmp_path: Path) -> None:
    lines = [f"u{n},2024-01-01,X" if n % 7 else f"u{n}" for n in range(1000)]
    path = make(tmp_path, "a.csv", "user_id,time,event\n" + "\n".join(lines) + "\n")
    whole, rest = Rows(), Rows()
    with plan_of(path) as planned:
        run(planned, whole.append)
        report = run(planned, rest.append, done=500, chunk_rows=200)
    assert rest.table.equals(whole.table.slice(500))
    assert report.n_new == 357
    assert report.n_refused == sum(1 for n in range(1000) if n % 7 == 0 and n - n // 7 - 1 >= 500)


def test_the_same_content_gives_the_same_ids_by_any_name_and_other_choices_give_others(
    tmp_path: Path,
) -> None:
    one = plan_of(make(tmp_path, "a.csv", CSV))
    same = plan_of(make(tmp_path, "b.txt", CSV))
    other = plan_of(make(tmp_path, "c.csv", CSV), value="price")
    changed = plan_of(make(tmp_path, "d.csv", CSV + "\n"))
    ids = [planned.sample.events.column("message_id").to_pylist() for planned in (one, same, other, changed)]
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]
    assert ids[0] != ids[3]
    assert len(set(ids[0])) == 2


def test_a_mapped_message_id_is_kept_and_a_missing_one_made(tmp_path: Path) -> None:
    text = "user_id,time,event,key\na,2024-01-01,X,k-1\na,2024-01-01,X,\n"
    rows, _ = brought_in(make(tmp_path, "a.csv", text), message_id="key")
    assert rows[0]["message_id"] == "k-1"
    assert rows[1]["message_id"].startswith("import:")


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"person": "userid"}, "did you mean 'user_id'"),
        ({"order": "stepp"}, "unknown column 'stepp'"),
        ({"zone": "Mars/Base"}, "not a time zone"),
        ({"currency": "=euro"}, "three letters"),
        ({"time_format": "dd.mm.yyyy"}, "is not a format"),
        ({"time": "device"}, "not a time"),
        ({"time": "="}, "every event needs a time"),
        ({"delimiter": "::"}, "not one character"),
        ({"source": " "}, "give a name"),
        ({"person": "=", "anonymous": "="}, "who it was"),
        ({"event": "="}, "what happened"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(tmp_path: Path, mapping: dict[str, Any], message: str) -> None:
    path = make(tmp_path, "a.csv", CSV)
    with pytest.raises(QuestionError, match=message):
        plan(path, ImportMapping(**mapping), received_at=NOW)


def test_rows_keep_the_order_of_the_file_however_it_is_cut(tmp_path: Path) -> None:
    n = 150_000
    table = pa.table(
        {"user_id": [str(i + 2) for i in range(n)], "time": ["2024-01-01"] * n, "event": ["X"] * n}
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=5_000)
    with (tmp_path / "a.csv").open("w") as handle:
        handle.write("user_id,time,event\n")
        handle.writelines(f"{i + 2},2024-01-01,X\n" for i in range(n))
    with (tmp_path / "a.jsonl").open("w") as handle:
        handle.writelines(f'{{"user_id":{i + 2},"time":"2024-01-01","event":"X"}}\n' for i in range(n))
    for name in ("a.parquet", "a.csv", "a.jsonl"):
        rows = Rows()
        with plan_of(tmp_path / name) as planned:
            run(planned, rows.append)
        assert rows.table.column("user_id").to_pylist() == table.column("user_id").to_pylist(), name
