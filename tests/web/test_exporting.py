"""An answer as a file says what the answer says, and no name in it does anything."""

from __future__ import annotations

import csv
import io
from typing import ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obverse.errors import ObverseError, QuestionError
from obverse.measure.estimate import Estimate
from obverse.measure.funnel import Funnel
from obverse.measure.funnel_answer import FunnelAnswer, FunnelStep
from obverse.measure.question import Answer
from obverse.web import exporting
from obverse.web.exporting import as_csv, as_parquet, export

ROWS = [
    {"name": "=HYPERLINK(1)", "n": -5, "share": -0.25, "day": None},
    {"name": 'a "quoted", name\nwith a line', "n": 2, "share": 0.5, "day": "2026-03-01"},
    {"name": "@SUM", "n": 3, "share": None, "day": "-1"},
    {"name": "\tx", "n": 4, "share": 1.0, "day": "+2"},
]


def read(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def answer() -> FunnelAnswer:
    one = FunnelStep(
        name="A", people=10, share_of_first=Estimate(1.0, 0.7, 1.0), value_reached=Estimate(0.0, 0.0, 0.0)
    )
    return FunnelAnswer(as_of_seq=1, question=Funnel.parse("A"), counted="people", steps=(one,))


def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe_and_numbers_stay() -> None:
    rows = read(as_csv(pa.Table.from_pylist(ROWS)))
    assert [row["name"] for row in rows] == [
        "'=HYPERLINK(1)",
        'a "quoted", name\nwith a line',
        "'@SUM",
        "'\tx",
    ]
    assert [row["n"] for row in rows] == ["-5", "2", "3", "4"]
    assert [row["share"] for row in rows] == ["-0.25", "0.5", "", "1.0"]
    assert [row["day"] for row in rows] == ["", "2026-03-01", "'-1", "'+2"]


def test_a_name_of_a_column_does_nothing_either() -> None:
    assert as_csv(pa.table({"=1+1": [1]})).startswith(b"'=1+1\r\n")


def test_an_empty_table_has_its_names() -> None:
    assert as_csv(pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())})) == b"a,b\r\n"


def test_parquet_keeps_every_type_and_name_as_it_is() -> None:
    table = pa.Table.from_pylist(ROWS)
    assert pq.read_table(pa.BufferReader(as_parquet(table))).equals(table)


def test_a_picture_is_drawn_in_a_process_of_its_own() -> None:
    assert export(answer(), "png").startswith(b"\x89PNG")
    drawn = export(answer(), "svg", "value")
    assert drawn.startswith(b"<svg")
    assert b">A<" in drawn


def test_json_is_the_answer() -> None:
    assert export(answer(), "json") == answer().to_json()


@pytest.mark.parametrize(("format_", "side"), [("xls", "people"), ("csv", "both"), ("", "people")])
def test_what_there_is_not_is_refused_with_its_name(format_: str, side: str) -> None:
    with pytest.raises(QuestionError, match=r"^(format|side): unknown"):
        export(answer(), format_, side)  # type: ignore[arg-type]  # that is the point


class Broken(Answer, frozen=True, kw_only=True):
    """An answer that cannot be drawn."""

    measure: ClassVar[str] = "broken"


def test_a_picture_that_cannot_be_drawn_is_an_error_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(ObverseError, match="could not be drawn"):
        export(Broken(as_of_seq=1), "svg")
    assert "NotImplementedError" in caplog.text or "ModuleNotFoundError" in caplog.text


def test_a_picture_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PRINT_LIMIT_S", 0.01)
    with pytest.raises(ObverseError, match="took longer"):
        export(answer(), "png")
