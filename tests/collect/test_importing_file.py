"""Files as they are met: packed, oddly encoded, ragged, damaged. Nothing of them is lost silently."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from obverse.collect.importing_survey import MAX_LINE_BYTES
from obverse.errors import DataError, NotFoundError, QuestionError
from tests.collect.importing_rig import brought_in, make, plan_of, reasons

HEAD = "user_id,time,event,note\n"
UNCLOSED = "bad_row: a quote is opened and never closed"


def row(n: int, note: str = "x") -> str:
    return f"u{n},2024-01-01,X,{note}\n"


@pytest.mark.parametrize("name", ["a.csv.gz", "plain.csv"])
def test_packing_is_told_by_content_and_not_by_name(tmp_path: Path, name: str) -> None:
    packed = gzip.compress((HEAD + row(1)).encode()) + gzip.compress(row(2).encode())
    rows, _ = brought_in(make(tmp_path, name, packed))
    assert [one["user_id"] for one in rows] == ["u1", "u2"]


def test_a_packed_file_is_the_same_import_as_the_plain_one(tmp_path: Path) -> None:
    text = HEAD + row(1)
    plain, packed = make(tmp_path, "a.csv", text), make(tmp_path, "b.gz", gzip.compress(text.encode()))
    assert plan_of(plain).digest == plan_of(packed).digest


@pytest.mark.parametrize(
    ("delimiter", "head"),
    [
        (",", "user_id,time,event"),
        (";", "user_id;time;event"),
        ("\t", "user_id\ttime\tevent"),
        ("|", "user_id|time|event"),
    ],
)
def test_the_delimiter_is_sniffed(tmp_path: Path, delimiter: str, head: str) -> None:
    path = make(tmp_path, "a.txt", f"{head}\na b{delimiter}2024-01-01{delimiter}X\n")
    rows, _ = brought_in(path)
    assert (rows[0]["user_id"], rows[0]["event"]) == ("a b", "X")


def test_columns_apart_by_white_space_are_read_and_ragged_rows_refused(tmp_path: Path) -> None:
    text = "  user_id    time      event\n a   2024-01-01   X\n b  2024-01-01\n\n c 2024-01-01 Y\n"
    rows, report = brought_in(make(tmp_path, "a.txt", text))
    assert [one["user_id"] for one in rows] == ["a", "c"]
    assert reasons(report) == {"bad_row: not 3 cells, as the first rows have": [3]}


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + (HEAD + row(1, "é")).encode(),
        (HEAD + row(1, "é")).encode("utf-16"),
        (HEAD + row(1, "é")).encode("latin-1"),
        (HEAD + row(1, "é")).replace("\n", "\r\n").encode(),
        (HEAD + row(1, "é")).replace("\n", "\r").encode(),
        (HEAD + row(1, "é")).rstrip("\n").encode(),
    ],
    ids=["byte order mark", "UTF-16", "Latin-1", "CRLF", "CR", "no last line end"],
)
def test_encodings_and_line_ends_make_no_difference(tmp_path: Path, content: bytes) -> None:
    rows, report = brought_in(make(tmp_path, "a.csv", content))
    assert [(one["user_id"], one["properties"]) for one in rows] == [("u1", {"note": "é"})]
    assert report.refused == ()


def test_lines_of_two_encodings_are_each_read_in_their_own_and_the_plan_says_so(tmp_path: Path) -> None:
    content = (HEAD + row(1, "é")).encode() + row(2, "é").encode("latin-1") + row(3, "€").encode("cp1252")
    path = make(tmp_path, "a.csv", content)
    rows, _ = brought_in(path)
    assert [one["properties"]["note"] for one in rows] == ["é", "é", "€"]
    with plan_of(path) as planned:
        assert "not UTF-8" in planned.file.notices[0]
        copy = planned.file.readable
        assert copy != path
    assert not copy.exists()


def test_lines_that_end_in_two_ways_are_all_read(tmp_path: Path) -> None:
    content = HEAD.replace("\n", "\r\n") + row(1) + row(2).replace("\n", "\r\n") + row(3)
    rows, _ = brought_in(make(tmp_path, "a.csv", content))
    assert [one["user_id"] for one in rows] == ["u1", "u2", "u3"]


def test_an_unclosed_quote_costs_its_own_line_and_no_other(tmp_path: Path) -> None:
    notes = {10: '"oops', 15_000: '"again'}
    inches, lines = '5" disk', '"one\ntwo"'
    content = HEAD + "".join(
        row(n, notes.get(n) or (inches if n % 9 == 0 else lines if n % 7 == 0 else "x"))
        for n in range(1, 20_000)
    )
    rows, report = brought_in(make(tmp_path, "a.csv", content))
    assert reasons(report) == {UNCLOSED: [11, 15_001]}
    assert len(rows) == 19_997
    assert rows[5]["properties"] == {"note": "x"}
    assert rows[6]["properties"] == {"note": "one\ntwo"}
    assert rows[8]["properties"] == {"note": inches}


def test_quotes_within_quotes_are_read_either_way(tmp_path: Path) -> None:
    rows, _ = brought_in(make(tmp_path, "a.csv", HEAD + row(1, '"say ""hi"", she said"')))
    assert rows[0]["properties"] == {"note": 'say "hi", she said'}
    rows, _ = brought_in(make(tmp_path, "b.csv", HEAD + row(1, '"say \\"hi\\", she said"')))
    assert rows[0]["properties"] == {"note": 'say "hi", she said'}


@pytest.mark.parametrize("n_bytes", [MAX_LINE_BYTES + 1, 9 * MAX_LINE_BYTES])
@pytest.mark.parametrize("place", ["middle", "end"])
def test_a_line_without_end_is_refused_in_bounded_memory(tmp_path: Path, n_bytes: int, place: str) -> None:
    long = row(2, "y" * n_bytes)
    content = HEAD + row(1) + (long + row(3) if place == "middle" else row(3) + long.rstrip("\n"))
    rows, report = brought_in(make(tmp_path, "a.csv", content))
    assert [one["user_id"] for one in rows] == ["u1", "u3"]
    where = 3 if place == "middle" else 4
    assert reasons(report) == {"event_too_large: the line is too long": [where]}


def test_an_event_over_the_limit_is_refused(tmp_path: Path) -> None:
    rows, report = brought_in(make(tmp_path, "a.csv", HEAD + row(1, "y" * 40_000) + row(2)))
    assert [one["user_id"] for one in rows] == ["u2"]
    assert reasons(report) == {"event_too_large: over 32768 bytes": [2]}


def test_columns_of_one_name_and_of_none_are_told_apart(tmp_path: Path) -> None:
    path = make(tmp_path, "a.csv", "user_id,time,event,note,note,\na,2024-01-01,X,1,2,3\n")
    rows, _ = brought_in(path)
    assert rows[0]["properties"] == {"note": 1, "note_2": 2, "column6": 3}
    assert "'note_2', 'column6'" in plan_of(path).file.notices[0]


def test_a_file_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    path = make(tmp_path, "a.csv", "17,2024-01-01,4.50\n18,2024-01-02,2.50\n")
    rows, _ = brought_in(path, person="column1", event="=X", value="column3")
    assert [(one["user_id"], one["value"]) for one in rows] == [("17", 4.5), ("18", 2.5)]
    kept, _ = brought_in(
        make(tmp_path, "b.csv", "ann,2024-01-01,X\n"), person="column1", event="column3", header=False
    )
    assert kept[0]["user_id"] == "ann"


def test_a_name_that_looks_like_a_pattern_is_one_file(tmp_path: Path) -> None:
    make(tmp_path, "a1.csv", HEAD + row(1))
    rows, _ = brought_in(make(tmp_path, "a[1]*.csv", HEAD + row(2)))
    assert [one["user_id"] for one in rows] == ["u2"]
    assert (tmp_path / "a[1]*.csv").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\n\n", "is empty"),
        ("a.csv", HEAD.encode(), "has no rows"),
        ("a.xlsx", b"PK\x03\x04rest", "save the sheet as CSV"),
        ("a.bin", bytes(range(256)) * 20, "binary"),
        ("a.db", b"SQLite format 3\x00rest", "SQLite"),
    ],
)
def test_what_is_no_table_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(QuestionError, match=message):
        plan_of(make(tmp_path, name, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none\.csv is not there"):
        plan_of(tmp_path / "none.csv")
    with pytest.raises(NotFoundError, match="is a folder"):
        plan_of(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress((HEAD + "".join(map(row, range(50_000)))).encode())[:-200],
        b'[{"userId":"a","timestamp":"2024-01-01","event":"X"}, {"a":',
        b"PAR1 and then nothing that is Parquet",
    ],
    ids=["cut off", "half of an array", "only the mark of Parquet"],
)
def test_damage_is_reported_before_anything_is_kept(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError):
        plan_of(make(tmp_path, "a.dat", content))


def test_nothing_is_left_in_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    brought_in(make(tmp_path, "a.csv", (HEAD + row(1, "é")).encode("latin-1")))
    with pytest.raises(QuestionError):
        plan_of(make(tmp_path, "b.csv", (HEAD + row(1, "é")).encode("utf-16")), person="nobody")
    assert os.listdir(scratch) == []
